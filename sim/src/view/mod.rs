//! What is so now: history folded once, for everybody who asks. Checks, selectors, moments, timelines and explanations read it; none of
//! them keeps what can be asked here.
//!
//! | file | what it follows |
//! |---|---|
//! | `replicas` | who runs, leads, holds which lease, has and has applied which entries |
//! | `operations` | what clients have under way, and what it cannot take place before |
//! | `ledger` | the store as the log makes it |
//! | `acknowledged` | who has answered what of each leader's |
//! | `clocks` | when a clock shows what |
//! | `faults` | which faults are in force |
//! | `load` | how busy each node's cores were |
//! | `soundness` | since when nothing has been wrong with a node, a link, or a leader and its quorum |

pub(crate) mod acknowledged;
pub(crate) mod clocks;
pub(crate) mod faults;
pub(crate) mod ledger;
pub(crate) mod load;
pub(crate) mod log;
pub(crate) mod operations;
mod replica;
mod replicas;
pub(crate) mod soundness;

pub use replica::{Ended, Held, Replica};
pub use replicas::{LeaseState, Replicas};

use crate::history::{Effect, Fault, Hears, Record, tell};
use crate::time::SimTime;
use acknowledged::Acknowledged;
use clocks::Clocks;
use faults::Faults;
use leasehold::env::NodeId;
use leasehold::observe::Membership;
use ledger::Ledger;
use load::Load;
use operations::Operations;
use soundness::{Excuses, Soundness, Standing};
use std::sync::Arc;

/// What the nodes of a cluster have told, what clients have under way, and what the log made of it.
#[derive(Default)]
pub struct View {
    replicas: Replicas,
    pub(crate) operations: Operations,
    pub(crate) ledger: Ledger,
    pub(crate) acknowledged: Acknowledged,
    pub(crate) clocks: Clocks,
    pub(crate) faults: Faults,
    soundness: Soundness,
    pub(crate) load: Load,
    /// When a transaction was last refused at apply.
    pub(crate) conflict: Option<SimTime>,
}

/// What belongs to no part, or to several: when all have taken a record in.
impl Hears for View {
    fn effect(&mut self, _: SimTime, index: u64, effect: &Effect) {
        self.ledger.take(index, effect, self.operations.least());
    }

    fn conflict(&mut self, at: SimTime, _: NodeId) {
        self.conflict = Some(at);
    }

    fn fault(&mut self, at: SimTime, fault: &Fault) {
        self.soundness.stalls(at, fault, self.replicas.leader());
    }
}

impl View {
    /// Nothing told yet, by the nodes of a group that `founders` founded.
    pub fn founded_by(founders: Membership) -> Self {
        Self { replicas: Replicas::founded_by(founders), ..Self::default() }
    }

    /// Takes in a record.
    pub fn record(&mut self, record: &Record) {
        self.operations.begin();
        self.faults.begin();
        tell(record, &mut self.operations);
        tell(record, &mut self.acknowledged);
        self.replicas.record(record);
        tell(record, &mut self.clocks);
        tell(record, &mut self.faults);
        tell(record, &mut self.soundness);
        tell(record, &mut self.load);
        tell(record, self);
    }

    /// How many nodes there are, members of the group or not.
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.replicas.count()
    }

    /// The members of the group when it began, if that is known.
    pub fn founders(&self) -> Option<Arc<Membership>> {
        self.replicas.founders()
    }

    /// The membership that `node` goes by.
    pub fn members(&self, node: NodeId) -> Arc<Membership> {
        self.replicas.members(node)
    }

    /// A node, if it has told anything.
    pub fn get(&self, node: NodeId) -> Option<&Replica> {
        self.replicas.get(node)
    }

    /// Each node that has told anything, by number.
    pub fn iter(&self) -> impl Iterator<Item = (NodeId, &Replica)> {
        self.replicas.iter()
    }

    /// Each node but this one that has told anything, by number.
    pub fn others(&self, node: NodeId) -> impl Iterator<Item = (NodeId, &Replica)> {
        self.iter().filter(move |(other, _)| *other != node)
    }

    /// The leader of the latest term, if its process runs and a quorum of its voters that run take it for their leader.
    pub fn followed_leader(&self) -> Option<NodeId> {
        self.replicas.followed_leader()
    }

    /// The node's lease, if it has one, good or run out.
    pub fn lease(&self, node: NodeId) -> Option<Held> {
        self.replicas.lease(node)
    }

    /// Since when nothing has been wrong with `node`; `None`: something is.
    pub(crate) fn sound(&self, node: NodeId, excuses: Excuses) -> Option<SimTime> {
        self.soundness.node(node, &self.replicas, excuses)
    }

    /// Has any message been lost since then?
    pub(crate) fn lost_any_since(&self, at: SimTime) -> bool {
        self.soundness.lost_any_since(at)
    }

    /// A leader that a quorum follows and that `via` reaches, if there is one; it is not handing over.
    pub(crate) fn standing(&self, via: NodeId, excuses: Excuses) -> Option<Standing> {
        self.soundness.standing(via, &self.replicas, excuses)
    }

    /// When a process last began, ended, stood still or went on.
    pub fn stirred(&self) -> SimTime {
        self.iter().filter_map(|(_, replica)| replica.process).map(|(_, at)| at).max().unwrap_or_default()
    }

    /// The node that led last.
    pub fn led_last(&self) -> Option<NodeId> {
        self.replicas.led_last()
    }

    /// Who was last caught up as leader and leads on, and since when.
    pub fn last_caught_up(&self) -> Option<(NodeId, SimTime)> {
        self.replicas.caught_up()
    }

    /// Since when `node` has been caught up as leader, if nobody was after it.
    pub fn caught_up(&self, node: NodeId) -> Option<SimTime> {
        self.last_caught_up().and_then(|(leader, since)| (leader == node).then_some(since))
    }

    /// Do the engines renew their leases by themselves?
    pub fn renew_by_themselves(&self) -> bool {
        self.iter().all(|(_, replica)| replica.timing.is_none_or(|timing| timing.renews))
    }

    /// Where the lease of the whole cluster stands at `at`.
    pub fn lease_state(&self, at: SimTime) -> LeaseState {
        self.replicas.lease_state(at)
    }
}
