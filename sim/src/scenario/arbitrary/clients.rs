//! What clients do.

use std::{ops::RangeInclusive, time::Duration};

use proptest::{option, prelude::*};

use super::{Breadth, durations, words};
use crate::scenario::{
    Bytes, Count, Distribution, KeyDistribution, Keys, Mix, ScriptReads, Target, Workload, WorkloadKind,
};

fn counts(range: RangeInclusive<u32>) -> impl Strategy<Value = Count> {
    (range.clone(), range).prop_map(|(one, other)| Count { least: one.min(other), most: one.max(other) })
}

pub(super) fn workloads(breadth: &Breadth) -> impl Strategy<Value = Workload> + use<> {
    let until = breadth.until;
    let cut = || 0_u32..=1000;
    let mixes = [cut(), cut(), cut(), cut(), cut(), cut()].prop_map(|mut cuts| {
        cuts.sort_unstable();
        let [one, two, three, four, five, six] = cuts;
        Mix {
            get: one,
            put: two - one,
            cas: three - two,
            update: four - three,
            delete: five - four,
            mget: six - five,
            scan: 1000 - six,
        }
    });
    let most = breadth.reads;
    let several = (counts(1..=most), counts(1..=most));
    let reads = (counts(1..=most.min(10)), counts(1..=most)).prop_map(|(calls, each)| ScriptReads { calls, each });
    let kind = prop_oneof![
        mixes.prop_map(|mix| (WorkloadKind::Kv, mix, ScriptReads::constant(1))),
        reads.prop_map(|reads| (WorkloadKind::Script, Mix::default(), reads)),
    ];
    let think = breadth.think;
    let pace = prop_oneof![
        (breadth.rate.clone(), 1_u32..=5).prop_map(|(milli, burst)| (Some(milli), burst, Duration::ZERO)),
        option::of(durations(until)).prop_map(move |more| (None, 1, think + more.unwrap_or_default())),
    ];
    let span = prop_oneof![
        Just((Duration::ZERO, None)),
        (durations(until / 2), option::of(durations(until / 2)))
            .prop_map(|(from, more)| (from, more.map(|more| from + more))),
    ];
    let to = (words::<Target>(), sizes(), several);
    let deadline = (durations(until), any::<bool>());
    (kind, pace, span, keys(*breadth.keys.end()), breadth.clients.clone(), deadline, to).prop_map(
        |(
            (kind, mix, reads),
            (rate, burst, think),
            (from, until),
            keys,
            clients,
            (deadline, halved),
            (to, value_size, (mget_keys, scan_keys)),
        )| {
            let given = |share: u32, keys| if share > 0 { keys } else { Count::constant(4) };
            Workload {
                groups: Vec::new(),
                name: String::new(),
                kind,
                clients,
                keys,
                mix,
                reads,
                mget_keys: given(mix.mget, mget_keys),
                scan_keys: given(mix.scan, scan_keys),
                rate,
                burst,
                think,
                deadline,
                budget: halved.then_some(deadline / 2).filter(|budget| !budget.is_zero()),
                to,
                value_size,
                from,
                until,
            }
        },
    )
}

fn sizes() -> impl Strategy<Value = Distribution<Bytes>> {
    let size = || (8_u64..=1_000).prop_map(Bytes);
    let table = (size(), size())
        .prop_map(|(one, other)| Distribution { knots: vec![(0, one.min(other)), (1000, one.max(other))] });
    prop_oneof![size().prop_map(Distribution::constant), table]
}

fn keys(most: u32) -> impl Strategy<Value = Keys> {
    let distribution = prop_oneof![
        Just(KeyDistribution::Uniform),
        (1_u32..=10_000).prop_map(|exponent_milli| KeyDistribution::Zipf { exponent_milli }),
    ];
    (prop_oneof![Just(8), 1..=most], distribution, "k|[a-z0-9]{1,9}").prop_map(|(count, distribution, prefix)| Keys {
        count,
        distribution,
        prefix,
    })
}

/// Unique names, the first that of its kind where that is free.
pub(super) fn named(workloads: &[Workload]) -> Vec<Workload> {
    let name = |(n, workload): (usize, &Workload)| {
        let name = if n == 0 { workload.kind.to_string() } else { format!("w{n}") };
        Workload { name, ..workload.clone() }
    };
    workloads.iter().enumerate().map(name).collect()
}
