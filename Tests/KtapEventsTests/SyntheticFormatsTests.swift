import Foundation
import Testing

@testable import KtapEvents

@Suite struct SyntheticFormatsTests {
  private var folder: URL {
    URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../corpora/formats").standardized
  }

  @Test func builtInTextsAreThoseOfTheCorpus() throws {
    #expect(
      try String(contentsOf: folder.appending(path: "header_page.txt"), encoding: .utf8) == BuiltInFormats.headerPage)
    #expect(
      try String(contentsOf: folder.appending(path: "header_event.txt"), encoding: .utf8) == BuiltInFormats.headerEvent)
    for (system, event, text) in BuiltInFormats.texts {
      let file = folder.appending(path: "\(system)/\(event).format")
      #expect(try String(contentsOf: file, encoding: .utf8) == text, "\(system):\(event)")
    }
    let listed = try String(contentsOf: folder.appending(path: "events.txt"), encoding: .utf8)
      .split(separator: "\n").filter { !$0.hasPrefix("#") }.map(String.init)
    #expect(listed == BuiltInFormats.texts.map { "\($0.system):\($0.event)" })
  }

  @Test func everyBuiltInFormatCanBeRead() throws {
    #expect(SyntheticCatalogue.formats.count == BuiltInFormats.texts.count)
    #expect(Set(SyntheticCatalogue.formats.map(\.id)).count == SyntheticCatalogue.formats.count)
    try RecordHeader.check(Array(BuiltInFormats.headerEvent.utf8))
    #expect(try SubBufferHeader(parsing: Array(BuiltInFormats.headerPage.utf8)) == .usual)
    for format in SyntheticCatalogue.formats where format.name.event.hasPrefix("sys_enter_") {
      #expect(SyntheticCatalogue.callNumbers[String(format.name.event.dropFirst(10))] != nil)
    }
  }
}
