//! `pause = { node = "@any", for = "150ms", clock = "running" }`: the process stands still; messages and timers wait for it. With
//! `at = "lease-checked"` it does so when a task of the process next reaches that point of the code.

use std::time::Duration;

use super::{
    Deed, Fault, LASTING,
    nodes::Victims,
    told::{all, are_many, drawn, lasting},
};
use crate::scenario::{
    Claims, Paused, PausedClock, Point, Problem, Selector,
    chaos::{Dice, PAUSES, Steps, chance, pick},
    table::{Entries, Maybe, Or, Positive, Reader, table, word},
};
use crate::words::Spelled;

table! {
    /// Nodes whose processes stand still.
    pub struct Pause {
        /// Whose process.
        nodes: Vec<Selector> = "node", Victims { verb: "pause", example: LASTING };
        /// For how long; without it, until a `heal`.
        lasts: Option<Duration> = "for", Maybe(Positive);
        /// What its monotonic clock does meanwhile: `running` (default) or `frozen` (beyond what the stack may assume of a clock).
        clock: PausedClock = "clock", Or(PausedClock::Running, word::<PausedClock>());
        /// Not now, but when a task of the process next reaches this point of the code.
        at: Option<Point> = "at", Maybe(word::<Point>());
        /// Of a pause `at` a point. `process` (default): all of it stands still; `task`: only the task that reached the point.
        what: Paused = "what", Or(Paused::Process, word::<Paused>());
    }
    fits = Pause::fits;
}

impl Pause {
    /// Refuses what does not fit together.
    fn fits(self, entries: &Entries<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let place = entries.place("what");
        if self.what == Paused::Task && self.at.is_none() {
            let problem = Problem::new("which task? One that reaches a point of the code").at(place);
            return reader.report.lacking(problem.help("say which: `at = \"lease-checked\"`"));
        }
        if self.what == Paused::Task && self.clock == PausedClock::Frozen {
            let problem = Problem::new("the clock of a process that goes on does not stand still").at(place);
            return reader.report.refused(problem.help("leave `clock` out, or pause the whole process"));
        }
        Some(self)
    }
}

impl Deed for Pause {
    fn victims(&self) -> Option<&[Selector]> {
        Some(&self.nodes)
    }

    fn lasts(&self) -> Option<Option<Duration>> {
        Some(self.lasts)
    }

    fn stops_processes(&self) -> bool {
        self.at.is_none()
    }

    fn may_leave(&self, claims: &Claims) -> bool {
        self.clock == PausedClock::Frozen && self.lasts.is_none_or(|lasts| lasts > claims.clock_step)
    }

    fn told(&self) -> String {
        let Self { nodes, lasts, clock, at, what } = self;
        let many = are_many(nodes);
        let stands = if many { "stand" } else { "stands" };
        let clock = match (what, many, clock) {
            (Paused::Task, _, _) => "the rest of the process goes on",
            (Paused::Process, false, PausedClock::Running) => "its clock goes on",
            (Paused::Process, false, PausedClock::Frozen) => "its clock stands still too",
            (Paused::Process, true, PausedClock::Running) => "their clocks go on",
            (Paused::Process, true, PausedClock::Frozen) => "their clocks stand still too",
        };
        let (who, lasting, drawn) = (all(nodes), lasting(*lasts), drawn(nodes));
        match (at, what) {
            (None, _) => format!("{who} {stands} still {lasting}; {clock}{drawn}"),
            (Some(at), Paused::Process) => {
                format!(
                    "{who} {stands} still {lasting}, from the moment that a task is {}; {clock}{drawn}",
                    reached(*at)
                )
            }
            (Some(at), Paused::Task) => {
                format!("the next task of {who} that is {} stands still {lasting}; {clock}{drawn}", reached(*at))
            }
        }
    }
}

/// Where in the code a task is.
fn reached(at: Point) -> &'static str {
    match at {
        Point::Appended => "between appending to the log and its fsync",
        Point::Persisted => "between the log's fsync and sending what promises it",
        Point::Sent => "between sending and applying",
        Point::Applied => "between applying and publishing that",
        Point::Published => "between publishing a commit and answering who waits for it",
        Point::LeaseChecked => "between the lease's check and reading the store",
        Point::IndexConfirmed => "between a confirmed ReadIndex round and reading the store",
    }
}

impl Fault for Pause {
    const ABOUT: &'static str = "Stops a process for a while; it does not know.";
    const DOES: &'static str =
        "lets processes stand still, at once or at a point of the code, with their clocks running or frozen";
    const EFFECTIVE_IF: &'static str = "a task that could run was delayed";

    fn shortest(node: Option<&str>) -> String {
        format!("{{ node = \"{}\" }}", node.unwrap_or("@leader"))
    }

    fn drawn<D: Dice>(steps: &mut Steps<'_, D>) -> Self {
        let points: Vec<Point> = Point::all().collect();
        let at = chance(&mut steps.dice, 40).then(|| pick(&mut steps.dice, &points));
        let what = if at.is_some() && chance(&mut steps.dice, 50) { Paused::Task } else { Paused::Process };
        let (nodes, lasts) = (steps.nodes(), steps.lasting(&PAUSES));
        Self { nodes, lasts, clock: PausedClock::Running, at, what }
    }
}
