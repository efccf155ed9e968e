//! Links between endpoints, one for each direction and lane.
//!
//! A link is a stream, which takes any number of messages at once, or it makes unary calls: one message at a time, the next leaves
//! when the last was answered (a gRPC client without pipelining, as elastickv's heartbeat lane). What must wait, behind a call or
//! behind a partition that holds, waits in the link's queue; that queue is bounded.
//!
//! Faults are `rules` that are laid on links and lifted again. What a rule leaves behind when it is lifted (late messages, second
//! copies, calls that wait for an answer that was lost) goes its way, unless the network is swept.

mod rules;

pub use rules::{Bandwidth, Hold, Impairment, Matches, RuleId};

use super::Route;
use super::cpu::Cpu;
use super::quantiles::Quantiles;
use super::streams::Stream;
use crate::time::SimTime;
use crate::words::Mishap;
use crate::words::{Calls, Cut};
use parking_lot::Mutex;
use rules::{Impaired, Passage};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// How long a unary call waits for its answer (elastickv `grpc_transport.go`: 5 s).
const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// A link, by number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct LinkId(usize);

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

    /// An impairment did this to `message`, which was sent at `at`.
    fn impaired(&self, at: SimTime, message: &M, by: RuleId, mishap: Mishap);
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
    name: String,
    quality: Quality,
    stream: Stream,
    /// Of unary calls that cost their ends time.
    ends: Option<Ends>,
    receiver: Option<Arc<dyn Receiver<M>>>,
    last: LastArrival,
    /// What waits behind a call, or behind a rule that holds.
    waiting: VecDeque<Waiting<M>>,
    call: Call,
    cuts: Vec<(RuleId, Cut)>,
    impaired: Vec<Impaired<M>>,
    holds: Vec<RuleId>,
    /// What holds have set aside.
    aside: Vec<(RuleId, M)>,
    /// Moved by a rule that drops what is in flight.
    epoch: u64,
    last_in_flight_rule: RuleId,
}

struct Waiting<M> {
    message: M,
    /// The rule that made it wait.
    held: Option<RuleId>,
}

/// When the last message sent on a link will have arrived.
#[derive(Clone, Copy)]
struct LastArrival {
    at: SimTime,
    /// The rule but for which it would be earlier, and when it would be then.
    late: Option<(RuleId, SimTime)>,
}

/// The unary calls of a link.
#[derive(Clone, Copy, Default)]
struct Call {
    /// One is under way.
    open: bool,
    /// How many there were: what comes for an earlier one comes too late.
    number: u32,
    /// A rule keeps it from its end.
    hung: bool,
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

    fn cut(&self) -> Option<(RuleId, Cut)> {
        let dropping = self.cuts.iter().find(|(_, cut)| *cut != Cut::Hold);
        dropping.or(self.cuts.first()).copied()
    }

    fn latency(&mut self) -> Duration {
        Duration::from_nanos(self.quality.latency.draw(&mut self.stream))
    }

    /// When a message arrives that makes its way so, and the rule but for which it would be earlier.
    fn arrival(&mut self, passage: &Passage) -> (SimTime, Option<RuleId>) {
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
    fn bound(&self, message: &M) -> (usize, Option<RuleId>) {
        let rules = self.impaired.iter().filter_map(|impaired| Some((impaired.bound(message)?, Some(impaired.rule))));
        rules.chain([(self.quality.bound, None)]).min_by_key(|(bound, _)| *bound).unwrap_or_default()
    }

    /// How many messages wait for the line.
    fn queued(&mut self, now: SimTime) -> usize {
        self.impaired.iter_mut().map(|impaired| impaired.queued(now)).max().unwrap_or_default()
    }

    fn passage(&mut self, message: &M, departs: SimTime) -> Passage {
        let mut passage = Passage::clear(departs, true);
        for impaired in &mut self.impaired {
            if passage.lost.is_none() {
                impaired.impede(message, &mut passage);
            }
        }
        passage
    }
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

    fn next_rule(&mut self) -> RuleId {
        self.rules += 1;
        RuleId(self.rules)
    }

    pub(super) fn cut(&mut self, links: &[LinkId], how: Cut) -> RuleId {
        let rule = self.next_rule();
        for id in links {
            let link = &mut self.links[id.0];
            link.cuts.push((rule, how));
            if how == Cut::Flight {
                link.epoch += 1;
                link.last_in_flight_rule = rule;
            }
        }
        rule
    }

    pub(super) fn impair(
        &mut self,
        links: &[LinkId],
        impairment: &Impairment<M>,
        stream: impl Fn(&str) -> Stream,
    ) -> RuleId {
        let rule = self.next_rule();
        for id in links {
            let link = &mut self.links[id.0];
            link.impaired.push(Impaired::new(rule, impairment.clone(), stream(&link.name)));
        }
        rule
    }

    pub(super) fn hold(&mut self, links: &[LinkId], hold: Hold<M>) -> RuleId {
        let rule = self.next_rule();
        self.holds.insert(rule, hold);
        links.iter().for_each(|id| self.links[id.0].holds.push(rule));
        rule
    }

    pub(super) fn lift(&mut self, rule: RuleId, route: &mut Route<'_, M>) {
        self.holds.remove(&rule);
        for id in (0..self.links.len()).map(LinkId) {
            let link = &mut self.links[id.0];
            link.impaired.retain(|impaired| impaired.rule != rule);
            link.holds.retain(|other| *other != rule);
            let cuts = link.cuts.len();
            link.cuts.retain(|(other, _)| *other != rule);
            let was_cut = link.cuts.len() < cuts;
            let (freed, aside) = std::mem::take(&mut link.aside).into_iter().partition(|(by, _)| *by == rule);
            link.aside = aside;
            self.let_go(id, rule, freed, route);
            if was_cut {
                self.drain(id, route);
            }
        }
    }

    /// Sends what `rule` had set aside. It meets whatever rules there still are; where a queue is full, it is lost.
    fn let_go(&mut self, id: LinkId, rule: RuleId, freed: Vec<(RuleId, M)>, route: &mut Route<'_, M>) {
        for (_, message) in freed {
            let link = &mut self.links[id.0];
            if !link.call.open && !matches!(link.cut(), Some((_, Cut::Hold))) {
                self.leave(id, message, Some(rule), route);
            } else if link.waiting.len() < link.quality.bound {
                link.waiting.push_back(Waiting { message, held: Some(rule) });
            } else {
                self.tell(route.now, &message, Fate::Lost);
            }
        }
    }

    /// Drops what `rule` holds back.
    pub(super) fn drop_held(&mut self, rule: RuleId, now: SimTime) {
        self.drop_held_where(now, |by| by == rule);
    }

    /// Drops what rules hold back, or would not be under way but for a rule, and ends the calls that hang by one: as if no rule had
    /// ever been.
    pub(super) fn sweep(&mut self, route: &mut Route<'_, M>) {
        self.drop_held_where(route.now, |_| true);
        self.sweeps = self.sweeps.wrapping_add(1);
        for id in (0..self.links.len()).map(LinkId) {
            let link = &mut self.links[id.0];
            if let Some((_, unhindered)) = link.last.late.take() {
                link.last.at = unhindered;
            }
            if link.call.open && link.call.hung {
                link.call.open = false;
                link.call.number = link.call.number.wrapping_add(1);
                self.drain(id, route);
            }
        }
    }

    fn drop_held_where(&mut self, now: SimTime, is_of: impl Fn(RuleId) -> bool) {
        let mut dropped = Vec::new();
        for link in &mut self.links {
            let waiting = std::mem::take(&mut link.waiting);
            for Waiting { message, held } in waiting {
                match held.filter(|rule| is_of(*rule)) {
                    Some(rule) => dropped.push((rule, message)),
                    None => link.waiting.push_back(Waiting { message, held }),
                }
            }
            dropped.extend(link.aside.extract_if(.., |(rule, _)| is_of(*rule)));
        }
        dropped.iter().for_each(|(rule, message)| self.tell(now, message, Fate::Cut(*rule)));
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
mod rules_tests;
#[cfg(test)]
mod tests;
