//! `disk = { node = "@leader", stall = true, for = "2s" }`: a node's disk goes wrong: `fsync`, `slow`, `stall`, `fail`, `full`.

use super::prelude::*;

/// The most times slower that a fault may make fsync.
pub const MAX_SLOWER: u32 = 1_000_000;

/// Of one fsync: etcd warns from 10 ms on; degraded volumes take 200 to 500 ms, an etcd under report took 1.5 s.
const FSYNCS: [u64; 8] = [5, 10, 20, 50, 200, 300, 500, 1_500];

table! {
    /// Nodes whose disks go wrong.
    pub struct DiskFault {
        /// Whose disk.
        nodes: Vec<Selector> = "node", WHOM;
        /// How.
        harm: DiskHarm = "", among::<DiskHarm>();
        /// For how long; without it, until a `heal`.
        lasts: Option<Duration> = "for", Maybe(POSITIVE);
    }
}

choice! {
    DiskHarm, "DiskHarm";
    none = "nothing is wrong with this disk", "say what is: ";
    several = "one thing is wrong with a disk at a time, here", "move one of them to a step of its own";
    /// Each fsync takes so long.
    "fsync", POSITIVE => Fsync(takes);
    /// Each fsync takes so many times longer.
    "slow", Whole { least: 2, most: MAX_SLOWER } => Slow(times);
    /// No fsync returns before it is over.
    "stall", SAID => Stall;
    /// An operation returns an error: `append`, `sync`, `read` (when a node starts).
    "fail", word::<DiskOperation>() => Fail(operation);
    /// Nothing can be appended.
    "full", SAID => Full;
}

impl Deed for DiskFault {
    fn scope(&self) -> Scope {
        Scope::of_each(&self.nodes).lasting(self.lasts)
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

    fn drawn(steps: &mut Steps<'_>) -> Self {
        let operation = steps.dice.pick(&[DiskOperation::Append, DiskOperation::Sync, DiskOperation::Read]);
        let harm = match steps.dice.below(6) {
            0 => DiskHarm::Fsync(steps.millis(&FSYNCS)),
            1 => DiskHarm::Slow(steps.dice.pick(&[10, 100])),
            2 | 3 => DiskHarm::Stall,
            4 => DiskHarm::Fail(operation),
            _ => DiskHarm::Full,
        };
        Self { nodes: steps.nodes(), harm, lasts: steps.lasting(&STALLS) }
    }

    fn plainer(&self) -> Vec<Self> {
        [
            each(self, usual(&self.harm, DiskHarm::Stall), |it, harm| it.harm = harm),
            each(self, fewer(&self.nodes), |it, nodes| it.nodes = nodes),
            each(self, shorter(self.lasts), |it, lasts| it.lasts = lasts),
        ]
        .concat()
    }
}
