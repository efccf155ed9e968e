//! One client: a port, a node to talk to, a memory of what it saw.

use super::{KeyChooser, Row};
use crate::cluster::Cluster;
use crate::history::{Completion, Invocation, KeyId, OpId, Operation, What};
use crate::scenario::{Bytes, Count, Target, Workload};
use crate::time::SimTime;
use crate::world::network::Receiver;
use crate::world::quantiles::Quantiles;
use crate::world::streams::Stream;
use leasehold::env::{Address, Envelope, GroupId, Lane, NodeId};
use leasehold::error::{Error, ErrorKind, Outcome};
use leasehold::request::{Request, Response, Value};
use leasehold::transport::{CallId, Hop, Message, Packet};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use tokio::sync::oneshot;

type Answer = Result<Response, Error>;

pub(super) struct Client {
    cluster: Cluster,
    number: u32,
    workload: Arc<Workload>,
    keys: Arc<KeyChooser>,
    sizes: Quantiles,
    /// Numbers operations over all clients.
    operations: Arc<AtomicU64>,
    state: Mutex<State>,
    port: Arc<Port>,
}

struct State {
    /// What it does.
    acts: Stream,
    /// To which keys.
    keys: Stream,
    /// How large its values are.
    sizes: Stream,
    /// The node this client is attached to.
    node: usize,
    /// The value last seen of each key: what a compare-and-set expects.
    seen: BTreeMap<KeyId, Value>,
}

/// Where answers arrive.
#[derive(Default)]
struct Port {
    waiting: Mutex<BTreeMap<u64, oneshot::Sender<Answer>>>,
}

impl Receiver<Box<Packet>> for Port {
    fn receive(&self, packet: Box<Packet>) {
        if let Message::Reply { call, result } = packet.body
            && let Some(waiting) = self.waiting.lock().remove(&call.number)
        {
            let _ = waiting.send(result);
        }
    }
}

impl Client {
    pub(super) fn new(
        cluster: &Cluster,
        (number, index): (u32, u32),
        workload: &Arc<Workload>,
        keys: &Arc<KeyChooser>,
        operations: Arc<AtomicU64>,
    ) -> Self {
        let name = format!("client {index}");
        let stream = |of| cluster.world().streams().stream(&["workload", &workload.name, &name, of]);
        let port = Arc::new(Port::default());
        cluster.attach_client(number, &(Arc::clone(&port) as Arc<dyn Receiver<Box<Packet>>>));
        Self {
            cluster: cluster.clone(),
            number,
            workload: Arc::clone(workload),
            keys: Arc::clone(keys),
            sizes: Quantiles::numbers(workload.value_size.knots.iter().map(|(share, Bytes(size))| (*share, *size))),
            operations,
            state: Mutex::new(State {
                acts: stream("act"),
                keys: stream("key"),
                sizes: stream("value-size"),
                node: index as usize,
                seen: BTreeMap::new(),
            }),
            port,
        }
    }

    /// A number below `bound`, drawn for what this client does.
    pub(super) fn below(&self, bound: u64) -> u64 {
        self.state.lock().acts.below(bound)
    }

    /// A number from a range, from the same stream.
    pub(super) fn count(&self, range: Count) -> u32 {
        range.least + self.below(u64::from(range.most - range.least) + 1) as u32
    }

    /// A key, as the workload distributes them.
    pub(super) fn key(&self) -> KeyId {
        self.keys.draw(&mut self.state.lock().keys)
    }

    /// A key of the group that has `key`, likewise.
    pub(super) fn key_beside(&self, key: KeyId) -> KeyId {
        self.keys.draw_beside(key, &mut self.state.lock().keys)
    }

    /// So many keys that follow each other, from `key` on.
    pub(super) fn row(&self, key: KeyId, number: u32) -> Row {
        self.keys.row(key, number)
    }

    /// A key's name.
    pub(super) fn name(&self, key: KeyId) -> String {
        self.keys.name(key)
    }

    /// The value last seen of a key.
    pub(super) fn seen(&self, key: KeyId) -> Option<Value> {
        self.state.lock().seen.get(&key).cloned()
    }

    /// Remembers what a key's value was.
    pub(super) fn see(&self, key: KeyId, value: Option<Value>) {
        let seen = &mut self.state.lock().seen;
        match value {
            Some(value) => seen.insert(key, value),
            None => seen.remove(&key),
        };
    }

    /// A number for an operation, and the value that it writes, if it writes.
    pub(super) fn begin(&self) -> (OpId, Value) {
        let op = self.operations.fetch_add(1, Ordering::Relaxed) + 1;
        let size = self.sizes.draw(&mut self.state.lock().sizes);
        (OpId(op), OpId(op).value(size as usize))
    }

    /// Invokes an operation that was due at `due`, waits for its answer, and records both.
    pub(super) async fn invoke(
        &self,
        op: OpId,
        due: SimTime,
        operation: Operation,
        request: Request,
        completion: impl FnOnce(&Response) -> Option<Completion>,
    ) -> Option<Response> {
        let reads_only = operation.kind().only_reads();
        // A key that no group has is nobody's whoever is asked.
        let group = self.keys.owner(operation.key()).unwrap_or(GroupId::FIRST);
        let via = self.node(group);
        self.cluster.record(What::Invoked(Invocation { op, client: self.number, via, due, operation }));
        let answer = self.ask(op, (group, via), due, request).await;
        let recorded = match &answer {
            Ok(response) => completion(response)
                .unwrap_or(Completion::Failed { error: ErrorKind::Invalid, outcome: Outcome::Unknown }),
            Err(error) => {
                let outcome = if reads_only { Outcome::NotApplied } else { error.outcome() };
                Completion::Failed { error: error.kind(), outcome }
            }
        };
        self.cluster.record(What::Completed { op, completion: recorded });
        answer.ok()
    }

    async fn ask(&self, op: OpId, (group, node): (GroupId, NodeId), due: SimTime, request: Request) -> Answer {
        let world = self.cluster.world();
        let (deadline, budget) = (due.after(self.workload.deadline), due.after(self.workload.budget()));
        let (sender, receiver) = oneshot::channel();
        self.port.waiting.lock().insert(op.0, sender);
        let envelope = Box::new(Envelope {
            from: Address::Client(self.number),
            to: Address::Node(node),
            lane: Lane::Request,
            group,
            stamp: None,
            echo: None,
            body: Message::Request {
                call: CallId { incarnation: 0, number: op.0 },
                budget: budget.since(world.now()),
                hop: Hop { origin: op.0, ..Hop::default() },
                request: Arc::new(request),
            },
        });
        if world.send(self.cluster.link_to(self.number, node), envelope).is_err() {
            self.port.waiting.lock().remove(&op.0);
            return Err(Error::Overloaded);
        }
        let answer = self.answer_by(deadline, receiver).await;
        self.port.waiting.lock().remove(&op.0);
        if answer.is_err() {
            self.try_another_node();
        }
        answer
    }

    async fn answer_by(&self, deadline: SimTime, receiver: oneshot::Receiver<Answer>) -> Answer {
        let mut receiver = pin!(receiver);
        let mut timer = pin!(self.cluster.world().until(deadline));
        poll_fn(|cx| {
            if let Poll::Ready(answer) = receiver.as_mut().poll(cx) {
                return Poll::Ready(answer.unwrap_or(Err(Error::Transport(Outcome::Unknown))));
            }
            timer.as_mut().poll(cx).map(|()| Err(Error::DeadlineExceeded(Outcome::Unknown)))
        })
        .await
    }

    /// The node to ask: the one this client is attached to or, for clients that follow the leader, the leader of the group.
    fn node(&self, group: GroupId) -> NodeId {
        let leader = match self.workload.to {
            Target::Any => None,
            Target::Leader => self.cluster.replicas().of(group).leader(),
        };
        leader.unwrap_or_else(|| self.attached_to())
    }

    fn attached_to(&self) -> NodeId {
        let nodes = self.cluster.nodes();
        NodeId((self.state.lock().node % nodes.len()) as u64 + 1)
    }

    fn try_another_node(&self) {
        self.state.lock().node += 1;
    }
}
