import EventTargets

@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  fuzzPage(UnsafeRawBufferPointer(start: start, count: count))
  return 0
}
