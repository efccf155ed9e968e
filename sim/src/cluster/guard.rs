//! What a fault holds of a cluster: a guard that undoes it, and what to call once that has changed something.

use super::Cluster;
use crate::history::Evidence;
use std::sync::Arc;

/// Undoes, once it is dropped, what it was given for.
pub struct Guard {
    undo: Option<Box<dyn FnOnce() + Send>>,
}

/// Is called once what it was given for has changed something that counts; what shows that, if a message does.
pub type Effective = Box<dyn FnOnce(Option<Evidence>) + Send>;

impl Guard {
    /// A guard that does this.
    pub fn new(undo: impl FnOnce() + Send + 'static) -> Self {
        Self { undo: Some(Box::new(undo)) }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(undo) = self.undo.take() {
            undo();
        }
    }
}

impl Cluster {
    /// What tells the cluster, as long as there is one: it is kept in the very part of it that the fault is about.
    pub fn effective(&self, tell: impl FnOnce(&Cluster, Option<Evidence>) + Send + 'static) -> Effective {
        let shared = Arc::downgrade(&self.shared);
        Box::new(move |evidence| {
            if let Some(shared) = shared.upgrade() {
                tell(&Cluster { shared }, evidence);
            }
        })
    }

    /// A guard of this cluster. Nothing is undone in a world that is over.
    pub(super) fn guard(&self, undo: impl FnOnce(&Cluster) + Send + 'static) -> Guard {
        let cluster = self.clone();
        Guard::new(move || {
            if !cluster.world().is_over() {
                undo(&cluster);
            }
        })
    }
}
