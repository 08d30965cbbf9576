// Every event of a source by name: which ones a pattern means, and which ones were perhaps meant.

public struct EventCatalogue: Sendable {
  /// Sorted.
  public let names: [EventName]

  public init(names: [EventName]) { self.names = names.sorted() }

  /// Globs in both parts; sorted.
  public func matches(system: String, event: String) -> [EventName] {
    let system = Glob(system)
    let event = Glob(event)
    if let system = system.literal, let event = event.literal {
      let name = EventName(
        system: String(decoding: system, as: UTF8.self), event: String(decoding: event, as: UTF8.self))
      return contains(name) ? [name] : []
    }
    return names.filter { system.matches($0.system) && event.matches($0.event) }
  }

  public func contains(_ name: EventName) -> Bool {
    var low = 0
    var high = names.count
    while low < high {
      let middle = (low + high) / 2
      if names[middle] < name { low = middle + 1 } else { high = middle }
    }
    return low < names.count && names[low] == name
  }

  /// What was perhaps meant by a pattern that matches nothing, best first: events that have the wanted name in another
  /// system, then those whose names differ in few letters; nothing if nothing is near.
  public func nearest(system: String, event: String, limit: Int = 3) -> [EventName] {
    let wantedSystem = Array(system.utf8)
    let wantedEvent = Array(event.utf8)
    guard wantedSystem.count + wantedEvent.count <= 256 else { return [] }
    let glob = Glob(event)
    var candidates: [(distance: Int, name: EventName)] = []
    var systemDistances: [String: Int] = [:]
    for name in names {
      let systemDistance =
        systemDistances[name.system] ?? nameDistance(wantedSystem, Array(name.system.utf8), limit: 64)
      systemDistances[name.system] = systemDistance
      let allowed = max(2, wantedEvent.count / 3)
      let eventDistance =
        glob.matches(name.event) ? 0 : nameDistance(wantedEvent, Array(name.event.utf8), limit: allowed)
      guard eventDistance <= allowed else { continue }
      if systemDistance > max(2, wantedSystem.count / 3) && eventDistance > 1 { continue }
      candidates.append((eventDistance * 2 + min(systemDistance, 8), name))
    }
    return candidates.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(limit).map(\.name)
  }
}

/// How many letters must be inserted, removed, replaced or swapped with their neighbour; anything above `limit` may be
/// given as `limit + 1`.
func nameDistance(_ left: [UInt8], _ right: [UInt8], limit: Int) -> Int {
  if abs(left.count - right.count) > limit { return limit + 1 }
  var beforeLast = [Int](repeating: 0, count: right.count + 1)
  var last = Array(0...right.count)
  var current = last
  for i in 0..<left.count {
    current[0] = i + 1
    var smallest = i + 1
    for j in 0..<right.count {
      var cost = min(last[j + 1] + 1, current[j] + 1, last[j] + (left[i] == right[j] ? 0 : 1))
      if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] { cost = min(cost, beforeLast[j - 1] + 1) }
      current[j + 1] = cost
      smallest = min(smallest, cost)
    }
    if smallest > limit { return limit + 1 }
    (beforeLast, last, current) = (last, current, beforeLast)
  }
  return last[right.count]
}
