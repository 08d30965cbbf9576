// Format files made up: every shape of a declaration, and files that lie.

import KtapRuntime
import Testing

@testable import KtapEvents

@Suite struct FormatParsingTests {
  static let common = """
    format:
    \tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;
    \tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;
    \tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;
    \tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;


    """

  static func file(_ fields: String, name: String = "thing", id: String = "77") -> [UInt8] {
    Array("name: \(name)\nID: \(id)\n\(common)\(fields)\n\nprint fmt: \"a=%d\", REC->a\n".utf8)
  }

  func field(_ declaration: String, offset: Int = 8, size: Int, signed: Int = 0) throws -> FieldLayout {
    let line = "\tfield:\(declaration);\toffset:\(offset);\tsize:\(size);\tsigned:\(signed);"
    let format = try EventFormat(parsing: Self.file(line), system: "made")
    return try #require(format.fields.first)
  }

  @Test func wholeFile() throws {
    let format = try EventFormat(
      parsing: Self.file("\tfield:long ret;\toffset:16;\tsize:8;\tsigned:1;"), system: "made")
    #expect(format.name == EventName(system: "made", event: "thing"))
    #expect(format.id == 77)
    #expect(format.commonFields == EventFormat.usualCommonFields)
    #expect(format.fields.map(\.name) == ["ret"])
    #expect(format.recordSize == 24)
    #expect(format.printFormat == "\"a=%d\", REC->a")
    #expect(format.field(named: "common_pid")?.offset == 4)
  }

  @Test func sizeAndSignCountAndNotTheType() throws {
    let wide = try field("int dfd", offset: 24, size: 8, signed: 0)
    #expect(wide.kind == .integer && wide.size == 8 && !wide.isSigned && wide.type == "int")
    let typedef = try field("xfs_ino_t ino", size: 8)
    #expect(typedef.kind == .integer && typedef.type == "xfs_ino_t")
  }

  @Test(arguments: [
    "const char * name", "const char *name", "const char *const * name", "struct iocb * * name", "const void* name",
    "const char __attribute__((user)) * name", "__attribute__((btf_type_tag(\"user\"))) void *name",
    "void __seg_gs * name",
  ])
  func pointers(declaration: String) throws {
    let field = try field(declaration, size: 8)
    #expect(field.kind == .integer && field.name == "name" && field.size == 8)
  }

  @Test func textsAndArrays() throws {
    #expect(try field("char comm[16]", size: 16).kind == .text)
    #expect(try field("const char comm[TASK_COMM_LEN]", size: 16).kind == .text)
    let bytes = try field("unsigned char addr[6]", size: 6)
    #expect(bytes.kind == .array && bytes.elementSize == 1)
    let words = try field("unsigned long args[6]", size: 48)
    #expect(words.kind == .array && words.elementSize == 8 && words.type == "unsigned long[6]")
    let square = try field("u16 grid[3][4]", size: 24)
    #expect(square.kind == .array && square.elementSize == 2 && square.type == "u16[3][4]")
    let named = try field("__u32 list[MAX]", size: 20)
    #expect(named.kind == .array && named.elementSize == 4)
    #expect(try field("struct thing list[2]", size: 24).kind == .opaque)
    #expect(try field("struct thing one", size: 8).kind == .opaque)
    #expect(try field("struct thing one", size: 24).kind == .opaque)
    #expect(try field("__int128 big", size: 16).kind == .opaque)
  }

  @Test func flexibleArraysReachTheRecordsEnd() throws {
    let text = try field("char buf[]", offset: 16, size: 0)
    #expect(text.kind == .text && text.size == 0 && text.offset == 16)
    let words = try field("u32 buf[]", offset: 16, size: 0)
    #expect(words.kind == .array && words.size == 0 && words.elementSize == 4)
  }

  @Test func dynamicFields() throws {
    let text = try field("__data_loc char[] msg", size: 4)
    #expect(text.kind == .dynamicText && text.name == "msg" && text.type == "__data_loc char[]")
    let words = try field("__data_loc u64[] addrs", size: 4)
    #expect(words.kind == .dynamicArray && words.elementSize == 8)
    #expect(try field("__rel_loc char[] msg", size: 4).kind == .relativeText)
    #expect(try field("__rel_loc unsigned int[] list", size: 4).kind == .relativeArray)
    #expect(try field("__data_loc cpumask_t[] cpus", size: 4).kind == .dynamicArray)
  }

  @Test func namesWithDots() throws {
    #expect(try field("unsigned long graph_ent.func", size: 8).name == "graph_ent.func")
  }

  @Test(arguments: [
    ("name: x\nID: abc\n", "line 2"),
    ("name: x\nID: 65536\n", "line 2"),
    ("name: x\nID: -1\n", "line 2"),
    ("name: x\nID: 5\n\tfield:int a;\toffset:0;\tsize:4;\n", "line 3"),
    ("name: x\nID: 5\nformat:\n\tfield:int a;\toffset:0;\n", "line 4"),
    ("name: x\nID: 5\nformat:\n\tfield:int a;\toffset:-8;\tsize:4;\n", "line 4"),
    ("name: x\nID: 5\nformat:\n\tfield:int a;\toffset:99999999999999999999;\tsize:4;\n", "line 4"),
    ("name: x\nID: 5\nformat:\n\tfield:int a;\toffset:1048570;\tsize:8;\n", "line 4"),
    ("name: x\nID: 5\nformat:\n\tfield:int;\toffset:0;\tsize:4;\n", "line 4"),
    ("name: x\nID: 5\nformat:\n\tfield:int 7up;\toffset:0;\tsize:4;\n", "line 4"),
    ("name: x\nID: 5\nformat:\n\tfield:int a];\toffset:0;\tsize:4;\n", "line 4"),
    ("name: x\nID: 5\nformat:\n\tfield:char a[1048576][1048576];\toffset:0;\tsize:4;\n", "line 4"),
    ("name: x\nID: 5\nformat:\n\tfield:__attribute__((x int a;\toffset:0;\tsize:4;\n", "line 4"),
    ("name: x\nID: 5\nformat:\n\tfield:__data_loc char[] a;\toffset:0;\tsize:8;\n", "line 4"),
    ("name: x\nID: 5\nformat:\nwhatever\n", "line 4"),
    ("name: x\nID: 5\nformat:\n", "no fields"),
    ("ID: 5\nformat:\n\tfield:int a;\toffset:0;\tsize:4;\n", "no name"),
    ("", "no name"),
  ])
  func liesAreRefusedWithTheirLine(text: String, expected: String) throws {
    let error = #expect(throws: SourceError.self) { try EventFormat(parsing: Array(text.utf8), system: "made") }
    #expect(error?.kind == .unreadable)
    #expect(error?.message.contains(expected) == true, "\(error?.message ?? "")")
  }

  @Test func tooMuchIsRefused() {
    let line = "\tfield:int a;\toffset:0;\tsize:4;\tsigned:1;\n"
    let fields = String(repeating: line, count: FormatLimits.fields + 1)
    #expect(throws: SourceError.self) { try EventFormat(parsing: Self.file(fields), system: "made") }
    let bytes = [UInt8](repeating: UInt8(ascii: "\n"), count: FormatLimits.fileBytes + 1)
    #expect(throws: SourceError.self) { try EventFormat(parsing: bytes, system: "made") }
  }

  /// Bytes changed, cut and doubled at random: an answer or an error, and nothing out of bounds in the answer.
  @Test func mutationsAreSurvived() throws {
    let original = Self.file(
      """
      \tfield:__data_loc char[] a;\toffset:8;\tsize:4;\tsigned:0;
      \tfield:unsigned long b[6];\toffset:16;\tsize:48;\tsigned:0;
      \tfield:const char __attribute__((user)) * c;\toffset:64;\tsize:8;\tsigned:0;
      """)
    var random = SeededRandom(seed: 1)
    var accepted = 0
    for _ in 0..<4_000 {
      var bytes = original
      for _ in 0..<random.number(below: 4) + 1 {
        let place = random.number(below: bytes.count)
        switch random.number(below: 4) {
        case 0: bytes[place] = UInt8(random.number(below: 256))
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(Array("[]();:0129 \n*".utf8)[random.number(below: 13)], at: place)
        default: bytes.insert(contentsOf: bytes[place..<min(place + 20, bytes.count)], at: place)
        }
      }
      guard let format = try? EventFormat(parsing: bytes, system: "made") else { continue }
      accepted += 1
      for field in format.fields + format.commonFields {
        #expect(field.offset >= 0 && field.size >= 0 && field.offset + field.size <= FormatLimits.recordBytes)
        #expect([1, 2, 4, 8].contains(field.elementSize))
        if field.kind == .integer { #expect([1, 2, 4, 8].contains(field.size)) }
      }
    }
    #expect(accepted > 400, "most of the mutations must reach the fields to be worth something")
  }
}

/// SplitMix64: the same numbers for the same seed everywhere.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return mixed ^ mixed >> 31
  }

  mutating func number(below limit: Int) -> Int { Int(next() % UInt64(limit)) }
}
