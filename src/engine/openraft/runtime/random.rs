//! Random numbers, drawn by name.

use super::scope::Scope;
use rand_core::{TryRng, utils};
use std::convert::Infallible;

/// Draws from the process's [`Env`](crate::env::Env). openraft draws election timeouts, and when to tick first.
pub(in crate::engine::openraft) struct Draws(Scope);

impl Draws {
    pub(super) fn new(scope: Scope) -> Self {
        Self(scope)
    }
}

impl TryRng for Draws {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        // The upper half: where one is better than the other, it is that.
        self.try_next_u64().map(|drawn| (drawn >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.0.host().entropy("openraft"))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        utils::fill_bytes_via_next_word(bytes, || self.try_next_u64())
    }
}
