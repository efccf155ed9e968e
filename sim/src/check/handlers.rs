//! What a check can look at: one handler for each kind of record.
//!
//! A check has the handlers of what it looks at, and no others. A handler that it does not have answers so when it is first called,
//! and is called no more in this run: a record costs nothing for the checks that do not look at it.

use super::{CheckInfo, Finding, Leaderless, Premises, Severity};
use crate::history::{Completion, Effect, Fault, Head, Invocation, OpId, ProcessChange};
use crate::time::SimTime;
use crate::view::acknowledged::Extension;
use crate::view::{Replica, View};
use leasehold::env::{Instant, Lane, NodeId};
use leasehold::observe::{EndCause, Membership, Miss, RoundCause, Timing};
use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

/// The moment at which a check is told of a record, or judges at the end of a run, and what is known then.
pub(crate) struct Now<'a> {
    pub(super) at: SimTime,
    /// What is so, by all records up to this one.
    pub(super) nodes: &'a View,
    pub(super) premises: &'a Premises,
    info: &'static CheckInfo,
    judged: Cell<u64>,
    deaf: Cell<bool>,
}

impl<'a> Now<'a> {
    pub(super) fn new(at: SimTime, nodes: &'a View, premises: &'a Premises, info: &'static CheckInfo) -> Self {
        Self { at, nodes, premises, info, judged: Cell::new(0), deaf: Cell::new(false) }
    }

    /// The property is evaluated, once more. A check that never does that has proved nothing.
    pub(super) fn judge(&self) {
        self.judged.set(self.judged.get() + 1);
    }

    /// How often the property was evaluated at this moment.
    pub(super) fn judged(&self) -> u64 {
        self.judged.get()
    }

    /// Has the check no handler for this?
    pub(super) fn is_deaf(&self) -> bool {
        self.deaf.get()
    }

    /// The property does not hold: in one line with numbers. `story` is what led to it.
    pub(super) fn bare_finding(&self, message: String, story: Vec<String>) -> Finding {
        let CheckInfo { name, class, .. } = *self.info;
        Finding { check: name, class, severity: Severity::Actual, at: self.at, message, story }
    }

    /// The same, and the story goes on with what the nodes are up to, as far as there is room.
    pub(super) fn finding(&self, message: String, story: Vec<String>) -> Finding {
        self.bare_finding(message, self.nodes.complete(self.at, story))
    }
}

/// Who tells something of itself.
#[derive(Clone, Copy)]
pub(crate) struct By<'a> {
    pub(super) node: NodeId,
    /// What its monotonic clock showed then.
    pub(super) clock: Instant,
    /// What it has told so far, this included.
    pub(super) state: &'a Replica,
}

/// A lease read that was decided.
#[derive(Clone, Copy)]
pub(crate) struct LeaseRead {
    /// `None`: it was answered from the lease.
    pub(super) miss: Option<Miss>,
    /// The clock reading that it was decided by; `None`: the clock could not be read.
    pub(super) reading: Option<Instant>,
}

impl LeaseRead {
    /// Does it count for or against the fast path?
    pub(super) fn counts(self) -> bool {
        self.miss.is_none_or(Miss::counts)
    }
}

/// A place in the log and CRC-32 of what is there: of the entry or, of a snapshot, of the state after it.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(super) index: u64,
    pub(super) term: u64,
    pub(super) digest: u32,
}

/// The term and the vote in it that are durable.
#[derive(Clone, Copy)]
pub(crate) struct Vote {
    pub(super) term: u64,
    pub(super) vote: Option<NodeId>,
}

/// What a node that was there before has found in its log.
#[derive(Clone, Copy)]
pub(crate) struct Opened {
    pub(super) voted: Vote,
    /// Term and index of the last entry.
    pub(super) last: (u64, u64),
    /// For how long from now on it will grant no vote.
    pub(super) withholds: Duration,
}

/// A message that has arrived.
#[derive(Clone, Copy)]
pub(crate) struct Arrival<'a> {
    pub(super) from: NodeId,
    pub(super) to: NodeId,
    pub(super) head: &'a Head,
}

macro_rules! handlers {
    ($($(#[$about:meta])* $handler:ident($($given:ident: $of:ty),*);)*) => {
        /// Watches one property. A handler sees a record that the view has taken in already, and answers with what is wrong. A
        /// finding that [`ends_run`](super::ends_run) is the last.
        pub(crate) trait Check: Send {
            $($(#[$about])*
            fn $handler(&mut self, now: &Now<'_>, $($given: $of),*) -> Option<Finding> {
                $(let _ = $given;)*
                now.deaf.set(true);
                None
            })*

            /// The run is over: judges what was counted.
            fn at_end(&mut self, now: &Now<'_>) -> Vec<Finding> {
                let _ = now;
                Vec::new()
            }

            /// How long it took after faults until there was a leader again, for who measures that (L2).
            fn recoveries(&self) -> &[Leaderless] {
                &[]
            }
        }

        /// For each handler, the positions of the checks that have it, as far as is known.
        pub(super) struct Hearers {
            $(pub(super) $handler: Vec<usize>,)*
        }

        impl Hearers {
            /// Of so many checks nothing is known yet.
            pub(super) fn new(checks: usize) -> Self {
                Self { $($handler: (0..checks).collect(),)* }
            }
        }
    };
}

handlers! {
    /// Time has passed since the last record. Told before all else of a record.
    time_passed();

    /// A client invoked an operation.
    invoked(invocation: &Invocation);
    /// An operation ended.
    completed(op: OpId, completion: &Completion);
    /// A client's request reached a node.
    asked(node: NodeId, op: OpId);
    /// A node answered a client, whether or not that arrives.
    answered(node: NodeId, op: OpId);

    /// A leader told somebody that it has committed up to `commit`, whether or not that arrives.
    told_commit(leader: NodeId, commit: u64);
    /// A heartbeat arrived.
    heartbeat(arrival: Arrival<'_>);
    /// The answer to entries arrived: its sender's log is durable up to the head's index, unless it rejects.
    acknowledged(arrival: Arrival<'_>);
    /// A candidate's request for a vote arrived.
    candidacy(arrival: Arrival<'_>);
    /// A vote arrived, or its refusal.
    vote(arrival: Arrival<'_>);
    /// `TimeoutNow` arrived: the receiver is to stand for election at once.
    handover(arrival: Arrival<'_>);
    /// The answer to something of a leader's that carried a stamp arrived.
    echo(arrival: Arrival<'_>);

    /// A process begins, with its timers set like this.
    configured(by: By<'_>, timing: Timing);
    /// It leads. Told again where nothing but its knowledge of the leader has changed.
    leads(by: By<'_>);
    /// It has another role than to lead, another term, or another leader.
    leads_not(by: By<'_>);
    /// It leads no more, if it did: it has another role, or its engine has stopped.
    falls(by: By<'_>);
    /// It has applied an entry of the term that it leads.
    caught_up(by: By<'_>);
    /// The lease was extended.
    lease_extended(by: By<'_>, lease: Extension);
    /// The lease was ended before its time, or would have been had it been held.
    lease_ended(by: By<'_>, generation: u64, cause: EndCause, held: bool);
    /// A read was answered from the lease.
    served(by: By<'_>);
    /// A lease read was decided, be it that it was answered from the lease or not.
    lease_read(by: By<'_>, read: LeaseRead);
    /// A ReadIndex round began, `again` under a new context.
    round_started(by: By<'_>, cause: RoundCause, again: bool);
    /// A ReadIndex request, its repetitions included, ended.
    round_ended(by: By<'_>, cause: RoundCause, waited: Duration, confirmed: bool);
    /// A leadership transfer was accepted.
    transfer_started(by: By<'_>, to: NodeId);
    /// A leadership transfer was given up.
    transfer_aborted(by: By<'_>);
    /// A node that was there before has opened its log.
    opened(by: By<'_>, opened: Opened);
    /// Another term or vote is durable.
    voted(by: By<'_>, voted: Vote);
    /// An entry is durable; what was in the log at its index and after it is gone.
    appended(by: By<'_>, entry: Place);
    /// Applying the entry at `index` for the first time had this effect. Told before [`Check::applied`].
    effect(index: u64, effect: &Effect);
    /// An entry was applied.
    applied(by: By<'_>, entry: Place);
    /// A change of membership is durable, at `index`.
    change_appended(by: By<'_>, index: u64);
    /// It goes by another membership, from `index` on.
    membership(by: By<'_>, index: u64, members: &Arc<Membership>);
    /// It stands for election, has committed up to `commit`, and has not applied the change of membership at `index`.
    campaigned_amid_change(by: By<'_>, index: u64, commit: u64);
    /// It took a snapshot of its state.
    snapshot_taken(by: By<'_>, last: Place);
    /// Its state machine goes on from a snapshot.
    snapshot_restored(by: By<'_>, last: Place);
    /// Its log was cut at its front.
    log_compacted(by: By<'_>);
    /// A transaction was refused at apply.
    conflict(by: By<'_>);
    /// A message of this lane found a queue full, where it leaves or where it arrives.
    queue_full(by: By<'_>, lane: Lane);

    /// A process began.
    started(node: NodeId);
    /// A process began, ended, stood still or went on.
    process(node: NodeId, change: ProcessChange);
    /// Somebody touched the clock by which a node counts its lease. `lease_until`: when that ends now, if there is one.
    clock(node: NodeId, lease_until: Option<SimTime>);
    /// Another simulated second has passed for a node.
    second(node: NodeId);
    /// A fault did something.
    fault(fault: &Fault);
}
