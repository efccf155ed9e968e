//! What comes from the other nodes, and what goes to them, with the stamps that acknowledgements are counted by.

use super::EventLoop;
use crate::engine::raft_rs::wire;
use crate::env::{Address, NodeId, Stamp, Work};
use crate::observe::Event;
use crate::rules::{Condition, Rule, at_most, is, same};
use crate::transport::{Message, Packet};
use raft::StateRole;
use raft::eraftpb::{Message as RaftMessage, MessageType};

/// The most messages that are paid for in one go.
const STEPS: usize = 16;

impl EventLoop {
    pub(super) async fn step(&mut self, packet: Box<Packet>) {
        self.pay_for_step().await;
        let Packet { from: Address::Node(from), body: Message::Wire(wire), stamp, echo, .. } = *packet else {
            return;
        };
        let Some(message) = wire::open(wire) else { return };
        if !Rule::TimeoutNowNamesLog.holds(self.is_no_stale_timeout_now(&message)) {
            self.host.observe(Event::StaleTimeoutNow);
            return;
        }
        if message.msg_type == MessageType::MsgTimeoutNow && !self.may_stand() {
            return;
        }
        if !Rule::PromiseSurvivesRestart.holds(self.promise.permits(&message)) {
            self.host.observe(Event::VoteWithheld { from });
            return;
        }
        self.echo = stamp.map(|stamp| (from.0, stamp));
        if let Some(stamp) = echo {
            self.acknowledged(from, message.term, stamp);
        }
        // A message of a peer that is not, or no longer, a member is an error that concerns nobody here.
        let _ = self.raft.step(message);
    }

    /// Who has several messages to step does so in one go.
    async fn pay_for_step(&mut self) {
        if self.steps_paid == 0 {
            let waiting = if self.async_writes { self.shared.inbox.packets().min(STEPS - 1) } else { 0 };
            self.steps_paid = waiting + 1;
            self.host.work_times(Work::Step, self.steps_paid as u32).await;
        }
        self.steps_paid -= 1;
    }

    /// Rule RL.4 (raft-rs #234): a `TimeoutNow` permits an election against the log that its sender had. If this log has moved
    /// on since, the sender has regained its lease by an entry that the permission knows nothing of.
    fn is_no_stale_timeout_now(&self, message: &RaftMessage) -> Condition {
        let log = &self.raft.raft.raft_log;
        let is_another = message.msg_type != MessageType::MsgTimeoutNow || message.index == 0;
        is(is_another).or(at_most((log.last_term(), log.last_index()), (message.log_term, message.index)))
    }

    fn acknowledged(&mut self, from: NodeId, term: u64, stamp: Stamp) {
        let raft = &self.raft.raft;
        let mine =
            Rule::StampOfThisTerm.holds(same(stamp.term, raft.term)) && stamp.incarnation == self.host.incarnation();
        if raft.state == StateRole::Leader
            && mine
            && Rule::AnswerOfThisTerm.holds(same(term, raft.term))
            && let Some(base) = self.renewal.acknowledged(from, stamp)
        {
            self.listener.renewed(stamp.term, base);
        }
    }

    /// Sends what raft has ready.
    pub(super) async fn send(&mut self, messages: Vec<RaftMessage>) {
        if messages.is_empty() {
            return;
        }
        let echoed = messages.into_iter().map(|message| (self.echo_for(&message), message));
        let messages = echoed.map(|(echo, message)| (message, echo)).collect();
        self.send_all(messages).await;
    }

    /// Sends messages with the stamps that they return, in an order that does not depend on raft's hash maps.
    pub(super) async fn send_all(&mut self, mut messages: Vec<(RaftMessage, Option<Stamp>)>) {
        messages.sort_by_key(|(message, _)| message.to);
        let stamp = self.stamp();
        for (mut message, echo) in messages {
            if message.msg_type == MessageType::MsgTimeoutNow {
                self.listener.suspended();
                self.host.observe(Event::TimeoutNowSent { to: NodeId(message.to) });
                let log = &self.raft.raft.raft_log;
                (message.log_term, message.index) = (log.last_term(), log.last_index());
            }
            self.sends_snapshot(&message);
            let round = stamp.filter(|_| is_round(message.msg_type));
            let to = message.to;
            let Some(wire) = wire::seal(message) else { continue };
            let kind = wire.kind;
            self.host.work_times(Work::Send, Work::of_bytes(wire.head.payload)).await;
            if self.transport.send_wire(self.group, NodeId(to), wire, round, echo).is_err() {
                self.not_sent(to, kind);
            }
        }
    }

    /// The stamp of what leaves now. Where the clock cannot be read it bears the latest reading: it left after that.
    fn stamp(&mut self) -> Option<Stamp> {
        if self.raft.raft.state != StateRole::Leader {
            return None;
        }
        self.round += 1;
        let sent_at = self.now().unwrap_or(self.latest);
        let (term, incarnation) = (self.raft.raft.term, self.host.incarnation());
        Some(Stamp { term, incarnation, round: self.round, sent_at })
    }

    /// The stamp that an answer returns: that of the message which is being stepped, if it is of the same term.
    pub(super) fn echo_for(&self, answer: &RaftMessage) -> Option<Stamp> {
        let (from, stamp) = self.echo?;
        let answers = matches!(answer.msg_type, MessageType::MsgAppendResponse | MessageType::MsgHeartbeatResponse);
        (answers && answer.to == from && answer.term == stamp.term).then_some(stamp)
    }
}

/// Is this one of a leader's messages that renew the receiver's promise?
fn is_round(kind: MessageType) -> bool {
    matches!(kind, MessageType::MsgAppend | MessageType::MsgHeartbeat | MessageType::MsgSnapshot)
}
