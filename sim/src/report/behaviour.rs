//! The behaviour of a run, which a snapshot keeps: the verdict, and what was measured in each window. And back: the figures of a
//! snapshot, as far as a later run is compared with them.

use super::prelude::*;
use crate::scenario::{self, Stat};
use crate::verdict::{Lasted, Measured, SnapshotMeasures, Window};
use leasehold::observe::EndCause;
use std::fmt::{Display, Write as _};

/// What `report` came to, one fact a line: only what is the same on every machine.
pub fn behaviour(report: &RunReport) -> String {
    let mut facts = Facts(String::new());
    let verdict = &report.verdict;
    facts.say(
        "run",
        format!("{}, variant {}, {}, seed {}", report.scenario, report.variant, report.engine, report.seed),
    );
    facts.say("verdict", verdict.ruling);
    if let Some(beyond) = &verdict.beyond_claims {
        facts.say("beyond claims", beyond);
    }
    facts.say("as expected", verdict.as_expected);
    for failure in &verdict.failures {
        facts.say("failure", format!("{} ({}) at {}: {}", failure.class, failure.check, failure.at, failure.message));
    }
    facts.say("simulated", duration(report.sim));
    facts.window("whole", &report.measures.whole);
    for window in &report.measures.windows {
        facts.window(&window.name, window);
    }
    for (verb, fault) in &report.faults {
        let words = format!("{} planned, {} activated, {} effective", fault.planned, fault.activated, fault.effective);
        facts.say(&format!("fault {verb}"), words);
    }
    for (name, check) in report.checks.iter().filter(|(_, check)| check.violations > 0) {
        facts.say(&format!("violations {name}"), count(check.violations));
    }
    for (name, potential) in &report.potential {
        let words =
            format!("{} times, first at {}: {}", count(potential.times), potential.first.at, potential.first.message);
        facts.say(&format!("potential {name}"), words);
    }
    facts.0
}

struct Facts(String);

impl Facts {
    fn say(&mut self, name: &str, value: impl Display) {
        // A String does not refuse text.
        let _ = writeln!(self.0, "{name}: {value}");
    }

    fn window(&mut self, name: &str, window: &Window) {
        self.say("window", format!("{name}, {} to {}", window.from, window.to));
        for (kind, op) in &window.ops {
            let OpMeasures { ok, refused, unknown, open, mean, p99, max, .. } = *op;
            let [ok, refused, unknown, open] = [ok, refused, unknown, open].map(count);
            let counts = format!("{ok} ok, {refused} refused, {unknown} unknown, {open} open");
            let times = format!("mean {mean}, p99 {p99}, max {max}");
            self.say(&format!("  {}", kind.name()), format!("{counts}; {times}"));
        }
        let lease = &window.lease;
        let rate = lease.hit_rate().map_or("none".to_owned(), percent);
        self.say("  lease hit rate", format!("{rate} ({} of {})", count(lease.hits), count(lease.reads)));
        self.say("  lease misses", listed(lease.misses.iter().map(|(miss, number)| (miss.name(), *number))));
        self.say("  lease invalidations", listed(by_name(&lease.invalidations)));
        self.say("  lease ends voided", listed(by_name(&lease.voided)));
        self.say("  lease reads tried again", count(lease.retries));
        self.say("  lease renewals", count(lease.renewals));
        let rounds = RoundCause::ALL
            .into_iter()
            .filter_map(|cause| window.rounds.get(&cause).map(|round| (cause.name(), round.started)));
        self.say("  ReadIndex rounds", listed(rounds));
        self.say("  conflicts", count(window.conflicts));
        self.say("  leader changes", window.leader_changes);
        self.say("  stale reads", window.stale_reads);
        let SnapshotMeasures { taken, installed, reopened } = window.snapshots;
        if taken + installed + reopened > 0 {
            self.say("  snapshots", format!("taken {taken}, installed {installed}, reopened {reopened}"));
        }
        for (span, Lasted { longest, via, .. }) in &window.lasted {
            let via = via.map_or(String::new(), |node| format!(" ({node})"));
            match span {
                Span::Unserved => self.say("  nobody served for", duration(*longest)),
                Span::UnservedVia => {
                    self.say("  nobody who asks one node served for", format!("{}{via}", duration(*longest)));
                }
                Span::Leaderless => self.say("  no leader for", duration(*longest)),
                Span::Failover => self.say("  failover", duration(*longest)),
                Span::Recovery => self.say("  recovery, from the end of a fault", duration(*longest)),
                Span::Rewarm => {}
            }
        }
    }
}

fn listed(counts: impl Iterator<Item = (&'static str, u64)>) -> String {
    let words: Vec<String> = counts.map(|(name, number)| format!("{name} {}", count(number))).collect();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

fn by_name(ends: &BTreeMap<EndCause, u64>) -> impl Iterator<Item = (&'static str, u64)> {
    let ends: BTreeMap<_, _> = ends.iter().map(|(cause, number)| (cause.name(), *number)).collect();
    ends.into_iter()
}

/// The figures of one run, as its behaviour tells them: hit rates, availabilities and latencies, to the digits that it tells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// The variant.
    pub variant: String,
    /// The seed.
    pub seed: u64,
    /// By window; `None`: there was nothing to measure.
    pub of: BTreeMap<(String, Metric), Option<Measured>>,
}

impl Figures {
    /// Those of each run that `text` tells of, as [`behaviour`] has them, one after the other. Lines that tell something else say nothing.
    pub fn of_all(text: &str) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        let mut window = String::new();
        for line in text.lines() {
            let Some((name, value)) = line.split_once(": ") else { continue };
            match (name, all.last_mut()) {
                ("run", _) => all.extend(Self::of_run(value)),
                ("window", Some(_)) => window = value.split(',').next().unwrap_or_default().to_owned(),
                (_, Some(figures)) if name.starts_with("  ") => figures.read(&window, name.trim_start(), value),
                _ => {}
            }
        }
        all
    }

    /// `hit-rate, variant default, raft-rs, seed 1`
    fn of_run(words: &str) -> Option<Self> {
        let mut words = words.split(", ");
        let variant = words.find_map(|word| word.strip_prefix("variant "))?.to_owned();
        let seed = words.find_map(|word| word.strip_prefix("seed "))?.parse().ok()?;
        Some(Self { variant, seed, of: BTreeMap::new() })
    }

    fn read(&mut self, window: &str, name: &str, value: &str) {
        let of = |stat| (window.to_owned(), Metric::Operations(OpKind::spelled(name).ok(), stat));
        if name == "lease hit rate" {
            let (_, counts) = value.split_once('(').unwrap_or_default();
            let counts = counts.trim_end_matches(')').split_once(" of ");
            let share = counts.and_then(|(hits, reads)| share(whole(hits)?, whole(reads)?));
            self.of.insert((window.to_owned(), Metric::LeaseHitRate), share);
        } else if let (Ok(_), Some((counts, times))) = (OpKind::spelled(name), value.split_once("; ")) {
            let counts: Vec<u64> = counts.split(", ").filter_map(|count| whole(count.split(' ').next()?)).collect();
            let ok = counts.first().copied().unwrap_or_default();
            self.of.insert(of(Stat::Availability), share(ok, counts.iter().sum()));
            for (word, time) in times.split(", ").filter_map(|time| time.split_once(' ')) {
                if let Some(stat) = [Stat::Mean, Stat::P99].into_iter().find(|stat| stat.name() == word) {
                    self.of.insert(of(stat), took(time));
                }
            }
        }
    }
}

fn share(of: u64, all: u64) -> Option<Measured> {
    (all > 0).then(|| Measured::from(of as f64 / all as f64))
}

/// `4,812`
fn whole(text: &str) -> Option<u64> {
    text.replace(',', "").parse().ok()
}

/// `1.5ms`, `>= 500ms`
fn took(text: &str) -> Option<Measured> {
    let time = text.strip_prefix(">= ");
    let value = scenario::duration(time.unwrap_or(text)).ok()?.as_secs_f64();
    Some(Measured { value, at_least: time.is_some() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOLD: &str = "\
run: storm, variant elastickv-549, raft-rs, seed 3
verdict: fail
failure: expectation (get-mean) at 4s: get: 7 ok, 0 refused, 0 unknown, 0 open; mean 9s, p99 9s, max 9s
window: whole, 0.000000s to 10.000000s
  get: 7,405 ok, 2,594 refused, 0 unknown, 1 open; mean >= 142ms, p99 1.5s, max >= 500ms
  lease hit rate: 94.16% (7,405 of 7,864)
  lease misses: expired 459
window: calm, 3.000000s to 5.000000s
  lease hit rate: none (0 of 0)
";

    #[test]
    fn the_figures_of_a_snapshot_are_read_back() {
        let read = Figures::of_all(TOLD);
        let [figures] = &read[..] else { panic!("{read:?}") };
        assert_eq!((figures.variant.as_str(), figures.seed), ("elastickv-549", 3));
        let told = |((window, metric), value): (&(String, Metric), &Option<Measured>)| {
            format!("{window} {metric} {}", or_dash(value.map(|value| value.shown(*metric))))
        };
        let told: Vec<String> = figures.of.iter().map(told).collect();
        assert_eq!(
            told,
            [
                "calm lease-hit-rate -",
                "whole lease-hit-rate 94.16%",
                "whole get-availability 74.05%",
                "whole get-mean >= 142ms",
                "whole get-p99 1.5s",
            ]
        );
    }
}
