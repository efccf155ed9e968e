//! Scripts: a lease read, reads from a snapshot, one write checked against all that was read; retried on conflict.
//!
//! This is the path of elastickv's EVALSHA. Its retry loop is what stormed in the incident: each conflict was an error of a
//! dispatch, and each such error threw the lease away that the next attempt needed.

use super::Coordinator;
use crate::env::{Work, between};
use crate::error::Error;
use crate::observe::{Event, ScriptTimes};
use crate::request::{Key, Read, Response, Value, Version};
use crate::store::{Command, Unread};
use std::time::Duration;

/// Most attempts at one script (elastickv `redis_retry.go`).
const ATTEMPTS: u32 = 50;

/// Backoff after the first conflict; doubled after each further one.
const BACKOFF: Duration = Duration::from_millis(1);

/// Longest backoff, before jitter of up to half as much again.
const BACKOFF_MAX: Duration = Duration::from_millis(10);

impl Coordinator {
    pub(super) async fn script(&self, reads: Vec<Key>, key: Key, value: Value, again: bool) -> Result<Response, Error> {
        let host = &*self.parts.host;
        let begun = host.monotonic();
        let mut times = ScriptTimes::default();
        let mut attempts = 0;
        let result = loop {
            attempts += 1;
            // After a conflict an attempt reads anew; it repeats nothing.
            let again = again && attempts == 1;
            match self.attempt(&reads, &key, &value, again, &mut times).await {
                Err(Error::WriteConflict { .. }) if attempts < ATTEMPTS => {
                    let backoff = self.backoff(attempts);
                    times.backoff += backoff;
                    host.sleep(backoff).await;
                }
                Err(Error::WriteConflict { .. }) => break Err(Error::RetriesExhausted { attempts }),
                Err(error) => break Err(error),
                Ok((reads, version)) => {
                    break Ok(Response::Script { reads, version, attempts });
                }
            }
        };
        self.parts.metrics.script(attempts, &times, between(begun, host.monotonic()));
        host.observe(Event::Script { reads: reads.len() as u32, attempts, times });
        result
    }

    async fn attempt(
        &self,
        reads: &[Key],
        key: &Key,
        value: &Value,
        again: bool,
        times: &mut ScriptTimes,
    ) -> Result<(Vec<Read>, Version), Error> {
        let host = &*self.parts.host;
        let begun = host.monotonic();
        times.rounds += self.lease_read(again).await?.rounds();
        let fenced = host.monotonic();
        times.lease_read += between(begun, fenced);
        let snapshot = self.parts.store.snapshot();
        let mut found = Vec::with_capacity(reads.len());
        for key in reads {
            times.rounds += self.inner_fence(again).await?;
            host.work(Work::ScriptRead).await;
            let unread = |unread| match unread {
                // What was written since would be a conflict when this is applied.
                Unread::Overwritten { latest } => Error::WriteConflict { key: key.clone(), latest },
                Unread::Elsewhere(route) => self.stale_route(None, route),
            };
            found.push(snapshot.read(key).map_err(unread)?);
        }
        times.reads += between(fenced, host.monotonic());
        let snapshot = snapshot.version();
        let command = Command::Transaction { snapshot, reads: reads.to_vec(), key: key.clone(), value: value.clone() };
        let (version, _) = self.dispatch(command, times).await?;
        Ok((found, version))
    }

    fn backoff(&self, attempts: u32) -> Duration {
        let base = BACKOFF.saturating_mul(1 << (attempts - 1).min(10)).min(BACKOFF_MAX);
        let jitter = self.parts.host.entropy("script-backoff") % (crate::env::nanos(base) / 2 + 1);
        base + Duration::from_nanos(jitter)
    }
}
