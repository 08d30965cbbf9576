public struct EventFormat: Sendable {}
public struct SubBufferHeader: Sendable {}
public final class TaskDirectory: Sendable {}
