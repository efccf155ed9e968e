//! How far a long request is: a bar on a terminal, a plain line now and then where there is none. Always on standard error.

use super::prelude::*;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::Instant;

/// Nothing is said where there is no terminal before this, nor more often than this.
const QUIET: Duration = Duration::from_secs(10);

/// How often a terminal shows that something goes on.
const TICK: Duration = Duration::from_millis(500);

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
        let silent = Self::silent(total);
        let is_terminal = std::io::stderr().is_terminal();
        let shown = if is_terminal { Shown::Bar(bar(total, silent.words(Duration::ZERO))) } else { Shown::Lines };
        Self { shown, ..silent }
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
        let words = self.words(self.begun.elapsed());
        match &self.shown {
            Shown::Bar(bar) => {
                bar.set_message(words);
                bar.set_position(self.done.min(self.total));
            }
            Shown::Lines if self.said.elapsed() >= QUIET && self.done < self.total => {
                self.said = now();
                eprintln!("{words}");
            }
            Shown::Lines | Shown::Nothing => {}
        }
    }

    /// How far it is, `elapsed` after it began. Of what has no number yet nothing is said.
    fn words(&self, elapsed: Duration) -> String {
        let head = format!("{} of {}", count(self.done), counted(self.total, "run"));
        if self.done == 0 {
            return head;
        }
        let elapsed = elapsed.as_secs_f64();
        let speed = number(self.simulated.as_secs_f64() / elapsed.max(1e-9));
        let left = elapsed / self.done as f64 * self.total.saturating_sub(self.done) as f64;
        let left = duration(Duration::try_from_secs_f64(left.round()).unwrap_or_default());
        format!("{head}, {} not as expected, {speed} simulated s per wall s, {left} left", self.failed)
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

/// How far something is of which nobody knows how long it takes, but how long it may.
pub struct Effort {
    shown: Shown,
    lasts: Duration,
    begun: Instant,
    said: Instant,
}

impl Effort {
    /// It has begun, and may last so long, in real time.
    pub fn begin(lasts: Duration) -> Self {
        let begun = now();
        let spinner = || {
            let spinner = ProgressBar::new_spinner();
            spinner.enable_steady_tick(TICK);
            spinner
        };
        let shown = if std::io::stderr().is_terminal() { Shown::Bar(spinner()) } else { Shown::Lines };
        Self { shown, lasts, begun, said: begun }
    }

    /// In real time.
    pub fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// It has lasted as long as it may.
    pub fn is_over(&self) -> bool {
        self.elapsed() >= self.lasts
    }

    /// How far it is.
    pub fn tell(&mut self, words: &str) {
        match &self.shown {
            Shown::Bar(bar) => bar.set_message(words.to_owned()),
            Shown::Lines if self.said.elapsed() >= QUIET => {
                self.said = now();
                eprintln!("{words}");
            }
            Shown::Lines | Shown::Nothing => {}
        }
    }

    /// Takes what is shown away.
    pub fn finish(&self) {
        if let Shown::Bar(bar) = &self.shown {
            bar.finish_and_clear();
        }
    }
}

fn bar(total: u64, words: String) -> ProgressBar {
    const TEMPLATE: &str = "{bar:30} {msg}";
    let style = ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    let bar = bar.with_style(style).with_message(words);
    bar.enable_steady_tick(TICK);
    bar
}

#[expect(clippy::disallowed_methods, reason = "progress is shown to people, in their time; no run sees it")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_said_of_what_has_no_number_yet() {
        let mut progress = Progress::silent(1_200);
        assert_eq!(progress.words(Duration::ZERO), "0 of 1,200 runs");
        (progress.done, progress.failed, progress.simulated) = (300, 2, Duration::from_secs(6_000));
        let words = "300 of 1,200 runs, 2 not as expected, 100 simulated s per wall s, 180s left";
        assert_eq!(progress.words(Duration::from_secs(60)), words);
    }
}
