//! What network and history are told about messages: of which kind one is, what stands at its head, and how large it is.

use super::prelude::*;
use crate::history::Head;
use crate::words::MessageKind;
use leasehold::request::{Read, Request, Response};
use leasehold::wire::{self, Kind, Wire};

/// What frames, headers and numbers of a message take, about: HTTP/2 and gRPC, addresses, term, index.
const OVERHEAD: u64 = 64;

/// The same of one message of a group among others: group, term, index, stamp.
const PART_OVERHEAD: u64 = 32;

/// The same of one log entry.
const ENTRY_OVERHEAD: u64 = 16;

/// The kind of a message, and what stands at its head.
pub fn classify(packet: &Packet) -> (MessageKind, Head) {
    let of_group = Head { group: packet.group, ..Head::default() };
    match &packet.body {
        Message::Wire(Wire { kind, head, .. }) => {
            let wire::Head { term, index, commit, entries, rejected, .. } = *head;
            (kind_of(*kind), Head { term, index, commit, entries, rejected, ..of_group })
        }
        // They are of one kind.
        Message::Wires(packets) => packets.first().map_or((MessageKind::Heartbeat, of_group), classify),
        Message::Request { call, hop, .. } => {
            let (call, forwarded, op) = (*call, hop.forwarded, Some(OpId(hop.origin)));
            (MessageKind::Request, Head { call, forwarded, op, ..of_group })
        }
        Message::Reply { call, result } => {
            let error = result.as_ref().err().map(|error| (error.kind(), error.outcome()));
            (MessageKind::Reply, Head { call: *call, rejected: error.is_some(), error, ..of_group })
        }
    }
}

fn kind_of(kind: Kind) -> MessageKind {
    match kind {
        Kind::Heartbeat => MessageKind::Heartbeat,
        Kind::HeartbeatResponse => MessageKind::HeartbeatResponse,
        Kind::Append => MessageKind::Append,
        Kind::AppendResponse => MessageKind::AppendResponse,
        Kind::Snapshot => MessageKind::Snapshot,
        Kind::PreVote => MessageKind::PreVote,
        Kind::PreVoteResponse => MessageKind::PreVoteResponse,
        Kind::ForcedVote => MessageKind::ForcedVote,
        Kind::Vote => MessageKind::Vote,
        Kind::VoteResponse => MessageKind::VoteResponse,
        Kind::TimeoutNow => MessageKind::TimeoutNow,
    }
}

/// About how many bytes a message has on the wire.
pub fn size(packet: &Packet) -> u64 {
    let payload = match &packet.body {
        Message::Wires(packets) => packets.iter().map(|packet| size(packet) - OVERHEAD + PART_OVERHEAD).sum(),
        Message::Wire(Wire { head, .. }) => ENTRY_OVERHEAD * head.entries + head.payload,
        Message::Request { request, .. } => request_size(request) as u64,
        Message::Reply { result, .. } => result.as_ref().map_or(0, answer_size) as u64,
    };
    OVERHEAD + payload
}

fn request_size(request: &Request) -> usize {
    match request {
        Request::Get { key } | Request::Delete { key } => key.len(),
        Request::Mget { keys } => keys.iter().map(String::len).sum(),
        Request::Scan { ranges, .. } => {
            ranges.iter().map(|range| range.from.len() + range.to.as_ref().map_or(0, String::len)).sum()
        }
        Request::Put { key, value } => key.len() + value.len(),
        Request::Cas { key, expected, value } => key.len() + value.len() + expected.as_ref().map_or(0, Vec::len),
        Request::Script { reads, key, value } => reads.iter().map(String::len).sum::<usize>() + key.len() + value.len(),
        Request::Release { range, .. } | Request::Adopt { range, .. } => {
            range.from.len() + range.to.as_ref().map_or(0, String::len)
        }
    }
}

fn answer_size(response: &Response) -> usize {
    let value = |value: &Option<Vec<u8>>| value.as_ref().map_or(0, Vec::len);
    match response {
        Response::Value { value: read, .. } | Response::Unexpected { value: read, .. } => value(read),
        Response::Written { .. } | Response::Released { .. } | Response::Adopted => 0,
        Response::Entries { entries, .. } => entries.iter().map(|entry| entry.key.len() + entry.value.len()).sum(),
        Response::Script { reads, .. } | Response::Values { reads, .. } => {
            reads.iter().map(|Read { value: read, .. }| value(read)).sum()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use leasehold::env::{Address, GroupId, NodeId};
    use leasehold::transport::lane_of;
    use leasehold::wire::Body;
    use std::sync::Arc;

    #[derive(Debug)]
    struct Nothing;

    impl Body for Nothing {
        fn encode(&self) -> Vec<u8> {
            Vec::new()
        }
    }

    fn packet(kind: Kind, head: wire::Head) -> Packet {
        let (from, to, lane) = (Address::Node(NodeId(1)), Address::Node(NodeId(2)), lane_of(kind));
        Packet {
            from,
            to,
            lane,
            group: GroupId::FIRST,
            stamp: None,
            echo: None,
            body: Message::Wire(Wire { kind, head, body: Arc::new(Nothing) }),
        }
    }

    #[test]
    fn scenarios_know_the_lane_of_every_kind_of_message() {
        for kind in Kind::ALL {
            let known = kind_of(kind).lane();
            assert_eq!(known, lane_of(kind), "{kind:?}");
        }
    }

    #[test]
    fn what_a_message_carries_makes_it_larger() {
        let empty = size(&packet(Kind::Append, wire::Head::default()));
        let append = packet(Kind::Append, wire::Head { entries: 1, payload: 1_000, ..wire::Head::default() });
        assert_eq!(size(&append) - empty, ENTRY_OVERHEAD + 1_000);
    }
}
