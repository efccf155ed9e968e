//! `disk = { node = "@leader", stall = true, for = "2s" }`: a node's disk goes wrong: `fsync`, `slow`, `stall`, `fail`, `full`.
//!
//! A node whose disk fails or is full stops: what it could not make durable it must not promise, and a failed fsync must not be
//! tried again as if nothing had been (Rebello et al., "Can Applications Recover from fsync Failures?", USENIX ATC '20; etcd
//! stops on any error of its log, a full disk included). Its process starts again a second later, and as often as it takes.
//!
//! When it is over, what is under way takes no longer than it would have.
//!
//! Effective: an operation of the disk failed, or a sync took another time than it would have.

use super::prelude::*;
use crate::scenario::DiskFault;

pub(super) fn perform(act: &Act, fault: &DiskFault) {
    for node in act.named(Verb::Disk, &fault.nodes) {
        let deed = act.deed(Verb::Disk, Targets::Node(node), How::Disk(fault.harm));
        deed.acts();
        let end = act.injector.cluster.harm_disk(node, fault.harm, deed.effective());
        deed.begins(&act.injector, end, fault.lasts);
    }
}
