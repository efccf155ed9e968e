//! One node's part in the group: whether it runs, leads, holds which lease, has and has applied which entries.

use super::log::Log;
use crate::history::{Extension, ProcessChange};
use crate::time::SimTime;
use leasehold::env::{Instant, NodeId};
use leasehold::observe::{EndCause, Membership, Role, Timing};
use std::sync::Arc;

/// What one replica has told.
#[derive(Default)]
pub struct Replica {
    /// Its role; a follower, while its process is gone.
    pub role: Role,
    /// The latest term that it has told of.
    pub term: u64,
    /// Since when it has this role in this term.
    pub since: SimTime,
    /// Whom it takes for the leader of this term.
    pub leader: Option<NodeId>,
    /// Its lease, good or run out.
    pub lease: Option<Held>,
    /// The last lease that was ended before its time.
    pub ended: Option<Ended>,
    /// When it last answered a read from its lease.
    pub last_hit: Option<SimTime>,
    /// What last became of its process, and when.
    pub process: Option<(ProcessChange, SimTime)>,
    /// Which start of its process this is.
    pub incarnation: u64,
    /// How its timers are set.
    pub timing: Option<Timing>,
    /// Its process has begun and has yet to open its log: it takes nobody's messages before that.
    pub opens: bool,
    /// Index and term of the last entry that this process has applied.
    pub applied: Option<(u64, u64)>,
    /// Index of the last entry that it has ever applied.
    pub reached: u64,
    /// The membership that this process goes by, if it is not that of the founders.
    pub members: Option<Arc<Membership>>,
    /// By which members this process counts, if it has told; else by those that it goes by.
    pub counts: Option<Arc<Membership>>,
    /// What this process has lately ceased to be.
    pub(crate) lately: Lately,
    /// Its log, as far as it is durable.
    pub(crate) log: Log,
}

/// What a process has lately ceased to be, and when: what it is told to be may have been so a moment ago.
#[derive(Clone, Copy, Default)]
pub(crate) struct Lately {
    /// It led a term.
    pub(crate) led: Option<SimTime>,
    /// It had a transfer of leadership under way; [`SimTime::NEVER`]: it has one.
    pub(crate) handed_over: Option<SimTime>,
    /// Its engine ran.
    pub(crate) ran: Option<SimTime>,
    /// It had a state that was then replaced by a snapshot.
    pub(crate) state: Option<SimTime>,
}

/// A lease.
#[derive(Clone, Copy)]
pub struct Held {
    /// The term in which it is held.
    pub term: u64,
    /// When it began; extensions that came in time do not count.
    pub since: SimTime,
    /// When it was last extended.
    pub extended: SimTime,
    /// The true time at which it runs out.
    pub until: SimTime,
    /// The holder's local time at which it runs out.
    pub expiry: Instant,
}

impl Held {
    /// Is it good at `at`? The last instant does not count, as in the stack's own gate.
    pub fn is_valid(&self, at: SimTime) -> bool {
        at < self.until
    }
}

/// A lease that was ended before its time.
pub struct Ended {
    /// The lease.
    pub lease: Held,
    /// When it was ended.
    pub at: SimTime,
    /// Why; `None`: its holder leads its term no longer.
    pub cause: Option<EndCause>,
}

impl Ended {
    /// Whichever came first: the end, or the time until which the lease would have been good.
    pub fn until(&self) -> SimTime {
        self.at.min(self.lease.until)
    }
}

impl Replica {
    /// Is it leader of `term`, by what it told last?
    pub fn leads(&self, term: u64) -> bool {
        (self.role, self.term) == (Role::Leader, term)
    }

    /// Is its process gone, because somebody killed it?
    pub fn was_killed(&self) -> bool {
        matches!(self.process, Some((ProcessChange::Killed, _)))
    }

    /// Does its process run, as far as is known?
    pub fn runs(&self) -> bool {
        matches!(self.process, Some((ProcessChange::Started { .. } | ProcessChange::Resumed, _)))
    }

    /// Was its process there, and does it not run now?
    pub fn is_down(&self) -> bool {
        self.process.is_some() && !self.runs()
    }

    /// Was its process killed, or does it stand still?
    pub fn is_out(&self) -> bool {
        matches!(self.process, Some((ProcessChange::Killed | ProcessChange::Paused, _)))
    }

    /// Index of the last entry that this process has applied; 0: none.
    pub fn applied_index(&self) -> u64 {
        self.applied.map_or(0, |(index, _)| index)
    }

    /// Does it hold a lease that is good at `at`?
    pub fn holds_lease(&self, at: SimTime) -> bool {
        self.lease.is_some_and(|lease| lease.is_valid(at))
    }

    /// The lease, or the last one there was, and until when it was good.
    pub fn latest_lease(&self) -> Option<(Held, SimTime)> {
        let ended = || self.ended.as_ref().map(|ended| (ended.lease, ended.until()));
        self.lease.map(|lease| (lease, lease.until)).or_else(ended)
    }

    pub(super) fn changed(&mut self, at: SimTime, role: Role, term: u64) {
        if (role, term) != (self.role, self.term) {
            if self.role == Role::Leader {
                self.lately.led = Some(at);
                self.hands_over_no_more(at);
            }
            (self.role, self.term, self.since) = (role, term, at);
        }
        if role != Role::Leader || self.lease.is_some_and(|lease| lease.term != term) {
            self.lost(at, None);
        }
    }

    pub(super) fn became(&mut self, at: SimTime, change: ProcessChange) {
        self.process = Some((change, at));
        match change {
            ProcessChange::Started { incarnation } => {
                (self.incarnation, self.applied, self.members, self.opens) = (incarnation, None, None, true);
                (self.counts, self.lately) = (None, Lately::default());
            }
            ProcessChange::Killed | ProcessChange::Failed { .. } => self.stopped(at),
            ProcessChange::Paused | ProcessChange::Resumed => {}
        }
    }

    pub(super) fn hands_over_no_more(&mut self, at: SimTime) {
        self.lately.handed_over = self.lately.handed_over.map(|until| until.min(at));
    }

    pub(super) fn stopped(&mut self, at: SimTime) {
        (self.leader, self.lately.ran) = (None, Some(at));
        self.changed(at, Role::Follower, self.term);
    }

    pub(super) fn extended(&mut self, at: SimTime, Extension { term, until, expiry, .. }: Extension) {
        let unbroken = self.lease.filter(|lease| lease.term == term && lease.is_valid(at));
        let since = unbroken.map_or(at, |lease| lease.since);
        self.lease = Some(Held { term, since, extended: at, until, expiry });
    }

    /// Its clock was touched, and with it the true end of its lease.
    pub(super) fn reckoned(&mut self, until: SimTime) {
        if let Some(lease) = &mut self.lease {
            lease.until = until;
        }
    }

    pub(super) fn lost(&mut self, at: SimTime, cause: Option<EndCause>) {
        if let Some(lease) = self.lease.take() {
            self.ended = Some(Ended { lease, at, cause });
        }
    }
}
