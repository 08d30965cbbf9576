// Which functions and variables of a scope are made before their text, where, and in which order.

import KtapLanguage

extension Resolver {
  /// The points of a scope where something is made early, after all of the scope has been read.
  func hoistPoints(of scope: Scope) -> [Int: HoistPoint] {
    var points: [Int: HoistPoint] = [:]
    // Early points first: what one of them reaches is made there and needs no later one.
    let roots = scope.declaredFunctions.filter { $0.hoistedAt != nil }.sorted { $0.hoistedAt! < $1.hoistedAt! }
    var states: [ObjectIdentifier: State] = [:]
    for root in roots { hoist(root, of: scope, &states, &points) }
    for variable in scope.names.values.sorted(by: { $0.position < $1.position }) where !variable.isFunction {
      // Made early for a loop's condition, not for a function.
      guard let point = variable.earlyAt, states[ObjectIdentifier(variable)] == nil else { continue }
      points[point, default: HoistPoint()].variables.append(variable)
    }
    return points
  }

  private enum State { case inProgress, made }

  /// Depth first through the functions of the scope that a function captures: those are made before it.
  private func hoist(
    _ root: Variable, of scope: Scope, _ states: inout [ObjectIdentifier: State], _ points: inout [Int: HoistPoint]
  ) {
    guard states[ObjectIdentifier(root)] == nil, let point = root.hoistedAt else { return }
    var path: [(variable: Variable, next: Int)] = [(root, 0)]
    states[ObjectIdentifier(root)] = .inProgress
    while let (variable, next) = path.last {
      guard let function = variable.function, next < function.captures.count else {
        states[ObjectIdentifier(variable)] = .made
        points[point, default: HoistPoint()].functions.append(variable)
        path.removeLast()
        continue
      }
      path[path.count - 1].next += 1
      let captured = function.captures[next]
      // What was declared before the point is there already.
      guard captured.scope == scope.identifier, captured.statement >= point, captured !== variable else { continue }
      switch (states[ObjectIdentifier(captured)], captured.isFunction) {
      case (.made, _): continue
      case (.inProgress, _):
        if captured.earlyAt == nil { points[point, default: HoistPoint()].variables.append(captured) }
        captured.earlyAt = point
      case (nil, false):
        captured.earlyAt = min(captured.earlyAt ?? point, point)
        states[ObjectIdentifier(captured)] = .made
        points[captured.earlyAt!, default: HoistPoint()].variables.append(captured)
      case (nil, true):
        captured.hoistedAt = point
        states[ObjectIdentifier(captured)] = .inProgress
        path.append((captured, 0))
      }
    }
  }
}
