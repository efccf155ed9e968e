//! What a rule asks for: that something is so, that one thing compares with another, or several of these at once.
//!
//! Without the feature `planted` a condition is its truth. With it, it also knows by how much each of its parts is kept or missed, in
//! units of what is compared (entries, terms, ticks, voters; of times, nanoseconds): a test can move the boundary by one.

use crate::env::{Instant, nanos};
use std::time::Duration;

/// The condition of a rule, as it is at present.
#[derive(Clone, Copy, Debug)]
pub struct Condition {
    is_true: bool,
    #[cfg(feature = "planted")]
    parts: margins::Parts,
}

/// What can be compared, and how far apart two of it are.
pub(crate) trait Measured: Ord + Copy {
    /// By how much this is more than `other`; negative where it is less. Saturates.
    fn beyond(self, other: Self) -> i64;
}

/// Something is so.
pub(crate) fn is(truth: bool) -> Condition {
    Condition::of(truth, || if truth { i64::MAX } else { i64::MIN })
}

/// `one` is before, or less than, `other`.
pub(crate) fn before<T: Measured>(one: T, other: T) -> Condition {
    Condition::of(one < other, || other.beyond(one).saturating_sub(1))
}

/// `one` is no more than `other`.
pub(crate) fn at_most<T: Measured>(one: T, other: T) -> Condition {
    Condition::of(one <= other, || other.beyond(one))
}

/// `one` is no less than `other`.
pub(crate) fn at_least<T: Measured>(one: T, other: T) -> Condition {
    at_most(other, one)
}

/// The two are the same.
pub(crate) fn same<T: Measured>(one: T, other: T) -> Condition {
    Condition::of(one == other, || one.beyond(other).saturating_abs().saturating_neg())
}

impl From<bool> for Condition {
    fn from(truth: bool) -> Self {
        is(truth)
    }
}

impl Measured for u64 {
    fn beyond(self, other: Self) -> i64 {
        let apart = i64::try_from(self.abs_diff(other)).unwrap_or(i64::MAX);
        if self < other { -apart } else { apart }
    }
}

impl Measured for usize {
    fn beyond(self, other: Self) -> i64 {
        (self as u64).beyond(other as u64)
    }
}

impl Measured for Instant {
    fn beyond(self, other: Self) -> i64 {
        self.as_nanos().beyond(other.as_nanos())
    }
}

impl Measured for Duration {
    fn beyond(self, other: Self) -> i64 {
        nanos(self).beyond(nanos(other))
    }
}

/// How far a log goes: the term and the index of its last entry. Of another term it is out of reach.
impl Measured for (u64, u64) {
    fn beyond(self, other: Self) -> i64 {
        match self.0.cmp(&other.0) {
            std::cmp::Ordering::Less => i64::MIN,
            std::cmp::Ordering::Equal => self.1.beyond(other.1),
            std::cmp::Ordering::Greater => i64::MAX,
        }
    }
}

#[cfg(not(feature = "planted"))]
impl Condition {
    fn of(is_true: bool, _margin: impl FnOnce() -> i64) -> Self {
        Self { is_true }
    }

    /// This, and `other`.
    pub(crate) fn and(self, other: impl Into<Self>) -> Self {
        Self { is_true: self.is_true && other.into().is_true }
    }

    /// This, or `other`.
    pub(crate) fn or(self, other: impl Into<Self>) -> Self {
        Self { is_true: self.is_true || other.into().is_true }
    }
}

impl Condition {
    /// Is it so?
    pub fn is_true(&self) -> bool {
        self.is_true
    }
}

#[cfg(feature = "planted")]
mod margins {
    use super::Condition;

    /// The most parts that a condition has.
    const MOST: usize = 4;

    /// By how much each part is kept; those after the last, by any amount.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub(super) struct Parts {
        margins: [i64; MOST],
        count: usize,
    }

    impl Condition {
        pub(super) fn of(is_true: bool, margin: impl FnOnce() -> i64) -> Self {
            let mut margins = [i64::MAX; MOST];
            margins[0] = margin();
            Self { is_true, parts: Parts { margins, count: 1 } }
        }

        /// This, and `other`, whose parts come after those of this.
        ///
        /// # Panics
        ///
        /// There are more parts than a condition has.
        pub(crate) fn and(self, other: impl Into<Self>) -> Self {
            let other = other.into();
            let Parts { mut margins, count } = self.parts;
            let together = count + other.parts.count;
            margins[count..together].copy_from_slice(&other.parts.margins[..other.parts.count]);
            Self { is_true: self.is_true && other.is_true, parts: Parts { margins, count: together } }
        }

        /// This, or `other`: one part, kept by as much as either is.
        pub(crate) fn or(self, other: impl Into<Self>) -> Self {
            let other = other.into();
            let least = |condition: &Self| condition.parts.margins.into_iter().min().unwrap_or(i64::MAX);
            Self::of(self.is_true || other.is_true, || least(&self).max(least(&other)))
        }

        /// Would it be so if each comparison asked for so much less?
        pub fn is_true_but_for(&self, slack: i64) -> bool {
            self.parts.margins.iter().all(|margin| margin.saturating_add(slack) >= 0)
        }

        /// Are all of its parts so but the one of this number, from zero on, which nobody asks?
        pub fn is_true_without(&self, part: usize) -> bool {
            self.parts.margins.iter().enumerate().all(|(number, margin)| number == part || *margin >= 0)
        }
    }
}

#[cfg(all(test, feature = "planted"))]
mod tests {
    use super::*;

    /// Whether it holds as it is, and if one less, or one more, is asked.
    fn around(condition: Condition) -> [bool; 3] {
        assert_eq!(condition.is_true(), condition.is_true_but_for(0));
        [condition.is_true(), condition.is_true_but_for(1), condition.is_true_but_for(-1)]
    }

    #[test]
    fn a_boundary_moves_by_one() {
        assert_eq!(around(before(4_u64, 5)), [true, true, false]);
        assert_eq!(around(before(5_u64, 5)), [false, true, false]);
        assert_eq!(around(at_most(5_usize, 5)), [true, true, false]);
        assert_eq!(around(at_least(Instant::from_nanos(4), Instant::from_nanos(5))), [false, true, false]);
        assert_eq!(around(same(Duration::from_nanos(6), Duration::from_nanos(5))), [false, true, false]);
        assert_eq!(around(same(5_u64, 5)), [true, true, false]);
    }

    #[test]
    fn what_is_so_or_not_has_no_boundary() {
        assert_eq!((around(is(true)), around(is(false))), ([true; 3], [false; 3]));
    }

    #[test]
    fn a_log_of_another_term_is_not_one_entry_away() {
        assert_eq!(around(at_most((3, 8), (3, 7))), [false, true, false]);
        assert_eq!(around(at_most((3, 1), (2, 9))), [false; 3]);
        assert_eq!(around(at_most((2, 9), (3, 1))), [true; 3]);
    }

    #[test]
    fn a_part_can_be_left_out() {
        let both = is(true).and(same(2_u64, 3));
        assert!(!both.is_true() && !both.is_true_without(0) && both.is_true_without(1));
        assert!(is(false).or(same(3_u64, 3)).is_true_without(1));
        assert!(!is(false).or(same(2_u64, 3)).is_true_but_for(0) && is(false).or(same(2_u64, 3)).is_true_but_for(1));
    }
}
