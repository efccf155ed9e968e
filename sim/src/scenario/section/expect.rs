//! `[expect]` and `[floors]`: what must come of a run: bounds, the class of failure that a negative scenario asks for, and what the
//! run must have exercised.

use std::{collections::BTreeMap, ops::Range};

use serde_json::{Value as Json, json};

use super::by_variant;
use crate::scenario::{
    Metric, Problem, Unit,
    problem::quote_all,
    table::{
        Definitions, Entry, Field, Form, Key, Keys, LENGTH, Line, Maybe, NUMBER, Or, Raw, Reader, Text, Unsaid, every,
        form, pattern, quantity, table, whole, word,
    },
    units,
};
use crate::words::{self, Class, Misread};

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
        variants: BTreeMap<String, VariantExpect> = "variant", Or(BTreeMap::new(), by_variant::<VariantExpect>("Variants"));
    }
    unknown = no_metric;
}

table! {
    /// What a file expects when it runs under another variant.
    pub struct VariantExpect {
        /// How the run fails; without it, it passes.
        class: Option<Class> = "class", Maybe(word::<Class>());
        /// Bounds on metrics, in file order.
        bounds: Vec<Expectation> = "", Bounds;
        /// The line of the file (1-based).
        line: usize = "", Line;
    }
    unknown = no_metric;
}

table! {
    /// What the run must have exercised, or it fails as vacuous.
    pub struct Floors: Default {
        /// In file order.
        all: Vec<Floor> = "", Each;
    }
    unknown = no_count;
}

/// A bound on a metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// What is bounded.
    pub metric: Metric,
    /// The tag of the window it is measured in; `None`: the whole run.
    pub window: Option<String>,
    /// The bound.
    pub bound: Bound,
    /// The line of the file (1-based).
    pub line: usize,
}

/// A comparison with a number.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// The comparison.
    pub op: Op,
    /// In the metric's unit ([`Metric::unit`]).
    pub value: f64,
    /// As it was written: `>= 0.97`.
    pub text: String,
}

/// Its value is a number that was written, never NaN.
impl Eq for Bound {}

impl Bound {
    /// The measured `value`, in the metric's unit, is within the bound.
    pub fn holds(&self, value: f64) -> bool {
        match self.op {
            Op::Lt => value < self.value,
            Op::Le => value <= self.value,
            Op::Eq => value == self.value,
            Op::Ge => value >= self.value,
            Op::Gt => value > self.value,
        }
    }
}

crate::words::words! {
    /// A comparison. A bound without one means `==`.
    pub enum Op: "operator" {
        /// `<`
        Lt = "<",
        /// `<=`
        Le = "<=",
        /// `==`
        Eq = "==",
        /// `>=`
        Ge = ">=",
        /// `>`
        Gt = ">",
    }
}

/// As it was written; a plain number without quotes.
impl crate::scenario::table::Value for Bound {
    fn toml(&self) -> String {
        let number: Option<i64> = self.text.parse().ok().filter(|number: &i64| number.to_string() == self.text);
        number.map_or_else(|| self.text.toml(), |number| number.to_string())
    }
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

/// Every key that is a metric.
struct Bounds;

impl Field for Bounds {
    type Of = Vec<Expectation>;

    fn keys(self, _: &'static str, _: &'static str) -> Vec<Key> {
        let key =
            |metric: Metric| Key::new(metric.to_string(), metric.meaning(), move |to| any_bound(metric.unit(), to));
        Metric::all().into_iter().map(key).collect()
    }

    fn read(&self, entry: Entry<'_>, _: Option<&Self::Of>, reader: &mut Reader<'_>) -> Option<Self::Of> {
        let known = entry.table.all().into_iter();
        let known = known.filter_map(|(key, raw)| Some((key.get_ref().parse::<Metric>().ok()?, raw)));
        Some(every(known.map(|(metric, raw)| bounds_of(metric, raw, reader)))?.concat())
    }

    /// Bounds of one metric stand together, as they do in every file that was read.
    fn put(&self, _: &str, _: Option<&Self::Of>, value: &Self::Of, keys: Keys) -> Keys {
        value.chunk_by(|one, other| one.metric == other.metric).fold(keys, |keys, of_metric| {
            let name = of_metric.first().map(|expectation| expectation.metric.to_string()).unwrap_or_default();
            match of_metric {
                [Expectation { window: None, bound, .. }] => keys.key(&name, bound),
                windows => {
                    let inner = windows.iter().fold(Keys::default(), |keys, Expectation { window, bound, .. }| {
                        keys.key(window.as_deref().unwrap_or(WHOLE), bound)
                    });
                    keys.key(&name, inner)
                }
            }
        })
    }
}

impl Unsaid for Bounds {
    fn unsaid(&self) -> Vec<Expectation> {
        Vec::new()
    }
}

/// One bound, or one for each window.
fn bounds_of(metric: Metric, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<Vec<Expectation>> {
    let windows = match form(&metric.to_string(), raw, reader.report)? {
        Form::Word(bound) => return Some(vec![expectation(metric, None, &bound, reader)?]),
        Form::Table(windows) => windows.all(),
    };
    if windows.is_empty() {
        let problem = Problem::new(format!("`{metric}` has no bound")).at(raw.span());
        reader.report.missing(problem.help(window_forms(reader)));
    }
    let read = windows.into_iter().map(|(name, raw)| {
        let window = known_window(name.get_ref(), name.span(), reader);
        let bound = quantity(name.get_ref(), raw, reader.report)?;
        expectation(metric, window?, &bound, reader)
    });
    every(read)
}

fn expectation(metric: Metric, window: Option<String>, bound: &Text, reader: &mut Reader<'_>) -> Option<Expectation> {
    let line = reader.report.line(&bound.span());
    let read = units::bound(bound.get_ref(), metric, reader.frame.protocol.as_ref());
    Some(Expectation { metric, window, bound: reader.report.take(read, bound.span())?, line })
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
    let text = |operand: &str| pattern(&format!(r"(<=|>=|==|<|>)?\s*{operand}"));
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

/// Every key that is a count.
struct Each;

fn counts() -> impl Iterator<Item = Metric> {
    Metric::all().into_iter().filter(|metric| metric.is_count())
}

impl Field for Each {
    type Of = Vec<Floor>;

    fn keys(self, _: &'static str, _: &'static str) -> Vec<Key> {
        let schema = |_: &mut Definitions<'_>| json!({ "type": "integer", "minimum": 0 });
        counts().map(|metric| Key::new(metric.to_string(), metric.meaning(), schema)).collect()
    }

    fn read(&self, entry: Entry<'_>, _: Option<&Self::Of>, reader: &mut Reader<'_>) -> Option<Self::Of> {
        let known = entry.table.all().into_iter().filter_map(|(key, raw)| {
            let metric = key.get_ref().parse().ok().filter(|metric: &Metric| metric.is_count())?;
            Some((metric, reader.report.line(&key.span()), raw))
        });
        let known: Vec<_> = known.collect();
        let read = known.into_iter().map(|(metric, line, raw)| {
            let name = metric.to_string();
            let least = whole(&name, raw, reader.report)?;
            if least < 0 {
                let message = format!("a floor cannot be negative: `{name}` is never below 0");
                reader.report.refuse(Problem::new(message).at(raw.span()));
            }
            Some(Floor { metric, least: u64::try_from(least).ok()?, line })
        });
        every(read)
    }

    fn put(&self, _: &str, _: Option<&Self::Of>, value: &Self::Of, keys: Keys) -> Keys {
        value.iter().fold(keys, |keys, floor| keys.key(&floor.metric.to_string(), floor.least))
    }
}

impl Unsaid for Each {
    fn unsaid(&self) -> Vec<Floor> {
        Vec::new()
    }
}

fn no_metric(word: &str, known: &[&str]) -> Misread {
    /// So many of the metrics are shown to who wrote another word.
    const NEAREST: usize = 4;
    let known = known.iter().map(|key| (*key).to_owned()).collect();
    let all = "scenarios/scenario.schema.json has all";
    elsewhere(word, words::unknown_of_many("metric or key", word, known, NEAREST, all))
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
