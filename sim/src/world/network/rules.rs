//! What is done to links for a while: cuts, impairments, holds of single messages. Each is a rule with a number, and can be lifted.

use super::super::streams::Stream;
use crate::time::SimTime;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// How long a connection waits before it sends a lost segment again, the first time; twice as long each further time (Linux:
/// TCP_RTO_MIN).
const RETRANSMISSION_TIMEOUT: Duration = Duration::from_millis(200);

/// A segment is lost so often in a row at most: 6.2 s.
const RETRANSMISSIONS_MAX: u32 = 5;

const NANOS: u128 = 1_000_000_000;

/// A rule, by number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct RuleId(pub(super) u32);

/// Tells the messages that a rule is about from the others.
pub type Matches<M> = Arc<dyn Fn(&M) -> bool + Send + Sync>;

/// How much worse than it is a link is made (the terms are those of Linux's netem). What is in flight when the rule begins is
/// spared; what it has made late or doubled when it ends arrives all the same, unless the network is swept.
///
/// The frames that answer unary calls are not impaired.
#[derive(Clone)]
pub struct Impairment<M> {
    /// Which messages; `None`: all.
    pub matches: Option<Matches<M>>,
    /// How many of a million are lost.
    pub loss: u32,
    /// How many of a million arrive twice.
    pub duplicate: u32,
    /// How much later each arrives.
    pub delay: Duration,
    /// Up to so much later still, drawn for each.
    pub jitter: Duration,
    /// Messages may overtake one another, even where the link keeps their order.
    pub reorder: bool,
    /// How many of a million travel in a segment that is lost and sent again: 200 ms later, twice as long after each further loss.
    /// All that follows on the link waits behind it, if the link keeps the order.
    pub stall: u32,
    /// What leaves one after the other, and waits in the link's queue until it can.
    pub bandwidth: Option<Bandwidth<M>>,
    /// How many messages may wait; no more than the link's own bound.
    pub queue: Option<usize>,
}

/// How fast bytes leave.
#[derive(Clone)]
pub struct Bandwidth<M> {
    /// Bytes a second; not zero.
    pub rate: u64,
    /// How many bytes a message has.
    pub size: fn(&M) -> u64,
}

/// Single messages are set aside when they are sent, until the rule is lifted. They do not stand in the way of others.
#[derive(Clone)]
pub struct Hold<M> {
    /// Which.
    pub matches: Matches<M>,
    /// No more than so many, over all links; `None`: all.
    pub first: Option<u64>,
}

impl<M> Hold<M> {
    /// Is `message` to be set aside? Counts it, if so.
    pub(super) fn takes(&mut self, message: &M) -> bool {
        if self.first == Some(0) || !(self.matches)(message) {
            return false;
        }
        if let Some(left) = &mut self.first {
            *left -= 1;
        }
        true
    }
}

/// An impairment of one link.
pub(super) struct Impaired<M> {
    pub(super) rule: RuleId,
    impairment: Impairment<M>,
    /// Of this link under this rule, so that the link's own draws stay where they are.
    stream: Stream,
    /// When each message that waits for the line will have left.
    departures: VecDeque<SimTime>,
}

/// How a message gets through what impairs its link.
#[derive(Clone, Copy)]
pub(super) struct Passage {
    pub(super) departs: SimTime,
    pub(super) delay: Duration,
    pub(super) in_order: bool,
    pub(super) lost: Option<RuleId>,
    pub(super) twice: Option<RuleId>,
    /// Whoever makes it late.
    pub(super) late: Option<RuleId>,
    /// Whoever lets it overtake others.
    pub(super) disorder: Option<RuleId>,
}

impl Passage {
    /// Without any impairment.
    pub(super) fn clear(departs: SimTime, in_order: bool) -> Self {
        Self { departs, delay: Duration::ZERO, in_order, lost: None, twice: None, late: None, disorder: None }
    }
}

impl<M> Impaired<M> {
    pub(super) fn new(rule: RuleId, impairment: Impairment<M>, stream: Stream) -> Self {
        Self { rule, impairment, stream, departures: VecDeque::new() }
    }

    fn is_about(&self, message: &M) -> bool {
        self.impairment.matches.as_ref().is_none_or(|matches| matches(message))
    }

    /// How many messages wait for the line.
    pub(super) fn queued(&mut self, now: SimTime) -> usize {
        while self.departures.front().is_some_and(|left| *left <= now) {
            self.departures.pop_front();
        }
        self.departures.len()
    }

    /// How many messages may wait, as far as this rule is concerned with `message`.
    pub(super) fn bound(&self, message: &M) -> Option<usize> {
        self.impairment.queue.filter(|_| self.is_about(message))
    }

    pub(super) fn impede(&mut self, message: &M, passage: &mut Passage) {
        if !self.is_about(message) {
            return;
        }
        if self.stream.chance(self.impairment.loss) {
            passage.lost = Some(self.rule);
            return;
        }
        let jitter = u64::try_from(self.impairment.jitter.as_nanos()).unwrap_or(u64::MAX - 1);
        let jitter = if jitter == 0 { 0 } else { self.stream.below(jitter + 1) };
        let delay = self.impairment.delay + Duration::from_nanos(jitter) + self.stalled();
        let departs = self.transmitted(message, passage.departs);
        if !delay.is_zero() || departs > passage.departs {
            passage.late = Some(self.rule);
        }
        passage.delay += delay;
        passage.departs = departs;
        if self.impairment.reorder {
            passage.in_order = false;
            passage.disorder = Some(self.rule);
        }
        if self.stream.chance(self.impairment.duplicate) {
            passage.twice = Some(self.rule);
        }
    }

    /// How long a message waits for its segment to be sent again.
    fn stalled(&mut self) -> Duration {
        let mut waited = Duration::ZERO;
        let mut timeout = RETRANSMISSION_TIMEOUT;
        for _ in 0..RETRANSMISSIONS_MAX {
            if !self.stream.chance(self.impairment.stall) {
                break;
            }
            waited += timeout;
            timeout *= 2;
        }
        waited
    }

    /// When the last byte of a message that is sent at `now` has left.
    fn transmitted(&mut self, message: &M, now: SimTime) -> SimTime {
        let Some(Bandwidth { rate, size }) = self.impairment.bandwidth else { return now };
        let takes = u128::from(size(message)) * NANOS / u128::from(rate.max(1));
        let free = self.departures.back().copied().unwrap_or(now).max(now);
        let left = free.after(Duration::from_nanos(u64::try_from(takes).unwrap_or(u64::MAX)));
        self.departures.push_back(left);
        left
    }
}
