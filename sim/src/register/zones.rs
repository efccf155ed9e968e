//! Is the history of one register linearizable? By zones, in `O(n log n)`, for values that are written once each.
//!
//! Operations that concern the same value form a *cluster*: the write and all reads of it. Let `f` be the first end in a
//! cluster and `s` the last begin; together they are its *zone*. Cluster A must come before cluster B if an operation of A
//! ended before one of B began: `f(A) < s(B)`. The register is linearizable if and only if
//!
//! 1. every value read was written, by an operation that had begun when the read ended, and
//! 2. no two clusters must each come before the other.
//!
//! Pairs are enough: in any cycle take the cluster X with the largest `s` and its successor N; N's own successor has an `s` no
//! larger than X's, so N must come before X as well (Gibbons & Korach 1997; Golab, Li & Shah 2011; `libraries.md` §1.2).
//!
//! - A **write of unknown outcome** never ends. If nobody read it, it can be placed last, and is left out; if somebody did, it took
//!   effect, and had begun.
//! - A **compare-and-set** that succeeded puts the new value *immediately* after the expected one: their clusters form a chain,
//!   which is one block with the least `f` and the largest `s` of its links. Two successes from one value are a contradiction,
//!   and so is a link that ended before an operation of an earlier link began. One of unknown outcome counts if its value was
//!   seen; then what it expected was there to be seen too. One that was refused is a read of what it found.
//!
//! [`Monitor`] does this while the history happens; [`judge`] hands it a history that is complete.

mod chains;
mod judge;
mod tree;

pub use judge::{Operation, Violation, judge};

use chains::Chains;
use std::collections::{BTreeMap, VecDeque};

/// A moment: the number of an event, so that no two are the same. 0 is before all operations.
pub type Time = u64;

/// A value of the register, by a number that no other write shares.
pub type Value = u64;

/// The value before the first write.
pub const INITIAL: Value = 0;

/// What an operation did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// It read this value.
    Read(Value),
    /// It wrote this value.
    Write(Value),
    /// It expected and found the first value and wrote the second.
    Cas(Value, Value),
    /// It found the first value, whatever that was, and wrote the second. Where it has no answer, nobody knows what it found.
    Update(Value, Value),
    /// It expected the first value, found the second, and wrote nothing.
    Refused(Value, Value),
}

/// The begin or the end of an operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mark<T> {
    /// When.
    pub at: Time,
    /// Of which; `None`: of the write of [`INITIAL`].
    pub by: Option<T>,
}

/// The first end and the last begin of some operations.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Zone<T> {
    /// The first end.
    pub ended: Mark<T>,
    /// The last begin.
    pub began: Mark<T>,
}

impl<T> Zone<T> {
    /// Did an operation of this zone end before one of `other` began?
    fn precedes(&self, other: &Self) -> bool {
        self.ended.at < other.began.at
    }

    /// The zone of the operations of both.
    fn and(self, other: Self) -> Self {
        let ended = if other.ended.at < self.ended.at { other.ended } else { self.ended };
        let began = if other.began.at > self.began.at { other.began } else { self.began };
        Self { ended, began }
    }
}

/// Why a history is not linearizable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Contradiction<T> {
    /// Each of two chains of values must come before the other.
    Crossed {
        /// One; the operation at whose end that was certain concerns this one.
        one: Zone<T>,
        /// The other.
        other: Zone<T>,
    },
    /// `new` replaced `old`, at once or in several steps, but an operation on `new` ended before one on `old` began.
    Order {
        /// The value replaced.
        old: Value,
        /// By what.
        new: Value,
        /// What had ended.
        ended: Mark<T>,
        /// What began after that.
        began: Mark<T>,
    },
    /// Two operations succeeded that each replaced `value`.
    Twice {
        /// The value.
        value: Value,
        /// What the one replaced it by.
        first: Value,
        /// What the other did.
        second: Value,
    },
    /// Each of two values replaced the other, at once or in several steps.
    Circle {
        /// One.
        old: Value,
        /// The other.
        new: Value,
    },
    /// `value` was found and expected, and yet the compare-and-set was refused.
    Refused {
        /// The value.
        value: Value,
    },
    /// The write of `value` is known not to have taken effect, and yet it was seen.
    Denied {
        /// The value.
        value: Value,
    },
    /// `value` is none that may be seen: nobody had begun to write it, or it was overwritten so long ago that it is forgotten.
    Absent {
        /// The value.
        value: Value,
        /// What has overwritten it, if it was written.
        newer: Option<Zone<T>>,
    },
}

/// Judges one register while its history happens. `T` names an operation, for reports.
///
/// [`Monitor::begin`] and [`Monitor::end`] are told of operations in the order in which they began and ended. What has failed
/// without effect, and a read without an answer, never end.
pub struct Monitor<T> {
    /// The writes that may have taken effect but whose values nobody has seen.
    unseen: BTreeMap<Value, Unseen<T>>,
    /// Those among them that are known not to have taken effect, the oldest first.
    denied: VecDeque<Value>,
    /// The values that may still be seen again.
    chains: Chains<T>,
}

/// So many writes that took no effect are remembered as such: whoever sees one of those before them has seen what nobody wrote.
const DENIED: usize = 100;

struct Unseen<T> {
    began: Mark<T>,
    expected: Option<Value>,
    denied: bool,
}

impl<T: Copy> Default for Monitor<T> {
    fn default() -> Self {
        Self::with_patience(chains::PATIENCE)
    }
}

impl<T: Copy> Monitor<T> {
    /// A register that holds [`INITIAL`]. It is not worth forgetting anything before there are `patience` values to remember.
    fn with_patience(patience: usize) -> Self {
        Self { unseen: BTreeMap::new(), denied: VecDeque::new(), chains: Chains::new(patience) }
    }

    /// A write of `value` began; if it is a compare-and-set, it expects to find `expected`.
    pub fn begin(&mut self, value: Value, expected: Option<Value>, began: Mark<T>) {
        self.unseen.insert(value, Unseen { began, expected, denied: false });
    }

    /// An operation that began at `began` ended at `ended`.
    ///
    /// # Errors
    /// No register has such a history.
    pub fn end(&mut self, kind: Kind, began: Mark<T>, ended: Mark<T>) -> Result<(), Contradiction<T>> {
        match kind {
            Kind::Read(value) | Kind::Write(value) => self.see(value, began, ended),
            Kind::Cas(old, new) | Kind::Update(old, new) => {
                self.see(new, began, ended)?;
                self.see(old, began, ended)?;
                self.chains.join(old, new)
            }
            Kind::Refused(expected, found) if expected == found => Err(Contradiction::Refused { value: found }),
            Kind::Refused(_, found) => self.see(found, began, ended),
        }
    }

    /// The write of `value` ended in an error that says that it never took effect and never will.
    ///
    /// # Errors
    /// It has been seen.
    pub fn deny(&mut self, value: Value) -> Result<(), Contradiction<T>> {
        let write = self.unseen.get_mut(&value).ok_or(Contradiction::Denied { value })?;
        write.denied = true;
        self.denied.push_back(value);
        if self.denied.len() > DENIED
            && let Some(oldest) = self.denied.pop_front()
        {
            self.unseen.remove(&oldest);
        }
        Ok(())
    }

    /// Forgets what no operation can contradict any more, if there is enough of it to be worth while. `oldest` is when the oldest
    /// operation under way began; those that never end do not count.
    pub fn settle(&mut self, oldest: Time) {
        if self.chains.are_many() {
            self.chains.forget(oldest);
        }
    }

    /// An operation that began at `began` is known at `now` to have concerned `value`.
    fn see(&mut self, value: Value, began: Mark<T>, now: Mark<T>) -> Result<(), Contradiction<T>> {
        self.uncover(value, now)?;
        self.chains.touch(value, began)
    }

    /// If `value` is seen for the first time, then its write took effect, and so did that of what it expected to find.
    fn uncover(&mut self, value: Value, now: Mark<T>) -> Result<(), Contradiction<T>> {
        let mut news = Vec::new();
        let mut next = Some(value);
        while let Some(value) = next
            && let Some(write) = self.unseen.remove(&value)
        {
            if write.denied {
                return Err(Contradiction::Denied { value });
            }
            next = write.expected;
            news.push((value, write));
        }
        for (value, Unseen { began, expected, .. }) in news.into_iter().rev() {
            self.chains.begin(value, Zone { ended: now, began });
            if let Some(expected) = expected {
                self.chains.touch(expected, began)?;
                self.chains.join(expected, value)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
