import KtapEvents
import KtapRuntime

/// Any bytes are a format that keeps to its limits, or an error.
public func fuzzFormat(_ input: UnsafeRawBufferPointer) {
  guard let format = try? EventFormat(parsing: Array(input), system: "system") else { return }
  precondition(0...0xffff ~= format.id)
  precondition(format.fields.count + format.commonFields.count <= FormatLimits.fields)
  for field in format.commonFields + format.fields {
    precondition(field.offset >= 0 && field.size >= 0)
    precondition(field.offset + field.size <= format.recordSize && format.recordSize <= FormatLimits.recordBytes)
    precondition(!field.name.isEmpty && format.field(named: field.name) != nil)
    switch field.kind {
    case .integer: precondition([1, 2, 4, 8].contains(field.size))
    case .array, .dynamicArray, .relativeArray: precondition([1, 2, 4, 8].contains(field.elementSize))
    default: break
    }
  }
}
