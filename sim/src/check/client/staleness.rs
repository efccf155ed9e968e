//! S1: nothing is older than what was acknowledged before it was asked for.
//!
//! **Proves**, for each key, that the order in which operations took effect respects real time: an operation that was invoked
//! after another had completed does not come before it. The log fixes the order of the writes, so no search is needed
//! (`lease-bugs.md` §3.1): the write of version `v` has position `2v`, a read that returned `v` has position `2v + 1`. An
//! invocation remembers the highest position among the completed operations of the key, the *floor*. At completion a read must
//! not lie below the floor, a write must lie above it. With versions that are truly committed (S3) this is linearizability of
//! the key.
//!
//! What counts as a read and as a write:
//! - A compare-and-set that found another value is a read of what it found.
//! - A script takes effect at the index of its write, where its reads were found to be still the newest. A version that it read
//!   must therefore not lie below the floor either, and raises it; the version that it wrote is a write.
//! - A delete is a write; who finds no value reads the tombstone by its version.
//! - A read of several keys is a read of each. Of what a scan leaves out no version was told: it is that of the tombstone that the log
//!   has at the place of the scan, or 0; where the log has a value there, `serial-order` speaks.
//! - What failed raises no floor, whatever its outcome: nobody was told that it took effect.
//!
//! **Does not prove** that values belong to their versions (S3, S5), nor anything across keys: those of a script, or of a read of several,
//! are judged key by key. A version read before it is committed anywhere goes unseen until somebody else reads less.
//!
//! **Costs** one comparison and a copy of 40 bytes for each key that an operation touches; memory for operations under way and
//! keys.
//!
//! **Seen alive by** its unit tests, and by every planted bug that lets two leases overlap: it is the last line behind `one_lease`.

use crate::check::prelude::*;
use crate::check::story::path;
use crate::history::ByOp;
use crate::view::ledger::Ledger;
use crate::view::operations::Completed;
use leasehold::request::Version;

#[derive(Default)]
pub(in crate::check) struct Staleness {
    /// By key.
    floors: Vec<Floor>,
    under_way: ByOp<Floors>,
}

/// The highest position among completed operations of a key, and whose it is.
#[derive(Clone, Copy, Default)]
struct Floor {
    position: u64,
    holder: Option<Holder>,
}

#[derive(Clone, Copy)]
struct Holder {
    client: u32,
    kind: OpKind,
    at: SimTime,
    access: Access,
}

/// What an operation did to a key.
#[derive(Clone, Copy)]
enum Access {
    Read(Version),
    Wrote(Version),
}

impl Access {
    fn version(self) -> Version {
        match self {
            Access::Wrote(version) | Access::Read(version) => version,
        }
    }

    fn position(self) -> u64 {
        match self {
            Access::Wrote(version) => version.saturating_mul(2),
            Access::Read(version) => version.saturating_mul(2).saturating_add(1),
        }
    }

    /// May an operation invoked when the floor stood at `floor` have done this?
    fn respects(self, floor: u64) -> bool {
        match self {
            Access::Wrote(_) => self.position() > floor,
            Access::Read(_) => self.position() >= floor,
        }
    }

    fn describe(self) -> String {
        match self {
            Access::Wrote(version) => format!("wrote version {version}"),
            Access::Read(0) => "read that it was never written".to_owned(),
            Access::Read(version) => format!("read version {version}"),
        }
    }

    /// The same in the past perfect.
    fn past(self) -> String {
        match self {
            Access::Wrote(version) => format!("written version {version}"),
            Access::Read(version) => format!("read version {version}"),
        }
    }
}

/// What an operation under way must not lie below: the floors when it was invoked.
struct Floors {
    /// Of its own key.
    own: Floor,
    /// Of the keys that it reads, where those may be several, in their order.
    reads: Vec<(KeyId, Floor)>,
}

/// One access of a completed operation, and the floor that it had to respect.
struct Seen {
    key: KeyId,
    access: Access,
    floor: Floor,
}

impl Floors {
    /// Each thing that the operation did, beside its floor.
    fn accesses(&self, completed: &Completed, ledger: &Ledger) -> impl Iterator<Item = Seen> {
        let mut floors = self.reads.iter();
        let found = completed.reads(ledger).map(move |(key, found)| {
            let floor = floors.find(|(of, _)| *of == key).map_or(self.own, |(_, floor)| *floor);
            Seen { key, access: Access::Read(found.version), floor }
        });
        let wrote = completed.did.as_ref().and_then(|did| did.wrote);
        let wrote = wrote.map(|(key, version)| Seen { key, access: Access::Wrote(version), floor: self.own });
        found.chain(wrote)
    }
}

impl Staleness {
    fn floor(&self, key: KeyId) -> Floor {
        self.floors.get(key.0 as usize).copied().unwrap_or_default()
    }

    fn raise(&mut self, key: KeyId, floor: Floor) {
        let key = key.0 as usize;
        if key >= self.floors.len() {
            self.floors.resize(key + 1, Floor::default());
        }
        if floor.position > self.floors[key].position {
            self.floors[key] = floor;
        }
    }
}

impl Check for Staleness {
    fn invoked(&mut self, _: &Now<'_>, Invocation { op, operation, .. }: &Invocation) -> Option<Finding> {
        let reads = operation.reads().iter().map(|key| (*key, self.floor(*key)));
        let floors = Floors { own: self.floor(operation.key()), reads: reads.collect() };
        self.under_way.insert(*op, floors);
        None
    }

    fn leaves(&mut self, _: &Now<'_>, op: OpId) -> Option<Finding> {
        self.under_way.remove(op);
        None
    }

    fn comes(&mut self, now: &Now<'_>, invocation: &Invocation, given_up: bool) -> Option<Finding> {
        if given_up { None } else { self.invoked(now, invocation) }
    }

    fn completed(&mut self, now: &Now<'_>, op: OpId, completion: &Completion) -> Option<Finding> {
        let floors = self.under_way.remove(op)?;
        let completed = now.nodes.operations.completed()?;
        let operation = &completed.operation;
        let accesses = || floors.accesses(completed, now.nodes.ledger);
        accesses().for_each(|_| now.judge());
        if let Some(seen) = accesses().find(|seen| !seen.access.respects(seen.floor.position)) {
            return Some(stale(now, operation, &seen, completion));
        }
        for Seen { key, access, .. } in accesses() {
            let holder = Holder { client: operation.client, kind: operation.operation.kind(), at: now.at, access };
            self.raise(key, Floor { position: access.position(), holder: Some(holder) });
        }
        None
    }
}

fn stale(now: &Now<'_>, by: &UnderWay, Seen { key: number, access, floor }: &Seen, completion: &Completion) -> Finding {
    let (key, kind, client) = (now.premises.key(*number), by.operation.kind().name(), by.client);
    let did = format!("{}{}", access.describe(), path(completion));
    let earlier = floor.holder.map_or(String::new(), |holder| {
        let before = duration(by.invoked.since(holder.at));
        format!(", but client {} had {} {before} before that began", holder.client, holder.access.past())
    });
    let message = format!("{kind} of {key} by client {client} {did}{earlier}");
    let mut story = Vec::new();
    let by_log = |version: Version| Some(now.nodes.ledger.wrote(*number, version)?.described(&key));
    story.extend(floor.holder.and_then(|holder| by_log(holder.access.version())));
    if let Some(Holder { client, kind, at, access }) = floor.holder {
        let kind = kind.name();
        story.push(format!("client {client} completed a {kind} at {at} that {} of {key}", access.describe()));
    }
    story.push(format!("client {client} invoked a {kind} of {key} at {}, after that", by.invoked));
    story.push(format!("at {} it was answered{}: it {did}", now.at, now.answered_by(client)));
    if let Access::Read(version) = access {
        story.extend(by_log(*version));
    }
    let overlaps = now.nodes.overlaps(now.at);
    story.extend(now.nodes.story(now.at, STORY.saturating_sub(story.len() + overlaps.len())));
    story.extend(overlaps);
    story.truncate(STORY);
    now.bare_finding(message, story)
}

#[cfg(test)]
mod tests;
