//! Scripts: stand for EVALSHA. The retry loop is the node's own, as in the reference.

use super::client::Client;
use crate::history::{Completion, Found, KeyId, OpId, Operation};
use crate::scenario::ScriptReads;
use crate::time::SimTime;
use leasehold::request::{Read, Request, Response};
use std::sync::Arc;

/// One script, which reads `key` and others drawn from the workload's.
pub(super) async fn act(client: &Client, reads: ScriptReads, due: SimTime, key: KeyId) {
    let calls = client.count(reads.calls);
    let others = (0..calls).map(|_| client.count(reads.each)).sum::<u32>().saturating_sub(1);
    run(client, [key].into_iter().chain((0..others).map(|_| client.key_beside(key))).collect(), due).await;
}

/// Reads `keys` and writes the first of them (read, modify, write).
pub(super) async fn run(client: &Client, keys: Arc<[KeyId]>, due: SimTime) {
    let key = keys[0];
    let (op, value) = client.begin();
    let request =
        Request::Script { reads: keys.iter().map(|key| client.name(*key)).collect(), key: client.name(key), value };
    let operation = Operation::Script { reads: keys, key };
    client
        .invoke(op, due, operation, request, |response| match response {
            Response::Script { reads, version, attempts } => {
                let found = |read: &Read| Found { version: read.version, value: OpId::of(read.value.as_deref()) };
                let reads = reads.iter().map(found).collect();
                Some(Completion::Script { reads, version: *version, attempts: *attempts })
            }
            _ => None,
        })
        .await;
}
