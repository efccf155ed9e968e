//! What a test of the kit does to a group of engines, and what it sees of it.

use super::checked::{Checked, holds};
use super::kit::Kit;
use super::setup::{ELECTION, Engines, HEARTBEAT, LEARNER, STRANGER, config};
use super::trace::{Entry, Told};
use crate::bed::{Bed, Pending};
use crate::engine::{Applied, Config, Engine, MembershipChange, Status};
use crate::env::{BoxFuture, NodeId};
use crate::error::Error;
use crate::observe::{Event, Membership, RoundCause};
use crate::wire::Kind;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

/// Engines on a world of their own.
pub(super) type Group = Bed<Engines>;

impl Kit {
    /// A group of so many voters, a learner and a stranger. Nobody leads.
    pub(super) fn group(&self, voters: u64) -> Checked<Group> {
        self.group_with(voters, |config| config)
    }

    /// The same, set up like this.
    pub(super) fn group_with(&self, voters: u64, change: impl FnOnce(Config) -> Config) -> Checked<Group> {
        started(self.engines(voters, change))
    }

    /// A group of three voters that cuts its log at every index that is a multiple of this.
    pub(super) fn compacting(&self, every: u64) -> Checked<Group> {
        self.group_with(3, |config| Config { compact_after: NonZeroU64::new(every), ..config })
    }

    /// A group of so many voters that `n1` leads.
    pub(super) fn led(&self, voters: u64) -> Checked<Group> {
        let mut group = self.group(voters)?;
        group.elect(1)?;
        Ok(group)
    }

    /// A group of three voters that `n1` leads, on a runtime that outlives a task that panics.
    pub(super) fn group_that_may_panic(&self) -> Checked<Group> {
        let mut group = started(self.engines(3, |config| config).outliving_panics())?;
        group.elect(1)?;
        Ok(group)
    }

    fn engines(&self, voters: u64, change: impl FnOnce(Config) -> Config) -> Engines {
        let voters = (1..=voters).map(NodeId).collect();
        let founders = Membership { voters, learners: vec![NodeId(LEARNER)], ..Membership::default() };
        Engines::new(&self.engines, change((self.config)(config(founders))))
    }
}

fn started(engines: Engines) -> Checked<Group> {
    Bed::start(engines).map_err(|error| format!("an engine does not open an empty disk: {error}"))
}

/// What a caller asks of an engine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Call {
    /// [`Engine::propose`].
    Propose,
    /// [`Engine::read_index`]: a linearizable read's, and whoever else has to know that this node leads.
    ReadIndex,
    /// [`Engine::wait_applied`] of an index that nobody has reached.
    WaitApplied,
    /// [`Engine::transfer`] to `n2`.
    Transfer,
    /// [`Engine::change_membership`]: the stranger becomes a learner.
    ChangeMembership,
    /// [`Engine::ended`].
    Ended,
}

impl Call {
    /// Every call that waits.
    pub(crate) const ALL: [Call; 6] =
        [Call::Propose, Call::ReadIndex, Call::WaitApplied, Call::Transfer, Call::ChangeMembership, Call::Ended];

    /// The name in tests.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Call::Propose => "propose",
            Call::ReadIndex => "read_index",
            Call::WaitApplied => "wait_applied",
            Call::Transfer => "transfer",
            Call::ChangeMembership => "change_membership",
            Call::Ended => "ended",
        }
    }

    /// Asks that of `engine`.
    pub(crate) fn of(self, engine: &dyn Engine) -> BoxFuture<Result<(), Error>> {
        match self {
            Call::Propose => quiet(engine.propose(COMMAND.to_vec())),
            Call::ReadIndex => quiet(engine.read_index(RoundCause::LeaseMiss)),
            Call::WaitApplied => engine.wait_applied(FAR),
            Call::Transfer => engine.transfer(NodeId(2)),
            Call::ChangeMembership => quiet(engine.change_membership(MembershipChange::AddLearner(NodeId(STRANGER)))),
            Call::Ended => engine.ended(),
        }
    }
}

/// What is proposed where it matters only whether it is.
pub(super) const COMMAND: &[u8] = b"command";

/// An index that nobody reaches.
const FAR: u64 = 1_000_000;

fn quiet<T: 'static>(future: BoxFuture<Result<T, Error>>) -> BoxFuture<Result<(), Error>> {
    Box::pin(async move { future.await.map(|_| ()) })
}

/// How a call stands.
pub(super) type Answer<T = ()> = Pending<Result<T, Error>>;

impl Group {
    /// The engine of a node that is up.
    pub(super) fn engine(&self, node: u64) -> Arc<dyn Engine> {
        Arc::clone(&self.process(node).engine)
    }

    /// What a node has published.
    pub(super) fn status(&self, node: u64) -> Status {
        self.process(node).engine.status()
    }

    /// Does it lead, as far as it has published, and has it applied an entry of its term?
    pub(super) fn leads(&self, node: u64) -> bool {
        let status = self.status(node);
        status.leads() && status.caught_up()
    }

    /// What the state machine of a node was told to apply.
    pub(super) fn ledger(&self, node: u64) -> Vec<(u64, Vec<u8>)> {
        self.process(node).ledger.entries()
    }

    /// Lets time pass until `holds`, for ten election timeouts at most.
    pub(super) fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) -> Checked {
        self.within(10 * ELECTION, what, holds)
    }

    /// Lets time pass until `holds`, for so long at most.
    pub(super) fn within(&mut self, span: Duration, what: &str, expected: impl Fn(&Self) -> bool) -> Checked {
        let came = self.run_at_most(span, expected);
        holds(came, || format!("{what}: waited {span:?} for that; {}", self.describe()))
    }

    /// `node` is elected, as nobody else stands, and has applied an entry of its term.
    pub(super) fn elect(&mut self, node: u64) -> Checked {
        let quiet = self.let_others_not_stand(node);
        let elected = self.until(&format!("n{node} is elected"), |group| group.leads(node));
        self.bus.end(quiet);
        elected
    }

    /// Begins a call at a node.
    pub(super) fn call(&mut self, node: u64, call: Call) -> Answer {
        let future = call.of(&*self.engine(node));
        self.begin(future)
    }

    /// Begins a proposal of `command` at a node.
    pub(super) fn propose(&mut self, node: u64, command: &[u8]) -> Answer<Applied> {
        let proposal = self.engine(node).propose(command.to_vec());
        self.begin(proposal)
    }

    /// Proposes, and waits until that is applied. Returns the index.
    pub(super) fn write(&mut self, node: u64, command: &[u8]) -> Checked<u64> {
        let proposal = self.propose(node, command);
        Ok(self.succeeded("a proposal", &proposal)?.index)
    }

    /// Begins a read at a node.
    pub(super) fn read(&mut self, node: u64) -> Answer<u64> {
        let round = self.engine(node).read_index(RoundCause::LeaseMiss);
        self.begin(round)
    }

    /// Begins to wait at a node until an index is applied there.
    pub(super) fn wait_for(&mut self, node: u64, index: u64) -> Answer {
        let applied = self.engine(node).wait_applied(index);
        self.begin(applied)
    }

    /// Begins a transfer of leadership.
    pub(super) fn transfer(&mut self, from: u64, to: u64) -> Answer {
        let transfer = self.engine(from).transfer(NodeId(to));
        self.begin(transfer)
    }

    /// Hands leadership over, and waits until the other leads.
    pub(super) fn hand_over(&mut self, from: u64, to: u64) -> Checked {
        let transfer = self.transfer(from, to);
        self.succeeded("a transfer", &transfer)?;
        self.until(&format!("n{to} leads after the transfer"), |group| group.leads(to))
    }

    /// Begins a change of membership.
    pub(super) fn change(&mut self, node: u64, change: MembershipChange) -> Answer<u64> {
        let change = self.engine(node).change_membership(change);
        self.begin(change)
    }

    /// Waits for a call, which must succeed.
    pub(super) fn succeeded<T: Clone>(&mut self, what: &str, call: &Pending<Result<T, Error>>) -> Checked<T> {
        self.until(&format!("{what} is answered"), |_| call.now().is_some())?;
        match call.now() {
            Some(Ok(value)) => Ok(value),
            Some(Err(error)) => Err(format!("{what} failed: {error}")),
            None => Err(format!("{what} was not answered")),
        }
    }

    /// Lets the group live for a while.
    pub(super) fn live(&mut self) {
        self.run(5 * HEARTBEAT);
    }

    /// Holds what the voters of a group answer to `n1`, so that nothing is committed there and no round confirmed.
    pub(super) fn hold_answers(&mut self) {
        self.hold_all(Kind::AppendResponse);
        self.hold_all(Kind::HeartbeatResponse);
    }

    /// Holds what is of this kind and goes to `n1`.
    pub(super) fn hold_all(&mut self, kind: Kind) {
        for from in self.nodes().into_iter().filter(|node| *node != 1) {
            self.hold(kind, from, 1);
        }
    }

    /// Stops an engine.
    pub(super) fn stop(&mut self, node: u64) {
        self.process(node).engine.stop();
        self.settle();
    }

    /// All that a node told so far, or since.
    pub(super) fn noted(&self, node: u64, since: usize) -> Vec<Entry> {
        self.software.trace.all().into_iter().skip(since).filter(|entry| entry.node == node).collect()
    }

    /// How much was told so far, by all.
    pub(super) fn mark(&self) -> usize {
        self.software.trace.len()
    }

    /// The position, among what a node told since `mark`, of the first of these.
    pub(super) fn first(&self, node: u64, since: usize, is: impl Fn(&Told) -> bool) -> Option<usize> {
        self.noted(node, since).iter().position(|entry| is(&entry.told))
    }

    /// How many of these a node told since.
    pub(super) fn count(&self, node: u64, since: usize, is: impl Fn(&Told) -> bool) -> usize {
        self.noted(node, since).iter().filter(|entry| is(&entry.told)).count()
    }

    /// The same of events.
    pub(super) fn count_events(&self, node: u64, since: usize, is: impl Fn(&Event) -> bool) -> usize {
        self.count(node, since, |told| matches!(told, Told::Event(event) if is(event)))
    }
}
