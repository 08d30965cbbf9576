// What Swift cannot say: variadic and macro interfaces of the kernel and of libc. What is called on an event path is
// inline; the rest stands in kernel_calls.c, which alone asks for GNU extensions: Swift modules that see libc with them
// and modules that see it without disagree about its types.
#pragma once
#include <stdint.h>
#include <stddef.h>
#include <time.h>

/// The calling thread's id.
int ktap_thread_id(void);

/// Nanoseconds of CLOCK_MONOTONIC.
static inline int64_t ktap_monotonic(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/// Nanoseconds of CLOCK_REALTIME.
static inline int64_t ktap_wall_clock(void) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/// The CPU that the calling thread runs on.
int ktap_current_cpu(void);

/// Loads and stores with an order, on memory that Swift knows only by address.
static inline uint32_t ktap_load_acquire_32(const void *address) { return __atomic_load_n((const uint32_t *)address, __ATOMIC_ACQUIRE); }
static inline void ktap_store_release_32(void *address, uint32_t value) { __atomic_store_n((uint32_t *)address, value, __ATOMIC_RELEASE); }
static inline uint64_t ktap_load_acquire_64(const void *address) { return __atomic_load_n((const uint64_t *)address, __ATOMIC_ACQUIRE); }
static inline uint64_t ktap_load_relaxed_64(const void *address) { return __atomic_load_n((const uint64_t *)address, __ATOMIC_RELAXED); }
static inline void ktap_store_release_64(void *address, uint64_t value) { __atomic_store_n((uint64_t *)address, value, __ATOMIC_RELEASE); }
static inline uint32_t ktap_exchange_acquire_32(void *address, uint32_t value) { return __atomic_exchange_n((uint32_t *)address, value, __ATOMIC_ACQUIRE); }
static inline void ktap_or_32(void *address, uint32_t bits) { __atomic_fetch_or((uint32_t *)address, bits, __ATOMIC_ACQ_REL); }
static inline void ktap_and_32(void *address, uint32_t bits) { __atomic_fetch_and((uint32_t *)address, bits, __ATOMIC_ACQ_REL); }

/// A load without order, to wait on a lock's word.
static inline uint32_t ktap_load_relaxed_32(const void *address) { return __atomic_load_n((const uint32_t *)address, __ATOMIC_RELAXED); }

/// Tells the core that it is waiting for another one.
static inline void ktap_spin_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/// Takes the next page of a memory-mapped ring buffer (Linux 6.10, `TRACE_MMAP_IOCTL_GET_READER`): 0, or -1 and errno.
int ktap_ring_next_page(int descriptor);

/// Moves up to `size` bytes into a pipe without waiting: how many, or -1 and errno.
long ktap_splice_to_pipe(int from, int pipe, size_t size);

/// How many bytes a pipe can hold from now on, or -1 and errno.
int ktap_set_pipe_size(int pipe, int size);

/// Waits up to `nanoseconds` until one of two descriptors can be read; bit 0: the first can, bit 1: the second can; -1 and errno.
int ktap_wait_readable(int first, int second, int64_t nanoseconds);

/// A descriptor that `ktap_wait_readable` sees as soon as something is written to it; -1 and errno.
int ktap_make_wake_up(void);

/// Points a descriptor at another file; 0, or -1 and errno.
int ktap_replace_descriptor(int with, int descriptor);

/// The file system's type (`statfs`), or -1 and errno.
int64_t ktap_file_system_type(const char *path);

/// Lets another thread run.
void ktap_yield(void);

/// A pipe whose ends are closed on exec and, if asked for, never wait; 0, or -1 and errno.
int ktap_make_pipe(int ends[2], int never_waits);

/// Waits up to `nanoseconds` until one of the descriptors can be read; a negative one is left out.
void ktap_wait_any_readable(const int *descriptors, int count, int64_t nanoseconds);
