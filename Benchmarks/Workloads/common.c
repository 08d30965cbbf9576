#include "workload.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

void fail(const char *message) {
  fprintf(stderr, "ktap-workload: %s: %s\n", message, strerror(errno));
  exit(1);
}

int64_t raw_time(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC_RAW, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int64_t nanoseconds(struct timeval time) { return ((int64_t)time.tv_sec * 1000000 + time.tv_usec) * 1000; }

struct usage own_usage(void) {
  struct rusage usage;
  if (getrusage(RUSAGE_SELF, &usage) < 0) fail("getrusage");
  return (struct usage){nanoseconds(usage.ru_utime), nanoseconds(usage.ru_stime)};
}

void begin_measured_part(const struct workload_options *options, struct measured_part *part) {
  char byte = 'r';
  ssize_t count;
  if (options->ready >= 0) {
    do count = write(options->ready, &byte, 1); while (count < 0 && errno == EINTR);
    if (count != 1) fail("cannot say that it is ready");
  }
  if (options->start >= 0) {
    do count = read(options->start, &byte, 1); while (count < 0 && errno == EINTR);
    if (count != 1) fail("nobody gave the start");
  }
  struct usage usage = own_usage();
  part->user_nanoseconds = -usage.user_nanoseconds;
  part->system_nanoseconds = -usage.system_nanoseconds;
  part->wall_nanoseconds = -raw_time();
}

void end_measured_part(struct measured_part *part) {
  part->wall_nanoseconds += raw_time();
  struct usage usage = own_usage();
  part->user_nanoseconds += usage.user_nanoseconds;
  part->system_nanoseconds += usage.system_nanoseconds;
}

uint64_t spin(uint64_t rounds, uint64_t value) {
  // Each round needs the one before, so that its time does not depend on what stands around it.
  for (uint64_t i = 0; i < rounds; i++) value = value * 6364136223846793005u + 1442695040888963407u;
  return value;
}

uint64_t spin_rounds(uint64_t nanoseconds) {
  if (nanoseconds == 0) return 0;
  enum { rounds = 1000000, tries = 7 };
  // The fastest try: the others were interrupted.
  int64_t fastest = INT64_MAX;
  volatile uint64_t value = 1;
  for (int i = 0; i < tries; i++) {
    int64_t began = raw_time();
    value = spin(rounds, value);
    int64_t took = raw_time() - began;
    if (took < fastest) fastest = took;
  }
  uint64_t result = (uint64_t)((double)nanoseconds * rounds / (double)fastest + 0.5);
  return result ? result : 1;
}

int usable_cpus(int *cpus, int capacity) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) < 0) fail("sched_getaffinity");
  int count = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE && count < capacity; cpu++)
    if (CPU_ISSET(cpu, &set)) cpus[count++] = cpu;
  return count;
}

void pin_to(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (sched_setaffinity(0, sizeof set, &set) < 0) fail("sched_setaffinity");
}
