//! Who hears of a history: a handler for each kind of record ([`tell`](super::tell) tells records apart).
//!
//! Whoever follows a history (the view, the checks, what measures) has handlers for what it looks at, and no others. A record may be told
//! to several handlers, one after the other: they are as fine as it takes for frequent records to reach only those who look at them.

use super::{Completion, Counts, Effect, Fault, Head, Invocation, Moved, OpId, ProcessChange};
use crate::time::SimTime;
use leasehold::env::{Instant, Lane, NodeId, Stamp};
use leasehold::error::{ErrorKind, Outcome};
use leasehold::observe::{EndCause, Membership, Miss, Role, RoundCause, ScriptTimes, Timing};
use std::sync::Arc;
use std::time::Duration;

/// A lease that was extended.
#[derive(Clone, Copy)]
pub(crate) struct Extension {
    pub(crate) term: u64,
    pub(crate) generation: u64,
    /// The local time from which the lease is counted.
    pub(crate) base: Instant,
    /// The local time at which it runs out.
    pub(crate) expiry: Instant,
    /// The true time at which it does.
    pub(crate) until: SimTime,
}

/// A lease read that was decided.
#[derive(Clone, Copy)]
pub(crate) struct LeaseRead {
    /// `None`: it was answered from the lease.
    pub(crate) miss: Option<Miss>,
    /// The clock reading that it was decided by; `None`: the clock could not be read.
    pub(crate) reading: Option<Instant>,
    /// It was decided before, and its node tries it again.
    pub(crate) again: bool,
}

impl LeaseRead {
    /// Does it count for or against the fast path?
    pub(crate) fn counts(self) -> bool {
        self.miss.is_none_or(Miss::counts)
    }
}

/// A place in the log and CRC-32 of what is there: of the entry or, of a snapshot, of the state after it.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) index: u64,
    pub(crate) term: u64,
    pub(crate) digest: u32,
}

/// The term and the vote in it that are durable.
#[derive(Clone, Copy)]
pub(crate) struct Vote {
    pub(crate) term: u64,
    pub(crate) vote: Option<NodeId>,
}

/// What a node that was there before has found in its log.
#[derive(Clone, Copy)]
pub(crate) struct Opened {
    pub(crate) voted: Vote,
    /// Term and index of the last entry.
    pub(crate) last: (u64, u64),
    /// For how long from now on it will grant no vote.
    pub(crate) withholds: Duration,
}

/// A script that ended on a node.
#[derive(Clone, Copy)]
pub(crate) struct ScriptEnded {
    pub(crate) reads: u32,
    pub(crate) attempts: u32,
    pub(crate) times: ScriptTimes,
}

/// A message, and between whom.
#[derive(Clone, Copy)]
pub(crate) struct Arrival<'a> {
    pub(crate) from: NodeId,
    pub(crate) to: NodeId,
    pub(crate) head: &'a Head,
}

/// `$with! { ... }` with every handler: those of the world, and those of what a node tells of itself.
macro_rules! handlers {
    ($with:ident) => {
        $with! {
            /// A client invoked an operation.
            invoked(invocation: &Invocation);
            /// An operation ended.
            completed(op: OpId, completion: &Completion);
            /// A client's request reached a node.
            asked(node: NodeId, op: OpId);
            /// A request that another node had passed on reached a node.
            passed_on(arrival: Arrival<'_>, op: OpId);
            /// A node answered a client, by an error or not, whether or not that arrives.
            answered(node: NodeId, op: OpId, error: Option<(ErrorKind, Outcome)>);
            /// A node answered what another had passed on, whether or not that arrives.
            returned(arrival: Arrival<'_>);
            /// That arrived.
            replied(node: NodeId, client: u32);

            /// A leader told somebody that it has committed up to `commit`, whether or not that arrives.
            told_commit(leader: NodeId, commit: u64);
            /// A heartbeat arrived.
            heartbeat(arrival: Arrival<'_>);
            /// Entries of a leader, a state in their place, or neither, arrived.
            entries(arrival: Arrival<'_>);
            /// The answer to a heartbeat arrived.
            heard(arrival: Arrival<'_>);
            /// The answer to entries arrived: its sender's log is durable up to the head's index, unless it rejects.
            acknowledged(arrival: Arrival<'_>);
            /// A candidate's request for a vote arrived.
            candidacy(arrival: Arrival<'_>);
            /// A vote arrived, or its refusal.
            vote(arrival: Arrival<'_>);
            /// The question arrived whether its sender would be elected.
            probe(arrival: Arrival<'_>);
            /// The answer to that arrived, which promises nothing.
            favour(arrival: Arrival<'_>);
            /// `TimeoutNow` arrived: the receiver is to stand for election at once.
            handover(arrival: Arrival<'_>);
            /// The answer to something of a leader's that carried this stamp arrived.
            echo(arrival: Arrival<'_>, stamp: Stamp);
            /// A message between nodes does not arrive, or not now.
            lost(from: NodeId, to: NodeId);
            /// Nor does one between this node and a client.
            lost_to_client(node: NodeId);

            /// Applying the entry at `index` for the first time had this effect. Told before it is told that it was applied.
            effect(index: u64, effect: &Effect);
            /// Applying an entry for the first time let keys go to another group, or come from one. Told when the effect is.
            moved(moved: &Moved);
            /// The key of an operation has gone to another group: what becomes of it is told there, where it comes.
            leaves(op: OpId);
            /// The key of an operation has come from another group. The operation is under way, or was given up with its fate unknown.
            comes(invocation: &Invocation, given_up: bool);

            /// A process began.
            started(node: NodeId);
            /// A process began, ended, stood still or went on.
            process(node: NodeId, change: ProcessChange);
            /// Somebody touched the clock by which a node counts its lease: what it shows now, and when that ends if there is one.
            clock(node: NodeId, reading: Instant, lease_until: Option<SimTime>);
            /// Another simulated second has passed for a node, whose cores have worked for so long in all.
            second(node: NodeId, busy: Duration);
            /// And its disk has moved bytes for so long in all.
            disk_second(node: NodeId, busy: Duration);
            /// What a process counts of itself, as the run ends.
            counted(node: NodeId, counts: &Counts);
            /// A fault did something.
            fault(fault: &Fault);

            // Of what a node tells of itself.
            =>

            /// A process begins, with its timers set like this.
            configured(timing: Timing);
            /// It has this role in this term, or knows another leader.
            role(role: Role, term: u64, leader: Option<NodeId>);
            /// It leads. Told again where nothing but its knowledge of the leader has changed.
            leads();
            /// It has another role than to lead, another term, or another leader.
            leads_not();
            /// It leads no more, if it did: it has another role, or its engine has stopped.
            falls();
            /// Its engine has stopped.
            stopped();
            /// It has applied an entry of the term that it leads, at this index.
            caught_up(term: u64, index: u64);
            /// The lease was extended.
            lease_extended(lease: Extension);
            /// The lease was ended before its time, or would have been had it been held.
            lease_ended(generation: u64, cause: EndCause, held: bool);
            /// A read was answered from the lease.
            served();
            /// A lease read was decided, be it that it was answered from the lease or not.
            lease_read(read: LeaseRead);
            /// A ReadIndex round began, `again` under a new context.
            round_started(cause: RoundCause, again: bool);
            /// A ReadIndex request, its repetitions included, ended.
            round_ended(cause: RoundCause, waited: Duration, confirmed: bool);
            /// A leadership transfer was accepted.
            transfer_started(to: NodeId);
            /// A leadership transfer was given up.
            transfer_aborted();
            /// It has told its successor to stand for election.
            timeout_now_sent();
            /// It has counted whether a quorum answers; `confirmed`: one does.
            quorum_checked(confirmed: bool);
            /// A node that was there before has opened its log.
            opened(opened: Opened);
            /// Another term or vote is durable.
            voted(voted: Vote);
            /// An entry is durable; what was in the log at its index and after it is gone.
            appended(entry: Place);
            /// An entry was applied.
            applied(entry: Place);
            /// A change of membership is durable, at `index`.
            change_appended(index: u64);
            /// It counts votes and acknowledgements by these members, applied or not.
            counts(members: &Arc<Membership>);
            /// It goes by another membership, from `index` on.
            membership(index: u64, members: &Arc<Membership>);
            /// It stands for election, has committed up to `commit`, and has not applied the change of membership at `index`.
            campaigned_amid_change(index: u64, commit: u64);
            /// It took a snapshot of its state.
            snapshot_taken(last: Place);
            /// It sent a snapshot, whose last entry has this index.
            snapshot_sent(to: NodeId, index: u64);
            /// It has given up to wait for the answer to one.
            snapshot_unanswered(by: NodeId);
            /// Its state machine goes on from a snapshot, of its own or of this node.
            snapshot_restored(last: Place, of: Option<NodeId>);
            /// Its log was cut at its front, and begins with this index.
            log_compacted(first: u64);
            /// The transaction at this index was refused at apply.
            conflict(index: u64);
            /// It refused a request, as its group does not have a key of it.
            stale_route();
            /// A script ended.
            script(script: ScriptEnded);
            /// It leads, and sets about to lead no more, as its disk stands still.
            disk_stalled();
            /// A message of this lane found a queue full: that to another node, or the inbox of its own.
            queue_full(lane: Lane, to: Option<NodeId>);
        }
    };
}
pub(crate) use handlers;

macro_rules! hears {
    (
        $($(#[$about:meta])* $handler:ident($($given:ident: $of:ty),*);)*
        =>
        $($(#[$says:meta])* $told:ident($($fact:ident: $is:ty),*);)*
    ) => {
        /// Hears of what happens. A handler that it does not have is one for what is nothing to it.
        pub(crate) trait Hears {
            /// A node tells something, when its monotonic clock shows `clock`. Told before what it tells.
            #[inline]
            fn tells(&mut self, at: SimTime, node: NodeId, clock: Instant) {
                let _ = (at, node, clock);
            }

            $($(#[$about])*
            #[inline]
            fn $handler(&mut self, at: SimTime, $($given: $of),*) {
                let _ = (at, $($given),*);
            })*

            $($(#[$says])*
            #[inline]
            fn $told(&mut self, at: SimTime, node: NodeId, $($fact: $is),*) {
                let _ = (at, node, $($fact),*);
            })*
        }
    };
}

handlers!(hears);

macro_rules! both {
    (
        $($(#[$about:meta])* $handler:ident($($given:ident: $of:ty),*);)*
        =>
        $($(#[$says:meta])* $told:ident($($fact:ident: $is:ty),*);)*
    ) => {
        /// Two hear of the same, the first first: a record is told apart once for both.
        impl<A: Hears, B: Hears> Hears for (&mut A, &mut B) {
            #[inline]
            fn tells(&mut self, at: SimTime, node: NodeId, clock: Instant) {
                self.0.tells(at, node, clock);
                self.1.tells(at, node, clock);
            }

            $(#[inline]
            fn $handler(&mut self, at: SimTime, $($given: $of),*) {
                self.0.$handler(at, $($given),*);
                self.1.$handler(at, $($given),*);
            })*

            $(#[inline]
            fn $told(&mut self, at: SimTime, node: NodeId, $($fact: $is),*) {
                self.0.$told(at, node, $($fact),*);
                self.1.$told(at, node, $($fact),*);
            })*
        }
    };
}

handlers!(both);
