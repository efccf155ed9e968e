//! Gets, puts, compare-and-sets and updates.

use super::client::Client;
use super::script;
use crate::history::{Completion, KeyId, OpId, Operation};
use crate::scenario::Mix;
use crate::time::SimTime;
use leasehold::request::{Request, Response};

/// One operation, of a kind drawn from the mix, on `key`.
pub(super) async fn act(client: &Client, mix: Mix, due: SimTime, key: KeyId) {
    let share = client.below(1000) as u32;
    if share < mix.get {
        get(client, due, key).await;
    } else if share < mix.get + mix.put {
        put(client, due, key).await;
    } else if share < mix.get + mix.put + mix.cas {
        cas(client, due, key).await;
    } else {
        script::run(client, [key].into(), due).await;
    }
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
