// What a name means: declaration, lookup, capture, and the suggestion for one that means nothing.

import KtapLanguage

/// The meaning of a name.
enum Meaning {
  case variable(Variable)
  case builtin(String)
  case library(String)
  /// `arg`
  case arguments
  /// A name that a later version implements.
  case planned(String)
  case nothing
}

extension Resolver {
  /// Names of the aggregates, which are planned whatever the catalogue says.
  static let aggregates: Set<String> = [
    "count", "sum", "avg", "min", "max", "stddev", "percentile", "quantize", "lquantize",
  ]

  /// Declares a variable in the innermost scope; it is visible from then on.
  func declare(_ name: DeclaredName, statement: Int? = nil) -> Variable {
    let scope = scopes[scopes.count - 1]
    let variable = Variable(
      name.text, at: name.position, owner: current, scope: scope.identifier, statement: statement ?? scope.statement,
      isTopLevel: scopes.count == 1)
    makeVisible(variable)
    return variable
  }

  func makeVisible(_ variable: Variable) {
    let scope = scopes[scopes.count - 1]
    scope.names[variable.name] = variable
    scope.localCount += 1
    let frame = frames.count - 1
    frames[frame].activeLocals += 1
    if frames[frame].activeLocals > CompilerLimit.locals, !frames[frame].hasTooManyLocals {
      frames[frame].hasTooManyLocals = true
      report(
        "more than \(CompilerLimit.locals) local variables in \(current.description)", at: variable.position,
        near: variable.name)
    }
  }

  func meaning(of name: String) -> Meaning {
    for scope in scopes.reversed() {
      guard let variable = scope.names[name] else { continue }
      if scope.isInCondition, let first = scope.firstContinue, variable.statement > first {
        if variable.isFunction {
          variable.hoistedAt = min(variable.hoistedAt ?? first, first)
        } else {
          variable.earlyAt = min(variable.earlyAt ?? first, first)
        }
      }
      return .variable(variable)
    }
    if builtins.names.contains(name) { return .builtin(name) }
    if name == "arg" { return .arguments }
    if builtins.libraries.contains(name) { return .library(name) }
    for scope in scopes.reversed() {
      guard let variable = scope.pending[name]?.last else { continue }
      variable.hoistedAt = min(variable.hoistedAt ?? scope.statement, scope.statement)
      return .variable(variable)
    }
    if name == "ffi" || builtins.planned.contains(name) || Self.aggregates.contains(name) { return .planned(name) }
    return .nothing
  }

  /// Notes that the current function uses the variable, and captures it where it is another function's.
  func use(_ variable: Variable, at position: SourcePosition) {
    guard variable.owner !== current else { return }
    if !variable.isCaptured {
      variable.isCaptured = true
      capturedVariables.append(variable)
    }
    let key = ObjectIdentifier(variable)
    for index in frames.indices.reversed() {
      let function = frames[index].function
      if function === variable.owner || function.captureIndexes[key] != nil { return }
      function.captureIndexes[key] = function.captures.count
      function.captures.append(variable)
      if function.captures.count > CompilerLimit.captures, !frames[index].hasTooManyCaptures {
        frames[index].hasTooManyCaptures = true
        report(
          "more than \(CompilerLimit.captures) captured variables in \(function.description)", at: position,
          near: variable.name)
      }
    }
  }

  /// Notes an assignment after the initialisation.
  func assign(_ variable: Variable, at position: SourcePosition) {
    use(variable, at: position)
    variable.isReassigned = true
    if variable.assigners.last != current.identifier { variable.assigners.append(current.identifier) }
  }

  func noteTableUse(_ variable: Variable, _ kind: TableUse.Kind, at position: SourcePosition) {
    guard variable.site != nil else { return }
    variable.tableUses.append(TableUse(kind: kind, function: current.identifier, line: position.line))
  }

  func reportUndeclared(_ name: String, at position: SourcePosition, isAssigned: Bool) {
    let message =
      isAssigned
      ? "assignment to the undeclared name '\(name)'; declare it with 'var'" : "undeclared name '\(name)'"
    var candidates = isAssigned ? [] : builtins.names.union(builtins.libraries).filter { !$0.contains(".") }.sorted()
    if !isAssigned { candidates.append("arg") }
    for scope in scopes.reversed() { candidates += scope.names.keys.sorted() + scope.pending.keys.sorted() }
    report(message, about: name, at: position, suggestion: nearestName(to: name, among: candidates))
  }
}

extension FunctionNode {
  /// As messages about limits name it.
  var description: String { parent == nil ? "the main chunk" : "'\(name)' (line \(position.line))" }
}
