//! What network and history are told about messages: of which kind one is, what stands at its head, and how large it is. The one
//! place of the harness that reads the messages of raft-rs.

use crate::history::Head;
use crate::words::MessageKind;
use leasehold::request::{Read, Request, Response};
use leasehold::transport::{CAMPAIGN_TRANSFER, Message, MessageType, Packet};

/// What frames, headers and numbers of a message take, about: HTTP/2 and gRPC, addresses, term, index.
const OVERHEAD: usize = 64;

/// The same of one log entry.
const ENTRY_OVERHEAD: usize = 16;

/// The kind of a message, and what stands at its head.
pub fn classify(message: &Message) -> (MessageKind, Head) {
    match message {
        Message::Raft(raft) => {
            let (term, index, commit, entries) = (raft.term, raft.index, raft.commit, raft.entries.len() as u64);
            let head = Head { term, index, commit, entries, rejected: raft.reject, ..Head::default() };
            (kind_of(raft.msg_type, raft.context == CAMPAIGN_TRANSFER), head)
        }
        Message::Request { call, forwarded, .. } => {
            (MessageKind::Request, Head { call: call.number, forwarded: *forwarded, ..Head::default() })
        }
        Message::Reply { call, result } => {
            (MessageKind::Reply, Head { call: call.number, rejected: result.is_err(), ..Head::default() })
        }
    }
}

/// `forced`: of a request for a vote, that a transfer forces it.
fn kind_of(raft: MessageType, forced: bool) -> MessageKind {
    match raft {
        MessageType::MsgHeartbeat => MessageKind::Heartbeat,
        MessageType::MsgHeartbeatResponse => MessageKind::HeartbeatResponse,
        MessageType::MsgAppend => MessageKind::Append,
        MessageType::MsgAppendResponse => MessageKind::AppendResponse,
        MessageType::MsgSnapshot => MessageKind::Snapshot,
        MessageType::MsgRequestPreVote => MessageKind::PreVote,
        MessageType::MsgRequestPreVoteResponse => MessageKind::PreVoteResponse,
        MessageType::MsgRequestVote if forced => MessageKind::ForcedVote,
        MessageType::MsgRequestVote => MessageKind::Vote,
        MessageType::MsgRequestVoteResponse => MessageKind::VoteResponse,
        MessageType::MsgTimeoutNow => MessageKind::TimeoutNow,
        MessageType::MsgHup
        | MessageType::MsgBeat
        | MessageType::MsgPropose
        | MessageType::MsgUnreachable
        | MessageType::MsgSnapStatus
        | MessageType::MsgCheckQuorum
        | MessageType::MsgReadIndex
        | MessageType::MsgReadIndexResp
        | MessageType::MsgTransferLeader => unreachable!("in this stack a {raft:?} never leaves its node"),
    }
}

/// About how many bytes a message has on the wire.
pub fn size(packet: &Packet) -> u64 {
    let payload = match &packet.body {
        Message::Raft(raft) => {
            let entries = raft.entries.iter().map(|entry| ENTRY_OVERHEAD + entry.data.len() + entry.context.len());
            raft.context.len() + raft.get_snapshot().data.len() + entries.sum::<usize>()
        }
        Message::Request { request, .. } => match &**request {
            Request::Get { key } => key.len(),
            Request::Put { key, value } => key.len() + value.len(),
            Request::Cas { key, expected, value } => {
                key.len() + value.len() + expected.as_ref().map_or(0, |expected| expected.len())
            }
            Request::Script { reads, key, value } => {
                reads.iter().map(String::len).sum::<usize>() + key.len() + value.len()
            }
        },
        Message::Reply { result, .. } => result.as_ref().map_or(0, answer_size),
    };
    (OVERHEAD + payload) as u64
}

fn answer_size(response: &Response) -> usize {
    let value = |value: &Option<Vec<u8>>| value.as_ref().map_or(0, Vec::len);
    match response {
        Response::Value { value: read, .. } | Response::Unexpected { value: read, .. } => value(read),
        Response::Written { .. } => 0,
        Response::Script { reads, .. } => reads.iter().map(|Read { value: read, .. }| value(read)).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::LaneName;
    use leasehold::env::{Address, Lane, NodeId};
    use leasehold::transport::lane_of;
    use raft::eraftpb::Message as RaftMessage;

    fn raft(kind: MessageType) -> RaftMessage {
        RaftMessage { msg_type: kind, ..Default::default() }
    }

    fn packet(raft: RaftMessage) -> Packet {
        let (from, to) = (Address::Node(NodeId(1)), Address::Node(NodeId(2)));
        let lane = lane_of(raft.msg_type);
        Packet { from, to, lane, stamp: None, echo: None, body: Message::Raft(Box::new(raft)) }
    }

    #[test]
    fn scenarios_know_the_lane_of_every_kind_of_message() {
        let sent = [
            MessageType::MsgHeartbeat,
            MessageType::MsgHeartbeatResponse,
            MessageType::MsgAppend,
            MessageType::MsgAppendResponse,
            MessageType::MsgSnapshot,
            MessageType::MsgRequestPreVote,
            MessageType::MsgRequestPreVoteResponse,
            MessageType::MsgRequestVote,
            MessageType::MsgRequestVoteResponse,
            MessageType::MsgTimeoutNow,
        ];
        for kind in sent {
            let known = match kind_of(kind, false).lane() {
                LaneName::Heartbeat => Lane::Heartbeat,
                LaneName::Bulk => Lane::Bulk,
                LaneName::Request => Lane::Request,
            };
            assert_eq!(known, lane_of(kind), "{kind:?}");
        }
    }

    #[test]
    fn a_vote_that_a_transfer_forces_is_a_kind_of_its_own() {
        let mut vote = raft(MessageType::MsgRequestVote);
        assert_eq!(classify(&packet(vote.clone()).body).0, MessageKind::Vote);
        vote.context = CAMPAIGN_TRANSFER.into();
        assert_eq!(classify(&packet(vote).body).0, MessageKind::ForcedVote);
    }

    #[test]
    fn what_a_message_carries_makes_it_larger() {
        let empty = size(&packet(raft(MessageType::MsgAppend)));
        let mut append = raft(MessageType::MsgAppend);
        append.entries.push(Default::default());
        append.entries[0].data = vec![0; 1_000].into();
        assert_eq!(size(&packet(append)) - empty, (ENTRY_OVERHEAD + 1_000) as u64);
    }
}
