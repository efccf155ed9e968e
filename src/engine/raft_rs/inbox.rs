//! What waits for the event loop: what its helpers have done, ticks, requests of this node, messages of the others.
//!
//! What the helpers have done is taken first: it is never more than one write and one batch that was applied. Then two bounded queues for messages, as in the reference (elastickv #1044): what leadership depends on is taken first, up to 64 in
//! a row; otherwise the sources take turns, so that none starves another.

use super::applier::Done;
use crate::engine::MembershipChange;
use crate::engine::callers::Reply;
use crate::env::{Instant, Lane, NodeId, Reading};
use crate::error::{Error, Outcome};
use crate::observe::RoundCause;
use crate::rules::{Rule, at_most};
use crate::transport::Packet;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::{Context, Poll, Waker};

/// How many messages of the heartbeat lane are taken in a row before the other sources get a turn.
const BURST: u32 = 64;

/// A command for the log.
pub(super) struct Proposal {
    pub(super) command: Vec<u8>,
    /// When it was asked for.
    pub(super) asked: Reading,
    pub(super) reply: Reply<super::Applied>,
}

/// A read that is to be confirmed by a round.
pub(super) struct ReadIndex {
    pub(super) cause: RoundCause,
    /// An earlier round for the same read was not answered.
    pub(super) again: bool,
    pub(super) reply: Reply<u64>,
}

/// What this node asks of its engine.
pub(super) enum Ask {
    Propose(Proposal),
    ReadIndex(ReadIndex),
    Transfer { to: NodeId, reply: Reply<()> },
    ChangeMembership { change: MembershipChange, reply: Reply<u64> },
}

/// The next thing for the loop to do.
pub(super) enum Input {
    /// The write that was under way has ended.
    Written(Result<(), Error>),
    /// The applier has done what it was told.
    Applied(Result<Done, Error>),
    Tick,
    Ask(Ask),
    Packet(Box<Packet>),
}

/// Which inputs are asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// All of them.
    Any,
    /// What the helpers have done.
    Done,
}

pub(super) struct Inbox {
    heartbeat_bound: usize,
    bulk_bound: usize,
    asks_bound: usize,
    queues: Mutex<Queues>,
}

#[derive(Default)]
struct Queues {
    /// What the helpers have done.
    done: VecDeque<Input>,
    heartbeat: VecDeque<Box<Packet>>,
    bulk: VecDeque<Box<Packet>>,
    asks: VecDeque<Ask>,
    ticks: u32,
    /// How many ticks there were, those that were lost too.
    ticked: u64,
    /// How many of the heartbeat lane were taken in a row.
    burst: u32,
    /// Whose turn it is among tick, asks and bulk.
    turn: u8,
    closed: bool,
    waker: Option<Waker>,
}

/// Why the inbox did not take it.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Refused {
    /// The queue is full.
    Full,
    /// The engine has stopped.
    Closed,
}

impl From<Refused> for Error {
    /// What was not even taken has had no effect.
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Full => Error::Overloaded,
            Refused::Closed => Error::Closed(Outcome::NotApplied),
        }
    }
}

impl Inbox {
    pub(super) fn new(heartbeat_bound: usize, bulk_bound: usize, asks_bound: usize) -> Self {
        Self { heartbeat_bound, bulk_bound, asks_bound, queues: Mutex::default() }
    }

    pub(super) fn ask(&self, ask: Ask) -> Result<(), Refused> {
        self.put(|queues| {
            if queues.asks.len() >= self.asks_bound {
                return Err(Refused::Full);
            }
            queues.asks.push_back(ask);
            Ok(())
        })
    }

    /// The writer has done what it was told.
    pub(super) fn written(&self, written: Result<(), Error>) {
        self.done(Input::Written(written));
    }

    /// The applier has done what it was told.
    pub(super) fn applied(&self, done: Result<Done, Error>) {
        self.done(Input::Applied(done));
    }

    fn done(&self, done: Input) {
        let _ = self.put(|queues| {
            queues.done.push_back(done);
            Ok(())
        });
    }

    pub(super) fn deliver(&self, packet: Box<Packet>) -> Result<(), Refused> {
        self.put(|queues| {
            let (queue, bound) = match packet.lane {
                Lane::Heartbeat => (&mut queues.heartbeat, self.heartbeat_bound),
                Lane::Bulk | Lane::Request => (&mut queues.bulk, self.bulk_bound),
            };
            if queue.len() >= bound {
                return Err(Refused::Full);
            }
            queue.push_back(packet);
            Ok(())
        })
    }

    /// A tick that finds one waiting already is lost: made up for later, it would take from a promise time that has not passed.
    pub(super) fn tick(&self) {
        let _ = self.put(|queues| {
            queues.ticked += 1;
            if Rule::LateTickIsLost.holds(at_most(u64::from(queues.ticks), 0)) {
                queues.ticks += 1;
            }
            Ok(())
        });
    }

    /// How many ticks there were since the beginning, those that were lost too.
    pub(super) fn ticked(&self) -> u64 {
        self.queues.lock().ticked
    }

    pub(super) fn close(&self) {
        let mut queues = self.queues.lock();
        queues.closed = true;
        // Whoever has asked hears of it by that.
        queues.asks.clear();
        if let Some(waker) = queues.waker.take() {
            waker.wake();
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.queues.lock().closed
    }

    /// The next input, or the next of these alone; `None` once the inbox is closed.
    pub(super) async fn next(&self, which: Which) -> Option<Input> {
        poll_fn(|cx| self.poll_next(which, cx)).await
    }

    /// How many messages wait.
    pub(super) fn packets(&self) -> usize {
        let queues = self.queues.lock();
        queues.heartbeat.len() + queues.bulk.len()
    }

    /// When the first of the proposals that wait was asked for.
    pub(super) fn oldest_ask(&self) -> Option<Instant> {
        match self.queues.lock().asks.front()? {
            Ask::Propose(proposal) => proposal.asked.ok(),
            Ask::ReadIndex(_) | Ask::Transfer { .. } | Ask::ChangeMembership { .. } => None,
        }
    }

    /// The reads that this node asks for next, one after the other.
    pub(super) fn next_reads(&self) -> Vec<ReadIndex> {
        let mut queues = self.queues.lock();
        let mut reads = Vec::new();
        while let Some(Ask::ReadIndex(read)) = queues.asks.pop_front_if(|ask| matches!(ask, Ask::ReadIndex(_))) {
            reads.push(read);
        }
        reads
    }

    /// The next request of this node, if it is another proposal, and nothing waits that leadership depends on.
    pub(super) fn next_proposal(&self) -> Option<Proposal> {
        let mut queues = self.queues.lock();
        if queues.ticks > 0 || !queues.heartbeat.is_empty() {
            return None;
        }
        match queues.asks.pop_front_if(|ask| matches!(ask, Ask::Propose(_)))? {
            Ask::Propose(proposal) => Some(proposal),
            Ask::ReadIndex(_) | Ask::Transfer { .. } | Ask::ChangeMembership { .. } => None,
        }
    }

    fn put(&self, change: impl FnOnce(&mut Queues) -> Result<(), Refused>) -> Result<(), Refused> {
        let mut queues = self.queues.lock();
        if queues.closed {
            return Err(Refused::Closed);
        }
        change(&mut queues)?;
        if let Some(waker) = queues.waker.take() {
            waker.wake();
        }
        Ok(())
    }

    fn poll_next(&self, which: Which, cx: &mut Context<'_>) -> Poll<Option<Input>> {
        let mut queues = self.queues.lock();
        if queues.closed {
            return Poll::Ready(None);
        }
        if let Some(input) = queues.take(which) {
            return Poll::Ready(Some(input));
        }
        queues.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Queues {
    fn take(&mut self, which: Which) -> Option<Input> {
        if let Some(done) = self.done.pop_front() {
            return Some(done);
        }
        if which == Which::Done {
            return None;
        }
        if self.burst < BURST
            && let Some(packet) = self.heartbeat.pop_front()
        {
            self.burst += 1;
            return Some(Input::Packet(packet));
        }
        self.burst = 0;
        (0..3).find_map(|_| self.take_turn()).or_else(|| self.heartbeat.pop_front().map(Input::Packet))
    }

    fn take_tick(&mut self) -> Option<Input> {
        self.ticks = self.ticks.checked_sub(1)?;
        Some(Input::Tick)
    }

    fn take_turn(&mut self) -> Option<Input> {
        let turn = self.turn;
        self.turn = (turn + 1) % 3;
        match turn {
            0 => self.take_tick(),
            1 => self.asks.pop_front().map(Input::Ask),
            _ => self.bulk.pop_front().map(Input::Packet),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::callers::Callers;
    use crate::env::{Address, Envelope, GroupId};
    use crate::transport::{CallId, Message};

    fn packet(lane: Lane) -> Box<Packet> {
        let body = Message::Reply { call: CallId { incarnation: 0, number: 0 }, result: Err(Error::Overloaded) };
        let (from, to) = (Address::Client(0), Address::Client(0));
        Box::new(Envelope { from, to, lane, group: GroupId::FIRST, stamp: None, echo: None, body })
    }

    fn asked() -> Ask {
        Ask::ReadIndex(ReadIndex { cause: RoundCause::Renewal, again: false, reply: Callers::default().reply().0 })
    }

    /// Takes all there is: one letter each.
    fn taken(inbox: &Inbox) -> String {
        let mut queues = inbox.queues.lock();
        let letter = |input| match input {
            Input::Written(_) | Input::Applied(_) => 'd',
            Input::Tick => 't',
            Input::Ask(_) => 'a',
            Input::Packet(packet) if packet.lane == Lane::Heartbeat => 'h',
            Input::Packet(_) => 'b',
        };
        std::iter::from_fn(|| queues.take(Which::Any)).map(letter).collect()
    }

    #[test]
    fn of_several_ticks_that_find_a_loop_behind_one_is_taken() {
        let inbox = Inbox::new(8, 8, 8);
        inbox.tick();
        inbox.tick();
        assert_eq!(taken(&inbox), "t");
    }

    #[test]
    fn ticks_requests_and_bulk_take_turns() {
        let inbox = Inbox::new(8, 8, 8);
        inbox.tick();
        for _ in 0..3 {
            inbox.deliver(packet(Lane::Bulk)).unwrap();
            inbox.ask(asked()).unwrap();
        }
        assert_eq!(taken(&inbox), "tababab");
    }

    #[test]
    fn the_heartbeat_lane_goes_first_but_for_one_turn_of_the_others_after_each_64() {
        let inbox = Inbox::new(200, 8, 8);
        for _ in 0..130 {
            inbox.deliver(packet(Lane::Heartbeat)).unwrap();
        }
        inbox.tick();
        inbox.deliver(packet(Lane::Bulk)).unwrap();
        let burst = "h".repeat(64);
        assert_eq!(taken(&inbox), format!("{burst}t{burst}bhh"));
    }

    #[test]
    fn the_heartbeat_lane_goes_on_where_there_is_nothing_else() {
        let inbox = Inbox::new(200, 8, 8);
        for _ in 0..130 {
            inbox.deliver(packet(Lane::Heartbeat)).unwrap();
        }
        assert_eq!(taken(&inbox).len(), 130);
    }

    #[test]
    fn what_the_helpers_have_done_goes_before_all_else_and_may_be_asked_for_alone() {
        let inbox = Inbox::new(8, 8, 8);
        inbox.deliver(packet(Lane::Heartbeat)).unwrap();
        inbox.done(Input::Written(Ok(())));
        assert!(matches!(inbox.queues.lock().take(Which::Done), Some(Input::Written(Ok(())))));
        assert!(inbox.queues.lock().take(Which::Done).is_none());
        inbox.done(Input::Written(Ok(())));
        assert_eq!(taken(&inbox), "dh");
    }

    #[test]
    fn each_lane_and_the_requests_of_this_node_have_bounds_of_their_own() {
        let inbox = Inbox::new(2, 3, 4);
        let fits = |lane| (0..9).take_while(|_| inbox.deliver(packet(lane)).is_ok()).count();
        assert_eq!((fits(Lane::Heartbeat), fits(Lane::Bulk)), (2, 3));
        assert_eq!((0..9).take_while(|_| inbox.ask(asked()).is_ok()).count(), 4);
        assert_eq!(inbox.ask(asked()), Err(Refused::Full));
    }

    #[test]
    fn a_closed_inbox_takes_nothing_and_gives_nothing() {
        let inbox = Inbox::new(8, 8, 8);
        inbox.deliver(packet(Lane::Bulk)).unwrap();
        assert!(!inbox.is_closed());
        inbox.close();
        assert!(inbox.is_closed() && inbox.ask(asked()).is_err() && inbox.deliver(packet(Lane::Bulk)).is_err());
        let mut context = Context::from_waker(Waker::noop());
        assert!(matches!(inbox.poll_next(Which::Any, &mut context), Poll::Ready(None)));
    }
}
