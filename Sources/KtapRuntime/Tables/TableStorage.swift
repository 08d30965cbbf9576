// Memory of a table's hash part.
//
// Unsafe: raw memory, zeroed where control bytes are.
//
// From one huge page up the memory is mapped by itself and huge pages are asked for: a table of a million keys spans
// 16,000 small pages, more than a core's translation cache holds, and an update then costs two page walks.

import Glibc

enum TableStorage {
  private static let hugePage = 2 << 20

  static func size(slots: Int) -> Int { slots * MemoryLayout<TableSlot>.stride + slots }

  /// Slots, and behind them as many control bytes, all empty.
  static func allocate(slots: Int) -> UnsafeMutablePointer<TableSlot> {
    let size = size(slots: slots)
    if size >= hugePage { return map(size).bindMemory(to: TableSlot.self, capacity: slots) }
    let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
    let controlOffset = slots * MemoryLayout<TableSlot>.stride
    (memory + controlOffset).initializeMemory(as: UInt8.self, repeating: 0, count: slots)
    return memory.bindMemory(to: TableSlot.self, capacity: slots)
  }

  static func control(_ storage: UnsafeMutablePointer<TableSlot>, slots: Int) -> UnsafeMutablePointer<UInt64> {
    UnsafeMutableRawPointer(storage + slots).assumingMemoryBound(to: UInt64.self)
  }

  static func deallocate(_ storage: UnsafeMutablePointer<TableSlot>, slots: Int) {
    let size = size(slots: slots)
    if size >= hugePage { munmap(storage, mappedLength(size)) } else { UnsafeMutableRawPointer(storage).deallocate() }
  }

  private static func mappedLength(_ size: Int) -> Int { (size + 4095) & ~4095 }

  /// Maps memory that starts at a huge page.
  private static func map(_ size: Int) -> UnsafeMutableRawPointer {
    let length = mappedLength(size)
    guard let start = mmap(nil, length + hugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      start != MAP_FAILED
    else { fatalError("out of memory") }
    let address = Int(bitPattern: start)
    let aligned = (address + hugePage - 1) & ~(hugePage - 1)
    if aligned > address { munmap(start, aligned - address) }
    let rest = address + hugePage - aligned
    let memory = start + (aligned - address)
    if rest > 0 { munmap(memory + length, rest) }
    madvise(memory, length, MADV_HUGEPAGE)
    return memory
  }
}
