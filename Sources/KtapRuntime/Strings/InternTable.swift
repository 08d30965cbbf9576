// Interning: one string object a content and heap.
//
// Unsafe: raw memory; a bucket's word is 0 or the address of a live string.
//
// Buckets are chains through the strings' header words. A link carries 16 bits of the hash of the string that it leads
// to above the 48 bits of its address, so that a look-up of a new string, which is what most are, reads no other
// string's memory. The table is weak: a sweep empties all buckets and puts back the strings that live, which costs
// what the living cost and nothing for the dead.

enum InternTable {
  static let minimumBuckets = 256

  @inline(__always) static func link(_ string: UnsafeMutablePointer<StringObject>, _ hash: UInt64) -> UInt64 {
    UInt64(UInt(bitPattern: string)) | (hash & 0xFFFF_0000_0000_0000)
  }

  @inline(__always) static func string(_ link: UInt64) -> UnsafeMutablePointer<StringObject> {
    UnsafeMutablePointer(bitPattern: UInt(link & 0x0000_FFFF_FFFF_FFFF)).unsafelyUnwrapped
  }
}

extension Heap {
  /// The string of these bytes. The caller holds the lock; `count` is at most `StringReference.maximumCount`.
  func intern(_ start: UnsafeRawPointer, count: Int, hash: UInt64) -> Value {
    let bucket = state.pointee.internBuckets + (Int(truncatingIfNeeded: hash) & state.pointee.internMask)
    var link = bucket.pointee
    while link != 0 {
      if (link ^ hash) &>> 48 == 0 {
        let string = InternTable.string(link)
        if string.pointee.hash == hash, Int(string.pointee.header.detail) == count,
          ByteComparison.areEqual(UnsafeRawPointer(string) + StringObject.bytesOffset, start, count)
        {
          return Value(string, .string)
        }
      }
      link = InternTable.string(link).pointee.header.link
    }
    return makeString(start, count: count, hash: hash)
  }

  @inline(__always) private func makeString(_ start: UnsafeRawPointer, count: Int, hash: UInt64) -> Value {
    let size = StringObject.bytesOffset &+ count
    let object: UnsafeMutableRawPointer
    if size <= SizeClass.largest {
      object = UnsafeMutableRawPointer(allocateCell(size, .string, detail: UInt32(truncatingIfNeeded: count)))
    } else {
      object = UnsafeMutableRawPointer(allocateLarge(size, .string, detail: UInt32(truncatingIfNeeded: count)))
    }
    (object + StringObject.bytesOffset).copyMemory(from: start, byteCount: count)
    let string = object.assumingMemoryBound(to: StringObject.self)
    string.pointee.hash = hash
    if state.pointee.internCount > state.pointee.internMask { growInternTable() }
    state.pointee.internCount &+= 1
    putIntoBucket(string, hash)
    return Value(object, .string)
  }

  @inline(__always) func putIntoBucket(_ string: UnsafeMutablePointer<StringObject>, _ hash: UInt64) {
    let bucket = state.pointee.internBuckets + (Int(truncatingIfNeeded: hash) & state.pointee.internMask)
    string.pointee.header.link = bucket.pointee
    bucket.pointee = InternTable.link(string, hash)
  }

  @inline(never) private func growInternTable() {
    let old = state.pointee.internBuckets
    let oldCount = state.pointee.internMask + 1
    replaceInternBuckets(count: oldCount * 2)
    for index in 0..<oldCount {
      var link = old[index]
      while link != 0 {
        let string = InternTable.string(link)
        link = string.pointee.header.link
        putIntoBucket(string, string.pointee.hash)
      }
    }
    old.deallocate()
  }

  private func replaceInternBuckets(count: Int) {
    let buckets = UnsafeMutablePointer<UInt64>.allocate(capacity: count)
    buckets.initialize(repeating: 0, count: count)
    state.pointee.internBuckets = buckets
    state.pointee.internMask = count - 1
  }

  /// Empties the buckets before a sweep, and makes them fewer when the strings since the last one needed far fewer.
  func resetInternTable() {
    let count = state.pointee.internMask + 1
    if state.pointee.internCount < count / 4, count > InternTable.minimumBuckets {
      state.pointee.internBuckets.deallocate()
      replaceInternBuckets(count: count / 2)
    } else {
      state.pointee.internBuckets.update(repeating: 0, count: count)
    }
    state.pointee.internCount = 0
  }
}
