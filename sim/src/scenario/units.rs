//! Quantities from text, exactly: no binary floating point on the way to a duration, a rate or a share.
//!
//! Nothing here panics, whatever the text; what cannot be read comes back as a [`Misread`] that says what would have
//! been right.

mod decimal;
mod round;

use std::time::Duration;

pub use self::round::{down, rounder, shorter, up};

pub(super) use self::decimal::Decimal;
use crate::words::{self, Drift, Jump, Misread, quote};

/// The longest run, and the longest duration that a file may name.
pub const MAX_DURATION: Duration = Duration::from_secs(24 * 60 * 60);
/// The most bytes a second that a bandwidth allows: 1 TB/s.
pub const MAX_BANDWIDTH: u64 = 1_000_000_000_000;
/// The least bytes of a value: it says in them who wrote it.
pub(super) const MIN_VALUE: u64 = 8;
/// The most bytes of a value.
pub const MAX_VALUE: u64 = 16_000_000;
/// The most by which a fault may make a clock fast or slow: it then runs at double rate, or at a hundredth of it.
pub const MAX_DRIFT: std::ops::RangeInclusive<i32> = -990_000..=1_000_000;

/// Parts per million, 0 to 1 000 000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ppm(
    /// The parts.
    pub u32,
);

/// A size in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(
    /// How many.
    pub u64,
);

/// What the units of the protocol last in this scenario.
#[derive(Clone, Copy, Debug)]
pub(super) struct Protocol {
    pub election_timeout: Duration,
    pub heartbeat: Duration,
    /// `None`: the scenario leaves the length of a lease to the stack.
    pub lease: Option<Duration>,
}

/// How a day is written.
pub(super) const DAY_FORM: &str = "a day is a year, a month and a day of it: `2027-02-28`";

const DURATION_FORMS: &str = "a duration is a number and a unit: `250us`, `1.5s`, `2m`; units are ns, us, ms, s, m, h, and, \
    outside of [cluster], heartbeats, election-timeouts and leases";

/// A duration: `1.5s`, or `1.5 election-timeouts` where `protocol` is given. Exact, but for fractions of protocol
/// units, which are rounded down to a nanosecond.
pub(super) fn duration(text: &str, protocol: Option<&Protocol>) -> Result<Duration, Misread> {
    in_habit(text, protocol, "ms")
}

/// As [`duration`], of a moment of the run: who forgets the unit means seconds.
pub(super) fn moment(text: &str, protocol: Option<&Protocol>) -> Result<Duration, Misread> {
    in_habit(text, protocol, "s")
}

/// A duration; `habit` is the unit that is mostly meant where there is none.
fn in_habit(text: &str, protocol: Option<&Protocol>, habit: &str) -> Result<Duration, Misread> {
    let text = text.trim();
    if text.starts_with('-') {
        return Err(Misread::new(format!("{} is negative; a duration is not", quote(text))));
    }
    let Some((number, unit)) = Decimal::split(text) else {
        return Err(Misread::new(format!("{} is not a duration", quote(text))).help(DURATION_FORMS));
    };
    if unit.is_empty() {
        return Err(Misread::new(format!("`{text}` has no unit; `{text}{habit}`?")).help(DURATION_FORMS));
    }
    without_exponent(text, unit)?;
    let (unit, is_plain) = match plain_unit(unit) {
        Some(nanos) => (nanos, true),
        None => (protocol_unit(unit, protocol)?.as_nanos(), false),
    };
    let too_long = || Misread::new(format!("{} is too long: no duration is longer than 24h", quote(text)));
    let (nanos, exact) = number.times(unit).ok_or_else(too_long)?;
    if is_plain && !exact {
        return Err(Misread::new(format!("{} is finer than a nanosecond", quote(text))));
    }
    let nanos = u64::try_from(nanos).map_err(|_| too_long())?;
    Some(Duration::from_nanos(nanos)).filter(|duration| *duration <= MAX_DURATION).ok_or_else(too_long)
}

pub(super) use crate::words::figures::exact as written;

/// `number / 10^places`, without zeros that say nothing: 1100 with three places is `1.1`.
pub(super) fn decimal(number: u64, places: u32) -> String {
    let one = 10_u64.pow(places);
    let (whole, fraction) = (number / one, number % one);
    let text = format!("{whole}.{fraction:0width$}", width = places as usize);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Refuses `1e12s`, whose exponent would be taken for a unit.
fn without_exponent(text: &str, unit: &str) -> Result<(), Misread> {
    let exponent = unit.strip_prefix(['e', 'E']).map(|rest| rest.trim_start_matches(['+', '-']));
    match exponent {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => {
            Err(Misread::new(format!("{} has an exponent", quote(text))).help("write the number out: `1_000_000`"))
        }
        _ => Ok(()),
    }
}

fn plain_unit(unit: &str) -> Option<u128> {
    Some(match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60 * 1_000_000_000,
        "h" => 3_600 * 1_000_000_000,
        _ => return None,
    })
}

fn protocol_unit(unit: &str, protocol: Option<&Protocol>) -> Result<Duration, Misread> {
    let of = |length: fn(&Protocol) -> Option<Duration>| match protocol.map(length) {
        Some(Some(length)) => Ok(length),
        Some(None) => {
            Err(Misread::new(format!("{} has no length here: `lease` is not given in [cluster]", quote(unit))))
        }
        None => Err(Misread::new(format!("{} cannot be used in [cluster], which defines it", quote(unit)))),
    };
    match unit {
        "election-timeout" | "election-timeouts" => of(|protocol| Some(protocol.election_timeout)),
        "heartbeat" | "heartbeats" => of(|protocol| Some(protocol.heartbeat)),
        "lease" | "leases" => of(|protocol| protocol.lease),
        _ => Err(unknown_unit(unit)),
    }
}

fn unknown_unit(unit: &str) -> Misread {
    const HABITS: [(&str, &[&str]); 6] = [
        ("s", &["sec", "secs", "second", "seconds"]),
        ("ms", &["msec", "msecs", "millis", "millisecond", "milliseconds"]),
        ("us", &["usec", "usecs", "micros", "microsecond", "microseconds"]),
        ("ns", &["nsec", "nanos", "nanosecond", "nanoseconds"]),
        ("m", &["min", "mins", "minute", "minutes"]),
        ("h", &["hr", "hrs", "hour", "hours"]),
    ];
    let long =
        HABITS.iter().flat_map(|(_, habits)| *habits).copied().chain(["election-timeouts", "heartbeats", "leases"]);
    // One letter is near to every other.
    let short = HABITS.iter().map(|(short, _)| *short).filter(|short| short.len() > 1 && unit.len() > 2);
    let letter = HABITS.iter().find(|(short, _)| *short == unit.to_lowercase()).map(|(short, _)| *short);
    let near = letter.or_else(|| words::nearest(unit, long.chain(short)));
    let written = |near: &str| {
        HABITS.iter().find(|(_, habits)| habits.contains(&near)).map_or(near, |(short, _)| *short).to_owned()
    };
    let meant = near.map(written);
    Misread { meant, ..Misread::new(format!("unknown unit {}", quote(unit))).help(DURATION_FORMS) }
}

const SIZES: [(&str, u64); 4] = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000), ("B", 1)];
const BANDWIDTHS: [(&str, u64); 4] = [("GB/s", 1_000_000_000), ("MB/s", 1_000_000), ("kB/s", 1_000), ("B/s", 1)];

/// A number of something that has units.
pub(super) struct Amount {
    /// What it is, for messages.
    what: &'static str,
    /// Each with what it is worth; the last is that of a number without any.
    units: &'static [(&'static str, u64)],
    forms: &'static str,
    /// Another way to write a unit is that unit's by this.
    alike: fn(&str) -> String,
    /// The least that can be told apart.
    finest: &'static str,
    /// What is wrong with none at all, and what to write instead.
    none: (&'static str, &'static str),
    /// What is wrong with more than `most`.
    beyond: &'static str,
    most: u64,
    pub write: fn(u64) -> String,
}

/// Operations per 1000 seconds: `500/s`.
pub(super) const RATE: Amount = Amount {
    what: "rate",
    units: &[("/s", 1_000)],
    forms: "a rate is operations per second over all clients: `500/s`",
    alike: |unit| {
        const HABITS: [&str; 10] = ["/sec", "/second", "rps", "qps", "ops", "ops/s", "hz", "s", "per second", "ps"];
        let unit = unit.to_lowercase();
        if HABITS.contains(&unit.as_str()) { "/s".to_owned() } else { unit }
    },
    finest: "a thousandth per second",
    none: ("a rate of zero does nothing", "leave the workload out"),
    beyond: "fast",
    most: 1_000_000_000,
    write: |milli| format!("{}/s", decimal(milli, 3)),
};

/// Bytes a second: `1MB/s`.
pub(super) const BANDWIDTH: Amount = Amount {
    what: "bandwidth",
    units: &BANDWIDTHS,
    forms: "a bandwidth is bytes a second: `500B/s`, `64kB/s`, `1.5MB/s`, `1GB/s`",
    alike: habit,
    finest: "a byte a second",
    none: ("a bandwidth of zero lets nothing through", "write a partition, or `disk = { stall = true }`"),
    beyond: "fast",
    most: MAX_BANDWIDTH,
    write: written_bandwidth,
};

/// Bytes of a value: `4kB`.
const SIZE: Amount = Amount {
    what: "size",
    units: &SIZES,
    forms: "a size is so many bytes: `100B`, `4kB`, `1MB`",
    alike: habit,
    finest: "a byte",
    none: ("a value of no bytes does not say who wrote it", "at least `8B`"),
    beyond: "large",
    most: MAX_VALUE,
    write: written_size,
};

/// The size of a value, in bytes: `4kB`.
pub(super) fn size(text: &str) -> Result<Bytes, Misread> {
    match SIZE.read(text)? {
        bytes if bytes < MIN_VALUE => {
            let small = format!("{} is too small: a value says in its first 8 bytes who wrote it", quote(text));
            Err(Misread::new(small).help("at least `8B`"))
        }
        bytes => Ok(Bytes(bytes)),
    }
}

impl Amount {
    pub(super) fn read(&self, text: &str) -> Result<u64, Misread> {
        let Self { what, units, forms, alike, finest, none, beyond, most, write } = *self;
        let text = text.trim();
        let (number, unit) = Decimal::split(text).ok_or_else(|| not_a(text, what).help(forms))?;
        if unit.is_empty() {
            let habit = units.last().map_or("", |(name, _)| name);
            return Err(Misread::new(format!("`{text}` has no unit; `{text}{habit}`?")).help(forms));
        }
        without_exponent(text, unit)?;
        let Some((_, worth)) = units.iter().find(|(name, _)| *name == unit) else {
            let meant = units.iter().find(|(name, _)| alike(name) == alike(unit)).map(|(name, _)| (*name).to_owned());
            return Err(Misread { meant, ..Misread::new(format!("unknown unit {}", quote(unit))).help(forms) });
        };
        match number.times(u128::from(*worth)) {
            Some((_, false)) => Err(Misread::new(format!("{} is finer than {finest}", quote(text)))),
            Some((0, true)) => Err(Misread::new(none.0).help(none.1)),
            Some((amount, true)) if amount <= u128::from(most) => Ok(amount as u64),
            _ => Err(Misread::new(format!("{} is too {beyond}: at most {}", quote(text), write(most)))),
        }
    }
}

/// `mb` for `MBps`, `Mb/s`, `MB`, `MiB`.
fn habit(unit: &str) -> String {
    let unit = unit.to_lowercase();
    let unit = unit.strip_suffix("/s").or(unit.strip_suffix("/sec")).or(unit.strip_suffix("ps")).unwrap_or(&unit);
    match unit {
        "k" | "m" | "g" => format!("{unit}b"),
        _ => unit.replace("ib", "b"),
    }
}

/// `bytes` as a scenario would write them: exact, in the largest unit that they fill.
pub(super) fn written_size(bytes: u64) -> String {
    let (name, unit) = SIZES.iter().find(|(_, unit)| bytes >= *unit).unwrap_or(&("B", 1));
    format!("{}{name}", decimal(bytes, unit.ilog10()))
}

/// The same of bytes a second.
pub(super) fn written_bandwidth(bytes: u64) -> String {
    format!("{}/s", written_size(bytes))
}

/// A share: `200ppm`, `0.1%` or `0.001`.
pub(super) fn ppm(text: &str) -> Result<Ppm, Misread> {
    let (number, unit) = share(text)?;
    let number = match unit {
        "ppm" => number.shifted(6),
        _ => number,
    };
    number.parts_of_one(1_000_000, text, "ppm").map(Ppm)
}

/// How much too fast or too slow a clock is: `+500ppm`, `-2%`.
pub(super) fn drift(text: &str) -> Result<Drift, Misread> {
    let forms = "a rate is `+500ppm` or `-2%`: so much too fast, or too slow";
    let (back, size) = signed(text, forms)?;
    let Ppm(size) = ppm(size).map_err(|misread| Misread { help: Some(forms.to_owned()), ..misread })?;
    let size = i32::try_from(size).unwrap_or(i32::MAX);
    let ppm = if back { -size } else { size };
    if ppm == 0 {
        return Err(Misread::new(format!("{} changes nothing", quote(text))).help(forms));
    }
    if !MAX_DRIFT.contains(&ppm) {
        let slow = "at most 99% too slow; for a clock that stands still write `freeze = true`";
        return Err(Misread::new(format!("{} is out of range", quote(text))).help(slow));
    }
    Ok(Drift(ppm))
}

/// How far a clock jumps: `+3s`, `-150ms`.
pub(super) fn jump(text: &str, protocol: Option<&Protocol>) -> Result<Jump, Misread> {
    let forms = "a step is `+3s`, forwards, or `-3s`, back";
    let (back, size) = signed(text, forms)?;
    let by = duration(size, protocol)?;
    if by.is_zero() {
        return Err(Misread::new(format!("{} changes nothing", quote(text))).help(forms));
    }
    Ok(Jump { back, by })
}

/// A sign, which must be there, and what follows it; is it a minus?
fn signed<'a>(text: &'a str, forms: &str) -> Result<(bool, &'a str), Misread> {
    let text = text.trim();
    match (text.strip_prefix('+'), text.strip_prefix(['-', '\u{2212}'])) {
        (Some(rest), _) => Ok((false, rest.trim_start())),
        (None, Some(rest)) => Ok((true, rest.trim_start())),
        (None, None) => {
            let missing = Misread::new(format!("{} has no sign", quote(text))).help(forms);
            Err(Misread { meant: Some(format!("+{text}")), ..missing })
        }
    }
}

/// A share in thousandths: `0.125` or `12.5%`.
pub(super) fn per_mille(text: &str) -> Result<u32, Misread> {
    let (number, unit) = share(text)?;
    match unit {
        "ppm" => {
            Err(Misread::new(format!("unknown unit `ppm` in {}", quote(text)))
                .help("write a fraction: `0.25` or `25%`"))
        }
        _ => number.parts_of_one(1_000, text, "%"),
    }
}

/// A decimal and its unit, percent already applied.
fn share(text: &str) -> Result<(Decimal, &str), Misread> {
    let text = text.trim();
    let forms = "a share is `0.1%`, `1000ppm` or `0.001`";
    if text.starts_with('-') {
        return Err(Misread::new(format!("{} is negative; a share lies between 0 and 1", quote(text))).help(forms));
    }
    match Decimal::split(text) {
        Some((number, "%")) => Ok((number.shifted(2), "")),
        Some((number, unit @ ("" | "ppm"))) => Ok((number, unit)),
        Some((_, unit)) => {
            let meant = if unit == "percent" { Some("%") } else { words::nearest(unit, ["ppm"]) };
            let unknown = Misread::new(format!("unknown unit {}", quote(unit))).help(forms);
            Err(Misread { meant: meant.map(str::to_owned), ..unknown })
        }
        None => Err(Misread::new(format!("{} is not a share", quote(text))).help(forms)),
    }
}

/// The ends of a range, `1..=20` or `0..20`, and whether the second is part of it. `None` if `text` is none.
pub(super) fn ends(text: &str) -> Option<(&str, &str, bool)> {
    let (first, last) = text.split_once("..")?;
    let (last, inclusive) = last.strip_prefix('=').map_or((last, false), |last| (last, true));
    Some((first.trim(), last.trim(), inclusive))
}

/// The per mille of a quantile's name: `p99.9` is 999.
pub(super) fn quantile(text: &str) -> Result<u32, Misread> {
    let percent = text.strip_prefix('p').and_then(Decimal::parse);
    match percent.and_then(|percent| percent.times(10)) {
        Some((per_mille @ 0..=1000, true)) => Ok(per_mille as u32),
        _ => Err(Misread::new(format!("unknown quantile {}", quote(text)))
            .help("quantiles are `p0` to `p100`, with at most one decimal and then in quotes: `\"p99.9\"`")),
    }
}

pub(super) fn not_a(text: &str, what: &str) -> Misread {
    Misread::new(format!("{} is not a {what}", quote(text)))
}
