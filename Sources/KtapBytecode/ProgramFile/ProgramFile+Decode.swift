// Reading a program file.

extension Program {
  /// Reads a program file. The result is well-formed but may still be one that must not run: see `verify`.
  public static func decode(_ bytes: [UInt8]) throws(ProgramFileError) -> Program {
    guard bytes.starts(with: ProgramFile.magic) else { throw .noProgram }
    var reader = ByteReader(bytes, offset: ProgramFile.magic.count)
    let version = try reader.integer(UInt32.self)
    guard version == ProgramFile.version else { throw .version(found: version, expected: ProgramFile.version) }
    let checksum = try reader.integer(UInt64.self)
    guard checksum == ProgramFile.checksum(bytes[ProgramFile.headerSize...]) else { throw .checksum }
    let program = try reader.program()
    guard reader.offset == bytes.count else { throw .trailingBytes(offset: reader.offset) }
    return program
  }

  /// Whether a file is a program file, whatever its version: to be told from a script.
  public static func isProgramFile(_ bytes: [UInt8]) -> Bool { bytes.starts(with: ProgramFile.magic) }
}

/// Takes values in the file's form; throws at whatever is not there or has no meaning.
private struct ByteReader {
  let bytes: [UInt8]
  private(set) var offset: Int

  init(_ bytes: [UInt8], offset: Int) {
    self.bytes = bytes
    self.offset = offset
  }

  mutating func integer<Integer: FixedWidthInteger>(_: Integer.Type) throws(ProgramFileError) -> Integer {
    let size = MemoryLayout<Integer>.size
    guard bytes.count - offset >= size else { throw .truncated(offset: offset) }
    var value: Integer = 0
    for index in (0..<size).reversed() { value = value << 8 | Integer(truncatingIfNeeded: bytes[offset + index]) }
    offset += size
    return value
  }

  mutating func count() throws(ProgramFileError) -> Int { Int(try integer(UInt32.self)) }

  mutating func flag() throws(ProgramFileError) -> Bool {
    let value = try integer(UInt8.self)
    guard value <= 1 else { throw .malformed("a flag that is \(value)", offset: offset - 1) }
    return value == 1
  }

  mutating func string() throws(ProgramFileError) -> [UInt8] {
    let length = try count()
    guard length <= bytes.count - offset else { throw .truncated(offset: offset) }
    defer { offset += length }
    return Array(bytes[offset..<offset + length])
  }

  mutating func text() throws(ProgramFileError) -> String {
    let start = offset
    guard let text = String(validating: try string(), as: UTF8.self) else {
      throw .malformed("a text that is not UTF-8", offset: start)
    }
    return text
  }

  /// A list whose elements take at least `size` bytes each.
  mutating func list<Element>(
    of size: Int, _ element: (inout Self) throws(ProgramFileError) -> Element
  ) throws(ProgramFileError) -> [Element] {
    let count = try count()
    guard count <= (bytes.count - offset) / size else { throw .truncated(offset: offset) }
    var result: [Element] = []
    result.reserveCapacity(count)
    for _ in 0..<count { result.append(try element(&self)) }
    return result
  }

  mutating func program() throws(ProgramFileError) -> Program {
    var program = Program(name: try text())
    program.functions = try list(of: 42) { (reader) throws(ProgramFileError) in try reader.function() }
    program.events = try list(of: 9) { (reader) throws(ProgramFileError) in try reader.event() }
    program.builtins = try list(of: 4) { (reader) throws(ProgramFileError) in try reader.text() }
    program.tableSites = try list(of: 17) { (reader) throws(ProgramFileError) in try reader.tableSite() }
    return program
  }

  private mutating func event() throws(ProgramFileError) -> EventDeclaration {
    let number = try integer(UInt8.self)
    guard let kind = EventDeclaration.Kind(rawValue: number) else {
      throw .malformed("an event of kind \(number)", offset: offset - 1)
    }
    return EventDeclaration(kind: kind, text: try text(), line: try integer(Int32.self))
  }

  private mutating func tableSite() throws(ProgramFileError) -> TableSite {
    TableSite(
      name: try text(), arrayCapacity: try count(), recordCapacity: try count(), isPerCPU: try flag(),
      reason: try text())
  }

  private mutating func function() throws(ProgramFileError) -> Function {
    var function = Function(name: try text(), line: try integer(Int32.self))
    function.parameterCount = try count()
    function.frameSize = try count()
    function.upvalues = try list(of: 6) { (reader) throws(ProgramFileError) in try reader.upvalue() }
    function.constants = try list(of: 1) { (reader) throws(ProgramFileError) in try reader.constant() }
    function.nested = try list(of: 4) { (reader) throws(ProgramFileError) in try reader.count() }
    function.code = try list(of: 4) { (reader) throws(ProgramFileError) in try reader.integer(UInt32.self) }
    function.positions = try list(of: 8) { (reader) throws(ProgramFileError) in
      CodePosition(line: try reader.integer(Int32.self), column: try reader.integer(Int32.self))
    }
    function.locals = try list(of: 16) { (reader) throws(ProgramFileError) in
      LocalName(
        name: try reader.text(), register: try reader.count(), start: try reader.count(), end: try reader.count())
    }
    let effects = HandlerEffects(rawValue: try integer(UInt16.self))
    guard HandlerEffects.all.isSuperset(of: effects) else {
      throw .malformed("effects \(effects.rawValue)", offset: offset - 2)
    }
    function.effects = effects
    return function
  }

  private mutating func upvalue() throws(ProgramFileError) -> UpvalueDescriptor {
    let source: UpvalueDescriptor.Source
    switch try integer(UInt8.self) {
    case 0: source = .register(try count())
    case 1: source = .upvalue(try count())
    case 2: source = .itself
    case let other: throw .malformed("a captured variable of kind \(other)", offset: offset - 1)
    }
    return UpvalueDescriptor(source: source, isCell: try flag(), name: try text())
  }

  private mutating func constant() throws(ProgramFileError) -> Constant {
    switch try integer(UInt8.self) {
    case 0: return .nilValue
    case 1: return .boolean(false)
    case 2: return .boolean(true)
    case 3: return .number(try integer(Int64.self))
    case 4: return .string(try string())
    case 5: return .builtin(try count())
    case let other: throw .malformed("a constant of kind \(other)", offset: offset - 1)
    }
  }
}

extension HandlerEffects {
  /// Every effect that there is.
  fileprivate static let all: HandlerEffects = [.readsFields, .usesExecname, .usesProcess, .usesUser]
}
