// The live kernel as an event source.
//
// In: tracefs. Out: names and formats of events, and a selection that is being recorded in an instance of its own
// (`TracefsInstance`), never in the top-level buffer, which belongs to whoever uses tracefs by hand.

import CKernelCalls
import Glibc

public final class TracefsSource: EventSource {
  public let location: TracefsLocation
  public var settings: TracefsSettings
  /// What did not go as asked but did not stand in the way; for `--verbose` and the report.
  public private(set) var notes: [String] = []

  private var formats: [EventName: EventFormat] = [:]
  private var names: [EventName]?

  /// Finds tracefs, mounts it if need be, and removes what dead processes left there.
  public init(settings: TracefsSettings = TracefsSettings()) throws(SourceError) {
    location = try TracefsLocation.find()
    self.settings = settings
    let removed = TracefsInstance.removeLeftovers(in: location)
    if !removed.isEmpty { notes.append("removed what dead processes had left: \(removed.joined(separator: ", "))") }
  }

  public var name: String { "tracefs" }
  public var filtersInKernel: Bool { true }
  public func now() -> UInt64 { UInt64(ktap_monotonic()) }

  public func eventNames() throws(SourceError) -> [EventName] {
    if let names { return names }
    let path = "\(location.path)/available_events"
    let bytes: [UInt8]
    do { bytes = try KernelFile.read(path) } catch { throw TracefsLocation.refusal(of: path, error) }
    var names: [EventName] = []
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
      names.append(
        EventName(
          system: String(decoding: line[..<colon], as: UTF8.self),
          event: String(decoding: line[(colon + 1)...], as: UTF8.self)))
    }
    names.sort()
    self.names = names
    return names
  }

  public func catalogue() throws(SourceError) -> EventCatalogue { EventCatalogue(names: try eventNames()) }

  public func format(of event: EventName) throws(SourceError) -> EventFormat {
    if let format = formats[event] { return format }
    guard event.system.isFileName, event.event.isFileName else {
      throw SourceError(.noSuchEvent, "no event \(event)")
    }
    let path = "\(location.path)/events/\(event.system)/\(event.event)/format"
    let bytes: [UInt8]
    do {
      bytes = try KernelFile.read(path)
    } catch {
      guard error.code == ENOENT else { throw TracefsLocation.refusal(of: path, error) }
      let near = try catalogue().nearest(system: event.system, event: event.event)
      throw SourceError(
        .noSuchEvent, "no event \(event)",
        remedy: near.isEmpty ? nil : "did you mean \(near.map(\.description).joined(separator: ", "))?")
    }
    let format = try EventFormat(parsing: bytes, system: event.system)
    formats[event] = format
    return format
  }

  public func subBufferHeader() throws(SourceError) -> SubBufferHeader { try Self.header(in: location.path) }

  /// Checks the records' form too.
  static func header(in folder: String) throws(SourceError) -> SubBufferHeader {
    let page = "\(folder)/events/header_page"
    let event = "\(folder)/events/header_event"
    do {
      try RecordHeader.check(try readOrRefuse(event))
      return try SubBufferHeader(parsing: try readOrRefuse(page))
    }
  }

  private static func readOrRefuse(_ path: String) throws(SourceError) -> [UInt8] {
    do { return try KernelFile.read(path) } catch { throw TracefsLocation.refusal(of: path, error) }
  }

  public func open(_ selection: EventSelection) throws(SourceError) -> any OpenedEvents {
    try openInstance(selection)
  }

  /// As `open`, with the type that knows more.
  public func openInstance(_ selection: EventSelection) throws(SourceError) -> TracefsInstance {
    let instance = try TracefsInstance(selection, source: self)
    notes.append(contentsOf: instance.notes)
    return instance
  }
}

extension String {
  /// Whether this can be the name of one file: no slash, no NUL, not `.` or `..`.
  var isFileName: Bool {
    !isEmpty && self != "." && self != ".." && !utf8.contains { $0 == UInt8(ascii: "/") || $0 == 0 }
  }
}
