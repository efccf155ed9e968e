//! Reads of several keys: those that are named, and those of a range.

use super::Row;
use super::client::Client;
use crate::history::{Completion, Found, KeyId, OpId, Operation, Share};
use crate::scenario::Count;
use crate::time::SimTime;
use leasehold::request::{Entry, KeyRange, Read, Request, Response};
use std::sync::Arc;

/// Reads `key` and others drawn from the workload's, of any of its groups.
pub(super) async fn mget(client: &Client, number: Count, due: SimTime, key: KeyId) {
    let others = client.count(number) - 1;
    let keys: Arc<[KeyId]> = [key].into_iter().chain((0..others).map(|_| client.key())).collect();
    let (op, _) = client.begin();
    let request = Request::Mget { keys: keys.iter().map(|key| client.name(*key)).collect() };
    let operation = Operation::Mget { keys: Arc::clone(&keys), share: Share::Whole };
    let response = client.invoke(op, due, operation, request, |response| values(&keys, response)).await;
    if let Some(Response::Values { reads, .. }) = response {
        keys.iter().zip(reads).for_each(|(key, read)| client.see(*key, read.value));
    }
}

/// Scans the keys from `key` on.
pub(super) async fn scan(client: &Client, number: Count, due: SimTime, key: KeyId) {
    let number = client.count(number);
    // Half of them may find as many keys as there are.
    let limit = 1 + client.below(u64::from(number) * 2) as u32;
    let Row { keys, next } = client.row(key, number);
    let (op, _) = client.begin();
    let range = KeyRange { from: client.name(key), to: next.map(|key| client.name(key)) };
    let request = Request::Scan { ranges: vec![range], limit };
    let operation = Operation::Scan { limit, keys: Arc::clone(&keys), share: Share::Whole };
    client.invoke(op, due, operation, request, |response| entries(client, &keys, limit, response)).await;
}

/// `None`: it is no answer to this, or to other keys.
fn values(keys: &[KeyId], response: &Response) -> Option<Completion> {
    let Response::Values { reads, parts } = response else { return None };
    let found = |read: &Read| Found { version: read.version, value: OpId::of(read.value.as_deref()) };
    let each = keys.iter().zip(reads).map(|(key, read)| (*key, Some(found(read))));
    (reads.len() == keys.len()).then(|| Completion::Reads { found: each.collect(), parts: parts.clone() })
}

/// What was found of each key, up to the last of which the answer tells. `None`: it is no answer to this, or has keys that nobody asked
/// for, or not in their order.
fn entries(client: &Client, keys: &[KeyId], limit: u32, response: &Response) -> Option<Completion> {
    let Response::Entries { entries, parts } = response else { return None };
    let found = |entry: &Entry| Found { version: entry.version, value: OpId::of(Some(&entry.value)) };
    let is_cut = entries.len() >= limit as usize;
    let (mut rest, mut each) = (entries.iter().peekable(), Vec::with_capacity(keys.len()));
    for key in keys {
        if is_cut && rest.peek().is_none() {
            break;
        }
        let name = client.name(*key);
        each.push((*key, rest.next_if(|entry| entry.key == name).map(found)));
    }
    rest.next().is_none().then(|| Completion::Reads { found: each, parts: parts.clone() })
}
