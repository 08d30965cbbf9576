#include "processes.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// Between fork and exec only async-signal-safe calls: the parent may have threads.
static int prepare_child(const struct ktap_process *process, pid_t parent, int report) {
  // Above every number that the child was promised, so that no dup2 overwrites a source; `report` moves as well.
  int base = (int)process->descriptor_count + 64;
  int sources[16];
  if (process->descriptor_count > sizeof sources / sizeof *sources) { errno = EINVAL; return report; }
  int moved = fcntl(report, F_DUPFD_CLOEXEC, base);
  if (moved < 0) return report;
  if (setpgid(0, 0) < 0) return moved;
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) return moved;
  if (getppid() != parent) _exit(127);
  for (size_t i = 0; i < process->descriptor_count; i++) {
    int source = process->descriptors[i];
    if (source < 0) {
      source = open("/dev/null", O_RDWR | O_CLOEXEC);
      if (source < 0) return moved;
    }
    sources[i] = fcntl(source, F_DUPFD_CLOEXEC, base);
    if (sources[i] < 0) return moved;
  }
  for (size_t i = 0; i < process->descriptor_count; i++)
    if (dup2(sources[i], (int)i) < 0) return moved;
  if (syscall(SYS_close_range, (unsigned)process->descriptor_count, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */) < 0) {
    // Before Linux 5.11: whatever is open was opened with O_CLOEXEC by this program.
    if (errno != EINVAL && errno != ENOSYS) return moved;
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  // An ignored signal stays ignored over exec, and a shell starts background jobs with SIGINT ignored.
  const int usual[] = {SIGINT, SIGTERM, SIGQUIT, SIGPIPE, SIGCHLD};
  for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) signal(usual[i], SIG_DFL);
  if (process->directory && chdir(process->directory) < 0) return moved;
  execve(process->path, process->arguments, process->environment);
  return moved;
}

pid_t ktap_process_start(const struct ktap_process *process) {
  int pipe_ends[2];
  if (pipe2(pipe_ends, O_CLOEXEC) < 0) return -errno;
  pid_t parent = getpid();
  pid_t child = fork();
  if (child < 0) {
    int error = errno;
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    return -error;
  }
  if (child == 0) {
    int report = prepare_child(process, parent, pipe_ends[1]);
    int error = errno;
    ssize_t written = write(report, &error, sizeof error);
    (void)written;
    _exit(127);
  }
  close(pipe_ends[1]);
  int error = 0;
  ssize_t count;
  do count = read(pipe_ends[0], &error, sizeof error); while (count < 0 && errno == EINTR);
  close(pipe_ends[0]);
  if (count != sizeof error) return child;
  int status;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
  return error ? -error : -EIO;
}

int ktap_process_descriptor(pid_t pid) {
  int descriptor = (int)syscall(SYS_pidfd_open, pid, 0);
  return descriptor < 0 ? -errno : descriptor;
}

int ktap_memory_file(const char *name) {
  int descriptor = memfd_create(name, MFD_CLOEXEC);
  return descriptor < 0 ? -errno : descriptor;
}

int64_t ktap_monotonic_raw(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC_RAW, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int64_t ktap_process_cpu_time(pid_t pid) {
  clockid_t clock;
  struct timespec time;
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) < 0) return -1;
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static atomic_int interruption;
static struct sigaction before_interrupt, before_terminate;

static void note_interruption(int number) { atomic_store(&interruption, number); }

void ktap_interruption_request(void) { note_interruption(SIGINT); }

void ktap_interruption_watch(void) {
  struct sigaction action = {.sa_handler = note_interruption};
  sigemptyset(&action.sa_mask);
  atomic_store(&interruption, 0);
  sigaction(SIGINT, &action, &before_interrupt);
  sigaction(SIGTERM, &action, &before_terminate);
}

int ktap_interruption_signal(void) { return atomic_load(&interruption); }

void ktap_interruption_unwatch(void) {
  sigaction(SIGINT, &before_interrupt, NULL);
  sigaction(SIGTERM, &before_terminate, NULL);
  atomic_store(&interruption, 0);
}
