//! How the engines are set up that are held to the contract.

use super::trace::{Ledger, Recorder, Tapped, Trace};
use crate::bed::{Machine, Process, Software};
use crate::engine::{Config, Engine, Factory, Parts, RenewalKind, Status};
use crate::env::{GroupId, NodeId};
use crate::error::Error;
use crate::metrics::Metrics;
use crate::observe::{Host, Membership};
use crate::tasks::Tasks;
use crate::ticker::Ticker;
use crate::transport::{Packet, Transport};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;

/// One step of Raft's clock.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// Time between two heartbeats.
pub(crate) const HEARTBEAT: Duration = Duration::from_millis(100);

/// How long a follower that has heard its leader votes for nobody else.
pub(crate) const ELECTION: Duration = Duration::from_secs(1);

/// For so long a leader waits for a write.
pub(crate) const STALL: Duration = Duration::from_secs(2);

/// The member of every group that has no vote.
pub(super) const LEARNER: u64 = 8;

/// The node of every group that is no member of it, and may be added.
pub(super) const STRANGER: u64 = 9;

/// The engine of a group of these founders.
pub(crate) fn config(founders: Membership) -> Config {
    Config {
        founders,
        tick: TICK,
        heartbeat: HEARTBEAT,
        election_timeout: ELECTION,
        read_retry: ELECTION / 2,
        renewal: RenewalKind::Acks,
        renewal_interval: 3 * HEARTBEAT,
        compact_after: None,
        async_writes: true,
        group_commit_delay: Duration::ZERO,
        snapshot_timeout: 64 * ELECTION,
        max_write_bytes: 1 << 20,
        stall: Some(STALL),
        admission: HEARTBEAT,
        max_append_bytes: 1 << 20,
        max_inflight: 1_024,
        pre_vote: true,
        check_quorum: true,
        ask_inbox: 1_024,
        heartbeat_inbox: 256,
        bulk_inbox: 256,
        heartbeats_together: false,
        stands_first: false,
    }
}

/// Engines of one kind, a group of them.
pub(super) struct Engines {
    factory: Arc<dyn Factory>,
    config: Config,
    outlives_panics: bool,
    pub(super) trace: Trace,
}

impl Engines {
    /// Those that `factory` makes, set up like this.
    pub(super) fn new(factory: &Arc<dyn Factory>, config: Config) -> Self {
        Self { factory: Arc::clone(factory), config, outlives_panics: false, trace: Trace::default() }
    }

    /// The same, on a runtime that outlives a task that panics.
    pub(super) fn outliving_panics(self) -> Self {
        Self { outlives_panics: true, ..self }
    }
}

impl Software for Engines {
    type Process = Running;

    fn nodes(&self) -> Vec<NodeId> {
        let Membership { voters, learners, .. } = &self.config.founders;
        [voters, learners, &vec![NodeId(STRANGER)]].into_iter().flatten().copied().collect()
    }

    fn outlives_panics(&self) -> bool {
        self.outlives_panics
    }

    fn start(&self, Machine { host, bus, disk }: Machine) -> Result<Running, Error> {
        let recorder = self.trace.recorder(&host);
        let (host, metrics): (Arc<dyn Host>, _) = (Arc::new(recorder.clone()), Arc::new(Metrics::default()));
        let bus = Arc::new(Tapped { bus, recorder: recorder.clone() });
        let (tasks, ledger) = (Tasks::default(), Arc::new(Ledger::new(recorder.clone())));
        let engine = self.factory.start(Parts {
            group: GroupId::FIRST,
            transport: Arc::new(Transport::new(Arc::clone(&host), bus, Arc::clone(&metrics))),
            host: Arc::clone(&host),
            disk: Arc::new(disk),
            metrics,
            tasks: tasks.clone(),
            ticker: Ticker::new(Arc::clone(&host) as _, tasks.clone()),
            machine: Arc::clone(&ledger) as _,
            listener: Arc::new(recorder.clone()),
            config: self.config.clone(),
        })?;
        Ok(Running { engine, tasks, ledger, host, recorder, published: Mutex::default() })
    }
}

/// A running engine.
pub(super) struct Running {
    pub(super) engine: Arc<dyn Engine>,
    pub(super) tasks: Tasks,
    pub(super) ledger: Arc<Ledger>,
    pub(super) host: Arc<dyn Host>,
    recorder: Recorder,
    /// The status that was noted last.
    published: Mutex<Status>,
}

impl Process for Running {
    fn deliver(&self, packet: Packet) {
        self.engine.deliver(Box::new(packet));
    }

    fn polled(&self) {
        let status = self.engine.status();
        if std::mem::replace(&mut *self.published.lock(), status) != status {
            self.recorder.note(super::trace::Told::Published(status));
        }
    }

    fn describe(&self) -> String {
        format!("{:?}", self.engine.status())
    }
}
