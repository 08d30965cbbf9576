// Writing a program file.

extension Program {
  /// The program as a file's bytes.
  public func encode() -> [UInt8] {
    var writer = ByteWriter()
    writer.bytes = ProgramFile.magic
    writer.write(ProgramFile.version)
    writer.write(UInt64(0))
    writer.write(self)
    let checksum = ProgramFile.checksum(writer.bytes[ProgramFile.headerSize...])
    for index in 0..<8 {
      writer.bytes[ProgramFile.checksumOffset + index] = UInt8(truncatingIfNeeded: checksum >> (8 * index))
    }
    return writer.bytes
  }
}

/// Appends values in the file's form.
private struct ByteWriter {
  var bytes: [UInt8] = []

  mutating func write(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func write(count: Int) { write(UInt32(count)) }

  mutating func write(_ flag: Bool) { bytes.append(flag ? 1 : 0) }

  mutating func write(_ string: [UInt8]) {
    write(count: string.count)
    bytes += string
  }

  mutating func write(_ text: String) { write(Array(text.utf8)) }

  mutating func write<Element>(_ list: [Element], _ body: (inout Self, Element) -> Void) {
    write(count: list.count)
    for element in list { body(&self, element) }
  }

  mutating func write(_ program: Program) {
    write(program.name)
    write(program.functions) { $0.write($1) }
    write(program.events) { writer, event in
      writer.write(event.kind.rawValue)
      writer.write(event.text)
      writer.write(event.line)
    }
    write(program.builtins) { $0.write($1) }
    write(program.tableSites) { writer, site in
      writer.write(site.name)
      writer.write(count: site.arrayCapacity)
      writer.write(count: site.recordCapacity)
      writer.write(site.isPerCPU)
      writer.write(site.reason)
    }
  }

  private mutating func write(_ function: Function) {
    write(function.name)
    write(function.line)
    write(count: function.parameterCount)
    write(count: function.frameSize)
    write(function.upvalues) { $0.write($1) }
    write(function.constants) { $0.write($1) }
    write(function.nested) { $0.write(count: $1) }
    write(function.code) { $0.write($1) }
    write(function.positions) { writer, position in
      writer.write(position.line)
      writer.write(position.column)
    }
    write(function.locals) { writer, local in
      writer.write(local.name)
      writer.write(count: local.register)
      writer.write(count: local.start)
      writer.write(count: local.end)
    }
    write(function.effects.rawValue)
  }

  private mutating func write(_ upvalue: UpvalueDescriptor) {
    switch upvalue.source {
    case .register(let register):
      write(UInt8(0))
      write(count: register)
    case .upvalue(let index):
      write(UInt8(1))
      write(count: index)
    case .itself: write(UInt8(2))
    }
    write(upvalue.isCell)
    write(upvalue.name)
  }

  private mutating func write(_ constant: Constant) {
    switch constant {
    case .nilValue: write(UInt8(0))
    case .boolean(let flag): write(UInt8(flag ? 2 : 1))
    case .number(let number):
      write(UInt8(3))
      write(number)
    case .string(let bytes):
      write(UInt8(4))
      write(bytes)
    case .builtin(let index):
      write(UInt8(5))
      write(count: index)
    }
  }
}
