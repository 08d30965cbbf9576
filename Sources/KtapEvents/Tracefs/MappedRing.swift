// The ring buffer mapped into our memory (Linux 6.10): pages are read where the kernel wrote them.
//
// The mapping is a meta page, then all sub-buffers; the meta page names the one that belongs to the reader. An ioctl
// says "everything on it was read" and swaps it for the next one that has something. Three things need care:
//
// - The reader's page may still be the writer's: it grows while it is read. What was handed out is remembered
//   (`consumed`), and the rest comes later with a `resumeOffset`.
// - The ioctl gives the same page once more if the kernel's own mark (`reader.read`) is behind what is committed,
//   although we have read that already; then the next ioctl is the one that swaps.
// - `reader.lost_events` stays 0 on kernels that do set the page's flag: only the page's own flags are read.
//
// Unsafe: reads the mapping. Invariant: the mapping is `meta.size + count × size` long as the kernel declared it when it
// was made; page numbers and commits are checked against that before anything is read, since the page is shared.

import CKernelCalls
import Glibc

final class MappedRing: RingReader {
  /// `struct trace_buffer_meta`, in bytes from its start.
  private enum Meta {
    static let pageSize = 0
    static let subBufferSize = 8
    static let subBufferCount = 12
    static let readerID = 24
    static let readerRead = 28
    static let length = 64
  }

  private let descriptor: Int32
  private let meta: UnsafeRawBufferPointer
  private let pages: UnsafeRawBufferPointer
  private let size: Int
  private let count: Int
  private let header: SubBufferHeader
  /// The page that belongs to us, and how much of its data was handed out.
  private var current: Int
  private var consumed = 0

  init(_ descriptor: Int32, header: SubBufferHeader) throws(SourceError) {
    self.descriptor = descriptor
    self.header = header
    let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
    let first = try Self.map(descriptor, size: pageSize, offset: 0)
    func field(_ offset: Int) -> Int { Int(first.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
    let metaSize = field(Meta.pageSize)
    size = field(Meta.subBufferSize)
    count = field(Meta.subBufferCount)
    current = field(Meta.readerID)
    guard metaSize >= Meta.length, metaSize <= 1 << 30, metaSize % pageSize == 0, size >= header.dataOffset,
      size <= 1 << 27, size % pageSize == 0, count > 0, count <= 1 << 24
    else {
      munmap(UnsafeMutableRawPointer(mutating: first.baseAddress), first.count)
      throw SourceError(.missingFeature, "the mapped ring buffer has an unknown form")
    }
    meta = first
    do throws(SourceError) {
      pages = try Self.map(descriptor, size: size * count, offset: metaSize)
    } catch {
      munmap(UnsafeMutableRawPointer(mutating: first.baseAddress), first.count)
      throw error
    }
  }

  private static func map(_ descriptor: Int32, size: Int, offset: Int) throws(SourceError) -> UnsafeRawBufferPointer {
    guard let address = mmap(nil, size, PROT_READ, MAP_SHARED, descriptor, offset), address != MAP_FAILED else {
      throw SourceError(
        .missingFeature, "the ring buffer cannot be mapped: \(KernelFile.Failure(code: errno).reason)",
        remedy: "it needs Linux 6.10 or later")
    }
    return UnsafeRawBufferPointer(start: address, count: size)
  }

  var mappings: [UnsafeRawBufferPointer] { [meta, pages] }

  func next() -> SubBuffer? {
    while true {
      let committed = committedBytes
      if committed > consumed {
        let start = consumed
        consumed = committed
        return SubBuffer(
          bytes: UnsafeRawBufferPointer(rebasing: pages[(current * size)..<((current + 1) * size)]),
          resumeOffset: start, dataLimit: committed)
      }
      let kernelWasBehind = Int(meta.loadUnaligned(fromByteOffset: Meta.readerRead, as: UInt32.self)) < consumed
      guard ktap_ring_next_page(descriptor) == 0 else { return nil }
      let page = Int(meta.loadUnaligned(fromByteOffset: Meta.readerID, as: UInt32.self))
      guard page < count else { return nil }
      if page != current {
        current = page
        consumed = 0
      } else if committedBytes == consumed && !kernelWasBehind {
        return nil
      }
    }
  }

  /// On the current page; what was written before the commit was stored can be read after this load.
  private var committedBytes: Int {
    let address = pages.baseAddress! + current * size + header.commitOffset
    let commit = header.commitSize == 8 ? ktap_load_acquire_64(address) : UInt64(ktap_load_acquire_32(address))
    return min(Int(commit & SubBufferHeader.lengthMask), size - header.dataOffset)
  }

  func close() {
    for mapping in mappings { munmap(UnsafeMutableRawPointer(mutating: mapping.baseAddress), mapping.count) }
  }
}
