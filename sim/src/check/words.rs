//! Numbers as people read them. Exact integer arithmetic, so that a message is the same on every machine.

use std::time::Duration;

/// `duration` with three decimals in the unit that fits: `812 ns`, `1.234 ms`, `12.000 s`. Digits beyond are cut off.
pub fn duration(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    let (unit, name) = match nanos {
        0 => return "0 ms".to_owned(),
        1..1_000 => return format!("{nanos} ns"),
        1_000..1_000_000 => (1_000, "us"),
        1_000_000..1_000_000_000 => (1_000_000, "ms"),
        _ => (1_000_000_000, "s"),
    };
    format!("{}.{:03} {name}", nanos / unit, nanos % unit * 1_000 / unit)
}

/// `number` with a comma after each three digits: `4,812`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A ratio, with four decimals: `0.9713`.
pub fn ratio(value: f64) -> String {
    format!("{value:.4}")
}

/// So many events in `time`, as a rate: `240.6 a second`.
pub fn per_second(events: u64, time: Duration) -> String {
    let tenths = u128::from(events) * 10_000_000_000 / time.as_nanos().max(1);
    let tenths = u64::try_from(tenths).unwrap_or(u64::MAX);
    format!("{}.{} a second", count(tenths / 10), tenths % 10)
}

/// `number` of `thing`, in the plural where that is due: `1 round`, `2 rounds`.
pub fn several(number: u64, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", count(number))
}

/// `n1, n2`, or that there is nobody.
pub fn list(of: impl Iterator<Item = impl ToString>) -> String {
    let words: Vec<String> = of.map(|one| one.to_string()).collect();
    if words.is_empty() { "nobody".to_owned() } else { words.join(", ") }
}

/// The mean of `sum` over `number` of them; zero of none.
pub fn mean(sum: Duration, number: u64) -> Duration {
    let nanos = sum.as_nanos().checked_div(u128::from(number)).unwrap_or(0);
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_written_in_the_unit_that_fits() {
        let written = |nanos| duration(Duration::from_nanos(nanos));
        assert_eq!(written(0), "0 ms");
        assert_eq!(written(812), "812 ns");
        assert_eq!(written(12_345), "12.345 us");
        assert_eq!(written(1_234_567), "1.234 ms");
        assert_eq!(written(999_999_999), "999.999 ms");
        assert_eq!(written(72_000_000_000), "72.000 s");
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(
            [0, 12, 999, 1_000, 4_812, 12_345_678].map(count),
            ["0", "12", "999", "1,000", "4,812", "12,345,678"]
        );
    }

    #[test]
    fn a_rate_has_one_decimal_and_survives_an_empty_window() {
        assert_eq!(per_second(4_812, Duration::from_secs(20)), "240.6 a second");
        assert_eq!(per_second(0, Duration::ZERO), "0.0 a second");
    }

    #[test]
    fn the_mean_of_none_is_zero() {
        assert_eq!(mean(Duration::from_secs(1), 0), Duration::ZERO);
        assert_eq!(mean(Duration::from_nanos(7), 2), Duration::from_nanos(3));
    }
}
