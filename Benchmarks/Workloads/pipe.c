// Two processes on one CPU hand a byte to and fro through two pipes: an operation is one round trip, four system calls
// and two context switches. The other process's CPU time is counted too; it writes it to shared memory when it ends.
#include "workload.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int send_byte(int descriptor, char byte) {
  ssize_t count;
  do count = write(descriptor, &byte, 1); while (count < 0 && errno == EINTR);
  return count == 1;
}

/// The byte, or -1 at the end.
static int receive_byte(int descriptor) {
  unsigned char byte;
  ssize_t count;
  do count = read(descriptor, &byte, 1); while (count < 0 && errno == EINTR);
  return count == 1 ? byte : -1;
}

_Noreturn static void answer(int from, int to, struct usage *shared) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The first byte is not part of what is measured: it only says that both sides run.
  int byte = receive_byte(from);
  if (byte < 0 || !send_byte(to, (char)byte)) _exit(1);
  struct usage before = own_usage();
  while ((byte = receive_byte(from)) >= 0)
    if (!send_byte(to, (char)byte)) _exit(1);
  struct usage after = own_usage();
  shared->user_nanoseconds = after.user_nanoseconds - before.user_nanoseconds;
  shared->system_nanoseconds = after.system_nanoseconds - before.system_nanoseconds;
  _exit(0);
}

struct measured_part run_pipe(const struct workload_options *options) {
  struct measured_part part = {0};
  uint64_t rounds = spin_rounds(options->spin_nanoseconds), sum = options->seed;
  int cpus[1024], there[2], back[2];
  int count = usable_cpus(cpus, 1024);
  pin_to(cpus[options->seed % (uint64_t)count]);
  struct usage *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) fail("mmap");
  if (pipe(there) < 0 || pipe(back) < 0) fail("pipe");
  pid_t other = fork();
  if (other < 0) fail("fork");
  if (other == 0) {
    close(there[1]);
    close(back[0]);
    answer(there[0], back[1], shared);
  }
  close(there[0]);
  close(back[1]);
  if (!send_byte(there[1], 0) || receive_byte(back[0]) < 0) fail("the other process does not answer");
  begin_measured_part(options, &part);
  for (uint64_t i = 0; i < options->operations; i++) {
    int byte;
    if (!send_byte(there[1], (char)i) || (byte = receive_byte(back[0])) < 0) fail("the other process ended");
    sum += (uint64_t)byte;
    if (rounds) sum = spin(rounds, sum);
  }
  end_measured_part(&part);
  close(there[1]);
  int status;
  while (waitpid(other, &status, 0) < 0)
    if (errno != EINTR) fail("waitpid");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) { errno = ECHILD; fail("the other process failed"); }
  part.user_nanoseconds += shared->user_nanoseconds;
  part.system_nanoseconds += shared->system_nanoseconds;
  part.checksum = sum;
  return part;
}
