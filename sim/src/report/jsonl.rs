//! One JSON object a run: for programs. `docs/metrics.md` says what each field means.
//!
//! Times are milliseconds with at most six decimals, so exact to the nanosecond. Two equal runs may differ in `wall_ms` and
//! `cpu_ms` alone. Operations of a kind that did not occur are absent from `ops`; misses, invalidations, faults and checks
//! that did not occur are absent likewise; `groups` is empty in a cluster of one; the four causes of `read_index_rounds` are always there. `lease.hit_rate` is `null`
//! without lease reads, as a latency of a window is without operations. A latency that stands for operations which were not
//! answered is `null` too, and has what it is at least beside it: `"p99_ms":null,"p99_at_least_ms":1000.0`. `beyond_claims` says what first took the run beyond
//! what its scenario claims; it is `null` where nothing did.

use super::prelude::*;
use crate::check::Severity;
use crate::scenario::Of;
use crate::verdict::{LeaseMeasures, Overload, Recoveries, Window};
use serde::Serialize;
use std::fmt::Display;

/// The number of the format of JSON lines: it grows when a field goes or changes its meaning, and not when one is added.
pub(crate) const FORMAT: u32 = 2;

/// `report` as one line of JSON, without the newline, with what the run has `left` behind.
pub fn json_line(report: &RunReport, left: &Left) -> String {
    let (verdict, measures) = (&report.verdict, &report.measures);
    let whole = &measures.whole;
    let rounds = |cause: RoundCause| whole.rounds.get(&cause).map_or(0, |round| round.started);
    let object = Object::default()
        .with("format", FORMAT)
        .with("scenario", title(&report.path))
        .with("seed", report.seed)
        .with("variant", &report.variant)
        .with("engine", report.engine.name())
        .with("load", f64::from(report.load.0) / 1e3)
        .with("verdict", verdict.ruling.name())
        .with("as_expected", verdict.as_expected)
        .with("reached", report.reached)
        .with("beyond_claims", &verdict.beyond_claims)
        .with("class", verdict.class.map(|class| class.to_string()))
        .with("failures", list(&verdict.failures, failure))
        .with("unexpected", &verdict.unexpected)
        .with("potential", list(report.potential.values(), potential))
        .with("fingerprint", report.fingerprint.to_string())
        .with("bundle", left.bundle.as_ref().map(|path| path.display().to_string()))
        .with("sim_ms", millis(report.sim))
        .with("wall_ms", millis(report.wall))
        .with("cpu_ms", millis(report.cpu))
        .with("events", report.events)
        .with("messages", report.messages)
        .with("ops", map(&whole.ops, |kind| kind.name(), operations))
        .with("lease", lease(&whole.lease))
        .with("groups", groups(whole));
    figures(object, whole)
        .with("read_index_rounds", map(RoundCause::ALL.map(|it| (it, it)), |cause| cause.name(), rounds))
        .with("faults", map(&report.faults, |verb| *verb, fault))
        // How often each verb acted, by the state of the lease then.
        .with(
            "fault_coverage",
            map(&report.coverage, |verb| *verb, |states| map(states, |state| state.name(), |times| *times)),
        )
        .with("checks", &report.checks)
        .with("recoveries", recoveries(&report.recoveries))
        .with("overload", list(&measures.overload, overload))
        .with("windows", list(&measures.windows, window))
        .to_string()
}

pub(super) fn list<T>(all: impl IntoIterator<Item = T>, object: impl Fn(T) -> Object) -> Vec<Object> {
    all.into_iter().map(object).collect()
}

/// An object with a field for each, by its name.
fn map<K, V, T: Serialize>(
    all: impl IntoIterator<Item = (K, V)>,
    name: impl Fn(K) -> &'static str,
    value: impl Fn(V) -> T,
) -> BTreeMap<&'static str, T> {
    all.into_iter().map(|(key, of)| (name(key), value(of))).collect()
}

fn failure(Failure { check, class, at, message, .. }: &Failure) -> Object {
    let failed = Object::default().with("check", check).with("severity", class.to_string());
    failed.with("at_ms", moment(*at)).with("message", message)
}

/// The first of what a check found that might have failed, and how often it did.
fn potential(Potential { times, first }: &Potential) -> Object {
    Object::default()
        .with("check", &first.check)
        .with("severity", Severity::Potential.name())
        .with("class", first.class.to_string())
        .with("times", times)
        .with("at_ms", moment(first.at))
        .with("message", &first.message)
}

/// Operations of one kind. A figure that stands for operations which were not answered is `null`, beside what it is at least.
fn operations(op: &OpMeasures) -> Object {
    let figures =
        [("mean", op.mean), ("p50", op.p50), ("p90", op.p90), ("p99", op.p99), ("p999", op.p999), ("max", op.max)];
    let counts = Object::default()
        .with("ok", op.ok)
        .with("refused", op.refused)
        .with("unknown", op.unknown)
        .with("open", op.open)
        .with("availability", op.availability());
    figures.into_iter().fold(counts, |object, (name, took)| timed(object, name, (op.due() > 0).then_some(took)))
}

/// With a duration: `p99_ms`, or `null` and `p99_at_least_ms`.
pub(super) fn timed(object: Object, name: &str, took: Option<Took>) -> Object {
    let object = object.with(&format!("{name}_ms"), took.and_then(Took::exactly).map(millis));
    match took {
        Some(Took::AtLeast(least)) => object.with(&format!("{name}_at_least_ms"), millis(least)),
        Some(Took::Exactly(_)) | None => object,
    }
}

/// What each group did, where there are several.
fn groups(window: &Window) -> Vec<Object> {
    let groups = window.of.iter().filter_map(|(of, window)| match of {
        Of::Group(number) => Some((number, window)),
        Of::All | Of::Workload(_) | Of::Via(_) => None,
    });
    let rounds = |window: &Window, cause: RoundCause| window.rounds.get(&cause).map_or(0, |round| round.started);
    let group = |(number, window): (&u32, &Window)| {
        Object::default()
            .with("group", format!("g{number}"))
            .with("ops", map(&window.ops, |kind| kind.name(), operations))
            .with("lease", lease(&window.lease))
            .with("conflicts", window.conflicts)
            .with("stale_routes", window.stale_routes)
            .with("leader_changes", window.leader_changes)
            .with(
                "read_index_rounds",
                map(RoundCause::ALL.map(|it| (it, it)), |cause| cause.name(), |cause| rounds(window, cause)),
            )
    };
    groups.map(group).collect()
}

fn lease(lease: &LeaseMeasures) -> Object {
    Object::default()
        .with("reads", lease.reads)
        .with("retries", lease.retries)
        .with("hits", lease.hits)
        .with("hit_rate", lease.hit_rate())
        .with("misses", map(&lease.misses, |miss| miss.name(), |number| *number))
        .with("invalidations", map(&lease.invalidations, |cause| cause.name(), |number| *number))
        .with("voided", map(&lease.voided, |cause| cause.name(), |number| *number))
        .with("renewals", lease.renewals)
}

fn fault(FaultCount { planned, activated, effective, .. }: &FaultCount) -> Object {
    Object::default().with("planned", planned).with("activated", activated).with("effective", effective)
}

/// How long it took, each time, until there was a leader again after a fault; most take no longer than `usual_ms`, none may take
/// longer than `longest_ms`.
fn recoveries(Recoveries { took, usual, longest }: &Recoveries) -> Object {
    let took: Vec<f64> = took.iter().map(|recovery| millis(recovery.took)).collect();
    Object::default().with("took_ms", took).with("usual_ms", millis(*usual)).with("longest_ms", millis(*longest))
}

/// Something of which a node had too little, and the operations that were due meanwhile.
fn overload(Overload { node, of, from, to, due, unanswered }: &Overload) -> Object {
    Object::default()
        .with("node", node.to_string())
        .with("resource", of.to_string())
        .with("excuses", of.excuses())
        .with("from_ms", moment(*from))
        .with("to_ms", moment(*to))
        .with("due", due)
        .with("unanswered", unanswered)
}

fn window(window: &Window) -> Object {
    let op = |kind, figure: fn(&OpMeasures) -> Took| window.ops.get(&kind).filter(|op| op.due() > 0).map(figure);
    let object = Object::default()
        .with("name", &window.name)
        .with("from_ms", moment(window.from))
        .with("to_ms", moment(window.to))
        .with("lease_reads", window.lease.reads)
        .with("lease_hit_rate", window.lease.hit_rate())
        .with("ops", map(&window.ops, |kind| kind.name(), operations))
        .with("groups", groups(window));
    let object = timed(object, "get_mean", op(OpKind::Get, |op| op.mean));
    let object = timed(object, "get_p99", op(OpKind::Get, |op| op.p99));
    figures(timed(object, "script_mean", op(OpKind::Script, |op| op.mean)), window)
}

/// With what is measured of the whole run and of each window, beside operations and leases.
fn figures(object: Object, window: &Window) -> Object {
    let object = object
        .with("conflicts", window.conflicts)
        .with("stale_routes", window.stale_routes)
        .with("leader_changes", window.leader_changes)
        .with("stale_reads", window.stale_reads);
    let spans = Span::all().map(|span| (under_scored(span), window.longest(span).map(millis)));
    let object = spans.fold(object, |object, (name, longest)| object.with(&format!("{name}_ms"), longest));
    per(window).into_iter().fold(object, |object, (name, value)| object.with(&name, value))
}

/// The metrics that are numbers for each of something, by name; those that had nothing to be measured by are absent.
fn per(window: &Window) -> BTreeMap<String, f64> {
    let of_all = |metric: &Metric| !matches!(metric, Metric::Operations(..));
    let metrics = Metric::all().filter(|metric| metric.unit() == Unit::Per && of_all(metric));
    let value = |metric: Metric| Some((under_scored(metric), read(metric, window, None).ok()?.value));
    metrics.filter_map(value).collect()
}

/// The name of a field.
fn under_scored(metric: impl Display) -> String {
    metric.to_string().replace('-', "_")
}

fn moment(at: SimTime) -> f64 {
    millis(at.since(SimTime::default()))
}

/// Exact: a number of nanoseconds below 2^53 divided by a million is the double nearest to a decimal of six places, and is
/// printed as that decimal.
fn millis(duration: Duration) -> f64 {
    duration.as_nanos() as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_have_at_most_six_decimals() {
        // Below ten nanoseconds the number is written with an exponent, which is as exact.
        for nanos in [0, 12, 999_999, 1_234_567, 20_000_000_000, 86_399_999_999_999] {
            let text = serde_json::to_string(&millis(Duration::from_nanos(nanos))).unwrap();
            let decimals = text.split_once('.').map_or("", |(_, decimals)| decimals);
            assert!(decimals.len() <= 6 && !text.contains('e'), "{text}");
        }
    }
}
