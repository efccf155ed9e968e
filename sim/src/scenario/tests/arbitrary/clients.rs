//! What clients do.

use std::{ops::RangeInclusive, time::Duration};

use proptest::{option, prelude::*};

use super::{UNTIL, durations, words};
use crate::scenario::{Count, KeyDistribution, Keys, Mix, Pace, ScriptReads, Target, Workload, WorkloadKind};

fn counts(range: RangeInclusive<u32>) -> impl Strategy<Value = Count> {
    (range.clone(), range).prop_map(|(one, other)| Count { least: one.min(other), most: one.max(other) })
}

pub(super) fn workloads() -> impl Strategy<Value = Workload> {
    let kind = prop_oneof![
        [0_u32..=1000, 0_u32..=1000, 0_u32..=1000].prop_map(|mut cuts| {
            cuts.sort_unstable();
            let [one, two, three] = cuts;
            WorkloadKind::Kv { mix: Mix { get: one, put: two - one, cas: three - two, update: 1000 - three } }
        }),
        (counts(1..=10), counts(1..=100))
            .prop_map(|(calls, each)| WorkloadKind::Script { reads: ScriptReads { calls, each } }),
    ];
    let pace = prop_oneof![
        (1_u64..=50_000, 1_u32..=5).prop_map(|(per_second_milli, burst)| Pace::Open { per_second_milli, burst }),
        option::of(durations(UNTIL))
            .prop_map(|think| Pace::Closed { think: think.unwrap_or_default() + Duration::from_millis(1) }),
    ];
    let span = prop_oneof![
        Just((Duration::ZERO, None)),
        (durations(UNTIL / 2), option::of(durations(UNTIL / 2)))
            .prop_map(|(from, more)| (from, more.map(|more| from + more))),
    ];
    (kind, pace, span, keys(), 1_u32..=100, durations(UNTIL), words::<Target>()).prop_map(
        |(kind, pace, (from, until), keys, clients, deadline, to)| Workload {
            name: String::new(),
            kind,
            clients,
            keys,
            pace,
            deadline,
            to,
            from,
            until,
        },
    )
}

fn keys() -> impl Strategy<Value = Keys> {
    let distribution = prop_oneof![
        Just(KeyDistribution::Uniform),
        (1_u32..=10_000).prop_map(|exponent_milli| KeyDistribution::Zipf { exponent_milli }),
    ];
    (prop_oneof![Just(8), 1_u32..=1_000], distribution, "k|[a-z0-9]{1,9}")
        .prop_map(|(count, distribution, prefix)| Keys { count, distribution, prefix })
}

/// Unique names, the first that of its kind where that is free.
pub(super) fn named(workloads: &[Workload]) -> Vec<Workload> {
    let name = |(n, workload): (usize, &Workload)| {
        let kind = if matches!(workload.kind, WorkloadKind::Kv { .. }) { "kv" } else { "script" };
        let name = if n == 0 { kind.to_owned() } else { format!("w{n}") };
        Workload { name, ..workload.clone() }
    };
    workloads.iter().enumerate().map(name).collect()
}
