//! Links between endpoints, one for each direction and lane.
//!
//! A link is a stream, which takes any number of messages at once, or it makes unary calls: one message at a time, the next leaves
//! when the last was answered (a gRPC client without pipelining, as elastickv's heartbeat lane). What must wait, behind a call or
//! behind a partition that holds, waits in the link's queue; that queue is bounded.
//!
//! Faults are `rules` that are laid on links and lifted again, by `laying`. What a rule leaves behind when it is lifted (late
//! messages, second copies, calls that wait for an answer that was lost) goes its way, unless the network is swept.

mod laying;
mod link;
mod rules;

pub use link::{Ends, Link, LinkId, Quality, Receiver};
pub use rules::{Bandwidth, Hold, Impairment, Matches, RuleId};

use super::Route;
use crate::time::SimTime;
use crate::words::{Calls, Cut, Mishap};
use link::{Call, Waiting};
use rules::Passage;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How long a unary call waits for its answer (elastickv `grpc_transport.go`: 5 s).
const CALL_TIMEOUT: Duration = Duration::from_secs(5);

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

/// Is told what becomes of messages. Must not call into the world.
pub trait Tap<M>: Send + Sync {
    /// `message` met its fate at `at`.
    fn message(&self, at: SimTime, message: &M, fate: Fate);

    /// An impairment did this to `message`, which was sent at `at`.
    fn impaired(&self, at: SimTime, message: &M, by: RuleId, mishap: Mishap);
}

/// A message on its way.
pub(super) struct Flight<M> {
    link: LinkId,
    epoch: u64,
    /// The unary call that waits for this message to be taken.
    call: Option<u32>,
    /// The receiving machine has yet to find the time to take it.
    to_take: bool,
    /// The rule but for which it would not be under way any more, and how often the network had been swept before.
    residue: Option<(RuleId, u32)>,
    message: M,
}

/// All links.
pub(super) struct Network<M> {
    links: Vec<Link<M>>,
    tap: Option<Arc<dyn Tap<M>>>,
    rules: u32,
    holds: BTreeMap<RuleId, Hold<M>>,
    /// How often the network has been swept.
    sweeps: u32,
}

impl<M: Clone> Network<M> {
    pub(super) fn new() -> Self {
        Self { links: Vec::new(), tap: None, rules: 0, holds: BTreeMap::new(), sweeps: 0 }
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
        let held = match link.cut() {
            Some((rule, Cut::Hold)) => Some(rule),
            Some((_, Cut::Drop | Cut::Flight)) | None => None,
        };
        let mut waits = link.call.open || held.is_some();
        let mut queued = link.waiting.len();
        if !link.impaired.is_empty() || !link.holds.is_empty() {
            let line = link.queued(route.now);
            waits |= line > 0;
            queued += link.aside.len() + line;
        }
        if waits && queued >= link.bound(&message).0 {
            return Err(self.refuse(id, message, queued, route));
        }
        if let Some(rule) = self.set_aside_by(id, &message) {
            return self.set_aside(id, message, rule, route);
        }
        if let Some(rule) = held {
            self.tell(route.now, &message, Fate::Held(rule));
        }
        let link = &mut self.links[id.0];
        if link.call.open || held.is_some() {
            link.waiting.push_back(Waiting { message, held });
        } else {
            self.leave(id, message, None, route);
        }
        Ok(())
    }

    /// The queue is full; whoever made it shorter has had an effect.
    fn refuse(&self, id: LinkId, message: M, queued: usize, route: &Route<'_, M>) -> M {
        let link = &self.links[id.0];
        if let (_, Some(rule)) = link.bound(&message)
            && queued < link.quality.bound
        {
            self.tell_impaired(route.now, &message, rule, Mishap::Refused);
        }
        message
    }

    /// The rule that sets `message` aside.
    fn set_aside_by(&mut self, id: LinkId, message: &M) -> Option<RuleId> {
        let holds = &self.links[id.0].holds;
        holds.iter().copied().find(|rule| self.holds.get_mut(rule).is_some_and(|hold| hold.takes(message)))
    }

    fn set_aside(&mut self, id: LinkId, message: M, rule: RuleId, route: &Route<'_, M>) -> Result<(), M> {
        let link = &mut self.links[id.0];
        if link.waiting.len() + link.aside.len() >= link.quality.bound {
            return Err(message);
        }
        self.tell(route.now, &message, Fate::Held(rule));
        self.links[id.0].aside.push((rule, message));
        Ok(())
    }

    /// The message leaves its queue, in which `held` has kept it: it flies, is cut or is lost.
    fn leave(&mut self, id: LinkId, message: M, held: Option<RuleId>, route: &mut Route<'_, M>) {
        let link = &mut self.links[id.0];
        let unary = link.quality.calls == Calls::Unary;
        if unary {
            link.call = Call { open: true, number: link.call.number.wrapping_add(1), hung: false };
        }
        let fate = match link.cut() {
            Some((rule, _)) => Some(Fate::Cut(rule)),
            None if link.stream.chance(link.quality.loss) => Some(Fate::Lost),
            None => None,
        };
        if let Some(fate) = fate {
            self.lose(id, &message, fate, route);
            return;
        }
        let sent = link.ends.as_ref().filter(|_| unary).map_or(route.now, |ends| ends.caller(route.now));
        let mut passage =
            if link.impaired.is_empty() { Passage::clear(sent, true) } else { link.passage(&message, sent) };
        if let Some(rule) = passage.lost {
            link.call.hung = true;
            self.tell_impaired(route.now, &message, rule, Mishap::Lost);
            self.lose(id, &message, Fate::Lost, route);
            return;
        }
        passage.twice = passage.twice.filter(|_| !link.quality.at_most_once);
        let doubled = link.stream.chance(link.quality.duplicate) && !link.quality.at_most_once;
        let twice = doubled || passage.twice.is_some();
        let call = unary.then_some(link.call.number);
        if let Some(rule) = passage.twice {
            self.tell_impaired(route.now, &message, rule, Mishap::Twice);
        }
        if twice {
            self.fly(id, message.clone(), None, &passage, held.or(passage.twice), route);
        }
        self.fly(id, message, call, &passage, held, route);
    }

    /// Sends a message on its way, on which it would not be (any more) but for the rule `residue`.
    fn fly(
        &mut self,
        id: LinkId,
        message: M,
        call: Option<u32>,
        passage: &Passage,
        residue: Option<RuleId>,
        route: &mut Route<'_, M>,
    ) {
        let before = self.links[id.0].last.at;
        let (at, late) = self.links[id.0].arrival(passage);
        match (passage.late, passage.disorder) {
            (Some(rule), _) => self.tell_impaired(route.now, &message, rule, Mishap::Late),
            (None, Some(rule)) if at < before && passage.twice.is_none() => {
                self.tell_impaired(route.now, &message, rule, Mishap::OutOfOrder);
            }
            (None, _) => {}
        }
        let link = &mut self.links[id.0];
        let residue = residue.or(late).map(|rule| (rule, self.sweeps));
        link.call.hung |= call.is_some() && residue.is_some();
        let flight = Flight { link: id, epoch: link.epoch, call, to_take: link.ends.is_some(), residue, message };
        route.arrival(at, flight);
    }

    /// A message is lost as it leaves, and with it the answer to a call.
    fn lose(&mut self, id: LinkId, message: &M, fate: Fate, route: &mut Route<'_, M>) {
        self.tell(route.now, message, fate);
        let link = &mut self.links[id.0];
        if link.call.open {
            link.call.hung |= matches!(fate, Fate::Cut(_));
            route.call_over(route.now.after(CALL_TIMEOUT), id, link.call.number);
        }
    }

    /// A message has arrived; returns who takes it now.
    pub(super) fn arrive(
        &mut self,
        mut flight: Flight<M>,
        route: &mut Route<'_, M>,
    ) -> Option<(Arc<dyn Receiver<M>>, M)> {
        let link = &mut self.links[flight.link.0];
        let swept = flight.residue.filter(|(_, sweeps)| *sweeps != self.sweeps);
        if let Some((rule, _)) = swept {
            self.tell(route.now, &flight.message, Fate::Cut(rule));
            return None;
        }
        if std::mem::take(&mut flight.to_take)
            && let Some(ends) = link.ends.as_ref()
        {
            route.arrival(ends.callee(route.now), flight);
            return None;
        }
        if let Some(call) = flight.call {
            // The answer to a call is a frame of its own, as long under way as the call was.
            let answered = route.now.after(link.latency());
            route.answer(answered, flight.link, call);
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
    pub(super) fn answer(&mut self, id: LinkId, call: u32, route: &mut Route<'_, M>) {
        match &self.links[id.0].ends {
            Some(ends) => route.call_over(ends.caller(route.now), id, call),
            None => self.call_over(id, call, route),
        }
    }

    pub(super) fn call_over(&mut self, id: LinkId, call: u32, route: &mut Route<'_, M>) {
        let current = &mut self.links[id.0].call;
        if current.number == call {
            current.open = false;
            self.drain(id, route);
        }
    }

    /// Lets go what waits, as far as calls and rules permit.
    fn drain(&mut self, id: LinkId, route: &mut Route<'_, M>) {
        loop {
            let link = &mut self.links[id.0];
            if link.call.open || matches!(link.cut(), Some((_, Cut::Hold))) {
                return;
            }
            let Some(Waiting { message, held }) = link.waiting.pop_front() else { return };
            self.leave(id, message, held, route);
        }
    }

    fn tell(&self, at: SimTime, message: &M, fate: Fate) {
        if let Some(tap) = &self.tap {
            tap.message(at, message, fate);
        }
    }

    fn tell_impaired(&self, at: SimTime, message: &M, by: RuleId, mishap: Mishap) {
        if let Some(tap) = &self.tap {
            tap.impaired(at, message, by, mishap);
        }
    }
}

#[cfg(test)]
mod tests;
