//! How the processes of a cluster are put together under a variant.

use super::Variant;
use crate::cluster::{Assembly, TakenForClock, Tap};
use leasehold::coordinator::Policy;
use leasehold::engine::RenewalKind;
use leasehold::engine::raft_rs;
use leasehold::env::NodeId;
use leasehold::node::{Config, Parts};
use leasehold::observe::Host;
use std::sync::Arc;
use std::time::Duration;

impl Assembly for Variant {
    fn begin(&self) {
        #[cfg(feature = "planted")]
        leasehold::rules::switch_off(self.rules_off);
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

    fn host(&self, host: Arc<dyn Host>) -> Arc<dyn Host> {
        match self.host {
            Some(around) => around(host),
            None => host,
        }
    }

    fn tap(&self, parts: &Parts) -> Option<Arc<dyn Tap>> {
        self.tap.map(|tap| tap(parts))
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
        if let Some(tuning) = self.tuning {
            let start = parts.engine;
            parts.engine = Box::new(move |parts| start(raft_rs::Parts { tuning: tuning(), ..parts }));
        }
        if let Some(between) = self.engine {
            let (start, host) = (parts.engine, Arc::clone(&parts.host));
            parts.engine = Box::new(move |parts| Ok(between(start(parts)?, &host)));
        }
        parts
    }
}
