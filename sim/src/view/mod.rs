//! What is so now: history folded once, for everybody who asks. Checks, selectors, moments, timelines and explanations read it; none of
//! them keeps what can be asked here.
//!
//! | file | what it follows |
//! |---|---|
//! | `grouped`  | each group apart |
//! | `replicas` | of a group: who runs, leads, holds which lease, has and has applied which entries |
//! | `serving`  | of a group: who may serve, and whether it hands over |
//! | `operations` | what clients have under way, and what it cannot take place before |
//! | `calls` | which calls have reached a node that has not answered them |
//! | `ledger` | the store as the log makes it |
//! | `acknowledged` | who has answered what of each leader's |
//! | `clocks` | when a clock shows what |
//! | `faults` | which faults are in force |
//! | `owners` | which group has the keys that have moved |
//! | `load` | how busy each node's cores were |
//! | `soundness` | since when nothing has been wrong with a node, a link, or a leader and its quorum |

pub(crate) mod acknowledged;
pub(crate) mod calls;
pub(crate) mod clocks;
pub(crate) mod faults;
mod grouped;
pub(crate) mod ledger;
pub(crate) mod load;
pub(crate) mod log;
pub(crate) mod operations;
pub(crate) mod owners;
mod replica;
mod replicas;
mod serving;
pub(crate) mod soundness;

pub use grouped::Grouped;
pub(crate) use replica::Lately;
pub use replica::{Ended, Held, Replica};
pub use replicas::{LeaseState, Replicas};

use crate::history::{Arrival, Effect, Hears, Invocation, OpId, Record, tell};
use crate::time::SimTime;
use acknowledged::Acknowledged;
use calls::Calls;
use clocks::Clocks;
use faults::Faults;
use leasehold::env::{GroupId, NodeId, ReplicaId, Stamp};
use leasehold::observe::Membership;
use ledger::Ledger;
use load::Load;
use operations::{Operations, UnderWay};
use owners::Owners;
use serving::Serving;
use soundness::{Excuses, Soundness, Standing};
use std::cell::Cell;
use std::sync::Arc;

/// What the nodes of a cluster have told, what clients have under way, and what the log of each group made of it.
#[derive(Default)]
pub struct View {
    groups: Grouped<Group>,
    operations: Operations,
    owners: Owners,
    calls: Calls,
    clocks: Clocks,
    faults: Faults,
    soundness: Soundness,
    load: Load,
}

/// What the replicas of one group have told, and what their log made of what clients asked.
#[derive(Default)]
struct Group {
    replicas: Replicas,
    serving: Serving,
    ledger: Ledger,
    acknowledged: Acknowledged,
    /// When a transaction was last refused at apply.
    conflict: Option<SimTime>,
    /// What was answered last to who asked for a leader that stands, and after which record: several checks ask the same.
    stands: Cell<Option<(Asked, Option<Standing>)>>,
}

/// After so many records, by way of this node, with these excuses.
type Asked = (u64, NodeId, Excuses);

/// A group takes in what its log does, while clients have these operations under way.
struct Taking<'a> {
    ledger: &'a mut Ledger,
    conflict: &'a mut Option<SimTime>,
    operations: &'a Operations,
}

impl Hears for Taking<'_> {
    fn effect(&mut self, at: SimTime, index: u64, effect: &Effect) {
        let client = self.operations.get(effect.op).map(|operation| operation.client);
        self.ledger.take((at, index), effect, client, self.operations.least());
    }

    fn conflict(&mut self, at: SimTime, _: NodeId, _: u64) {
        *self.conflict = Some(at);
    }
}

/// How long the answers of voters take, by the clocks of the leaders that they answer.
struct Answers<'a> {
    soundness: &'a mut Soundness,
    clocks: &'a Clocks,
}

impl Hears for Answers<'_> {
    fn echo(&mut self, at: SimTime, Arrival { from: voter, to: leader, .. }: Arrival<'_>, stamp: Stamp) {
        if let Some(left) = self.clocks.when(leader, stamp.sent_at) {
            self.soundness.answered(at, (leader, voter), at.since(left));
        }
    }
}

impl Group {
    fn record(&mut self, record: &Record, operations: &Operations) {
        let Self { replicas, serving, ledger, acknowledged, conflict, stands: _ } = self;
        let taking = &mut Taking { ledger, conflict, operations };
        tell(record, &mut (&mut (acknowledged, replicas), &mut (serving, taking)));
    }
}

impl View {
    /// Nothing told yet, by the nodes of groups that these founded.
    pub fn founded_by(founders: impl IntoIterator<Item = (GroupId, Membership)>) -> Self {
        let group = |founders| Group { replicas: Replicas::founded_by(founders), ..Group::default() };
        let groups = founders.into_iter().map(|(id, founders)| (id, group(founders)));
        Self { groups: Grouped::new(groups), ..Self::default() }
    }

    /// The groups, by number.
    pub fn groups(&self) -> impl Iterator<Item = GroupId> {
        self.groups.ids()
    }

    /// Takes in a record: what is about one group is for that group alone.
    pub fn record(&mut self, record: &Record) {
        let Self { groups, operations, owners, calls, clocks, faults, soundness, load } = self;
        operations.begin();
        calls.begin();
        faults.begin();
        soundness.begin();
        let of_clients = &mut (&mut *operations, &mut (owners, calls));
        let of_nodes = &mut (&mut (clocks, faults), &mut (soundness, load));
        tell(record, &mut (of_clients, of_nodes));
        groups.concerned(record).for_each(|group| group.record(record, operations));
        if record.what.is_echo() {
            tell(record, &mut Answers { soundness: &mut self.soundness, clocks: &self.clocks });
        }
        if let Some(fault) = record.what.fault() {
            let leaders = self.groups.all().filter_map(|group| group.replicas.leader());
            self.soundness.stalls(record.at, fault, leaders);
        }
    }

    /// Takes in what a record of another group says of who has which keys.
    pub fn overhear(&mut self, record: &Record) {
        tell(record, &mut self.owners);
    }

    /// The key of an operation goes to another group. Returns it, if it is under way.
    pub(crate) fn leaves(&mut self, op: OpId) -> Option<UnderWay> {
        self.calls.leaves(op);
        self.operations.leaves(op)
    }

    /// The key of an operation under way has come from another group.
    pub(crate) fn comes(&mut self, at: SimTime, invocation: &Invocation) {
        self.calls.comes(invocation);
        self.operations.comes(at, invocation);
    }

    /// What is so as a group sees it: a node is its replica there.
    pub fn within(&self, group: GroupId) -> GroupView<'_> {
        let Self { groups, operations, owners, calls, clocks, faults, soundness, load } = self;
        let own = groups.of(group);
        let Group { ledger, acknowledged, conflict, .. } = own;
        let conflict = *conflict;
        GroupView {
            group,
            own,
            soundness,
            operations,
            owners,
            calls,
            ledger,
            acknowledged,
            clocks,
            faults,
            load,
            conflict,
        }
    }

    /// A replica, if it has told anything.
    pub fn get(&self, ReplicaId { group, node }: ReplicaId) -> Option<&Replica> {
        self.groups.of(group).replicas.get(node)
    }
}

#[cfg(test)]
impl View {
    /// What is so after all this.
    pub(crate) fn after(events: &crate::history::testing::Events) -> Self {
        let mut view = Self::default();
        events.records().iter().for_each(|record| view.record(record));
        view
    }

    /// As the first group sees it.
    pub(crate) fn first(&self) -> GroupView<'_> {
        self.within(GroupId::FIRST)
    }
}

/// What is so as one group sees it: a node is its replica there, the ledger that of its log.
#[derive(Clone, Copy)]
pub struct GroupView<'a> {
    group: GroupId,
    own: &'a Group,
    soundness: &'a Soundness,
    pub(crate) operations: &'a Operations,
    pub(crate) owners: &'a Owners,
    pub(crate) calls: &'a Calls,
    pub(crate) ledger: &'a Ledger,
    pub(crate) acknowledged: &'a Acknowledged,
    pub(crate) clocks: &'a Clocks,
    pub(crate) faults: &'a Faults,
    pub(crate) load: &'a Load,
    /// When a transaction was last refused at apply.
    pub(crate) conflict: Option<SimTime>,
}

impl<'a> GroupView<'a> {
    /// The group.
    pub fn group(&self) -> GroupId {
        self.group
    }

    /// The members of the group when it began, if that is known.
    pub fn founders(&self) -> Option<Arc<Membership>> {
        self.own.replicas.founders()
    }

    /// The membership that `node` goes by.
    pub fn members(&self, node: NodeId) -> Arc<Membership> {
        self.own.replicas.members(node)
    }

    /// The membership by which `node` counts votes and acknowledgements.
    pub(crate) fn counted_by(&self, node: NodeId) -> Arc<Membership> {
        self.own.replicas.counted_by(node)
    }

    /// A node, if it has told anything.
    pub fn get(&self, node: NodeId) -> Option<&'a Replica> {
        self.own.replicas.get(node)
    }

    /// Each node that has told anything, by number.
    pub fn iter(&self) -> impl Iterator<Item = (NodeId, &'a Replica)> + use<'a> {
        self.own.replicas.iter()
    }

    /// Each node but this one that has told anything, by number.
    pub fn others(&self, node: NodeId) -> impl Iterator<Item = (NodeId, &'a Replica)> + use<'a> {
        self.iter().filter(move |(other, _)| *other != node)
    }

    /// The leader of the latest term, if its process runs and a quorum of its voters that run take it for their leader.
    pub fn followed_leader(&self) -> Option<NodeId> {
        self.own.replicas.followed_leader()
    }

    /// What is before this index is in nobody's log any more.
    pub(crate) fn forgotten(&self) -> u64 {
        self.own.replicas.forgotten()
    }

    /// The node's lease, if it has one, good or run out.
    pub fn lease(&self, node: NodeId) -> Option<Held> {
        self.own.replicas.lease(node)
    }

    /// Since when nothing has been wrong with `node`; `None`: something is.
    pub(crate) fn sound(&self, node: NodeId, excuses: Excuses) -> Option<SimTime> {
        self.soundness.node(node, &self.own.replicas, excuses)
    }

    /// Has any message been lost since then?
    pub(crate) fn lost_any_since(&self, at: SimTime) -> bool {
        self.soundness.lost_any_since(at)
    }

    /// A leader that a quorum follows and that `via` reaches, if there is one; it is not handing over.
    pub(crate) fn standing(&self, via: NodeId, excuses: Excuses) -> Option<Standing> {
        let asked = (self.soundness.records, via, excuses);
        if let Some((_, standing)) = self.own.stands.get().filter(|(before, _)| *before == asked) {
            return standing;
        }
        let standing = self.soundness.standing(via, self.own, excuses);
        self.own.stands.set(Some((asked, standing)));
        standing
    }

    /// Does the disk of the leader stand still?
    pub(crate) fn leader_is_stalled(&self) -> bool {
        self.own.replicas.leader().is_some_and(|leader| self.soundness.has_stalled_disk(leader))
    }

    /// When a process last began, ended, stood still or went on.
    pub fn stirred(&self) -> SimTime {
        self.iter().filter_map(|(_, replica)| replica.process).map(|(_, at)| at).max().unwrap_or_default()
    }

    /// The node that led last.
    pub fn led_last(&self) -> Option<NodeId> {
        self.own.replicas.led_last()
    }

    /// Who was last caught up as leader and leads on, and since when.
    pub fn last_caught_up(&self) -> Option<(NodeId, SimTime)> {
        self.own.replicas.caught_up()
    }

    /// Since when `node` has been caught up as leader, if nobody was after it.
    pub fn caught_up(&self, node: NodeId) -> Option<SimTime> {
        self.last_caught_up().and_then(|(leader, since)| (leader == node).then_some(since))
    }

    /// Does `node` ever grant itself a lease? Where voters promise nothing it does not.
    pub fn may_hold_lease(&self, node: NodeId) -> bool {
        self.get(node).and_then(|replica| replica.timing).is_none_or(|timing| timing.lease.is_some())
    }

    /// Do the engines renew their leases by themselves?
    pub fn renew_by_themselves(&self) -> bool {
        self.iter().all(|(_, replica)| replica.timing.is_none_or(|timing| timing.renews))
    }

    /// Where the lease of the whole cluster stands at `at`.
    pub fn lease_state(&self, at: SimTime) -> LeaseState {
        self.own.replicas.lease_state(at)
    }
}
