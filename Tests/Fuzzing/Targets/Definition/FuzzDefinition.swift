import KtapEvents
import KtapLanguage
import KtapRuntime

/// An event definition, a NUL, and the bytes of a record. Any text is a definition or an error; its filter, on each of a
/// few events, means one thing: what it accepts its negation does not, and what goes to the kernel and what stays here
/// are the whole of it.
public func fuzzDefinition(_ input: UnsafeRawBufferPointer) {
  let end = input.firstIndex(of: 0) ?? input.count
  let text = String(decoding: input[..<end], as: UTF8.self)
  guard let definition = try? EventDefinition.parse(text: text) else { return }
  precondition(!definition.patterns.isEmpty)
  guard let filter = definition.filter else { return }
  // Where a sanitizer sees whatever is read before or behind it.
  let record = UnsafeMutableRawBufferPointer.allocate(byteCount: max(4, input.count - end - 1), alignment: 8)
  defer { record.deallocate() }
  for index in record.indices { record[index] = 0 }
  if end < input.count { record.copyMemory(from: UnsafeRawBufferPointer(rebasing: input[(end + 1)...])) }
  for format in fuzzedFormats { check(filter, format, UnsafeRawBufferPointer(record)) }
}

private let fuzzedFormats: [EventFormat] = {
  let source = SyntheticSource(SyntheticDescription())
  return ["sched_switch", "sched_process_exec", "sys_enter_openat", "block_rq_issue"].map { event in
    let name = source.eventNames().first { $0.event == event }!
    do {
      return try source.format(of: name)
    } catch {
      preconditionFailure("\(error)")
    }
  }
}()

private func check(_ filter: Filter, _ format: EventFormat, _ bytes: UnsafeRawBufferPointer) {
  guard let evaluator = try? FilterEvaluator(filter, for: format) else {
    precondition((try? KernelFilter(filter, for: format)) == nil)
    return
  }
  let context = FilterContext(cpu: 1, process: 1000, user: 0, name: TaskName("bash"))
  let record = EventRecord(time: 1, bytes: bytes.baseAddress!, length: bytes.count)
  let isAccepted = evaluator.program.accepts(record, context)
  if let negation = try? FilterEvaluator(.not(filter), for: format) {
    let isNegationAccepted = negation.program.accepts(record, context)
    precondition(
      bytes.count < format.recordSize ? !isAccepted && !isNegationAccepted : isAccepted != isNegationAccepted)
  }
  do {
    let split = try KernelFilter(filter, for: format)
    precondition(split.text != nil || split.remainder != nil)
    if let remainder = split.remainder {
      precondition(split.reason != nil)
      // Fewer records pass the whole than pass its remainder.
      let rest = try FilterEvaluator(remainder, for: format)
      precondition(!isAccepted || rest.program.accepts(record, context))
      if split.text == nil { precondition(isAccepted == rest.program.accepts(record, context)) }
    }
    if let text = split.text { precondition(!text.utf8.contains(0) && text.utf8.count < 4096) }
  } catch {
    preconditionFailure("\(error)")
  }
}
