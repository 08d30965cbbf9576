// The program file (`.kpc`): a program as bytes, the same on every machine.
//
//      offset  bytes
//      0       8      magic: 1b 'k' 't' 'a' 'p' 0d 0a 1a (a transfer that touches line ends breaks it)
//      8       4      version of the format and of the instruction set
//      12      8      FNV-1a, 64 bits, of all that follows
//      20             the program
//
// Everything is little-endian. A count or a length is 4 bytes, a text or string its length and its bytes (texts are
// UTF-8), a list its count and its elements, in the order of the fields in `Program.swift`. There are no addresses, no
// padding and no choices, so that equal programs make equal files.
//
// Reading trusts nothing: a count is held against the bytes that are left before anything is allocated, and whatever
// has no meaning is refused, so that what is read can be written again to the same bytes. The checksum finds accidents,
// not intent: after `decode` comes `verify`.

/// Why bytes are no program.
public enum ProgramFileError: Error, Sendable, Hashable, CustomStringConvertible {
  case noProgram
  case version(found: UInt32, expected: UInt32)
  case checksum
  /// It ends in the middle of something.
  case truncated(offset: Int)
  case trailingBytes(offset: Int)
  case malformed(String, offset: Int)

  public var description: String {
    switch self {
    case .noProgram: "this is no ktap program file"
    case .version(let found, let expected):
      "this program file has version \(found), and this ktap reads version \(expected); compile the script again"
    case .checksum: "the program file is damaged: its checksum does not match"
    case .truncated(let offset): "the program file is damaged: it ends too early, at byte \(offset)"
    case .trailingBytes(let offset): "the program file is damaged: something follows the program at byte \(offset)"
    case .malformed(let what, let offset): "the program file is damaged: \(what) at byte \(offset)"
    }
  }
}

enum ProgramFile {
  static let magic: [UInt8] = [0x1b, 0x6b, 0x74, 0x61, 0x70, 0x0d, 0x0a, 0x1a]
  /// To be raised with every change of the format, the instruction table or the meaning of an instruction.
  static let version: UInt32 = 1
  static let headerSize = 20
  static let checksumOffset = 12

  /// FNV-1a.
  static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return hash
  }
}
