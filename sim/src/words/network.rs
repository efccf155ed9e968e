//! What goes wrong with the network, and what messages are called.

/// A lane of the transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaneName {
    /// Heartbeats, votes, `TimeoutNow`.
    Heartbeat,
    /// Appends, snapshots.
    Bulk,
    /// Requests that nodes forward.
    Request,
}

/// A kind of message between nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// `MsgHeartbeat`, which carries the contexts of ReadIndex rounds too: followers forward requests, never `MsgReadIndex`.
    Heartbeat,
    /// `MsgHeartbeatResponse`.
    HeartbeatResponse,
    /// `MsgAppend`.
    Append,
    /// `MsgAppendResponse`.
    AppendResponse,
    /// `MsgSnapshot`.
    Snapshot,
    /// `MsgRequestPreVote`.
    PreVote,
    /// `MsgRequestPreVoteResponse`.
    PreVoteResponse,
    /// `MsgRequestVote` that no transfer forces.
    Vote,
    /// `MsgRequestVote` of a candidate that was told to campaign by `MsgTimeoutNow`: voters set their promise aside.
    ForcedVote,
    /// `MsgRequestVoteResponse`.
    VoteResponse,
    /// `MsgTimeoutNow`.
    TimeoutNow,
    /// A client's request that a node forwards.
    Request,
    /// The answer to one.
    Reply,
}

impl MessageKind {
    /// The lane that messages of this kind go by (`leasehold::transport::lane_of`).
    pub fn lane(self) -> LaneName {
        match self {
            Self::Heartbeat
            | Self::HeartbeatResponse
            | Self::PreVote
            | Self::PreVoteResponse
            | Self::Vote
            | Self::ForcedVote
            | Self::VoteResponse
            | Self::TimeoutNow => LaneName::Heartbeat,
            Self::Append | Self::AppendResponse | Self::Snapshot => LaneName::Bulk,
            Self::Request | Self::Reply => LaneName::Request,
        }
    }
}

/// What a partition does with messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// `"drop"`: what is sent is lost; what is in flight arrives.
    Drop,
    /// `"hold"`: what is sent is delivered when the partition ends.
    Hold,
    /// `"cut"`: what is sent and what is in flight is lost.
    Flight,
}

/// What becomes of messages at the end of what held or delayed them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leftover {
    /// `"deliver"`: they arrive.
    Deliver,
    /// `"drop"`: they are lost.
    Drop,
}
