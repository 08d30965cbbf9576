// The smallest use of an interface that proves it open; nothing stays behind.
#pragma once
#include <errno.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/// Loads `return 0` as a raw tracepoint program. 0, or -errno.
static inline int ktap_bpf_probe(void) {
  struct bpf_insn program[2];
  memset(program, 0, sizeof program);
  program[0].code = BPF_ALU64 | BPF_MOV | BPF_K;
  program[1].code = BPF_JMP | BPF_EXIT;
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT;
  attributes.insn_cnt = 2;
  attributes.insns = (uint64_t)(uintptr_t)program;
  attributes.license = (uint64_t)(uintptr_t) "Apache-2.0";
  long descriptor = syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof attributes);
  if (descriptor < 0) return -errno;
  close((int)descriptor);
  return 0;
}

/// Opens the CPU clock software event for every process on CPU 0. 0, or -errno.
static inline int ktap_perf_probe(void) {
  struct perf_event_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.size = sizeof attributes;
  attributes.config = PERF_COUNT_SW_CPU_CLOCK;
  attributes.disabled = 1;
  long descriptor = syscall(SYS_perf_event_open, &attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
  if (descriptor < 0) return -errno;
  close((int)descriptor);
  return 0;
}
