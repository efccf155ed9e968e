//! How the processes of a cluster are put together under a variant.

use super::Variant;
use super::bend::is_heard;
use super::variant::Tuning;
use super::wrap::engine::Fronted;
use super::wrap::host::watched;
use crate::cluster::{Assembly, TakenForClock, Tap};
use leasehold::coordinator::Policy;
use leasehold::engine::RenewalKind;
use leasehold::engine::openraft::Openraft;
use leasehold::engine::raft_rs::RaftRs;
use leasehold::env::NodeId;
use leasehold::node::{Config, Parts};
use leasehold::observe::Host;
use leasehold::routes::Routes;
use std::sync::Arc;
use std::time::Duration;

impl Assembly for Variant {
    fn begin(&self) {
        #[cfg(feature = "planted")]
        super::bend::begin(self.rules_bent, self.rules_off);
    }

    fn lease_length(&self, election_timeout: Duration, tick: Duration) -> Duration {
        (self.lease_length)(election_timeout, tick)
    }

    fn renewal(&self) -> Option<RenewalKind> {
        self.renewal
    }

    fn coordinator(&self) -> Policy {
        self.coordinator
    }

    fn config(&self, node: NodeId, mut config: Config) -> Config {
        config.lease.write_ends = self.write_ends.unwrap_or(config.lease.write_ends);
        config.lease.read_ends = self.read_ends.unwrap_or(config.lease.read_ends);
        match self.set_up {
            Some(set_up) => set_up(node, config),
            None => config,
        }
    }

    fn clock(&self) -> TakenForClock {
        self.clock
    }

    fn supervised(&self) -> bool {
        self.supervised
    }

    fn host(&self, host: Arc<dyn Host>) -> Arc<dyn Host> {
        let host = if self.rules_bent.is_empty() && !is_heard() { host } else { watched(host) };
        match self.host {
            Some(around) => around(host),
            None => host,
        }
    }

    fn tap(&self, parts: &Parts) -> Option<Arc<dyn Tap>> {
        self.tap.map(|tap| tap(parts))
    }

    fn groups(&self, replicas: Vec<Parts>) -> Vec<Parts> {
        match self.groups {
            Some(between) => between(replicas),
            None => replicas,
        }
    }

    fn routes(&self, node: NodeId, routes: Routes) -> Routes {
        match self.routes {
            Some(as_seen_by) => as_seen_by(node, routes),
            None => routes,
        }
    }

    fn parts(&self, mut parts: Parts) -> Parts {
        if let Some(around) = self.disk {
            parts.disk = around(parts.disk);
        }
        if let Some(between) = self.listener {
            parts.listener = between(parts.listener, &parts.host);
        }
        if let Some(between) = self.machine {
            parts.machine = between(parts.machine, &parts.host);
        }
        match self.tuning {
            None => {}
            Some(Tuning::RaftRs(tuning)) => parts.engines = Arc::new(RaftRs { tuning: tuning() }),
            Some(Tuning::Openraft(tuning)) => parts.engines = Arc::new(Openraft { tuning: tuning() }),
        }
        if let Some(front) = self.engine {
            parts.engines = Arc::new(Fronted { engines: parts.engines, front });
        }
        parts
    }
}
