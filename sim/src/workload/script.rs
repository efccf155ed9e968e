//! Scripts: stand for EVALSHA. The retry loop is the node's own, as in the reference.

use super::client::{Client, writer};
use crate::history::{Completion, Found, KeyId, Operation};
use crate::time::SimTime;
use leasehold::request::{Read, Request, Response};
use std::sync::Arc;

/// One script: `reads` keys drawn from the workload's, the first of which it then writes (read, modify, write).
pub(super) async fn act(client: &Client, reads: u32, due: SimTime) {
    let keys: Arc<[KeyId]> = (0..reads.max(1)).map(|_| client.key()).collect();
    let key = keys[0];
    let (op, value) = client.begin();
    let request =
        Request::Script { reads: keys.iter().map(|key| client.name(*key)).collect(), key: client.name(key), value };
    let operation = Operation::Script { reads: keys, key };
    client
        .invoke(op, due, operation, request, |response| match response {
            Response::Script { reads, version, attempts } => {
                let found = |read: &Read| Found { version: read.version, value: writer(&read.value) };
                let reads = reads.iter().map(found).collect();
                Some(Completion::Script { reads, version: *version, attempts: *attempts })
            }
            _ => None,
        })
        .await;
}
