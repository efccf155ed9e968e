//! What a check can look at: one handler for each kind of record, as [`history::handlers`](crate::history::handlers) lists them.
//!
//! A check has the handlers of what it looks at, and no others. A handler that it does not have answers so when it is first called,
//! and is called no more in this run: a record costs nothing for the checks that do not look at it.

use super::{CheckInfo, Finding, Leaderless, Premises, Severity};
use crate::history::{
    Arrival, Completion, Counts, Effect, Extension, Fault, Invocation, LeaseRead, Moved, OpId, Opened, Place,
    ProcessChange, ScriptEnded, Vote, handlers,
};
use crate::time::SimTime;
use crate::view::{GroupView, Replica};
use leasehold::env::{Instant, Lane, NodeId, Stamp};
use leasehold::error::{ErrorKind, Outcome};
use leasehold::observe::{EndCause, Membership, Role, RoundCause, Timing};
use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

/// The moment at which a check is told of a record, or judges at the end of a run, and what is known then.
pub(crate) struct Now<'a> {
    pub(super) at: SimTime,
    /// What is so, by all records up to this one.
    pub(super) nodes: &'a GroupView<'a>,
    pub(super) premises: &'a Premises,
    info: &'static CheckInfo,
    judged: Cell<u64>,
    deaf: Cell<bool>,
}

impl<'a> Now<'a> {
    pub(super) fn new(at: SimTime, nodes: &'a GroupView<'a>, premises: &'a Premises, info: &'static CheckInfo) -> Self {
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

impl By<'_> {
    /// The process that tells it: its node, and which start of it that is.
    pub(super) fn process(&self) -> (NodeId, u64) {
        (self.node, self.state.incarnation)
    }
}

macro_rules! check {
    (
        $($(#[$about:meta])* $handler:ident($($given:ident: $of:ty),*);)*
        =>
        $($(#[$says:meta])* $told:ident($($fact:ident: $is:ty),*);)*
    ) => {
        /// Watches one property. A handler sees a record that the view has taken in already, and answers with what is wrong. A
        /// finding that [`ends_run`](super::ends_run) is the last.
        pub(crate) trait Check: Send {
            /// Time has passed since the last record. Told before all else of a record.
            fn time_passed(&mut self, now: &Now<'_>) -> Option<Finding> {
                now.deaf.set(true);
                None
            }

            $($(#[$about])*
            fn $handler(&mut self, now: &Now<'_>, $($given: $of),*) -> Option<Finding> {
                let _ = ($($given),*);
                now.deaf.set(true);
                None
            })*

            $($(#[$says])*
            fn $told(&mut self, now: &Now<'_>, by: By<'_>, $($fact: $is),*) -> Option<Finding> {
                let _ = (by, $($fact),*);
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
            pub(super) time_passed: Vec<usize>,
            $(pub(super) $handler: Vec<usize>,)*
            $(pub(super) $told: Vec<usize>,)*
        }

        impl Hearers {
            /// Of so many checks nothing is known yet.
            pub(super) fn new(checks: usize) -> Self {
                let all = || (0..checks).collect();
                Self { time_passed: all(), $($handler: all(),)* $($told: all(),)* }
            }
        }
    };
}

handlers!(check);
