//! All checks of a run: each record goes to those that have a handler for it.
//!
//! They are those of one group: what is told of another is nothing to them.
//!
//! A call to a check that has nothing to say costs about as much as most that have: handlers are as fine as it takes for the frequent
//! records to reach only those who look at them.

use super::handlers::{By, Check, Hearers, Now};
use super::{CheckInfo, Finding, Leaderless, Premises};
use crate::history::{
    self, Arrival, Completion, Counts, Effect, Extension, Fault, Hears, Invocation, LeaseRead, Moved, OpId, Opened,
    Place, ProcessChange, Record, ScriptEnded, Vote, handlers,
};
use crate::time::SimTime;
use crate::view::{GroupView, View};
use leasehold::env::{GroupId, Instant, Lane, NodeId, Stamp};
use leasehold::error::{ErrorKind, Outcome};
use leasehold::observe::{EndCause, Membership, Role, RoundCause, Timing};
use std::sync::Arc;
use std::time::Duration;

/// A check at work, and what it is.
pub struct Watch {
    /// What it is.
    pub info: &'static CheckInfo,
    check: Box<dyn Check>,
    evaluated: u64,
}

impl Watch {
    /// How often the property was evaluated so far.
    pub fn evaluated(&self) -> u64 {
        self.evaluated
    }
}

/// The checks of one run, and what they have in common.
pub struct Panel {
    group: GroupId,
    view: View,
    premises: Premises,
    checks: Vec<Watch>,
    hearers: Hearers,
    /// When the last record came.
    last: SimTime,
}

impl Panel {
    /// Fresh checks of the first group, for a run of which `view` may know who founded it.
    pub fn new(view: View, premises: Premises, checks: impl IntoIterator<Item = &'static CheckInfo>) -> Self {
        Self::of(GroupId::FIRST, view, premises, checks)
    }

    /// The same of any group.
    pub fn of(
        group: GroupId,
        view: View,
        premises: Premises,
        checks: impl IntoIterator<Item = &'static CheckInfo>,
    ) -> Self {
        let watch = |info: &'static CheckInfo| Watch { info, check: (info.build)(), evaluated: 0 };
        let checks: Vec<Watch> = checks.into_iter().map(watch).collect();
        Self { group, view, premises, hearers: Hearers::new(checks.len()), checks, last: SimTime::default() }
    }

    /// Sees one record. Returns what was found, in the order of the checks.
    pub fn record(&mut self, record: &Record) -> Vec<Finding> {
        let Self { group, view, premises, checks, hearers, last } = self;
        view.record(record);
        if record.what.group().is_some_and(|about| about != *group) {
            return Vec::new();
        }
        let nodes = &view.within(*group);
        let mut news = News { at: record.at, nodes, premises, checks, found: Vec::new() };
        if std::mem::replace(last, record.at) < record.at {
            news.tell(&mut hearers.time_passed, |check, now| check.time_passed(now));
        }
        let mut telling = Telling { news, hearers, by: None };
        history::tell(record, &mut telling);
        let mut found = telling.news.found;
        if found.is_empty() {
            return Vec::new();
        }
        // A record may go to several handlers, one after the other.
        found.sort_by_key(|(position, _)| *position);
        found.into_iter().map(|(_, found)| found).collect()
    }

    /// Takes in what a record of another group says of who has which keys.
    pub fn overhear(&mut self, record: &Record) {
        self.view.overhear(record);
    }

    /// The key of an operation goes to another group, at `at`: what becomes of it is told there.
    pub fn leaves(&mut self, at: SimTime, op: OpId) {
        self.view.leaves(op);
        self.tell(at, |telling| telling.leaves(at, op));
    }

    /// The key of an operation has come from another group, at `at`. It is under way, or was given up with its fate unknown.
    pub fn comes(&mut self, at: SimTime, invocation: &Invocation, given_up: bool) {
        if !given_up {
            self.view.comes(at, invocation);
        }
        self.tell(at, |telling| telling.comes(at, invocation, given_up));
    }

    /// Tells the checks what is no record, and of which nothing is found.
    fn tell(&mut self, at: SimTime, what: impl FnOnce(&mut Telling<'_>)) {
        let Self { group, view, premises, checks, hearers, .. } = self;
        let news = News { at, nodes: &view.within(*group), premises, checks, found: Vec::new() };
        what(&mut Telling { news, hearers, by: None });
    }

    /// The run is over, at `end`.
    pub fn finish(&mut self, end: SimTime) -> Vec<Finding> {
        let (mut found, nodes) = (Vec::new(), self.view.within(self.group));
        for Watch { info, check, evaluated } in &mut self.checks {
            let now = Now::new(end, &nodes, &self.premises, info);
            found.extend(check.at_end(&now));
            *evaluated += now.judged();
        }
        found
    }

    /// How long it took after faults until there was a leader again.
    pub fn recoveries(&self) -> impl Iterator<Item = &Leaderless> {
        self.checks.iter().flat_map(|watch| watch.check.recoveries())
    }

    /// What is known of the nodes.
    pub fn nodes(&self) -> GroupView<'_> {
        self.view.within(self.group)
    }

    /// The group.
    pub fn group(&self) -> GroupId {
        self.group
    }

    /// Each check.
    pub fn checks(&self) -> impl Iterator<Item = &Watch> {
        self.checks.iter()
    }
}

/// A record on its way to the checks.
struct Telling<'a> {
    news: News<'a>,
    hearers: &'a mut Hearers,
    /// Who tells it, if a node does.
    by: Option<By<'a>>,
}

/// What is known when a record comes, and what is found then.
struct News<'a> {
    at: SimTime,
    nodes: &'a GroupView<'a>,
    premises: &'a Premises,
    checks: &'a mut [Watch],
    found: Vec<(usize, Finding)>,
}

impl News<'_> {
    #[inline]
    fn tell(&mut self, hearers: &mut Vec<usize>, handler: impl Fn(&mut dyn Check, &Now<'_>) -> Option<Finding>) {
        let mut deaf = Vec::new();
        for position in hearers.iter() {
            let watch = &mut self.checks[*position];
            let now = Now::new(self.at, self.nodes, self.premises, watch.info);
            if let Some(found) = handler(&mut *watch.check, &now) {
                self.found.push((*position, found));
            }
            watch.evaluated += now.judged();
            if now.is_deaf() {
                deaf.push(*position);
            }
        }
        if !deaf.is_empty() {
            hearers.retain(|position| !deaf.contains(position));
        }
    }
}

macro_rules! telling {
    (
        $($(#[$about:meta])* $handler:ident($($given:ident: $of:ty),*);)*
        =>
        $($(#[$says:meta])* $told:ident($($fact:ident: $is:ty),*);)*
    ) => {
        impl Hears for Telling<'_> {
            fn tells(&mut self, _: SimTime, node: NodeId, clock: Instant) {
                self.by = self.news.nodes.get(node).map(|state| By { node, clock, state });
            }

            $(fn $handler(&mut self, _: SimTime, $($given: $of),*) {
                self.news.tell(&mut self.hearers.$handler, |check, now| check.$handler(now, $($given),*));
            })*

            $(fn $told(&mut self, _: SimTime, _: NodeId, $($fact: $is),*) {
                let Some(by) = self.by else { return };
                self.news.tell(&mut self.hearers.$told, |check, now| check.$told(now, by, $($fact),*));
            })*
        }
    };
}

handlers!(telling);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{Events, ms};
    use crate::scenario::Class;
    use leasehold::observe::Miss;

    /// Has two handlers, and evaluates something in both.
    #[derive(Default)]
    struct OfReads;

    impl Check for OfReads {
        fn lease_read(&mut self, now: &Now<'_>, by: By<'_>, _: LeaseRead) -> Option<Finding> {
            now.judge();
            Some(now.bare_finding(format!("{} of {}", by.node, now.nodes.iter().count()), Vec::new()))
        }

        fn at_end(&mut self, now: &Now<'_>) -> Vec<Finding> {
            now.judge();
            vec![now.bare_finding("end".to_owned(), Vec::new()).potential()]
        }
    }

    #[derive(Default)]
    struct OfHits;

    impl Check for OfHits {
        fn served(&mut self, now: &Now<'_>, _: By<'_>) -> Option<Finding> {
            now.judge();
            now.judge();
            Some(now.bare_finding("hit".to_owned(), Vec::new()))
        }
    }

    const READS: CheckInfo = CheckInfo::of::<OfReads>("reads", Class::Liveness, "", "");
    const HITS: CheckInfo = CheckInfo::of::<OfHits>("hits", Class::Expectation, "", "");

    fn panel() -> Panel {
        Panel::new(View::default(), Premises::of_tests(), [&READS, &HITS])
    }

    fn seen(panel: &mut Panel, events: &Events) -> Vec<(&'static str, String)> {
        let found = events.records().iter().flat_map(|record| panel.record(record));
        found.map(|finding| (finding.check, finding.message)).collect()
    }

    #[test]
    fn a_record_goes_to_those_who_have_a_handler_for_it() {
        let mut panel = panel();
        let events = Events::default().leads(1, 1, 4).applies(2, 1, 1, 4, 0).missed(3, 2, Miss::Cold);
        assert_eq!(seen(&mut panel, &events), [("reads", "n2 of 2".to_owned())], "and the view knows of it before");
        assert_eq!(panel.checks().map(Watch::evaluated).collect::<Vec<_>>(), [1, 0]);
    }

    #[test]
    fn what_is_told_of_another_group_is_nothing_to_the_checks() {
        let mut panel = panel();
        let others = Events::default().missed(2, 1, Miss::Cold).hit(3, 1).of_second();
        assert_eq!(seen(&mut panel, &Events::default().leads(1, 1, 4).then(others)), []);
        assert_eq!(panel.evaluated(), 0);
    }

    #[test]
    fn what_two_handlers_find_comes_in_the_order_of_the_checks() {
        let found = seen(&mut panel(), &Events::default().hit(1, 1));
        assert_eq!(found, [("reads", "n1 of 1".to_owned()), ("hits", "hit".to_owned())], "though hits are told first");
    }

    #[test]
    fn whoever_has_no_handler_is_called_once_and_never_again() {
        let mut panel = panel();
        assert_eq!((panel.hearers.leads.len(), panel.hearers.served.len()), (2, 2), "nothing is known yet");
        seen(&mut panel, &Events::default().leads(1, 1, 4).hit(2, 1));
        assert_eq!((panel.hearers.leads.len(), &panel.hearers.served[..]), (0, &[1][..]));
        assert_eq!(&panel.hearers.lease_read[..], [0]);
        assert_eq!(seen(&mut panel, &Events::default().leads(3, 1, 4).hit(4, 1)).len(), 2);
    }

    #[test]
    fn what_is_judged_at_the_end_is_counted_too() {
        let mut panel = panel();
        let found = panel.finish(ms(7));
        assert_eq!(
            found.iter().map(|found| (found.check, found.class, found.at)).collect::<Vec<_>>(),
            [("reads", Class::Liveness, ms(7))]
        );
        assert_eq!(panel.evaluated(), 1);
    }
}
