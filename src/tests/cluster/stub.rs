//! An engine that does what a test says: what stands above it is tested without consensus.

use crate::engine::raft_rs::RaftRs;
use crate::engine::{Applied, Config, Engine, Factory, Malformed, MembershipChange, Parts, Status};
use crate::env::{BoxFuture, NodeId};
use crate::error::Error;
use crate::observe::{Role, RoundCause, Timing};
use crate::store::Verdict;
use crate::transport::Packet;
use crate::wire::Wire;
use parking_lot::Mutex;
use std::future::{pending, ready};
use std::sync::Arc;
use std::time::Duration;

/// Proposals are written at index 7 and rounds confirm it, unless they fail as a test says. Cloned, it is the same engine.
#[derive(Clone)]
pub(crate) struct Stub(Arc<Mutex<State>>);

struct State {
    status: Status,
    proposals: Result<Vec<u8>, Error>,
    rounds: Result<u64, Error>,
    proposed: usize,
}

const INDEX: u64 = 7;

impl Stub {
    /// One that leads in term 1, and has applied all.
    pub(crate) fn leading(node: u64) -> Self {
        let leader = Some(NodeId(node));
        let status = Status {
            behind: false,
            role: Role::Leader,
            term: 1,
            leader,
            commit: INDEX,
            applied: INDEX,
            applied_term: 1,
            transferee: None,
        };
        let state = State { status, proposals: Ok(Verdict::Written.encode()), rounds: Ok(INDEX), proposed: 0 };
        Self(Arc::new(Mutex::new(state)))
    }

    pub(crate) fn publishes(&self, change: impl FnOnce(&mut Status)) {
        change(&mut self.0.lock().status);
    }

    /// What a proposal comes to from now on: the state machine's answer, or an error.
    pub(crate) fn answers(&self, proposals: Result<Vec<u8>, Error>) {
        self.0.lock().proposals = proposals;
    }

    /// What a round comes to from now on.
    pub(crate) fn confirms(&self, rounds: Result<u64, Error>) {
        self.0.lock().rounds = rounds;
    }

    /// How often something was proposed.
    pub(crate) fn proposed(&self) -> usize {
        self.0.lock().proposed
    }
}

fn now<T: Send + 'static>(value: T) -> BoxFuture<T> {
    Box::pin(ready(value))
}

impl Factory for Stub {
    fn timing(&self, config: &Config, lease: Duration) -> Timing {
        RaftRs::default().timing(config, lease)
    }

    fn start(&self, _parts: Parts) -> Result<Arc<dyn Engine>, Error> {
        Ok(Arc::new(self.clone()))
    }

    fn decode(&self, _bytes: &[u8]) -> Result<Wire, Malformed> {
        Err(Malformed)
    }
}

impl Engine for Stub {
    fn status(&self) -> Status {
        self.0.lock().status
    }

    fn propose(&self, _command: Vec<u8>) -> BoxFuture<Result<Applied, Error>> {
        let mut state = self.0.lock();
        state.proposed += 1;
        now(state.proposals.clone().map(|response| Applied { index: INDEX, response }))
    }

    fn read_index(&self, _cause: RoundCause) -> BoxFuture<Result<u64, Error>> {
        now(self.0.lock().rounds.clone())
    }

    fn wait_applied(&self, _index: u64) -> BoxFuture<Result<(), Error>> {
        now(Ok(()))
    }

    fn transfer(&self, _to: NodeId) -> BoxFuture<Result<(), Error>> {
        now(Err(Error::TransferRefused))
    }

    fn change_membership(&self, _change: MembershipChange) -> BoxFuture<Result<u64, Error>> {
        now(Err(Error::MembershipRefused("a stub has no members")))
    }

    fn waiting(&self) -> usize {
        0
    }

    fn deliver(&self, _packet: Box<Packet>) {}

    fn stop(&self) {}

    fn ended(&self) -> BoxFuture<Result<(), Error>> {
        Box::pin(pending())
    }
}
