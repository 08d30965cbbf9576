// The workloads of one thread: a loop around one system call, a path walk, and arithmetic.
#include "workload.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

/// An operation is one getppid: the shortest way into the kernel and back, hence the worst case for a tracer.
struct measured_part run_syscall(const struct workload_options *options) {
  struct measured_part part = {0};
  uint64_t rounds = spin_rounds(options->spin_nanoseconds), sum = options->seed;
  begin_measured_part(options, &part);
  for (uint64_t i = 0; i < options->operations; i++) {
    // The raw call: libc may answer some of these from memory.
    sum += (uint64_t)syscall(SYS_getppid);
    if (rounds) sum = spin(rounds, sum);
  }
  end_measured_part(&part);
  part.checksum = sum;
  return part;
}

/// An operation opens /usr/bin and closes it: a path walk with two system calls.
struct measured_part run_openclose(const struct workload_options *options) {
  struct measured_part part = {0};
  uint64_t rounds = spin_rounds(options->spin_nanoseconds), sum = options->seed;
  begin_measured_part(options, &part);
  for (uint64_t i = 0; i < options->operations; i++) {
    int descriptor = open("/usr/bin", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) fail("/usr/bin");
    sum += (uint64_t)descriptor;
    close(descriptor);
    if (rounds) sum = spin(rounds, sum);
  }
  end_measured_part(&part);
  part.checksum = sum;
  return part;
}

/// An operation is 1,000 steps of a generator that counts in a table of 256 KiB; every 64th makes a system call.
struct measured_part run_cpu(const struct workload_options *options) {
  enum { steps = 1000, operations_per_call = 64 };
  static uint32_t counts[1 << 16];
  struct measured_part part = {0};
  uint64_t rounds = spin_rounds(options->spin_nanoseconds), sum = 0;
  uint64_t state = options->seed | 1;
  begin_measured_part(options, &part);
  for (uint64_t i = 0; i < options->operations; i++) {
    for (int step = 0; step < steps; step++) {
      uint64_t x = next_random(&state);
      sum += counts[x & 0xffff]++;
      if (sum & 1) sum ^= x;
    }
    if (i % operations_per_call == 0) sum += (uint64_t)syscall(SYS_getppid);
    if (rounds) sum = spin(rounds, sum);
  }
  end_measured_part(&part);
  part.checksum = sum;
  return part;
}
