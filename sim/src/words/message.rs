//! The kinds of message, and what a message of each kind says.

use leasehold::env::Lane;

/// What a message says about its sender. Checks match on this, and never on the kind: a new kind states here which of them it
/// concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Says {
    /// It leads, lets itself be heard, and has committed up to the head's commit index.
    Beats,
    /// It leads, has entries or a state for the receiver, and has committed up to the head's commit index.
    Leads,
    /// It has heard its leader.
    Hears,
    /// Its log is durable up to the head's index, unless it rejects.
    Holds,
    /// It asks whether it would be elected.
    Probes,
    /// It would vote for the receiver, unless it rejects: nothing is promised.
    Favours,
    /// It stands for election: it has voted for itself in the head's term.
    Stands,
    /// It has voted for the receiver in the head's term, unless it rejects.
    Votes,
    /// It hands leadership over: the receiver is to stand for election at once.
    HandsOver,
    /// It asks for an operation.
    Calls,
    /// It answers an operation.
    Answers,
}

macro_rules! message_kinds {
    ($($(#[$about:meta])* $kind:ident = $word:literal by $lane:ident says $says:ident)*) => {
        super::words! {
            /// A kind of message that leaves a node or a client.
            pub enum MessageKind: "kind of message" {
                $($(#[$about])* $kind = $word,)*
            }
        }

        impl MessageKind {

            /// The lane that messages of this kind go by (`leasehold::transport::lane_of`).
            pub const fn lane(self) -> Lane {
                match self {
                    $(Self::$kind => Lane::$lane,)*
                }
            }

            /// What a message of this kind says about its sender.
            pub const fn says(self) -> Says {
                match self {
                    $(Self::$kind => Says::$says,)*
                }
            }
        }
    };
}

message_kinds! {
    /// A heartbeat, which carries the contexts of ReadIndex rounds too: followers forward requests, never `MsgReadIndex`.
    Heartbeat = "heartbeat" by Heartbeat says Beats
    /// The answer to a heartbeat.
    HeartbeatResponse = "heartbeat-response" by Heartbeat says Hears
    /// Entries, or news of the commit index.
    Append = "append" by Bulk says Leads
    /// The answer to entries or to a snapshot.
    AppendResponse = "append-response" by Bulk says Holds
    /// The state of the store, in the place of entries that are gone.
    Snapshot = "snapshot" by Bulk says Leads
    /// Would the receiver elect the sender?
    PreVote = "pre-vote" by Heartbeat says Probes
    /// The answer to that.
    PreVoteResponse = "pre-vote-response" by Heartbeat says Favours
    /// A candidate asks for a vote; no transfer forces it.
    Vote = "vote" by Heartbeat says Stands
    /// A candidate that was told to stand by `TimeoutNow` asks for a vote: voters set their promise aside.
    ForcedVote = "forced-vote" by Heartbeat says Stands
    /// A vote, or its refusal.
    VoteResponse = "vote-response" by Heartbeat says Votes
    /// The leader tells its successor to stand for election at once.
    TimeoutNow = "timeout-now" by Heartbeat says HandsOver
    /// A client's request, also one that a node forwards.
    Request = "request" by Request says Calls
    /// The answer to one.
    Reply = "reply" by Request says Answers
}
