//! Engines that do not hear all that their storage tells: the kit sees each of them.

use super::storage::Told;
use super::types::{LogId, Vote};
use crate::observe::Membership;
use std::sync::Arc;

/// What storage tells: the functions of [`Told`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Callback {
    Votes,
    Voted,
    LastChange,
    Members,
    Applied,
    Publishes,
    SnapshotDue,
}

impl Callback {
    pub(crate) const ALL: [Self; 7] =
        [Self::Votes, Self::Voted, Self::LastChange, Self::Members, Self::Applied, Self::Publishes, Self::SnapshotDue];
}

struct Deaf {
    told: Arc<dyn Told>,
    to: Callback,
}

/// `told`, but for this.
pub(super) fn to(callback: Option<Callback>, told: Arc<dyn Told>) -> Arc<dyn Told> {
    match callback {
        Some(to) => Arc::new(Deaf { told, to }),
        None => told,
    }
}

impl Deaf {
    /// Passes it on, unless this engine is deaf to that.
    fn hears(&self, callback: Callback, tell: impl FnOnce(&dyn Told)) {
        if self.to != callback {
            tell(&*self.told);
        }
    }
}

impl Told for Deaf {
    fn votes(&self, vote: &Vote) {
        self.hears(Callback::Votes, |told| told.votes(vote));
    }

    fn voted(&self, vote: &Vote) {
        self.hears(Callback::Voted, |told| told.voted(vote));
    }

    fn last_change(&self, change: Option<(u64, Membership)>) {
        self.hears(Callback::LastChange, |told| told.last_change(change));
    }

    fn members(&self, index: u64, members: &Membership) {
        self.hears(Callback::Members, |told| told.members(index, members));
    }

    fn applied(&self, log_id: LogId) {
        self.hears(Callback::Applied, |told| told.applied(log_id));
    }

    fn publishes(&self) {
        self.hears(Callback::Publishes, |told| told.publishes());
    }

    fn snapshot_due(&self) {
        self.hears(Callback::SnapshotDue, |told| told.snapshot_due());
    }
}
