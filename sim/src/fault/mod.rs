//! Faults: one file a verb. Each tells when it acted, and when it changed something.

mod active;
mod claims;
mod phase;
mod prelude;
mod selector;

use phase::Waiting;
pub use phase::Watch;

use crate::cluster::Cluster;
use crate::history::{Fault, FaultPhase, How, StepId, Targets};
use crate::scenario::{Action, Scenario, Selector, When, step_names};
use crate::time::SimTime;
use crate::words::Verb;
use crate::world::streams::Stream;
use active::{Deed, InForce};
use leasehold::env::NodeId;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;

macro_rules! performed {
    ($($(#[$does:meta])+ $verb:ident = $word:literal, $module:ident::$fault:ident { $($facts:tt)+ })*) => {
        $(mod $module;)*

        fn perform(act: &Act, action: &Action) {
            match action {
                Action::Tag { .. } => {}
                $(Action::$verb(fault) => $module::perform(act, fault),)*
            }
        }
    };
}

// A module a verb: the list of them is `words::verb`.
crate::words::verbs!(performed);

/// The steps of a run, and the faults that they have put in force: these end when this is dropped.
#[must_use = "faults in force end with it"]
pub struct Schedule {
    /// Holds the guards of the faults in force, also once the last step has acted.
    _injector: Injector,
    waiting: Option<Waiting>,
}

impl Schedule {
    /// Lets act what has waited for what has just happened.
    pub fn act(&self) {
        self.waiting.iter().for_each(Waiting::act);
    }
}

/// Puts every step of the timeline into the world's queue, but for those that wait for a moment of the protocol. `watch` sees what
/// these wait for.
pub fn schedule(cluster: &Cluster, scenario: &Scenario, watch: Option<Watch>) -> Schedule {
    let injector = Injector { cluster: cluster.clone(), in_force: Arc::default(), jumped: Arc::default() };
    let mut waiting = watch.map(|watch| Waiting::new(watch, injector.clone()));
    for (step, name) in scenario.timeline.iter().zip(step_names(&scenario.timeline)) {
        if let (Some(_), Some(waiting)) = (phase::moment(step.at), &mut waiting) {
            waiting.add(step, name);
            continue;
        }
        let group = step.group;
        let moments = moments(step.at, &mut injector.stream(&name, "moments"));
        for (at, time) in moments.into_iter().zip(0..) {
            let act = Act::new(&injector, StepId { name: Arc::clone(&name), time }, group, None);
            let action = step.action.clone();
            cluster.world().call_at(at, move || act.perform(&action));
        }
    }
    Schedule { _injector: injector, waiting }
}

/// When a step acts that waits for nothing.
fn moments(when: When, stream: &mut Stream) -> Vec<SimTime> {
    match when {
        When::At(at) | When::Window { from: at, .. } => vec![SimTime::at(at)],
        When::On { .. } => Vec::new(),
        When::Every { from, every, jitter, .. } => {
            let jitter = u64::try_from(jitter.as_nanos()).unwrap_or(u64::MAX);
            let regular = (0..when.times()).map(|n| SimTime::at(from).after(every.saturating_mul(n as u32)));
            regular.map(|at| SimTime(at.0.saturating_add(stream.below(jitter + 1)))).collect()
        }
    }
}

/// What all faults of a run share.
#[derive(Clone)]
struct Injector {
    cluster: Cluster,
    in_force: Arc<Mutex<InForce>>,
    /// How much monotonic clocks have jumped or stood still, all together.
    jumped: Arc<Mutex<Duration>>,
}

impl Injector {
    fn stream(&self, step: &str, purpose: &str) -> Stream {
        self.cluster.world().streams().stream(&["fault", step, purpose])
    }
}

/// One step of the timeline, once.
struct Act {
    step: StepId,
    injector: Injector,
    stream: Mutex<Stream>,
    /// The group that the step is about, if it says so.
    group: Option<u32>,
    /// To whom it happened that the step waited for.
    this: Option<NodeId>,
}

impl Act {
    fn new(injector: &Injector, step: StepId, group: Option<u32>, this: Option<NodeId>) -> Self {
        let stream = Mutex::new(injector.stream(&step.to_string(), "targets"));
        Self { step, injector: injector.clone(), stream, group, this }
    }

    fn perform(self, action: &Action) {
        perform(&self, action);
    }

    /// What a verb does to its targets.
    fn deed(&self, verb: Verb, targets: Targets, how: How) -> Deed {
        let (step, phase) = (self.step.clone(), FaultPhase::Activated);
        Deed {
            cluster: self.injector.cluster.clone(),
            fault: Fault { step, verb, group: None, targets, how, phase, evidence: None },
        }
    }

    /// The same of what it does to messages: of a step that is about a group, to those of that group.
    fn deed_of_messages(&self, verb: Verb, targets: Targets, how: How) -> Deed {
        let deed = self.deed(verb, targets, how);
        match self.group {
            Some(_) => deed.within(selector::group(self.group)),
            None => deed,
        }
    }

    /// The nodes that the selectors of a verb name. Tells so if nobody answers to them.
    fn named(&self, verb: Verb, selectors: &[Selector]) -> Vec<NodeId> {
        let nodes = self.select_all(selectors);
        if nodes.is_empty() {
            self.nobody(verb);
        }
        nodes
    }

    /// Nobody answers to the selectors of a verb.
    fn nobody(&self, verb: Verb) {
        self.deed(verb, Targets::Nobody, How::Plainly).cannot_act(None);
    }
}
