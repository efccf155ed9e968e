//! Hit rates, availabilities and latencies that are not as pinned, and how much that matters.
//!
//! A tenth of a percentage point of a rate matters as much as a twentieth of a latency. What moved by less than that is only counted:
//! whatever is drawn otherwise moves all latencies a little.

use super::prelude::*;
use crate::report::Figures;
use crate::scenario::Unit;

/// A figure that moved.
#[derive(Clone, PartialEq, Debug)]
pub struct Moved {
    /// The scenario and, where it is not the file's own, the variant: `incidents/pr-558::elastickv-549`.
    pub run: String,
    /// The window.
    pub window: String,
    /// What was measured.
    pub metric: Metric,
    /// What is pinned; `None`: there was nothing to measure.
    pub pinned: Option<Measured>,
    /// What it is now; `None`: there is nothing to measure.
    pub now: Option<Measured>,
}

/// A rate that moved by so much, as a share of one, matters as a latency that is twice as long.
const AS_TWICE: f64 = 0.02;

/// What matters less is only counted.
const LITTLE: f64 = 0.05;

/// A figure that there was not, or that there is no more, matters as much as any.
const ALL: f64 = 1e9;

/// Below this, in seconds, a latency is nothing.
const NOTHING: f64 = 1e-6;

impl Moved {
    /// By how much, in the unit of the metric.
    pub fn by(&self) -> Option<f64> {
        Some(self.now?.value - self.pinned?.value)
    }

    /// The same as a share of what is pinned; `None`: nothing is, or it is zero.
    pub fn share(&self) -> Option<f64> {
        let pinned = self.pinned?.value;
        Some(self.by()? / pinned).filter(|_| pinned > 0.0)
    }

    /// Is it worse? Rates are to be high, latencies low.
    pub fn is_worse(&self) -> bool {
        match self.by() {
            Some(by) if self.metric.unit() == Unit::Ratio => by < 0.0,
            Some(by) => by > 0.0,
            None => self.now.is_none(),
        }
    }

    /// How much it matters: 1 is a latency twice as long, or half.
    fn weight(&self) -> f64 {
        let (Some(pinned), Some(now)) = (self.pinned, self.now) else { return ALL };
        if self.metric.unit() == Unit::Ratio {
            return (now.value - pinned.value).abs() / AS_TWICE;
        }
        let [pinned, now] = [pinned, now].map(|figure| figure.value.max(NOTHING));
        pinned.max(now) / pinned.min(now) - 1.0
    }

    /// By how much, for people: `-3.21 points`, `+1.2ms`.
    pub fn told_by(&self) -> String {
        let Some(by) = self.by() else { return String::new() };
        let sign = if by < 0.0 { '-' } else { '+' };
        match self.metric.unit() {
            Unit::Ratio => format!("{sign}{} points", number((by * 100.0).abs())),
            _ => format!("{sign}{}", duration(Duration::try_from_secs_f64(by.abs()).unwrap_or_default())),
        }
    }

    /// The same of what is pinned: `+24%`.
    pub fn told_share(&self) -> String {
        let told = |share: f64| format!("{}{}%", if share < 0.0 { '-' } else { '+' }, number((share * 100.0).abs()));
        self.share().map_or_else(String::new, told)
    }
}

/// What moved.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Moves {
    /// What matters first.
    pub moved: Vec<Moved>,
    /// How many figures moved less than is told.
    pub little: u64,
    /// How many are as pinned.
    pub same: u64,
    /// Runs of which nothing is pinned at their seed.
    pub unpinned: BTreeSet<String>,
}

impl Moves {
    /// Compares the figures of `run` with what is pinned of it.
    pub fn compare(&mut self, run: &str, now: &Figures, pinned: Option<&Figures>) {
        let Some(pinned) = pinned.filter(|pinned| pinned.seed == now.seed) else {
            self.unpinned.insert(run.to_owned());
            return;
        };
        let figures: BTreeSet<_> = now.of.keys().chain(pinned.of.keys()).collect();
        for (window, metric) in figures {
            let figure = (window.clone(), *metric);
            let of = |figures: &Figures| figures.of.get(&figure).copied().flatten();
            let (pinned, now) = (of(pinned), of(now));
            let moved = Moved { run: run.to_owned(), window: window.clone(), metric: *metric, pinned, now };
            match moved.weight() {
                _ if pinned == now => self.same += 1,
                weight if weight < LITTLE => self.little += 1,
                _ => self.moved.push(moved),
            }
        }
    }

    /// The same with what matters first: what is worse before what is better, of equal weight.
    pub fn sorted(mut self) -> Self {
        self.moved.sort_by(|one, other| {
            let weight = other.weight().total_cmp(&one.weight()).then(other.is_worse().cmp(&one.is_worse()));
            weight.then_with(|| (&one.run, &one.window, one.metric).cmp(&(&other.run, &other.window, other.metric)))
        });
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::OpKind;
    use crate::scenario::Stat;

    fn figures(seed: u64, of: &[(&str, Metric, Option<f64>)]) -> Figures {
        let of = of.iter().map(|(window, metric, value)| ((window.to_string(), *metric), value.map(Measured::from)));
        Figures { variant: "default".to_owned(), seed, of: of.collect() }
    }

    const MEAN: Metric = Metric::Operations(Some(OpKind::Get), Stat::Mean);
    const RATE: Metric = Metric::LeaseHitRate;

    #[test]
    fn what_matters_most_comes_first_with_how_much_it_moved() {
        let pinned = figures(
            1,
            &[("a", RATE, Some(1.0)), ("a", MEAN, Some(0.001)), ("b", MEAN, Some(0.002)), ("c", RATE, None)],
        );
        let now = figures(
            1,
            &[("a", RATE, Some(0.97)), ("a", MEAN, Some(0.0012)), ("b", MEAN, Some(0.001)), ("c", RATE, Some(1.0))],
        );
        let mut moves = Moves::default();
        moves.compare("fast/x", &now, Some(&pinned));
        let told = |moved: &Moved| {
            let worse = if moved.is_worse() { "worse" } else { "better" };
            format!("{} {} {} {} {worse}", moved.window, moved.metric, moved.told_by(), moved.told_share())
        };
        let told: Vec<String> = moves.sorted().moved.iter().map(told).collect();
        assert_eq!(
            told,
            [
                "c lease-hit-rate   better",
                "a lease-hit-rate -3 points -3% worse",
                "b get-mean -1ms -50% better",
                "a get-mean +200us +20% worse",
            ]
        );
    }

    #[test]
    fn what_hardly_moved_is_counted_and_what_nobody_pinned_is_named() {
        let pinned = figures(1, &[("a", RATE, Some(1.0)), ("a", MEAN, Some(0.001)), ("b", MEAN, Some(0.002))]);
        let now = figures(1, &[("a", RATE, Some(0.9995)), ("a", MEAN, Some(0.001)), ("b", MEAN, Some(0.002_01))]);
        let mut moves = Moves::default();
        moves.compare("fast/x", &now, Some(&pinned));
        moves.compare("fast/y", &now, None);
        moves.compare("fast/z", &figures(2, &[]), Some(&pinned));
        assert_eq!((moves.moved.len(), moves.little, moves.same), (0, 2, 1));
        assert_eq!(moves.unpinned.into_iter().collect::<Vec<_>>(), ["fast/y", "fast/z"]);
    }
}
