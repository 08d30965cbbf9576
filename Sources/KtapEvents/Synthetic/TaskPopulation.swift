// The threads that a generator's events belong to.
//
// Thread i has the id 1000 + i and lives on CPU i mod CPUs for ever, so that what one CPU's stream says never depends on
// another's. Each `threads` of one CPU's threads in a row are a process, whose id is its first thread's; the process has
// the name and the user.

/// A thread as the generator sees it, of one CPU.
struct SyntheticTask {
  var thread: Int32
  var process: Int32
  var name: TaskName
  /// The pair whose first event has happened, plus one; 0: none.
  var openPair: UInt32 = 0
  /// The number of that event.
  var openIndex: UInt64 = 0
}

enum TaskPopulation {
  static let firstThread: Int32 = 1000
  private static let firstNames = [
    "bash", "nginx", "postgres", "systemd", "sshd", "python3", "java", "redis-server", "kworker/0:1", "containerd",
    "node", "make", "cc1plus", "dockerd", "rsyslogd", "cron",
  ]

  /// How many threads a CPU has.
  static func count(of description: SyntheticDescription, cpu: Int) -> Int {
    let total = Int(description.tasks.count)
    return total / description.cpus + (cpu < total % description.cpus ? 1 : 0)
  }

  static func tasks(of description: SyntheticDescription, cpu: Int) -> [SyntheticTask] {
    let cpus = Int32(description.cpus)
    return (0..<count(of: description, cpu: cpu)).map { position in
      let first = position - position % Int(description.threads)
      let process = firstThread + Int32(first) * cpus + Int32(cpu)
      return SyntheticTask(
        thread: firstThread + Int32(position) * cpus + Int32(cpu), process: process,
        name: name(UInt64(process - firstThread) % description.names))
    }
  }

  private static func name(_ index: UInt64) -> TaskName {
    index < UInt64(firstNames.count) ? TaskName(firstNames[Int(index)]) : TaskName("task-\(index)")
  }

  /// Every eighth process is root's.
  static func user(of process: Int32) -> UInt32 {
    let number = UInt32(process - firstThread)
    return number % 8 == 0 ? 0 : 1000 + number % 7
  }

  static func directory(of description: SyntheticDescription) -> TaskDirectory {
    let directory = TaskDirectory(capacity: Int(description.tasks.count) + 1)
    for cpu in 0..<description.cpus {
      for task in tasks(of: description, cpu: cpu) {
        directory.set(
          task.thread, TaskIdentity(name: task.name, process: task.process, user: user(of: task.process)))
      }
    }
    return directory
  }
}
