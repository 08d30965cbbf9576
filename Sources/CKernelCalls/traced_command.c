#include "traced_command.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int ktap_fork_stopped(char *const *arguments, int *release_fd) {
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

int ktap_pidfd_open(int pid) {
  long result = syscall(SYS_pidfd_open, pid, 0);
  return result < 0 ? -errno : (int)result;
}

int ktap_reap(int pid) {
  int status;
  pid_t got = waitpid(pid, &status, WNOHANG);
  if (got != pid) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void ktap_block_ending_signals(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGHUP);
  sigaddset(&set, SIGCHLD);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  signal(SIGPIPE, SIG_IGN);
}

int ktap_wait_for_ending_signal(void) {
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

void ktap_name_thread(const char *name) {
  char copy[16] = {0};
  strncpy(copy, name, sizeof copy - 1);
  pthread_setname_np(pthread_self(), copy);
}
