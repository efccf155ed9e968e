//! The records of a history.

use super::{Completion, Fault, FaultPhase, Found, Invocation, KeyId, OpId};
use crate::time::SimTime;
use crate::words::MessageKind;
use leasehold::env::{Address, GroupId, Instant, Lane, NodeId, ReplicaId, Stamp};
use leasehold::error::{ErrorKind, Outcome};
use leasehold::metrics::Counter;
use leasehold::observe::Event;
use leasehold::request::Version;
use leasehold::transport::CallId;
use std::sync::Arc;
use std::time::Duration;

/// One event of a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// When it happened.
    pub at: SimTime,
    /// What happened.
    pub what: What,
}

impl Record {
    /// Is this a message that arrived? Of several groups' that went as one, the first is.
    pub fn is_delivery(&self) -> bool {
        matches!(self.what, What::Message { fate: Fate::Delivered, head: Head { beside: false, .. }, .. })
    }
}

impl What {
    /// Is it the fate of an answer that bears the stamp of what it answers?
    pub(crate) fn is_echo(&self) -> bool {
        matches!(self, What::Message { echo: Some(_), .. })
    }

    /// Did a lease end? Also where none was in force: then what would have brought one back was voided.
    pub fn lease_ended(&self) -> bool {
        matches!(self, What::Stack(stack) if matches!(stack.event, Event::LeaseEnded { .. }))
    }

    /// The group that it is about; `None`: a node, a client or a fault, and so all groups.
    pub fn group(&self) -> Option<GroupId> {
        match self {
            What::Stack(told) => Some(told.replica.group),
            What::Clock { replica, .. } | What::Counted { replica, .. } => Some(replica.group),
            What::Message { head, .. } => Some(head.group),
            What::Fault(fault) => fault.group,
            What::Invoked(_) | What::Completed { .. } | What::Process { .. } | What::Busy { .. } => None,
        }
    }

    /// The fault that did something, if one did.
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            What::Fault(fault) => Some(fault),
            _ => None,
        }
    }

    /// Did a fault act?
    pub fn fault_acted(&self) -> bool {
        matches!(self, What::Fault(fault) if matches!(fault.phase, FaultPhase::Activated | FaultPhase::Effective))
    }

    /// Does it say by itself why a run came out as it did?
    pub fn tells_by_itself(&self) -> bool {
        self.lease_ended() || self.fault_acted()
    }
}

/// What happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum What {
    /// A client invoked an operation.
    Invoked(Invocation),
    /// An operation ended.
    Completed {
        /// Which.
        op: OpId,
        /// How.
        completion: Completion,
    },
    /// A replica told something about itself.
    Stack(StackRecord),
    /// A message met its fate.
    Message {
        /// Sender.
        from: Address,
        /// Receiver.
        to: Address,
        /// Its lane.
        lane: Lane,
        /// What became of it.
        fate: Fate,
        /// What kind of message it is.
        kind: MessageKind,
        /// What stands at its head.
        head: Head,
        /// Of a leader's round: when it left, by the leader's clock.
        stamp: Option<Stamp>,
        /// Of an answer: the stamp of what it answers.
        echo: Option<Stamp>,
    },
    /// A node's process began, ended, stood still or went on.
    Process {
        /// The node.
        node: NodeId,
        /// What became of its process.
        change: ProcessChange,
    },
    /// How busy a node has been; told once a simulated second.
    Busy {
        /// The node.
        node: NodeId,
        /// Core time that it has spent since the run began, queued work included.
        cores: Duration,
        /// For how long its disk has moved bytes since then. Not in the fingerprint: it follows from what was written.
        disk: Duration,
    },
    /// What a replica counts of itself, as its process or the run ends. Not in the fingerprint: it follows from what the replica did.
    Counted {
        /// The replica.
        replica: ReplicaId,
        /// Its metrics.
        counts: Box<Counts>,
    },
    /// Somebody touched the clock by which a replica counts its lease.
    Clock {
        /// The replica.
        replica: ReplicaId,
        /// What its monotonic clock shows now.
        clock: Instant,
        /// The true time at which the replica's lease ends now, good or run out, if it holds one and nobody touches the clock again.
        lease_until: Option<SimTime>,
    },
    /// A fault of the scenario did something.
    Fault(Box<Fault>),
}

/// The metrics of a process, as far as what it tells shows what they ought to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// By [`Counter`], in the order of [`Counter::ALL`].
    pub counters: [u64; Counter::ALL.len()],
    /// How many scripts ended.
    pub scripts: u64,
    /// How often one of them was tried again.
    pub retries: u64,
}

/// The numbers at the head of a message. Zero is what its kind does not have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    /// The group whose replicas talk.
    pub group: GroupId,
    /// Does it go in one with the message told before it, which is another group's? Not in the fingerprint, which has that both arrive at
    /// once.
    pub beside: bool,
    /// The term of the sender, or that for which it asks.
    pub term: u64,
    /// An index of the log: before the entries that are sent, or the last that is acknowledged.
    pub index: u64,
    /// Up to where the sender has committed.
    pub commit: u64,
    /// How many entries the message carries.
    pub entries: u64,
    /// Does the message refuse what it answers? Of a reply: is it an error?
    pub rejected: bool,
    /// Of a request and its reply: the sender's name for the call; a client numbers by the operation. In the fingerprint is the number.
    pub call: CallId,
    /// Of a request: has a node passed it on?
    pub forwarded: bool,
    /// Of a request: the operation, also where a node passes it on. Not in the fingerprint: its client's request has it there.
    pub op: Option<OpId>,
    /// Of a reply that is an error: which, and what it says of the write. Not in the fingerprint, which has that there is one.
    pub error: Option<(ErrorKind, Outcome)>,
}

impl Default for Head {
    fn default() -> Self {
        let group = GroupId::FIRST;
        Self {
            group,
            beside: false,
            term: 0,
            index: 0,
            commit: 0,
            entries: 0,
            rejected: false,
            call: CallId::default(),
            forwarded: false,
            op: None,
            error: None,
        }
    }
}

/// What a node told, and what only the simulator knows about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StackRecord {
    /// Who told it.
    pub replica: ReplicaId,
    /// What it told.
    pub event: Event,
    /// For [`Event::LeaseExtended`]: the true time at which the node's clock reaches the lease's expiry.
    pub lease_until: Option<SimTime>,
    /// What the node's monotonic clock showed when it told this.
    pub clock: Instant,
    /// For [`Event::Applied`]: what the entry did to the store, if this node is the first to apply it and it is a command. Not
    /// in the fingerprint: it follows from the entries up to this one, whose digests are.
    pub effect: Option<Box<Effect>>,
    /// For the same: where the keys went that the entry released or adopted.
    pub moved: Option<Box<Moved>>,
}

/// Keys go from one group to another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Moved {
    /// The keys, in the order of their names.
    pub keys: Box<[KeyId]>,
    /// The group whose entry says so.
    pub by: GroupId,
    /// The group that has them from then on; one that is not the same has yet to adopt them.
    pub to: GroupId,
    /// The version at which it has them.
    pub version: u64,
}

impl Moved {
    /// Are they adopted? If not, they are released.
    pub fn is_adopted(&self) -> bool {
        self.by == self.to
    }
}

/// What an entry did to the store of the node that first applied it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Effect {
    /// The operation whose value it carries.
    pub op: OpId,
    /// The key that it writes, if it writes.
    pub key: KeyId,
    /// It leaves a tombstone, and no value.
    pub deletes: bool,
    /// Under what condition it writes.
    pub condition: Condition,
    /// What applying it answered.
    pub answer: Answer,
}

/// Under what condition an entry writes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Condition {
    /// None.
    Always,
    /// The key has the value that this operation wrote; `None`: it has none, deleted or never written.
    Holds(Option<OpId>),
    /// Neither these keys nor its own have changed since this snapshot.
    Unchanged {
        /// The version of everything that it read from.
        since: Version,
        /// What it read.
        reads: Arc<[KeyId]>,
    },
}

/// What applying an entry answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// It wrote.
    Wrote,
    /// It found this instead of what it expected.
    Found(Found),
    /// It was refused because this key has changed, to this version.
    Conflict {
        /// The first key that has changed.
        key: KeyId,
        /// Its version.
        latest: Version,
    },
    /// It was refused because the group does not have a key that it is about.
    Elsewhere,
}

/// What became of a message.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Fate {
    /// It arrived.
    Delivered,
    /// A partition dropped it.
    Cut,
    /// A partition holds it back.
    Held,
    /// It was lost.
    Lost,
}

/// What became of a process.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ProcessChange {
    /// It began, with what is durable on its disk.
    Started {
        /// How often the node has been started, this time included.
        incarnation: u64,
    },
    /// It was killed; what was not durable is lost.
    Killed,
    /// It stands still.
    Paused,
    /// It goes on.
    Resumed,
    /// It could not begin.
    Failed {
        /// Why.
        error: ErrorKind,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_says_which_operation_wrote_it() {
        assert_eq!(OpId::of(None), None);
        for (bytes, length) in [(0, 8), (8, 8), (9, 9), (16, 16), (1_001, 1_001)] {
            let value = OpId(7).value(bytes);
            assert_eq!((OpId::of(Some(&value)), value.len()), (Some(OpId(7)), length));
        }
        let mut mixed = OpId(7).value(20);
        mixed[8..].copy_from_slice(&OpId(8).value(12));
        for torn in [&[][..], &[7], &[0; 8], &[7, 0, 0, 0, 0, 0, 0, 0, 1], &mixed] {
            assert_eq!(OpId::of(Some(torn)), Some(OpId::NOBODY));
        }
    }
}
