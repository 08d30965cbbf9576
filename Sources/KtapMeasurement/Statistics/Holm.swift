/// Holm's step-down correction for several tests.
public enum Holm {
  /// The probabilities adjusted so that calling all those up to α significant is wrong for at least one true hypothesis
  /// with a probability of at most α; in the order given.
  public static func adjusted(_ probabilities: [Double]) -> [Double] {
    var result = probabilities
    var running = 0.0
    let order = probabilities.indices.sorted { probabilities[$0] < probabilities[$1] }
    for (position, index) in order.enumerated() {
      running = max(running, min(1, probabilities[index] * Double(probabilities.count - position)))
      result[index] = running
    }
    return result
  }
}
