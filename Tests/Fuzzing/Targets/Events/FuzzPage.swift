import KtapEvents

/// Any bytes are a sub-buffer: its records lie within it, and reading it in two parts gives the same records. The first
/// byte says which kernel wrote it.
public func fuzzPage(_ input: UnsafeRawBufferPointer) {
  guard let kind = input.first else { return }
  let header =
    kind & 1 == 0
    ? SubBufferHeader(dataSize: 4080) : SubBufferHeader(commitSize: 4, dataOffset: 12, dataSize: 4084)
  // Where a sanitizer sees whatever is read before or behind it.
  let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: input.count - 1, alignment: 8)
  defer { memory.deallocate() }
  memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: input.dropFirst()))
  let bytes = UnsafeRawBufferPointer(memory)

  var whole = SubBufferDecoder(header: header)
  let records = read(SubBuffer(bytes: bytes), with: &whole)
  if let middle = records.dropFirst(records.count / 2).first {
    var parts = SubBufferDecoder(header: header)
    // Records begin at multiples of four, even if one claims a length that is none.
    let limit = min((middle.offset + middle.length - header.dataOffset + 3) & ~3, input.count - 1 - header.dataOffset)
    let first = read(SubBuffer(bytes: bytes, dataLimit: limit), with: &parts)
    precondition(parts.damage == nil || parts.damage == .commitTooLarge)
    let second = read(SubBuffer(bytes: bytes, resumeOffset: limit), with: &parts)
    precondition(first + second == records)
    precondition(parts.unreadBytes == whole.unreadBytes)
  }
}

private struct ReadRecord: Equatable {
  var time: UInt64
  var offset: Int
  var length: Int
}

private func read(_ subBuffer: SubBuffer, with decoder: inout SubBufferDecoder) -> [ReadRecord] {
  let bytes = subBuffer.bytes
  var records: [ReadRecord] = []
  var end = 0
  decoder.begin(subBuffer)
  while let record = decoder.next() {
    let offset = record.bytes - bytes.baseAddress!
    precondition(offset > end && record.length >= 4 && offset + record.length <= bytes.count)
    precondition(record.time == decoder.time && 0...0xffff ~= record.eventID)
    // Every byte of it may be read.
    let last = record.bytes.load(fromByteOffset: record.length - 1, as: UInt8.self)
    precondition(last == bytes[offset + record.length - 1])
    end = offset
    records.append(ReadRecord(time: record.time, offset: offset, length: record.length))
  }
  precondition(decoder.unreadBytes >= 0 && decoder.unreadBytes <= bytes.count)
  return records
}
