//! What nodes are made of: disk, processor, and the queues of the transport between them.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Map, Value as Json, json};

use super::network::{Base, Distribution, Profiled, Quantiles};
use crate::scenario::{
    profiles::{self, DISKS, Profile},
    table::{
        DURATION, Definitions, Entries, Entry, Field, Key, Keys, Kind, Or, Over, Raw, Reader, Unsaid, Whole, every,
        misfit, table, word,
    },
};
use crate::words::{Calls, Spelled, Work};

/// The longest queue of a lane, in messages.
pub const MAX_QUEUE: u32 = 1_000_000;
/// The most cores of a node.
pub const MAX_CORES: u32 = 256;

table! {
    /// A kind of disk.
    pub struct Disk {
        /// The profile that the rest of the table changes.
        name: String = "base", Base::<Disk>::of();
        /// How long an fsync takes.
        fsync: Distribution = "fsync", Or(Distribution::constant(Duration::ZERO), Quantiles);
    }
}

impl Profiled for Disk {
    const WHAT: &'static str = "disk";
    const NAMES: &'static str = "DiskName";
    const PROFILES: &'static [Profile] = &DISKS;
    const USUAL: &'static Profile = &profiles::NVME;

    fn of(profile: &Profile) -> Self {
        profile.disk()
    }

    fn name(&mut self) -> &mut String {
        &mut self.name
    }
}

table! {
    /// The lanes of the transport between nodes. What rides on which is the stack's business.
    pub struct Lanes: Default {
        /// Heartbeats and their answers.
        heartbeat: LaneSetup = "heartbeat", Over(LaneSetup { queue: 512, ..LaneSetup::default() });
        /// Log entries and snapshots.
        bulk: LaneSetup = "bulk", Over(LaneSetup::default());
        /// Forwarded requests.
        request: LaneSetup = "request", Over(LaneSetup { queue: 4096, inbound: 4096, ..LaneSetup::default() });
    }
}

const QUEUE: Whole<u32> = Whole { least: 1, most: MAX_QUEUE };

table! {
    /// How one lane carries messages.
    pub struct LaneSetup: Default {
        /// `stream`: as they come; `unary`: one call at a time for each peer.
        calls: Calls = "calls", Or(Calls::Stream, word::<Calls>());
        /// Messages that may wait to leave, for each peer.
        queue: u32 = "queue", Or(1024, QUEUE);
        /// Messages that may wait to be handled, for each node.
        inbound: u32 = "inbound", Or(1024, QUEUE);
        /// CPU time of sending or taking one frame of a unary call, at each end. Default `0us`.
        cost: Duration = "cost", Or(Duration::ZERO, DURATION);
    }
}

table! {
    /// The processor of a node.
    pub struct Cpu: Default {
        /// How many tasks run at once. Default 4.
        cores: u32 = "cores", Or(4, Whole { least: 1, most: MAX_CORES });
        /// CPU time of named operations, instead of the built-in ones.
        costs: BTreeMap<Work, Duration> = "costs", Costs;
    }
}

/// Costs by name, beside those that are there.
struct Costs;

impl Costs {
    fn over(
        base: Option<&BTreeMap<Work, Duration>>,
        key: &str,
        raw: Raw<'_>,
        reader: &mut Reader<'_>,
    ) -> Option<BTreeMap<Work, Duration>> {
        let Some(entries) = Entries::of(raw) else { return reader.report.shape(misfit("a table", key, raw)) };
        let read = entries.all().into_iter().map(|(name, raw)| {
            let work = reader.report.take(Work::spelled(name.get_ref()), name.span());
            let cost = DURATION.read(name.get_ref(), raw, reader);
            Some((work?, cost?))
        });
        let own = every(read)?;
        Some(base.cloned().unwrap_or_default().into_iter().chain(own).collect())
    }
}

impl Field for Costs {
    type Of = BTreeMap<Work, Duration>;

    fn keys(self, name: &'static str, about: &'static str) -> Vec<Key> {
        let schema = |definitions: &mut Definitions<'_>| -> Json {
            let duration = DURATION.schema(definitions);
            let costs: Map<String, Json> = Work::all().map(|work| (work.word().to_owned(), duration.clone())).collect();
            json!({ "type": "object", "properties": costs, "additionalProperties": false })
        };
        vec![Key::new(name, about, schema)]
    }

    fn read(&self, entry: Entry<'_>, base: Option<&Self::Of>, reader: &mut Reader<'_>) -> Option<Self::Of> {
        match entry.raw() {
            Some(raw) => Self::over(base, entry.key, raw, reader),
            None => Some(base.cloned().unwrap_or_default()),
        }
    }

    fn put(&self, key: &str, base: Option<&Self::Of>, value: &Self::Of, keys: Keys) -> Keys {
        let new = value.iter().filter(|(work, cost)| base.and_then(|base| base.get(work)) != Some(cost));
        keys.table(key, new.fold(Keys::default(), |keys, (work, cost)| keys.key(work.word(), *cost)))
    }
}

impl Unsaid for Costs {
    fn unsaid(&self) -> Self::Of {
        BTreeMap::new()
    }
}
