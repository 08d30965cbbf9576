// What Swift cannot say: variadic and macro interfaces of the kernel and of libc. Header-only; each function is tested.
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <stddef.h>
#include <sys/ioctl.h>
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
