//! What a file may say, and hardly means to: warnings. They fail no run.
//!
//! They are found in the plan, so that a scenario that no file holds has them too; a caret is under the whole line.

use std::time::Duration;

use super::{
    Action, Checks, Claims, Class, Cluster, Engine, Expectation, Joint, MembershipChange, Metric, Network, Of, Op,
    OpKind, Problem, Problems, Scenario, Selector, Step, When, Workload,
    metric::{Needs, Unit},
    problem::{Lines, quote},
    units::written,
    verb::Scope,
};
use crate::words::Spelled;

/// What is odd about `scenario`, which `text` holds. `checks` are those that there are, with the class of what they find.
pub fn lint(scenario: &Scenario, text: &str, checks: &[(&str, Class)]) -> Problems {
    let mut linter = Linter { scenario, text, lines: Lines::new(text), found: Vec::new() };
    linter.name();
    linter.unused_tags();
    linter.lease();
    linter.unheeded();
    linter.steps();
    linter.deadlines();
    linter.expectations();
    linter.floors();
    linter.recorded(checks);
    Problems::warnings(&scenario.path, text, linter.found)
}

struct Linter<'a> {
    scenario: &'a Scenario,
    text: &'a str,
    lines: Lines,
    found: Vec<Problem>,
}

impl<'a> Linter<'a> {
    fn warn(&mut self, line: usize, message: String, help: &str) {
        let problem = Problem::new(message).help(help);
        self.found.push(match self.lines.span(line, self.text) {
            Some(span) => problem.at(span),
            None => problem,
        });
    }

    /// The first line (1-based) that begins with one of `words`; 0 if none does.
    fn line_of(&self, words: &[&str]) -> usize {
        let begins = |line: &str| words.iter().any(|word| line.trim_start().starts_with(word));
        self.text.lines().position(begins).map_or(0, |line| line + 1)
    }

    /// All bounds of the file, those of the variants included.
    fn bounds(&self) -> impl Iterator<Item = &'a Expectation> + use<'a> {
        let scenario = self.scenario;
        let sections = scenario.expect.variants.values().flat_map(|variant| &variant.bounds);
        scenario.expect.bounds.iter().chain(sections)
    }

    fn name(&mut self) {
        let stem = self.scenario.path.file_stem().unwrap_or_default().to_string_lossy();
        let name = &self.scenario.name;
        if *name != stem {
            let help = format!("rename the file to `{name}.toml`, or write `name = \"{stem}\"`");
            self.warn(self.line_of(&["name"]), format!("the name {} is not the file's", quote(name)), &help);
        }
    }

    /// Invariant W12: a lease is covered by the promises behind it (P6), and is renewed before it runs out.
    fn lease(&mut self) {
        let (cluster, claims) = (&self.scenario.cluster, &self.scenario.claims);
        let Some(lease) = cluster.lease else { return };
        let line = self.line_of(&["lease ", "lease="]);
        if !is_covered(lease, cluster, claims) {
            let drift = u128::from(claims.clock_drift.0);
            let covered = promise(cluster, claims).as_nanos() * 1_000_000 / (1_000_000 + drift);
            let covered = Duration::from_nanos(u64::try_from(covered).unwrap_or(u64::MAX) / 1_000 * 1_000);
            let message = format!("a lease of {} is longer than the promises behind it", written(lease));
            let [election, tick, covered] = [cluster.election_timeout, cluster.tick, covered].map(written);
            let with = format!("with an election timeout of {election}, ticks of {tick} and what is claimed of clocks");
            self.warn(line, message, &format!("{with} they cover {covered}"));
        }
        if !is_renewed(lease, cluster) {
            let [lease, heartbeat, round] = [lease, cluster.heartbeat, round(cluster)].map(written);
            let help = format!("a heartbeat comes every {heartbeat}, and a round takes up to {round}");
            self.warn(line, format!("a lease of {lease} runs out before it is renewed"), &help);
        }
    }

    /// What an engine that the file names cannot have. A file that names none runs on each as far as it can.
    fn unheeded(&mut self) {
        let Scenario { engines, cluster, .. } = self.scenario;
        if !cluster.async_writes && (cluster.engine == Engine::Openraft || engines.contains(&Engine::Openraft)) {
            let message = "openraft goes on while its disk writes: `async-writes = false` is not heeded".to_owned();
            self.warn(self.line_of(&["async-writes"]), message, "name `raft-rs` alone, or leave it out");
        }
    }

    fn unused_tags(&mut self) {
        for step in &self.scenario.timeline {
            let Action::Tag { name } = &step.action else { continue };
            if self.bounds().all(|bound| bound.window.as_ref() != Some(name)) {
                let message = format!("nothing is expected in the window `{name}`");
                self.warn(step.line, message, &format!("bound a metric in it: `get-p99 = {{ {name} = \"<= 5ms\" }}`"));
            }
        }
    }

    fn steps(&mut self) {
        for (number, step) in self.scenario.timeline.iter().enumerate() {
            if matches!(step.action, Action::Tag { .. }) {
                continue;
            }
            self.at_the_end(step);
            self.before_a_leader(step);
            self.nobody_there(number, step);
            self.unused_range(step);
            self.beyond_the_end(number, step);
        }
    }

    fn at_the_end(&mut self, step: &Step) {
        if step.at.start() >= self.scenario.until {
            let message = format!("this {} acts when the run ends: nothing can come of it", step.action);
            self.warn(step.line, message, "let it act earlier, or the run last longer");
        }
    }

    fn before_a_leader(&mut self, step: &Step) {
        if matches!(step.at, When::On { .. }) {
            return;
        }
        let earliest = self.scenario.cluster.election_timeout;
        if let Some(role) = of_a_leader(&step.action).filter(|_| step.at.start() < earliest) {
            let message = format!("nobody is `{role}` at {} yet", written(step.at.start()));
            let help = format!("the first election takes at least an election timeout ({})", written(earliest));
            self.warn(step.line, message, &help);
        }
    }

    /// Learners and spares are there from the beginning, or an earlier change makes them.
    fn nobody_there(&mut self, number: usize, step: &Step) {
        let (mut learners, mut spares) = (self.scenario.cluster.learners > 0, self.scenario.cluster.spares > 0);
        for earlier in self.scenario.timeline.iter().take(number) {
            let Action::Membership(change) = &earlier.action else { continue };
            match change {
                MembershipChange::AddLearner(_) | MembershipChange::Demote(_) => learners = true,
                MembershipChange::Remove(_) => spares = true,
                MembershipChange::Joint(Joint { remove, .. }) => spares |= !remove.is_empty(),
                MembershipChange::Promote(_) => {}
            }
        }
        let lacking = |selector: &Selector| match selector {
            Selector::Learner if !learners => Some("begin with `learners = 1`, or add one before"),
            Selector::Spare if !spares => Some("begin with `spares = 1`, or remove a node before"),
            _ => None,
        };
        if let Some((role, help)) = step.action.selectors().iter().find_map(|role| Some((*role, lacking(role)?))) {
            self.warn(step.line, format!("nobody is `{role}` at {}", written(step.at.start())), help);
        }
    }

    /// Who has which keys is followed key by key, of those that are used.
    fn unused_range(&mut self, step: &Step) {
        let Action::MoveRange(range) = &step.action else { return };
        let mut used = self.scenario.workloads.iter().flat_map(|workload| workload.keys.names());
        if !used.any(|key| range.has(&key)) {
            let help = "move a range with a key that is used: a scan over others is judged as if they had not moved";
            self.warn(step.line, "no workload uses a key of the range that moves".to_owned(), help);
        }
    }

    /// A fault without `for` lasts to the end on purpose; one that says how long is meant to be over.
    fn beyond_the_end(&mut self, number: usize, step: &Step) {
        let Some(Some(lasts)) = step.action.lasts() else { return };
        if matches!(step.at, When::On { .. }) {
            return;
        }
        let end = step.at.last().0.saturating_add(lasts);
        if end > self.scenario.until && self.scenario.is_endless(number) {
            let until = written(self.scenario.until);
            let message = format!("this {} lasts until {}, but the run ends at {until}", step.action, written(end));
            self.warn(step.line, message, "what comes after it is never seen");
        }
    }

    fn expectations(&mut self) {
        for bound in self.bounds() {
            self.exact(bound);
            let ((from, to), metric) = (self.window(bound), bound.metric);
            let (what, help) = if let Some(what) = self.unmeasured(bound, from, to) {
                let window = bound.window.as_ref().map_or_else(String::new, |name| format!(" in `{name}`"));
                let help = "a bound on what is not measured makes the run vacuous";
                (format!("{window} has no value: {what}"), help.to_owned())
            } else if let Some(Step { line, .. }) = self.outage(bound, from, to) {
                let help = "without a majority nobody leads, and nothing is served";
                (format!(" is bounded where no majority runs (line {line})"), help.to_owned())
            } else if let Some(why) = holds_always(bound, to - from) {
                (format!(" is always {}", bound.bound.asked()), format!("{why}: such a bound asks nothing of a run"))
            } else if let Some(deadline) = self.beyond_deadline(bound) {
                let help =
                    "any answer is sooner: such a bound only asks that there is one; bound `...-availability` for that";
                (format!(" is bounded no lower than the deadline ({})", written(deadline)), help.to_owned())
            } else {
                continue;
            };
            self.warn(bound.line, format!("`{metric}`{what}"), &help);
        }
    }

    /// No run measures 0.9 to the last digit. Who means equality writes it.
    fn exact(&mut self, Expectation { metric, bound, line, .. }: &Expectation) {
        let meant = match metric.unit() {
            Unit::Seconds => "<=",
            Unit::Ratio if bound.value.fract() != 0.0 => ">=",
            Unit::Per if bound.value.fract() != 0.0 => "<=",
            Unit::Ratio | Unit::Per | Unit::Count => return,
        };
        if bound.op == Op::Eq && !bound.text.starts_with('=') {
            let message = format!("`{metric}` is to be exactly {}?", bound.text);
            self.warn(*line, message, &format!("`{meant} {}`; what has no operator means `==`", bound.text));
        }
    }

    /// A deadline that is shorter than what is done by it usually takes by itself: then it is given up whatever the stack does, and no
    /// check asks that it succeeds.
    fn deadlines(&mut self) {
        for workload in &self.scenario.workloads {
            let takes = |kind: OpKind| (usually_takes(&self.scenario.cluster, workload, kind), kind.many());
            let asked = OpKind::all().filter(|kind| workload.share_of(*kind) > 0).map(takes);
            if let Some((takes, what)) = asked.filter(|(takes, _)| *takes > workload.budget()).max() {
                let (name, deadline) = (quote(&workload.name), written(workload.budget()));
                let help =
                    format!("network, disk and reads of storage alone take {}, every other time more", written(takes));
                let line = self.line_of(&[if workload.budget.is_some() { "budget" } else { "deadline" }]);
                let message = format!("the {what} of {name} are given up after {deadline}, done or not");
                self.warn(line, message, &help);
            }
        }
    }

    /// The longest deadline of those who do what an upper bound on a latency is about, where the bound is no lower.
    fn beyond_deadline(&self, Expectation { metric, of, bound, .. }: &Expectation) -> Option<Duration> {
        let most = bound.most().filter(|_| metric.is_latency() && bound.op != Op::Eq)?;
        let asks = |workload: &&Workload| match of {
            Of::Workload(name) => workload.name == *name,
            Of::All | Of::Via(_) | Of::Group(_) => metric.needs().met_by(workload),
        };
        let workloads = self.scenario.workloads.iter().filter(asks);
        let deadline = workloads.map(|workload| workload.deadline).max()?;
        (most >= deadline.as_secs_f64()).then_some(deadline)
    }

    /// When the window of a bound begins and ends.
    fn window(&self, bound: &Expectation) -> (Duration, Duration) {
        let is = |action: &Action| matches!(action, Action::Tag { name } if bound.window.as_ref() == Some(name));
        let step = self.scenario.timeline.iter().find(|step| is(&step.action));
        step.map_or((Duration::ZERO, self.scenario.until), |step| (step.at.start(), step.at.end()))
    }

    /// Why a metric has no value in a window.
    fn unmeasured(&self, bound: &Expectation, from: Duration, to: Duration) -> Option<String> {
        if bound.metric == Metric::FaultsEffective && bound.window.is_some() {
            return Some("faults are counted over the whole run only".to_owned());
        }
        let ends = |step: &Step| {
            step.action.lasts().is_some() || matches!(step.action, Action::Transfer(_) | Action::Membership(_))
        };
        // Chaos ends by healing whatever it has drawn.
        let some_end = self.scenario.chaos.is_some() || self.scenario.timeline.iter().any(ends);
        if bound.metric == Metric::RECOVERY && !some_end {
            return Some("no fault ends in this timeline".to_owned());
        }
        let needs = bound.metric.needs();
        if needs == Needs::Nothing {
            return None;
        }
        let runs = |workload: &&Workload| workload.from < to && workload.until.is_none_or(|until| until > from);
        let mut running = self.scenario.workloads.iter().filter(runs);
        (!running.any(|workload| needs.met_by(workload)))
            .then(|| format!("no workload {} from {} to {}", needs.words(), written(from), written(to)))
    }

    /// The step that leaves the cluster without a majority throughout a window in which something is to be served.
    fn outage(&self, bound: &Expectation, from: Duration, to: Duration) -> Option<&'a Step> {
        if bound.metric.needs() == Needs::Nothing || bound.metric == Metric::StaleReads {
            return None;
        }
        let covers = |step: &&Step| {
            let (When::At(at), Some(lasts)) = (step.at, step.action.lasts()) else { return false };
            let end = lasts.map_or(self.scenario.until, |lasts| at.saturating_add(lasts));
            let heals = |other: &&Step| other.action.heals(&step.action) && other.at.start() >= at;
            let healed = self.scenario.timeline.iter().find(heals).map_or(end, |heal| heal.at.start());
            at <= from && end.min(healed) >= to && self.hits_a_majority(&step.action)
        };
        self.scenario.timeline.iter().find(covers)
    }

    fn hits_a_majority(&self, action: &Action) -> bool {
        let stops_processes = action.deed().is_some_and(|deed| deed.stops_processes());
        stops_processes && self.hit_at_most(action) > u64::from(self.scenario.cluster.nodes) / 2
    }

    /// How many times one act of a step counts as effective, at most.
    fn hit_at_most(&self, action: &Action) -> u64 {
        let nodes = u64::from(self.scenario.cluster.nodes);
        let most = |scope: Scope| match scope.each {
            true => scope.nodes.iter().map(|selector| selector.at_most(nodes)).sum::<u64>().min(nodes),
            false => 1,
        };
        action.deed().map_or(0, |deed| most(deed.scope()))
    }

    fn floors(&mut self) {
        const ASKED: &str = "the workloads ask for no more in the mean";
        // A negative scenario passes only if it has shown what it is there for.
        if self.scenario.floors.is_empty() && self.scenario.expect.violation.is_none() {
            let help = "say what a run must have done, as `reads = 1_000`; one that did less fails as vacuous";
            self.warn(0, "there are no [floors]: a run that does next to nothing passes".to_owned(), help);
        }
        for floor in &self.scenario.floors {
            if floor.least == 0 {
                let message = format!("the floor of 0 `{}` is always met", floor.metric);
                self.warn(floor.line, message, "say how many there are at least in a run that is worth its name");
            }
            let (most, why) = match floor.metric {
                Metric::FaultsEffective if self.scenario.chaos.is_some() => (None, ""),
                Metric::FaultsEffective => {
                    let steps = self.scenario.timeline.iter();
                    let most = steps.map(|step| step.at.times().saturating_mul(self.hit_at_most(&step.action)));
                    (Some(most.fold(0, u64::saturating_add)), "the timeline acts no more often")
                }
                Metric::Reads => (self.asked_for(&[OpKind::Get]), ASKED),
                Metric::Writes => (self.asked_for(&[OpKind::Put, OpKind::Cas, OpKind::Delete, OpKind::Update]), ASKED),
                Metric::Scripts => (self.asked_for(&[OpKind::Script]), ASKED),
                _ => (None, ""),
            };
            if let Some(most) = most.filter(|most| floor.least > *most) {
                let message = format!("the floor of {} `{}` cannot be met: {most} at most", floor.least, floor.metric);
                self.warn(floor.line, message, why);
            }
        }
    }

    /// How many operations of these kinds the workloads ask for. `None`: clients without a rate make as many as they can.
    fn asked_for(&self, kinds: &[OpKind]) -> Option<u64> {
        let mut sum = 0_u128;
        for workload in &self.scenario.workloads {
            let share: u32 = kinds.iter().map(|kind| workload.share_of(*kind)).sum();
            let lasts = workload.until.unwrap_or(self.scenario.until).saturating_sub(workload.from);
            match workload.rate {
                _ if share == 0 => {}
                Some(milli) => sum += u128::from(milli) * lasts.as_millis() * u128::from(share) / 1_000_000_000,
                None => return None,
            }
        }
        u64::try_from(sum).ok()
    }

    fn recorded(&mut self, checks: &[(&str, Class)]) {
        let Scenario { expect, checks: Checks { record_only }, .. } = self.scenario;
        let is_expected =
            |class| expect.violation == Some(class) || expect.variants.values().any(|of| of.class == Some(class));
        for only in record_only {
            let class = checks.iter().find(|(name, _)| name == only).map(|(_, class)| *class);
            if let Some(class) = class.filter(|class| is_expected(*class)) {
                let message = format!("{} only records, but its class `{class}` is expected", quote(only));
                self.warn(self.line_of(&["record-only"]), message, "what a check only records fails no run");
            }
        }
    }
}

/// Why a value that is measured throughout so long a window is within a bound, whatever happens.
fn holds_always(Expectation { metric, bound, .. }: &Expectation, lasts: Duration) -> Option<String> {
    let (most, why) = match metric.unit() {
        _ if metric.is_never() => (0.0, "a read that failed has had no effect".to_owned()),
        Unit::Ratio => (1.0, "a ratio lies between 0 and 1".to_owned()),
        Unit::Seconds if !metric.is_latency() && bound.most().is_some() => {
            (lasts.as_secs_f64(), format!("no more than {} pass", written(lasts)))
        }
        Unit::Seconds | Unit::Count | Unit::Per => (f64::INFINITY, "it is never negative".to_owned()),
    };
    (bound.holds(0.0) && bound.holds(most)).then_some(why)
}

/// How long voters promise to elect nobody else.
fn promise(cluster: &Cluster, claims: &Claims) -> Duration {
    cluster.election_timeout.saturating_sub(cluster.tick).saturating_sub(claims.clock_step)
}

/// Is a lease no longer than the promises behind it?
pub(super) fn is_covered(lease: Duration, cluster: &Cluster, claims: &Claims) -> bool {
    let drift = u128::from(claims.clock_drift.0);
    lease.as_nanos() * (1_000_000 + drift) <= promise(cluster, claims).as_nanos() * 1_000_000
}

/// Is it renewed before it runs out?
pub(super) fn is_renewed(lease: Duration, cluster: &Cluster) -> bool {
    lease > cluster.heartbeat.saturating_add(round(cluster))
}

/// There and back on the slowest link, with an fsync between, at the slowest.
pub(super) fn round(cluster: &Cluster) -> Duration {
    let networks = std::iter::once(&cluster.network).chain(cluster.links.values());
    let one_way = networks.map(|network| network.latency.longest()).max().unwrap_or_default();
    one_way * 2 + cluster.disk.fsync.longest()
}

/// How long network, disk and reads of storage alone take for an operation of this kind, every other time.
pub(super) fn usually_takes(cluster: &Cluster, workload: &Workload, kind: OpKind) -> Duration {
    let there_and_back = |network: &Network| network.latency.quantile(500) * 2;
    let read = there_and_back(&cluster.client_network) + workload.reading_of(kind, cluster);
    match kind.only_reads() {
        true => read,
        false => read + there_and_back(&cluster.network) + cluster.disk.fsync.quantile(500),
    }
}

/// A role of `action` that nobody has before there was a leader.
pub(super) fn of_a_leader(action: &Action) -> Option<Selector> {
    let is_of =
        |selector: &Selector| matches!(selector, Selector::Leader | Selector::OldLeader | Selector::LeaseHolder);
    action.selectors().into_iter().find(is_of)
}
