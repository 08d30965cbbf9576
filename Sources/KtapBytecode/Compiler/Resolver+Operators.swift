// Operators: chains are flattened without recursion, constants folded.

import KtapLanguage

extension Resolver {
  func unary(_ operator: UnaryOperator, _ operand: Expression, at position: SourcePosition) -> Node {
    let node = expression(operand)
    if let constant = node.constant, let folded = Folding.unary(`operator`, constant) {
      return Node(.constant(folded), at: position)
    }
    if `operator` == .not, case .comparison(var comparison, let left, let right) = node.kind {
      comparison.isNegated.toggle()
      return Node(.comparison(comparison, left, right), at: node.position)
    }
    return Node(.unary(`operator`, node), at: position)
  }

  /// A chain of left-associative operators, from its first operand to its last.
  func binary(_ expression: Expression) -> Node {
    var chain: [(operator: BinaryOperator, right: Expression, position: SourcePosition)] = []
    var first = expression
    while case .binary(let `operator`, let left, let right) = first.kind, `operator` != .concatenate {
      chain.append((`operator`, right, first.position))
      first = left
    }
    var accumulator = Accumulator(self.expression(first))
    var comparisons = 0
    for link in chain.reversed() {
      let right = self.expression(link.right)
      if let operation = link.operator.arithmetic {
        accumulator.add(ArithmeticStep(operation: operation, operand: right, position: link.position))
      } else if let comparison = link.operator.comparison {
        comparisons += 1
        accumulator.compare(comparison, right, at: link.position)
      } else {
        accumulator.join(right, isAnd: link.operator == .and, at: link.position)
      }
    }
    if comparisons > CompilerLimit.depth - depth { reportNesting(at: expression.position) }
    return comparisons > CompilerLimit.depth - depth
      ? Node(.constant(.nilValue), at: expression.position) : accumulator.finish()
  }

  /// What has been read of a chain. Lists under construction are kept outside of the node, because appending to an
  /// array inside an enumeration copies it.
  private struct Accumulator {
    private var node: Node
    private var steps: [ArithmeticStep] = []
    private var operands: [Node] = []
    private var isAnd = false

    init(_ node: Node) { self.node = node }

    mutating func add(_ step: ArithmeticStep) {
      if !operands.isEmpty { node = finish() }
      if steps.isEmpty, let left = node.constant, let right = step.operand.constant,
        let folded = Folding.arithmetic(step.operation, left, right)
      {
        node = Node(.constant(folded), at: step.position)
      } else {
        steps.append(step)
      }
    }

    mutating func compare(_ comparison: Comparison, _ right: Node, at position: SourcePosition) {
      let left = finish()
      if let first = left.constant, let second = right.constant,
        let folded = Folding.compare(comparison, first, second)
      {
        node = Node(.constant(folded), at: position)
      } else {
        node = Node(.comparison(comparison, left, right), at: position)
      }
    }

    mutating func join(_ right: Node, isAnd: Bool, at position: SourcePosition) {
      if !steps.isEmpty || !operands.isEmpty && self.isAnd != isAnd { node = finish() }
      if operands.isEmpty, let constant = node.constant {
        if Folding.isTrue(constant) == isAnd { node = right }
        return
      }
      if operands.isEmpty {
        self.isAnd = isAnd
        operands = [node]
        node = Node(node.kind, at: position)
      }
      operands.append(right)
    }

    /// The whole chain as a node.
    mutating func finish() -> Node {
      if !steps.isEmpty {
        node = Node(.arithmetic(node, steps), at: steps[steps.count - 1].position)
        steps = []
      } else if !operands.isEmpty {
        node = Node(.logical(isAnd: isAnd, operands), at: node.position)
        operands = []
      }
      return node
    }
  }

  /// `a .. b .. c`, which is one instruction: `..` is associative, so that neighbouring constants can be joined first.
  func concatenation(_ expression: Expression) -> Node {
    var operands: [Node] = []
    var rest = expression
    while case .binary(.concatenate, let left, let right) = rest.kind {
      join(self.expression(left), to: &operands)
      rest = right
    }
    join(self.expression(rest), to: &operands)
    if operands.count == 1 { return operands[0] }
    return Node(.concatenate(operands), at: expression.position)
  }

  private func join(_ node: Node, to operands: inout [Node]) {
    if let last = operands.last?.constant, let next = node.constant, let joined = Folding.concatenate(last, next) {
      operands[operands.count - 1] = Node(.constant(joined), at: node.position)
    } else {
      operands.append(node)
    }
  }
}
