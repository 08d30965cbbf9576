// Starting a process as a measurement needs it: own process group, dead when its parent dies, with just the descriptors
// that it was given. fork, prctl and close_range cannot be called from Swift.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// What to start. Pointers must stay valid during `ktap_process_start`.
struct ktap_process {
  /// Absolute path, or relative to `directory`.
  const char *path;
  /// Ended by NULL, the first being the program's name.
  char *const *arguments;
  /// Ended by NULL.
  char *const *environment;
  /// NULL: the parent's.
  const char *directory;
  /// The child's descriptor i is the parent's `descriptors[i]`; -1 is /dev/null. Every other one is closed.
  const int *descriptors;
  size_t descriptor_count;
};

/// Starts a process in a group of its own; its pid, or -errno (also if the program cannot be executed).
/// The kernel kills the process when the *thread* that called this ends, so call it from one that outlives the child.
pid_t ktap_process_start(const struct ktap_process *process);

/// A descriptor that becomes readable when the process ends, closed on exec; or -errno.
int ktap_process_descriptor(pid_t pid);

/// An anonymous file in memory, closed on exec; or -errno.
int ktap_memory_file(const char *name);

/// Nanoseconds of CLOCK_MONOTONIC_RAW, which no clock adjustment stretches.
int64_t ktap_monotonic_raw(void);

/// CPU time (user and system, all threads) of a running process in nanoseconds, or -1 if it is gone.
int64_t ktap_process_cpu_time(pid_t pid);

/// SIGINT and SIGTERM set a flag from now on instead of ending this process.
void ktap_interruption_watch(void);
/// Sets the flag as if SIGINT had come.
void ktap_interruption_request(void);
/// The signal that came since `ktap_interruption_watch`, or 0.
int ktap_interruption_signal(void);
/// The dispositions from before `ktap_interruption_watch`; the flag is cleared.
void ktap_interruption_unwatch(void);
