//! What was seen of a variant: by which check, in which scenario, after how many seeds.

use super::prelude::*;
use super::{Failure, Ruling, RunReport};
use crate::mutant::{Equivalent, Harm, Kind, Variant};
use crate::scenario::Class;

/// The first run that shows that something is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sighting {
    /// How many seeds of its range were run until then, this one included.
    pub after: u64,
    /// The seed.
    pub seed: u64,
    /// The check, or the metric whose bound does not hold.
    pub by: String,
    /// What it said.
    pub message: String,
}

impl Sighting {
    /// What `report` shows of `variant`, as run number `after` of its range: of several things that which is expected, or the
    /// most severe.
    pub fn of(report: &RunReport, variant: &Variant, after: u64) -> Option<Self> {
        let expected = |failure: &&Failure| variant.seen.is_some_and(|seen| seen.by == failure.check);
        let failure = telling(report, variant.harm).find(expected).or_else(|| telling(report, variant.harm).next())?;
        Some(Self { after, seed: report.seed, by: failure.check.clone(), message: failure.message.clone() })
    }
}

/// The failures that tell of `harm`, the most severe first. One beyond what the scenario claims of its clocks tells nothing.
fn telling(report: &RunReport, harm: Harm) -> impl Iterator<Item = &Failure> {
    let failed = report.verdict.ruling == Ruling::Fail;
    report.verdict.failures.iter().filter(move |failure| failed && tells(failure.class, harm))
}

/// Is a failure of this class what such a variant is to be seen by? A slow answer shows no stale read, and a run that did too
/// little shows nothing.
fn tells(class: Class, harm: Harm) -> bool {
    match class {
        Class::Panic | Class::StaleRead | Class::LostWrite | Class::RaftInvariant | Class::LeaseInvariant => true,
        Class::Liveness | Class::Availability | Class::Expectation => harm != Harm::StaleRead,
        Class::Nondeterminism | Class::Vacuous => false,
    }
}

/// A variant and what was seen of it.
#[derive(Clone)]
pub struct Row {
    /// The variant.
    pub variant: &'static Variant,
    /// In its scenario: the first sighting in each range of seeds. Of the default variant: each alarm.
    pub sightings: Vec<Option<Sighting>>,
    /// In some of these runs it did something that the default does not do; `None` of the default.
    pub reached: Option<bool>,
    /// How many seeds there are to a range.
    pub range: u64,
    /// The checks that speak when the first of these runs goes on to its end, whatever they find.
    pub checks: BTreeSet<&'static str>,
    /// In plain chaos.
    pub chaos: Option<Sighting>,
    /// How many seeds of chaos were run at most.
    pub chaos_limit: u64,
    /// How long it took. Never part of a snapshot.
    pub wall: Duration,
}

impl Row {
    /// Was it seen that something is wrong, in whichever range?
    pub fn killed(&self) -> bool {
        self.sightings.iter().any(Option::is_some)
    }

    /// The first sighting.
    pub fn first(&self) -> Option<&Sighting> {
        self.sightings.iter().flatten().next()
    }

    /// The median number of seeds to a sighting, of an even number the lower in the middle; `None`: more than a range has.
    pub fn median(&self) -> Option<u64> {
        let sorted = self.sorted();
        sorted.get(sorted.len().saturating_sub(1) / 2).copied().flatten()
    }

    /// The largest; `None`: in some range it was not seen.
    pub fn worst(&self) -> Option<u64> {
        self.sorted().last().copied().flatten()
    }

    fn sorted(&self) -> Vec<Option<u64>> {
        let mut after: Vec<_> = self.sightings.iter().map(|seen| seen.as_ref().map(|seen| seen.after)).collect();
        after.sort_by_key(|after| after.unwrap_or(u64::MAX));
        after
    }

    /// Was it first seen by something else than the table says?
    pub fn by_another(&self) -> bool {
        let (first, seen) = (self.first(), self.variant.seen);
        first.zip(seen).is_some_and(|(first, seen)| first.by != seen.by)
    }

    /// What is wrong with this row, as a story; `None`: it is as it should be.
    pub fn complaint(&self) -> Option<String> {
        if let Some(equivalent) = self.variant.equivalent {
            return self.first().map(|seen| self.no_equivalent(equivalent, seen));
        }
        match (self.variant.kind, self.variant.seen) {
            (Kind::Default, _) => self.first().map(|seen| self.false_alarm(seen)),
            (_, Some(_)) if self.worst().is_some() => None,
            (_, Some(seen)) if self.reached == Some(false) => Some(self.never_there(seen.scenario)),
            (_, Some(seen)) => Some(self.survival(seen.scenario, seen.by)),
            (_, None) => Some(format!("{} has no scenario that shows it: {}", self.variant.name, self.variant.about)),
        }
    }

    fn false_alarm(&self, seen: &Sighting) -> String {
        format!(
            "{}, with which nothing is wrong, was found wrong at seed {} by {}: {}",
            self.variant.name, seen.seed, seen.by, seen.message
        )
    }

    fn no_equivalent(&self, Equivalent { scenario, because }: Equivalent, seen: &Sighting) -> String {
        format!(
            "{} is said to do no harm, as {because}; in {scenario}, seed {}, {} sees it: {}",
            self.variant.name, seen.seed, seen.by, seen.message
        )
    }

    fn never_there(&self, scenario: &str) -> String {
        let Variant { name, about, .. } = self.variant;
        let seeds = counted(self.sightings.len() as u64 * self.range, "seed");
        format!(
            "{name} was never there: in {seeds} of {scenario} it did nothing that the default does not do, so no check \
             could see it\n  {about}"
        )
    }

    fn survival(&self, scenario: &str, by: &str) -> String {
        let Variant { name, about, source, .. } = self.variant;
        let missed = self.sightings.iter().filter(|seen| seen.is_none()).count();
        let (ranges, range) = (self.sightings.len(), self.range);
        format!(
            "{name} survives in {missed} of {ranges} ranges of {range} seeds\n  {about}\n  source: {source}\n  \
             {scenario} should have shown it by {by}\n  to see what happens: leasehold run {scenario} --variant {name} --seeds 1..={range}"
        )
    }
}
