//! What openraft asks of the other nodes, and what they answer, as messages of the transport.
//!
//! An append, a heartbeat and a snapshot leave with a stamp, which the answer returns: who answers has heard this leader at that time, and
//! the lease is counted from it. openraft keeps such times of its own, but tells the quorum's alone, and only when it publishes metrics.

use super::leadership::Shared;
use super::storage::Logs;
use super::types::{LogId, Snapshot, State, Types, Vote};
use super::wire::{self, Asked, Message, Says, renews_promise, seal, snapshot};
use crate::env::{Elapsed, NodeId, Stamp, Work, timeout};
use crate::observe::Event;
use crate::wire::Kind;
use futures_util::{Stream, StreamExt};
use openraft::OptionalSend;
use openraft::base::{BoxFuture, BoxStream};
use openraft::errors::{RPCError, ReplicationClosed, StreamingError, Unreachable};
use openraft::network::{RPCOption, RaftNetworkFactory, RaftNetworkV2};
use openraft::raft::{AppendEntriesRequest, AppendEntriesResponse, SnapshotResponse, StreamAppendError};
use openraft::raft::{TransferLeaderRequest, TransferLeaderResponse, VoteRequest, VoteResponse};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

/// Why there is no answer.
enum Unheard {
    /// None came in time.
    Late,
    /// The message did not leave.
    NotSent,
}

impl From<Unheard> for RPCError<Types> {
    /// Whatever it is, openraft waits before it asks again.
    fn from(unheard: Unheard) -> Self {
        RPCError::Unreachable(Unreachable::from_string(match unheard {
            Unheard::Late => "no answer came in time",
            Unheard::NotSent => "the lane to that peer is full",
        }))
    }
}

impl Shared {
    /// Sends a message, in this term; as the answer to what bore the stamp `echo`.
    pub(super) async fn send(
        &self,
        to: NodeId,
        message: Message,
        stamp: Option<Stamp>,
        echo: Option<Stamp>,
    ) -> Result<(), Kind> {
        let wire = seal(message);
        let kind = wire.kind;
        self.host.work_times(Work::Send, Work::of_bytes(wire.head.payload)).await;
        if self.is_over() {
            return Err(kind);
        }
        self.transport.send_wire(self.group, to, wire, stamp, echo).map_err(|_| kind)
    }

    async fn ask(&self, to: NodeId, term: u64, says: Says, limit: Duration) -> Result<Says, Unheard> {
        let (registered, answer) = self.calls.begin();
        let stamp = match &says {
            Says::Append(..) | Says::Snapshot(..) => self.stamp(term),
            _ => None,
        };
        let message = Message { call: registered.call, incarnation: self.host.incarnation(), term, says };
        self.send(to, message, stamp, None).await.map_err(|_| Unheard::NotSent)?;
        match timeout(&*self.host, limit, answer).await {
            Ok(Ok(says)) => Ok(says),
            Ok(Err(_)) | Err(Elapsed) => Err(Unheard::Late),
        }
    }

    /// Takes the answer to a call of this node.
    pub(super) fn take_answer(&self, from: NodeId, message: Message, packet_echo: Option<Stamp>) {
        if message.incarnation != self.host.incarnation() {
            return;
        }
        if let Some(stamp) = packet_echo
            && renews_promise(&message.says)
        {
            self.acknowledged(from, message.term, stamp);
        }
        self.calls.answered(message.call, message.says);
    }
}

/// Makes the connections to the other nodes.
pub(super) struct Network(pub(super) Arc<Shared>);

impl RaftNetworkFactory<Types> for Network {
    type Network = Peer;

    async fn new_client(&mut self, target: u64, _node: &()) -> Peer {
        Peer { shared: Arc::clone(&self.0), node: NodeId(target), beats: false }
    }

    async fn new_heartbeat_client(&mut self, target: u64, _node: &()) -> Peer {
        Peer { shared: Arc::clone(&self.0), node: NodeId(target), beats: true }
    }
}

/// Another node, as this one asks it.
pub(super) struct Peer {
    shared: Arc<Shared>,
    node: NodeId,
    /// To say who leads, and nothing else.
    beats: bool,
}

impl Peer {
    async fn ask(&self, term: u64, says: Says, option: &RPCOption) -> Result<Says, RPCError<Types>> {
        Ok(self.shared.ask(self.node, term, says, option.soft_ttl()).await?)
    }
}

type Appended = Result<Result<Option<LogId>, StreamAppendError<Types>>, RPCError<Types>>;
type Appends<'s> = Result<BoxStream<'s, Appended>, RPCError<Types>>;

impl Peer {
    async fn append(&self, request: AppendEntriesRequest<Types>, option: RPCOption) -> Appended {
        let (term, prev, last) = (request.vote.leader_id.term, request.prev_log_id, wire::last(&request));
        match self.ask(term, Says::Append(request, self.beats), &option).await? {
            Says::Appended(response, _) => Ok(response.into_stream_result(prev, last)),
            _ => odd(),
        }
    }
}

/// An answer to something else than was asked: of no use.
fn odd<T>() -> Result<T, RPCError<Types>> {
    Err(RPCError::Unreachable(Unreachable::from_string("it has answered something else")))
}

impl RaftNetworkV2<Types> for Peer {
    type SnapshotData = State;

    async fn append_entries(
        &mut self,
        request: AppendEntriesRequest<Types>,
        option: RPCOption,
    ) -> Result<AppendEntriesResponse<Types>, RPCError<Types>> {
        let term = request.vote.leader_id.term;
        match self.ask(term, Says::Append(request, self.beats), &option).await? {
            Says::Appended(response, _) => Ok(response),
            _ => odd(),
        }
    }

    /// One leaves after the other, each when that before it is answered, or not ([`Tuning::pipelines`](super::Tuning::pipelines)); the answers
    /// are taken in the order in which they left.
    fn stream_append<'s, S>(&'s mut self, input: S, option: RPCOption) -> BoxFuture<'s, Appends<'s>>
    where
        S: Stream<Item = AppendEntriesRequest<Types>> + OptionalSend + Unpin + 'static,
    {
        let most = if self.shared.tuning.pipelines { self.shared.config.max_inflight.max(1) } else { 1 };
        let peer = &*self;
        let answers = input.map(move |request| peer.append(request, option.clone())).buffered(most);
        // After an answer that says no openraft begins anew.
        let until_no = answers.scan(false, |is_over, answer| {
            let says_no = !matches!(answer, Ok(Ok(_)));
            std::future::ready((!std::mem::replace(is_over, *is_over || says_no)).then_some(answer))
        });
        Box::pin(async move { Ok(Box::pin(until_no) as BoxStream<'s, _>) })
    }

    async fn vote(
        &mut self,
        request: VoteRequest<Types>,
        option: RPCOption,
    ) -> Result<VoteResponse<Types>, RPCError<Types>> {
        let term = request.vote.leader_id.term;
        match self.ask(term, Says::Vote(request), &option).await? {
            Says::Voted(response) => Ok(response),
            _ => odd(),
        }
    }

    async fn pre_vote(
        &mut self,
        request: VoteRequest<Types>,
        option: RPCOption,
    ) -> Result<VoteResponse<Types>, RPCError<Types>> {
        let term = self.shared.asks_before_it_stands();
        match self.ask(term, Says::PreVote(request), &option).await? {
            Says::PreVoted(response) => Ok(response),
            _ => odd(),
        }
    }

    async fn full_snapshot(
        &mut self,
        vote: Vote,
        sent: Snapshot,
        cancel: impl Future<Output = ReplicationClosed> + OptionalSend + 'static,
        option: RPCOption,
    ) -> Result<SnapshotResponse<Types>, StreamingError<Types>> {
        let (term, index) = (vote.leader_id.term, sent.meta.last_log_id.map_or(0, |last| last.index()));
        let says = Says::Snapshot(vote, sent.meta, sent.snapshot);
        self.shared.host.observe(Event::SnapshotSent { to: self.node, index });
        let mut cancel = pin!(cancel);
        let limit = self.shared.patience_with(self.node).min(option.soft_ttl());
        let mut asked = pin!(self.shared.ask(self.node, term, says, limit));
        let answer = poll_fn(|cx| {
            if let Poll::Ready(answer) = asked.as_mut().poll(cx) {
                return Poll::Ready(Ok(answer));
            }
            cancel.as_mut().poll(cx).map(|closed| Err(StreamingError::Closed(closed)))
        });
        match answer.await? {
            Ok(Says::Installed(response, _)) => {
                self.shared.installed_by(self.node);
                Ok(response)
            }
            Ok(_) => Err(StreamingError::Unreachable(Unreachable::from_string("it has answered something else"))),
            Err(_) => {
                self.shared.lost_to(self.node);
                Err(StreamingError::Unreachable(Unreachable::from_string("it was not acknowledged")))
            }
        }
    }

    /// openraft tells every voter, so that none keeps its promise; nobody answers. The lease is suspended before any of that leaves.
    async fn transfer_leader(
        &mut self,
        request: TransferLeaderRequest<Types>,
        _option: RPCOption,
    ) -> Result<TransferLeaderResponse<Types>, RPCError<Types>> {
        let shared = &self.shared;
        shared.listener.suspended();
        if *request.to_node_id() == self.node.0 {
            shared.host.observe(Event::TimeoutNowSent { to: self.node });
        }
        let term = request.from_leader().leader_id.term;
        let message = Message { call: 0, incarnation: shared.host.incarnation(), term, says: Says::Transfer(request) };
        shared.send(self.node, message, None, None).await.map_err(|_| Unheard::NotSent)?;
        Ok(Ok(()))
    }
}

/// What another node has asked, and the answer to it, which `openraft` gives in its own time.
pub(super) async fn serve(shared: Arc<Shared>, logs: Logs, from: NodeId, message: Message, packet: Option<Stamp>) {
    let Some(raft) = shared.raft.get() else { return };
    let Message { call, incarnation, says, .. } = message;
    let answer = match says {
        Says::Append(request, beats) => {
            let (asked, term) = (Asked::of(&request, beats), request.vote.leader_id.term);
            let appended = raft.append_entries(request).await.ok().map(|response| Says::Appended(response, asked));
            let refused = matches!(&appended, None | Some(Says::Appended(AppendEntriesResponse::HigherVote(_), _)));
            if !refused {
                shared.follows(from, term);
            }
            appended
        }
        Says::Snapshot(vote, meta, state) => {
            let index = meta.last_log_id.map_or(0, |last| last.index());
            let installed = raft.install_full_snapshot(vote, snapshot(meta, state)).await.ok();
            // openraft answers at once where it knows all of that to be committed, be it on this node's disk or not
            // (FollowingHandler::install_full_snapshot).
            if logs.flushed().await.is_err() {
                return;
            }
            installed.map(|response| {
                let reached = (response.vote == vote).then_some(index);
                Says::Installed(response, reached)
            })
        }
        Says::PreVote(request) => raft.pre_vote(request).await.ok().map(Says::PreVoted),
        Says::Vote(request) => raft.vote(request).await.ok().map(Says::Voted),
        Says::Transfer(request) => {
            let _ = raft.handle_transfer_leader(request).await;
            None
        }
        Says::Appended(..) | Says::Installed(..) | Says::PreVoted(_) | Says::Voted(_) => None,
    };
    let Some(says) = answer else { return };
    let term = shared.durable_term();
    // An answer in another term than that of what it answers is none that a lease could be counted from.
    let echo = packet.filter(|stamp| stamp.term == term);
    let _ = shared.send(from, Message { call, incarnation, term, says }, None, echo).await;
}
