//! The whole file: what stands above its tables, and how it is read and printed.

use super::chaos::Chaos;
use super::claims::{Checks, Claims};
use super::cluster::{self, Cluster, Engine};
use super::expect::{self, Expect, FLOORS, Floor, VariantExpect};
use super::seeds::{Load, Seeds};
use super::size;
use super::timeline::{Step, TIMELINE};
use super::workload::{self, WORKLOADS, Workload};
use crate::scenario::prelude::*;
use crate::scenario::{Action, MAX_DURATION, Metric, units};
use std::path::{Path, PathBuf};

/// The format of scenario files that this version reads.
pub const FORMAT: u32 = 1;
/// The largest scenario file, in bytes.
pub const MAX_FILE: usize = 1 << 20;

table! {
    /// A scenario that makes sense: all names resolve, all times lie within the run.
    pub struct Scenario {
        /// The file's name without `.toml`.
        name: String = "name", Or(String::new(), TITLE);
        /// One sentence for people.
        about: String = "about", Or(String::new(), TEXT);
        /// The file, as the user named it.
        path: PathBuf = "", Aside(|_, _| PathBuf::new());
        /// What `cargo test` and `run` sweep: `1..=20`, `0..20` (20 not included), `7`, or several: `1,5,9..12`. Default `1..=5`.
        seeds: Seeds = "seeds", Or(Seeds::default(), SEEDS);
        /// How long the run lasts, in simulated time.
        until: Duration = "until", Or(Duration::ZERO, UNTIL);
        /// The behaviour of the stack that the file runs under. Default `default`.
        variant: Option<String> = "variant", Maybe(VARIANT);
        /// The engines that the file is for: `run` runs it on each, and it runs on no other; one alone is that of `[cluster]`. Default: on that of
        /// `[cluster]`, and on any that is asked for.
        engines: Vec<Engine> = "engines", Or(Vec::new(), List(word::<Engine>()));
        /// The format of the file. Default 1, which is the only one.
        format: u32 = "format", Or(FORMAT, FORMATS);
        /// What happens, one step a line. Must stand before the first `[table]`.
        timeline: Vec<Step> = "timeline", Or(Vec::new(), TIMELINE);
        /// The cluster under test.
        cluster: Cluster = "cluster", Or(Cluster::default(), Own(inner()));
        /// What the run claims to stay within. Within these it must be safe.
        claims: Claims = "claims", Or(Claims::default(), Own(inner()));
        /// What becomes of the checks that ride on every run.
        checks: Checks = "checks", Or(Checks::default(), inner());
        /// What each seed draws: the cluster's shape and timing, which faults exist, how often they act and on whom.
        chaos: Option<Chaos> = "chaos", Maybe(inner::<Chaos>());
        /// What clients do: `[[workload]]`, at least one.
        workloads: Vec<Workload> = "workload", Or(Vec::new(), WORKLOADS);
        /// How much of the file's rates clients keep up. No word of the file: see [`Scenario::at_load`].
        load: Load = "", Aside(|_, _| Load::default());
        /// What must be true of a run: bounds on metrics, over the whole run or in tagged windows.
        expect: Expect = "expect", Or(Expect::default(), inner());
        /// What the run must have exercised, or it fails as vacuous.
        floors: Vec<Floor> = "floors", Or(Vec::new(), FLOORS);
    }
}

/// What does not stand on a line of its own, but on several.
const SECTIONS: [&str; 8] = ["timeline", "cluster", "claims", "checks", "chaos", "workload", "expect", "floors"];

/// What every file must have.
const NEEDED: [&str; 3] = ["name", "until", "workload"];

/// A table outside of which the units of the protocol are not known.
struct Own<K>(K);

impl<K: Kind> Kind for Own<K> {
    type Of = K::Of;

    fn schema(&self, definitions: &mut Definitions<'_>) -> Json {
        self.0.schema(definitions)
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<K::Of> {
        let mut frame = Frame { protocol: None, ..reader.frame.clone() };
        self.0.read(key, raw, &mut Reader { frame: &mut frame, report: reader.report })
    }

    fn toml(&self, value: &K::Of) -> String {
        self.0.toml(value)
    }
}

impl Scenario {
    /// The scenario under a variant: its cluster as the file says that it then is.
    pub fn under(&self, variant: &str) -> Self {
        Self { cluster: self.cluster.under(variant), ..self.clone() }
    }

    /// The scenario on an engine, with what the file expects there.
    pub fn on(&self, engine: Engine) -> Self {
        let cluster = Cluster { engine, ..self.cluster.clone() };
        Self { cluster, expect: self.expect.on(engine), ..self.clone() }
    }

    /// Is the file for this engine?
    pub fn is_for(&self, engine: Engine) -> bool {
        self.engines.is_empty() || self.engines.contains(&engine)
    }

    /// The scenario with the rates of its open loops multiplied by `load`. Closed loops stay what they are.
    pub fn at_load(&self, load: Load) -> Self {
        let mut scaled = Self { load, ..self.clone() };
        for workload in &mut scaled.workloads {
            workload.rate = workload.rate.map(|milli| (milli * u64::from(load.0) / 1_000).max(1));
        }
        scaled
    }
}

impl Scenario {
    /// The deadline of each client's operations, by the client's number: clients are numbered through all workloads.
    pub fn deadlines(&self) -> impl Iterator<Item = Duration> {
        self.by_client(|workload| workload.deadline)
    }

    /// How long nodes have for each client's operations, likewise.
    pub fn budgets(&self) -> impl Iterator<Item = Duration> {
        self.by_client(Workload::budget)
    }

    fn by_client(&self, of: impl Fn(&Workload) -> Duration) -> impl Iterator<Item = Duration> {
        self.workloads.iter().flat_map(move |workload| std::iter::repeat_n(of(workload), workload.clients as usize))
    }

    /// The steps of the timeline that may take the run beyond what it claims of its clocks, on which the lease counts. Whether they
    /// do shows when they act.
    pub fn may_leave_claims(&self) -> impl Iterator<Item = &Step> {
        self.timeline.iter().filter(|step| step.action.deed().is_some_and(|deed| deed.may_leave(&self.claims)))
    }

    /// Does anything touch a clock while processes run by it?
    pub fn touches_clocks(&self) -> bool {
        self.timeline.iter().any(|step| matches!(step.action, Action::Clock(_)))
    }

    /// The step of this number does something that lasts to the end of the run: it neither ends by itself nor is healed.
    pub fn is_endless(&self, number: usize) -> bool {
        let Some(step) = self.timeline.get(number) else { return false };
        let Some(lasts) = step.action.lasts() else { return false };
        let (_, latest) = step.at.last();
        let ends_itself = lasts.is_some_and(|lasts| latest.saturating_add(lasts) < self.until);
        // Of two steps at one time the later line acts later.
        let is_heal = |(_, other): &(usize, &Step)| other.action.heals(&step.action);
        let mut heals = self.timeline.iter().enumerate().filter(is_heal);
        !ends_itself && !heals.any(|(other, heal)| (heal.at.last().0, other) > (latest, number))
    }
}

/// The seeds of a sweep.
const SEEDS: Scalar<Seeds> = Scalar {
    named: "Seeds",
    bare: true,
    schema: |_| {
        let range = r"[0-9_]+\s*(\.\.=?\s*[0-9_]+\s*)?";
        json!({ "anyOf": [{ "type": "integer", "minimum": 0 }, pattern(&format!(r"{range}(,\s*{range})*"))] })
    },
    read: |text, _| text.parse(),
    write: |seeds| quoted(seeds),
};

/// The end of a run.
const UNTIL: Scalar<Duration> = Scalar {
    read: |text, frame| match units::moment(text, frame.protocol.as_ref())? {
        Duration::ZERO => Err(Misread::new("a run of no length has nothing to show")),
        until => Ok(until),
    },
    ..DURATION
};

/// A file of a later format may say what this version would misread.
const FORMATS: Special<u32> = Special {
    schema: |_| json!({ "const": FORMAT }),
    read: |key, raw, reader| {
        let format = whole(key, raw, reader.report)?;
        if format == i64::from(FORMAT) {
            return Some(FORMAT);
        }
        let message = format!("this file has the format {format}; this version reads format {FORMAT}");
        let later = format > i64::from(FORMAT);
        let help =
            if later { "a later version of leasehold reads it" } else { "leave `format` out, or write `format = 1`" };
        reader.report.refused(Problem::new(message).at(raw.span()).help(help))
    },
    write: |value| value.to_string(),
};

/// All keys of a file.
pub(in crate::scenario) fn keys() -> Vec<Key> {
    let needed = |key: Key| if NEEDED.contains(&key.name.as_ref()) { key.needed() } else { key };
    Scenario::keys().into_iter().map(needed).collect()
}

/// Reads the file `path`, whose contents are `text`.
pub(in crate::scenario) fn read(
    root: &Entries<'_>,
    known: Known,
    path: &Path,
    text: &str,
) -> Result<Scenario, Vec<Problem>> {
    let is_above =
        |name: &str| !["cluster", "claims", "checks", "chaos", "workload", "expect", "floors"].contains(&name);
    let above = Scenario::keys().into_iter().map(|key| key.name).filter(|name| is_above(name));
    let mut report = Report::new(text, above.collect());
    let mut frame = Frame { known, ..frame(root, &mut report) };
    missing(root, path, &mut report);
    let read = Scenario::read(None, root, &mut Reader { frame: &mut frame, report: &mut report });
    // Of parts that were refused nothing is known.
    if let Some(scenario) = read.filter(|_| report.problems.is_empty()) {
        let scenario = on_its_engine(scenario, root, &mut report);
        recovery_follows_healing(&scenario, &frame.places, &mut report);
        let items = root.get("workload").and_then(|raw| raw.get_ref().as_array()).into_iter().flatten();
        let places: Vec<_> = items.map(|item| item.span()).collect();
        let Scenario { until, cluster, workloads, .. } = &scenario;
        size::limits(*until, cluster, workloads, (&places, root.place("until")), &mut report);
        if report.problems.is_empty() {
            return Ok(Scenario { path: path.to_owned(), ..scenario });
        }
    }
    Err(report.finish())
}

/// What the parts of a file may refer to, read before them: what is wrong there keeps no other part from being judged.
fn frame(root: &Entries<'_>, report: &mut Report) -> Frame {
    // Without a known end nothing may be refused for lying after it.
    let frame = Frame { until: MAX_DURATION, ..Frame::default() };
    let entries = root.get("cluster").and_then(Entries::of).unwrap_or_else(Entries::none);
    let mut frame = cluster::frame(&entries, frame, report);
    let reader = &mut Reader { frame: &mut frame, report: &mut Report::silent() };
    let until = Maybe(UNTIL).read(root.entry("until"), None, reader).flatten();
    Frame { until: until.unwrap_or(MAX_DURATION), ..frame }
}

/// Refuses a file without what each must have.
fn missing(root: &Entries<'_>, path: &Path, report: &mut Report) {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let is_empty = |raw: Raw<'_>| raw.get_ref().as_array().is_some_and(|items| items.is_empty());
    let mut needs = |is_missing: bool, message: &str, help: &str| {
        if is_missing {
            report.missing(Problem::new(message).help(help));
        }
    };
    let name = format!("it is the file's name without `.toml`: `name = \"{stem}\"`");
    needs(root.get("name").is_none(), "`name` is missing", &name);
    needs(root.get("until").is_none(), "`until` is missing", "say how long the run lasts: `until = \"20s\"`");
    let workload = "write at least `[[workload]]` and, below it, `kind = \"kv\"`";
    needs(root.get("workload").is_none_or(is_empty), "no workload: nothing reads or writes", workload);
}

/// The scenario on the engine that is meant. `[cluster]` may name none but those that the file is for.
fn on_its_engine(mut scenario: Scenario, root: &Entries<'_>, report: &mut Report) -> Scenario {
    let cluster = root.get("cluster").and_then(Entries::of).unwrap_or_else(Entries::none);
    let engine = scenario.cluster.engine;
    match cluster.get("engine") {
        None => scenario.cluster.engine = Engine::meant(&scenario.engines),
        Some(raw) if !scenario.is_for(engine) => {
            let problem =
                Problem::new(format!("`engine` is `{engine}`, and `engines` does not name it")).at(raw.span());
            report.refuse(problem.help("leave it out, or name it in `engines` too"));
        }
        Some(_) => {}
    }
    scenario
}

/// Recovery is measured from the end of a fault: where one lasts to the end of the run, there is none to measure.
fn recovery_follows_healing(scenario: &Scenario, places: &[Range<usize>], report: &mut Report) {
    let variants = scenario.expect.variants.values().flat_map(|variant| &variant.bounds);
    let expected = scenario.expect.bounds.iter().chain(variants).find(|bound| bound.metric == Metric::RECOVERY);
    let steps = scenario.timeline.iter().zip(places).enumerate();
    let endless = steps.rev().find(|(number, _)| scenario.is_endless(*number));
    if let (Some(expected), Some((_, (step, place)))) = (expected, endless) {
        let what = if matches!(step.action, Action::Partition(_) | Action::Link(_)) { "heals" } else { "ends" };
        let problem = Problem::new(format!("`recovery` is expected, but this {} never {what}", step.action));
        report.missing(problem.at(place.clone()).help(format!(
            "give it a `for = \"2s\"` that ends before the run, add a later `heal = \"everything\"`, or drop `recovery` (line {})",
            expected.line
        )));
    }
}

/// `scenario` as the text of a file: canonical, and short enough that a person could have written it.
///
/// What equals its default is left out; keys stand in the order of the schema; a step is one line. Reading the text back gives
/// the same plan, but for the lines that it remembers.
pub fn print(scenario: &Scenario) -> String {
    let own = Keys::default;
    let Scenario { engines, timeline, mut cluster, claims, checks, chaos, workloads, expect, floors, .. } =
        scenario.clone();
    let steps: String = timeline.iter().map(|step| format!("  {},\n", step.put(None, own()).inline())).collect();
    // What goes without saying is the default then.
    if cluster.engine == Engine::meant(&engines) {
        cluster.engine = Engine::default();
    }
    let variants = expect.variants.clone().into_iter();
    let expect = Expect { variants: Default::default(), ..expect };
    let sections = [
        scenario.put(None, own()).without(&SECTIONS).lines(),
        if steps.is_empty() { steps } else { format!("timeline = [\n{steps}]\n") },
        cluster::put(&cluster).section("[cluster]"),
        claims.put(None, own()).section("[claims]"),
        checks.put(None, own()).section("[checks]"),
        // Its section is there even where it says nothing.
        chaos.map_or_else(String::new, |chaos| format!("[chaos]\n{}", chaos.put(None, own()).lines())),
    ];
    let workloads = workload::unnamed(workloads).into_iter();
    let workloads = workloads.map(|workload| workload.put(None, own()).section("[[workload]]"));
    let under =
        |(name, of): (String, VariantExpect)| format!("[expect.variant.{name}]\n{}", of.put(None, own()).lines());
    let floors = expect::put_floors(&floors).section("[floors]");
    let expected = [expect.put(None, own()).section("[expect]")].into_iter().chain(variants.map(under)).chain([floors]);
    let mut parts: Vec<String> = sections.into_iter().chain(workloads).chain(expected).collect();
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}
