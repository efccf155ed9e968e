//! Decimal numbers, exactly as they are written.

use crate::words::{Misread, quote};

/// A decimal number, as it was written: `digits / 10^scale`.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) struct Decimal {
    digits: u128,
    scale: u32,
}

impl Decimal {
    /// So many digits that no product with a unit overflows.
    const MAX_DIGITS: usize = 24;

    /// `12`, `1_000` or `0.25`.
    pub(in crate::scenario) fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let is_number = |part: &str| {
            part.starts_with(|c: char| c.is_ascii_digit())
                && part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
        };
        if !is_number(whole) || !is_number(fraction) {
            return None;
        }
        let fraction = fraction.replace('_', "");
        let fraction = fraction.trim_end_matches('0');
        let digits = format!("{}{fraction}", whole.replace('_', ""));
        if digits.len() > Self::MAX_DIGITS {
            return None;
        }
        Some(Self { digits: digits.parse().ok()?, scale: fraction.len() as u32 })
    }

    /// The number at the start of `text`, and what follows it.
    pub(in crate::scenario) fn split(text: &str) -> Option<(Self, &str)> {
        let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_')).unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        Some((Self::parse(number)?, unit.trim_start()))
    }

    /// A hundredth of it, if `places` is 2.
    pub(in crate::scenario) fn shifted(self, places: u32) -> Self {
        Self { scale: self.scale + places, ..self }
    }

    /// The whole part of `self * unit`, and whether that is all of it. `None` if it is out of range.
    pub(in crate::scenario) fn times(self, unit: u128) -> Option<(u128, bool)> {
        let product = self.digits.checked_mul(unit)?;
        let divisor = 10u128.checked_pow(self.scale)?;
        Some((product / divisor, product % divisor == 0))
    }

    /// How many parts of the `parts` of one this is. `text` is how it was written; `habit` is the unit that is mostly meant by
    /// a number above a hundred without a unit. One from there down is meant in percent.
    pub(in crate::scenario) fn parts_of_one(self, parts: u32, text: &str, habit: &str) -> Result<u32, Misread> {
        match self.times(u128::from(parts)) {
            Some((count, true)) if count <= u128::from(parts) => Ok(count as u32),
            Some((count, false)) if count < u128::from(parts) => {
                Err(Misread::new(format!("{} is finer than 1/{parts}", quote(text))))
            }
            _ => {
                let more = format!("{} is more than 1; a share lies between 0 and 1", quote(text));
                let is_bare = text.trim().ends_with(|c: char| c.is_ascii_digit());
                let is_percentage = self.times(1).is_some_and(|(whole, exact)| whole < 100 || (whole == 100 && exact));
                let habit = if is_percentage { "%" } else { habit };
                let meant = is_bare.then(|| format!("{}{habit}", text.trim()));
                Err(Misread { meant, ..Misread::new(more).help("a share is `0.1%`, `1000ppm` or `0.001`") })
            }
        }
    }

    /// The nearest `f64`: std's parser rounds correctly on every machine, a division might not.
    pub(in crate::scenario) fn to_f64(self) -> f64 {
        format!("{}e-{}", self.digits, self.scale).parse().unwrap_or(f64::NAN)
    }
}
