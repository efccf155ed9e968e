//! Engines whose listener does not hear what it ought to, or not when, or something else; and whose sink does not.

use super::super::odd::{Heard, listened, overheard};
use super::Mutant;
use crate::engine::Listener;
use crate::engine::conformance::events_of_the_contract;
use crate::env::{Instant, Lane};
use crate::observe::{EndCause, Event, Host};
use crate::rules::Rule;
use parking_lot::Mutex;
use std::time::Duration;

/// The listener hears nothing of these.
fn deaf(name: &str, tests: &[&str], lost: fn(&Heard) -> bool) -> Mutant {
    let engines = listened(move |_| {
        move |heard: Heard, listener: &dyn Listener| {
            if !lost(&heard) {
                heard.tell(listener);
            }
        }
    });
    Mutant::new(name, tests, engines)
}

/// The listener hears what comes of what was told, and of what was kept from before.
fn with_memory(name: &str, tests: &[&str], odd: fn(&mut Vec<Heard>, Heard, &dyn Listener)) -> Mutant {
    let engines = listened(move |_| {
        let kept = Mutex::new(Vec::new());
        move |heard: Heard, listener: &dyn Listener| odd(&mut kept.lock(), heard, listener)
    });
    Mutant::new(name, tests, engines)
}

const AMID_TRANSFER: [&str; 2] = [
    "suspended_is_heard_before_a_transfer_shows_and_before_timeout_now_leaves",
    "suspended_is_heard_of_a_transfer_that_a_stalled_disk_brings_about",
];
const RESUMED: &str = "resumed_is_heard_once_an_entry_proposed_after_the_transfer_is_applied_and_not_before";
const ELECTED: &str = "elected_is_heard_once_a_term_and_before_anybody_can_know";
const BASE: &str = "a_renewal_counts_from_when_what_a_quorum_has_acknowledged_left";
const OF_A_TERM: &str = "what_is_heard_of_a_term_is_heard_while_it_is_led";
pub(super) const MINORITY: &str =
    "a_minority_of_the_voters_renews_nothing_however_many_of_them_the_leader_has_yet_to_apply";
const OLD_TERM: &str = "acknowledgements_of_an_earlier_term_renew_nothing";

pub(super) fn mutants() -> Vec<Mutant> {
    let mut mutants = callbacks();
    mutants.extend(renewals());
    mutants.extend(events_of_the_contract().into_iter().map(|(test, is)| {
        let passes = move |event: Event, host: &dyn Host| {
            if !is(&event) {
                host.observe(event);
            }
        };
        Mutant::new(format!("keeps it from the sink: {test}"), &[&test], overheard(passes))
    }));
    mutants.push(Mutant::new(
        "tells the sink of a message that finds no room when it has stopped",
        &["nothing_is_heard_once_the_engine_has_stopped"],
        overheard(|event, host| {
            let stops = matches!(event, Event::Stopped { .. });
            host.observe(event);
            if stops {
                host.observe(Event::InboxFull { lane: Lane::Bulk });
            }
        }),
    ));
    mutants
}

fn callbacks() -> Vec<Mutant> {
    vec![
        deaf("elected is lost", &[ELECTED], |heard| matches!(heard, Heard::Elected(_))),
        with_memory("elected is told with the first renewal", &[ELECTED], |kept, heard, listener| match heard {
            Heard::Elected(_) => kept.push(heard),
            _ => {
                kept.drain(..).for_each(|heard| heard.tell(listener));
                heard.tell(listener);
            }
        }),
        with_memory("elected is told twice", &[ELECTED], |_, heard, listener| {
            if matches!(heard, Heard::Elected(_)) {
                heard.tell(listener);
            }
            heard.tell(listener);
        }),
        deaf("suspended is lost", &AMID_TRANSFER, |heard| *heard == Heard::Suspended),
        with_memory(
            "suspended is told when TimeoutNow leaves",
            &AMID_TRANSFER[..1],
            |kept, heard, listener| match heard {
                Heard::Suspended if kept.is_empty() => kept.push(heard),
                _ => heard.tell(listener),
            },
        ),
        deaf("resumed is lost", &[RESUMED], |heard| matches!(heard, Heard::Resumed(..))),
        with_memory("resumed is told with the next renewal", &[RESUMED], |kept, heard, listener| match heard {
            Heard::Suspended => {
                kept.push(heard);
                heard.tell(listener);
            }
            Heard::Renewed(term, base) if !kept.is_empty() => Heard::Resumed(term, base).tell(listener),
            _ => heard.tell(listener),
        }),
        with_memory("resumed counts from before the transfer", &[RESUMED], |_, heard, listener| match heard {
            Heard::Resumed(term, base) => listener.resumed(term, earlier(base)),
            _ => heard.tell(listener),
        }),
        deaf(
            "the end is lost where the role changes",
            &[
                "the_end_is_heard_when_another_is_elected",
                "the_end_is_heard_when_no_quorum_is_heard",
                "between_two_elections_of_a_node_there_is_an_end",
            ],
            |heard| *heard == Heard::Ended(EndCause::RoleChange),
        ),
        deaf("the end is lost where the vote is", &["the_end_is_heard_when_the_vote_is_lost"], |heard| {
            *heard == Heard::Ended(EndCause::Removal)
        }),
        deaf(
            "the end is lost where the disk stands still",
            &["the_end_is_heard_when_the_disk_stands_still"],
            |heard| *heard == Heard::Ended(EndCause::DiskStalled),
        ),
        deaf(
            "the end is lost where the engine stops",
            &[
                "the_end_is_heard_when_the_engine_is_stopped",
                "the_end_is_heard_when_the_disk_fails",
                "the_end_is_heard_when_a_task_panics",
            ],
            |heard| *heard == Heard::Ended(EndCause::Stopped),
        ),
        with_memory(
            "the end is told with the next election",
            &["the_end_is_heard_when_another_is_elected"],
            |kept, heard, listener| match heard {
                Heard::Ended(EndCause::RoleChange) => kept.push(heard),
                _ => {
                    kept.drain(..).for_each(|heard| heard.tell(listener));
                    heard.tell(listener);
                }
            },
        ),
        with_memory("a renewal is told with what comes next", &[OF_A_TERM], |kept, heard, listener| {
            let before = kept.pop();
            match heard {
                Heard::Renewed(..) => kept.push(heard),
                _ => heard.tell(listener),
            }
            if let Some(before) = before {
                before.tell(listener);
            }
        }),
    ]
}

/// A moment before that.
fn earlier(base: Instant) -> Instant {
    Instant::from_nanos(base.as_nanos().saturating_sub(crate::env::nanos(Duration::from_millis(500))))
}

fn renewals() -> Vec<Mutant> {
    let from_now = listened(|host| {
        let host = std::sync::Arc::clone(host);
        move |heard: Heard, listener: &dyn Listener| match heard {
            Heard::Renewed(term, base) => listener.renewed(term, host.monotonic().unwrap_or(base)),
            _ => heard.tell(listener),
        }
    });
    vec![
        deaf("renewed is lost", &["a_quorum_that_answers_renews_within_the_interval_of_renewals"], |heard| {
            matches!(heard, Heard::Renewed(..))
        }),
        Mutant::new("renewals count from the arrival of the answer", &[BASE], from_now),
        with_memory("renewals count from a moment at which nothing left", &[BASE], |_, heard, listener| match heard {
            Heard::Renewed(term, base) => listener.renewed(term, Instant::from_nanos(base.as_nanos() - 1)),
            _ => heard.tell(listener),
        }),
        with_memory("renewals are of the term before", &[OF_A_TERM, BASE], |_, heard, listener| match heard {
            Heard::Renewed(term, base) => listener.renewed(term - 1, base),
            _ => heard.tell(listener),
        }),
        Mutant::without(&[Rule::StampOfThisTerm, Rule::AnswerOfThisTerm], &[OLD_TERM]),
        Mutant::without(&[Rule::AckQuorum], &["one_of_five_renews_nothing", MINORITY]),
        Mutant::without(&[Rule::AckOfVoter], &["a_learner_renews_nothing"]),
        Mutant::without(&[Rule::AcksOfBothHalves], &["half_of_a_joint_configuration_renews_nothing"]),
        Mutant::without(&[Rule::RegainedByEntry], &[RESUMED]),
        Mutant::without(&[Rule::RoundConfirmsItself], &[BASE]).renewing_by_rounds(),
    ]
}
