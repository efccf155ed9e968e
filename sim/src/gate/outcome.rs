//! All that came of a gate, and what it means for the exit status.

use super::commit::Commit;
use super::fate::{Fate, Known};
use super::groups::{Group, Groups};
use super::house::House;
use super::moved::Moves;
use super::plan::Plan;
use super::prelude::*;
use super::signature::Kind;
use crate::report::{Figures, Left, Status, behaviour};
use crate::runner;
use crate::verdict::ManyRecoveries;

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// The name of the profile.
    pub name: String,
    /// The profile.
    pub profile: Profile,
    /// The commit.
    pub commit: Commit,
}

/// How a run came to its seed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Chosen {
    /// It is the first that the file pins: its figures are kept.
    First,
    /// The file pins it.
    Pinned,
    /// It was drawn from the commit.
    Drawn,
}

impl Chosen {
    /// That of a run of `group`.
    pub fn of(group: &runner::Group, seed: u64) -> Self {
        match group.scenario.seeds.iter().position(|pinned| pinned == seed) {
            Some(0) => Self::First,
            Some(_) => Self::Pinned,
            None => Self::Drawn,
        }
    }
}

/// What comes of a gate, run by run.
pub struct Outcome {
    request: Request,
    house: House,
    known: Known,
    groups: Groups,
    moves: Moves,
    /// Scenarios in which a drawn seed did not exercise what the floors demand, and how often.
    idle: BTreeMap<String, u64>,
    recoveries: BTreeMap<(String, String), ManyRecoveries>,
    status: Status,
    /// How many runs were judged, the first of the plan.
    judged: usize,
}

/// A gate that is over.
pub struct Ended {
    /// What was asked for.
    pub request: Request,
    /// The day.
    pub today: Date,
    /// The seeds that were drawn from the commit and owed.
    pub seeds: Vec<u64>,
    /// The failures, what is new first.
    pub groups: Vec<Group>,
    /// The known failures, and what became of each.
    pub known: Vec<(KnownFailure, Fate)>,
    /// What moved.
    pub moves: Moves,
    /// Scenarios in which a drawn seed did not exercise what the floors demand, and how often: it shows nothing, and nothing wrong.
    pub idle: BTreeMap<String, u64>,
    /// How many runs were judged.
    pub judged: u64,
    /// How many of those were not owed, and made because there was time.
    pub more: u64,
    /// How many were owed.
    pub owed: u64,
    /// What was owed and not run: scenario, variant, and how many of how many runs.
    pub not_run: Vec<([String; 2], [u64; 2])>,
    /// How long it took.
    pub took: Duration,
    /// What it all means.
    pub status: Status,
}

impl Outcome {
    /// Nothing has run yet.
    pub fn new(request: Request, house: House, known: Known) -> Self {
        let (groups, moves, idle, recoveries) = Default::default();
        Self { request, house, known, groups, moves, idle, recoveries, status: Status::AsExpected, judged: 0 }
    }

    /// Counts the next run of the plan, with what it has left, and how it came to its seed. Returns whether something of it is wrong and not
    /// known.
    pub fn see(&mut self, report: &RunReport, left: &Left, chosen: Chosen) -> bool {
        self.judged += 1;
        let title = title(&report.path);
        self.known.ran(&title, &report.variant);
        let recoveries = self.recoveries.entry((title.clone(), report.variant.clone())).or_default();
        recoveries.add(&report.recoveries, report.verdict.fails_as_expected());
        if chosen == Chosen::First {
            self.compare(&title, report);
        }
        if report.verdict.as_expected {
            return false;
        }
        // Floors are set by the seeds that a file pins; another may well meet less.
        if chosen == Chosen::Drawn && report.verdict.class == Some(Class::Vacuous) {
            *self.idle.entry(title).or_default() += 1;
            return false;
        }
        let known = &self.known;
        let is_new = self.groups.add(report, left, |kind, title| known.find(kind, title));
        if is_new {
            self.status = self.status.max(Status::of(report));
        }
        is_new
    }

    fn compare(&mut self, title: &str, report: &RunReport) {
        let now = Figures::of_all(&behaviour(report)).pop().unwrap_or_default();
        let pins = self.house.pins(title).unwrap_or_default();
        let own = pins.first().is_none_or(|own| own.variant == report.variant);
        let run = if own { title.to_owned() } else { format!("{title}::{}", report.variant) };
        self.moves.compare(&run, &now, pins.iter().find(|pin| pin.variant == report.variant));
    }

    /// There are no more runs of `plan`. `interrupted`: somebody wants no more; else, if something is missing, there was no time.
    pub fn end(mut self, plan: &Plan, took: Duration, interrupted: bool) -> Ended {
        for ((title, variant), recoveries) in std::mem::take(&mut self.recoveries) {
            let Some(shortfall) = recoveries.shortfall() else { continue };
            let signature = super::signature(&shortfall);
            let kind = Kind { class: Some(Class::Liveness), check: "recovers".to_owned(), variant, signature };
            let known = self.known.find(&kind, &title);
            self.status = self.status.max(if known.is_some() { Status::AsExpected } else { Status::Failed });
            self.groups.add_of_many(kind, &title, shortfall, known);
        }
        let is_whole = self.judged >= plan.owed;
        let gone_after = self.request.profile.unseen_after.filter(|_| is_whole).map(u64::from);
        let fates = self.known.fates(self.groups.seen(), gone_after);
        let groups = self.groups.sorted();
        let status = match (is_whole, interrupted) {
            (true, _) => self.status,
            (false, true) => Status::Interrupted,
            (false, false) => self.status.max(Status::OutOfTime),
        };
        let status = if fates.iter().any(|fate| fate.fails()) { status.max(Status::Failed) } else { status };
        Ended {
            today: self.known.today(),
            seeds: plan.seeds.clone(),
            groups,
            known: self.known.entries().iter().cloned().zip(fates).collect(),
            moves: self.moves.sorted(),
            idle: self.idle,
            judged: self.judged as u64,
            more: self.judged.saturating_sub(plan.owed) as u64,
            owed: plan.owed as u64,
            not_run: not_run(plan, self.judged),
            took,
            status,
            request: self.request,
        }
    }
}

/// What was owed and not run, in the order of the plan.
fn not_run(plan: &Plan, judged: usize) -> Vec<([String; 2], [u64; 2])> {
    let mut missing: Vec<([String; 2], [u64; 2])> = Vec::new();
    for (nth, spec) in plan.specs.iter().take(plan.owed).enumerate() {
        let run = [title(&spec.scenario.path), spec.variant.name.to_owned()];
        let is_missing = u64::from(nth >= judged);
        match missing.iter_mut().find(|(known, _)| *known == run) {
            Some((_, [number, all])) => (*number, *all) = (*number + is_missing, *all + 1),
            None => missing.push((run, [is_missing, 1])),
        }
    }
    missing.retain(|(_, [number, _])| *number > 0);
    missing
}
