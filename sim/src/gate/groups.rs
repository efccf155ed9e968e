//! The failures of all runs, in groups of those that are the same.

use super::prelude::*;
use super::signature::Kind;
use crate::report::{Left, command};
use crate::verdict::EXPECTED_TO_PASS;

/// So many seeds of a group are remembered.
const SEEDS: usize = 12;

/// Failures of one kind, all of them known or none.
#[derive(Clone, PartialEq, Debug)]
pub struct Group {
    /// Which.
    pub kind: Kind,
    /// The known failure that it is, by number; `None`: it is new, or was known for too long.
    pub known: Option<usize>,
    /// How many runs failed so.
    pub runs: u64,
    /// Where, and how many there.
    pub scenarios: BTreeMap<String, u64>,
    /// The first seeds.
    pub seeds: Vec<u64>,
    /// The first failure in its own words.
    pub message: String,
    /// The command that shows it again; `None`: it is of many runs together.
    pub command: Option<String>,
    /// The first bundle.
    pub bundle: Option<PathBuf>,
    /// The verbs that were effective, and in how many of the runs.
    pub amid: BTreeMap<&'static str, u64>,
    /// What else failed, and in how many of the runs.
    pub beside: BTreeMap<Kind, u64>,
}

impl Group {
    /// The verbs that were effective in each of its runs.
    pub fn always_amid(&self) -> impl Iterator<Item = &'static str> {
        self.amid.iter().filter(|(_, runs)| **runs == self.runs).map(|(verb, _)| *verb)
    }
}

/// The groups so far.
#[derive(Clone, Debug, Default)]
pub struct Groups {
    groups: BTreeMap<(Option<usize>, Kind), Group>,
    /// In how many runs each known failure was seen, by number.
    seen: BTreeMap<usize, u64>,
}

impl Groups {
    /// Sorts in a run that was not as expected, with what it has left; `known` says which known failure a kind is in the run's scenario.
    /// Returns whether something of it is new: what is known excuses itself alone.
    pub fn add(&mut self, report: &RunReport, left: &Left, known: impl Fn(&Kind, &str) -> Option<usize>) -> bool {
        let title = title(&report.path);
        // What a file expects of a variant and did not come is no failure that could be known.
        let missed = report.verdict.unexpected.iter().filter(|words| !words.starts_with(EXPECTED_TO_PASS));
        let missed = missed.filter(|_| report.verdict.class != Some(Class::Panic));
        let mut kinds: Vec<(Kind, String)> =
            missed.map(|words| (Kind::unexpected(words, &report.variant), words.clone())).collect();
        for failure in &report.verdict.failures {
            let kind = Kind::of(failure, &report.variant);
            if kinds.iter().all(|(other, _)| *other != kind) {
                kinds.push((kind, failure.message.clone()));
            }
        }
        if kinds.is_empty() {
            kinds.push((Kind::unexpected("", &report.variant), String::new()));
        }
        let entries: Vec<Option<usize>> = kinds.iter().map(|(kind, _)| known(kind, &title)).collect();
        let distinct: BTreeSet<usize> = entries.iter().flatten().copied().collect();
        distinct.into_iter().for_each(|entry| *self.seen.entry(entry).or_default() += 1);
        let new = entries.iter().position(Option::is_none);
        let lead = new.unwrap_or_default();
        let (kind, message) = kinds.remove(lead);
        let group = self.group(kind, entries[lead], message, || Some(command(report)));
        *group.scenarios.entry(title).or_default() += 1;
        group.runs += 1;
        if group.seeds.len() < SEEDS && !group.seeds.contains(&report.seed) {
            group.seeds.push(report.seed);
        }
        group.bundle = group.bundle.take().or_else(|| left.bundle.clone());
        let effective = report.faults.iter().filter(|(_, count)| count.effective > 0);
        effective.for_each(|(verb, _)| *group.amid.entry(*verb).or_default() += 1);
        kinds.into_iter().for_each(|(kind, _)| *group.beside.entry(kind).or_default() += 1);
        new.is_some()
    }

    /// Sorts in what can be said of many runs of a scenario alone.
    pub fn add_of_many(&mut self, kind: Kind, title: &str, message: String, known: Option<usize>) {
        known.into_iter().for_each(|entry| *self.seen.entry(entry).or_default() += 1);
        let group = self.group(kind, known, message, || None);
        group.runs += 1;
        *group.scenarios.entry(title.to_owned()).or_default() += 1;
    }

    fn group(
        &mut self,
        kind: Kind,
        known: Option<usize>,
        message: String,
        command: impl FnOnce() -> Option<String>,
    ) -> &mut Group {
        self.groups.entry((known, kind.clone())).or_insert_with(|| Group {
            kind,
            known,
            runs: 0,
            scenarios: BTreeMap::new(),
            seeds: Vec::new(),
            message,
            command: command(),
            bundle: None,
            amid: BTreeMap::new(),
            beside: BTreeMap::new(),
        })
    }

    /// In how many runs each known failure was seen, by number.
    pub fn seen(&self) -> &BTreeMap<usize, u64> {
        &self.seen
    }

    /// Those that are new, the gravest first, of one class those with the most runs; then those that are known.
    pub fn sorted(self) -> Vec<Group> {
        let mut groups: Vec<Group> = self.groups.into_values().collect();
        let gravity = |group: &Group| (group.kind.class.is_none(), group.kind.class);
        groups.sort_by(|one, other| {
            let order = one.known.is_some().cmp(&other.known.is_some()).then(gravity(one).cmp(&gravity(other)));
            order.then(other.runs.cmp(&one.runs)).then(one.kind.cmp(&other.kind))
        });
        groups
    }
}
