//! Between the engine and the lease: what the lease is told of leadership.

use super::engine::OLD_LEASE;
use leasehold::engine::Listener;
use leasehold::env::Instant;
use leasehold::observe::{EndCause, Host};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What is odd about what the lease is told; what is not said goes through as it is.
trait Between: Send + Sync + 'static {
    fn elected(&self, lease: &dyn Listener, term: u64) {
        lease.elected(term);
    }

    fn renewed(&self, lease: &dyn Listener, term: u64, base: Instant) {
        lease.renewed(term, base);
    }

    fn suspended(&self, lease: &dyn Listener) {
        lease.suspended();
    }

    fn resumed(&self, lease: &dyn Listener, term: u64, base: Instant) {
        lease.resumed(term, base);
    }

    fn ended(&self, lease: &dyn Listener, cause: EndCause) {
        lease.ended(cause);
    }
}

struct Listening<B> {
    lease: Arc<dyn Listener>,
    between: B,
}

fn listening(lease: Arc<dyn Listener>, between: impl Between) -> Arc<dyn Listener> {
    Arc::new(Listening { lease, between })
}

impl<B: Between> Listener for Listening<B> {
    fn elected(&self, term: u64) {
        self.between.elected(&*self.lease, term);
    }

    fn renewed(&self, term: u64, base: Instant) {
        self.between.renewed(&*self.lease, term, base);
    }

    fn suspended(&self) {
        self.between.suspended(&*self.lease);
    }

    fn resumed(&self, term: u64, base: Instant) {
        self.between.resumed(&*self.lease, term, base);
    }

    fn ended(&self, cause: EndCause) {
        self.between.ended(&*self.lease, cause);
    }
}

/// Whatever renews the lease, it counts from now.
pub(in crate::mutant) fn counted_from_now(lease: Arc<dyn Listener>, host: &Arc<dyn Host>) -> Arc<dyn Listener> {
    struct FromNow(Arc<dyn Host>);

    impl Between for FromNow {
        fn renewed(&self, lease: &dyn Listener, term: u64, base: Instant) {
            lease.renewed(term, self.0.monotonic().unwrap_or(base));
        }
    }

    listening(lease, FromNow(Arc::clone(host)))
}

/// What renews the lease ends it first, as if leadership had been lost; what was on its way then renews nothing.
pub(in crate::mutant) fn ended_by_renewal(lease: Arc<dyn Listener>, _: &Arc<dyn Host>) -> Arc<dyn Listener> {
    struct Ending;

    impl Between for Ending {
        fn renewed(&self, lease: &dyn Listener, term: u64, base: Instant) {
            lease.ended(EndCause::RoleChange);
            lease.renewed(term, base);
        }
    }

    listening(lease, Ending)
}

/// What renews the lease brings back one that a transfer has suspended.
pub(in crate::mutant) fn resumed_by_renewal(lease: Arc<dyn Listener>, _: &Arc<dyn Host>) -> Arc<dyn Listener> {
    struct Resuming;

    impl Between for Resuming {
        fn renewed(&self, lease: &dyn Listener, term: u64, base: Instant) {
            lease.resumed(term, base);
        }
    }

    listening(lease, Resuming)
}

/// An election renews the lease.
pub(in crate::mutant) fn leased_at_election(lease: Arc<dyn Listener>, host: &Arc<dyn Host>) -> Arc<dyn Listener> {
    struct AtElection(Arc<dyn Host>);

    impl Between for AtElection {
        fn elected(&self, lease: &dyn Listener, term: u64) {
            lease.elected(term);
            if let Ok(now) = self.0.monotonic() {
                lease.renewed(term, now);
            }
        }
    }

    listening(lease, AtElection(Arc::clone(host)))
}

/// A transfer of leadership is nothing to the lease.
pub(in crate::mutant) fn hears_of_no_transfer(lease: Arc<dyn Listener>, _: &Arc<dyn Host>) -> Arc<dyn Listener> {
    struct Deaf;

    impl Between for Deaf {
        fn suspended(&self, _lease: &dyn Listener) {}
    }

    listening(lease, Deaf)
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
    struct Deaf(EndCause);

    impl Between for Deaf {
        fn ended(&self, lease: &dyn Listener, cause: EndCause) {
            if cause != self.0 {
                lease.ended(cause);
            }
        }
    }

    listening(lease, Deaf(cause))
}

/// The request for a transfer leaves the lease alone: the first time that this leader tells of one is that. The `TimeoutNow` that it
/// makes leave is the next.
pub(in crate::mutant) fn hears_of_transfers_late(lease: Arc<dyn Listener>, _: &Arc<dyn Host>) -> Arc<dyn Listener> {
    #[derive(Default)]
    struct Late {
        requested: AtomicBool,
    }

    impl Between for Late {
        fn elected(&self, lease: &dyn Listener, term: u64) {
            self.requested.store(false, Ordering::Relaxed);
            lease.elected(term);
        }

        fn suspended(&self, lease: &dyn Listener) {
            if self.requested.swap(true, Ordering::Relaxed) {
                lease.suspended();
            }
        }

        fn resumed(&self, lease: &dyn Listener, term: u64, base: Instant) {
            self.requested.store(false, Ordering::Relaxed);
            lease.resumed(term, base);
        }
    }

    listening(lease, Late::default())
}

/// What renews the lease at the moment that it counts from was asked of nobody, and renews nothing.
pub(in crate::mutant) fn renewed_by_others_alone(lease: Arc<dyn Listener>, host: &Arc<dyn Host>) -> Arc<dyn Listener> {
    struct ByOthers(Arc<dyn Host>);

    impl Between for ByOthers {
        fn renewed(&self, lease: &dyn Listener, term: u64, base: Instant) {
            if self.0.monotonic() != Ok(base) {
                lease.renewed(term, base);
            }
        }
    }

    listening(lease, ByOthers(Arc::clone(host)))
}

/// The lease of a leader that is deposed ends when it is next elected, and a transfer leaves it alone. In between, what it has
/// published of its role closes the gate, and it publishes that only when the new term is on disk.
pub(in crate::mutant) fn ended_by_next_election(lease: Arc<dyn Listener>, host: &Arc<dyn Host>) -> Arc<dyn Listener> {
    struct Late;

    impl Between for Late {
        fn elected(&self, lease: &dyn Listener, term: u64) {
            lease.ended(EndCause::RoleChange);
            lease.elected(term);
        }

        fn ended(&self, lease: &dyn Listener, cause: EndCause) {
            if cause != EndCause::RoleChange {
                lease.ended(cause);
            }
        }
    }

    hears_of_no_transfer(listening(lease, Late), host)
}

/// A new leader has a lease when any that was granted before its election must be over.
pub(in crate::mutant) fn warm_after_old_lease(lease: Arc<dyn Listener>, host: &Arc<dyn Host>) -> Arc<dyn Listener> {
    struct AfterOldLease {
        host: Arc<dyn Host>,
        elected: Mutex<Option<Instant>>,
    }

    impl Between for AfterOldLease {
        fn elected(&self, lease: &dyn Listener, term: u64) {
            *self.elected.lock() = self.host.monotonic().ok();
            lease.elected(term);
        }

        fn renewed(&self, lease: &dyn Listener, term: u64, base: Instant) {
            if self.elected.lock().is_none_or(|elected| base.since(elected) >= OLD_LEASE) {
                lease.renewed(term, base);
            }
        }
    }

    listening(lease, AfterOldLease { host: Arc::clone(host), elected: Mutex::default() })
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
