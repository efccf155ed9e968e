//! One JSON object a run: for programs. `docs/metrics.md` says what each field means.
//!
//! Times are milliseconds with at most six decimals, so exact to the nanosecond. Two equal runs may differ in `wall_ms` and
//! `cpu_ms` alone. Operations of a kind that did not occur are absent from `ops`; misses, invalidations, faults and checks
//! that did not occur are absent likewise; the four causes of `read_index_rounds` are always there. `lease.hit_rate` is `null`
//! without lease reads, as a latency of a window is without operations. A latency that stands for operations which were not
//! answered is `null` too, and has what it is at least beside it: `"p99_ms":null,"p99_at_least_ms":1000.0`. `beyond_claims` says what first took the run beyond
//! what its scenario claims; it is `null` where nothing did.

use super::screen::title;
use crate::check::Severity;
use crate::history::OpKind;
use crate::scenario::{Metric, Unit};
use crate::time::SimTime;
use crate::verdict::{Failure, OpMeasures, Overload, Potential, Recoveries, Ruling, RunReport, Took, Window, read};
use leasehold::observe::RoundCause;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::time::Duration;

/// The number of the format of JSON lines: it grows when a field goes or changes its meaning, and not when one is added.
const FORMAT: u32 = 2;

/// `report` as one line of JSON, without the newline.
pub fn json_line(report: &RunReport) -> String {
    // Strings, numbers and maps with string keys: serde_json has nothing to refuse.
    serde_json::to_string(&Object::of(report)).unwrap_or_default()
}

#[derive(Serialize)]
struct Object<'a> {
    format: u32,
    scenario: String,
    seed: u64,
    variant: &'a str,
    engine: &'a str,
    load: f64,
    verdict: &'a str,
    as_expected: bool,
    reached: Option<bool>,
    beyond_claims: Option<&'a str>,
    class: Option<String>,
    failures: Vec<Failed<'a>>,
    potential: Vec<Possible<'a>>,
    fingerprint: String,
    sim_ms: f64,
    wall_ms: f64,
    cpu_ms: f64,
    events: u64,
    messages: u64,
    ops: BTreeMap<&'a str, Op>,
    lease: Lease<'a>,
    conflicts: u64,
    leader_changes: u64,
    read_index_rounds: BTreeMap<&'a str, u64>,
    stale_reads: u64,
    faults: BTreeMap<&'a str, Fault>,
    /// How often each verb acted, by the state of the lease then.
    fault_coverage: BTreeMap<&'a str, BTreeMap<&'a str, u64>>,
    checks: BTreeMap<&'a str, Check>,
    recoveries: Recovered,
    overload: Vec<Full>,
    windows: Vec<Windowed<'a>>,
}

#[derive(Serialize)]
struct Failed<'a> {
    check: &'a str,
    severity: String,
    at_ms: f64,
    message: &'a str,
}

/// The first of what a check found that might have failed, and how often it did.
#[derive(Serialize)]
struct Possible<'a> {
    check: &'a str,
    severity: &'a str,
    class: String,
    times: u64,
    at_ms: f64,
    message: &'a str,
}

/// Operations of one kind. A figure that stands for operations which were not answered is `null`, beside what it is at least.
#[derive(Serialize)]
struct Op {
    ok: u64,
    refused: u64,
    unknown: u64,
    open: u64,
    availability: Option<f64>,
    #[serde(flatten)]
    times: Times,
}

/// Durations, each under its name: `p99_ms`, or `null` and `p99_at_least_ms`.
struct Times(Vec<(&'static str, Option<Took>)>);

impl Serialize for Times {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, took) in &self.0 {
            map.serialize_entry(&format!("{name}_ms"), &took.and_then(Took::exactly).map(millis))?;
            if let Some(Took::AtLeast(least)) = took {
                map.serialize_entry(&format!("{name}_at_least_ms"), &millis(*least))?;
            }
        }
        map.end()
    }
}

#[derive(Serialize)]
struct Lease<'a> {
    reads: u64,
    retries: u64,
    hits: u64,
    hit_rate: Option<f64>,
    misses: BTreeMap<&'a str, u64>,
    invalidations: BTreeMap<&'a str, u64>,
    voided: BTreeMap<&'a str, u64>,
    renewals: u64,
}

#[derive(Serialize)]
struct Fault {
    planned: u64,
    activated: u64,
    effective: u64,
}

#[derive(Serialize)]
struct Check {
    evaluated: u64,
    violations: u64,
}

/// How long it took, each time, until there was a leader again after a fault; most take no longer than `usual_ms`, none may take
/// longer than `longest_ms`.
#[derive(Serialize)]
struct Recovered {
    took_ms: Vec<f64>,
    usual_ms: f64,
    longest_ms: f64,
}

/// Something of which a node had too little, and the operations that were due meanwhile.
#[derive(Serialize)]
struct Full {
    node: String,
    resource: String,
    excuses: bool,
    from_ms: f64,
    to_ms: f64,
    due: u64,
    unanswered: u64,
}

impl Full {
    fn of(overload: &Overload) -> Self {
        let Overload { node, of, from, to, due, unanswered } = *overload;
        let at = |at: SimTime| millis(at.since(SimTime::default()));
        let (node, resource, excuses) = (node.to_string(), of.to_string(), of.excuses());
        Self { node, resource, excuses, from_ms: at(from), to_ms: at(to), due, unanswered }
    }
}

#[derive(Serialize)]
struct Windowed<'a> {
    name: &'a str,
    from_ms: f64,
    to_ms: f64,
    lease_reads: u64,
    lease_hit_rate: Option<f64>,
    ops: BTreeMap<&'a str, Op>,
    #[serde(flatten)]
    times: Times,
    conflicts: u64,
    leader_changes: u64,
    stale_reads: u64,
    unserved_ms: Option<f64>,
    unserved_via_ms: Option<f64>,
    leaderless_ms: f64,
    failover_ms: Option<f64>,
    recovery_ms: Option<f64>,
    rewarm_ms: Option<f64>,
    /// The metrics that are numbers for each of something, by name; those that had nothing to be measured by are absent.
    #[serde(flatten)]
    per: BTreeMap<String, f64>,
}

impl<'a> Object<'a> {
    fn of(report: &'a RunReport) -> Self {
        let whole = &report.measures.whole;
        let rounds = |cause: RoundCause| whole.rounds.get(&cause).map_or(0, |round| round.started);
        Self {
            format: FORMAT,
            scenario: title(&report.path),
            seed: report.seed,
            variant: &report.variant,
            engine: report.engine,
            load: f64::from(report.load.0) / 1e3,
            verdict: match report.verdict.ruling {
                Ruling::Pass => "pass",
                Ruling::NotReached => "not-reached",
                Ruling::Fail => "fail",
                Ruling::ExpectedUnsafe => "expected-unsafe",
            },
            as_expected: report.verdict.as_expected,
            reached: report.reached,
            beyond_claims: report.verdict.beyond_claims.as_deref(),
            class: report.verdict.class.map(|class| class.to_string()),
            failures: report.verdict.failures.iter().map(Failed::of).collect(),
            potential: report.potential.values().map(Possible::of).collect(),
            fingerprint: report.fingerprint.to_string(),
            sim_ms: millis(report.sim),
            wall_ms: millis(report.wall),
            cpu_ms: millis(report.cpu),
            events: report.events,
            messages: report.messages,
            ops: whole.ops.iter().map(|(kind, op)| (kind.name(), Op::of(op))).collect(),
            lease: Lease::of(whole),
            conflicts: whole.conflicts,
            leader_changes: whole.leader_changes,
            read_index_rounds: RoundCause::ALL.into_iter().map(|cause| (cause.name(), rounds(cause))).collect(),
            stale_reads: whole.stale_reads,
            faults: report
                .faults
                .iter()
                .map(|(verb, fault)| {
                    let (planned, activated, effective) = (fault.planned, fault.activated, fault.effective);
                    (*verb, Fault { planned, activated, effective })
                })
                .collect(),
            fault_coverage: report
                .coverage
                .iter()
                .map(|(verb, states)| (*verb, states.iter().map(|(state, times)| (state.name(), *times)).collect()))
                .collect(),
            checks: report
                .checks
                .iter()
                .map(|(name, check)| (*name, Check { evaluated: check.evaluated, violations: check.violations }))
                .collect(),
            recoveries: Recovered::of(&report.recoveries),
            overload: report.measures.overload.iter().map(Full::of).collect(),
            windows: report.measures.windows.iter().map(Windowed::of).collect(),
        }
    }
}

impl<'a> Failed<'a> {
    fn of(failure: &'a Failure) -> Self {
        Self {
            check: &failure.check,
            severity: failure.class.to_string(),
            at_ms: millis(Duration::from_nanos(failure.at.0)),
            message: &failure.message,
        }
    }
}

impl<'a> Possible<'a> {
    fn of(Potential { times, first }: &'a Potential) -> Self {
        Self {
            check: &first.check,
            severity: Severity::Potential.name(),
            class: first.class.to_string(),
            times: *times,
            at_ms: millis(Duration::from_nanos(first.at.0)),
            message: &first.message,
        }
    }
}

impl Op {
    fn of(op: &OpMeasures) -> Self {
        let figures =
            [("mean", op.mean), ("p50", op.p50), ("p90", op.p90), ("p99", op.p99), ("p999", op.p999), ("max", op.max)];
        let times = figures.map(|(name, took)| (name, (op.due() > 0).then_some(took)));
        Self {
            ok: op.ok,
            refused: op.refused,
            unknown: op.unknown,
            open: op.open,
            availability: op.availability(),
            times: Times(times.into()),
        }
    }
}

impl<'a> Lease<'a> {
    fn of(window: &'a Window) -> Self {
        let lease = &window.lease;
        Self {
            reads: lease.reads,
            retries: lease.retries,
            hits: lease.hits,
            hit_rate: lease.hit_rate(),
            misses: lease.misses.iter().map(|(miss, number)| (miss.name(), *number)).collect(),
            invalidations: lease.invalidations.iter().map(|(cause, number)| (*cause, *number)).collect(),
            voided: lease.voided.iter().map(|(cause, number)| (*cause, *number)).collect(),
            renewals: lease.renewals,
        }
    }
}

impl Recovered {
    fn of(recoveries: &Recoveries) -> Self {
        Self {
            took_ms: recoveries.took.iter().map(|recovery| millis(recovery.took)).collect(),
            usual_ms: millis(recoveries.usual),
            longest_ms: millis(recoveries.longest),
        }
    }
}

impl<'a> Windowed<'a> {
    fn of(window: &'a Window) -> Self {
        let op = |kind, figure: fn(&OpMeasures) -> Took| window.ops.get(&kind).filter(|op| op.due() > 0).map(figure);
        let times = vec![
            ("get_mean", op(OpKind::Get, |op| op.mean)),
            ("get_p99", op(OpKind::Get, |op| op.p99)),
            ("script_mean", op(OpKind::Script, |op| op.mean)),
        ];
        Self {
            name: &window.name,
            from_ms: millis(Duration::from_nanos(window.from.0)),
            to_ms: millis(Duration::from_nanos(window.to.0)),
            lease_reads: window.lease.reads,
            lease_hit_rate: window.lease.hit_rate(),
            ops: window.ops.iter().map(|(kind, op)| (kind.name(), Op::of(op))).collect(),
            times: Times(times),
            conflicts: window.conflicts,
            leader_changes: window.leader_changes,
            stale_reads: window.stale_reads,
            unserved_ms: window.unserved.map(millis),
            unserved_via_ms: window.unserved_via.map(|(longest, _)| millis(longest)),
            leaderless_ms: millis(window.leaderless),
            failover_ms: window.failover.map(millis),
            recovery_ms: window.recovery.map(millis),
            rewarm_ms: window.rewarm.map(millis),
            per: per(window),
        }
    }
}

fn per(window: &Window) -> BTreeMap<String, f64> {
    let of_all = |metric: &Metric| !matches!(metric, Metric::Operations(..));
    let metrics = Metric::all().into_iter().filter(|metric| metric.unit() == Unit::Per && of_all(metric));
    let value = |metric: Metric| Some((metric.to_string().replace('-', "_"), read(metric, window, None).ok()?.value));
    metrics.filter_map(value).collect()
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
