//! What openraft's nodes say to each other, as the transport carries it: each request and each answer is a message of its own.

use super::types::{Entry, LogId, Payload, Snapshot, SnapshotMeta, Types, Vote};
use crate::wire::{Body, Head, Kind, Malformed, Wire};
use openraft::raft::{AppendEntriesRequest, AppendEntriesResponse, SnapshotResponse};
use openraft::raft::{TransferLeaderRequest, VoteRequest, VoteResponse};
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::sync::Arc;

/// A message.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Message {
    /// The asker's name for what it asks: ascending within an incarnation. An answer bears that of what it answers.
    pub(super) call: u64,
    /// The incarnation of the asker.
    pub(super) incarnation: u64,
    /// The sender's term.
    pub(super) term: u64,
    pub(super) says: Says,
}

/// What a message says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub(super) enum Says {
    /// Entries, or none; and whether it is there to say who leads.
    Append(AppendEntriesRequest<Types>, bool),
    /// The answer to that.
    Appended(AppendEntriesResponse<Types>, Asked),
    Snapshot(Vote, SnapshotMeta, Arc<Vec<u8>>),
    /// The answer to that, and the index that the log reaches with it; `None`: it goes by a later leader, and refuses.
    Installed(SnapshotResponse<Types>, Option<u64>),
    PreVote(VoteRequest<Types>),
    PreVoted(VoteResponse<Types>),
    Vote(VoteRequest<Types>),
    Voted(VoteResponse<Types>),
    Transfer(TransferLeaderRequest<Types>),
}

/// What an append was about.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Asked {
    /// The last index that it says something of.
    pub(super) index: u64,
    /// It was there to say who leads.
    pub(super) beats: bool,
}

impl Asked {
    /// What this append is about.
    pub(super) fn of(request: &AppendEntriesRequest<Types>, beats: bool) -> Self {
        Self { index: index(last(request)), beats }
    }
}

/// The last entry that the receiver has then.
pub(super) fn last(request: &AppendEntriesRequest<Types>) -> Option<LogId> {
    request.entries.last().map(|entry| entry.log_id).or(request.prev_log_id)
}

impl Body for Message {
    fn encode(&self) -> Vec<u8> {
        postcard::to_allocvec(self).expect("writing to memory cannot fail")
    }
}

/// `message` for the transport.
pub(super) fn seal(message: Message) -> Wire {
    let (kind, head) = (kind(&message.says), head(&message));
    Wire { kind, head, body: Arc::new(message) }
}

/// The message that was sealed; `None`: another engine's.
pub(super) fn open(wire: Wire) -> Option<Message> {
    let body: Arc<dyn Any + Send + Sync> = wire.body;
    body.downcast().ok().map(Arc::unwrap_or_clone)
}

/// Takes a message from bytes of [`Body::encode`].
///
/// # Errors
/// The bytes are not such.
pub(super) fn decode(bytes: &[u8]) -> Result<Wire, Malformed> {
    postcard::from_bytes(bytes).map(seal).map_err(|_| Malformed)
}

fn kind(says: &Says) -> Kind {
    match says {
        Says::Append(_, beats) if *beats => Kind::Heartbeat,
        Says::Append(..) => Kind::Append,
        Says::Appended(_, asked) if asked.beats => Kind::HeartbeatResponse,
        Says::Appended(..) | Says::Installed(..) => Kind::AppendResponse,
        Says::Snapshot(..) => Kind::Snapshot,
        Says::PreVote(_) => Kind::PreVote,
        Says::PreVoted(_) => Kind::PreVoteResponse,
        Says::Vote(request) if request.leadership_transfer => Kind::ForcedVote,
        Says::Vote(_) => Kind::Vote,
        Says::Voted(_) => Kind::VoteResponse,
        Says::Transfer(_) => Kind::TimeoutNow,
    }
}

fn head(message: &Message) -> Head {
    let head = Head { term: message.term, ..Head::default() };
    match &message.says {
        Says::Append(request, _) => Head {
            index: index(request.prev_log_id),
            commit: index(request.leader_commit),
            entries: request.entries.len() as u64,
            payload: request.entries.iter().map(size).sum(),
            ..head
        },
        Says::Appended(response, asked) => Head { index: asked.index, rejected: !is_accepted(response), ..head },
        Says::Snapshot(_, meta, state) => Head { index: index(meta.last_log_id), payload: state.len() as u64, ..head },
        Says::Installed(_, reached) => Head { index: reached.unwrap_or(0), rejected: reached.is_none(), ..head },
        Says::PreVote(request) => Head { term: request.vote.leader_id.term, index: index(request.last_log_id), ..head },
        Says::Vote(request) => Head { index: index(request.last_log_id), ..head },
        // By now the term may be another than that in which it was given.
        Says::Voted(response) if response.vote_granted => Head { term: response.vote.leader_id.term, ..head },
        Says::PreVoted(response) | Says::Voted(response) => Head { rejected: !response.vote_granted, ..head },
        Says::Transfer(request) => Head { index: index(request.last_log_id().copied()), ..head },
    }
}

/// Does the follower take what the leader says?
fn is_accepted(response: &AppendEntriesResponse<Types>) -> bool {
    match response {
        AppendEntriesResponse::Success | AppendEntriesResponse::PartialSuccess(_) => true,
        AppendEntriesResponse::Conflict | AppendEntriesResponse::HigherVote(_) => false,
    }
}

/// Has whoever answers this heard its leader, and promised not to help elect another? Who answers that its log is another has too, but a
/// refusal is not counted on.
pub(super) fn renews_promise(says: &Says) -> bool {
    match says {
        Says::Appended(response, _) => is_accepted(response),
        Says::Installed(_, reached) => reached.is_some(),
        Says::Append(..)
        | Says::Snapshot(..)
        | Says::PreVote(_)
        | Says::PreVoted(_)
        | Says::Vote(_)
        | Says::Voted(_)
        | Says::Transfer(_) => false,
    }
}

fn index(log_id: Option<LogId>) -> u64 {
    log_id.map_or(0, |log_id| log_id.index())
}

fn size(entry: &Entry) -> u64 {
    match &entry.payload {
        Payload::Normal(command) => command.0.len() as u64,
        Payload::Blank | Payload::Membership(_) => 0,
    }
}

/// The snapshot of such a message.
pub(super) fn snapshot(meta: SnapshotMeta, state: Arc<Vec<u8>>) -> Snapshot {
    Snapshot { meta, snapshot: state }
}

#[cfg(test)]
mod tests {
    use super::super::types::Command;
    use super::*;

    fn message(says: Says) -> Message {
        Message { call: 5, incarnation: 2, term: 3, says }
    }

    fn append(entries: Vec<Entry>, beats: bool) -> Says {
        let leader_commit = Some(LogId::new(2.into(), 5));
        let prev_log_id = Some(LogId::new(2.into(), 7));
        let request = AppendEntriesRequest { vote: Vote::new_committed(3, 1), prev_log_id, entries, leader_commit };
        Says::Append(request, beats)
    }

    #[test]
    fn what_was_sealed_is_opened_unchanged_also_after_a_way_as_bytes() {
        let entry = Entry { log_id: LogId::new(3.into(), 8), payload: Payload::Normal(Command(vec![1; 100])) };
        let sealed = seal(message(append(vec![entry], false)));
        let head = Head { term: 3, index: 7, commit: 5, entries: 1, payload: 100, ..Head::default() };
        assert_eq!((sealed.kind, sealed.head), (Kind::Append, head));
        let carried = decode(&sealed.body.encode()).unwrap();
        assert_eq!((carried.kind, carried.head), (sealed.kind, sealed.head));
        let [sealed, carried] = [sealed, carried].map(|wire| format!("{:?}", open(wire).unwrap()));
        assert_eq!(sealed, carried);
    }

    #[test]
    fn what_says_who_leads_is_a_heartbeat_and_so_is_the_answer_to_it_and_what_says_nothing_else_is_an_append() {
        for (beats, kinds) in
            [(true, [Kind::Heartbeat, Kind::HeartbeatResponse]), (false, [Kind::Append, Kind::AppendResponse])]
        {
            let Says::Append(request, _) = append(Vec::new(), beats) else { panic!() };
            let answer = Says::Appended(AppendEntriesResponse::Success, Asked::of(&request, beats));
            let sealed = [Says::Append(request, beats), answer].map(|says| seal(message(says)));
            assert_eq!((sealed.each_ref().map(|wire| wire.kind), sealed[1].head.index), (kinds, 7));
        }
    }

    #[test]
    fn a_vote_that_a_transfer_forces_is_a_kind_of_its_own() {
        let mut request = VoteRequest::new(Vote::new(3, 1), None);
        assert_eq!(seal(message(Says::Vote(request.clone()))).kind, Kind::Vote);
        request.leadership_transfer = true;
        assert_eq!(seal(message(Says::Vote(request))).kind, Kind::ForcedVote);
    }

    #[test]
    fn a_vote_is_of_the_term_in_which_it_was_given_and_a_refusal_of_that_in_which_it_is_sent() {
        let answers = |granted| seal(message(Says::Voted(VoteResponse::new(Vote::new(2, 1), None, granted)))).head;
        assert_eq!(
            [true, false].map(|granted| (answers(granted).term, answers(granted).rejected)),
            [(2, false), (3, true)]
        );
    }

    #[test]
    fn who_refuses_what_its_leader_says_renews_nothing() {
        let answer = |response| Says::Appended(response, Asked { index: 7, beats: false });
        assert!(renews_promise(&answer(AppendEntriesResponse::Success)));
        assert!(!renews_promise(&answer(AppendEntriesResponse::Conflict)));
        assert!(!renews_promise(&answer(AppendEntriesResponse::HigherVote(Vote::new(4, 2)))));
        let installed = |reached| Says::Installed(SnapshotResponse::new(Vote::new_committed(3, 1)), reached);
        assert!(renews_promise(&installed(Some(7))) && !renews_promise(&installed(None)));
        let head = seal(message(installed(None))).head;
        assert_eq!((head.index, head.rejected), (0, true), "nor has it acknowledged anything");
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
        assert!(open(Wire { kind: Kind::Append, head: Head::default(), body: Arc::new(Another) }).is_none());
    }
}
