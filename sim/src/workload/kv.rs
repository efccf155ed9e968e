//! Gets, puts, compare-and-sets, updates and deletes.

use super::client::Client;
use super::{script, several};
use crate::history::{Completion, KeyId, OpId, OpKind, Operation};
use crate::scenario::{Mix, Workload};
use crate::time::SimTime;
use leasehold::request::{Request, Response};

/// One operation, of a kind drawn from the mix, on `key` first of all.
pub(super) async fn act(client: &Client, workload: &Workload, due: SimTime, key: KeyId) {
    match drawn(workload.mix, client.below(1000) as u32) {
        OpKind::Get => get(client, due, key).await,
        OpKind::Put => put(client, due, key).await,
        OpKind::Cas => cas(client, due, key).await,
        OpKind::Delete => delete(client, due, key).await,
        OpKind::Mget => several::mget(client, workload.mget_keys, due, key).await,
        OpKind::Scan => several::scan(client, workload.scan_keys, due, key).await,
        OpKind::Update | OpKind::Script => script::run(client, [key].into(), due).await,
    }
}

/// The kind that has the place `drawn` of 1000.
fn drawn(mix: Mix, drawn: u32) -> OpKind {
    let Mix { get, put, cas, update: _, delete, mget, scan } = mix;
    let shares = [
        (OpKind::Get, get),
        (OpKind::Put, put),
        (OpKind::Cas, cas),
        (OpKind::Delete, delete),
        (OpKind::Mget, mget),
        (OpKind::Scan, scan),
    ];
    let mut end = 0;
    let kind = shares.into_iter().find(|(_, share)| {
        end += share;
        drawn < end
    });
    kind.map_or(OpKind::Update, |(kind, _)| kind)
}

async fn get(client: &Client, due: SimTime, key: KeyId) {
    let (op, _) = client.begin();
    let request = Request::Get { key: client.name(key) };
    let response = client
        .invoke(op, due, Operation::Get { key }, request, |response| match response {
            Response::Value { value, version, path } => {
                Some(Completion::Read { version: *version, value: OpId::of(value.as_deref()), path: *path })
            }
            _ => None,
        })
        .await;
    if let Some(Response::Value { value, .. }) = response {
        client.see(key, value);
    }
}

async fn put(client: &Client, due: SimTime, key: KeyId) {
    let (op, value) = client.begin();
    let request = Request::Put { key: client.name(key), value: value.clone() };
    let response = client.invoke(op, due, Operation::Put { key }, request, written).await;
    if response.is_some() {
        client.see(key, Some(value));
    }
}

async fn delete(client: &Client, due: SimTime, key: KeyId) {
    let (op, _) = client.begin();
    let request = Request::Delete { key: client.name(key) };
    if client.invoke(op, due, Operation::Delete { key }, request, written).await.is_some() {
        client.see(key, None);
    }
}

async fn cas(client: &Client, due: SimTime, key: KeyId) {
    let (op, value) = client.begin();
    let expected = client.seen(key);
    let operation = Operation::Cas { key, expected: OpId::of(expected.as_deref()) };
    let request = Request::Cas { key: client.name(key), expected, value: value.clone() };
    match client.invoke(op, due, operation, request, written).await {
        Some(Response::Written { .. }) => client.see(key, Some(value)),
        Some(Response::Unexpected { value, .. }) => client.see(key, value),
        _ => {}
    }
}

fn written(response: &Response) -> Option<Completion> {
    match response {
        Response::Written { version } => Some(Completion::Written { version: *version }),
        Response::Unexpected { value, version } => {
            Some(Completion::Unexpected { version: *version, value: OpId::of(value.as_deref()) })
        }
        _ => None,
    }
}
