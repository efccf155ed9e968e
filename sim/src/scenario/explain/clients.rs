//! What clients do.

use super::cluster::spread;
use crate::scenario::{
    Bytes, Count, Distribution, KeyDistribution, Keys, Pace, Scenario, ScriptReads, Target, Workload, WorkloadKind,
    units::{MIN_VALUE, decimal, written_size},
};
use crate::words::figures::{counted, exact as time, listed};

pub(super) fn told(scenario: &Scenario) -> Vec<String> {
    scenario.workloads.iter().map(|workload| one(workload, scenario)).collect()
}

fn one(workload: &Workload, scenario: &Scenario) -> String {
    let Workload { name, clients, keys, deadline, .. } = workload;
    let what = match workload.kind {
        WorkloadKind::Kv => format!("single operations ({})", shares(workload)),
        WorkloadKind::Script => format!(
            "scripts (a lease read, {}, one write that is checked against what was read; on conflict all of it again)",
            reads_of(workload.reads)
        ),
    };
    let to = match workload.to {
        Target::Any => "each begins at a node of its own, and after an error turns to the next",
        Target::Leader => {
            "they ask whoever leads (while nobody does, each a node of its own, and after an error the next)"
        }
    };
    let clients = counted(*clients, "client");
    let by_node =
        workload.budget.map_or(String::new(), |budget| format!(", by the node that was asked after {}", time(budget)));
    let given_up = format!("an operation is given up after {}{by_node}", time(*deadline));
    format!(
        "{name}: {clients}, {what}, on {}{}; {}; {to}; {given_up}{}.",
        on(keys, &workload.groups),
        sizes(workload),
        pace(workload),
        span(workload, scenario)
    )
}

/// Only where they are not the smallest.
fn sizes(Workload { value_size, .. }: &Workload) -> String {
    if *value_size == Distribution::constant(Bytes(MIN_VALUE)) {
        return String::new();
    }
    format!(", with values of {}", spread(value_size, |Bytes(size)| written_size(size)))
}

fn shares(Workload { mix, mget_keys, scan_keys, .. }: &Workload) -> String {
    let several = |count: &Count| {
        if *count == Count::constant(1) { "1 key".to_owned() } else { format!("{} keys", number(*count)) }
    };
    let shares = [
        (mix.get, "reads".to_owned()),
        (mix.put, "blind writes".to_owned()),
        (mix.cas, "compare-and-set".to_owned()),
        (mix.update, "updates".to_owned()),
        (mix.delete, "deletes".to_owned()),
        (mix.mget, format!("reads of {}", several(mget_keys))),
        (mix.scan, format!("scans over {}", several(scan_keys))),
    ];
    let words: Vec<String> = shares
        .iter()
        .filter(|(share, _)| *share > 0)
        .map(|(share, what)| format!("{}% {what}", decimal((*share).into(), 1)))
        .collect();
    listed(&words)
}

fn number(Count { least, most }: Count) -> String {
    if least == most { least.to_string() } else { format!("{least} to {most}") }
}

fn reads_of(ScriptReads { calls, each }: ScriptReads) -> String {
    match calls {
        Count { least: 1, most: 1 } if each.least == each.most => counted(each.least, "read"),
        _ => format!("{} calls of {} reads each", number(calls), number(each)),
    }
}

fn on(keys: &Keys, groups: &[u32]) -> String {
    let usual = Keys::default().prefix;
    let shared = if keys.prefix == usual { String::new() } else { format!(" called {}...", keys.prefix) };
    let chosen = match keys.distribution {
        KeyDistribution::Uniform => "chosen alike".to_owned(),
        KeyDistribution::Zipf { exponent_milli } => {
            format!("the first far more often than the last (zipf {})", decimal(exponent_milli.into(), 3))
        }
    };
    let of: Vec<String> = groups.iter().map(|group| format!("g{group}")).collect();
    let of = if of.is_empty() { String::new() } else { format!(", of which only those of {}", listed(&of)) };
    format!("{}{shared}{of}, {chosen}", counted(keys.count, "key"))
}

fn pace(workload: &Workload) -> String {
    match workload.pace() {
        Pace::Open { per_second_milli, burst } => {
            let together =
                if burst == 1 { String::new() } else { format!(", {burst} at a time and on the same (first) key") };
            format!("{} a second over all of them{together}, answered or not", decimal(per_second_milli, 3))
        }
        Pace::Closed { think } if think.is_zero() => "each begins the next as soon as the last is answered".to_owned(),
        Pace::Closed { think } => format!("each begins the next {} after the last is answered", time(think)),
    }
}

fn span(workload: &Workload, scenario: &Scenario) -> String {
    let whole = workload.from.is_zero() && workload.until.is_none();
    let until = time(workload.until.unwrap_or(scenario.until));
    if whole { String::new() } else { format!("; from {} to {until}", time(workload.from)) }
}
