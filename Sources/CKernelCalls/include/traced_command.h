// Starting the command that is traced: forked stopped, so that events are on before its first instruction.
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/// Forks a child that waits for a byte on `*release_fd` and then runs `arguments` (found through PATH). Returns its
/// process id, or -errno. The child gets default signals and dies with this process if it was never released. When the
/// command cannot be run, the child exits with 127 (not found) or 126.
static inline int ktap_fork_stopped(char *const *arguments, int *release_fd) {
  int pipe_ends[2];
  if (pipe2(pipe_ends, O_CLOEXEC) != 0) return -errno;
  pid_t parent = getpid();
  pid_t child = fork();
  if (child < 0) {
    int error = errno;
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    return -error;
  }
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    close(pipe_ends[1]);
    char byte;
    ssize_t got;
    do { got = read(pipe_ends[0], &byte, 1); } while (got < 0 && errno == EINTR);
    if (got != 1) _exit(127);
    prctl(PR_SET_PDEATHSIG, 0);
    execvp(arguments[0], arguments);
    _exit(errno == ENOENT ? 127 : 126);
  }
  close(pipe_ends[0]);
  *release_fd = pipe_ends[1];
  return child;
}

/// A descriptor that becomes readable when process `pid` ends, or -errno.
static inline int ktap_pidfd_open(int pid) {
  long result = syscall(SYS_pidfd_open, pid, 0);
  return result < 0 ? -errno : (int)result;
}

/// Exit status of a reaped child as a shell would say it; -1 while it runs.
static inline int ktap_reap(int pid) {
  int status;
  pid_t got = waitpid(pid, &status, WNOHANG);
  if (got != pid) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// Blocks the signals that end tracing in the calling thread and all that it makes; `wait` below receives them.
static inline void ktap_block_ending_signals(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGHUP);
  sigaddset(&set, SIGCHLD);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  signal(SIGPIPE, SIG_IGN);
}

/// Waits for one of the blocked signals and returns its number.
static inline int ktap_wait_for_ending_signal(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGHUP);
  sigaddset(&set, SIGCHLD);
  int number = 0;
  while (sigwait(&set, &number) != 0) {}
  return number;
}
