//! Seeds and loads from text, and back.

use std::{fmt, ops::RangeInclusive, str::FromStr};

use super::{decimal, decimal::Decimal, not_a};
use crate::scenario::{Load, MAX_SEEDS, Seeds};
use crate::words::{Misread, quote};

impl FromStr for Load {
    type Err = Misread;

    fn from_str(text: &str) -> Result<Self, Misread> {
        let thousandths = Decimal::parse(text.trim()).and_then(|number| number.times(1_000));
        match thousandths {
            Some((milli, true)) if (u128::from(Self::LEAST.0)..=u128::from(Self::MOST.0)).contains(&milli) => {
                Ok(Self(milli as u32))
            }
            _ => Err(not_a(text, "load").help("a load is a factor of 0.01 to 4 with at most three decimals: `1.2`")),
        }
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&decimal(u64::from(self.0), 3))
    }
}

const FORMS: &str = "seeds are `1..=20`, `0..20` (20 not included), `7`, or several of these: `1,5,9..12`";

impl FromStr for Seeds {
    type Err = Misread;

    fn from_str(text: &str) -> Result<Self, Misread> {
        let ranges = text.split(',').map(|part| range(text, part)).collect::<Result<_, _>>()?;
        let twice = |seed| Misread::new(format!("seed {seed} stands twice in {}", quote(text))).help(FORMS);
        let seeds = Self::of(ranges).map_err(twice)?;
        if seeds.len() > MAX_SEEDS {
            let words = format!("{} is {} seeds; a sweep is at most {MAX_SEEDS}", quote(text), seeds.len());
            return Err(Misread::new(words));
        }
        Ok(seeds)
    }
}

/// The seeds of `part`, which has no comma and stands in `text`.
fn range(text: &str, part: &str) -> Result<RangeInclusive<u64>, Misread> {
    let seed = |word: &str| {
        let digits = word.trim().replace('_', "");
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        let seed = digits.parse::<u64>().ok().filter(|_| plain);
        seed.ok_or_else(|| Misread { meant: range_meant(text), ..not_a(word, "seed").help(FORMS) })
    };
    let backwards =
        |range: String| Err(Misread::new(format!("{} runs backwards; `{range}`?", quote(part))).help(FORMS));
    if let Some((first, last)) = part.split_once("..=") {
        let (first, last) = (seed(first)?, seed(last)?);
        if first > last {
            return backwards(format!("{last}..={first}"));
        }
        return Ok(first..=last);
    }
    if let Some((first, end)) = part.split_once("..") {
        let (first, end) = (seed(first)?, seed(end)?);
        if first > end {
            return backwards(format!("{end}..{first}"));
        }
        if first == end {
            return Err(Misread::new(format!("{} is empty; `{first}..={end}`?", quote(part))).help(FORMS));
        }
        return Ok(first..=end - 1);
    }
    let seed = seed(part)?;
    Ok(seed..=seed)
}

/// `1..=20` for `1-20`, `1...20`, `1 to 20`.
fn range_meant(text: &str) -> Option<String> {
    let ends = ["...", "-", "–", ":", " to "].into_iter().find_map(|between| text.split_once(between));
    let (first, last) = ends.map(|(first, last)| (first.trim(), last.trim()))?;
    let is_seed = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    (is_seed(first) && is_seed(last)).then(|| format!("{first}..={last}"))
}

impl fmt::Display for Seeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let range = |range: &RangeInclusive<u64>| match (range.start(), range.end()) {
            (first, last) if first == last => first.to_string(),
            (first, last) => format!("{first}..={last}"),
        };
        f.write_str(&self.ranges().iter().map(range).collect::<Vec<_>>().join(","))
    }
}
