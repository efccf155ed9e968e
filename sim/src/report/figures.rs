//! How numbers are written for people: three digits are enough, and nothing is rounded up to perfection.

use std::time::Duration;

/// A duration in three significant digits: `870ns`, `296us`, `48.1ms`, `12.0s`.
pub fn duration(duration: Duration) -> String {
    seconds(duration.as_secs_f64())
}

/// As [`duration()`], of seconds.
pub fn seconds(seconds: f64) -> String {
    const UNITS: [(f64, &str); 4] = [(1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns")];
    if seconds == 0.0 {
        return "0s".to_owned();
    }
    // 999.6 us reads better as 1.00 ms than as 1000 us.
    let (scale, unit) = UNITS.into_iter().find(|(scale, _)| seconds >= 0.9995 * scale).unwrap_or(UNITS[3]);
    format!("{}{unit}", digits(seconds / scale))
}

/// A number in three significant digits: `0.417`, `31.2`, `526`, `1.24 M`.
pub fn number(number: f64) -> String {
    const UNITS: [(f64, &str); 3] = [(1e9, " G"), (1e6, " M"), (1e4, " k")];
    match UNITS.into_iter().find(|(least, _)| number >= *least) {
        // From ten thousand on: four digits without a unit are still easy to read.
        Some((1e4, unit)) => format!("{}{unit}", digits(number / 1e3)),
        Some((scale, unit)) => format!("{}{unit}", digits(number / scale)),
        None => digits(number),
    }
}

/// A ratio in percent, rounded down: `100 %` means all of them, and a hit rate of 0.99996 is not that.
pub fn percent(ratio: f64) -> String {
    if ratio >= 1.0 {
        return "100 %".to_owned();
    }
    format!("{:.2} %", (ratio * 1e4).floor() / 1e2)
}

/// A whole number with its thousands apart: `12,345`.
pub fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count with its noun: `1 run`, `20 runs`.
pub fn counted(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

/// What is less than one in so many of something is nothing beside it: no factor says that better.
const NOTHING: f64 = 1e6;

/// How `value` compares with `base`: `1/143`, `x2.5`, `=`; empty where there is nothing to compare.
pub fn ratio(value: Option<f64>, base: Option<f64>) -> String {
    match (value, base) {
        (Some(0.0), Some(0.0)) => "=".to_owned(),
        (Some(value), Some(base)) if value >= base / NOTHING && base > 0.0 => match value / base {
            same if (0.995..1.005).contains(&same) => "=".to_owned(),
            less if less < 1.0 => format!("1/{}", brief(1.0 / less)),
            more => format!("x{}", brief(more)),
        },
        _ => String::new(),
    }
}

/// A factor: two decimals while it is close to one, where they matter.
fn brief(factor: f64) -> String {
    match factor {
        f if f < 1.995 => format!("{f:.2}"),
        f if f < 9.95 => format!("{f:.1}"),
        f => format!("{f:.0}"),
    }
}

fn digits(number: f64) -> String {
    match number {
        n if n >= 99.95 => format!("{n:.0}"),
        n if n >= 9.995 => format!("{n:.1}"),
        n if n == n.trunc() && n < 1.0 => format!("{n:.0}"),
        n if n >= 0.9995 => format!("{n:.2}"),
        n => format!("{n:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_keep_three_digits_and_move_up_a_unit_in_time() {
        let of = |nanos| duration(Duration::from_nanos(nanos));
        let shown = [0, 7, 870, 999_700, 296_400, 1_234_567, 48_149_000, 12_000_000_000].map(of);
        assert_eq!(shown, ["0s", "7.00ns", "870ns", "1.00ms", "296us", "1.23ms", "48.1ms", "12.0s"]);
    }

    #[test]
    fn a_ratio_below_one_is_never_shown_as_all() {
        assert_eq!([1.0, 0.999_996, 0.0117].map(percent), ["100 %", "99.99 %", "1.17 %"]);
    }

    #[test]
    fn numbers_and_counts() {
        assert_eq!(
            [0.0, 0.4174, 526.4, 2113.0, 31_249.0, 1_240_000.0].map(number),
            ["0", "0.417", "526", "2113", "31.2 k", "1.24 M"]
        );
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([counted(1, "run"), counted(20, "run")], ["1 run", "20 runs"]);
    }

    #[test]
    fn ratios_are_fractions_or_factors() {
        let of = |value| ratio(Some(value), Some(10.0));
        assert_eq!([0.07, 2.0, 9.0, 10.01, 14.0, 90.0].map(of), ["1/143", "1/5.0", "1/1.11", "=", "x1.40", "x9.0"]);
        assert_eq!([ratio(Some(1.0), None), ratio(Some(0.0), Some(1.0)), ratio(Some(1.0), Some(2e6))], ["", "", ""]);
    }
}
