//! Where two runs part, and what of that matters: why one passes and the other does not.
//!
//! Two runs of one seed are alike until something differs, so all that matters is compared word by word. Runs of two seeds differ in every
//! time; of those, what can be shared is compared: who leads, which leases end and why, what faults do, which operations fail.

use super::{Bundle, Event, Identity};
use crate::history::Matter;
use crate::time::SimTime;
use crate::words::Spelled;
use crate::world::decisions::Choice;
use std::collections::{BTreeMap, BTreeSet};

/// Two of something: of the first run and of the second.
pub type Both<T> = [T; 2];

/// Two runs beside each other.
pub struct Diff {
    /// Which they are.
    pub runs: Both<Identity>,
    /// What people call them.
    pub names: Both<String>,
    /// The first random choice that differs, and its number; `None`: both made the same.
    pub decision: Option<(u64, Both<Option<Choice>>)>,
    /// The first event that differs, its number, and the last that both have; `None`: the same happened.
    pub event: Option<(u64, Option<Event>, Both<Option<Event>>)>,
    /// The first event that differs of those that matter, by what they are about; `None` for a run: it has no more of them.
    pub matters: BTreeMap<Matter, Both<Option<Event>>>,
    /// Where only one of them failed: when, and what was so in each of them then.
    pub then: Option<(SimTime, Both<Standing>)>,
}

/// What was so at a moment: the last that was told of each matter.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// Who was the last to lead.
    pub leadership: Option<Event>,
    /// The last lease that ended.
    pub lease: Option<Event>,
    /// The last fault that acted.
    pub fault: Option<Event>,
}

/// Compares two runs.
///
/// # Errors
///
/// What is wrong with a bundle.
pub fn diff(one: &mut Bundle, other: &mut Bundle) -> Result<Diff, String> {
    let (runs, names) = ([one.identity.clone(), other.identity.clone()], [one.name(), other.name()].map(str::to_owned));
    let logs = [one.decisions()?, other.decisions()?];
    let decision = logs[0].first_difference(&logs[1]).map(|number| {
        let choices = logs.each_ref().map(|log| log.choice(number));
        (number as u64, choices)
    });
    let event = first_event([one, other])?;
    let is_same_seed = runs[0].seed == runs[1].seed;
    let of = |bundle: &mut Bundle| matters(bundle, is_same_seed);
    let told = [of(one)?, of(other)?];
    let matters = Matter::all().filter_map(|matter| Some((matter, parting(matter, &told, is_same_seed)?))).collect();
    let then = only_failure(&runs).map(|at| (at, told.each_ref().map(|told| standing(told, at))));
    Ok(Diff { runs, names, decision, event, matters, then })
}

impl Diff {
    /// Did the same happen in both?
    pub fn is_same(&self) -> bool {
        self.event.is_none() && self.runs[0].fingerprint == self.runs[1].fingerprint
    }

    /// The first difference that matters; of those at one time, that which comes first in the order of causes.
    pub fn first_that_matters(&self) -> Option<Matter> {
        let at = |both: &Both<Option<Event>>| both.iter().flatten().map(Event::at).min();
        let of_time = self.matters.iter().filter_map(|(matter, both)| Some((at(both)?, *matter)));
        of_time.min().map(|(_, matter)| matter)
    }
}

/// When the one run failed of which the other did not.
fn only_failure(runs: &Both<Identity>) -> Option<SimTime> {
    let failed = runs.each_ref().map(|run| run.failed.as_ref().map(|failed| SimTime(failed.at_ns)));
    match failed {
        [Some(at), None] | [None, Some(at)] => Some(at),
        [None, None] | [Some(_), Some(_)] => None,
    }
}

type First = (u64, Option<Event>, Both<Option<Event>>);

fn first_event([one, other]: [&mut Bundle; 2]) -> Result<Option<First>, String> {
    let (mut ones, mut others) = (one.events()?, other.events()?);
    let (mut before, mut number) = (None, 0);
    loop {
        let both = [ones.next().transpose()?, others.next().transpose()?];
        if both[0] != both[1] {
            return Ok(Some((number, before, both)));
        }
        let [event, _] = both;
        if event.is_none() {
            return Ok(None);
        }
        (before, number) = (event, number + 1);
    }
}

/// The events that matter; where only what `all` runs can share is compared, those that have a gist.
fn matters(bundle: &mut Bundle, all: bool) -> Result<Vec<Event>, String> {
    let mut told = Vec::new();
    for event in bundle.events()? {
        let event = event?;
        if event.about.is_some() && (all || event.gist.is_some()) {
            told.push(event);
        }
    }
    Ok(told)
}

/// The first of those about `matter` that differ.
fn parting(matter: Matter, told: &Both<Vec<Event>>, exactly: bool) -> Option<Both<Option<Event>>> {
    let [mut ones, mut others] = told.each_ref().map(|told| told.iter().filter(|event| event.is_about(matter)));
    if matter == Matter::Answer && !exactly {
        // When clients come differs, and so do the operations that fail. That they fail in a way of which the other run knows nothing matters.
        let own = [alone(&mut ones, &told[1]), alone(&mut others, &told[0])];
        return own.iter().any(Option::is_some).then_some(own);
    }
    loop {
        let both = [ones.next(), others.next()];
        let is_same = match both {
            [Some(one), Some(other)] if exactly => one == other,
            [Some(one), Some(other)] => one.gist == other.gist,
            [None, None] => return None,
            [Some(_), None] | [None, Some(_)] => false,
        };
        if !is_same {
            return Some(both.map(Option::<&Event>::cloned));
        }
    }
}

/// The first of `ones` whose gist none of `others` has.
fn alone<'a>(ones: &mut impl Iterator<Item = &'a Event>, others: &[Event]) -> Option<Event> {
    let has: BTreeSet<_> = others.iter().map(|other| &other.gist).collect();
    ones.find(|one| !has.contains(&one.gist)).cloned()
}

fn standing(told: &[Event], at: SimTime) -> Standing {
    let last = |matter: Matter| {
        let of = |event: &&Event| event.is_about(matter) && event.gist.is_some();
        told.iter().take_while(|event| event.at() <= at).filter(of).last().cloned()
    };
    Standing { leadership: last(Matter::Leadership), lease: last(Matter::Lease), fault: last(Matter::Fault) }
}
