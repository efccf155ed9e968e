//! Between the engine and the lease: what the lease is told of leadership.

use super::engine::reads::OLD_LEASE;
use leasehold::engine::Listener;
use leasehold::env::Instant;
use leasehold::observe::{EndCause, Host};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

wrapper! {
    Between, listening, dyn Listener;
    impl Listener {
        odd elected(term: u64);
        odd renewed(term: u64, base: Instant);
        odd suspended();
        odd resumed(term: u64, base: Instant);
        odd ended(cause: EndCause);
    }
}

/// Whatever renews the lease, it counts from now.
pub(in crate::mutant) fn counted_from_now(lease: Arc<dyn Listener>, host: &Arc<dyn Host>) -> Arc<dyn Listener> {
    listening(lease, Arc::clone(host), |it| Between {
        renewed: |host, lease, term, base| lease.renewed(term, host.monotonic().unwrap_or(base)),
        ..it
    })
}

/// What renews the lease ends it first, as if leadership had been lost; what was on its way then renews nothing.
pub(in crate::mutant) fn ended_by_renewal(lease: Arc<dyn Listener>, _: &Arc<dyn Host>) -> Arc<dyn Listener> {
    let renewed = |(): &(), lease: &dyn Listener, term, base| {
        lease.ended(EndCause::RoleChange);
        lease.renewed(term, base);
    };
    listening(lease, (), |it| Between { renewed, ..it })
}

/// What renews the lease brings back one that a transfer has suspended.
pub(in crate::mutant) fn resumed_by_renewal(lease: Arc<dyn Listener>, _: &Arc<dyn Host>) -> Arc<dyn Listener> {
    listening(lease, (), |it| Between { renewed: |(), lease, term, base| lease.resumed(term, base), ..it })
}

/// An election renews the lease.
pub(in crate::mutant) fn leased_at_election(lease: Arc<dyn Listener>, host: &Arc<dyn Host>) -> Arc<dyn Listener> {
    let elected = |host: &Arc<dyn Host>, lease: &dyn Listener, term| {
        lease.elected(term);
        if let Ok(now) = host.monotonic() {
            lease.renewed(term, now);
        }
    };
    listening(lease, Arc::clone(host), |it| Between { elected, ..it })
}

/// A transfer of leadership is nothing to the lease.
pub(in crate::mutant) fn hears_of_no_transfer(lease: Arc<dyn Listener>, _: &Arc<dyn Host>) -> Arc<dyn Listener> {
    listening(lease, (), |it| Between { suspended: |(), _| {}, ..it })
}

/// Nor is the loss of leadership.
pub(in crate::mutant) fn hears_of_no_loss(lease: Arc<dyn Listener>, host: &Arc<dyn Host>) -> Arc<dyn Listener> {
    without_end(hears_of_no_transfer(lease, host), EndCause::RoleChange)
}

/// The stop of the engine is nothing to the lease.
pub(in crate::mutant) fn hears_of_no_stop(lease: Arc<dyn Listener>, _: &Arc<dyn Host>) -> Arc<dyn Listener> {
    without_end(lease, EndCause::Stopped)
}

fn without_end(lease: Arc<dyn Listener>, cause: EndCause) -> Arc<dyn Listener> {
    let ended = |deaf: &EndCause, lease: &dyn Listener, cause| {
        if cause != *deaf {
            lease.ended(cause);
        }
    };
    listening(lease, cause, |it| Between { ended, ..it })
}

/// The request for a transfer leaves the lease alone: the first time that this leader tells of one is that. The `TimeoutNow` that it
/// makes leave is the next.
pub(in crate::mutant) fn hears_of_transfers_late(lease: Arc<dyn Listener>, _: &Arc<dyn Host>) -> Arc<dyn Listener> {
    listening(lease, AtomicBool::new(false), |it| Between {
        elected: |requested, lease, term| {
            requested.store(false, Ordering::Relaxed);
            lease.elected(term);
        },
        suspended: |requested, lease| {
            if requested.swap(true, Ordering::Relaxed) {
                lease.suspended();
            }
        },
        resumed: |requested, lease, term, base| {
            requested.store(false, Ordering::Relaxed);
            lease.resumed(term, base);
        },
        ..it
    })
}

/// What renews the lease at the moment that it counts from was asked of nobody, and renews nothing.
pub(in crate::mutant) fn renewed_by_others_alone(lease: Arc<dyn Listener>, host: &Arc<dyn Host>) -> Arc<dyn Listener> {
    let renewed = |host: &Arc<dyn Host>, lease: &dyn Listener, term, base| {
        if host.monotonic() != Ok(base) {
            lease.renewed(term, base);
        }
    };
    listening(lease, Arc::clone(host), |it| Between { renewed, ..it })
}

/// The lease of a leader that is deposed ends when it is next elected, and a transfer leaves it alone. In between, what it has
/// published of its role closes the gate, and it publishes that only when the new term is on disk.
pub(in crate::mutant) fn ended_by_next_election(lease: Arc<dyn Listener>, host: &Arc<dyn Host>) -> Arc<dyn Listener> {
    let elected = |(): &(), lease: &dyn Listener, term| {
        lease.ended(EndCause::RoleChange);
        lease.elected(term);
    };
    let ended = |(): &(), lease: &dyn Listener, cause| {
        if cause != EndCause::RoleChange {
            lease.ended(cause);
        }
    };
    hears_of_no_transfer(listening(lease, (), |it| Between { elected, ended, ..it }), host)
}

/// A new leader has a lease when any that was granted before its election must be over.
pub(in crate::mutant) fn warm_after_old_lease(lease: Arc<dyn Listener>, host: &Arc<dyn Host>) -> Arc<dyn Listener> {
    struct AfterOldLease {
        host: Arc<dyn Host>,
        elected: Mutex<Option<Instant>>,
    }

    let state = AfterOldLease { host: Arc::clone(host), elected: Mutex::default() };
    listening(lease, state, |it| Between {
        elected: |state, lease, term| {
            *state.elected.lock() = state.host.monotonic().ok();
            lease.elected(term);
        },
        renewed: |state, lease, term, base| {
            if state.elected.lock().is_none_or(|elected| base.since(elected) >= OLD_LEASE) {
                lease.renewed(term, base);
            }
        },
        ..it
    })
}

/// A process that starts again holds the lease that the one before it may have held; the term of it is forgotten.
pub(in crate::mutant) fn kept_over_restart(lease: Arc<dyn Listener>, host: &Arc<dyn Host>) -> Arc<dyn Listener> {
    if host.incarnation() > 1
        && let Ok(now) = host.monotonic()
    {
        lease.elected(0);
        lease.renewed(0, now);
    }
    lease
}
