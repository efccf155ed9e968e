//! `[[workload]]`: what clients do.

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::scenario::{
    Problem,
    table::{
        DURATION, Definitions, Entries, Held, Keys as Put, Kind, Maybe, NAME, NUMBER, Needed, NumberOr, Or, Positive,
        Raw, Reader, SHARE, Scalar, Table, Tags, Value as _, Whole, every, inner, misfit, named, pattern, table, word,
    },
    units::{self, decimal},
};

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
    /// As it is written.
    pub(in crate::scenario) struct Written {
        /// Default: the kind. Two of one kind need a name.
        name: Option<String> = "name", Maybe(Scalar { read: |text, _| named(text, "a workload's name"), ..NAME });
        /// `kv`: single operations; `script`: a lease read, reads, and one write checked against them, again on conflict.
        kind: KindName = "kind", Needed(
            word::<KindName>(),
            "this workload has no `kind`",
            "`kind = \"kv\"`: single reads and writes; `kind = \"script\"`: reads and one write checked against them");
        /// How many. Default 8.
        clients: u32 = "clients", Or(8, Whole { least: 1, most: MAX_CLIENTS });
        /// How many keys, or a table that says more. Default 8.
        keys: Keys = "keys", Or(Keys::default(), KEYS);
        /// Of `kv`: shares of operations that add up to 1. Default 0.9 get, 0.1 put.
        mix: Mix = "mix", Or(Mix::default(), inner::<Mix>());
        /// Of `script`: a number, or so many calls of so many reads each. Default 1.
        reads: ScriptReads = "reads-per-script", Or(ScriptReads::constant(1), READS);
        /// Open loop: operations a second over all clients, answered or not.
        rate: Option<u64> = "rate", Maybe(RATE);
        /// Open loop: so many operations come at a time, on the same (first) key. Default 1.
        burst: u32 = "burst", Or(1, Whole { least: 1, most: MAX_BURST });
        /// Closed loop: each client waits this long after an answer. Default `0ms`.
        think: Duration = "think", Or(Duration::ZERO, DURATION);
        /// After this an operation is given up. Default `2s`.
        deadline: Duration = "deadline", Or(Workload::DEADLINE, Positive);
        /// `@any`: each client is attached to a node; `@leader`: clients follow the leader. Default `@any`.
        to: Target = "to", Or(Target::Any, word::<Target>());
        /// When it begins.
        from: Duration = "from", Or(Duration::ZERO, MOMENT);
        /// When it stops; without it, at the end of the run.
        until: Option<Duration> = "until", Maybe(MOMENT);
    }
}

crate::words::words! {
    /// The kinds of workloads.
    pub(in crate::scenario) enum KindName: "kind" {
        Kv = "kv",
        Script = "script",
    }
}

const KEYS: NumberOr<Keys> = NumberOr {
    most: MAX_KEYS,
    of: |count| Keys { count, ..Keys::default() },
    plain: |_| None,
    help: "say how many: `keys = 8`, or `keys = { count = 8, distribution = \"zipf(1.1)\" }`",
};

const READS: NumberOr<ScriptReads> = NumberOr {
    most: MAX_SCRIPT_READS,
    of: ScriptReads::constant,
    plain: |reads| Some(reads.each.least).filter(|each| *reads == ScriptReads::constant(*each)),
    help: "say how many: `reads-per-script = 7`, or `{ calls = \"5..=7\", each = 4 }`",
};

/// A moment of the run.
pub(in crate::scenario) const MOMENT: Scalar<Duration> = Scalar { read: units::moment, ..DURATION };

/// Operations in 1000 seconds.
const RATE: Scalar<u64> = Scalar {
    named: "Rate",
    bare: true,
    schema: |_| pattern(&format!(r"{NUMBER}\s*/s")),
    read: |text, _| units::rate(text),
    write: |milli| format!("{}/s", decimal(*milli, 3)).toml(),
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
    read: |text, _| units::count_of(text),
    write: |Count { least, most }| {
        if least == most { least.to_string().toml() } else { format!("{least}..={most}").toml() }
    },
};

/// How often each key is chosen.
const SPREAD: Scalar<KeyDistribution> = Scalar {
    named: "Spread",
    bare: true,
    schema: |_| json!({ "type": "string", "pattern": r"^(uniform|zipf\([0-9.]+\))$", "examples": ["uniform", "zipf(1.1)"] }),
    read: |text, _| units::key_distribution(text),
    write: |distribution| match distribution {
        KeyDistribution::Uniform => "uniform".toml(),
        KeyDistribution::Zipf { exponent_milli } => format!("zipf({})", decimal(u64::from(*exponent_milli), 3)).toml(),
    },
};

/// Clients that all do the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workload {
    /// Kebab-case, unique in the scenario. Default: the kind.
    pub name: String,
    /// What they do.
    pub kind: WorkloadKind,
    /// How many: 1 to [`MAX_CLIENTS`].
    pub clients: u32,
    /// What they do it to.
    pub keys: Keys,
    /// How often.
    pub pace: Pace,
    /// After this an operation is given up. Not zero. Default [`Workload::DEADLINE`].
    pub deadline: Duration,
    /// Which node they talk to.
    pub to: Target,
    /// When they begin.
    pub from: Duration,
    /// When they stop; `None`: at the end of the run.
    pub until: Option<Duration>,
}

impl Workload {
    /// The deadline of a workload that does not state one.
    pub const DEADLINE: Duration = Duration::from_secs(2);
}

/// What a client does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkloadKind {
    /// `"kv"`: single operations.
    Kv {
        /// Of which kinds.
        mix: Mix,
    },
    /// `"script"`: a lease read, `reads` reads, one write that is checked against what was read, all again on conflict.
    Script {
        /// How many.
        reads: ScriptReads,
    },
}

impl Held for Workload {
    const NAMED: &'static str = "Workload";
    type Written = Written;

    fn keys_fit(entries: &Entries<'_>, reader: &mut Reader<'_>) -> Option<()> {
        let report = &mut *reader.report;
        let before = report.problems.len();
        let kind = entries.get("kind").and_then(|kind| kind.get_ref().as_str());
        for (key, of) in [("reads-per-script", "script"), ("mix", "kv")] {
            if let (Some(raw), Some("kv" | "script")) = (entries.get(key), kind)
                && kind != Some(of)
            {
                let problem = Problem::new(format!("`{key}` is for workloads of kind `{of}`")).at(raw.span());
                report.refuse(problem.also(entries.place("kind"), "this is another kind"));
            }
        }
        match (entries.get("rate"), entries.get("burst"), entries.get("think")) {
            (None, Some(burst), _) => {
                let problem = Problem::new("`burst` without `rate`").at(burst.span());
                report.missing(problem.help("say how often: `rate = \"7/s\"`"));
            }
            (Some(rate), _, Some(think)) => {
                let problem = Problem::new("`rate` and `think` cannot both be given").at(think.span());
                let help = "`rate` sends at fixed times, answered or not; `think` waits after each answer";
                report.refuse(problem.also(rate.span(), "the rate").help(help));
            }
            _ => {}
        }
        (report.problems.len() == before).then_some(())
    }

    fn of(written: Written, entries: &Entries<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let Written { name, kind, clients, keys, mix, reads, rate, burst, think, deadline, to, from, until } = written;
        let run = reader.frame.until;
        if until.is_some_and(|until| until > run) {
            let problem = Problem::new(format!("the workload ends after the run ({run:?})"));
            reader.report.refuse(problem.at(entries.place("until")));
        } else if from >= until.unwrap_or(run) {
            let (end, place) = (until.unwrap_or(run), if entries.get("from").is_some() { "from" } else { "until" });
            let problem = Problem::new(format!("the workload ends ({end:?}) before it begins ({from:?})"));
            reader.report.refuse(problem.at(entries.place(place)));
        }
        let pace = match rate {
            Some(per_second_milli) => Pace::Open { per_second_milli, burst },
            None => Pace::Closed { think },
        };
        let name = name.unwrap_or_else(|| kind.to_string());
        let kind = match kind {
            KindName::Kv => WorkloadKind::Kv { mix },
            KindName::Script => WorkloadKind::Script { reads },
        };
        Some(Self { name, kind, clients, keys, pace, deadline, to, from, until })
    }

    fn written(&self) -> Written {
        let Self { name, kind, clients, keys, pace, deadline, to, from, until } = self.clone();
        let (kind, mix, reads) = match kind {
            WorkloadKind::Kv { mix } => (KindName::Kv, mix, ScriptReads::constant(1)),
            WorkloadKind::Script { reads } => (KindName::Script, Mix::default(), reads),
        };
        let (rate, burst, think) = match pace {
            Pace::Open { per_second_milli, burst } => (Some(per_second_milli), burst, Duration::ZERO),
            Pace::Closed { think } => (None, 1, think),
        };
        let name = Some(name).filter(|name| *name != kind.to_string());
        Written { name, kind, clients, keys, mix, reads, rate, burst, think, deadline, to, from, until }
    }
}

/// The workloads of a scenario: at least one, and no two of one name.
pub(in crate::scenario) struct Workloads;

impl Kind for Workloads {
    type Of = Vec<Workload>;

    fn schema(&self, definitions: &mut Definitions<'_>) -> Json {
        json!({ "type": "array", "items": definitions.table::<Workload>() })
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<Vec<Workload>> {
        let Some(items) = raw.get_ref().as_array() else { return reader.report.shape(misfit("a list", key, raw)) };
        if let Some(workload) = items.get(MAX_WORKLOADS) {
            let count = items.iter().count();
            let message = format!("a scenario has at most {MAX_WORKLOADS} workloads, this has {count}");
            return reader.report.refused(Problem::new(message).at(workload.span()));
        }
        let mut names = Tags::new();
        let read = items.iter().map(|item| {
            unique(item, &mut names, reader);
            inner().read(key, item, reader)
        });
        every(read)
    }

    fn toml(&self, value: &Vec<Workload>) -> String {
        value.iter().map(|workload| workload.put(None, Put::default())).collect::<Vec<_>>().toml()
    }
}

/// Refuses a workload that is called as another is.
fn unique(workload: Raw<'_>, names: &mut Tags, reader: &mut Reader<'_>) {
    let Some(entries) = Entries::of(workload) else { return };
    let name = entries.get("name").or(entries.get("kind"));
    let Some((name, place)) = name.and_then(|name| Some((name.get_ref().as_str()?, name.span()))) else { return };
    if let Some(first) = names.get(name) {
        let problem =
            Problem::new(format!("two workloads are called `{name}`")).at(place).also(first.clone(), "the first");
        reader.report.refuse(problem.help("a workload is called after its kind; two of one kind need a `name`"));
        return;
    }
    names.insert(name.to_owned(), place);
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
    fits = not_too_many;
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

fn not_too_many(reads: ScriptReads, entries: &Entries<'_>, reader: &mut Reader<'_>) -> Option<ScriptReads> {
    let (calls, each) = (reads.calls.most, reads.each.most);
    if u64::from(calls) * u64::from(each) > u64::from(MAX_SCRIPT_READS) {
        let message = format!("`reads-per-script` is at most {MAX_SCRIPT_READS}, not {calls} times {each}");
        reader.report.refuse(Problem::new(message).at(entries.span.clone()));
    }
    Some(reads)
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
    }
    fits = adds_up;
}

impl Default for Mix {
    /// Mostly reads: what a lease is for.
    fn default() -> Self {
        Self { get: 900, put: 100, cas: 0, update: 0 }
    }
}

fn adds_up(mix: Mix, entries: &Entries<'_>, reader: &mut Reader<'_>) -> Option<Mix> {
    let sum = mix.get + mix.put + mix.cas + mix.update;
    if sum != 1000 {
        let message = format!("the mix adds up to {}, not to 1", f64::from(sum) / 1000.0);
        let problem = Problem::new(message).at(entries.span.clone());
        reader.report.missing(problem.help("`mix = { get = 0.7, put = 0.2, cas = 0.1 }`"));
    }
    (sum == 1000).then_some(mix)
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

impl Default for Pace {
    fn default() -> Self {
        Self::Closed { think: Duration::ZERO }
    }
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
