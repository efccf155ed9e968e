//! Engines that do not keep what they have promised, that keep what they ought to forget, or that do not end.

use super::super::odd::{Later, Oddity, hasty, odd, of_parts, overheard};
use super::Mutant;
use crate::engine::conformance::Call;
use crate::engine::{Applied, Engine, Malformed, MembershipChange, Parts, StateMachine, Status};
use crate::env::NodeId;
use crate::error::Error;
use crate::observe::{Event, Host, RoundCause};
use crate::rules::Rule;
use parking_lot::Mutex;
use std::future::{pending, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::oneshot;

pub(super) fn mutants() -> Vec<Mutant> {
    let mut mutants = promises();
    mutants.extend(machines());
    mutants.extend(Call::ALL.map(without_its_caller));
    mutants.extend(ends());
    mutants
}

const AT_A_QUORUM: &str = "a_proposal_is_answered_once_it_is_durable_at_a_quorum";
const VOTES: &str = "nobody_is_elected_by_votes_that_are_not_durable";

fn promises() -> Vec<Mutant> {
    vec![
        Mutant::new(
            "does not wait for its disk",
            &[AT_A_QUORUM, VOTES, "what_is_told_to_be_durable_is_there_after_a_crash"],
            hasty(true),
        ),
        Mutant::new(
            "asks its disk to make nothing durable",
            &["what_was_answered_is_there_after_a_crash_of_all", "a_vote_is_given_once_a_term_whatever_crashes"],
            hasty(false),
        ),
        Mutant::without(&[Rule::AckAfterWrite], &[AT_A_QUORUM]),
        Mutant::without(&[Rule::VoteAfterWrite], &[VOTES]),
        Mutant::without(
            &[Rule::PersistedIsWritten],
            &["what_comes_while_a_write_is_under_way_is_durable_once_the_next_is"],
        ),
        Mutant::without(&[Rule::LateTickIsLost], &["who_was_held_does_not_make_up_for_its_ticks"]),
        Mutant::without(&[Rule::VoteDurable], &["a_vote_is_given_once_a_term_whatever_crashes"]),
        Mutant::without(
            &[Rule::PromiseSurvivesRestart],
            &["a_restarted_voter_keeps_the_promise_that_it_may_have_given"],
        ),
        Mutant::without(&[Rule::WriteSucceeded], &["the_end_is_heard_when_the_disk_fails"]),
    ]
}

/// What is odd about how entries come to the state machine.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Applies {
    Twice,
    AllButOne,
    NothingAfterRestart,
    WithoutSnapshots,
}

struct Between {
    machine: Arc<dyn StateMachine>,
    applies: Applies,
    incarnation: u64,
}

impl StateMachine for Between {
    fn apply(&self, index: u64, command: &[u8]) -> Vec<u8> {
        match self.applies {
            Applies::AllButOne if index == 5 => Vec::new(),
            Applies::NothingAfterRestart if self.incarnation > 1 => Vec::new(),
            Applies::Twice if index == 5 => {
                self.machine.apply(index, command);
                self.machine.apply(index, command)
            }
            _ => self.machine.apply(index, command),
        }
    }

    fn save(&self) -> Vec<u8> {
        self.machine.save()
    }

    fn restore(&self, state: &[u8]) -> Result<(), Malformed> {
        if self.applies == Applies::WithoutSnapshots { Ok(()) } else { self.machine.restore(state) }
    }
}

fn machines() -> Vec<Mutant> {
    let applies = |name: &str, tests: &[&str], applies: Applies| {
        let parts = move |parts: Parts| {
            let (machine, incarnation) = (Arc::clone(&parts.machine), parts.host.incarnation());
            Parts { machine: Arc::new(Between { machine, applies, incarnation }), ..parts }
        };
        Mutant::new(name, tests, of_parts(parts))
    };
    const ALIKE: &str = "every_command_is_applied_once_in_order_and_alike_on_all";
    const LAGGARD: &str = "a_follower_that_needs_what_the_log_has_not_any_more_gets_the_snapshot";
    vec![
        applies("applies a command twice", &[ALIKE], Applies::Twice),
        applies("leaves a command out", &[ALIKE], Applies::AllButOne),
        applies(
            "applies nothing once it has started again",
            &["a_node_that_starts_again_applies_its_log_again"],
            Applies::NothingAfterRestart,
        ),
        applies(
            "goes on without the snapshot",
            &["a_node_that_starts_again_goes_on_from_its_snapshot", LAGGARD],
            Applies::WithoutSnapshots,
        ),
        Mutant::new(
            "does not publish a leap",
            &["what_follows_a_snapshot_is_published_as_applied"],
            odd(|_| NoLeaps(Mutex::default())),
        ),
        Mutant::without(&[Rule::SnapshotUnderWay], &["the_sink_is_told_snapshot_unanswered"]),
    ]
}

/// What is published as applied grows by little.
struct NoLeaps(Mutex<u64>);

impl Oddity for NoLeaps {
    fn status(&self, engine: &Arc<dyn Engine>) -> Status {
        let (status, mut last) = (engine.status(), self.0.lock());
        if status.applied <= *last + 5 {
            *last = status.applied;
        }
        Status { applied: *last, ..status }
    }
}

/// A call goes on when its caller has gone.
struct GoesOn {
    host: Arc<dyn Host>,
    call: Call,
}

impl GoesOn {
    fn asks<T: Send + 'static>(&self, call: Call, asked: Later<T>) -> Later<T> {
        if self.call != call {
            return asked;
        }
        let (host, (sender, receiver)) = (Arc::clone(&self.host), oneshot::channel());
        Box::pin(async move {
            host.spawn(call.name(), Box::pin(async move { drop(sender.send(asked.await)) }));
            receiver.await.unwrap_or(Err(Error::Overloaded))
        })
    }
}

impl Oddity for GoesOn {
    fn propose(&self, engine: &Arc<dyn Engine>, command: Vec<u8>) -> Later<Applied> {
        self.asks(Call::Propose, engine.propose(command))
    }

    fn read_index(&self, engine: &Arc<dyn Engine>, cause: RoundCause) -> Later<u64> {
        self.asks(Call::ReadIndex, engine.read_index(cause))
    }

    fn wait_applied(&self, engine: &Arc<dyn Engine>, index: u64) -> Later<()> {
        self.asks(Call::WaitApplied, engine.wait_applied(index))
    }

    fn transfer(&self, engine: &Arc<dyn Engine>, to: NodeId) -> Later<()> {
        self.asks(Call::Transfer, engine.transfer(to))
    }

    fn change_membership(&self, engine: &Arc<dyn Engine>, change: MembershipChange) -> Later<u64> {
        self.asks(Call::ChangeMembership, engine.change_membership(change))
    }

    fn ended(&self, engine: &Arc<dyn Engine>) -> Later<()> {
        self.asks(Call::Ended, engine.ended())
    }
}

fn without_its_caller(call: Call) -> Mutant {
    let test = format!("{}_whose_future_was_dropped_leaves_nothing_behind", call.name());
    let engines = odd(move |host| GoesOn { host: Arc::clone(host), call });
    Mutant::new(format!("{} goes on without its caller", call.name()), &[&test], engines)
}

/// It runs on when it is told to stop.
struct RunsOn;

impl Oddity for RunsOn {
    fn stop(&self, _engine: &Arc<dyn Engine>) {}
}

/// How it ended is told like this.
struct EndsAs(fn(Result<(), Error>) -> Result<(), Error>);

impl Oddity for EndsAs {
    fn ended(&self, engine: &Arc<dyn Engine>) -> Later<()> {
        let (ended, makes) = (engine.ended(), self.0);
        Box::pin(async move { makes(ended.await) })
    }
}

/// How it ended is told once.
#[derive(Default)]
struct EndsOnce(Arc<AtomicBool>);

impl Oddity for EndsOnce {
    fn ended(&self, engine: &Arc<dyn Engine>) -> Later<()> {
        let (told, ended) = (Arc::clone(&self.0), engine.ended());
        Box::pin(async move {
            let result = ended.await;
            if told.swap(true, Ordering::Relaxed) { pending().await } else { result }
        })
    }
}

const NO_TASK_LEFT: [&str; 3] =
    ["a_stop_ends_every_task", "a_stop_ends_every_task_though_the_disk_stands_still", "a_failed_disk_ends_every_task"];

fn ends() -> Vec<Mutant> {
    const HOW: &str = "whoever_asks_how_it_ended_hears_so_now_or_later";
    vec![
        Mutant::new(
            "leaves a task behind that nobody knows of",
            &NO_TASK_LEFT,
            of_parts(|parts| {
                parts.host.spawn("stray", Box::pin(pending()));
                parts
            }),
        ),
        Mutant::new(
            "leaves a task behind",
            &NO_TASK_LEFT,
            of_parts(|parts| {
                parts.tasks.spawn(&*parts.host, "stray", pending());
                parts
            }),
        ),
        Mutant::new(
            "runs on when it is told to stop",
            &["who_has_stopped_sends_nothing", "the_others_go_on_without_who_has_stopped"],
            odd(|_| RunsOn),
        ),
        Mutant::new("has always ended as it was told to", &[HOW], odd(|_| EndsAs(|_| Ok(())))),
        Mutant::new("says once how it ended", &[HOW], odd(|_| EndsOnce::default())),
        Mutant::new("is said to have ended before it has", &[HOW], odd(|_| EndsBefore)),
        Mutant::new(
            "keeps the reason of its stop from the sink",
            &["a_stop_is_told_with_its_reason"],
            overheard(|event, host| match event {
                Event::Stopped { .. } => host.observe(Event::Stopped { error: None }),
                event => host.observe(event),
            }),
        ),
        Mutant::new(
            "tells the sink of its stop twice",
            &["a_second_stop_changes_nothing"],
            overheard(|event, host| {
                if matches!(event, Event::Stopped { .. }) {
                    host.observe(event.clone());
                }
                host.observe(event);
            }),
        ),
    ]
}

/// Its end is told at once.
struct EndsBefore;

impl Oddity for EndsBefore {
    fn ended(&self, _engine: &Arc<dyn Engine>) -> Later<()> {
        Box::pin(ready(Ok(())))
    }
}
