//! What must be so of any scenario.

use crate::history::Keep;
use crate::minimize::Start;
use crate::mutant::{DEFAULT, Variant};
use crate::runner::{Group, read_as, run};
use crate::scenario::{Calls, Class, Cluster, Lanes, Scenario, print};
use crate::verdict::Ruling;
use leasehold::env::Work;
use std::path::Path;

/// How a scenario fails.
pub(super) struct Failed {
    /// Class and check: what stays while it shrinks.
    pub how: String,
    /// What is seen, for people.
    pub told: String,
    /// Under which variant.
    pub variant: &'static Variant,
}

/// Runs that were asked less than others.
#[derive(Clone, Copy, Default)]
pub(super) struct AskedLess {
    /// Nobody was served: they show nothing.
    pub idle: u32,
    /// Their clusters are too slow to owe anybody an answer in time.
    pub slow: u32,
    /// Their clocks were worse than claimed.
    pub beyond: u32,
}

/// The scenario as a file says it.
///
/// # Panics
///
/// If no file can, or something is odd about it.
pub(super) fn as_file(scenario: &Scenario) -> Group {
    let text = print(scenario);
    let group = read_as(&scenario.path, &text).unwrap_or_else(|problems| panic!("refused:\n{text}\n{problems}"));
    assert!(group.warnings.is_empty(), "there are warnings:\n{text}\n{}", group.warnings);
    group
}

/// The stack as it is: nothing is violated, nothing panics, and twice the same happens.
pub(super) fn stands(scenario: &Scenario, less: &mut AskedLess) -> Option<Failed> {
    let (group, variant) = (as_file(scenario), &DEFAULT);
    let spec = group.spec(group.seeds.first(), Keep::Nothing);
    let (report, again) = (run(&spec), run(&spec));
    if report.fingerprint != again.fingerprint {
        let told = format!("one seed, two fingerprints: {} and {}", report.fingerprint, again.fingerprint);
        return Some(Failed { how: Class::Nondeterminism.to_string(), told, variant });
    }
    let verdict = &report.verdict;
    let owes = Owes { clocks: verdict.beyond_claims.is_none(), speed: !is_slow(&scenario.cluster) };
    less.idle += u32::from(verdict.class == Some(Class::Vacuous));
    less.slow += u32::from(!owes.speed);
    less.beyond += u32::from(!owes.clocks);
    let asked = |class: &Class| owes.is_asked(*class);
    verdict.class.filter(asked).filter(|_| verdict.ruling == Ruling::Fail)?;
    let failure = verdict.failures.first()?;
    let how = format!("{} ({})", failure.class, failure.check);
    Some(Failed { how, told: format!("at {}: {}", failure.at, failure.message), variant })
}

/// What can be asked of a run beside what holds always.
struct Owes {
    /// Clocks are as good as claimed. If not, nothing that rests on a lease is owed, nor speed, which clocks are the measure of.
    clocks: bool,
    /// It can be as fast as the model's hardware.
    speed: bool,
}

impl Owes {
    /// Must a run not fail so? One in which nobody is served shows nothing.
    fn is_asked(&self, class: Class) -> bool {
        match class {
            Class::Nondeterminism | Class::Panic | Class::LostWrite | Class::RaftInvariant => true,
            Class::StaleRead | Class::LeaseInvariant => self.clocks,
            Class::Liveness => self.speed,
            Class::Availability | Class::Expectation => self.clocks && self.speed,
            Class::Vacuous => false,
        }
    }
}

/// An engine that takes one input after the other does little in a few seconds, and so does one that spends its time on heartbeats and their answers,
/// and a lane that makes one call at a time: one that is lost keeps all behind it for five seconds.
fn is_slow(cluster: &Cluster) -> bool {
    let Lanes { heartbeat, bulk, request } = &cluster.lanes;
    let others = cluster.nodes + cluster.learners + cluster.spares - 1;
    let round = (cluster.cpu.cost(Work::Send) + cluster.cpu.cost(Work::Step)) * others;
    let is_busy = round * cluster.groups * 4 > cluster.heartbeat;
    is_busy || !cluster.async_writes || [heartbeat, bulk, request].iter().any(|lane| lane.calls == Calls::Unary)
}

/// Under `variant` something fails that a file can expect of it, and under the stack as it is nothing does.
pub(super) fn shows(scenario: &Scenario, variant: &'static Variant) -> Option<Failed> {
    let start = start(scenario, variant, None).ok()?;
    let wanted = start.wanted();
    Some(Failed { how: format!("{} ({})", wanted.class, wanted.check), told: start.told(), variant })
}

/// What is to be written of it: to `out`, if there is one.
pub(super) fn start(scenario: &Scenario, variant: &'static Variant, out: Option<&Path>) -> Result<Start, String> {
    let group = as_file(scenario).under(variant);
    Start::of(&group, scenario.seeds.first(), out)
}
