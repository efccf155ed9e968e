//! All checks of a run: each record goes to those that have a handler for it.
//!
//! A call to a check that has nothing to say costs about as much as most that have: handlers are as fine as it takes for the frequent
//! records to reach only those who look at them.

use super::handlers::{Arrival, By, Check, Hearers, LeaseRead, Now, Opened, Place, Vote};
use super::{CheckInfo, Finding, Leaderless, Premises};
use crate::history::{Fate, OpId, ProcessChange, Record, StackRecord, What};
use crate::time::SimTime;
use crate::view::View;
use crate::view::acknowledged::Extension;
use crate::words::Says;
use leasehold::env::Address;
use leasehold::observe::{Event, Role};

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
    nodes: View,
    premises: Premises,
    checks: Vec<Watch>,
    hearers: Hearers,
    /// When the last record came.
    last: SimTime,
}

/// `tell!(self, hearers, handler(given))`: every check that has this handler is given this.
macro_rules! tell {
    ($to:ident, $hearers:ident, $handler:ident($($given:expr),*)) => {
        $to.tell(&mut $hearers.$handler, |check, now| check.$handler(now, $($given),*))
    };
}

impl Panel {
    /// Fresh checks, for a run of which `nodes` may know who founded the group.
    pub fn new(nodes: View, premises: Premises, checks: impl IntoIterator<Item = &'static CheckInfo>) -> Self {
        let watch = |info: &'static CheckInfo| Watch { info, check: (info.build)(), evaluated: 0 };
        let checks: Vec<Watch> = checks.into_iter().map(watch).collect();
        Self { nodes, premises, hearers: Hearers::new(checks.len()), checks, last: SimTime::default() }
    }

    /// Sees one record. Returns what was found, in the order of the checks.
    pub fn record(&mut self, record: &Record) -> Vec<Finding> {
        let Self { nodes, premises, checks, hearers, last } = self;
        nodes.record(record);
        let mut telling = Telling { at: record.at, nodes, premises, checks, found: Vec::new() };
        if std::mem::replace(last, record.at) < record.at {
            tell!(telling, hearers, time_passed());
        }
        telling.record(&record.what, hearers);
        let mut found = telling.found;
        if found.is_empty() {
            return Vec::new();
        }
        // A record may go to several handlers, one after the other.
        found.sort_by_key(|(position, _)| *position);
        found.into_iter().map(|(_, found)| found).collect()
    }

    /// The run is over, at `end`.
    pub fn finish(&mut self, end: SimTime) -> Vec<Finding> {
        let mut found = Vec::new();
        for Watch { info, check, evaluated } in &mut self.checks {
            let now = Now::new(end, &self.nodes, &self.premises, info);
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
    pub fn nodes(&self) -> &View {
        &self.nodes
    }

    /// Each check.
    pub fn checks(&self) -> impl Iterator<Item = &Watch> {
        self.checks.iter()
    }
}

/// A record on its way to the checks.
struct Telling<'a> {
    at: SimTime,
    nodes: &'a View,
    premises: &'a Premises,
    checks: &'a mut [Watch],
    found: Vec<(usize, Finding)>,
}

impl Telling<'_> {
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

    /// The one place where records are told apart for the checks.
    fn record(&mut self, what: &What, hearers: &mut Hearers) {
        match what {
            What::Invoked(invocation) => tell!(self, hearers, invoked(invocation)),
            What::Completed { op, completion } => tell!(self, hearers, completed(*op, completion)),
            What::Stack(told) => self.told(told, hearers),
            What::Message { from: Address::Node(from), to: Address::Node(to), fate, kind, head, echo, .. } => {
                let arrival = Arrival { from: *from, to: *to, head };
                self.between_nodes(arrival, kind.says(), *fate == Fate::Delivered, hearers);
                if echo.is_some() && *fate == Fate::Delivered {
                    tell!(self, hearers, echo(arrival));
                }
            }
            What::Message {
                from: Address::Client(_), to: Address::Node(node), fate: Fate::Delivered, head, ..
            } => {
                tell!(self, hearers, asked(*node, OpId(head.call)));
            }
            What::Message { from: Address::Node(node), to: Address::Client(_), head, .. } => {
                tell!(self, hearers, answered(*node, OpId(head.call)));
            }
            // A request that does not arrive is none of any check's.
            What::Message { from: Address::Client(_), .. } => {}
            What::Process { node, change } => {
                if let ProcessChange::Started { .. } = change {
                    tell!(self, hearers, started(*node));
                }
                tell!(self, hearers, process(*node, *change));
            }
            What::Cpu { node, .. } => tell!(self, hearers, second(*node)),
            What::Clock { replica, lease_until, .. } => tell!(self, hearers, clock(replica.node, *lease_until)),
            What::Fault(fault) => tell!(self, hearers, fault(fault)),
        }
    }

    fn between_nodes(&mut self, arrival: Arrival<'_>, says: Says, arrived: bool, hearers: &mut Hearers) {
        let Arrival { from, head, .. } = arrival;
        match says {
            Says::Beats | Says::Leads => tell!(self, hearers, told_commit(from, head.commit)),
            Says::Hears
            | Says::Holds
            | Says::Probes
            | Says::Stands
            | Says::Votes
            | Says::HandsOver
            | Says::Calls
            | Says::Answers => {}
        }
        if !arrived {
            return;
        }
        match says {
            Says::Beats => tell!(self, hearers, heartbeat(arrival)),
            Says::Holds => tell!(self, hearers, acknowledged(arrival)),
            Says::Stands => tell!(self, hearers, candidacy(arrival)),
            Says::Votes => tell!(self, hearers, vote(arrival)),
            Says::HandsOver => tell!(self, hearers, handover(arrival)),
            // What they say promises nothing.
            Says::Leads | Says::Hears | Says::Probes | Says::Calls | Says::Answers => {}
        }
    }

    fn told(&mut self, StackRecord { replica, event, clock, effect, .. }: &StackRecord, hearers: &mut Hearers) {
        let node = replica.node;
        let Some(state) = self.nodes.get(node) else { return };
        let by = By { node, clock: *clock, state };
        match *event {
            Event::Configured(timing) => tell!(self, hearers, configured(by, timing)),
            Event::Role { role: Role::Leader, .. } => tell!(self, hearers, leads(by)),
            Event::Role { role: Role::Follower | Role::PreCandidate | Role::Candidate, .. } => {
                tell!(self, hearers, leads_not(by));
                tell!(self, hearers, falls(by));
            }
            Event::CaughtUp { .. } => tell!(self, hearers, caught_up(by)),
            Event::LeaseExtended { term, generation, base, expiry } => {
                let incarnation = state.incarnation;
                let lease = Extension { node, incarnation, term, generation, base, expiry };
                tell!(self, hearers, lease_extended(by, lease));
            }
            Event::LeaseEnded { generation, cause, held } => {
                tell!(self, hearers, lease_ended(by, generation, cause, held));
            }
            Event::LeaseRead { miss, now, .. } => {
                if miss.is_none() {
                    tell!(self, hearers, served(by));
                }
                tell!(self, hearers, lease_read(by, LeaseRead { miss, reading: now }));
            }
            Event::RoundStarted { cause, again } => tell!(self, hearers, round_started(by, cause, again)),
            Event::RoundEnded { cause, waited, confirmed } => {
                tell!(self, hearers, round_ended(by, cause, waited, confirmed));
            }
            Event::TransferStarted { to } => tell!(self, hearers, transfer_started(by, to)),
            Event::TransferAborted { .. } => tell!(self, hearers, transfer_aborted(by)),
            Event::Opened { term, vote, last_index, last_term, withholds } => {
                let opened = Opened { voted: Vote { term, vote }, last: (last_term, last_index), withholds };
                tell!(self, hearers, opened(by, opened));
            }
            Event::Voted { term, vote } => tell!(self, hearers, voted(by, Vote { term, vote })),
            Event::Appended { index, term, digest } => {
                tell!(self, hearers, appended(by, Place { index, term, digest }));
            }
            Event::Applied { index, term, digest } => {
                if let Some(effect) = effect {
                    tell!(self, hearers, effect(index, effect));
                }
                tell!(self, hearers, applied(by, Place { index, term, digest }));
            }
            Event::ChangeAppended { index } => tell!(self, hearers, change_appended(by, index)),
            Event::Membership { index, ref members } => tell!(self, hearers, membership(by, index, members)),
            Event::CampaignedAmidChange { index, commit } => {
                tell!(self, hearers, campaigned_amid_change(by, index, commit));
            }
            Event::SnapshotTaken { index, term, digest, .. } => {
                tell!(self, hearers, snapshot_taken(by, Place { index, term, digest }));
            }
            Event::SnapshotRestored { index, term, digest, .. } => {
                tell!(self, hearers, snapshot_restored(by, Place { index, term, digest }));
            }
            Event::LogCompacted { .. } => tell!(self, hearers, log_compacted(by)),
            Event::Conflict { .. } => tell!(self, hearers, conflict(by)),
            Event::LaneFull { lane, .. } | Event::InboxFull { lane } => tell!(self, hearers, queue_full(by, lane)),
            Event::Stopped { .. } => tell!(self, hearers, falls(by)),
            // No check looks at these. One that does gives them a handler.
            Event::TimeoutNowSent { .. }
            | Event::QuorumChecked { .. }
            | Event::StaleTimeoutNow
            | Event::VoteWithheld { .. }
            | Event::SnapshotSent { .. }
            | Event::SnapshotUnanswered { .. }
            | Event::Script { .. } => {}
        }
    }
}

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
            Some(now.bare_finding(format!("{} of {}", by.node, now.nodes.count()), Vec::new()))
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
