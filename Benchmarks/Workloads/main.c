// ktap-workload: programs with known work whose time is measured with and without tracing. See README.md.
#include "workload.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
  const char *name;
  workload_function *run;
} workloads[] = {
    {"syscall", run_syscall}, {"futex", run_futex}, {"pipe", run_pipe}, {"openclose", run_openclose}, {"cpu", run_cpu},
};
enum { workload_count = sizeof workloads / sizeof *workloads };

static _Noreturn void usage(void) {
  fputs("usage: ktap-workload syscall|futex|pipe|openclose|cpu --operations N [--seed S] [--spin-ns-per-op N]\n"
        "         [--threads N] [--wake N] [--ready-fd FD] [--start-fd FD]\n"
        "       ktap-workload NAME --calibrate SECONDS [--seed S]\n",
        stderr);
  exit(64);
}

static uint64_t number(const char *name, const char *text, uint64_t lowest, uint64_t highest) {
  char *end;
  errno = 0;
  unsigned long long value = strtoull(text, &end, 10);
  if (*text < '0' || *text > '9' || *end || errno || value < lowest || value > highest) {
    fprintf(stderr, "ktap-workload: %s: '%s' is not a number from %" PRIu64 " to %" PRIu64 "\n", name, text, lowest,
            highest);
    exit(64);
  }
  return value;
}

static void print(const char *name, const struct workload_options *options, const struct measured_part *part) {
  printf("{\"workload\":\"%s\",\"operations\":%" PRIu64 ",\"wall_ns\":%" PRId64 ",\"user_ns\":%" PRId64
         ",\"system_ns\":%" PRId64 ",\"seed\":%" PRIu64 ",\"spin_ns_per_op\":%" PRIu64 ",\"checksum\":%" PRIu64 "}\n",
         name, options->operations, part->wall_nanoseconds, part->user_nanoseconds, part->system_nanoseconds,
         options->seed, options->spin_nanoseconds, part->checksum);
}

/// Runs in a child, because a workload leaves threads, pins and counters behind; its wall time.
static int64_t trial(workload_function *run, const struct workload_options *options) {
  int ends[2];
  if (pipe(ends) < 0) fail("pipe");
  pid_t child = fork();
  if (child < 0) fail("fork");
  if (child == 0) {
    struct measured_part part = run(options);
    _exit(write(ends[1], &part.wall_nanoseconds, sizeof part.wall_nanoseconds) != sizeof part.wall_nanoseconds);
  }
  close(ends[1]);
  int64_t wall = 0;
  ssize_t count = read(ends[0], &wall, sizeof wall);
  close(ends[0]);
  int status;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
  if (count != sizeof wall) { errno = ECHILD; fail("a trial run failed"); }
  return wall;
}

/// Doubles the operations until a run takes a tenth of the time, then extrapolates from the median of three.
static uint64_t calibrate(workload_function *run, struct workload_options options, double seconds) {
  double goal = seconds * 1e9;
  for (options.operations = 16;; options.operations *= 2) {
    if (trial(run, &options) >= goal / 10 || options.operations >= UINT64_MAX / 1024) break;
  }
  int64_t a = trial(run, &options), b = trial(run, &options), c = trial(run, &options);
  int64_t low = a < b ? a : b, high = a < b ? b : a;
  int64_t median = c < low ? low : c > high ? high : c;
  double result = (double)options.operations * goal / (double)(median > 0 ? median : 1);
  return result < 1 ? 1 : (uint64_t)result;
}

int main(int count, char **arguments) {
  struct workload_options options = {
      .operations = 0, .seed = 1, .spin_nanoseconds = 0, .threads = 200, .wake = 20, .ready = -1, .start = -1};
  double calibration = 0;
  if (count < 2) usage();
  int chosen = 0;
  while (chosen < workload_count && strcmp(workloads[chosen].name, arguments[1]) != 0) chosen++;
  if (chosen == workload_count) {
    fprintf(stderr, "ktap-workload: no workload is called '%s'\n", arguments[1]);
    usage();
  }
  for (int i = 2; i < count; i += 2) {
    const char *name = arguments[i], *value = i + 1 < count ? arguments[i + 1] : NULL;
    if (!value) usage();
    if (strcmp(name, "--operations") == 0) options.operations = number(name, value, 1, UINT64_MAX / 2);
    else if (strcmp(name, "--seed") == 0) options.seed = number(name, value, 0, UINT64_MAX);
    else if (strcmp(name, "--spin-ns-per-op") == 0) options.spin_nanoseconds = number(name, value, 0, 1000000000);
    else if (strcmp(name, "--threads") == 0) options.threads = (unsigned)number(name, value, 1, 10000);
    else if (strcmp(name, "--wake") == 0) options.wake = (unsigned)number(name, value, 1, 10000);
    else if (strcmp(name, "--ready-fd") == 0) options.ready = (int)number(name, value, 0, INT_MAX);
    else if (strcmp(name, "--start-fd") == 0) options.start = (int)number(name, value, 0, INT_MAX);
    else if (strcmp(name, "--calibrate") == 0) {
      char *end;
      calibration = strtod(value, &end);
      if (*end || !isfinite(calibration) || calibration <= 0 || calibration > 3600) {
        fprintf(stderr, "ktap-workload: --calibrate: '%s' is not a time from 0 to 3600 seconds\n", value);
        return 64;
      }
    } else {
      fprintf(stderr, "ktap-workload: unknown option %s\n", name);
      usage();
    }
  }
  signal(SIGPIPE, SIG_IGN);
  if (calibration > 0) {
    printf("{\"workload\":\"%s\",\"operations\":%" PRIu64 "}\n", workloads[chosen].name,
           calibrate(workloads[chosen].run, options, calibration));
    return 0;
  }
  if (options.operations == 0) usage();
  struct measured_part part = workloads[chosen].run(&options);
  print(workloads[chosen].name, &options, &part);
  if (fflush(stdout) != 0 || ferror(stdout)) return 74;
  return 0;
}
