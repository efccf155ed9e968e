//! Somebody waits for a ReadIndex round.

use crate::env::{Reading, between};
use crate::observe::{Event, Host, RoundCause};

/// Who waits for a ReadIndex round. Its end is told also where the caller is given up.
pub(super) struct Round<'a> {
    host: &'a dyn Host,
    cause: RoundCause,
    begun: Reading,
    confirmed: bool,
}

impl<'a> Round<'a> {
    /// The wait begins.
    pub(super) fn begin(host: &'a dyn Host, cause: RoundCause) -> Self {
        Self { host, cause, begun: host.monotonic(), confirmed: false }
    }

    /// It ends like this.
    pub(super) fn ends<T, E>(mut self, result: Result<T, E>) -> Result<T, E> {
        self.confirmed = result.is_ok();
        result
    }
}

impl Drop for Round<'_> {
    fn drop(&mut self) {
        let waited = between(self.begun, self.host.monotonic());
        self.host.observe(Event::RoundEnded { cause: self.cause, waited, confirmed: self.confirmed });
    }
}
