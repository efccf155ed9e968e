//! `[expect]` and `[floors]`: what must come of a run: bounds, the class of failure that a negative scenario asks for, and what the
//! run must have exercised.

use super::bound::Bound;
use super::cluster::Engine;
use crate::scenario::prelude::*;
use crate::scenario::{Metric, Unit};
use crate::words::Class;
use toml::Spanned;

/// What expectations call the whole run, so that no window may.
pub(in crate::scenario) const WHOLE: &str = "whole";

table! {
    /// What must be true of a run.
    pub struct Expect: Default {
        /// The scenario is negative: it passes only if the run fails in this way.
        violation: Option<Class> = "violation", Maybe(word::<Class>());
        /// Bounds on metrics, in file order.
        bounds: Vec<Expectation> = "", Bounds;
        /// What this file expects when it runs under another variant: `elastickv-549 = { class = "stale-read" }`.
        variants: BTreeMap<String, VariantExpect> = "variant", Or(BTreeMap::new(), VARIANTS);
        /// What this file expects on one engine in place of that, by variant, with the reason: `[expect.engine.openraft.default]`.
        engines: BTreeMap<Engine, BTreeMap<String, EngineExpect>> = "engine", Or(BTreeMap::new(), ENGINES);
    }
    unknown = no_metric;
}

table! {
    /// What a file expects when it runs under another variant.
    pub struct VariantExpect {
        /// How the run fails; without it, and without `check`, it passes.
        class: Option<Class> = "class", Maybe(word::<Class>());
        /// The check that must have found it, or the metric whose bound must not hold: `one-lease`; its class need not be said. Without it,
        /// any of that class that speaks of what has happened.
        check: Option<String> = "check", Maybe(FINDER);
        /// Bounds on metrics, in file order.
        bounds: Vec<Expectation> = "", Bounds;
    }
    unknown = no_metric;
}

table! {
    /// What a file expects of a variant on an engine that documents that it does otherwise.
    pub struct EngineExpect {
        /// What the engine does otherwise, in a sentence for people.
        because: String = "because", Needed(TEXT, "`because` is missing", "say what the engine does otherwise, and where that is documented");
        /// What is expected.
        section: VariantExpect = "", among::<VariantExpect>();
    }
    unknown = no_metric;
}

impl Expect {
    /// What is expected on this engine.
    pub(super) fn on(&self, engine: Engine) -> Self {
        let own = self.engines.get(&engine).into_iter().flatten();
        let own = own.map(|(variant, EngineExpect { section, .. })| (variant.clone(), section.clone()));
        Self { variants: self.variants.clone().into_iter().chain(own).collect(), ..self.clone() }
    }
}

/// As [`SECTION`], without the list of all variants in the JSON Schema.
const OF_VARIANT: Scalar<String> = Scalar { schema: |_| json!({ "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$" }), ..SECTION };

const ENGINES: Named<Engine, Named<String, Inner<EngineExpect>>> = Named {
    named: "Engines",
    name: word::<Engine>(),
    value: Named { named: "OnEngine", name: OF_VARIANT, value: inner() },
};

const VARIANTS: Named<String, Inner<VariantExpect>> = Named { named: "Variants", name: SECTION, value: inner() };

/// Whose operations a metric is of.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Of {
    /// Everybody's.
    #[default]
    All,
    /// Those of the clients of a workload, by its name.
    Workload(String),
    /// Those that a node was asked for, whoever served them, by its number.
    Via(u32),
    /// Those of a group, and all else that it did, by its number.
    Group(u32),
}

impl fmt::Display for Of {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => Ok(()),
            Self::Workload(name) => write!(f, " of workload {name}"),
            Self::Via(node) => write!(f, " via n{node}"),
            Self::Group(group) => write!(f, " of g{group}"),
        }
    }
}

/// A bound on a metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// What is bounded.
    pub metric: Metric,
    /// Of whose operations.
    pub of: Of,
    /// The tag of the window it is measured in; `None`: the whole run.
    pub window: Option<String>,
    /// The bound.
    pub bound: Bound,
    /// The line of the file (1-based).
    pub line: usize,
}

/// A count that the run must reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Floor {
    /// What is counted.
    pub metric: Metric,
    /// How many there must be.
    pub least: u64,
    /// The line of the file (1-based).
    pub line: usize,
}

/// Every key that is a metric, and the tables of those that are bounded for some clients alone.
struct Bounds;

const WORKLOAD: &str = "workload";
const VIA: &str = "via";
const OF_GROUP: &str = "group";

impl Field for Bounds {
    type Of = Vec<Expectation>;

    fn keys(self, _: &'static str, _: &'static str) -> Vec<Key> {
        let scopes = [
            (WORKLOAD, "Bounds on what the clients of a workload get, by its name: `[expect.workload.gets]`."),
            (VIA, "Bounds on what is got by who asks one node, whoever serves it: `[expect.via.n1]`."),
        ];
        let scopes = scopes.map(|(name, about)| Key::new(name, about, of_some));
        let group = Key::new(OF_GROUP, "Bounds on what one group does: `[expect.group.g2]`.", of_group);
        Metric::all().map(bounded).chain(scopes).chain([group]).collect()
    }

    fn read(&self, entry: Entry<'_>, _: Option<&Self::Of>, reader: &mut Reader<'_>) -> Option<Self::Of> {
        let of_all = bounds_in(entry.table, &Of::All, reader);
        let scopes = [WORKLOAD, VIA, OF_GROUP].into_iter().filter_map(|scope| Some((scope, entry.table.get(scope)?)));
        let of_some = every(scopes.map(|(scope, raw)| scoped(scope, raw, reader)));
        Some([of_all?, of_some?.concat()].concat())
    }

    fn put(&self, _: &str, _: Option<&Self::Of>, value: &Self::Of, keys: Keys) -> Keys {
        put_bounds(value, keys)
    }
}

/// Bounds of one metric stand together, and so do those of the same clients, as they do in every file that was read.
pub(in crate::scenario) fn put_bounds(bounds: &[Expectation], keys: Keys) -> Keys {
    let of_all: Vec<_> = bounds.iter().filter(|bound| bound.of == Of::All).collect();
    let mut by_scope: BTreeMap<(u8, &str), BTreeMap<String, Vec<&Expectation>>> = BTreeMap::new();
    for bound in bounds {
        let (scope, name) = match &bound.of {
            Of::All => continue,
            Of::Workload(name) => ((0, WORKLOAD), name.clone()),
            Of::Via(node) => ((1, VIA), format!("n{node}")),
            Of::Group(group) => ((2, OF_GROUP), format!("g{group}")),
        };
        by_scope.entry(scope).or_default().entry(name).or_default().push(bound);
    }
    let of_one =
        |keys: Keys, (name, bounds): (&String, &Vec<_>)| keys.key(name, put_metrics(bounds, Keys::default()).inline());
    by_scope.iter().fold(put_metrics(&of_all, keys), |keys, ((_, scope), names)| {
        keys.key(scope, names.iter().fold(Keys::default(), of_one).inline())
    })
}

fn bounded(metric: Metric) -> Key {
    Key::new(metric.to_string(), metric.meaning(), move |to| any_bound(metric.unit(), to))
}

/// The metrics that can be bounded for some clients alone.
fn of_clients() -> Vec<Key> {
    Metric::all().filter(|metric| metric.is_of_clients()).map(bounded).collect()
}

fn of_group(definitions: &mut Definitions<'_>) -> Json {
    definitions.named("OfGroup", |to| {
        let of_one = to.closed(&Metric::all().map(bounded).collect::<Vec<_>>());
        json!({ "type": "object", "additionalProperties": of_one })
    })
}

fn of_some(definitions: &mut Definitions<'_>) -> Json {
    definitions.named("OfSome", |to| {
        let of_one = to.closed(&of_clients());
        json!({ "type": "object", "additionalProperties": of_one })
    })
}

/// The bounds of `[expect.workload]`, `[expect.via]` or `[expect.group]`.
fn scoped(scope: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<Vec<Expectation>> {
    let Some(names) = Entries::of(raw) else {
        let problem = misfit("a table", scope, raw);
        let help = format!("it is a table of tables: `[expect.{scope}.NAME]`, and in it `get-p99 = \"<= 5ms\"`");
        return reader.report.shape(problem.help(help));
    };
    let read = names.all().into_iter().map(|(name, raw)| {
        let of = whose(scope, name.get_ref(), name.span(), reader);
        let metrics = table_of(name.get_ref(), raw, reader)?;
        if scope == OF_GROUP {
            metrics.refuse_unknown(&Metric::all().map(bounded).collect::<Vec<_>>(), no_metric, reader.report);
        } else {
            metrics.refuse_unknown(&of_clients(), not_of_clients, reader.report);
        }
        bounds_in(&metrics, &of?, reader)
    });
    Some(every(read)?.concat())
}

/// The bounds of those metrics in a table that can be bounded `of` somebody.
fn bounds_in(table: &Entries<'_>, of: &Of, reader: &mut Reader<'_>) -> Option<Vec<Expectation>> {
    let metrics = table.all().into_iter().filter_map(|(key, raw)| Some((key.get_ref().parse::<Metric>().ok()?, raw)));
    let metrics = metrics.filter(|(metric, _)| matches!(of, Of::All | Of::Group(_)) || metric.is_of_clients());
    Some(every(metrics.map(|(metric, raw)| bounds_of(metric, of, raw, reader)))?.concat())
}

/// Whose operations those are.
fn whose(scope: &str, name: &str, place: Range<usize>, reader: &mut Reader<'_>) -> Option<Of> {
    let known: Vec<String> = match scope {
        WORKLOAD => reader.frame.workloads.clone(),
        OF_GROUP => (1..=reader.frame.groups).map(|group| format!("g{group}")).collect(),
        _ => (1..=reader.frame.nodes).map(|node| format!("n{node}")).collect(),
    };
    if let Some(number) = known.iter().position(|known| known == name) {
        let number = u32::try_from(number + 1).unwrap_or(u32::MAX);
        return Some(match scope {
            WORKLOAD => Of::Workload(name.to_owned()),
            OF_GROUP => Of::Group(number),
            _ => Of::Via(number),
        });
    }
    let what = match scope {
        WORKLOAD | OF_GROUP => scope,
        _ => "node",
    };
    let unknown = words::unknown(what, name, &known).help(format!("there is {}", quote_all(&known)));
    reader.report.missing(unknown.at(place));
    None
}

fn put_metrics(bounds: &[&Expectation], keys: Keys) -> Keys {
    bounds.chunk_by(|one, other| one.metric == other.metric).fold(keys, |keys, of_metric| {
        let name = of_metric.first().map(|expectation| expectation.metric.to_string()).unwrap_or_default();
        match of_metric {
            [Expectation { window: None, bound, .. }] => keys.key(&name, bound.toml()),
            windows => {
                let inner = windows.iter().fold(Keys::default(), |keys, Expectation { window, bound, .. }| {
                    keys.key(window.as_deref().unwrap_or(WHOLE), bound.toml())
                });
                keys.key(&name, inner.inline())
            }
        }
    })
}

impl Unsaid for Bounds {
    fn unsaid(&self) -> Vec<Expectation> {
        Vec::new()
    }
}

/// One bound, or one for each window.
fn bounds_of(metric: Metric, of: &Of, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<Vec<Expectation>> {
    let windows = match (Entries::of(raw), as_written(raw)) {
        (Some(windows), _) => windows.all(),
        (None, Some(bound)) => {
            return Some(vec![expectation(metric, of, None, &Spanned::new(raw.span(), bound), reader)?]);
        }
        (None, None) => {
            let problem = misfit("a quoted text, a number or a table", &metric.to_string(), raw);
            return reader.report.shape(problem);
        }
    };
    if windows.is_empty() {
        let problem = Problem::new(format!("`{metric}` has no bound")).at(raw.span());
        reader.report.missing(problem.help(window_forms(reader)));
    }
    let read = windows.into_iter().map(|(name, raw)| {
        let window = known_window(name.get_ref(), name.span(), reader);
        let bound = quantity(name.get_ref(), raw, reader.report)?;
        expectation(metric, of, window?, &bound, reader)
    });
    every(read)
}

fn expectation(
    metric: Metric,
    of: &Of,
    window: Option<String>,
    bound: &Text,
    reader: &mut Reader<'_>,
) -> Option<Expectation> {
    let line = reader.report.line(&bound.span());
    let read = Bound::read(bound.get_ref(), metric, reader.frame.protocol.as_ref());
    let bound = reader.report.take(read, bound.span())?;
    Some(Expectation { metric, of: of.clone(), window, bound, line })
}

/// The tag that `word` is; `Some(None)` for the whole run. `None` if there is no such window.
fn known_window(word: &str, place: Range<usize>, reader: &mut Reader<'_>) -> Option<Option<String>> {
    let tags = &reader.frame.tags;
    if word == WHOLE {
        return Some(None);
    }
    if tags.contains_key(word) {
        return Some(Some(word.to_owned()));
    }
    let windows = tags.keys().map(String::as_str).chain([WHOLE]);
    let unknown = words::unknown("window", word, windows).help(window_forms(reader));
    reader.report.lacking(unknown.at(place))
}

fn window_forms(reader: &Reader<'_>) -> String {
    let windows = quote_all(reader.frame.tags.keys().map(String::as_str).chain([WHOLE]));
    format!("windows are {windows}; a step `{{ at = \"2s..6s\", tag = \"storm\" }}` names one")
}

/// What the JSON Schema says of the bounds of a metric of `unit`: one bound, or one for each window.
fn any_bound(unit: Unit, definitions: &mut Definitions<'_>) -> Json {
    let name = match unit {
        Unit::Seconds => "DurationBound",
        Unit::Ratio => "RatioBound",
        Unit::Per => "NumberBound",
        Unit::Count => "CountBound",
    };
    definitions.named(name, |_| {
        let one = one_bound(unit);
        json!({ "anyOf": [one, { "type": "object", "additionalProperties": one, "minProperties": 1 }] })
    })
}

fn one_bound(unit: Unit) -> Json {
    let text = |operand: &str| pattern(&format!(r"((<=|>=|==|<|>)?\s*{operand}|{operand}\s*\.\.=?\s*{operand})"));
    match unit {
        Unit::Seconds => text(LENGTH),
        Unit::Ratio => {
            json!({ "anyOf": [{ "type": "number", "minimum": 0, "maximum": 1 }, text(&format!(r"{NUMBER}\s*%?"))] })
        }
        Unit::Per => json!({ "anyOf": [{ "type": "number", "minimum": 0 }, text(&format!("{NUMBER}(/s)?"))] }),
        Unit::Count => {
            json!({ "anyOf": [{ "type": "integer", "minimum": 0 }, text(r"[0-9][0-9_]*(\.0+)?")] })
        }
    }
}

fn counts() -> Vec<Key> {
    let schema = |_: &mut Definitions<'_>| json!({ "type": "integer", "minimum": 0 });
    let counts = Metric::all().filter(|metric| metric.is_count());
    counts.map(|metric| Key::new(metric.to_string(), metric.meaning(), schema)).collect()
}

/// What the run must have exercised: a number for each count.
pub(super) const FLOORS: Special<Vec<Floor>> = Special {
    schema: |definitions| definitions.named("Floors", |definitions| definitions.closed(&counts())),
    read: |key, raw, reader| {
        let entries = table_of(key, raw, reader)?;
        entries.refuse_unknown(&counts(), no_count, reader.report);
        let read = entries.all().into_iter().filter_map(|(key, raw)| {
            let metric: Metric = key.get_ref().parse().ok().filter(|metric: &Metric| metric.is_count())?;
            let line = reader.report.line(&key.span());
            let least = whole(key.get_ref(), raw, reader.report).and_then(|least| {
                let negative = format!("a floor cannot be negative: `{metric}` is never below 0");
                let least = u64::try_from(least).map_err(|_| Misread::new(negative));
                reader.report.take(least, raw.span())
            });
            Some(least.map(|least| Floor { metric, least, line }))
        });
        every(read)
    },
    write: |value| put_floors(value).inline(),
};

pub(super) fn put_floors(floors: &[Floor]) -> Keys {
    floors.iter().fold(Keys::default(), |keys, floor| keys.key(floor.metric, floor.least))
}

fn no_metric(word: &str, known: &[&str]) -> Misread {
    /// So many of the metrics are shown to who wrote another word.
    const NEAREST: usize = 4;
    let known = known.iter().map(|key| (*key).to_owned()).collect();
    let all = "scenarios/scenario.schema.json has all";
    elsewhere(word, words::unknown_of_many("metric or key", word, known, NEAREST, all))
}

fn not_of_clients(word: &str, known: &[&str]) -> Misread {
    match word.parse::<Metric>() {
        Ok(metric) => Misread::new(format!("`{metric}` is not counted by clients")).help(
            "bound it in `[expect]`; by clients there are `get-p99`, `put-availability`, `unserved` and their like",
        ),
        Err(_) => no_metric(word, known),
    }
}

fn no_count(word: &str, known: &[&str]) -> Misread {
    match word.parse::<Metric>() {
        Ok(metric) => Misread::new(format!("`{metric}` is not a count, so it has no floor"))
            .help(format!("write a bound in [expect], or a floor under one of {}", quote_all(known))),
        Err(_) => elsewhere(word, words::unknown("count", word, known)),
    }
}

/// `unknown`, or what to say if `word` is a key that belongs elsewhere.
fn elsewhere(word: &str, unknown: Misread) -> Misread {
    if matches!(word, "checks" | "record-only") {
        let help =
            "which checks only record is said in a table of its own: `[checks]`, `record-only = [\"staleness\"]`";
        return Misread { meant: None, ..unknown }.help(help);
    }
    unknown
}
