//! A rolling hash of everything that happened.

use std::fmt;
use xxhash_rust::xxh3::xxh3_128_with_seed;

/// Hash of a run: equal for equal runs, on every machine. Stable because the records are hashed in an encoding of our own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Fingerprint(pub u128);

impl Fingerprint {
    /// Takes in one record's content.
    pub fn update(&mut self, content: &[u8]) {
        let low = self.0 as u64;
        self.0 = self.0.rotate_left(64).wrapping_mul(MULTIPLIER) ^ xxh3_128_with_seed(content, low);
    }
}

/// Odd, so that multiplication loses nothing; the golden ratio in 128 bits.
const MULTIPLIER: u128 = 0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835;

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(records: &[&[u8]]) -> Fingerprint {
        let mut fingerprint = Fingerprint::default();
        records.iter().for_each(|record| fingerprint.update(record));
        fingerprint
    }

    #[test]
    fn order_content_and_boundaries_all_count() {
        let all = [of(&[b"ab", b"c"]), of(&[b"c", b"ab"]), of(&[b"a", b"bc"]), of(&[b"ab"]), of(&[b"ab", b"c", b""])];
        for (i, one) in all.iter().enumerate() {
            assert!(all.iter().skip(i + 1).all(|other| other != one));
        }
    }

    #[test]
    fn the_value_is_pinned_for_ever() {
        insta::assert_snapshot!(of(&[b"leasehold", b"1"]), @"6f850fcf9a4fbb423bf33428b98ef587");
    }
}
