//! What is otherwise where a bound does not hold: by which reasons that window differs from the one of the same run that did best.

use super::explain::all_spent;
use super::outcome::LeaseMeasures;
use super::prelude::*;
use super::reading::ops;
use super::{Measured, Measures, OpMeasures, Stage, Window, read};
use crate::scenario::{Expectation, OpKind};
use crate::words::Spelled;
use std::borrow::Cow;
use std::cmp::Reverse;

/// As many reasons are told.
const TOLD: usize = 3;
/// Smaller growth is not: of a share, in hundredths of the whole.
const GROWN: f64 = 0.01;

/// A reason why a metric is what it is, and how much more of it there is here than there.
struct Reason {
    words: String,
    grown: f64,
}

/// What grew in `window`, where the bound of `expectation` does not hold, against the window that did best by it; where none did better,
/// against the rest of the run. Nothing where that did no better either.
pub(super) fn what_grew(expectation: &Expectation, window: &Window, measures: &Measures) -> Vec<String> {
    let Expectation { metric, bound, .. } = expectation;
    // The more, the better.
    let worth = |value: Measured| if bound.most().is_some() { -value.value } else { value.value };
    let here = read(*metric, window, None).ok();
    let better = |value: Measured| here.is_some_and(|here| worth(value) > worth(here));
    let others = others(expectation, measures).filter(|(.., value)| better(*value));
    let best =
        others.max_by(|(.., one), (.., two)| worth(*one).total_cmp(&worth(*two))).map(|(named, other, value)| {
            (format!("in {}, {} to {},", named.name, named.from, named.to), Cow::Borrowed(other), value)
        });
    let rest = || {
        let (rest, value) = rest(expectation, window, measures).filter(|(_, value)| better(*value))?;
        Some(("in the rest of the run".to_owned(), Cow::Owned(rest), value))
    };
    let Some((there, other, value)) = best.or_else(rest) else { return Vec::new() };
    let mut reasons = match *metric {
        Metric::LeaseHitRate | Metric::LeaseHits | Metric::LeaseMisses => misses(&window.lease, &other.lease),
        Metric::Operations(kind, Stat::Ok | Stat::Refused | Stat::Unknown | Stat::Availability) => {
            outcomes(all_ops(kind, window), all_ops(kind, &other))
        }
        Metric::Operations(kind, _) => stages(kind, window, &other),
        _ => Vec::new(),
    };
    reasons.sort_by_key(|reason| Reverse((reason.grown * 1e6) as i64));
    let grew = if reasons.is_empty() { "" } else { "; what grew:" };
    let head = format!("{there} {metric} was {}{grew}", value.shown(*metric));
    std::iter::once(head).chain(reasons.into_iter().take(TOLD).map(|reason| format!("  {}", reason.words))).collect()
}

/// The other windows, what is measured there of those whom the bound is about, and the value of the metric.
fn others<'a>(
    Expectation { metric, of, window: failed, .. }: &'a Expectation,
    measures: &'a Measures,
) -> impl Iterator<Item = (&'a Window, &'a Window, Measured)> {
    let others = measures.windows.iter().filter(|other| failed.as_ref() != Some(&other.name));
    others.filter_map(|named| {
        let other = of_whom(of, named)?;
        Some((named, other, read(*metric, other, None).ok()?))
    })
}

fn of_whom<'a>(of: &Of, window: &'a Window) -> Option<&'a Window> {
    if let Of::All = of { Some(window) } else { window.of.get(of) }
}

/// The run without `window`, and the value of the metric there. Only what is counted can be told so.
fn rest(
    Expectation { metric, of, .. }: &Expectation,
    window: &Window,
    measures: &Measures,
) -> Option<(Window, Measured)> {
    let whole = of_whom(of, &measures.whole)?;
    let lease = LeaseMeasures {
        reads: whole.lease.reads.saturating_sub(window.lease.reads),
        hits: whole.lease.hits.saturating_sub(window.lease.hits),
        misses: less(&whole.lease.misses, &window.lease.misses),
        ..LeaseMeasures::default()
    };
    let ops = whole.ops.iter().map(|(kind, all)| (*kind, without(*all, ops(window, *kind)))).collect();
    let rest = Window { lease, ops, all: without(whole.all, window.all), ..Window::default() };
    let value = match metric {
        Metric::LeaseHitRate | Metric::Operations(_, Stat::Availability) => read(*metric, &rest, None).ok()?,
        _ => return None,
    };
    Some((rest, value))
}

fn less(all: &BTreeMap<Miss, u64>, part: &BTreeMap<Miss, u64>) -> BTreeMap<Miss, u64> {
    all.iter().map(|(miss, all)| (*miss, all.saturating_sub(part.get(miss).copied().unwrap_or_default()))).collect()
}

/// What is counted of these operations but not of those.
fn without(all: OpMeasures, part: OpMeasures) -> OpMeasures {
    OpMeasures {
        ok: all.ok.saturating_sub(part.ok),
        refused: all.refused.saturating_sub(part.refused),
        unknown: all.unknown.saturating_sub(part.unknown),
        overdue: all.overdue.saturating_sub(part.overdue),
        ..OpMeasures::default()
    }
}

/// The reasons of lease reads that missed.
fn misses(here: &LeaseMeasures, there: &LeaseMeasures) -> Vec<Reason> {
    let share = |lease: &LeaseMeasures, miss| {
        lease.misses.get(&miss).copied().unwrap_or_default() as f64 / (lease.reads as f64).max(1.0)
    };
    let reasons = Miss::ALL.into_iter().filter(|miss| miss.counts());
    grown(reasons.map(|miss| (miss.name().to_owned(), share(here, miss), share(there, miss))), "of lease reads")
}

/// What became of operations that were not answered.
fn outcomes(here: OpMeasures, there: OpMeasures) -> Vec<Reason> {
    let share = |ops: OpMeasures, number: u64| number as f64 / (ops.due() as f64).max(1.0);
    let of = |name: &str, number: fn(&OpMeasures) -> u64| {
        (name.to_owned(), share(here, number(&here)), share(there, number(&there)))
    };
    let reasons =
        [of("refused", |ops| ops.refused), of("unknown", |ops| ops.unknown), of("open too long", |ops| ops.overdue)];
    grown(reasons.into_iter(), "of what was due")
}

fn all_ops(kind: Option<OpKind>, window: &Window) -> OpMeasures {
    kind.map_or(window.all, |kind| ops(window, kind))
}

/// Those shares that are larger here.
fn grown(shares: impl Iterator<Item = (String, f64, f64)>, of: &str) -> Vec<Reason> {
    let more = shares.filter(|(_, here, there)| here - there >= GROWN);
    let words = more.map(|(name, here, there)| {
        let words = format!("{name}: {} {of}, {} there", percent(here), percent(there));
        Reason { words, grown: here - there }
    });
    words.collect()
}

/// Where the time of an operation went, in the mean.
fn stages(kind: Option<OpKind>, here: &Window, there: &Window) -> Vec<Reason> {
    let (here, there) = (all_spent(kind, here).mean(), all_spent(kind, there).mean());
    let took: Duration = here.iter().sum();
    let of = Stage::all().zip(here.into_iter().zip(there));
    let more = of.filter(|(_, (here, there))| here.saturating_sub(*there) > took.mul_f64(GROWN));
    let words = more.map(|(stage, (here, there))| {
        let words = format!("{stage}: {} an operation, {} there", duration(here), duration(there));
        Reason { words, grown: (here - there).as_secs_f64() }
    });
    words.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Bound, Op};
    use crate::verdict::{Spent, Took};

    /// So many of 1,000 lease reads missed for want of a lease, and a get spent so many milliseconds on a ReadIndex round.
    fn window(name: &str, cold: u64, round: u64) -> Window {
        let mut spent = Spent::default();
        let mut parts = [Duration::ZERO; Stage::WORDS.len()];
        (parts[Stage::ReadIndex as usize], parts[Stage::Answer as usize]) =
            (Duration::from_millis(round), Duration::from_millis(1));
        spent.add(true, SimTime::default(), parts.iter().sum(), parts);
        let mean = Took::Exactly(Duration::from_millis(round + 1));
        let ops = OpMeasures { ok: 1_000 - cold, refused: cold, mean, ..OpMeasures::default() };
        let misses = [(Miss::Cold, cold)].into();
        let lease = LeaseMeasures { reads: 1_000, hits: 1_000 - cold, misses, ..LeaseMeasures::default() };
        Window {
            name: name.to_owned(),
            to: SimTime::at(Duration::from_secs(1)),
            ops: [(OpKind::Get, ops)].into(),
            all: ops,
            spent: [(OpKind::Get, spent)].into(),
            lease,
            ..Window::default()
        }
    }

    fn calm() -> Window {
        window("calm", 0, 2)
    }

    fn told(metric: &str, bound: (Op, f64), windows: &[Window]) -> Vec<String> {
        told_of(metric, bound, windows, Window::default())
    }

    fn told_of(metric: &str, (op, value): (Op, f64), windows: &[Window], whole: Window) -> Vec<String> {
        let metric: Metric = metric.parse().expect("a metric");
        let bound = Bound { op, value, upper: None, text: String::new() };
        let failed = windows[0].clone();
        let expectation = Expectation { metric, of: Of::All, window: Some(failed.name.clone()), bound, line: 1 };
        let measures = Measures { whole, windows: windows.to_vec(), ..Measures::default() };
        what_grew(&expectation, &failed, &measures)
    }

    #[test]
    fn reasons_are_told_against_the_window_that_did_best() {
        let windows = [window("storm", 900, 40), window("before", 20, 3), window("calm", 0, 2)];
        assert_eq!(
            told("lease-hit-rate", (Op::Ge, 0.9), &windows),
            [
                "in calm, 0.000000s to 1.000000s, lease-hit-rate was 100%; what grew:",
                "  cold: 90% of lease reads, 0% there"
            ]
        );
        assert_eq!(
            told("get-availability", (Op::Ge, 0.9), &windows)[1..],
            ["  refused: 90% of what was due, 0% there"]
        );
        let mean = told("get-mean", (Op::Le, 0.01), &windows);
        assert_eq!(mean[1..], ["  ReadIndex and answer: 40ms an operation, 2ms there"], "the answer took as long");
    }

    #[test]
    fn where_no_window_did_better_the_rest_of_the_run_may_have() {
        let whole = Window { lease: LeaseMeasures { reads: 3_000, hits: 2_090, ..calm().lease }, ..calm() };
        let told = told_of("lease-hit-rate", (Op::Ge, 0.9), &[window("storm", 900, 40)], whole);
        let expected =
            ["in the rest of the run lease-hit-rate was 99.5%; what grew:", "  cold: 90% of lease reads, 0% there"];
        assert_eq!(told, expected);
    }

    #[test]
    fn nothing_is_told_where_nothing_did_better() {
        assert!(told("lease-hit-rate", (Op::Ge, 0.9), &[window("storm", 900, 40), window("worse", 950, 2)]).is_empty());
        assert!(told("lease-hit-rate", (Op::Ge, 0.9), &[window("storm", 900, 40)]).is_empty());
        assert!(told("get-mean", (Op::Le, 0.01), &[window("storm", 0, 40), window("slower", 0, 50)]).is_empty());
    }
}
