import KtapBytecode

/// What follows the header of a program file. Any bytes are a program or an error; a program is written again to the
/// same bytes and accepted or refused by the verifier; what it accepts can be listed and run.
public func fuzzProgram(_ input: UnsafeRawBufferPointer) {
  // The header of any program, with the checksum of this one, which no mutation would ever hit.
  var file = Array(Program(name: "").encode().prefix(12))
  let hash = input.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  for shift in stride(from: 0, to: 64, by: 8) { file.append(UInt8(truncatingIfNeeded: hash >> UInt64(shift))) }
  file += input
  let program: Program
  do {
    program = try Program.decode(file)
  } catch .checksum {
    preconditionFailure("the header is not what it was")
  } catch {
    precondition(!error.description.isEmpty)
    return
  }
  precondition(program.encode() == file)
  do {
    try program.verify()
    precondition(!program.listing().isEmpty)
    runBriefly(program)
  } catch {
    precondition(!error.description.isEmpty)
  }
}
