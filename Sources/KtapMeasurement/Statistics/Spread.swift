import Glibc

/// Location and spread of a list of numbers.
public enum Spread {
  /// 0 for an empty list.
  public static func mean(_ values: [Double]) -> Double {
    values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
  }

  /// The sample's standard deviation (divisor n - 1); 0 for fewer than two values.
  public static func deviation(_ values: [Double]) -> Double {
    guard values.count > 1 else { return 0 }
    let center = mean(values)
    let squares = values.reduce(0) { $0 + ($1 - center) * ($1 - center) }
    return (squares / Double(values.count - 1)).squareRoot()
  }

  /// nil for an empty list.
  public static func median(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : median(ofSorted: values.sorted())
  }

  static func median(ofSorted values: [Double]) -> Double {
    let middle = values.count / 2
    return values.count % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2
  }

  /// With linear interpolation between the neighbours (Hyndman and Fan's type 7, NumPy's default); `values` is sorted and
  /// not empty, `fraction` from 0 to 1.
  public static func quantile(ofSorted values: [Double], _ fraction: Double) -> Double {
    let position = fraction * Double(values.count - 1)
    let below = Int(position.rounded(.down))
    let above = min(below + 1, values.count - 1)
    return values[below] + (position - Double(below)) * (values[above] - values[below])
  }

  /// The smallest true effect that an experiment finds with a probability of 90 % at a two-sided level of 5 %, in the
  /// values' own unit: (1.96 + 1.28) · s / √n. nil for fewer than two values.
  public static func minimumDetectableEffect(_ values: [Double]) -> Double? {
    values.count < 2 ? nil : 3.24 * deviation(values) / Double(values.count).squareRoot()
  }
}

/// Tukey's label of a value among others.
public enum OutlierLabel: String, Sendable, Codable {
  case inside
  /// More than 1.5 interquartile ranges outside of the quartiles.
  case mild
  /// More than 3 of them.
  case severe

  /// One label a value. Values are labelled and never dropped.
  public static func labels(_ values: [Double]) -> [OutlierLabel] {
    guard values.count >= 4 else { return values.map { _ in .inside } }
    let sorted = values.sorted()
    let lower = Spread.quantile(ofSorted: sorted, 0.25)
    let upper = Spread.quantile(ofSorted: sorted, 0.75)
    let range = upper - lower
    return values.map { value in
      let outside = max(lower - value, value - upper)
      if outside > 3 * range { return .severe }
      return outside > 1.5 * range ? .mild : .inside
    }
  }
}
