//! One link: what it is like, what waits on it, what rules lie on it.

use super::rules::{Impaired, Passage, RuleId};
use crate::time::SimTime;
use crate::words::{Calls, Cut};
use crate::world::cpu::Cpu;
use crate::world::quantiles::Quantiles;
use crate::world::streams::Stream;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// A link, by number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct LinkId(pub(super) usize);

/// Takes what arrives by a link. Called between events.
pub trait Receiver<M>: Send + Sync {
    /// Takes a message.
    fn receive(&self, message: M);
}

/// The properties of a link.
#[derive(Clone, Debug)]
pub struct Quality {
    /// Time in flight, one way.
    pub latency: Quantiles,
    /// How many of a million messages are lost.
    pub loss: u32,
    /// How many of a million messages arrive twice.
    pub duplicate: u32,
    /// Nothing arrives twice all the same, whatever else makes two of one: calls over a connection.
    pub at_most_once: bool,
    /// Do messages arrive in the order in which they were sent?
    pub fifo: bool,
    /// Stream or unary calls.
    pub calls: Calls,
    /// How many messages may wait.
    pub bound: usize,
}

/// The machines at the ends of a link of unary calls: each takes its part in a call on its own cores, and so in its own time.
#[derive(Clone)]
pub struct Ends {
    /// Sends the call and takes the answer.
    pub caller: Arc<Mutex<Cpu>>,
    /// Takes the call and answers it.
    pub callee: Arc<Mutex<Cpu>>,
    /// What each of these costs.
    pub cost: Duration,
}

impl Ends {
    /// When the caller is done with what comes at `now`.
    pub(super) fn caller(&self, now: SimTime) -> SimTime {
        self.caller.lock().work(now, self.cost)
    }

    /// When the callee is.
    pub(super) fn callee(&self, now: SimTime) -> SimTime {
        self.callee.lock().work(now, self.cost)
    }
}

/// A way from one endpoint to another.
pub struct Link<M> {
    pub(super) name: String,
    pub(super) quality: Quality,
    pub(super) stream: Stream,
    /// Of unary calls that cost their ends time.
    pub(super) ends: Option<Ends>,
    pub(super) receiver: Option<Arc<dyn Receiver<M>>>,
    pub(super) last: LastArrival,
    /// What waits behind a call, or behind a rule that holds.
    pub(super) waiting: VecDeque<Waiting<M>>,
    pub(super) call: Call,
    pub(super) cuts: Vec<(RuleId, Cut)>,
    pub(super) impaired: Vec<Impaired<M>>,
    pub(super) holds: Vec<RuleId>,
    /// What holds have set aside.
    pub(super) aside: Vec<(RuleId, M)>,
    /// Moved by a rule that drops what is in flight.
    pub(super) epoch: u64,
    pub(super) last_in_flight_rule: RuleId,
}

pub(super) struct Waiting<M> {
    pub(super) message: M,
    /// The rule that made it wait.
    pub(super) held: Option<RuleId>,
}

/// When the last message sent on a link will have arrived.
#[derive(Clone, Copy)]
pub(super) struct LastArrival {
    pub(super) at: SimTime,
    /// The rule but for which it would be earlier, and when it would be then.
    pub(super) late: Option<(RuleId, SimTime)>,
}

/// The unary calls of a link.
#[derive(Clone, Copy, Default)]
pub(super) struct Call {
    /// One is under way.
    pub(super) open: bool,
    /// How many there were: what comes for an earlier one comes too late.
    pub(super) number: u32,
    /// A rule keeps it from its end.
    pub(super) hung: bool,
}

impl<M> Link<M> {
    /// A link of this name and quality whose latencies and losses are drawn from `stream`.
    pub fn new(name: String, quality: Quality, stream: Stream) -> Self {
        Self {
            name,
            quality,
            stream,
            ends: None,
            receiver: None,
            last: LastArrival { at: SimTime(0), late: None },
            waiting: VecDeque::new(),
            call: Call::default(),
            cuts: Vec::new(),
            impaired: Vec::new(),
            holds: Vec::new(),
            aside: Vec::new(),
            epoch: 0,
            last_in_flight_rule: RuleId(0),
        }
    }

    /// The same, where calls cost the machines at both ends time.
    pub fn between(self, ends: Ends) -> Self {
        Self { ends: Some(ends), ..self }
    }

    pub(super) fn cut(&self) -> Option<(RuleId, Cut)> {
        let dropping = self.cuts.iter().find(|(_, cut)| *cut != Cut::Hold);
        dropping.or(self.cuts.first()).copied()
    }

    pub(super) fn latency(&mut self) -> Duration {
        Duration::from_nanos(self.quality.latency.draw(&mut self.stream))
    }

    /// When a message arrives that makes its way so, and the rule but for which it would be earlier.
    pub(super) fn arrival(&mut self, passage: &Passage) -> (SimTime, Option<RuleId>) {
        let natural = passage.departs.after(self.latency());
        let at = natural.after(passage.delay);
        if !self.quality.fifo {
            return (at, passage.late);
        }
        let LastArrival { at: last, late: ahead } = self.last;
        let (at, late) = if passage.in_order && at < last {
            (last, passage.late.or(ahead.map(|(rule, _)| rule)))
        } else {
            (at, passage.late)
        };
        if at >= last {
            let unhindered = ahead.map_or(last, |(_, unhindered)| unhindered);
            self.last = LastArrival { at, late: late.map(|rule| (rule, unhindered)) };
        }
        (at, late)
    }

    /// How many messages may wait when `message` comes, and who says so.
    pub(super) fn bound(&self, message: &M) -> (usize, Option<RuleId>) {
        let rules = self.impaired.iter().filter_map(|impaired| Some((impaired.bound(message)?, Some(impaired.rule))));
        rules.chain([(self.quality.bound, None)]).min_by_key(|(bound, _)| *bound).unwrap_or_default()
    }

    /// How many messages wait for the line.
    pub(super) fn queued(&mut self, now: SimTime) -> usize {
        self.impaired.iter_mut().map(|impaired| impaired.queued(now)).max().unwrap_or_default()
    }

    pub(super) fn passage(&mut self, message: &M, departs: SimTime) -> Passage {
        let mut passage = Passage::clear(departs, true);
        for impaired in &mut self.impaired {
            if passage.lost.is_none() {
                impaired.impede(message, &mut passage);
            }
        }
        passage
    }
}
