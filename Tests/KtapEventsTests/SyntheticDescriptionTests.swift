import Testing

@testable import KtapEvents

@Suite struct SyntheticDescriptionTests {
  @Test func everySettingIsRead() throws {
    let description = try SyntheticDescription(
      parsing: "synthetic:events=1.5k,duration=2s,rate=250k,gaps=fixed,burst=1ms/9ms,seed=0,cpus=3,"
        + "mix=sched:sched_switch@3+syscalls:sys_enter_*,tasks=zipf(0.9,300),threads=4,names=5,keys=hot(0.5,100),"
        + "field.fd=uniform(8,scattered),field.count=constant(4096),loss=every(10,2,counted),page=8192")
    #expect(description.events == 1500)
    #expect(description.duration == 2_000_000_000)
    #expect(description.rate == 250_000)
    #expect(description.gaps == .fixed)
    #expect(description.burst == .init(on: 1_000_000, off: 9_000_000))
    #expect(description.seed == 0)
    #expect(description.cpus == 3)
    #expect(
      description.mix == [
        .init(system: "sched", event: "sched_switch", weight: 3), .init(system: "syscalls", event: "sys_enter_*"),
      ])
    #expect(description.tasks == Distribution(.zipf(skew: 0.9, count: 300)))
    #expect(description.threads == 4)
    #expect(description.names == 5)
    #expect(description.keys == Distribution(.hot(share: 0.5, count: 100)))
    #expect(
      description.fields == [
        .init(name: "count", values: Distribution(.constant(4096))),
        .init(name: "fd", values: Distribution(.uniform(count: 8), isScattered: true)),
      ])
    #expect(description.loss == .init(.every(kept: 10, lost: 2), report: .counted))
    #expect(description.subBufferSize == 8192)
    #expect(try SyntheticDescription(parsing: "prepare=64").prepared == 64)
  }

  @Test(arguments: [
    "synthetic", "synthetic:", "events=1", "synthetic:rate=1e6,keys=1000",
    "loss=random(0.00001),gaps=fixed,burst=1s/2s", "mix=*:*+block:*@0,tasks=hot(0.25,64),prepare=2",
  ])
  func theTextOfADescriptionReadsBackTheSame(text: String) throws {
    let description = try SyntheticDescription(parsing: text)
    #expect(try SyntheticDescription(parsing: description.description) == description)
  }

  @Test(
    arguments: [
      ("1000", 1000), ("1_000", 1000), ("1e3", 1000), ("1k", 1000), ("1.5k", 1500), ("0.001M", 1000), ("2.5e2", 250),
      ("1000e-0", nil), ("1.5", nil), ("k", nil), ("1ee3", nil), ("99999999999999999999", nil), ("1e400", nil),
      ("-1", nil), ("", nil), (".5k", nil), ("1..5k", nil), ("0", nil), ("0x10", nil),
    ] as [(String, UInt64?)])
  func numbers(text: String, value: UInt64?) {
    let description = try? SyntheticDescription(parsing: "events=\(text)")
    #expect(description?.events == value)
  }

  @Test(arguments: [
    ("synthetic;events=1", "':' expected"), ("events", "'=' expected"), ("events=1,events=2", "given twice"),
    ("events=1,", "a setting expected"), ("evens=1", "no setting 'evens'"), ("events=1 ", "',' or the end"),
    ("cpus=257", "not in 1…256"), ("gaps=even", "none of exponential, fixed"), ("duration=5", "a time with one of"),
    ("burst=1ms", "ON/OFF"), ("mix=sched", "SYSTEM:EVENT"), ("mix=sched:sched_swich", "near it: sched:sched_switch"),
    ("mix=sched:*@0", "no event is left"), ("keys=zipf(0.99)", "',' expected"), ("keys=zipf(0.99,10", "')' expected"),
    ("keys=zipf(0.99,1e9)", "not in 1…4194304"), ("keys=zipf(nan,10)", "a decimal number"),
    ("keys=round(5)", "N, uniform(N)"), ("tasks=constant(5)", "a constant"), ("tasks=1", "from one a CPU"),
    ("tasks=2M", "from one a CPU"), ("tasks=uniform(9,scattered)", "cannot be scattered"), ("loss=5", "every(N,K)"),
    ("loss=random(1)", "a decimal number"), ("page=513", "a multiple of 8"), ("page=100", "not in 512…65536"),
    ("rate=0", "not in 1…"), ("rate=3G", "one event a nanosecond"), ("prepare=1M,page=65536", "at most 1073741824"),
    ("prepare=1,duration=1s", "not by duration"), ("events=1T,rate=1", "more than 30 years"),
    ("field.=5", "no setting"),
    (
      "keys=zipf(1,4M)" + (0..<9).map { ",field.f\($0)=zipf(1,2M)" }.joined(), "in all Zipf distributions together"
    ),
  ])
  func mistakesAreExplained(text: String, message: String) {
    let error = #expect(throws: SyntheticDescriptionError.self) { try SyntheticDescription(parsing: text) }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  /// Whatever bytes come: an error or a description that reads back the same.
  @Test func damagedTextIsHarmless() {
    let text = Array(
      ("synthetic:events=1e6,rate=1M,mix=sched:sched_switch@3+sys*:*[a-z],keys=zipf(0.99,10),burst=1ms/2ms,"
        + "loss=every(3,1,silent),field.fd=hot(0.1,5,scattered)").utf8)
    var random = RandomStream(seed: 5)
    var accepted = 0
    for _ in 0..<3000 {
      var bytes = text
      for _ in 0...random.below(4) {
        let place = Int(random.below(UInt64(bytes.count)))
        switch random.below(3) {
        case 0: bytes.remove(at: place)
        case 1: bytes[place] = UInt8(random.below(256))
        default: bytes.insert(bytes[Int(random.below(UInt64(bytes.count)))], at: place)
        }
      }
      if let description = try? SyntheticDescription(parsing: String(decoding: bytes, as: UTF8.self)) {
        accepted += 1
        #expect((try? SyntheticDescription(parsing: description.description)) == description)
      }
    }
    #expect(accepted > 0)
    #expect(throws: SyntheticDescriptionError.self) {
      try SyntheticDescription(parsing: String(repeating: "(", count: 100_000))
    }
  }
}
