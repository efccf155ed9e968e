//! `pause = { node = "@any", for = "150ms", clock = "running" }`: the process stands still; messages and timers wait for it. With
//! `at = "lease-checked"` it does so when a task of the process next reaches that point of the code.

use super::prelude::*;

table! {
    /// Nodes whose processes stand still.
    pub struct Pause {
        /// Whose process.
        nodes: Vec<Selector> = "node", WHOM;
        /// For how long; without it, until a `heal`.
        lasts: Option<Duration> = "for", Maybe(POSITIVE);
        /// What its monotonic clock does meanwhile: `running` (default) or `frozen` (beyond what the stack may assume of a clock).
        clock: PausedClock = "clock", Or(PausedClock::Running, word::<PausedClock>());
        /// Not now, but when a task of the process next reaches this point of the code.
        at: Option<Point> = "at", Maybe(word::<Point>());
        /// Of a pause `at` a point. `process` (default): all of it stands still; `task`: only the task that reached the point.
        what: Paused = "what", Or(Paused::Process, word::<Paused>());
    }
    wrong |pause, _given, _frame| {
        lacking "what" if pause.what == Paused::Task && pause.at.is_none() =>
            "which task? One that reaches a point of the code", "say which: `at = \"lease-checked\"`";
        refused "what" if pause.what == Paused::Task && pause.clock == PausedClock::Frozen =>
            "the clock of a process that goes on does not stand still", "leave `clock` out, or pause the whole process";
    }
}

impl Deed for Pause {
    fn scope(&self) -> Scope {
        Scope::of_each(&self.nodes).lasting(self.lasts)
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

    fn drawn(steps: &mut Steps<'_>) -> Self {
        let points: Vec<Point> = Point::all().collect();
        let at = steps.dice.chance(40).then(|| steps.dice.pick(&points));
        let what = if at.is_some() && steps.dice.chance(50) { Paused::Task } else { Paused::Process };
        let (nodes, lasts) = (steps.nodes(), steps.lasting(&PAUSES));
        Self { nodes, lasts, clock: PausedClock::Running, at, what }
    }

    fn plainer(&self) -> Vec<Self> {
        let anywhere = usual(&(self.at, self.what), (None, Paused::Process));
        [
            each(self, anywhere, |it, (at, what)| (it.at, it.what) = (at, what)),
            each(self, usual(&self.what, Paused::Process), |it, what| it.what = what),
            each(self, usual(&self.clock, PausedClock::Running), |it, clock| it.clock = clock),
            each(self, fewer(&self.nodes), |it, nodes| it.nodes = nodes),
            each(self, shorter(self.lasts), |it, lasts| it.lasts = lasts),
        ]
        .concat()
    }
}

/// Where in the code a task is.
fn reached(at: Point) -> &'static str {
    match at {
        Point::Stepped => "between stepping an input and all that comes of it",
        Point::Appended => "between appending to the log and its fsync",
        Point::Persisted => "between the log's fsync and sending what promises it",
        Point::Sent => "between sending and applying",
        Point::Applied => "between applying and publishing that",
        Point::Published => "between publishing a commit and answering who waits for it",
        Point::LeaseChecked => "between the lease's check and reading the store",
        Point::IndexConfirmed => "between a confirmed ReadIndex round and reading the store",
    }
}
