// Writes the sub-buffers that fuzzing starts with: every form of record that the generator makes, on small pages.

import Foundation
import KtapEvents

@main struct Seeds {
  /// A description and which of its sub-buffers is wanted, from 1; 0: the last one.
  static let seeds: [(name: String, description: String, page: Int)] = [
    ("records", "events=40", 1),
    ("extends", "events=6,rate=1", 1),
    // The generator's 1024th record has an absolute time stamp, and a discarded one stands before its 4096th.
    ("stamp", "events=1024,page=512", 0),
    ("discarded", "events=4096,page=512", 0),
    ("long", "events=10,mix=sched:sched_process_exec,keys=constant(15)", 1),
    ("flagged", "events=200,loss=every(1,1),page=512", 2),
    ("counted", "events=200,loss=every(1,1,counted),page=512", 2),
    // Every 16th sub-buffer.
    ("padded", "events=2000,page=512", 16),
  ]

  static func main() throws {
    guard CommandLine.arguments.count == 2 else { throw SourceError(.unreadable, "usage: make-seeds FOLDER") }
    let folder = URL(filePath: CommandLine.arguments[1])
    for seed in seeds {
      let source = SyntheticSource(try SyntheticDescription(parsing: "cpus=1,tasks=4,\(seed.description)"))
      let events = try source.eventNames().map { SelectedEvent(format: try source.format(of: $0)) }
      let opened = try source.open(EventSelection(events: events))
      try opened.start()
      var bytes: [UInt8] = []
      var page = 0
      while let subBuffer = opened.streams[0].nextSubBuffer() {
        // The byte that says which kernel, and the page up to its last byte that is not 0.
        bytes = [0] + subBuffer.bytes.prefix((subBuffer.bytes.lastIndex { $0 != 0 } ?? 0) + 1)
        page += 1
        if page == seed.page { break }
      }
      try Data(bytes).write(to: folder.appending(path: seed.name))
    }
  }
}
