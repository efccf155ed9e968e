//! What must come of it.

use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::{select, subsequence},
};

use super::words;
use crate::scenario::{Bound, Class, Expectation, Floor, Metric, Of, Op, Unit, VariantExpect, units::Protocol};

pub(super) fn section(windows: Vec<String>, protocol: Protocol) -> impl Strategy<Value = VariantExpect> {
    (option::of(words::<Class>()), bounds(windows, protocol)).prop_map(|(class, bounds)| VariantExpect {
        check: class.map(|_| "one-lease".to_owned()),
        class,
        bounds,
    })
}

/// Bounds of some metrics in some windows, in any order, as a file has them: those of one metric together.
pub(super) fn bounds(windows: Vec<String>, protocol: Protocol) -> impl Strategy<Value = Vec<Expectation>> {
    let windows: Vec<Option<String>> = windows.into_iter().map(Some).chain([None]).collect();
    let all = windows.len();
    let metrics = subsequence(Metric::all().collect::<Vec<_>>(), 0..5).prop_shuffle();
    metrics.prop_flat_map(move |metrics| {
        let each = metrics.into_iter().map(|metric| {
            let windows = subsequence(windows.clone(), 1..=all).prop_shuffle();
            (windows, vec(written_bounds(metric), all)).prop_map(move |(windows, texts)| {
                let bound = |(window, text): (Option<String>, String)| {
                    let bound = Bound::read(&text, metric, Some(&protocol)).expect("a bound that can hold");
                    Expectation { metric, of: Of::All, window, bound, line: 0 }
                };
                windows.into_iter().zip(texts).map(bound).collect::<Vec<_>>()
            })
        });
        let via_first = subsequence(Metric::all().collect::<Vec<_>>(), 0..3).prop_map(|metrics| {
            let metrics = metrics.into_iter().filter(|metric| metric.is_of_clients());
            let bound = |metric| Expectation {
                metric,
                of: Of::Via(1),
                window: None,
                bound: Bound { op: Op::Ge, value: 0.0, upper: None, text: zero(metric).to_owned() },
                line: 0,
            };
            metrics.map(bound).collect::<Vec<_>>()
        });
        (each.collect::<Vec<_>>(), via_first).prop_map(|(bounds, via)| [bounds.concat(), via].concat())
    })
}

fn zero(metric: Metric) -> &'static str {
    match metric.unit() {
        Unit::Seconds => ">= 0s",
        Unit::Ratio | Unit::Per | Unit::Count => ">= 0",
    }
}

/// A bound as somebody might write it.
fn written_bounds(metric: Metric) -> BoxedStrategy<String> {
    let op = select(vec!["", "<=", ">= ", " ==  ", "<\u{a0}", "<=\t"]);
    let value = match metric.unit() {
        Unit::Seconds => "[1-9][0-9]{0,3}(\\.[0-9]{1,3})? ?(ms|s|election-timeouts|heartbeats)".boxed(),
        Unit::Ratio => "0\\.0?[1-9]{1,4}|[1-9][0-9]?%".boxed(),
        Unit::Per => "[1-9][0-9]{0,4}(\\.[0-9]{1,3})?(/s)?".boxed(),
        Unit::Count => "[1-9][0-9_]{0,6}|[1-4]\\.\\.=?[5-9]".boxed(),
    };
    let written = |(op, value): (&str, String)| if value.contains("..") { value } else { format!("{op}{value}") };
    (op, value).prop_map(written).boxed()
}

pub(super) fn floors() -> impl Strategy<Value = Vec<Floor>> {
    let counts: Vec<_> = Metric::all().filter(|metric| metric.is_count()).collect();
    let some = subsequence(counts, 0..4).prop_shuffle();
    (some, vec(0_u64..i64::MAX as u64, 4)).prop_map(|(metrics, least)| {
        metrics.into_iter().zip(least).map(|(metric, least)| Floor { metric, least, line: 0 }).collect()
    })
}
