import EventTargets

@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  fuzzFormat(UnsafeRawBufferPointer(start: start, count: count))
  return 0
}
