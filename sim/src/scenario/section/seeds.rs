//! What a sweep runs: seeds, and a load.

use crate::scenario::prelude::*;
use std::ops::RangeInclusive;

/// The most seeds of a sweep.
pub const MAX_SEEDS: u64 = 1_000_000;

/// A factor on the rates of open loops, in thousandths: [`Load::LEAST`] to [`Load::MOST`]. Written `1.2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load(pub u32);

impl Load {
    /// A hundredth.
    pub const LEAST: Self = Self(10);
    /// Four times: what a file may ask of the machine is limited at load one.
    pub const MOST: Self = Self(4_000);
}

impl Default for Load {
    fn default() -> Self {
        Self(1_000)
    }
}

/// The seeds of a sweep, in order: never empty, none twice, at most [`MAX_SEEDS`]. Written `"1..=20"`, `"0..20"`, `"7"`, or several
/// of these: `"1,5,9..12"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seeds {
    ranges: Vec<RangeInclusive<u64>>,
}

impl Default for Seeds {
    fn default() -> Self {
        Self::range(1, 5)
    }
}

#[expect(clippy::len_without_is_empty, reason = "a sweep is never empty")]
impl Seeds {
    /// One seed.
    pub fn one(seed: u64) -> Self {
        Self::range(seed, seed)
    }

    /// The seeds `first..=last`, or `first` alone if `last` is less.
    pub fn range(first: u64, last: u64) -> Self {
        Self { ranges: vec![first..=last.max(first)] }
    }

    /// The seeds of `ranges`, none of which is empty, in this order. `Err`: the least seed that is in two of them.
    pub(in crate::scenario) fn of(ranges: Vec<RangeInclusive<u64>>) -> Result<Self, u64> {
        let mut sorted: Vec<_> = ranges.iter().map(|range| (*range.start(), *range.end())).collect();
        sorted.sort_unstable();
        let twice = sorted.windows(2).find(|pair| pair[1].0 <= pair[0].1);
        twice.map_or(Ok(Self { ranges }), |pair| Err(pair[1].0))
    }

    /// The ranges, in order.
    pub(in crate::scenario) fn ranges(&self) -> &[RangeInclusive<u64>] {
        &self.ranges
    }

    /// The first seed.
    pub fn first(&self) -> u64 {
        self.ranges.first().map_or(1, |range| *range.start())
    }

    /// The seeds, in order.
    pub fn iter(&self) -> impl Iterator<Item = u64> {
        self.ranges.iter().cloned().flatten()
    }

    /// How many seeds there are.
    pub fn len(&self) -> u64 {
        let lengths = self.ranges.iter().map(|range| (range.end() - range.start()).saturating_add(1));
        lengths.fold(0, u64::saturating_add)
    }
}

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
    let Some((first, last, inclusive)) = ends(part) else {
        let seed = seed(part)?;
        return Ok(seed..=seed);
    };
    let (first, last) = (seed(first)?, seed(last)?);
    let how = if inclusive { "..=" } else { ".." };
    if first > last {
        return Err(Misread::new(format!("{} runs backwards; `{last}{how}{first}`?", quote(part))).help(FORMS));
    }
    if first == last && !inclusive {
        return Err(Misread::new(format!("{} is empty; `{first}..={last}`?", quote(part))).help(FORMS));
    }
    Ok(first..=if inclusive { last } else { last - 1 })
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
