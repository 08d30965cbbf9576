// What Swift cannot say: variadic and macro interfaces of the kernel and of libc. Header-only; each function is tested.
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <time.h>

/// The calling thread's id.
static inline int ktap_thread_id(void) { return (int)syscall(SYS_gettid); }

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
static inline int ktap_current_cpu(void) { return sched_getcpu(); }

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
static inline int ktap_ring_next_page(int descriptor) { return ioctl(descriptor, _IO('R', 0x20)); }

/// Moves up to `size` bytes into a pipe without waiting: how many, or -1 and errno.
static inline ssize_t ktap_splice_to_pipe(int from, int pipe, size_t size) { return splice(from, NULL, pipe, NULL, size, SPLICE_F_NONBLOCK | SPLICE_F_MOVE); }

/// How many bytes a pipe can hold from now on, or -1 and errno.
static inline int ktap_set_pipe_size(int pipe, int size) { return fcntl(pipe, F_SETPIPE_SZ, size); }

/// Waits up to `nanoseconds` until one of two descriptors can be read; bit 0: the first can, bit 1: the second can; -1 and errno.
static inline int ktap_wait_readable(int first, int second, int64_t nanoseconds) {
  struct pollfd entries[2] = {{first, POLLIN, 0}, {second, POLLIN, 0}};
  struct timespec limit = {nanoseconds / 1000000000, nanoseconds % 1000000000};
  int count = ppoll(entries, 2, &limit, NULL);
  if (count < 0) return -1;
  return (entries[0].revents ? 1 : 0) | (entries[1].revents ? 2 : 0);
}

/// A descriptor that `ktap_wait_readable` sees as soon as something is written to it; -1 and errno.
static inline int ktap_make_wake_up(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

/// Points a descriptor at another file; 0, or -1 and errno.
static inline int ktap_replace_descriptor(int with, int descriptor) { return dup3(with, descriptor, O_CLOEXEC) < 0 ? -1 : 0; }

/// The file system's type (`statfs`), or -1 and errno.
static inline int64_t ktap_file_system_type(const char *path) {
  struct statfs information;
  return statfs(path, &information) < 0 ? -1 : (int64_t)information.f_type;
}
