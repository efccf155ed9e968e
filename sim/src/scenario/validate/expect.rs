//! The rules of `[expect]` and `[floors]`.

use std::{collections::BTreeMap, ops::Range};

use toml::Spanned;

use super::{Frame, report::Report, timeline::WHOLE};
use crate::scenario::{
    Class, Expect, Expectation, Floor, Metric, Misread, Problem, VariantExpect,
    problem::quote_all,
    read,
    schema::{self, Bounds, Or, Quantity, Text, Whole},
    units, words,
};

/// The windows that expectations may name.
type Tags = BTreeMap<String, Range<usize>>;

/// So many of the metrics are shown to who wrote another word.
const NEAREST: usize = 4;

type RawBounds = Vec<(Text, Spanned<Bounds>)>;

pub(super) fn expect(
    violation: Option<Text>,
    bounds: RawBounds,
    tags: &Tags,
    frame: &Frame,
    report: &mut Report,
) -> Expect {
    let violation: Option<Class> = report.word(violation);
    Expect { bounds: expectations(bounds, tags, frame, &["violation", "variant"], report), violation }
}

pub(super) fn variants(
    raw: BTreeMap<Text, schema::Variant>,
    tags: &Tags,
    frame: &Frame,
    report: &mut Report,
) -> BTreeMap<String, VariantExpect> {
    let mut variants = BTreeMap::new();
    for (name, raw) in raw {
        let line = report.line(&name.span());
        let class = report.word(raw.class);
        let bounds = expectations(raw.bounds, tags, frame, &["class"], report);
        if let Some(name) = report.kebab("a variant's name", name) {
            variants.insert(name, VariantExpect { class, bounds, line });
        }
    }
    variants
}

/// The bounds of one table, in file order. `keys` are those of the table that are not metrics.
fn expectations(
    mut raw: RawBounds,
    tags: &Tags,
    frame: &Frame,
    keys: &[&str],
    report: &mut Report,
) -> Vec<Expectation> {
    raw.sort_by_key(|(name, _)| name.span().start);
    let mut expectations = Vec::new();
    for (name, bounds) in raw {
        let Some(metric) = metric(&name, keys, report) else { continue };
        let span = bounds.span();
        match bounds.into_inner() {
            Or::Word(bound) => {
                expectations.extend(expectation(metric, None, &Spanned::new(span, bound), frame, report))
            }
            Or::Table(windows) => expectations.extend(by_window(metric, windows, span, tags, frame, report)),
        }
    }
    expectations
}

fn by_window(
    metric: Metric,
    windows: BTreeMap<Text, Quantity>,
    span: Range<usize>,
    tags: &Tags,
    frame: &Frame,
    report: &mut Report,
) -> Vec<Expectation> {
    if windows.is_empty() {
        report.missing(Problem::new(format!("`{metric}` has no bound")).at(span).help(window_forms(tags)));
    }
    let mut windows: Vec<_> = windows.into_iter().collect();
    windows.sort_by_key(|(name, _)| name.span().start);
    let mut expectations = Vec::new();
    for (name, bound) in windows {
        let window = known_window(&name, tags, report);
        expectations.extend(window.and_then(|window| expectation(metric, window, &bound, frame, report)));
    }
    expectations
}

/// The tag that `name` is; `Some(None)` for the whole run. `None` if there is no such window.
fn known_window(name: &Text, tags: &Tags, report: &mut Report) -> Option<Option<String>> {
    let word = name.get_ref();
    if word == WHOLE {
        return Some(None);
    }
    if tags.contains_key(word) {
        return Some(Some(word.clone()));
    }
    let windows = tags.keys().map(String::as_str).chain([WHOLE]);
    let unknown = words::unknown("window", word, windows).help(window_forms(tags));
    report.missing(unknown.at(name.span()));
    None
}

fn window_forms(tags: &Tags) -> String {
    let windows = quote_all(tags.keys().map(String::as_str).chain([WHOLE]));
    format!("windows are {windows}; a step `{{ at = \"2s..6s\", tag = \"storm\" }}` names one")
}

fn expectation(
    metric: Metric,
    window: Option<String>,
    bound: &Quantity,
    frame: &Frame,
    report: &mut Report,
) -> Option<Expectation> {
    let line = report.line(&bound.span());
    let bound = report.take(units::bound(&bound.get_ref().0, metric, &frame.protocol), bound.span())?;
    Some(Expectation { metric, window, bound, line })
}

fn metric(name: &Text, keys: &[&str], report: &mut Report) -> Option<Metric> {
    let word = name.get_ref();
    if let Ok(metric) = word.parse() {
        return Some(metric);
    }
    let metrics = Metric::all().into_iter().map(|metric| metric.to_string());
    let known = keys.iter().map(|key| (*key).to_owned()).chain(metrics).collect();
    let unknown =
        words::unknown_of_many("metric or key", word, known, NEAREST, "scenarios/scenario.schema.json has all");
    report.refuse(stray(word, unknown).at(name.span()));
    None
}

pub(super) fn floors(raw: BTreeMap<Text, Whole>, report: &mut Report) -> Vec<Floor> {
    let mut raw: Vec<_> = raw.into_iter().collect();
    raw.sort_by_key(|(name, _)| name.span().start);
    raw.into_iter().filter_map(|(name, least)| floor(&name, &least, report)).collect()
}

fn floor(name: &Text, least: &Whole, report: &mut Report) -> Option<Floor> {
    let line = report.line(&name.span());
    let counts = || Metric::all().into_iter().filter(|metric| metric.is_count());
    let Some(metric) = counts().find(|metric| metric.to_string() == *name.get_ref()) else {
        report.refuse(not_a_count(name, counts()));
        return None;
    };
    let Ok(least) = u64::try_from(*least.get_ref()) else {
        let message = format!("a floor cannot be negative: `{metric}` is never below 0");
        report.refuse(Problem::new(message).at(least.span()));
        return None;
    };
    Some(Floor { metric, least, line })
}

fn not_a_count(name: &Text, counts: impl Iterator<Item = Metric>) -> Problem {
    let word = name.get_ref();
    let unknown = match word.parse::<Metric>() {
        Ok(metric) => {
            let message = format!("`{metric}` is not a count, so it has no floor");
            let help = format!("write a bound in [expect], or a floor under one of {}", quote_all(counts));
            return Problem::new(message).at(name.span()).help(help);
        }
        Err(_) => words::unknown("count", word, counts),
    };
    stray(word, unknown).at(name.span())
}

/// `unknown`, or what to say if `word` is a key that belongs elsewhere.
fn stray(word: &str, unknown: Misread) -> Misread {
    if matches!(word, "checks" | "record-only") {
        let help =
            "which checks only record is said in a table of its own: `[checks]`, `record-only = [\"staleness\"]`";
        return Misread { meant: None, ..unknown }.help(help);
    }
    match read::above_tables(word) {
        Some(help) => Misread { meant: None, ..unknown }.help(help),
        None => unknown,
    }
}
