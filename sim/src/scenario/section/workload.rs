//! `[[workload]]`: what clients do.

use super::cluster::Cluster;
use super::distribution::{Distribution, quantiles};
use crate::scenario::prelude::*;
use crate::scenario::units::MIN_VALUE;
use crate::words::figures::counted;
use crate::words::{OpKind, Work};
use std::collections::BTreeSet;
use toml::Spanned;

/// The most workloads of a scenario.
pub const MAX_WORKLOADS: usize = 16;
/// The most clients of a scenario.
pub const MAX_CLIENTS: u32 = 10_000;
/// The most keys of a scenario.
pub const MAX_KEYS: u32 = 1_000_000;
/// The most operations of a run: those that `rate` asks for, and those that clients without one can make if each is answered at
/// once.
pub const MAX_OPERATIONS: u64 = 1_000_000_000;
/// The most operations that may be under way at once: what `rate` sends within `deadline`.
pub const MAX_UNDER_WAY: u64 = 100_000;
/// The most reads of a script.
pub const MAX_SCRIPT_READS: u32 = 1_000;
/// The most operations of a burst.
pub const MAX_BURST: u32 = 1_000;

table! {
    /// Clients that all do the same.
    pub struct Workload {
        /// Default: the kind; from the second of a kind on with its number, `kv-2`.
        name: String = "name", Or(String::new(), Scalar { read: |text, _| named(text, "a workload's name"), ..NAME });
        /// `kv`: single operations; `script`: a lease read, reads, and one write checked against them, again on conflict.
        kind: WorkloadKind = "kind", Needed(
            word::<WorkloadKind>(),
            "this workload has no `kind`",
            "`kind = \"kv\"`: single reads and writes; `kind = \"script\"`: reads and one write checked against them");
        /// How many. Default 8.
        clients: u32 = "clients", Or(8, Whole { least: 1, most: MAX_CLIENTS });
        /// How many keys, or a table that says more. Default 8.
        keys: Keys = "keys", Or(Keys::default(), KEYS);
        /// Only keys of these groups: `["g1"]`. Default: of all.
        groups: Vec<u32> = "groups", Or(Vec::new(), List(GROUP));
        /// Of `kv`: shares of operations that add up to 1. Default 0.9 get, 0.1 put.
        mix: Mix = "mix", Or(Mix::default(), MIX);
        /// Of `script`: a number, or so many calls of so many reads each. Default 1.
        reads: ScriptReads = "reads-per-script", Or(ScriptReads::constant(1), READS);
        /// Of `mget`: how many keys it reads, `4` or `1..=7`. Default 4.
        mget_keys: Count = "keys-per-mget", Or(SEVERAL_KEYS, SEVERAL);
        /// Of `scan`: how many keys its range has, likewise; half of the scans ask for at most some of them. Default 4.
        scan_keys: Count = "keys-per-scan", Or(SEVERAL_KEYS, SEVERAL);
        /// Open loop: operations a second over all clients, answered or not.
        rate: Option<u64> = "rate", Maybe(RATE);
        /// Open loop: so many operations come at a time, on the same (first) key. Default 1.
        burst: u32 = "burst", Or(1, Whole { least: 1, most: MAX_BURST });
        /// Closed loop: each client waits this long after an answer. Default `0ms`.
        think: Duration = "think", Or(Duration::ZERO, DURATION);
        /// After this an operation is given up. Default `2s`.
        deadline: Duration = "deadline", Or(Duration::from_secs(2), POSITIVE);
        /// The node that is asked gives it up itself after this, which is shorter. Default: `deadline`.
        budget: Option<Duration> = "budget", Maybe(POSITIVE);
        /// `@any`: each client is attached to a node; `@leader`: clients follow the leader. Default `@any`.
        to: Target = "to", Or(Target::Any, word::<Target>());
        /// How large the values are that it writes: `1kB`, or quantiles that each is drawn from. Default `8B`.
        value_size: Distribution<Bytes> = "value-size", Or(Distribution::constant(Bytes(MIN_VALUE)), quantiles());
        /// When it begins.
        from: Duration = "from", Or(Duration::ZERO, MOMENT);
        /// When it stops; without it, at the end of the run.
        until: Option<Duration> = "until", Maybe(MOMENT);
    }
    wrong |workload, given, frame| {
        refused "reads-per-script" if given.has("reads-per-script") && workload.kind != WorkloadKind::Script =>
            "`reads-per-script` is for workloads of kind `script`";
        refused "keys-per-mget" if given.has("keys-per-mget") && workload.share_of(OpKind::Mget) == 0 =>
            "`keys-per-mget` is for a `mix` with `mget`";
        refused "keys-per-scan" if given.has("keys-per-scan") && workload.share_of(OpKind::Scan) == 0 =>
            "`keys-per-scan` is for a `mix` with `scan`";
        refused "keys" if given.has("keys") && workload.has_too_few_keys(frame) => workload.too_few_keys(frame);
        refused "kind" if !given.has("keys") && workload.has_too_few_keys(frame) => workload.too_few_keys(frame);
        refused "groups" if workload.keyless(frame).is_some() => workload.no_key_of(frame);
        refused "mix" if given.has("mix") && workload.kind != WorkloadKind::Kv => "`mix` is for workloads of kind `kv`";
        lacking "burst" if given.has("burst") && workload.rate.is_none() => "`burst` without `rate`",
            "say how often: `rate = \"7/s\"`";
        refused "think" if given.has("think") && workload.rate.is_some() => "`rate` and `think` cannot both be given",
            "`rate` sends at fixed times, answered or not; `think` waits after each answer";
        refused "budget" if workload.budget > Some(workload.deadline) =>
            format!("a node has longer for an operation than its client waits ({:?})", workload.deadline);
        refused "until" if workload.until > Some(frame.until) =>
            format!("the workload ends after the run ({:?})", frame.until);
        refused "from" if given.has("from") && workload.end(frame) <= workload.from => workload.ends_first(frame);
        refused "until" if workload.end(frame) <= workload.from => workload.ends_first(frame);
    }
}

impl Workload {
    fn end(&self, run: &Frame) -> Duration {
        self.until.unwrap_or(run.until)
    }

    fn ends_first(&self, run: &Frame) -> String {
        format!("the workload ends ({:?}) before it begins ({:?})", self.end(run), self.from)
    }

    /// Keys are dealt to the groups evenly, and some get none.
    fn has_too_few_keys(&self, run: &Frame) -> bool {
        run.routes.is_none() && self.keys.count < run.groups
    }

    /// The first of its groups that has none of its keys, where a file says which has which.
    fn keyless(&self, run: &Frame) -> Option<u32> {
        let ranges = run.routes.as_ref()?;
        let owners: BTreeSet<_> = self.keys.names().filter_map(|key| Cluster::routed(ranges, &key)).collect();
        self.groups.iter().copied().find(|group| !owners.contains(group))
    }

    fn no_key_of(&self, run: &Frame) -> String {
        let group = self.keyless(run).unwrap_or_default();
        let Keys { prefix, count, .. } = &self.keys;
        format!("`[cluster.routes]` gives g{group} none of the keys {prefix}0 to {prefix}{}", count - 1)
    }

    fn too_few_keys(&self, run: &Frame) -> String {
        format!("{} are fewer than there are groups ({})", counted(self.keys.count, "key"), run.groups)
    }

    /// How long a node has for an operation.
    pub fn budget(&self) -> Duration {
        self.budget.unwrap_or(self.deadline)
    }

    /// The CPU time that one of its operations takes at most to read storage.
    pub(crate) fn reading(&self, cluster: &Cluster) -> Duration {
        OpKind::all()
            .filter(|kind| self.share_of(*kind) > 0)
            .map(|kind| self.reading_of(kind, cluster))
            .max()
            .unwrap_or_default()
    }

    /// The same of operations of this kind.
    pub(crate) fn reading_of(&self, kind: OpKind, cluster: &Cluster) -> Duration {
        let cost = |work| cluster.cpu.cost(work);
        match kind {
            OpKind::Get => cost(Work::Read) * cluster.reads_per_get,
            OpKind::Mget | OpKind::Scan => cost(Work::Read),
            OpKind::Update => cost(Work::ScriptRead),
            OpKind::Script => cost(Work::ScriptRead) * (self.reads.calls.most * self.reads.each.most),
            OpKind::Put | OpKind::Cas | OpKind::Delete => Duration::ZERO,
        }
    }

    /// The share of this kind in what they do, in thousandths.
    pub(crate) fn share_of(&self, kind: OpKind) -> u32 {
        match (self.kind, kind) {
            (WorkloadKind::Kv, OpKind::Get) => self.mix.get,
            (WorkloadKind::Kv, OpKind::Put) => self.mix.put,
            (WorkloadKind::Kv, OpKind::Cas) => self.mix.cas,
            (WorkloadKind::Kv, OpKind::Update) => self.mix.update,
            (WorkloadKind::Kv, OpKind::Delete) => self.mix.delete,
            (WorkloadKind::Kv, OpKind::Mget) => self.mix.mget,
            (WorkloadKind::Kv, OpKind::Scan) => self.mix.scan,
            (WorkloadKind::Script, OpKind::Script) => 1_000,
            (WorkloadKind::Kv, OpKind::Script) | (WorkloadKind::Script, _) => 0,
        }
    }

    /// How often they act.
    pub fn pace(&self) -> Pace {
        match self.rate {
            Some(per_second_milli) => Pace::Open { per_second_milli, burst: self.burst },
            None => Pace::Closed { think: self.think },
        }
    }
}

crate::words::words! {
    /// What a client does.
    pub enum WorkloadKind: "kind" {
        /// `"kv"`: single operations, of the kinds of `mix`.
        Kv = "kv",
        /// `"script"`: a lease read, `reads` reads, one write that is checked against what was read, all again on conflict.
        Script = "script",
    }
}

const MIX: Inner<Mix> = inner();

const KEYS: Short<Whole<u32>, Inner<Keys>> = Short {
    short: Whole { least: 1, most: MAX_KEYS },
    long: inner(),
    of: |count| Keys { count, ..Keys::default() },
    plain: |_| None,
    expected: NUMBER_OR_TABLE,
    help: "say how many: `keys = 8`, or `keys = { count = 8, distribution = \"zipf(1.1)\" }`",
};

const READS: Short<Whole<u32>, Inner<ScriptReads>> = Short {
    short: Whole { least: 1, most: MAX_SCRIPT_READS },
    long: inner(),
    of: ScriptReads::constant,
    plain: |reads| Some(reads.each.least).filter(|each| *reads == ScriptReads::constant(*each)),
    expected: NUMBER_OR_TABLE,
    help: "say how many: `reads-per-script = 7`, or `{ calls = \"5..=7\", each = 4 }`",
};

/// A moment of the run.
pub(in crate::scenario) const MOMENT: Scalar<Duration> =
    Scalar { read: |text, frame| units::moment(text, frame.protocol.as_ref()), ..DURATION };

/// Operations in 1000 seconds.
const RATE: Scalar<u64> = Scalar {
    named: "Rate",
    bare: true,
    schema: |_| pattern(&format!(r"{NUMBER}\s*/s")),
    read: |text, _| units::RATE.read(text),
    write: |milli| quoted((units::RATE.write)(*milli)),
};

/// A share in thousandths.
const PER_MILLE: Scalar<u32> = Scalar {
    named: SHARE.named,
    schema: SHARE.schema,
    bare: true,
    read: |text, _| units::per_mille(text),
    write: |share| decimal(u64::from(*share), 3),
};

/// A number, or a range that it is drawn from.
const COUNT: Scalar<Count> = Scalar {
    named: "Count",
    bare: true,
    schema: |_| json!({ "anyOf": [{ "type": "integer", "minimum": 1 }, pattern(r"[0-9_]+\s*(\.\.=?\s*[0-9_]+\s*)?")] }),
    read: |text, _| text.parse(),
    write: |Count { least, most }| quoted(if least == most { least.to_string() } else { format!("{least}..={most}") }),
};

/// How many keys one operation reads, where nothing is said.
pub(in crate::scenario) const SEVERAL_KEYS: Count = Count::constant(4);

/// How many keys one operation reads: no more than a script may.
const SEVERAL: Scalar<Count> = Scalar {
    read: |text, _| {
        let count: Count = text.parse()?;
        let help = format!("{MAX_SCRIPT_READS} at most");
        let few = count.most <= MAX_SCRIPT_READS;
        if few { Ok(count) } else { Err(Misread::new(format!("{} keys are too many", count.most)).help(&help)) }
    },
    ..COUNT
};

/// How often each key is chosen.
const SPREAD: Scalar<KeyDistribution> = Scalar {
    named: "Spread",
    bare: true,
    schema: |_| json!({ "type": "string", "pattern": r"^(uniform|zipf\([0-9.]+\))$", "examples": ["uniform", "zipf(1.1)"] }),
    read: |text, _| text.parse(),
    write: |distribution| match distribution {
        KeyDistribution::Uniform => quoted("uniform"),
        KeyDistribution::Zipf { exponent_milli } => quoted(format!("zipf({})", decimal(u64::from(*exponent_milli), 3))),
    },
};

/// The workloads of a scenario: at least one, and no two of one name.
pub(super) const WORKLOADS: Special<Vec<Workload>> = Special {
    schema: |definitions| json!({ "type": "array", "items": definitions.table::<Workload>() }),
    read: |key, raw, reader| {
        let items = items_of(key, raw, reader)?;
        if let Some(workload) = items.get(MAX_WORKLOADS) {
            let message = format!("a scenario has at most {MAX_WORKLOADS} workloads, this has {}", items.len());
            return reader.report.refused(Problem::new(message).at(workload.span()));
        }
        let mut all = every(items.iter().map(|item| inner::<Workload>().read("", item, reader)))?;
        let (names, mut seen) = (names_of(&all), Tags::new());
        for ((workload, item), name) in all.iter_mut().zip(&items).zip(names) {
            let place = ["name", "kind"]
                .iter()
                .find_map(|key| item.get_ref().get(*key))
                .map_or_else(|| item.span(), Spanned::span);
            let twice = format!("two workloads are called `{name}`");
            reader.report.once(&mut seen, name.clone(), place, twice, "the first")?;
            workload.name = name;
        }
        for (workload, item) in all.iter().zip(&items).filter(|(workload, _)| !workload.groups.is_empty()) {
            let Keys { prefix, count, .. } = &workload.keys;
            if all.iter().any(|other| other.keys.prefix == *prefix && other.keys.count != *count) {
                let message = format!("workload `{}` names groups, and shares some of its keys alone", workload.name);
                let help = "who shares keys with it uses as many; or give it a prefix of its own: `keys = { count = 8, prefix = \"q\" }`";
                return reader.report.refused(Problem::new(message).at(item.span()).help(help));
            }
        }
        reader.frame.workloads = all.iter().map(|workload| workload.name.clone()).collect();
        Some(all)
    },
    write: |value| list_of(value, |workload| inner().toml(workload)),
};

/// What workloads are called: one without a name is called after its kind, and each further one of that kind has its number too.
fn names_of(workloads: &[Workload]) -> Vec<String> {
    let name = |(number, Workload { name, kind, .. }): (usize, &Workload)| {
        let before = workloads[..number].iter().filter(|other| other.kind == *kind && other.name.is_empty()).count();
        match (name.is_empty(), before) {
            (false, _) => name.clone(),
            (true, 0) => kind.to_string(),
            (true, before) => format!("{kind}-{}", before + 1),
        }
    };
    workloads.iter().enumerate().map(name).collect()
}

/// The workloads without the names that they have anyway.
pub(super) fn unnamed(mut workloads: Vec<Workload>) -> Vec<Workload> {
    let names = names_of(&workloads);
    for (number, name) in names.iter().enumerate() {
        workloads[number].name.clear();
        if names_of(&workloads) != names {
            workloads[number].name.clone_from(name);
        }
    }
    workloads
}

table! {
    /// How many reads a script makes: at most [`MAX_SCRIPT_READS`].
    #[derive(Copy)]
    pub struct ScriptReads {
        /// How many calls: `6` or `5..=7`. Default 1.
        calls: Count = "calls", Or(Count::constant(1), COUNT);
        /// How many reads in each: `4` or `1..=7`. Default 1.
        each: Count = "each", Or(Count::constant(1), COUNT);
    }
    wrong |reads, _given, _frame| {
        refused "" if u64::from(reads.calls.most) * u64::from(reads.each.most) > u64::from(MAX_SCRIPT_READS) =>
            format!("`reads-per-script` is at most {MAX_SCRIPT_READS}, not {} times {}", reads.calls.most, reads.each.most);
    }
}

impl ScriptReads {
    /// Always so many.
    pub const fn constant(reads: u32) -> Self {
        Self { calls: Count::constant(1), each: Count::constant(reads) }
    }
}

/// A number drawn from a range, each alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// At least 1.
    pub least: u32,
    /// At least `least`.
    pub most: u32,
}

impl Count {
    /// Always this.
    pub const fn constant(number: u32) -> Self {
        Self { least: number, most: number }
    }
}

table! {
    /// Shares of kinds of operations, per mille; they add up to 1000.
    #[derive(Copy)]
    pub struct Mix {
        /// Reads.
        get: u32 = "get", Or(0, PER_MILLE);
        /// Blind writes.
        put: u32 = "put", Or(0, PER_MILLE);
        /// Compare-and-set.
        cas: u32 = "cas", Or(0, PER_MILLE);
        /// Read, modify and write: as a script of one key, again on conflict.
        update: u32 = "update", Or(0, PER_MILLE);
        /// Deletes, whether or not there is something to delete.
        delete: u32 = "delete", Or(0, PER_MILLE);
        /// Reads of several keys, of any groups.
        mget: u32 = "mget", Or(0, PER_MILLE);
        /// Scans: of a range of keys, in the order of their names, all that have values.
        scan: u32 = "scan", Or(0, PER_MILLE);
    }
    wrong |mix, _given, _frame| {
        lacking "" if mix.sum() != 1000 => format!("the mix adds up to {}, not to 1", f64::from(mix.sum()) / 1000.0),
            "`mix = { get = 0.7, put = 0.2, cas = 0.1 }`";
    }
}

impl Default for Mix {
    /// Mostly reads: what a lease is for.
    fn default() -> Self {
        Self { get: 900, put: 100, cas: 0, update: 0, delete: 0, mget: 0, scan: 0 }
    }
}

impl Mix {
    fn sum(self) -> u32 {
        self.get + self.put + self.cas + self.update + self.delete + self.mget + self.scan
    }
}

table! {
    /// The keys of a workload.
    pub struct Keys: Default {
        /// How many. Default 8.
        count: u32 = "count", Or(8, Whole { least: 1, most: MAX_KEYS });
        /// How often each is chosen: `uniform`, `zipf(1.1)`.
        distribution: KeyDistribution = "distribution", Or(KeyDistribution::Uniform, SPREAD);
        /// Workloads with the same prefix share keys. Default `k`.
        prefix: String = "prefix", Or("k".to_owned(), Scalar { read: |text, _| named(text, "a prefix"), ..NAME });
    }
}

impl Keys {
    /// What they are called, by number.
    pub fn names(&self) -> impl Iterator<Item = String> {
        (0..self.count).map(|number| format!("{}{number}", self.prefix))
    }
}

/// How often each key is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyDistribution {
    /// `"uniform"`: all alike.
    Uniform,
    /// `"zipf(1.1)"`: the n-th in proportion to n to the power of minus the exponent.
    Zipf {
        /// The exponent, in thousandths: 1 to 10 000.
        exponent_milli: u32,
    },
}

/// How often a workload acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// `rate = "500/s"`: at this rate over all clients, whether or not earlier operations are answered.
    Open {
        /// Operations in 1000 seconds. Not zero.
        per_second_milli: u64,
        /// `burst = 3`: so many come at a time, on the same (first) key. 1 to [`MAX_BURST`].
        burst: u32,
    },
    /// `think = "1ms"`: each client waits this long after an answer.
    Closed {
        /// The wait.
        think: Duration,
    },
}

crate::words::words! {
    /// Which node a client talks to.
    pub enum Target: "target" {
        /// `"@any"`: each client is attached to one node.
        Any = "@any",
        /// `"@leader"`: clients follow the leader.
        Leader = "@leader",
    }
}

/// `uniform` or `zipf(1.1)`.
impl FromStr for KeyDistribution {
    type Err = Misread;

    fn from_str(text: &str) -> Result<Self, Misread> {
        if text == "uniform" {
            return Ok(KeyDistribution::Uniform);
        }
        let Some(exponent) = text.strip_prefix("zipf(").and_then(|rest| rest.strip_suffix(')')) else {
            return Err(words::unknown("distribution", text, ["uniform", "zipf(1.1)"]));
        };
        match Decimal::parse(exponent.trim()).and_then(|exponent| exponent.times(1_000)) {
            Some((milli @ 1..=10_000, true)) => Ok(KeyDistribution::Zipf { exponent_milli: milli as u32 }),
            _ => Err(Misread::new(format!("{} is not an exponent", quote(exponent)))
                .help("from 0.001 to 10, in steps of 0.001: `zipf(1.1)`")),
        }
    }
}

/// `6`, or a range that it is drawn from: `5..=7`.
impl FromStr for Count {
    type Err = Misread;

    fn from_str(text: &str) -> Result<Self, Misread> {
        let forms = "a count is `6`, or a range that each is drawn from: `5..=7`";
        let number = |text: &str| {
            let number = text.trim().parse::<u32>().ok().filter(|number| *number > 0);
            number.ok_or_else(|| units::not_a(text.trim(), "count").help(forms))
        };
        let (least, most) = match text.split_once("..=") {
            Some((least, most)) => (number(least)?, number(most)?),
            None => (number(text)?, number(text)?),
        };
        if least > most {
            return Err(Misread::new(format!("{} runs backwards; `{most}..={least}`?", quote(text))).help(forms));
        }
        Ok(Count { least, most })
    }
}
