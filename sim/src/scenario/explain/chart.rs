//! The timeline, drawn to scale: one row a step, one column a slice of simulated time.
//!
//! `*` it acts; `#` what it does lasts; `?` it waits for a moment of the protocol; `[==]` a window; `~` clients are at work.

use std::time::Duration;

use crate::scenario::{Action, Scenario, Step, When};
use crate::words::figures::exact as time;

/// Columns of the names, and of the run.
const NAMES: usize = 22;
const COLUMNS: usize = 80;
/// Columns between two marks of the axis, at least: so wide may a time be.
const APART: usize = 9;
/// More rows are not drawn: nobody reads them.
const ROWS: usize = 60;

pub(super) fn drawn(scenario: &Scenario) -> String {
    let heals = scenario.timeline.iter().filter(|step| matches!(step.action, Action::Heal(_)));
    let scale = Scale { until: scenario.until, heals: heals.collect() };
    let clients = scenario.workloads.iter().map(|workload| {
        let until = workload.until.unwrap_or(scenario.until);
        scale.row(&workload.name, scale.bar(workload.from, until, '~'))
    });
    let steps = scenario.timeline.iter().map(|step| scale.row(&name(step), scale.step(step)));
    let mut rows: Vec<String> = scale.axis().into_iter().chain(clients).chain(steps).collect();
    let more = rows.len().saturating_sub(ROWS);
    if more > 0 {
        rows.truncate(ROWS);
        rows.push(format!("and {more} more"));
    }
    rows.iter().map(|row| format!("  {row}\n")).collect()
}

fn name(step: &Step) -> String {
    let what = match &step.action {
        Action::Tag { name } => name.clone(),
        action => action.to_string(),
    };
    format!("{what} (line {})", step.line)
}

type Row = [char; COLUMNS];

/// From simulated time to columns.
struct Scale<'a> {
    until: Duration,
    /// The steps by which what lasts is over.
    heals: Vec<&'a Step>,
}

impl Scale<'_> {
    /// The column that a moment falls into; the end of the run into the last.
    fn column(&self, at: Duration) -> usize {
        let column = at.as_nanos() * COLUMNS as u128 / self.until.as_nanos().max(1);
        usize::try_from(column).unwrap_or(COLUMNS).min(COLUMNS - 1)
    }

    fn row(&self, name: &str, row: Row) -> String {
        let name: String = name.chars().take(NAMES - 1).collect();
        format!("{name:<NAMES$}{}", row.iter().collect::<String>()).trim_end().to_owned()
    }

    /// From the column of `from` to that before the column of `to`; at least one.
    fn bar(&self, from: Duration, to: Duration, with: char) -> Row {
        let mut row = [' '; COLUMNS];
        self.fill(&mut row, from, to, with);
        row
    }

    fn fill(&self, row: &mut Row, from: Duration, to: Duration, with: char) {
        let first = self.column(from);
        let end = if to >= self.until { COLUMNS } else { self.column(to) };
        row[first..end.max(first + 1)].fill(with);
    }

    fn step(&self, step: &Step) -> Row {
        if let When::Window { from, to } = step.at {
            let mut row = self.bar(from, to, '=');
            let (first, last) = (self.column(from), row.iter().rposition(|c| *c == '=').unwrap_or_default());
            (row[first], row[last]) = ('[', ']');
            return row;
        }
        if let When::On { from, to, .. } = step.at {
            return self.bar(from, to, '?');
        }
        let mut row = [' '; COLUMNS];
        let lasts = step.action.lasts();
        for at in self.moments(step.at) {
            if let Some(lasts) = lasts {
                let heal = self.heals.iter().find(|heal| heal.at.start() >= at && heal.action.heals(&step.action));
                let heal = heal.map_or(self.until, |heal| heal.at.start());
                self.fill(&mut row, at, lasts.map_or(heal, |lasts| at.saturating_add(lasts).min(heal)), '#');
            }
        }
        for at in self.moments(step.at) {
            row[self.column(at)] = '*';
        }
        row
    }

    /// When a step acts, without jitter; of those that fall into one column only the first.
    fn moments(&self, at: When) -> Vec<Duration> {
        let When::Every { from, every, .. } = at else { return vec![at.start()] };
        let moment = |n: u64| from.saturating_add(every.saturating_mul(u32::try_from(n).unwrap_or(u32::MAX)));
        let mut moments: Vec<Duration> = (0..at.times()).map(moment).collect();
        moments.dedup_by_key(|at| self.column(*at));
        moments
    }

    /// Two rows: the times, and the marks below them.
    fn axis(&self) -> [String; 2] {
        let mut times = [' '; COLUMNS + APART];
        let mut marks = ['-'; COLUMNS];
        let step = self.between_marks();
        let ends = (0..).map(|n| step.saturating_mul(n)).take_while(|at| *at < self.until);
        for at in ends {
            let column = self.column(at);
            marks[column] = '|';
            for (offset, letter) in time(at).chars().enumerate().take(APART - 1) {
                times[column + offset] = letter;
            }
        }
        let times: String = times.iter().collect();
        [format!("{:NAMES$}{}", "", times.trim_end()), self.row("", marks)]
    }

    /// A round time that is at least [`APART`] columns wide.
    fn between_marks(&self) -> Duration {
        const ROUND: [u64; 14] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000];
        const LONG: [u64; 8] = [60, 120, 300, 600, 1_800, 3_600, 7_200, 10_800];
        let least = self.until * APART as u32 / COLUMNS as u32;
        let fine = [1, 1_000, 1_000_000].into_iter().flat_map(|unit| ROUND.map(|n| Duration::from_nanos(n * unit)));
        let mut all = fine.chain(LONG.map(Duration::from_secs));
        all.find(|apart| *apart >= least).unwrap_or(self.until)
    }
}
