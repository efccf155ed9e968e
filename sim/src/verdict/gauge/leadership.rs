//! How long there was no leader, and how long it took until another served.
//!
//! There is no leader while none runs that a quorum of running voters takes for theirs; that counts from the first leader of the run on,
//! and all of a run in which there never was one.
//!
//! A failover begins with what took the leader away: the transfer that it began, or the fault that acted when its quorum was last
//! heard, within two heartbeats; where there was none, it begins when that quorum was last heard. It ends with the first operation
//! that is answered after the next leader has served one: by its lease, a ReadIndex round, or an entry that it has applied beyond
//! its first. One that has not ended with the run has taken until there.

use super::{Counts, Gauged, Stretch};
use crate::history::{Arrival, Fault, FaultPhase};
use crate::verdict::prelude::*;
use leasehold::env::Stamp;
use std::sync::Arc;

/// What is known of leaders.
#[derive(Default)]
pub(in crate::verdict) struct Leadership {
    heartbeat: Duration,
    /// There has been a leader.
    begun: bool,
    /// Since when there has been none.
    without: Option<SimTime>,
    /// How long there had been none by then.
    before: Duration,
    leader: Option<Leader>,
    /// When faults began, since the leader could serve.
    faults: Vec<SimTime>,
    failover: Option<Failover>,
    pub(super) over: Vec<Gauged>,
}

/// Who could serve last.
struct Leader {
    node: NodeId,
    term: u64,
    since: SimTime,
    /// When each voter's last answer arrived.
    heard: BTreeMap<NodeId, SimTime>,
    hands_over: Option<SimTime>,
}

/// From a leader to the next.
struct Failover {
    from: SimTime,
    to: NodeId,
    /// The entry with which the next leader could serve.
    index: u64,
    served: bool,
}

/// What is known of leaders, and the view that has taken in what happens.
struct Beside<'a> {
    leadership: &'a mut Leadership,
    view: &'a GroupView<'a>,
}

impl Beside<'_> {
    fn look(&mut self, at: SimTime) {
        self.leadership.looked(at, self.view);
    }
}

impl Hears for Beside<'_> {
    fn role(&mut self, at: SimTime, _: NodeId, _: Role, _: u64, _: Option<NodeId>) {
        self.look(at);
    }

    fn membership(&mut self, at: SimTime, _: NodeId, _: u64, _: &Arc<Membership>) {
        self.look(at);
    }

    fn stopped(&mut self, at: SimTime, _: NodeId) {
        self.look(at);
    }

    fn process(&mut self, at: SimTime, _: NodeId, _: ProcessChange) {
        self.look(at);
    }

    fn echo(&mut self, at: SimTime, Arrival { from, to, .. }: Arrival<'_>, stamp: Stamp) {
        if let Some(leader) = self.leadership.of(to).filter(|leader| leader.term == stamp.term) {
            leader.heard.insert(from, at);
        }
    }

    fn fault(&mut self, at: SimTime, fault: &Fault) {
        if fault.phase == FaultPhase::Activated && fault.verb.lasts() {
            self.leadership.faults.push(at);
        }
    }

    fn completed(&mut self, at: SimTime, _: OpId, completion: &Completion) {
        let is_over = |failover: &mut Failover| failover.served && !matches!(completion, Completion::Failed { .. });
        if let Some(Failover { from, .. }) = self.leadership.failover.take_if(is_over) {
            self.leadership.over.push(failover(from, at));
        }
    }

    fn transfer_started(&mut self, at: SimTime, node: NodeId, _: NodeId) {
        self.leadership.of(node).into_iter().for_each(|leader| leader.hands_over = Some(at));
    }

    fn transfer_aborted(&mut self, _: SimTime, node: NodeId) {
        self.leadership.of(node).into_iter().for_each(|leader| leader.hands_over = None);
    }

    fn caught_up(&mut self, at: SimTime, node: NodeId, term: u64, index: u64) {
        self.leadership.succeeded(at, node, (term, index), self.view);
    }

    fn served(&mut self, _: SimTime, node: NodeId) {
        self.leadership.served(node, None);
    }

    fn round_ended(&mut self, _: SimTime, node: NodeId, _: RoundCause, _: Duration, confirmed: bool) {
        if confirmed {
            self.leadership.served(node, None);
        }
    }

    fn applied(&mut self, _: SimTime, node: NodeId, entry: Place) {
        self.leadership.served(node, Some(entry.index));
    }
}

impl Leadership {
    /// Hears of a record that `view` has taken in already.
    pub(super) fn beside<'a>(&'a mut self, view: &'a GroupView<'a>) -> impl Hears + use<'a> {
        Beside { leadership: self, view }
    }

    pub(super) fn finish(&mut self, end: SimTime) -> Vec<Gauged> {
        let over = self.failover.take().map(|Failover { from, .. }| failover(from, end));
        let never = (!self.begun).then(SimTime::default);
        self.without.take().or(never).map(|from| leaderless(from, end)).into_iter().chain(over).collect()
    }

    pub(super) fn new(heartbeat: Duration) -> Self {
        Self { heartbeat, ..Self::default() }
    }

    /// How long there has been no leader until now, before the first of the run too.
    pub(in crate::verdict) fn leaderless_by(&self, now: SimTime) -> Duration {
        let since = self.without.or((!self.begun).then(SimTime::default));
        self.before + since.map_or(Duration::ZERO, |since| now.since(since))
    }

    /// Is there a leader?
    fn looked(&mut self, at: SimTime, view: &GroupView<'_>) {
        if view.followed_leader().is_some() {
            self.before = self.leaderless_by(at);
            self.begun = true;
            self.over.extend(self.without.take().map(|from| leaderless(from, at)));
        } else if self.begun {
            self.without.get_or_insert(at);
        }
    }

    fn of(&mut self, node: NodeId) -> Option<&mut Leader> {
        self.leader.as_mut().filter(|leader| leader.node == node)
    }

    fn served(&mut self, node: NodeId, applied: Option<u64>) {
        if let Some(failover) = self.failover.as_mut().filter(|failover| failover.to == node) {
            failover.served |= applied.is_none_or(|index| index > failover.index);
        }
    }

    /// A leader can serve, which is the first or comes after another.
    fn succeeded(&mut self, at: SimTime, node: NodeId, (term, index): (u64, u64), view: &GroupView<'_>) {
        if self.leader.as_ref().is_some_and(|leader| leader.term >= term) {
            return;
        }
        let leader = Leader { node, term, since: at, heard: BTreeMap::new(), hands_over: None };
        let Some(before) = self.leader.replace(leader) else { return };
        let from = before.hands_over.unwrap_or_else(|| {
            let lost = before.quorum_heard(view);
            let near = lost.after(self.heartbeat * 2);
            self.faults.iter().copied().find(|fault| (lost..=near).contains(fault)).unwrap_or(lost)
        });
        self.faults.retain(|fault| *fault >= from);
        let from = self.failover.take().map_or(from, |failover| failover.from);
        self.failover = Some(Failover { from, to: node, index, served: false });
    }
}

fn leaderless(from: SimTime, to: SimTime) -> Gauged {
    Gauged { span: Span::Leaderless, stretch: Stretch { from, to }, counts: Counts::ByItsParts }
}

fn failover(from: SimTime, to: SimTime) -> Gauged {
    Gauged { span: Span::Failover, stretch: Stretch { from, to }, counts: Counts::WhereItBegan }
}

impl Leader {
    /// When a quorum was last heard by it, itself included.
    fn quorum_heard(&self, view: &GroupView<'_>) -> SimTime {
        let members = view.members(self.node);
        let by = |voter: NodeId, at: SimTime| voter == self.node || self.heard.get(&voter).is_some_and(|it| *it >= at);
        let heard = self.heard.values().copied().filter(|at| members.is_quorum(|voter| by(voter, *at)));
        heard.max().unwrap_or(self.since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::testing::{Events, get, ms};
    use crate::view::View;
    use crate::words::Verb;
    use leasehold::observe::Event;

    /// The longest times in ms, in a run of ten seconds with a heartbeat of 100 ms.
    fn longest(events: &Events) -> (Option<u128>, Option<u128>) {
        let (mut leadership, mut view) = (Leadership::new(Duration::from_millis(100)), View::default());
        for record in events.records() {
            view.record(record);
            tell(record, &mut leadership.beside(&view.first()));
        }
        let mut all = std::mem::take(&mut leadership.over);
        all.extend(leadership.finish(ms(10_000)));
        let longest = |span| {
            let ended = all.iter().filter(|ended| ended.span == span);
            ended.map(|ended| ended.stretch.took().as_millis()).max()
        };
        (longest(Span::Leaderless), longest(Span::Failover))
    }

    /// Three nodes, n1 leads, n2 and n3 follow it.
    fn led() -> Events {
        let started = (1..=3).fold(Events::default(), |events, node| events.started(0, node, 1));
        let led = started.leads(10, 1, 4).follows_whom(20, 2, 4, 1).follows_whom(20, 3, 4, 1);
        led.event(20, 1, Event::CaughtUp { term: 4, index: 1 })
    }

    /// n2 leads from 3 s on, and n3 follows it.
    fn succeeded(events: Events) -> Events {
        let led = events.leads(3_000, 2, 5).follows_whom(3_010, 3, 5, 2);
        led.event(3_020, 2, Event::CaughtUp { term: 5, index: 9 })
    }

    #[test]
    fn there_is_no_leader_while_no_quorum_follows_one_that_runs() {
        assert_eq!(longest(&led()), (None, None), "before the first there is none to miss");
        assert_eq!(longest(&Events::default().started(0, 1, 1)).0, Some(10_000), "if there ever is one");
        assert_eq!(longest(&succeeded(led().killed(2_000, 1))).0, Some(1_010));
        let paused = led().process(2_000, 1, crate::history::ProcessChange::Paused);
        assert_eq!(longest(&paused.process(2_400, 1, crate::history::ProcessChange::Resumed)).0, Some(400));
        assert_eq!(longest(&led().killed(2_000, 3)).0, None, "two of three are a quorum");
        assert_eq!(longest(&led().killed(2_000, 1)).0, Some(8_000), "to the end of the run");
    }

    #[test]
    fn a_failover_begins_with_the_fault_and_ends_with_an_answer_of_the_next_leader() {
        let heard = || led().acknowledges(1_900, 2, 1, 4, 1_899);
        let crash = || heard().fault(2_000, 0, Verb::Crash, FaultPhase::Activated).killed(2_000, 1);
        let answered = |events: Events| events.hit(3_100, 2).invoke(3_100, 1, get(0)).read(3_200, 1, 0);
        assert_eq!(longest(&answered(succeeded(crash()))).1, Some(1_200));
        let none = heard().killed(2_000, 1);
        assert_eq!(longest(&answered(succeeded(none))).1, Some(1_300), "since its quorum was last heard");
        let handed = led().event(2_500, 1, Event::TransferStarted { to: NodeId(2) });
        assert_eq!(longest(&answered(succeeded(handed))).1, Some(700));
        let by_nobody = succeeded(crash()).invoke(3_100, 1, get(0)).read(3_200, 1, 0);
        assert_eq!(longest(&by_nobody).1, Some(8_000), "the next leader has served nobody");
    }
}
