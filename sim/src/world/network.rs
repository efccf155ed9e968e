//! Links between endpoints, one for each direction and lane.
//!
//! A link is a stream, which takes any number of messages at once, or it makes unary calls: one message at a time, the next leaves
//! when the last was answered (a gRPC client without pipelining, as elastickv's heartbeat lane). What must wait, behind a call or
//! behind a partition that holds, waits in the link's queue; that queue is bounded.

use super::Route;
use super::cpu::Cpu;
use super::quantiles::Quantiles;
use super::streams::Stream;
use crate::time::SimTime;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// How long a unary call waits for its answer (elastickv `grpc_transport.go`: 5 s).
const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// A link, by number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct LinkId(usize);

/// A partition, by number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct RuleId(u64);

/// How a link is cut.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cut {
    /// What is sent is dropped; what is in flight arrives.
    Drop,
    /// What is sent is held back until the cut is lifted; what is in flight arrives.
    Hold,
    /// What is sent is dropped, and so is what is in flight.
    DropInFlight,
}

/// How a link carries messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Calls {
    /// As they come.
    Stream,
    /// One call at a time.
    Unary,
}

/// What became of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It arrives now.
    Delivered,
    /// A rule dropped it.
    Cut(RuleId),
    /// A rule holds it back.
    Held(RuleId),
    /// It was lost.
    Lost,
}

/// Takes what arrives by a link. Called between events.
pub trait Receiver<M>: Send + Sync {
    /// Takes a message.
    fn receive(&self, message: M);
}

/// Is told what becomes of messages. Must not call into the world.
pub trait Tap<M>: Send + Sync {
    /// `message` met its fate at `at`.
    fn message(&self, at: SimTime, message: &M, fate: Fate);
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
    fn caller(&self, now: SimTime) -> SimTime {
        self.caller.lock().work(now, self.cost)
    }

    /// When the callee is.
    fn callee(&self, now: SimTime) -> SimTime {
        self.callee.lock().work(now, self.cost)
    }
}

/// A way from one endpoint to another.
pub struct Link<M> {
    quality: Quality,
    stream: Stream,
    /// Of unary calls that cost their ends time.
    ends: Option<Ends>,
    receiver: Option<Arc<dyn Receiver<M>>>,
    /// When the last message sent will have arrived.
    last_arrival: SimTime,
    /// What waits behind a call, or behind a rule that holds.
    waiting: VecDeque<M>,
    /// A unary call is under way.
    calling: bool,
    rules: Vec<(RuleId, Cut)>,
    /// Moved by a rule that drops what is in flight.
    epoch: u64,
    last_in_flight_rule: RuleId,
}

/// A message on its way.
pub(super) struct Flight<M> {
    link: LinkId,
    epoch: u64,
    /// A unary call that waits for this message to be taken.
    call: bool,
    /// The receiving machine has yet to find the time to take it.
    to_take: bool,
    message: M,
}

impl<M> Link<M> {
    /// A link of this quality whose latencies and losses are drawn from `stream`.
    pub fn new(quality: Quality, stream: Stream) -> Self {
        Self {
            quality,
            stream,
            ends: None,
            receiver: None,
            last_arrival: SimTime(0),
            waiting: VecDeque::new(),
            calling: false,
            rules: Vec::new(),
            epoch: 0,
            last_in_flight_rule: RuleId(0),
        }
    }

    /// The same, where calls cost the machines at both ends time.
    pub fn between(self, ends: Ends) -> Self {
        Self { ends: Some(ends), ..self }
    }

    fn rule(&self) -> Option<(RuleId, Cut)> {
        let dropping = self.rules.iter().find(|(_, cut)| *cut != Cut::Hold);
        dropping.or(self.rules.first()).copied()
    }

    fn latency(&mut self) -> Duration {
        Duration::from_nanos(self.quality.latency.draw(&mut self.stream))
    }

    fn arrival(&mut self, now: SimTime) -> SimTime {
        let mut at = now.after(self.latency());
        if self.quality.fifo {
            at = at.max(self.last_arrival);
            self.last_arrival = at;
        }
        at
    }
}

/// All links.
pub(super) struct Network<M> {
    links: Vec<Link<M>>,
    tap: Option<Arc<dyn Tap<M>>>,
    rules: u64,
}

impl<M: Clone> Network<M> {
    pub(super) fn new() -> Self {
        Self { links: Vec::new(), tap: None, rules: 0 }
    }

    pub(super) fn set_tap(&mut self, tap: Arc<dyn Tap<M>>) {
        self.tap = Some(tap);
    }

    pub(super) fn add(&mut self, link: Link<M>) -> LinkId {
        self.links.push(link);
        LinkId(self.links.len() - 1)
    }

    pub(super) fn set_receiver(&mut self, link: LinkId, receiver: Option<Arc<dyn Receiver<M>>>) {
        self.links[link.0].receiver = receiver;
    }

    pub(super) fn send(&mut self, id: LinkId, message: M, route: &mut Route<'_, M>) -> Result<(), M> {
        let link = &mut self.links[id.0];
        let rule = link.rule();
        let waits = link.calling || matches!(rule, Some((_, Cut::Hold)));
        if waits && link.waiting.len() >= link.quality.bound {
            return Err(message);
        }
        if let Some((rule, Cut::Hold)) = rule {
            self.tell(route.now, &message, Fate::Held(rule));
        }
        if waits {
            self.links[id.0].waiting.push_back(message);
        } else {
            self.leave(id, message, route);
        }
        Ok(())
    }

    /// The message leaves its queue: it flies, is cut or is lost.
    fn leave(&mut self, id: LinkId, message: M, route: &mut Route<'_, M>) {
        let link = &mut self.links[id.0];
        let unary = link.quality.calls == Calls::Unary;
        link.calling = unary;
        let fate = match link.rule() {
            Some((rule, _)) => Some(Fate::Cut(rule)),
            None if link.stream.chance(link.quality.loss) => Some(Fate::Lost),
            None => None,
        };
        if let Some(fate) = fate {
            self.tell(route.now, &message, fate);
            if unary {
                route.call_over(route.now.after(CALL_TIMEOUT), id);
            }
            return;
        }
        let sent = link.ends.as_ref().filter(|_| unary).map_or(route.now, |ends| ends.caller(route.now));
        let flight =
            |message, call| Flight { link: id, epoch: link.epoch, call, to_take: link.ends.is_some(), message };
        let copy = link.stream.chance(link.quality.duplicate).then(|| flight(message.clone(), false));
        let original = flight(message, unary);
        for flight in copy.into_iter().chain([original]) {
            let at = self.links[id.0].arrival(sent);
            route.arrival(at, flight);
        }
    }

    /// A message has arrived; returns who takes it now.
    pub(super) fn arrive(
        &mut self,
        mut flight: Flight<M>,
        route: &mut Route<'_, M>,
    ) -> Option<(Arc<dyn Receiver<M>>, M)> {
        let link = &mut self.links[flight.link.0];
        if std::mem::take(&mut flight.to_take)
            && let Some(ends) = link.ends.as_ref()
        {
            route.arrival(ends.callee(route.now), flight);
            return None;
        }
        if flight.call {
            // The answer to a call is a frame of its own, as long under way as the call was.
            let answered = route.now.after(link.latency());
            route.answer(answered, flight.link);
        }
        if flight.epoch != link.epoch {
            self.tell(route.now, &flight.message, Fate::Cut(self.links[flight.link.0].last_in_flight_rule));
            return None;
        }
        let Some(receiver) = link.receiver.clone() else {
            self.tell(route.now, &flight.message, Fate::Lost);
            return None;
        };
        self.tell(route.now, &flight.message, Fate::Delivered);
        Some((receiver, flight.message))
    }

    /// The answer to a unary call has arrived; the caller has yet to find the time to take it.
    pub(super) fn answer(&mut self, id: LinkId, route: &mut Route<'_, M>) {
        match &self.links[id.0].ends {
            Some(ends) => route.call_over(ends.caller(route.now), id),
            None => self.call_over(id, route),
        }
    }

    pub(super) fn call_over(&mut self, id: LinkId, route: &mut Route<'_, M>) {
        self.links[id.0].calling = false;
        self.drain(id, route);
    }

    pub(super) fn cut(&mut self, links: &[LinkId], how: Cut) -> RuleId {
        self.rules += 1;
        let rule = RuleId(self.rules);
        for id in links {
            let link = &mut self.links[id.0];
            link.rules.push((rule, how));
            if how == Cut::DropInFlight {
                link.epoch += 1;
                link.last_in_flight_rule = rule;
            }
        }
        rule
    }

    pub(super) fn lift(&mut self, rule: RuleId, route: &mut Route<'_, M>) {
        for id in (0..self.links.len()).map(LinkId) {
            let rules = &mut self.links[id.0].rules;
            let before = rules.len();
            rules.retain(|(other, _)| *other != rule);
            if rules.len() < before {
                self.drain(id, route);
            }
        }
    }

    /// Lets go what waits, as far as calls and rules permit.
    fn drain(&mut self, id: LinkId, route: &mut Route<'_, M>) {
        loop {
            let link = &mut self.links[id.0];
            if link.calling || matches!(link.rule(), Some((_, Cut::Hold))) {
                return;
            }
            let Some(message) = link.waiting.pop_front() else { return };
            self.leave(id, message, route);
        }
    }

    fn tell(&self, at: SimTime, message: &M, fate: Fate) {
        if let Some(tap) = &self.tap {
            tap.message(at, message, fate);
        }
    }
}

#[cfg(test)]
mod tests;
