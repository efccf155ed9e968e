//! How durations, counts and shares are written, in screens, stories, explanations and comparisons alike: the same value always
//! reads the same, and as a scenario file would write it.
//!
//! What was measured is rounded to three digits; what a file sets is written with all of its digits. The two agree wherever three
//! digits are enough.

use std::time::Duration;

/// A measured duration, rounded to three digits, or to whole seconds from a thousand on: `870ns`, `48.1ms`, `1.5s`, `3s`, `1234s`.
pub fn duration(duration: Duration) -> String {
    const SECOND: u128 = 1_000_000_000;
    let nanos = duration.as_nanos();
    let place = nanos.checked_ilog10().map_or(0, |digits| digits.saturating_sub(2));
    let step = 10_u128.pow(place).min(SECOND);
    let rounded = (nanos + step / 2) / step * step;
    exact(Duration::from_nanos(u64::try_from(rounded).unwrap_or(u64::MAX)))
}

/// As [`duration()`], of seconds; anything below zero, or beyond what can be told, is zero.
pub fn seconds(seconds: f64) -> String {
    duration(Duration::try_from_secs_f64(seconds).unwrap_or_default())
}

/// A duration with all its digits, in the largest unit up to seconds that it fills: `28.045ms`, `1.5s`.
pub fn exact(duration: Duration) -> String {
    if duration.is_zero() { "0s".to_owned() } else { format!("{duration:?}").replace('µ', "u") }
}

/// A measured number, rounded to three digits, or to a whole one from a thousand on: `0.417`, `31.2`, `526`, `2,113`.
pub fn number(number: f64) -> String {
    if number >= 999.5 {
        return count(number.round() as u64);
    }
    // Only this notation counts digits; what it writes can be read again.
    format!("{number:.2e}").parse::<f64>().unwrap_or(number).to_string()
}

/// So many events in `time`, as a rate: `241/s`.
pub fn rate(events: u64, time: Duration) -> String {
    format!("{}/s", number(if time.is_zero() { 0.0 } else { events as f64 / time.as_secs_f64() }))
}

/// A share, rounded down to a hundredth of a percent: `100%` means all of them, and a hit rate of 0.99996 is not that.
pub fn percent(share: f64) -> String {
    // 0.57 * 1e4 is a little less than 5700.
    let hundredths = (share * 1e4 + 1e-6).floor();
    format!("{}%", if share < 1.0 { hundredths.min(9_999.0) } else { hundredths } / 1e2)
}

/// A whole number with a comma after each three digits: `4,812`.
pub fn count(number: u64) -> String {
    indicatif::HumanCount(number).to_string()
}

/// A count with its noun: `1 run`, `4,812 runs`.
pub fn counted(number: impl Into<u64>, noun: &str) -> String {
    let number = number.into();
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

/// `a`, `a and b`, `a, b and c`.
pub fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// `n1, n2`, or that there is nobody.
pub fn list(of: impl Iterator<Item = impl ToString>) -> String {
    let words: Vec<String> = of.map(|one| one.to_string()).collect();
    if words.is_empty() { "nobody".to_owned() } else { words.join(", ") }
}

/// How `value` compares with `base`: `1/143`, `x2.5`, `=`; empty where there is nothing to compare.
pub fn factor(value: Option<f64>, base: Option<f64>) -> String {
    /// What is less than one in so many of something is nothing beside it: no factor says that better.
    const NOTHING: f64 = 1e6;
    match (value, base) {
        (Some(0.0), Some(0.0)) => "=".to_owned(),
        (Some(value), Some(base)) if value >= base / NOTHING && base > 0.0 => match value / base {
            same if (0.995..1.005).contains(&same) => "=".to_owned(),
            less if less < 1.0 => format!("1/{}", number(1.0 / less)),
            more => format!("x{}", number(more)),
        },
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measured_duration_keeps_three_digits_and_an_exact_one_keeps_all() {
        let of = |write: fn(Duration) -> String| {
            [0, 7, 870, 999_700, 1_234_567, 48_149_000, 990_000_000, 12_000_000_000, 1_234_567_000_000]
                .map(|nanos| write(Duration::from_nanos(nanos)))
        };
        assert_eq!(of(duration), ["0s", "7ns", "870ns", "1ms", "1.23ms", "48.1ms", "990ms", "12s", "1235s"]);
        assert_eq!(of(exact), ["0s", "7ns", "870ns", "999.7us", "1.234567ms", "48.149ms", "990ms", "12s", "1234.567s"]);
    }

    #[test]
    fn a_share_below_one_is_never_shown_as_all() {
        assert_eq!([1.0, 0.999_999_999_99, 0.57, 0.0117, 0.0].map(percent), ["100%", "99.99%", "57%", "1.17%", "0%"]);
    }

    #[test]
    fn numbers_keep_three_digits_and_thousands_are_grouped() {
        let shown = [0.0, 0.001_174, 0.4174, 31.249, 526.4, 999.6, 2113.0, 1_240_000.0].map(number);
        assert_eq!(shown, ["0", "0.00117", "0.417", "31.2", "526", "1,000", "2,113", "1,240,000"]);
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([counted(1_u64, "run"), counted(4_812_u64, "run")], ["1 run", "4,812 runs"]);
    }

    #[test]
    fn a_rate_survives_an_empty_window() {
        assert_eq!([rate(4_812, Duration::from_secs(20)), rate(3, Duration::ZERO)], ["241/s", "0/s"]);
    }

    #[test]
    fn values_compare_as_fractions_or_factors() {
        let of = |value| factor(Some(value), Some(10.0));
        assert_eq!([0.07, 2.0, 9.0, 10.01, 14.0, 90.0].map(of), ["1/143", "1/5", "1/1.11", "=", "x1.4", "x9"]);
        assert_eq!([factor(Some(1.0), None), factor(Some(0.0), Some(1.0)), factor(Some(1.0), Some(2e6))], ["", "", ""]);
    }
}
