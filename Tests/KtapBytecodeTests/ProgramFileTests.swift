import KtapBytecode
import KtapLanguage
import Testing

@Suite struct ProgramFileTests {
  static let script = """
    var s, n = {}, 0
    var t = table.new(10, 20)
    function even(n) { if (n == 0) return true; return odd(n - 1) }
    function odd(n) { if (n == 0) return false; return even(n - 1) }
    trace sched:sched_switch /prev_pid > 1/ { s[execname] += 1; n += 1; t[arg0, "x"] = args.next_comm .. -5000000000 }
    tick-1s { for (k, v in pairs(s)) { print(k, v) } }
    trace_end { for (i = 1, 10) { print(even(i), print) } }
    """

  private func error(_ bytes: [UInt8]) -> ProgramFileError? {
    do {
      _ = try Program.decode(bytes)
      return nil
    } catch {
      return error
    }
  }

  /// With a checksum that is right again.
  private func sealed(_ bytes: [UInt8]) -> [UInt8] {
    var result = bytes
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes.dropFirst(20) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    for index in 0..<8 { result[12 + index] = UInt8(truncatingIfNeeded: hash >> (8 * index)) }
    return result
  }

  @Test func aProgramComesBackAsItWas() throws {
    let program = try compiled(Self.script)
    let bytes = program.encode()
    #expect(try Program.decode(bytes) == program)
    #expect(try Program.decode(bytes).encode() == bytes)
    #expect(try compiled(Self.script).encode() == bytes)
    #expect(Program.isProgramFile(bytes))
    #expect(!Program.isProgramFile(Array(Self.script.utf8)))
  }

  /// The form may only change together with the version.
  @Test func theFormIsFixed() {
    let function = Function(
      name: "m", line: 1, frameSize: 1, constants: [.nilValue, .number(-2), .string([65])], code: [0x0102_0304],
      positions: [CodePosition(line: 3, column: 4)])
    let bytes = Program(name: "x", functions: [function], builtins: ["p"]).encode()
    #expect(bytes.prefix(12) == [0x1b, 0x6b, 0x74, 0x61, 0x70, 0x0d, 0x0a, 0x1a, 1, 0, 0, 0])
    let expected: [UInt8] = [
      1, 0, 0, 0, 0x78, 1, 0, 0, 0, 1, 0, 0, 0, 0x6d, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
      3, 0, 0, 0, 0, 3, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 4, 1, 0, 0, 0, 65, 0, 0, 0, 0,
      1, 0, 0, 0, 4, 3, 2, 1, 1, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0,
      0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0x70, 0, 0, 0, 0,
    ]
    #expect(Array(bytes.dropFirst(20)) == expected)
    #expect(sealed(bytes) == bytes)
  }

  @Test func whatIsNoProgramIsRefused() throws {
    let bytes = try compiled(Self.script).encode()
    #expect(error([]) == .noProgram)
    #expect(error(Array("print(1)".utf8)) == .noProgram)
    #expect(error(Array(bytes.prefix(8))) == .truncated(offset: 8))
    #expect(error(Array(bytes.prefix(15))) == .truncated(offset: 12))
    var changed = bytes
    changed[8] = 9
    #expect(error(changed) == .version(found: 9, expected: 1))
    changed = bytes
    changed[bytes.count / 2] ^= 1
    #expect(error(changed) == .checksum)
    #expect(error(sealed(bytes + [0])) == .trailingBytes(offset: bytes.count))
  }

  @Test func everyTruncationIsRefused() throws {
    let bytes = try compiled(Self.script).encode()
    for length in stride(from: 20, to: bytes.count, by: 7) {
      let error = error(sealed(Array(bytes.prefix(length))))
      guard case .truncated = error else {
        Issue.record("\(length) bytes: \(String(describing: error))")
        continue
      }
    }
  }

  /// A count that would need more memory than the file has bytes is refused before anything is allocated.
  @Test func impossibleCountsAreRefused() {
    let bytes = Program(name: "", functions: []).encode()
    for offset in stride(from: 20, to: bytes.count, by: 4) {
      var changed = bytes
      for index in 0..<4 { changed[offset + index] = 0xff }
      #expect(error(sealed(changed)) == .truncated(offset: offset + 4))
    }
  }

  /// Whatever happens to the bytes: it is refused, or it is a program that can be listed, encoded and run.
  @Test func mutatedFilesNeverCrash() throws {
    let bytes = try compiled(Self.script).encode()
    var random = DifferentialTests.Generator(state: 1)
    var decoded = 0
    var verified = 0
    for _ in 0..<2500 {
      var changed = bytes
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let place = Int.random(in: 20..<changed.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: changed[place] = UInt8.random(in: 0...255, using: &random)
        case 1: changed[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 2: changed[place] = [0, 1, 0xff, 0x7f, 0x80].randomElement(using: &random)!
        default: changed[place] &+= 1
        }
      }
      guard let program = try? Program.decode(sealed(changed)) else { continue }
      decoded += 1
      #expect(program.encode() == sealed(changed))
      #expect(!program.listing().isEmpty)
      for function in program.functions {
        for pc in function.code.indices { _ = function.describeRegister(0, at: pc) }
      }
      guard (try? program.verify()) != nil else { continue }
      verified += 1
      _ = printed(program, iterationLimit: 50)
    }
    #expect(decoded > 500)
    #expect(verified > 50)
  }

  /// Random words in place of the code: what the verifier accepts runs without a fault of the machine.
  @Test func mutatedCodeThatIsAcceptedKeepsCellsAndValuesApart() throws {
    let original = try compiled(
      Self.script + "\nodd(3)\nfor (i = 1, 3) { var f = function() { i += 1; return i }; f() }")
    var random = DifferentialTests.Generator(state: 2)
    var accepted = 0
    for _ in 0..<4000 {
      var program = original
      let function = Int.random(in: 0..<program.functions.count, using: &random)
      let pc = Int.random(in: 0..<program.functions[function].code.count, using: &random)
      let shift = [0, 8, 16, 24].randomElement(using: &random)!
      let byte = UInt32.random(in: 0..<40, using: &random)
      program.functions[function].code[pc] &= ~(0xff << shift)
      program.functions[function].code[pc] |= byte << shift
      guard (try? program.verify()) != nil else { continue }
      accepted += 1
      let output = printed(program, iterationLimit: 50)
      #expect(
        !output.contains {
          $0.contains("a cell was read") || $0.contains("a value was used as a cell") || $0.contains("captured a")
        })
    }
    #expect(accepted > 250)
  }
}
