//! How far a long request is: a bar on a terminal, a plain line now and then where there is none. Always on standard error.

use crate::verdict::RunReport;
use crate::words::figures::{counted, number};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Nothing is said where there is no terminal before this, nor more often than this.
const QUIET: Duration = Duration::from_secs(10);

/// The progress of a request.
pub struct Progress {
    shown: Shown,
    total: u64,
    done: u64,
    failed: u64,
    simulated: Duration,
    begun: Instant,
    said: Instant,
}

enum Shown {
    Bar(ProgressBar),
    Lines,
    Nothing,
}

impl Progress {
    /// Nothing of `total` runs is done.
    pub fn new(total: u64) -> Self {
        let shown = if std::io::stderr().is_terminal() { Shown::Bar(bar(total)) } else { Shown::Lines };
        Self { shown, ..Self::silent(total) }
    }

    /// As [`Progress::new`], but nobody is told.
    pub fn silent(total: u64) -> Self {
        let begun = now();
        Self { shown: Shown::Nothing, total, done: 0, failed: 0, simulated: Duration::ZERO, begun, said: begun }
    }

    /// One more run is done.
    pub fn done(&mut self, report: &RunReport) {
        self.done += 1;
        self.failed += u64::from(!report.verdict.as_expected);
        self.simulated += report.sim;
        let elapsed = self.begun.elapsed();
        let speed = number(self.simulated.as_secs_f64() / elapsed.as_secs_f64().max(1e-9));
        let words = format!("{} not as expected, {speed} simulated s per wall s", self.failed);
        match &self.shown {
            Shown::Bar(bar) => {
                bar.set_message(words);
                bar.set_position(self.done);
            }
            Shown::Lines if self.said.elapsed() >= QUIET && self.done < self.total => {
                self.said = now();
                let left = elapsed.as_secs_f64() / self.done as f64 * (self.total - self.done) as f64;
                eprintln!("{} of {}, {words}, {left:.0} s left", self.done, counted(self.total, "run"));
            }
            Shown::Lines | Shown::Nothing => {}
        }
    }

    /// Runs `write` while the bar is out of the way.
    pub fn aside<R>(&self, write: impl FnOnce() -> R) -> R {
        match &self.shown {
            Shown::Bar(bar) => bar.suspend(write),
            Shown::Lines | Shown::Nothing => write(),
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Shown::Bar(bar) = &self.shown {
            bar.finish_and_clear();
        }
    }
}

fn bar(total: u64) -> ProgressBar {
    const TEMPLATE: &str = "{bar:30} {pos} of {len} runs, {msg}, {eta} left";
    let style = ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr()).with_style(style);
    bar.enable_steady_tick(Duration::from_millis(500));
    bar
}

#[expect(clippy::disallowed_methods, reason = "progress is shown to people, in their time; no run sees it")]
fn now() -> Instant {
    Instant::now()
}
