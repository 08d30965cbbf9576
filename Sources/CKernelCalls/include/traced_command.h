// Starting the command that is traced: forked stopped, so that events are on before its first instruction; and the
// signals that end tracing.
#pragma once

/// Forks a child that waits for a byte on `*release_fd` and then runs `arguments` (found through PATH). Returns its
/// process id, or -errno. The child gets default signals and dies with this process if it was never released. When the
/// command cannot be run, the child exits with 127 (not found) or 126.
int ktap_fork_stopped(char *const *arguments, int *release_fd);

/// A descriptor that becomes readable when process `pid` ends, or -errno.
int ktap_pidfd_open(int pid);

/// Exit status of a reaped child as a shell would say it; -1 while it runs.
int ktap_reap(int pid);

/// Blocks the signals that end tracing in the calling thread and all that it makes; the next function receives them.
void ktap_block_ending_signals(void);

/// Waits for one of the blocked signals and returns its number.
int ktap_wait_for_ending_signal(void);

/// Gives the calling thread a name, at most 15 bytes of it.
void ktap_name_thread(const char *name);
