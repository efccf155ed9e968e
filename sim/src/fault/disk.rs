//! `disk = { node = "@leader", stall = true, for = "2s" }`: a node's disk goes wrong: `fsync`, `slow`, `stall`, `fail`, `full`.
//!
//! A node whose disk fails or is full stops: what it could not make durable it must not promise, and a failed fsync must not be
//! tried again as if nothing had been (Rebello et al., "Can Applications Recover from fsync Failures?", USENIX ATC '20; etcd
//! stops on any error of its log, a full disk included). Its process starts again a second later, and as often as it takes.
//!
//! When it is over, what is under way takes no longer than it would have.
//!
//! Effective: an operation of the disk failed, or a sync took another time than it would have.

use super::{Act, Active, Harm, Injector, record};
use crate::history::FaultPhase;
use crate::scenario::{self, DiskFault, DiskHarm};
use crate::world::disk::{self, Operation};
use leasehold::env::NodeId;

pub(super) const VERB: &str = "disk";

pub(super) fn perform(act: &Act, fault: &DiskFault) {
    let nodes = act.select_all(&fault.nodes);
    if nodes.is_empty() {
        act.record(VERB, FaultPhase::Refused, "nobody answers to the selector");
    }
    for node in nodes {
        act.record(VERB, FaultPhase::Activated, &format!("{node}: {}", words(fault.harm)));
        let harm = harm(fault.harm);
        act.injector.cluster.harm_disk(node, act.step, harm);
        act.injector.begin(Active { step: act.step, harm: Harm::Disk(node, harm) }, fault.lasts);
    }
}

pub(super) fn end(injector: &Injector, step: u32, node: NodeId, harm: disk::Harm) {
    injector.cluster.mend_disk(node, step, harm);
    record(&injector.cluster, step, VERB, FaultPhase::Ended, &format!("the disk of {node} is well"));
}

fn harm(harm: DiskHarm) -> disk::Harm {
    match harm {
        DiskHarm::Fsync(takes) => disk::Harm::Takes(takes),
        DiskHarm::Slow(times) => disk::Harm::Slower(times),
        DiskHarm::Stall => disk::Harm::Stall,
        DiskHarm::Fail(scenario::DiskOperation::Append) => disk::Harm::Fails(Operation::Append),
        DiskHarm::Fail(scenario::DiskOperation::Sync) => disk::Harm::Fails(Operation::Sync),
        DiskHarm::Fail(scenario::DiskOperation::Read) => disk::Harm::Fails(Operation::Read),
        DiskHarm::Full => disk::Harm::Full,
    }
}

fn words(harm: DiskHarm) -> String {
    match harm {
        DiskHarm::Fsync(takes) => format!("an fsync takes {takes:?}"),
        DiskHarm::Slow(times) => format!("an fsync takes {times} times longer"),
        DiskHarm::Stall => "no fsync returns".to_owned(),
        DiskHarm::Fail(operation) => format!("{operation} fails"),
        DiskHarm::Full => "there is no room".to_owned(),
    }
}
