// Every format file of the running kernel is read, and libtraceevent has a second opinion on each field.

import CTraceEvent
import KtapRuntime
import Testing

@testable import KtapEvents

// Needs root and tracefs; skipped elsewhere.
@Suite(.enabled(if: tracefsObstacle == nil, "\(tracefsObstacle ?? "")"))
struct FormatKernelTests {
  struct FormatFile {
    var system: String
    var event: String
    var bytes: [UInt8]
  }

  /// Those that can be enabled, and the function tracer's own, which have the stranger types.
  static func formatFiles() throws -> [FormatFile] {
    let root = try TracefsLocation.find().path + "/events"
    var files: [FormatFile] = []
    for system in try #require(KernelFile.names(in: root)) {
      for event in KernelFile.names(in: "\(root)/\(system)") ?? [] {
        if let bytes = try? KernelFile.read("\(root)/\(system)/\(event)/format") {
          files.append(FormatFile(system: system, event: event, bytes: bytes))
        }
      }
    }
    return files
  }

  @Test func everyFormatAgreesWithLibtraceevent() throws {
    let files = try Self.formatFiles()
    #expect(files.count > 500)
    let handle = try #require(tep_alloc())
    defer { tep_free(handle) }
    tep_set_long_size(handle, 8)
    var compared = 0
    for file in files {
      let format = try EventFormat(parsing: file.bytes, system: file.system)
      // Names in the file may differ in letter case or be absent from the folder's name for the function tracer's own.
      if file.system != "ftrace" { #expect(format.name.event == file.event) }
      var event: UnsafeMutablePointer<tep_event>?
      _ = file.bytes.withUnsafeBytes { bytes in
        tep_parse_format(
          handle, &event, bytes.bindMemory(to: CChar.self).baseAddress, UInt(bytes.count), file.system)
      }
      let parsed = try #require(event, "\(file.system):\(file.event)")
      #expect(Int(parsed.pointee.id) == format.id)
      compared += try compare(parsed.pointee.format.common_fields, format.commonFields, format.name)
      compared += try compare(parsed.pointee.format.fields, format.fields, format.name)
    }
    #expect(compared > files.count * 6)
  }

  private func compare(
    _ first: UnsafeMutablePointer<tep_format_field>?, _ fields: [FieldLayout], _ name: EventName
  ) throws -> Int {
    var next = first
    for field in fields {
      let other = try #require(next, "\(name) has no \(field.name) there").pointee
      let context: Comment = "\(name) \(field.type) \(field.name)"
      #expect(String(cString: other.name) == field.name, context)
      #expect(Int(other.offset) == field.offset, context)
      #expect(Int(other.size) == field.size, context)
      func has(_ flag: tep_format_flags) -> Bool { UInt(other.flags) & UInt(flag.rawValue) != 0 }
      #expect(has(TEP_FIELD_IS_SIGNED) == field.isSigned, context)
      let isLocated = [.dynamicText, .relativeText, .dynamicArray, .relativeArray].contains(field.kind)
      #expect(has(TEP_FIELD_IS_DYNAMIC) == isLocated, context)
      #expect(has(TEP_FIELD_IS_RELATIVE) == (field.kind == .relativeText || field.kind == .relativeArray), context)
      let isArray = field.type.contains("[")
      if field.kind != .opaque { #expect(has(TEP_FIELD_IS_ARRAY) == isArray, context) }
      if field.kind == .text || field.kind == .dynamicText { #expect(has(TEP_FIELD_IS_STRING), context) }
      if field.kind == .array, field.size > 0 { #expect(Int(other.elementsize) == field.elementSize, context) }
      next = other.next
    }
    #expect(next == nil, "\(name) has more fields there")
    return fields.count
  }

  @Test func syntheticNamesOfTheKernelAreFound() throws {
    let source = try TracefsSource()
    let names = try source.eventNames()
    #expect(names == names.sorted() && names.count > 500)
    let catalogue = try source.catalogue()
    let calls = catalogue.matches(system: "syscalls", event: "sys_enter_*")
    #expect(calls.count > 200 && calls.allSatisfy { $0.event.hasPrefix("sys_enter_") })
    #expect(catalogue.matches(system: "sched", event: "sched_switch").count == 1)
    for name in names { #expect(try source.format(of: name).name == name) }
  }

  @Test func aMissingEventNamesTheNearest() throws {
    let source = try TracefsSource()
    let error = #expect(throws: SourceError.self) {
      try source.format(of: EventName(system: "sched", event: "sched_swich"))
    }
    #expect(error?.kind == .noSuchEvent)
    #expect(error?.remedy?.contains("sched:sched_switch") == true)
    #expect(throws: SourceError.self) { try source.format(of: EventName(system: "..", event: "events")) }
    #expect(throws: SourceError.self) {
      try source.format(of: EventName(system: "sched", event: "../sched/sched_switch"))
    }
  }
}
