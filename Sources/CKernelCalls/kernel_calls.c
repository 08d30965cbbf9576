#include "kernel_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

int ktap_current_cpu(void) { return sched_getcpu(); }

long ktap_splice_to_pipe(int from, int pipe, size_t size) { return splice(from, NULL, pipe, NULL, size, SPLICE_F_NONBLOCK | SPLICE_F_MOVE); }

int ktap_set_pipe_size(int pipe, int size) { return fcntl(pipe, F_SETPIPE_SZ, size); }

int ktap_wait_readable(int first, int second, int64_t nanoseconds) {
  struct pollfd entries[2] = {{first, POLLIN, 0}, {second, POLLIN, 0}};
  struct timespec limit = {nanoseconds / 1000000000, nanoseconds % 1000000000};
  int count = ppoll(entries, 2, &limit, NULL);
  if (count < 0) return -1;
  return (entries[0].revents ? 1 : 0) | (entries[1].revents ? 2 : 0);
}

int ktap_make_wake_up(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

int ktap_replace_descriptor(int with, int descriptor) { return dup3(with, descriptor, O_CLOEXEC) < 0 ? -1 : 0; }

int64_t ktap_file_system_type(const char *path) {
  struct statfs information;
  return statfs(path, &information) < 0 ? -1 : (int64_t)information.f_type;
}

int ktap_ring_next_page(int descriptor) { return ioctl(descriptor, _IO('R', 0x20)); }

int ktap_thread_id(void) { return (int)syscall(SYS_gettid); }

void ktap_yield(void) { sched_yield(); }

int ktap_make_pipe(int ends[2], int never_waits) { return pipe2(ends, O_CLOEXEC | (never_waits ? O_NONBLOCK : 0)); }

void ktap_wait_any_readable(const int *descriptors, int count, int64_t nanoseconds) {
  struct pollfd entries[count];
  for (int index = 0; index < count; index++) entries[index] = (struct pollfd){descriptors[index], POLLIN, 0};
  struct timespec limit = {nanoseconds / 1000000000, nanoseconds % 1000000000};
  ppoll(entries, (nfds_t)count, &limit, NULL);
}
