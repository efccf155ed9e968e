//! Variants: the stack as it is, as it was, and as it must not be.
//!
//! A variant is a set of policy values, of rules that are switched off, and of things put around and between the parts of a node.
//! Production code knows policies and the names of rules; which of them were once a bug is known here alone.
//!
//! | file         | what it holds                                                                        |
//! |--------------|--------------------------------------------------------------------------------------|
//! | `history`    | what a real system did, by its pull requests                                         |
//! | `planted`    | one bug each, made of the world around a node                                        |
//! | `rules`      | one bug each, made by switching off what the stack keeps (feature `planted`)         |
//! | `too_safe`   | never wrong, and of no use                                                           |
//! | `host`       | what can be put around a node's clock, timers and points                             |
//! | `tap`        | what can be put between a node and its messages                                      |
//! | `disk`       | what can be put between a node and its disk                                          |
//! | `listener`   | what can be put between engine and lease (feature `planted`)                         |
//! | `engine`     | what can be put between coordinator and engine (feature `planted`)                   |
//! | `machine`    | what can be put between engine and store (feature `planted`)                         |
//!
//! # To plant a bug
//!
//! 1. One entry in a table, named by what is wrong, with the id of `lease-bugs.md` in `source`: `..DEFAULT`, and what differs.
//!    Choose the outermost layer that can express it: a policy value, `host`, `tap` or `disk`; then `listener`, `engine` or
//!    `machine`; then `rules_off`. A rule that has no name yet gets one where it stands (`src/rules.rs` says how); a gap in a
//!    wrapper is filled in its file.
//! 2. `seen`: the scenario that shows it, and the check or the metric that says so first. If none of `fast/` does, a small one in
//!    `scenarios/planted/`: few seconds, few clients, faults by the protocol's own moments; it must be green as it is.
//! 3. `leasehold matrix --variant NAME`: seen in each range of seeds, best at the first seed; `cargo test --test matrix`.
//!
//! `leasehold run SCENARIO --variant NAME` tells the story. A check that an entry brings to life names it ("seen alive by").

mod disk;
mod engine;
mod history;
mod host;
mod listener;
mod machine;
mod planted;
mod rules;
mod tap;
mod too_safe;

use crate::cluster::{Assembly, TakenForClock, Tap};
use leasehold::coordinator::{InnerReads, Policy, WriteFence};
use leasehold::engine::raft_rs::{self, RaftConfig, Tuning};
use leasehold::engine::{Engine, Listener, RenewalKind, StateMachine};
use leasehold::env::{Disk, NodeId};
use leasehold::error::Error;
use leasehold::lease::longest_safe;
use leasehold::node::{Config, Parts};
use leasehold::observe::Host;
use leasehold::rules::Rule;
use std::sync::Arc;
use std::time::Duration;

/// Puts something around what a process is given.
pub type Around<T> = fn(Arc<T>) -> Arc<T>;

/// Makes something that stands in for a part, from the part itself and the surroundings of the process.
pub type StandIn<T> = fn(Arc<T>, &Arc<dyn Host>) -> Arc<T>;

/// Makes the tap of a process that is put together from these parts.
pub type MakeTap = fn(&Parts) -> Arc<dyn Tap>;

/// A behaviour of the stack under a name. What is put around a node is made anew for each of its processes.
pub struct Variant {
    /// Its name, for `--variant`: by what is wrong.
    pub name: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// Why it is there.
    pub kind: Kind,
    /// What is wrong with it.
    pub harm: Harm,
    /// Where it is seen, and by what; `None`: nothing is wrong, or nothing shows it yet.
    pub seen: Option<Seen>,
    /// The lease's length, of election timeout and tick, where the scenario gives none.
    pub lease_length: fn(Duration, Duration) -> Duration,
    /// What renews the lease; `None`: as the scenario says.
    pub renewal: Option<RenewalKind>,
    /// Which errors of a write end the lease, where that is not as it should be.
    pub write_ends: Option<fn(&Error) -> bool>,
    /// Which errors of a lease read's slow path do.
    pub read_ends: Option<fn(&Error) -> bool>,
    /// Where ReadIndex rounds are spent, and what a forwarded write is to the lease.
    pub coordinator: Policy,
    /// How a node is set up, where that is not as the scenario says.
    pub set_up: Option<fn(NodeId, Config) -> Config>,
    /// How raft is, where that is not as the engine wants it.
    pub tuning: Option<fn() -> Tuning>,
    /// What the nodes take for a monotonic clock.
    pub clock: TakenForClock,
    /// Stands around the node's surroundings.
    pub host: Option<Around<dyn Host>>,
    /// Stands around its disk.
    pub disk: Option<Around<dyn Disk>>,
    /// Stands between it and its messages.
    pub tap: Option<MakeTap>,
    /// Stands between engine and lease.
    pub listener: Option<StandIn<dyn Listener>>,
    /// Stands between engine and coordinator.
    pub engine: Option<StandIn<dyn Engine>>,
    /// Stands between engine and store.
    pub machine: Option<StandIn<dyn StateMachine>>,
    /// The rules that the stack does not keep.
    pub rules_off: &'static [Rule],
}

/// Why a variant is there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// The stack as it is.
    Default,
    /// What a real system did.
    History,
    /// A bug put in, to see it found.
    Planted,
    /// Never wrong, and of no use: what only asks for safety does not notice.
    TooSafe,
}

impl Kind {
    /// Its name in lists.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Default => "default",
            Kind::History => "history",
            Kind::Planted => "planted",
            Kind::TooSafe => "too safe",
        }
    }
}

/// What is wrong with a variant: its class in `lease-bugs.md` §2.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Harm {
    /// Nothing.
    Nothing,
    /// It can answer with what is no longer the newest, or breaks a rule that safety rests on.
    StaleRead,
    /// It hangs, or loses its leader for no reason.
    Liveness,
    /// It is slow, or leaves the fast path.
    Performance,
}

impl Harm {
    /// Its name in lists and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Harm::Nothing => "-",
            Harm::StaleRead => "stale-read",
            Harm::Liveness => "liveness",
            Harm::Performance => "performance",
        }
    }
}

/// Where a variant is seen to be wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seen {
    /// The scenario: `planted/lb-05`.
    pub scenario: &'static str,
    /// The check, or the metric that the scenario bounds, that says so first.
    pub by: &'static str,
}

/// Where, and by what.
const fn seen(scenario: &'static str, by: &'static str) -> Option<Seen> {
    Some(Seen { scenario, by })
}

/// The stack as it is.
pub const DEFAULT: Variant = Variant {
    name: "default",
    about: "the stack as it is: a lease from acknowledged send times that only a loss of leadership ends",
    source: "Raft dissertation §6.4.1",
    kind: Kind::Default,
    harm: Harm::Nothing,
    seen: None,
    lease_length: longest_safe,
    renewal: None,
    write_ends: None,
    read_ends: None,
    coordinator: Policy { write_fence: WriteFence::Commit, inner_reads: InnerReads::Snapshot, reads_per_get: 1 },
    set_up: None,
    tuning: None,
    clock: TakenForClock::Monotonic,
    host: None,
    disk: None,
    tap: None,
    listener: None,
    engine: None,
    machine: None,
    rules_off: &[],
};

/// What every planted bug starts from.
const PLANTED: Variant = Variant { kind: Kind::Planted, harm: Harm::StaleRead, ..DEFAULT };

/// Every variant, the default first; without the feature `planted`, those that keep every rule.
pub fn variants() -> impl Iterator<Item = &'static Variant> {
    let tables = [history::VARIANTS, planted::VARIANTS, rules::VARIANTS, too_safe::VARIANTS];
    let all = std::iter::once(&DEFAULT).chain(tables.into_iter().flatten());
    all.filter(|variant| cfg!(feature = "planted") || variant.rules_off.is_empty())
}

/// The variant of this name.
pub fn find(name: &str) -> Option<&'static Variant> {
    variants().find(|variant| variant.name == name)
}

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

/// raft, set up otherwise.
fn tuned(raft: fn(RaftConfig) -> RaftConfig) -> Tuning {
    Tuning { raft, ..Tuning::default() }
}

fn any_error(_: &Error) -> bool {
    true
}

fn no_error(_: &Error) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_distinct() {
        let names: BTreeSet<_> = variants().map(|variant| variant.name).collect();
        assert_eq!(names.len(), variants().count());
    }

    #[test]
    fn only_the_default_is_innocent() {
        let innocent: Vec<_> = variants().filter(|variant| variant.harm == Harm::Nothing).map(|it| it.name).collect();
        assert_eq!(innocent, ["default"]);
    }

    #[cfg(feature = "planted")]
    #[test]
    fn every_rule_that_has_a_name_is_switched_off_by_somebody() {
        let off: BTreeSet<_> = variants().flat_map(|variant| variant.rules_off).collect();
        let kept: Vec<_> = Rule::ALL.iter().filter(|rule| !off.contains(rule)).map(|rule| rule.name()).collect();
        // Where the clock cannot be read, the rule that the lease has not run out does not hold either: only the reason would be another.
        assert_eq!(kept, ["clock-readable"], "nobody would notice if these were not kept");
    }
}
