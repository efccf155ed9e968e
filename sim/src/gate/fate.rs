//! What became of each known failure.

use super::prelude::*;
use super::signature::Kind;

/// The known failures of a project, on a day.
#[derive(Clone, Debug)]
pub struct Known {
    entries: Vec<KnownFailure>,
    today: Date,
    /// How many runs there were in the scenarios and under the variant of each.
    runs: Vec<u64>,
}

/// What became of a known failure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It was seen in so many runs.
    Seen(u64),
    /// It was not, in so many runs in which it might have been.
    Unseen(u64),
    /// As [`Fate::Unseen`], in enough runs to say that it is no more.
    Gone(u64),
    /// It was to be cured by now.
    Expired,
}

impl Fate {
    /// Does it fail the gate?
    pub fn fails(self) -> bool {
        matches!(self, Self::Gone(_) | Self::Expired)
    }
}

impl Known {
    /// These, today.
    pub fn new(entries: Vec<KnownFailure>, today: Date) -> Self {
        let runs = vec![0; entries.len()];
        Self { entries, today, runs }
    }

    /// The entries.
    pub fn entries(&self) -> &[KnownFailure] {
        &self.entries
    }

    /// The day.
    pub fn today(&self) -> Date {
        self.today
    }

    /// Counts a run: of the scenario `title`, under `variant`.
    pub fn ran(&mut self, title: &str, variant: &str) {
        for (entry, runs) in self.entries.iter().zip(&mut self.runs) {
            *runs += u64::from(entry.variant == variant && entry.is_of(title));
        }
    }

    /// The known failure, by number, that `kind` is in the scenario `title`. One that has expired is none any more.
    pub fn find(&self, kind: &Kind, title: &str) -> Option<usize> {
        self.entries.iter().position(|entry| !self.has_expired(entry) && is_it(entry, kind) && entry.is_of(title))
    }

    fn has_expired(&self, entry: &KnownFailure) -> bool {
        entry.expires < self.today
    }

    /// What became of each, where they were `seen` in so many runs. It is said that one is no more only where all runs were made, so many of
    /// its own among them.
    pub fn fates(&self, seen: &BTreeMap<usize, u64>, gone_after: Option<u64>) -> Vec<Fate> {
        let fate = |(number, (entry, runs)): (usize, (&KnownFailure, &u64))| match seen
            .get(&number)
            .copied()
            .unwrap_or_default()
        {
            _ if self.has_expired(entry) => Fate::Expired,
            0 if gone_after.is_some_and(|enough| *runs >= enough) => Fate::Gone(*runs),
            0 => Fate::Unseen(*runs),
            seen => Fate::Seen(seen),
        };
        self.entries.iter().zip(&self.runs).enumerate().map(fate).collect()
    }
}

fn is_it(entry: &KnownFailure, kind: &Kind) -> bool {
    let is_said = entry.signature.as_ref().is_none_or(|signature| *signature == kind.signature);
    Some(entry.class) == kind.class && entry.check == kind.check && entry.variant == kind.variant && is_said
}
