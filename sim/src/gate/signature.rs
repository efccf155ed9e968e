//! When two failures are the same.
//!
//! Who is on call says "the same" of two failures that the same check found, of the same class, under the same variant, in the same
//! words, whatever node, key, operation, term, time or number these words name. So the signature is the sentence of the failure without its
//! numbers. What kinds of operations there were, which rule or cause, which window: that stands in the sentence in words, and stays.
//!
//! Which faults were in force is no part of it: chaos meets one bug under a partition at one seed and under a pause at the next, and that would
//! be two entries and two owners. A group tells what its runs had in common instead. Nor is the scenario: a bug that breaks three scenarios is one
//! bug. A known failure that is one in some scenario alone says so.
//!
//! Several checks may find one failure: a read that is stale is found by its version, by its value and by its place in the serial order. A run is
//! told under its first failure that is not known, the gravest; the others are told beside it. It is excused only if all of them are known.

use super::prelude::*;
use crate::verdict::Failure;

/// A kind of failure.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Kind {
    /// Its class; `None`: the run is not as its file expects.
    pub class: Option<Class>,
    /// The check that found it, or the metric whose bound does not hold.
    pub check: String,
    /// The variant.
    pub variant: String,
    /// What the check said, but for its numbers.
    pub signature: String,
}

impl Kind {
    /// That of a failure under `variant`.
    pub fn of(failure: &Failure, variant: &str) -> Self {
        let signature = signature(&failure.message);
        Self { class: Some(failure.class), check: failure.check.clone(), variant: variant.to_owned(), signature }
    }

    /// That of a run that did not fail as its file expects, which `words` say.
    pub fn unexpected(words: &str, variant: &str) -> Self {
        let (check, variant) = ("not as the file expects".to_owned(), variant.to_owned());
        Self { class: None, check, variant, signature: signature(words) }
    }

    /// `stale-read (staleness)`
    pub fn name(&self) -> String {
        match self.class {
            Some(class) => format!("{class} ({})", self.check),
            None => self.check.clone(),
        }
    }
}

/// What stands for a number.
const NUMBER: &str = "#";

/// Units that a number may have; which it has depends on how large it is.
const UNITS: [&str; 6] = ["ns", "us", "ms", "s", "m", "h"];

/// What a quantile is called, after a `p`.
const QUANTILES: [&str; 4] = ["50", "90", "99", "999"];

/// `message` without what differs from seed to seed: `n2 holds 13 leases until 4.2s` is `n# holds # lease until #`.
pub fn signature(message: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for word in message.split_whitespace() {
        let word = without_numbers(word);
        // One run and 17 runs are told in the same words.
        let follows = words.last().is_some_and(|last| last == NUMBER);
        let word = if follows { singular(&word) } else { word };
        // A list of nodes, or of numbers, may be of any length.
        if words.last().is_none_or(|last| last.trim_end_matches(',') != word || !word.contains(NUMBER)) {
            words.push(word);
        } else if let Some(last) = words.last_mut() {
            *last = word;
        }
    }
    words.join(" ")
}

fn without_numbers(word: &str) -> String {
    let mut without = String::new();
    let mut rest = word;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, number) = rest.split_at(at);
        let goes_on = |at: usize, c: char| {
            let next = || number.get(at + 1..).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
            c.is_ascii_digit() || ".,_".contains(c) && next()
        };
        let end = number.char_indices().find(|(at, c)| !goes_on(*at, *c)).map_or(number.len(), |(at, _)| at);
        let after = &number[end..];
        let letters = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let unit = if UNITS.contains(&&after[..letters]) { letters } else { 0 };
        without.push_str(before);
        // `get-p99` is a name.
        let is_name = before.ends_with('p') && QUANTILES.contains(&&number[..end]);
        // `#125` is one already.
        if !without.ends_with(NUMBER) {
            without.push_str(if is_name { &number[..end] } else { NUMBER });
        }
        rest = &after[unit..];
    }
    without + rest
}

/// A noun in the plural, in the singular.
fn singular(word: &str) -> String {
    const VERBS: [&str; 4] = ["was", "has", "is", "does"];
    let letters = word.trim_end_matches(|c: char| !c.is_alphanumeric());
    match letters.strip_suffix('s') {
        Some(stem) if !stem.ends_with('s') && !VERBS.contains(&letters) => format!("{stem}{}", &word[letters.len()..]),
        Some(_) | None => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_from_seed_to_seed_is_left_out() {
        let same = [
            [
                "get #2359 of k2 by client 17 read version 616 from the lease, but client 3 had read version 623 4.96ms before that began",
                "get #7 of k13 by client 4 read version 1,616 from the lease, but client 12 had read version 1,623 496us before that began",
            ],
            [
                "g4: the lease was ended without cause 1 time, 4,843/s: write-conflict 48,432",
                "g1: the lease was ended without cause 48,432 times, 0/s: write-conflict 1",
            ],
            [
                "n1 extended its lease of term 1 without the acknowledgements of a quorum of those who vote: n1 n2 n3",
                "n2 extended its lease of term 13 without the acknowledgements of a quorum of those who vote: n1 n2 n3 n4 n5",
            ],
            [
                "lease-hit-rate in storm: 90.37%; expected == 1 (line 38)",
                "lease-hit-rate in storm: 0%; expected == 1 (line 7)",
            ],
            ["index out of bounds (at src/lease/mod.rs:7)", "index out of bounds (at src/lease/mod.rs:1207)"],
        ];
        let told = same.map(|[one, other]| {
            assert_eq!(signature(one), signature(other));
            signature(one)
        });
        assert_eq!(
            told,
            [
                "get # of k# by client # read version # from the lease, but client # had read version # before that began",
                "g#: the lease was ended without cause # time, #/s: write-conflict #",
                "n# extended its lease of term # without the acknowledgements of a quorum of those who vote: n#",
                "lease-hit-rate in storm: #%; expected == # (line #)",
                "index out of bounds (at src/lease/mod.rs:#)",
            ]
        );
    }

    #[test]
    fn what_another_failure_says_in_words_is_kept() {
        let others = [
            ["lease-hit-rate in storm: 90%", "lease-hit-rate in calm: 90%"],
            ["get-p99: 90ms", "get-p50: 90ms"],
            ["get of k2 read version 7", "mget of k2 read version 7"],
            ["the lease was ended without cause: write-conflict 3", "the lease was ended without cause: deadline 3"],
            ["index out of bounds (at src/lease/mod.rs:7)", "index out of bounds (at src/lease/gate.rs:7)"],
        ];
        others.iter().for_each(|[one, other]| assert_ne!(signature(one), signature(other)));
    }

    #[test]
    fn any_text_has_a_signature() {
        for text in ["", "  ", "7", "7é", "1.é,2", "٣ and 3", "9.", "n1,n2"] {
            assert_eq!(signature(&signature(text)), signature(text), "{text}");
        }
    }
}
