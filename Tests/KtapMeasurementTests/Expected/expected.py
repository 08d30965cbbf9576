"""Writes expected.json: values that the tests of KtapMeasurement compare with, computed by NumPy and SciPy.

    python3 expected.py > expected.json

The signed-rank intervals come from inverting scipy.stats.wilcoxon: the interval is the set of shifts that the test does
not reject, so nothing of the code under test (ranks of Walsh averages) is used.
"""
import itertools
import json

import numpy
import scipy
from scipy import stats

generator = numpy.random.default_rng(20240607)


def walsh(values):
    n = len(values)
    return sorted((values[i] + values[j]) / 2 for i in range(n) for j in range(i, n))


def hodges_lehmann(values):
    return float(numpy.median(walsh(values)))


def inverted_interval(values, confidence, method):
    """The hull of the shifts theta for which the two-sided test of values - theta has p > 1 - confidence."""
    averages = walsh(values)
    values = numpy.asarray(values)
    accepted = []
    for left, right in zip(averages, averages[1:]):
        if right - left < 1e-12:
            continue
        theta = (left + right) / 2
        p = stats.wilcoxon(values - theta, method=method, correction=method == "approx").pvalue
        if p > 1 - confidence:
            accepted += [left, right]
    return [min(accepted), max(accepted)]


cases = []
for count, scale, shift in [(6, 0.05, 0.0), (8, 0.03, 0.04), (12, 0.06, 0.02), (20, 0.06, 0.0), (25, 0.02, -0.01), (40, 0.1, 0.3)]:
    values = [float(v) for v in generator.normal(shift, scale, count)]
    if count == 25:
        values[3] = 1.5  # something else ran
    cases.append({
        "values": values,
        "estimate": hodges_lehmann(values),
        "interval": inverted_interval(values, 0.95, "exact"),
        "interval90": inverted_interval(values, 0.90, "exact"),
        "probability": float(stats.wilcoxon(values, method="exact").pvalue),
        "deviation": float(numpy.std(values, ddof=1)),
        "median": float(numpy.median(values)),
        "quartiles": [float(v) for v in numpy.quantile(values, [0.25, 0.75])],
    })

large = [float(v) for v in generator.normal(0.01, 0.05, 130)]
approximate = {
    "values": large,
    "estimate": hodges_lehmann(large),
    "interval": inverted_interval(large, 0.95, "approx"),
    "probability": float(stats.wilcoxon(large, method="approx", correction=True).pvalue),
}

# Every sign vector, counted one by one.
exact = []
for count in (1, 5, 9):
    sums = [sum(r for r, s in zip(range(1, count + 1), signs) if s) for signs in itertools.product((0, 1), repeat=count)]
    exact.append({"count": count, "cumulative": [sum(s <= t for s in sums) / len(sums) for t in range(count * (count + 1) // 2 + 1)]})

boots = []
for count, skew in [(12, False), (20, True), (40, False)]:
    values = generator.normal(0.05, 0.04, count)
    if skew:
        values = generator.gamma(1.2, 0.05, count)
    values = [float(v) for v in values]

    def statistic(sample, axis=-1):
        sample = numpy.asarray(sample)
        n = sample.shape[-1]
        i, j = numpy.triu_indices(n)
        return numpy.median((sample[..., i] + sample[..., j]) / 2, axis=-1)

    result = stats.bootstrap((values,), statistic, confidence_level=0.95, n_resamples=60000, method="BCa", batch=500,
                             vectorized=True, rng=numpy.random.default_rng(1))
    boots.append({"values": values, "interval": [float(result.confidence_interval.low), float(result.confidence_interval.high)]})

groups = [[float(v) for v in generator.normal(m, 0.05, 20)] for m in (0.1, 0.4, -0.2)]
resampled = []
for _ in range(20000):
    resampled.append(numpy.mean([hodges_lehmann(generator.choice(g, len(g))) for g in groups]))
geometric = {
    "groups": groups,
    "ratio": float(stats.gmean([numpy.exp(hodges_lehmann(g)) for g in groups])),
    "interval": [float(numpy.exp(v)) for v in numpy.quantile(resampled, [0.025, 0.975])],
}

# Holm by its definition: the largest of the corrected probabilities among those not larger.
probabilities = [0.01, 0.04, 0.03, 0.005, 0.9, 0.04]
holm = []
for p in probabilities:
    ordered = sorted(probabilities)
    holm.append(max(min(1.0, (len(ordered) - k) * q) for k, q in enumerate(ordered) if q <= p))

# xoshiro256** seeded by SplitMix64, with Python's unbounded integers.
def xoshiro(seed, count):
    mask = (1 << 64) - 1
    mixer, state = seed, []
    for _ in range(4):
        mixer = (mixer + 0x9E3779B97F4A7C15) & mask
        z = mixer
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        state.append(z ^ (z >> 31))
    rotate = lambda v, k: ((v << k) | (v >> (64 - k))) & mask
    for _ in range(count):
        yield (rotate((state[1] * 5) & mask, 7) * 9) & mask
        t = (state[1] << 17) & mask
        state[2] ^= state[0]
        state[3] ^= state[1]
        state[1] ^= state[2]
        state[0] ^= state[3]
        state[2] ^= t
        state[3] = rotate(state[3], 45)


levels = [1e-12, 1e-4, 0.005, 0.025, 0.1, 0.5, 0.8, 0.975, 0.9999]
print(json.dumps({
    "made_with": f"numpy {numpy.__version__}, scipy {scipy.__version__}",
    "signed_rank": cases,
    "approximate": approximate,
    "exact_distribution": exact,
    "bootstrap": boots,
    "geometric_mean": geometric,
    "holm": {"probabilities": probabilities, "adjusted": holm},
    "normal": {"levels": levels, "quantiles": [float(v) for v in stats.norm.ppf(levels)]},
    "xoshiro": {"seed": 42, "values": [str(v) for v in xoshiro(42, 5)]},
}, indent=1))
