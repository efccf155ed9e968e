//! The behaviour of a run, which a snapshot keeps: the verdict, and what was measured in each window.

use leasehold::observe::{EndCause, RoundCause};
use leasehold_sim::scenario::Span;
use leasehold_sim::verdict::{Lasted, OpMeasures, RunReport, SnapshotMeasures, Window};
use leasehold_sim::words::figures::{count, duration, percent};
use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};

/// What `report` came to, one fact a line: only what is the same on every machine.
pub(crate) fn pinned(report: &RunReport) -> String {
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
