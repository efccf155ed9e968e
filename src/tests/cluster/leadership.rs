//! Who leads, who belongs to the group, and what is asked of an engine itself.

use super::{Cluster, Setup};
use crate::bed::Pending;
use crate::engine::{Engine, MembershipChange, Status};
use crate::env::{GroupId, NodeId};
use crate::error::Error;
use crate::metrics::Counter;
use crate::node::Node;
use crate::observe::RoundCause;
use std::sync::Arc;

impl Cluster {
    /// Voters `n1` and so on; nobody leads.
    pub(crate) fn of(voters: u64) -> Self {
        Setup::of(voters).start()
    }

    /// The same, led by `n1`.
    pub(crate) fn led(voters: u64) -> Self {
        Self::of(voters).elected(1)
    }

    /// This cluster, with that leader.
    pub(crate) fn elected(mut self, node: u64) -> Self {
        self.elect(node);
        self
    }

    /// Stops a node in good order. It still answers that it has stopped.
    pub(crate) fn stop(&mut self, node: u64) -> Pending<()> {
        let stopped = self.node(node).stop();
        self.begin(stopped)
    }

    /// A running node.
    pub(crate) fn node(&self, node: u64) -> &Node {
        self.process(node)
    }

    pub(crate) fn count(&self, node: u64, counter: Counter) -> u64 {
        self.node(node).metrics(GroupId::FIRST).get(counter)
    }

    /// Lets time pass until `node` leads: nobody else gets as far as asking for votes.
    pub(crate) fn stand(&mut self, node: u64) {
        let quiet = self.let_others_not_stand(node);
        self.run_until(|cluster| cluster.status(node).leads());
        self.bus.end(quiet);
    }

    /// The same, and until it has applied an entry of its term.
    pub(crate) fn elect(&mut self, node: u64) {
        self.stand(node);
        self.run_until(|cluster| cluster.leads(node));
    }

    /// Lets time pass until `node` leads every group and has applied an entry of each term.
    pub(crate) fn lead_all(&mut self, node: u64) {
        let quiet = self.let_others_not_stand(node);
        self.run_until(|cluster| {
            let it = cluster.node(node);
            it.groups().all(|group| it.status(group).leads() && it.status(group).caught_up())
        });
        self.bus.end(quiet);
    }

    /// Does it lead, as far as it has published, and may it serve reads?
    pub(crate) fn leads(&self, node: u64) -> bool {
        let status = self.status(node);
        status.leads() && status.caught_up()
    }

    /// What a node has published.
    pub(crate) fn status(&self, node: u64) -> Status {
        self.node(node).status(GroupId::FIRST)
    }

    /// Asks `from` to hand over to `to`.
    pub(crate) fn begin_transfer(&mut self, from: u64, to: u64) -> Pending<Result<(), Error>> {
        let transfer = self.node(from).transfer(GroupId::FIRST, NodeId(to));
        self.begin(transfer)
    }

    /// The same, and waits for the answer.
    pub(crate) fn transfer(&mut self, from: u64, to: u64) -> Result<(), Error> {
        let transfer = self.begin_transfer(from, to);
        self.wait(&transfer)
    }

    pub(crate) fn begin_change(&mut self, at: u64, change: MembershipChange) -> Pending<Result<u64, Error>> {
        let change = self.node(at).change_membership(GroupId::FIRST, change);
        self.begin(change)
    }

    /// Asks `at` for a change of membership, and waits for the answer.
    pub(crate) fn change(&mut self, at: u64, change: MembershipChange) -> Result<u64, Error> {
        let change = self.begin_change(at, change);
        self.wait(&change)
    }

    /// Asks the engine of `at` to confirm that it leads.
    pub(crate) fn begin_read_index(&mut self, at: u64) -> Pending<Result<u64, Error>> {
        let round = self.engine(at).read_index(RoundCause::LeaseMiss);
        self.begin(round)
    }

    /// Proposes bytes to the engine of `at`.
    pub(crate) fn begin_propose(&mut self, at: u64, command: &[u8]) -> Pending<Result<u64, Error>> {
        let proposal = self.engine(at).propose(command.to_vec());
        self.begin(async move { proposal.await.map(|applied| applied.index) })
    }

    /// Waits at `at` until an index is applied there.
    pub(crate) fn begin_wait(&mut self, at: u64, index: u64) -> Pending<Result<(), Error>> {
        let applied = self.engine(at).wait_applied(index);
        self.begin(applied)
    }

    fn engine(&self, node: u64) -> Arc<dyn Engine> {
        Arc::clone(self.node(node).engine(GroupId::FIRST))
    }
}
