import Glibc
import Testing

@testable import KtapRuntime

/// The reference page of the repository that this file is in.
private let referencePath =
  #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined() + "/Documentation/Builtins.md"

@Suite struct BuiltinTableTests {
  @Test func rowsAreInTheOrderOfIdentifiers() {
    #expect(builtinTable.map(\.identifier) == BuiltinIdentifier.allCases)
    for identifier in BuiltinIdentifier.allCases {
      #expect(BuiltinIdentifier(name: identifier.name) == identifier)
    }
    #expect(Set(builtinTable.map(\.name)).count == builtinTable.count)
    #expect(BuiltinIdentifier(name: "no_such") == nil)
  }

  @Test func everyRowSaysSomething() {
    for row in builtinTable {
      #expect(row.summary.hasSuffix("."), "\(row.name)")
      #expect(!row.example.isEmpty, "\(row.name)")
      #expect(row.minimumArguments <= row.maximumArguments ?? .max, "\(row.name)")
      // Optional parameters are in brackets, and parameters are separated by commas.
      if let maximum = row.maximumArguments, !row.parameters.contains("…") {
        let count = row.parameters.isEmpty ? 0 : row.parameters.filter { $0 == "," }.count + 1
        #expect(count == maximum, "\(row.name)(\(row.parameters))")
      }
    }
  }

  @Test func everyNameOfTheLanguageIsThere() {
    let names = """
      print printf print_hist pairs sort_pairs len delete exit stack ustack ipof stringof kernel_string user_string num_cpus
      arch kernel_v in_interrupt in_iowait curr_taskinfo gettimeofday_ns gettimeofday_us gettimeofday_ms gettimeofday_s
      print_trace_clock table.new timer.tick timer.profile kdebug.trace_by_id kdebug.trace_end kdebug.tracepoint
      kdebug.kprobe ansi.clear_screen ansi.set_color ansi.set_color2 ansi.set_color3 ansi.reset_color ansi.new_line
      net.ip_sock_saddr net.ip_sock_daddr net.format_ip_addr string.sub string.find string.byte string.char string.upper
      string.lower string.format string.tonumber string.split math.min math.max math.abs math.log2 json count sum avg min
      max stddev percentile quantize lquantize %attach %site %tuple %arg %unsupported
      """
    let wanted = Set(names.split(whereSeparator: \.isWhitespace).map(String.init))
    #expect(Set(builtinTable.map(\.name)) == wanted)
    #expect(BuiltinNames.supported.union(BuiltinNames.planned) == wanted)
    #expect(BuiltinNames.pure.isDisjoint(with: ["delete", "%attach", "exit"]))
    #expect(BuiltinNames.pure.isSuperset(of: ["print", "len", "print_hist", "pairs"]))
  }

  @Test func whatIsNotSupportedSaysSo() {
    let fixture = Fixture()
    for row in builtinTable where !row.isSupported {
      #expect(fixture.error(row.identifier, Value(1)) == "\(row.name) is not supported yet")
    }
    #expect(fixture.error(.unsupported, fixture.string("import")) == "import is not supported yet")
  }

  @Test func theReferencePageIsCurrent() throws {
    let file = try #require(fopen(referencePath, "r"), "no \(referencePath)")
    defer { fclose(file) }
    var page: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { page += buffer[..<count] }
    #expect(
      String(decoding: page, as: UTF8.self) == builtinReference(),
      "Documentation/Builtins.md differs from builtinReference(): KTAP_WRITE_REFERENCE=1 writes it")
  }

  @Test(.enabled(if: getenv("KTAP_WRITE_REFERENCE") != nil, "writes the page only when KTAP_WRITE_REFERENCE is set"))
  func writeTheReferencePage() throws {
    let file = try #require(fopen(referencePath, "w"))
    defer { fclose(file) }
    #expect(fputs(builtinReference(), file) >= 0)
  }

  @Test func theListingHasALineEach() {
    let lines = builtinListing().split(separator: "\n")
    #expect(lines.count == builtinTable.filter { $0.isSupported && !$0.isInternal }.count)
    #expect(lines.contains { $0.hasPrefix("print_hist(t [, n]) ") })
    #expect(!builtinListing().contains("%attach"))
  }
}
