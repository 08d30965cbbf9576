import Glibc
import Testing

@testable import KtapRuntime

@Suite struct BuiltinContextTests {
  private func item(_ word: ContextWord, _ fixture: Fixture) throws -> Value {
    try fixture.context.contextItem(word.rawValue)
  }

  private func text(_ value: Value) -> String? { value.tag == .string ? StringReference(value).text : nil }

  @Test func outsideAnEventTheTracerItself() throws {
    let fixture = Fixture()
    #expect(try item(.pid, fixture).payload == Int64(getpid()))
    let thread = try item(.tid, fixture).payload
    #expect(access("/proc/self/task/\(thread)", F_OK) == 0)
    #expect(try item(.uid, fixture).payload == Int64(getuid()))
    #expect(try (0..<Int64(sysconf(Int32(_SC_NPROCESSORS_CONF)))).contains(item(.cpu, fixture).payload))
    #expect(try text(item(.execname, fixture))?.isEmpty == false)
    for word in [ContextWord.probename, .argstr] {
      #expect(throws: ScriptError("invalid event context")) { try item(word, fixture) }
    }
    #expect(throws: ScriptError("unknown context item 99")) { try fixture.context.contextItem(99) }
  }

  @Test func insideAnEventItsThread() throws {
    let fixture = Fixture(worker: 0)
    let layout = fixture.layout("sys_enter")
    try fixture.inEvent(layout, [0, 0], thread: 42) { () throws in
      #expect(try item(.tid, fixture).payload == 42)
      #expect(try item(.pid, fixture).payload == 41)
      #expect(try item(.uid, fixture).payload == 4_000_000_000)
      #expect(try item(.cpu, fixture).payload == 3)
      #expect(try text(item(.execname, fixture)) == "task42")
      #expect(try text(item(.probename, fixture)) == "sys_enter")
      #expect(try text(item(.argstr, fixture)) == "sys_enter:")
    }
  }

  @Test func unknownThreadsAndTheIdleThread() throws {
    let fixture = Fixture(worker: 0)
    let layout = fixture.layout("e")
    try fixture.inEvent(layout, [0], thread: 1000) { () throws in
      #expect(try item(.pid, fixture).payload == -1)
      #expect(try item(.uid, fixture).payload == -1)
      #expect(try text(item(.execname, fixture)) == "<...>")
    }
    let before = fixture.host.lookups
    try fixture.inEvent(layout, [0], thread: 0) { () throws in
      #expect(try item(.pid, fixture).payload == 0)
      #expect(try item(.uid, fixture).payload == 0)
      #expect(try text(item(.execname, fixture)) == "swapper/3")
    }
    #expect(fixture.host.lookups == before)
  }

  @Test func threadsAreLookedUpOnceUntilForgotten() throws {
    let fixture = Fixture(worker: 0)
    let layout = fixture.layout("e")
    for _ in 0..<10 {
      // 298 and 42 share an entry, 43 has its own.
      for thread: Int32 in [42, 43] {
        try fixture.inEvent(layout, [0], thread: thread) { () throws in
          #expect(try text(item(.execname, fixture)) == "task\(thread)")
          #expect(try item(.pid, fixture).payload == Int64(thread - 1))
        }
      }
    }
    #expect(fixture.host.lookups == 4)
    fixture.context.forgetTasks()
    try fixture.inEvent(layout, [0], thread: 42) { _ = try item(.pid, fixture) }
    #expect(fixture.host.lookups == 5)
    try fixture.inEvent(layout, [0], thread: 298) { () throws in #expect(try item(.pid, fixture).payload == 297) }
    try fixture.inEvent(layout, [0], thread: 42) { () throws in #expect(try item(.pid, fixture).payload == 41) }
    #expect(fixture.host.lookups == 7)
  }

  @Test func cachedNamesSurviveACollection() throws {
    let fixture = Fixture(worker: 0)
    let layout = fixture.layout("e")
    try fixture.inEvent(layout, [0], thread: 42) { () throws in
      _ = try item(.execname, fixture)
      fixture.heap.collect { fixture.context.markRoots($0) }
      _ = fixture.string("something else of the same size")
      #expect(try text(item(.execname, fixture)) == "task42")
      #expect(fixture.host.lookups == 1)
      // Forgotten names are no roots, and must not come back when the generations wrap.
      fixture.context.forgetTasks()
      fixture.heap.collect { fixture.context.markRoots($0) }
      fixture.context.state.pointee.tasks.generation = .max
      fixture.context.forgetTasks()
      #expect(fixture.context.state.pointee.tasks.generation == 1)
      #expect(try text(item(.execname, fixture)) == "task42")
      #expect(fixture.host.lookups == 2)
    }
  }

  @Test func timeIsTheEvents() throws {
    let fixture = Fixture(worker: 0)
    let layout = fixture.layout("e")
    try fixture.inEvent(layout, [0], time: 1_234_567_890) { () throws in
      #expect(try fixture.call(.timeNanoseconds).payload == 1_000_000_001_234_567_890)
      #expect(try fixture.call(.timeMicroseconds).payload == 1_000_000_001_234_567)
      #expect(try fixture.call(.timeMilliseconds).payload == 1_000_000_001_234)
      #expect(try fixture.call(.timeSeconds).payload == 1_000_000_001)
      #expect(try fixture.output(.printTraceClock) == "    1.234568\n")
    }
    fixture.host.now = 7_000_000_000
    #expect(try fixture.call(.timeSeconds).payload == 1_000_000_007)
    #expect(try fixture.output(.printTraceClock) == "    7.000000\n")
  }

  @Test func theMeasuredOffsetIsTheWallClocks() {
    let offset = RuntimeContext.measuredWallClockOffset()
    var monotonic = timespec()
    var wall = timespec()
    clock_gettime(CLOCK_MONOTONIC, &monotonic)
    clock_gettime(CLOCK_REALTIME, &wall)
    let difference = (wall.tv_sec - monotonic.tv_sec) * 1_000_000_000 + wall.tv_nsec - monotonic.tv_nsec
    // Half a second: other work on the machine may come between the readings.
    #expect(abs(Int64(difference) - offset) < 500_000_000)
  }

  @Test func exitSetsTheFlagOfAllContexts() throws {
    let fixture = Fixture()
    #expect(!fixture.context.isExitRequested)
    try fixture.call(.exit, Value(1), Value(2))
    #expect(fixture.context.isExitRequested)
    #expect(fixture.exitRequested.pointee == 1)
  }

  @Test func attachingGoesToTheHost() throws {
    let fixture = Fixture()
    let handler = fixture.shared.closure(function: 3, upvalueCount: 0)
    try fixture.call(.attach, Value(5), handler)
    #expect(fixture.host.attached.map(\.declaration) == [5])
    #expect(fixture.host.attached[0].handler.isEqual(handler))
    #expect(fixture.error(.attach, Value(99), handler) == "no such event")
    #expect(
      fixture.error(.attach, Value(5), Value(1)) == "bad argument #2 to '%attach' (function expected, got number)")
    let layout = fixture.layout("e")
    try fixture.inEvent(layout, [0]) { () throws in
      #expect(fixture.error(.attach, Value(5), handler) == "only mainthread can create function")
    }
    let worker = Fixture(worker: 1)
    let other = worker.shared.closure(function: 3, upvalueCount: 0)
    #expect(worker.error(.attach, Value(5), other) == "only mainthread can create function")
  }

  @Test func theScriptsArgumentsAreOneTable() throws {
    let fixture = Fixture()
    #expect(try fixture.call(.scriptArguments).isNil)
    let table = try fixture.table([Value(0): fixture.string("x.kp"), Value(1): Value(5)])
    fixture.context.state.pointee.scriptArguments = table
    #expect(try fixture.call(.scriptArguments).isEqual(table))
  }
}
