// What the workloads share: options, the start barrier, the spin of a planted slow-down and the measured part.
#pragma once
#include <stdint.h>

struct workload_options {
  /// What an operation is depends on the workload; see README.md.
  uint64_t operations;
  uint64_t seed;
  /// Computing added to each operation, in nanoseconds: a slow-down whose size is known.
  uint64_t spin_nanoseconds;
  /// futex: waiting threads, and how many are woken at a time.
  unsigned threads;
  unsigned wake;
  /// Descriptors, -1 if there is none: a byte is written to `ready` when everything is set up, and the measured part
  /// begins when a byte can be read from `start`.
  int ready;
  int start;
};

/// What the measured part took. User and system time are those of all its threads and processes.
struct measured_part {
  int64_t wall_nanoseconds;
  int64_t user_nanoseconds;
  int64_t system_nanoseconds;
  /// Depends on the computed values, so that nothing can be optimised away.
  uint64_t checksum;
};

struct usage {
  int64_t user_nanoseconds;
  int64_t system_nanoseconds;
};

typedef struct measured_part workload_function(const struct workload_options *options);
workload_function run_syscall, run_futex, run_pipe, run_cpu, run_openclose;

/// CLOCK_MONOTONIC_RAW.
int64_t raw_time(void);
/// Of this process, all threads.
struct usage own_usage(void);
/// Ends the program with the message and the meaning of errno.
_Noreturn void fail(const char *message);

/// Says "ready" and waits for the start; then the measured part's clocks are read.
void begin_measured_part(const struct workload_options *options, struct measured_part *part);
void end_measured_part(struct measured_part *part);

/// How many rounds of `spin` take the nanoseconds.
uint64_t spin_rounds(uint64_t nanoseconds);
/// A fixed amount of work rather than a wait for a time: a spin that is interrupted is not shortened by it.
uint64_t spin(uint64_t rounds, uint64_t value);

/// xorshift64; `state` must not be 0.
static inline uint64_t next_random(uint64_t *state) {
  uint64_t x = *state;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  return *state = x;
}

/// The CPUs this process may use; how many were written to `cpus`.
int usable_cpus(int *cpus, int capacity);
void pin_to(int cpu);
