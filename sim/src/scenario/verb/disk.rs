//! `disk = { node = "@leader", stall = true, for = "2s" }`: a node's disk goes wrong: `fsync`, `slow`, `stall`, `fail`, `full`.

use std::time::Duration;

use super::{
    Deed, Fault,
    nodes::Victims,
    told::{all, are_many, drawn, lasting},
};
use crate::scenario::{
    DiskHarm, DiskOperation, Problem, Selector,
    chaos::{Dice, STALLS, Steps, pick},
    explain::words::time,
    problem::quote_all,
    table::{Entries, Held, Maybe, Or, Positive, Reader, Said, Whole, only_one, table, word},
};

/// The most times slower that a fault may make fsync.
pub const MAX_SLOWER: u32 = 1_000_000;

/// What may be wrong with a disk.
const HARMS: [&str; 5] = ["fsync", "slow", "stall", "fail", "full"];

/// Of one fsync: etcd warns from 10 ms on; degraded volumes take 200 to 500 ms, an etcd under report took 1.5 s.
const FSYNCS: [u64; 8] = [5, 10, 20, 50, 200, 300, 500, 1_500];

table! {
    /// As it is written.
    pub(in crate::scenario) struct Written {
        /// Whose disk.
        nodes: Vec<Selector> = "node", Victims { verb: "disk", example: "fsync = \"200ms\"" };
        /// Each fsync takes so long.
        fsync: Option<Duration> = "fsync", Maybe(Positive);
        /// Each fsync takes so many times longer.
        slow: Option<u32> = "slow", Maybe(Whole { least: 2, most: MAX_SLOWER });
        /// No fsync returns before it is over.
        stall: bool = "stall", Or(false, Said);
        /// An operation returns an error: `append`, `sync`, `read` (when a node starts).
        fail: Option<DiskOperation> = "fail", Maybe(word::<DiskOperation>());
        /// Nothing can be appended.
        full: bool = "full", Or(false, Said);
        /// For how long; without it, until a `heal`.
        lasts: Option<Duration> = "for", Maybe(Positive);
    }
}

/// Nodes whose disks go wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskFault {
    /// Who. Never empty.
    pub nodes: Vec<Selector>,
    /// How.
    pub harm: DiskHarm,
    /// For how long; `None`: until they are healed.
    pub lasts: Option<Duration>,
}

impl Held for DiskFault {
    const NAMED: &'static str = "DiskFault";
    type Written = Written;

    fn keys_fit(entries: &Entries<'_>, reader: &mut Reader<'_>) -> Option<()> {
        let none = Problem::new("nothing is wrong with this disk").help(format!("say what is: {}", quote_all(HARMS)));
        only_one(&HARMS, entries, reader, none, |one, other| {
            Problem::new(format!("one thing is wrong with a disk at a time, here `{one}` and `{other}`"))
                .label("move this to a step of its own")
        })
    }

    fn of(written: Written, _: &Entries<'_>, _: &mut Reader<'_>) -> Option<Self> {
        let Written { nodes, fsync, slow, stall, fail, full, lasts } = written;
        let harm = fsync.map(DiskHarm::Fsync).or(slow.map(DiskHarm::Slow)).or(stall.then_some(DiskHarm::Stall));
        let harm = harm.or(fail.map(DiskHarm::Fail)).or(full.then_some(DiskHarm::Full))?;
        Some(Self { nodes, harm, lasts })
    }

    fn written(&self) -> Written {
        let (nodes, lasts) = (self.nodes.clone(), self.lasts);
        let (mut fsync, mut slow, mut stall, mut fail, mut full) = Default::default();
        match self.harm {
            DiskHarm::Fsync(takes) => fsync = Some(takes),
            DiskHarm::Slow(times) => slow = Some(times),
            DiskHarm::Stall => stall = true,
            DiskHarm::Fail(operation) => fail = Some(operation),
            DiskHarm::Full => full = true,
        }
        Written { nodes, fsync, slow, stall, fail, full, lasts }
    }
}

impl Deed for DiskFault {
    fn victims(&self) -> Option<&[Selector]> {
        Some(&self.nodes)
    }

    fn lasts(&self) -> Option<Option<Duration>> {
        Some(self.lasts)
    }

    /// A node whose disk fails stops; one whose disk never answers serves nothing.
    fn stops_processes(&self) -> bool {
        match self.harm {
            DiskHarm::Stall | DiskHarm::Full => true,
            DiskHarm::Fail(operation) => operation != DiskOperation::Read,
            DiskHarm::Fsync(_) | DiskHarm::Slow(_) => false,
        }
    }

    fn told(&self) -> String {
        let Self { nodes, harm, lasts } = self;
        let lasting = lasting(*lasts);
        let what = match harm {
            DiskHarm::Fsync(takes) => format!("each fsync takes {} {lasting}", time(*takes)),
            DiskHarm::Slow(times) => format!("each fsync takes {times} times longer {lasting}"),
            DiskHarm::Stall => format!("no fsync returns {lasting}"),
            DiskHarm::Fail(DiskOperation::Append) => format!("every write fails {lasting}"),
            DiskHarm::Fail(DiskOperation::Sync) => {
                format!("every fsync fails {lasting}, and what it failed for is not durable")
            }
            DiskHarm::Fail(DiskOperation::Read) => {
                format!("files cannot be read {lasting}, so that no process can start")
            }
            DiskHarm::Full => format!("there is no room {lasting}"),
        };
        let disk = if are_many(nodes) { "disks" } else { "disk" };
        format!("on the {disk} of {} {what}{}", all(nodes), drawn(nodes))
    }
}

impl Fault for DiskFault {
    const ABOUT: &'static str = "Makes a disk go wrong.";
    const DOES: &'static str = "makes disks go wrong: fsync, slow, stall, fail, full";
    const EFFECTIVE_IF: &'static str = "an operation failed, or a sync took another time";

    fn shortest(node: Option<&str>) -> String {
        format!("{{ node = \"{}\", stall = true }}", node.unwrap_or("@leader"))
    }

    fn drawn<D: Dice>(steps: &mut Steps<'_, D>) -> Self {
        let operation = pick(&mut steps.dice, &[DiskOperation::Append, DiskOperation::Sync, DiskOperation::Read]);
        let harm = match steps.dice.below(6) {
            0 => DiskHarm::Fsync(steps.millis(&FSYNCS)),
            1 => DiskHarm::Slow(pick(&mut steps.dice, &[10, 100])),
            2 | 3 => DiskHarm::Stall,
            4 => DiskHarm::Fail(operation),
            _ => DiskHarm::Full,
        };
        Self { nodes: steps.nodes(), harm, lasts: steps.lasting(&STALLS) }
    }
}
