//! raft's messages, as the transport carries them.

use crate::wire::{Body, Head, Kind, Malformed, Wire};
use protobuf::Message as _;
use raft::CAMPAIGN_TRANSFER;
use std::any::Any;
use std::sync::Arc;

pub use raft::eraftpb::{Message, MessageType};

impl Body for Message {
    fn encode(&self) -> Vec<u8> {
        self.write_to_bytes().expect("writing protobuf to memory cannot fail")
    }
}

/// `message` for the transport; `None`: of a kind that no node of this stack sends to another.
pub fn seal(message: Message) -> Option<Wire> {
    let kind = kind(&message)?;
    let entries = message.entries.iter().map(|entry| entry.data.len() + entry.context.len());
    let payload = message.context.len() + message.get_snapshot().data.len() + entries.sum::<usize>();
    let head = Head {
        term: message.term,
        index: message.index,
        commit: message.commit,
        entries: message.entries.len() as u64,
        rejected: message.reject,
        confirms: matches!(kind, Kind::Heartbeat | Kind::HeartbeatResponse) && !message.context.is_empty(),
        payload: payload as u64,
    };
    Some(Wire { kind, head, body: Arc::new(message) })
}

/// The message that was sealed; `None`: another engine's.
pub fn open(wire: Wire) -> Option<Message> {
    let body: Arc<dyn Any + Send + Sync> = wire.body;
    body.downcast().ok().map(Arc::unwrap_or_clone)
}

/// Takes a message from bytes of [`Body::encode`].
///
/// # Errors
/// The bytes are not such.
pub fn decode(bytes: &[u8]) -> Result<Wire, Malformed> {
    Message::parse_from_bytes(bytes).ok().and_then(seal).ok_or(Malformed)
}

/// Makes another message of one. For harnesses that put something between engines: no part of the stack does.
pub fn rewrite(wire: &Wire, change: impl FnOnce(&mut Message)) -> Option<Wire> {
    let mut message = open(wire.clone())?;
    change(&mut message);
    seal(message)
}

fn kind(message: &Message) -> Option<Kind> {
    match message.msg_type {
        MessageType::MsgHeartbeat => Some(Kind::Heartbeat),
        MessageType::MsgHeartbeatResponse => Some(Kind::HeartbeatResponse),
        MessageType::MsgAppend => Some(Kind::Append),
        MessageType::MsgAppendResponse => Some(Kind::AppendResponse),
        MessageType::MsgSnapshot => Some(Kind::Snapshot),
        MessageType::MsgRequestPreVote => Some(Kind::PreVote),
        MessageType::MsgRequestPreVoteResponse => Some(Kind::PreVoteResponse),
        MessageType::MsgRequestVote if message.context == CAMPAIGN_TRANSFER => Some(Kind::ForcedVote),
        MessageType::MsgRequestVote => Some(Kind::Vote),
        MessageType::MsgRequestVoteResponse => Some(Kind::VoteResponse),
        MessageType::MsgTimeoutNow => Some(Kind::TimeoutNow),
        // Followers forward requests, not what raft makes of them.
        MessageType::MsgPropose
        | MessageType::MsgReadIndex
        | MessageType::MsgReadIndexResp
        | MessageType::MsgTransferLeader => None,
        // What a node tells itself.
        MessageType::MsgHup
        | MessageType::MsgBeat
        | MessageType::MsgUnreachable
        | MessageType::MsgSnapStatus
        | MessageType::MsgCheckQuorum => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use raft::eraftpb::Entry;

    fn message(msg_type: MessageType) -> Message {
        Message { msg_type, from: 1, to: 2, term: 3, ..Default::default() }
    }

    #[test]
    fn what_was_sealed_is_opened_unchanged_also_after_a_way_as_bytes() {
        let mut append = message(MessageType::MsgAppend);
        (append.index, append.commit, append.log_term) = (7, 5, 2);
        append.entries.push(Entry { data: vec![1; 100].into(), index: 8, term: 3, ..Default::default() });
        let sealed = seal(append.clone()).unwrap();
        let head = Head { term: 3, index: 7, commit: 5, entries: 1, payload: 100, ..Head::default() };
        assert_eq!((sealed.kind, sealed.head), (Kind::Append, head));
        let carried = decode(&sealed.body.encode()).unwrap();
        assert_eq!((carried.kind, carried.head), (sealed.kind, sealed.head));
        assert_eq!((open(sealed), open(carried)), (Some(append.clone()), Some(append)));
    }

    #[test]
    fn a_message_is_large_by_its_entries_with_their_contexts_its_snapshot_and_its_own_context() {
        let mut large = message(MessageType::MsgAppend);
        large.context = vec![1; 2].into();
        large.mut_snapshot().data = vec![1; 30].into();
        for _ in 0..2 {
            large.entries.push(Entry { data: vec![1; 100].into(), context: vec![1; 7].into(), ..Default::default() });
        }
        assert_eq!(seal(large).unwrap().head.payload, 2 + 30 + 2 * 107);
    }

    #[test]
    fn a_vote_that_a_transfer_forces_is_a_kind_of_its_own() {
        let mut vote = message(MessageType::MsgRequestVote);
        assert_eq!(seal(vote.clone()).unwrap().kind, Kind::Vote);
        vote.context = CAMPAIGN_TRANSFER.into();
        assert_eq!(seal(vote).unwrap().kind, Kind::ForcedVote);
    }

    #[test]
    fn a_heartbeat_confirms_a_read_index_where_it_bears_a_context() {
        let mut heartbeat = message(MessageType::MsgHeartbeat);
        assert!(!seal(heartbeat.clone()).unwrap().head.confirms);
        heartbeat.context = vec![1].into();
        assert!(seal(heartbeat).unwrap().head.confirms);
    }

    #[test]
    fn what_a_node_tells_itself_or_nobody_forwards_does_not_leave_it() {
        for kind in [MessageType::MsgHup, MessageType::MsgCheckQuorum, MessageType::MsgReadIndex] {
            assert!(seal(message(kind)).is_none(), "{kind:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_message_and_bodies_of_another_engine_are_refused() {
        #[derive(Debug)]
        struct Another;

        impl Body for Another {
            fn encode(&self) -> Vec<u8> {
                Vec::new()
            }
        }

        assert!(decode(&[0xff; 3]).is_err());
        assert_eq!(open(Wire { kind: Kind::Append, head: Head::default(), body: Arc::new(Another) }), None);
    }
}
