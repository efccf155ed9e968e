//! What clients did, as Jepsen writes histories: an object a line, with `index`, `time` (nanoseconds), `process`, `type` (`invoke`, `ok`,
//! `fail`: it had no effect, `info`: nobody knows), `f` and `value`.
//!
//! A value that was written is the number of the operation that wrote it. Operations on a key have `[key, value]`, compare-and-set
//! `[key, [expected, new]]`, reads of several keys and scripts a list of micro-operations, `["r", key, value]` and `["w", key, value]`.
//! A process does one thing at a time, and none after an `info`: a client that goes on is another process then.

use crate::history::{Completion, Found, Invocation, KeyId, OpId, Operation, Record, What};
use crate::report::key;
use leasehold::error::Outcome;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The lines so far.
pub(super) struct Clients {
    keys: Vec<String>,
    lines: String,
    index: u64,
    /// What is under way: who does it, and what.
    open: BTreeMap<OpId, (u64, Invocation)>,
    /// By client: processes of its own that do nothing now.
    idle: BTreeMap<u32, Vec<u64>>,
    /// How many processes there have been.
    processes: u64,
}

impl Clients {
    /// Of a run whose keys have these names.
    pub(super) fn new(keys: Vec<String>) -> Self {
        let (lines, open, idle) = (String::new(), BTreeMap::new(), BTreeMap::new());
        Self { keys, lines, index: 0, open, idle, processes: 0 }
    }

    /// All of them.
    pub(super) fn lines(self) -> String {
        self.lines
    }

    pub(super) fn take(&mut self, record: &Record) {
        let at = record.at.0;
        match &record.what {
            What::Invoked(invocation) => {
                let process = self.idle.entry(invocation.client).or_default().pop().unwrap_or_else(|| {
                    self.processes += 1;
                    self.processes - 1
                });
                self.line(at, process, "invoke", invocation, asked(invocation, &self.keys));
                self.open.insert(invocation.op, (process, invocation.clone()));
            }
            What::Completed { op, completion } => {
                let Some((process, invocation)) = self.open.remove(op) else { return };
                let (kind, value) = ended(&invocation, completion, &self.keys);
                if kind != "info" {
                    self.idle.entry(invocation.client).or_default().push(process);
                }
                self.line(at, process, kind, &invocation, value);
            }
            What::Stack(_)
            | What::Message { .. }
            | What::Process { .. }
            | What::Busy { .. }
            | What::Counted { .. }
            | What::Clock { .. }
            | What::Fault(_) => {}
        }
    }

    fn line(&mut self, at: u64, process: u64, kind: &str, invocation: &Invocation, value: Value) {
        let (index, f) = (self.index, invocation.operation.kind().name());
        // In the order in which people read it.
        self.lines += &format!(
            "{{\"index\":{index},\"time\":{at},\"process\":{process},\"type\":\"{kind}\",\"f\":\"{f}\",\"value\":{value}}}\n"
        );
        self.index += 1;
    }
}

/// A value, by the operation that wrote it.
fn written(writer: Option<OpId>) -> Value {
    match writer {
        None => Value::Null,
        Some(OpId::NOBODY) => json!("foreign"),
        Some(OpId(number)) => json!(number),
    }
}

fn asked(Invocation { op, operation, .. }: &Invocation, keys: &[String]) -> Value {
    let name = |id: &KeyId| key(keys, *id);
    let read = |id: &KeyId| json!(["r", name(id), null]);
    match operation {
        Operation::Get { key } | Operation::Delete { key } => json!([name(key), null]),
        Operation::Put { key } => json!([name(key), op.0]),
        Operation::Cas { key, expected } => json!([name(key), [written(*expected), op.0]]),
        Operation::Mget { keys, .. } | Operation::Scan { keys, .. } => keys.iter().map(read).collect(),
        Operation::Script { reads, key } => reads.iter().map(read).chain([json!(["w", name(key), op.0])]).collect(),
    }
}

/// Its type, and what it was about as far as that is known.
fn ended(invocation: &Invocation, completion: &Completion, keys: &[String]) -> (&'static str, Value) {
    let name = |id: &KeyId| key(keys, *id);
    let asked = asked(invocation, keys);
    match completion {
        Completion::Read { value, .. } => ("ok", json!([name(&invocation.operation.key()), written(*value)])),
        Completion::Written { .. } => ("ok", asked),
        // It had no effect, since it found something else.
        Completion::Unexpected { .. } | Completion::Failed { outcome: Outcome::NotApplied, .. } => ("fail", asked),
        Completion::Failed { outcome: Outcome::Unknown, .. } => ("info", asked),
        Completion::Reads { found, .. } => {
            let value = |found: &Option<Found>| written(found.and_then(|found| found.value));
            ("ok", found.iter().map(|(id, found)| json!(["r", name(id), value(found)])).collect())
        }
        Completion::Script { reads, .. } => {
            let Operation::Script { reads: of, key } = &invocation.operation else { return ("ok", asked) };
            let read = of.iter().zip(reads.iter()).map(|(id, found)| json!(["r", name(id), written(found.value)]));
            ("ok", read.chain([json!(["w", name(key), invocation.op.0])]).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::testing::{Events, get, put};

    #[test]
    fn a_history_is_jepsens_and_who_does_not_know_is_not_heard_of_again() {
        let events = Events::default()
            .invoke(1, 1, put(0))
            .written(2, 1, 7)
            .invoke(3, 2, get(0))
            .read(4, 2, 7)
            .invoke(5, 3, put(0))
            .gave_up(6, 3, Outcome::Unknown)
            .invoke(7, 4, put(0))
            .gave_up(8, 4, Outcome::NotApplied);
        let mut clients = Clients::new(vec!["k0".to_owned()]);
        events.records().iter().for_each(|record| clients.take(record));
        insta::assert_snapshot!(clients.lines(), @r#"
        {"index":0,"time":1000000,"process":0,"type":"invoke","f":"put","value":["k0",1]}
        {"index":1,"time":2000000,"process":0,"type":"ok","f":"put","value":["k0",1]}
        {"index":2,"time":3000000,"process":1,"type":"invoke","f":"get","value":["k0",null]}
        {"index":3,"time":4000000,"process":1,"type":"ok","f":"get","value":["k0",null]}
        {"index":4,"time":5000000,"process":2,"type":"invoke","f":"put","value":["k0",3]}
        {"index":5,"time":6000000,"process":2,"type":"info","f":"put","value":["k0",3]}
        {"index":6,"time":7000000,"process":3,"type":"invoke","f":"put","value":["k0",4]}
        {"index":7,"time":8000000,"process":3,"type":"fail","f":"put","value":["k0",4]}
        "#);
    }
}
