// The shape of the original's own benchmark (Chris Mason's sembench with `-t 200 -w 20 -o 2`): 200 threads, pinned
// round-robin over the CPUs, each waiting on a futex of its own; the main thread wakes 20 at a time. sembench ran for a
// fixed time and counted; here the number of wake-ups is fixed and the time is measured, so that runs can be paired.
//
// A thread that waits stands on a stack under a mutex. The main thread takes up to 20 off it, sets their words and wakes
// them; a woken thread goes back on the stack. If nobody stands there, the main thread waits on `returned`, which every
// thread that comes back raises. The measured part ends when the last woken thread is back.
#include "workload.h"

#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

struct waiter {
  atomic_uint woken;
  struct waiter *next;
  int cpu;
  pthread_t thread;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct waiter *waiting;
static atomic_uint returned;
static atomic_bool stopping, main_waits;
static uint64_t rounds_per_operation;
static atomic_uint_fast64_t sum;

static void futex_wait(atomic_uint *word, unsigned expected) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
}

static void futex_wake(atomic_uint *word) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0); }

static void *wait_for_work(void *argument) {
  struct waiter *self = argument;
  uint64_t value = (uint64_t)self->cpu;
  pin_to(self->cpu);
  for (;;) {
    atomic_store(&self->woken, 0);
    pthread_mutex_lock(&lock);
    self->next = waiting;
    waiting = self;
    pthread_mutex_unlock(&lock);
    atomic_fetch_add(&returned, 1);
    if (atomic_load(&main_waits)) futex_wake(&returned);
    while (atomic_load(&self->woken) == 0) futex_wait(&self->woken, 0);
    if (atomic_load(&stopping)) break;
    if (rounds_per_operation) value = spin(rounds_per_operation, value);
  }
  atomic_fetch_add(&sum, value);
  return NULL;
}

/// Waits until `returned` has reached the count.
static void wait_for_returns(unsigned target) {
  atomic_store(&main_waits, true);
  for (;;) {
    unsigned now = atomic_load(&returned);
    if ((int)(now - target) >= 0) break;
    futex_wait(&returned, now);
  }
  atomic_store(&main_waits, false);
}

struct measured_part run_futex(const struct workload_options *options) {
  struct measured_part part = {0};
  unsigned thread_count = options->threads;
  struct waiter *waiters = calloc(thread_count, sizeof *waiters);
  struct waiter **taken = calloc(options->wake, sizeof *taken);
  if (!waiters || !taken) fail("calloc");
  int cpus[1024];
  int cpu_count = usable_cpus(cpus, 1024);
  rounds_per_operation = spin_rounds(options->spin_nanoseconds);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN + 65536);
  for (unsigned i = 0; i < thread_count; i++) {
    waiters[i].cpu = cpus[(i + options->seed) % (uint64_t)cpu_count];
    if (pthread_create(&waiters[i].thread, &attributes, wait_for_work, &waiters[i]) != 0) fail("pthread_create");
  }
  wait_for_returns(thread_count);

  begin_measured_part(options, &part);
  uint64_t left = options->operations;
  // Wraps as `returned` does: at most `threads` apart.
  unsigned woken_so_far = thread_count;
  while (left > 0) {
    unsigned wanted = left < options->wake ? (unsigned)left : options->wake, count = 0;
    // Read before the stack is looked at: whoever comes back later changes it and the wait below returns at once.
    unsigned seen = atomic_load(&returned);
    pthread_mutex_lock(&lock);
    while (count < wanted && waiting) {
      taken[count++] = waiting;
      waiting = waiting->next;
    }
    pthread_mutex_unlock(&lock);
    if (count == 0) {
      wait_for_returns(seen + 1);
      continue;
    }
    for (unsigned i = 0; i < count; i++) {
      atomic_store(&taken[i]->woken, 1);
      futex_wake(&taken[i]->woken);
    }
    woken_so_far += count;
    left -= count;
  }
  wait_for_returns(woken_so_far);
  end_measured_part(&part);

  atomic_store(&stopping, true);
  for (unsigned i = 0; i < thread_count; i++) {
    atomic_store(&waiters[i].woken, 1);
    futex_wake(&waiters[i].woken);
  }
  for (unsigned i = 0; i < thread_count; i++) pthread_join(waiters[i].thread, NULL);
  part.checksum = options->spin_nanoseconds ? atomic_load(&sum) : options->operations;
  free(taken);
  free(waiters);
  return part;
}
