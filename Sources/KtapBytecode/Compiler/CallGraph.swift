// Who may run whom: what a handler touches, and which functions handlers may run.
//
// A call of a name that holds one function from its initialisation on is a call of that function. Any other call may
// run every function that is used as a value somewhere. Builtins call nothing; those that make a handler of a function
// make all functions that are used as values handlers.

struct CallGraph {
  private let functions: [FunctionNode]
  /// Functions that are used as values.
  private let escaping: [FunctionNode]
  private let callees: [[FunctionNode]]

  init(_ resolution: Resolution) {
    functions = resolution.functions
    for function in functions {
      for variable in function.calledVariables {
        if let callee = variable.function, !variable.isReassigned {
          function.calledFunctions.append(callee.identifier)
        } else {
          function.callsUnknown = true
        }
      }
    }
    callees = functions.map { function in Set(function.calledFunctions).sorted().map { resolution.functions[$0] } }
    escaping = functions.filter(\.escapes)
  }

  /// Sets every function's effects and `isRunByHandlers`.
  func analyse(attachesFunctions: Bool) {
    spreadEffects()
    markHandlers(attachesFunctions: attachesFunctions)
  }

  /// To a fixed point: there are four effects, so that no function changes more than four times.
  private func spreadEffects() {
    var callers: [[FunctionNode.Identifier]] = Array(repeating: [], count: functions.count)
    for function in functions {
      for callee in callees[function.identifier] { callers[callee.identifier].append(function.identifier) }
    }
    var ofUnknown: HandlerEffects = []
    var work = functions.map(\.identifier)
    let callUnknown = functions.filter(\.callsUnknown)
    while let identifier = work.popLast() {
      let function = functions[identifier]
      for caller in callers[identifier] { spread(function.effects, to: functions[caller], &work) }
      if function.escapes, !ofUnknown.isSuperset(of: function.effects) {
        ofUnknown.formUnion(function.effects)
        for caller in callUnknown { spread(ofUnknown, to: caller, &work) }
      }
    }
  }

  private func spread(_ effects: HandlerEffects, to caller: FunctionNode, _ work: inout [FunctionNode.Identifier]) {
    guard !caller.effects.isSuperset(of: effects) else { return }
    caller.effects.formUnion(effects)
    work.append(caller.identifier)
  }

  private func markHandlers(attachesFunctions: Bool) {
    var work = functions.filter { $0.handles == .trace || $0.handles == .profile }
    if attachesFunctions { work += escaping }
    var hasSpreadUnknown = false
    while let function = work.popLast() {
      guard !function.isRunByHandlers else { continue }
      function.isRunByHandlers = true
      work += callees[function.identifier]
      if function.callsUnknown, !hasSpreadUnknown {
        hasSpreadUnknown = true
        work += escaping
      }
    }
  }
}

extension Resolution {
  /// Finds out what the generator has to know about calls: which functions escape, which variables are shared.
  func analyseCalls() {
    for function in functions {
      if let variable = function.itself, variable.isUsedAsValue || variable.isReassigned { function.escapes = true }
    }
    for variable in boundVariables where variable.isUsedAsValue || variable.isReassigned {
      variable.function?.escapes = true
    }
    CallGraph(self).analyse(attachesFunctions: attachesFunctions)
    for variable in capturedVariables where variable.isCell {
      variable.isShared = variable.assigners.contains { functions[$0].isRunByHandlers }
    }
  }
}
