import CKernelCalls

/// Ctrl-C and SIGTERM while something is measured: the current block is given up, what was finished is reported.
public final class Interruption {
  /// From now on the signals only set a flag; only one of these may exist at a time.
  public init() { ktap_interruption_watch() }

  deinit { ktap_interruption_unwatch() }

  /// As if a signal had come.
  public func request() { ktap_interruption_request() }

  public var isRequested: Bool { ktap_interruption_signal() != 0 }
}
