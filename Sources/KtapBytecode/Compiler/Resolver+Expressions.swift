// Expressions of the syntax tree into expressions of the resolved tree, with constants folded.

import KtapLanguage

/// What is done with an expression's value, as far as the analysis of calls and tables asks.
enum ValueUse {
  case value
  /// It is called.
  case callee
  /// An element of it is read.
  case table
  /// It is an element that is assigned: the statement says how.
  case target
  /// The table of such an element.
  case targetTable
  case argument(of: String)
}

extension Resolver {
  func expression(_ expression: Expression, use: ValueUse = .value) -> Node {
    depth += 1
    defer { depth -= 1 }
    let position = expression.position
    guard depth <= CompilerLimit.depth else {
      reportNesting(at: position)
      return Node(.constant(.nilValue), at: position)
    }
    switch expression.kind {
    case .nilLiteral: return Node(.constant(.nilValue), at: position)
    case .boolean(let flag): return Node(.constant(.boolean(flag)), at: position)
    case .number(let number): return Node(.constant(.number(number)), at: position)
    case .string(let bytes): return string(bytes, at: position)
    case .name(let name): return self.name(name, at: position, use: use)
    case .context(let item): return context(item, at: position)
    case .argument(let number): return field(.number(Int64(number)), at: position)
    case .field(let name): return field(.string(Array(name.utf8)), at: position)
    case .index(let base, let keys): return index(base, keys, at: position, use: use)
    case .call(let callee, let arguments): return call(callee, arguments, at: position)
    case .methodCall(let object, let name, let arguments):
      let node = self.expression(object)
      current.callsUnknown = true
      return Node(.methodCall(node, name: name, arguments.map { self.expression($0) }), at: position)
    case .unary(let `operator`, let operand): return unary(`operator`, operand, at: position)
    case .binary(.concatenate, _, _): return concatenation(expression)
    case .binary: return binary(expression)
    case .table(let items): return table(items, at: position)
    case .function(let body): return closure(body, name: nil, at: position, isBound: false)
    case .parenthesized(let inner): return parenthesized(inner, use: use)
    }
  }

  private func string(_ bytes: [UInt8], at position: SourcePosition) -> Node {
    if bytes.count > stringLengthLimit {
      report("string too long (\(bytes.count) bytes, at most \(stringLengthLimit))", at: position)
    }
    return Node(.constant(.string(bytes)), at: position)
  }

  private func context(_ item: ContextItem, at position: SourcePosition) -> Node {
    switch item {
    case .pid: current.effects.insert(.usesProcess)
    case .uid: current.effects.insert(.usesUser)
    case .execname: current.effects.insert(.usesExecname)
    case .argstr: current.effects.insert(.readsFields)
    case .tid, .cpu, .probename: break
    }
    return Node(.context(item), at: position)
  }

  private func field(_ selector: Constant, at position: SourcePosition) -> Node {
    current.effects.insert(.readsFields)
    return Node(.field(selector), at: position)
  }

  private func parenthesized(_ inner: Expression, use: ValueUse) -> Node {
    let node = expression(inner, use: use)
    switch node.kind {
    case .call, .methodCall, .builtinCall, .makeTable: return Node(.grouped(node), at: node.position)
    default: return node
    }
  }

  // MARK: Names and elements

  private func name(_ name: String, at position: SourcePosition, use: ValueUse) -> Node {
    switch meaning(of: name) {
    case .variable(let variable):
      self.use(variable, at: position)
      switch use {
      case .callee: noteTableUse(variable, .value, at: position)
      case .table: noteTableUse(variable, .read, at: position)
      case .targetTable: break
      case .argument(let builtin): noteTableUse(variable, .argument(of: builtin), at: position)
      case .value, .target: noteTableUse(variable, .value, at: position)
      }
      if case .callee = use {} else { variable.isUsedAsValue = true }
      return Node(.variable(variable), at: position)
    case .builtin(let name):
      noteBuiltin(name)
      return Node(.builtin(name), at: position)
    case .arguments: return Node(.builtinCall(BuiltinCatalogue.Internal.arguments, []), at: position)
    case .planned(let name): return Node(.unsupported(name), at: position)
    case .library(let name):
      report(
        "'\(name)' is a library; name a member of it, as in \(name).\(example(of: name))", about: name, at: position)
    case .nothing: reportUndeclared(name, at: position, isAssigned: false)
    }
    return Node(.constant(.nilValue), at: position)
  }

  private func example(of library: String) -> String { builtins.members(of: library).first ?? "member" }

  private func noteBuiltin(_ name: String) {
    if name.hasPrefix("kdebug.") && name != "kdebug.trace_end" || name == "timer.profile" { attachesFunctions = true }
  }

  private func index(_ base: Expression, _ keys: [Expression], at position: SourcePosition, use: ValueUse) -> Node {
    if case .name(let library) = base.kind, case .library = meaning(of: library) {
      return member(of: library, keys, at: position)
    }
    let tableUse: ValueUse
    if case .target = use { tableUse = .targetTable } else { tableUse = .table }
    let table = expression(base, use: tableUse)
    let nodes = keys.map { expression($0) }
    if case .unsupported = table.kind { return table }
    let key =
      nodes.count == 1 ? nodes[0] : Node(.builtinCall(BuiltinCatalogue.Internal.tuple, nodes), at: position)
    return Node(.index(table, key: key), at: position)
  }

  private func member(of library: String, _ keys: [Expression], at position: SourcePosition) -> Node {
    guard keys.count == 1, case .string(let bytes) = keys[0].kind else {
      for key in keys { _ = expression(key) }
      report(
        "'\(library)' is a library; its members are named in the script, as in \(library).\(example(of: library))",
        about: library, at: position)
      return Node(.constant(.nilValue), at: position)
    }
    let member = String(decoding: bytes, as: UTF8.self)
    let name = "\(library).\(member)"
    if builtins.names.contains(name) {
      noteBuiltin(name)
      return Node(.builtin(name), at: position)
    }
    if builtins.planned.contains(name) { return Node(.unsupported(name), at: position) }
    let suggestion = nearestName(to: member, among: builtins.members(of: library))
    report(
      "the library '\(library)' has no member '\(member)'", about: name, at: position,
      suggestion: suggestion.map { "\(library).\($0)" })
    return Node(.constant(.nilValue), at: position)
  }

  // MARK: Calls, functions, tables

  private func call(_ callee: Expression, _ arguments: [Expression], at position: SourcePosition) -> Node {
    let function = expression(callee, use: .callee)
    switch function.kind {
    case .builtin(let name):
      let nodes = arguments.map { expression($0, use: .argument(of: name)) }
      guard name == "table.new" else { return Node(.builtinCall(name, nodes), at: position) }
      return Node(.makeTable(nodes, site(of: nodes, at: position)), at: position)
    case .unsupported:
      for argument in arguments { _ = expression(argument) }
      return function
    case .variable(let variable): current.calledVariables.append(variable)
    case .closure(let node):
      node.escapes = false
      current.calledFunctions.append(node.identifier)
    default: current.callsUnknown = true
    }
    return Node(.call(function, arguments.map { expression($0) }), at: position)
  }

  func closure(_ body: FunctionBody, name: String?, at position: SourcePosition, isBound: Bool) -> Node {
    let node = function(
      name: name ?? "function at line \(position.line)", parameters: body.parameters, body: body.body,
      position: position, handles: nil)
    node.escapes = !isBound
    return Node(.closure(node), at: position)
  }

  private func newSite(at position: SourcePosition) -> TableSiteNode {
    let site = TableSiteNode(index: sites.count, position: position)
    sites.append(site)
    return site
  }

  /// The site of a `table.new(narr, nrec, kind)`.
  private func site(of arguments: [Node], at position: SourcePosition) -> TableSiteNode {
    func capacity(_ index: Int) -> Int {
      guard index < arguments.count, case .number(let number)? = arguments[index].constant else { return 0 }
      return Int(max(0, min(number, Int64(Int32.max))))
    }
    let site = newSite(at: position)
    site.arrayCapacity = capacity(0)
    site.recordCapacity = capacity(1)
    if arguments.count > 2, arguments[2].constant != .nilValue {
      site.refusal = "line \(position.line) makes it with a third argument: what it evicts depends on all CPUs"
    }
    return site
  }

  private func table(_ items: [TableItem], at position: SourcePosition) -> Node {
    let site = newSite(at: position)
    var next: Int64 = 1
    var resolved: [ResolvedItem] = []
    resolved.reserveCapacity(items.count)
    for item in items {
      let key: Node
      switch item.key {
      case .positional:
        key = Node(.constant(.number(next)), at: item.value.position)
        next += 1
        site.arrayCapacity += 1
      case .computed(let expression):
        key = self.expression(expression)
        site.recordCapacity += 1
      }
      let value = expression(item.value)
      if !value.isNumericOrNil, site.refusal == nil {
        site.refusal = "line \(value.position.line) gives it an element that may not be a number"
      }
      resolved.append(ResolvedItem(key: key, value: value))
    }
    return Node(.table(resolved, site), at: position)
  }
}
