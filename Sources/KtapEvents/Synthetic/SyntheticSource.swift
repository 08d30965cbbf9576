// The seeded generator as an event source: events that no kernel made, the same on every run and every machine, for
// tests that need to know what there was to see, and for benchmarks of everything behind the kernel.
//
// Time is virtual: the generator gives sub-buffers as fast as they are taken, and only the records' times follow the
// description's rate. The counts are exact: `written` is what was handed out or lost, `overwritten` and `dropped` are
// what the description's losses took.

import CKernelCalls
import KtapRuntime
import Synchronization

public final class SyntheticSource: EventSource {
  public let description: SyntheticDescription

  public init(_ description: SyntheticDescription) { self.description = description }

  public var name: String { "synthetic" }
  public var filtersInKernel: Bool { false }
  public func now() -> UInt64 { UInt64(ktap_monotonic()) }

  public func eventNames() -> [EventName] { SyntheticCatalogue.names.names }

  public func format(of event: EventName) throws(SourceError) -> EventFormat {
    guard let index = SyntheticCatalogue.index(of: event) else {
      let near = SyntheticCatalogue.nearest(to: event.description).joined(separator: ", ")
      throw SourceError(.noSuchEvent, "the synthetic source has no event \(event)", remedy: "near it: \(near)")
    }
    return SyntheticCatalogue.formats[index]
  }

  public func subBufferHeader() throws(SourceError) -> SubBufferHeader {
    var header = try SubBufferHeader(parsing: Array(BuiltInFormats.headerPage.utf8))
    header.dataSize = description.subBufferSize - header.dataOffset
    return header
  }

  /// Kernel filters are refused: the caller must evaluate filters itself. Buffer size and wake-up share mean nothing here.
  public func open(_ selection: EventSelection) throws(SourceError) -> any OpenedEvents {
    for event in selection.events {
      _ = try format(of: event.format.name)
      if event.kernelFilter != nil {
        throw SourceError(.invalidFilter, "the synthetic source has no kernel that could filter \(event.format.name)")
      }
    }
    let cpus = selection.cpus?.sorted() ?? Array(0..<description.cpus)
    if let missing = cpus.first(where: { !(0..<description.cpus).contains($0) }) {
      throw SourceError(
        .missingFeature, "the synthetic source has no CPU \(missing)",
        remedy: "its description can say cpus=\(missing + 1)")
    }
    return SyntheticEvents(description, selection, cpus: cpus, header: try subBufferHeader())
  }
}

/// Started and stopped for all streams at once.
final class SyntheticControl: Sendable {
  let isStarted = Atomic<Bool>(false)
  let isStopped = Atomic<Bool>(false)
}

final class SyntheticEvents: OpenedEvents {
  let streams: [any EventStream]
  let tasks: TaskDirectory?
  private let synthetic: [SyntheticStream]
  private let control = SyntheticControl()

  init(_ description: SyntheticDescription, _ selection: EventSelection, cpus: [Int], header: SubBufferHeader) {
    let samplers = SamplerSet()
    let control = self.control
    synthetic = cpus.map { cpu in
      SyntheticStream(description, selection, cpu: cpu, header: header, samplers: samplers, control: control)
    }
    streams = synthetic
    tasks = selection.needsTasks ? TaskPopulation.directory(of: description) : nil
  }

  func start() { control.isStarted.store(true, ordering: .releasing) }

  func stop() { control.isStopped.store(true, ordering: .releasing) }

  func statistics() -> [StreamStatistics] { synthetic.map { $0.statistics } }

  /// Memory is given back with the last reference.
  func close() { stop() }
}
