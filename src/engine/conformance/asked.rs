//! What each call is answered by a node that stands like this.
//!
//! A row a call and stand. Who cannot serve says so at once; which of these errors means that leadership is lost is in
//! [`Error::leadership`], and whether the proposal may have taken effect in [`Error::outcome`].

use super::checked::{Checked, holds, same};
use super::group::{COMMAND, Call, Group};
use super::kit::{Kit, Test};
use super::setup::{ELECTION, HEARTBEAT, TICK};
use super::stands::{self, Stands};
use crate::env::NodeId;
use crate::error::{Error, ErrorKind, Outcome};
use Answer::{FailsAs, Succeeds, Waits};
use Call::{ChangeMembership, Ended, Propose, ReadIndex, Transfer, WaitApplied};

/// What a call comes to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Answer {
    /// It succeeds.
    Succeeds,
    /// It waits.
    Waits,
    /// It fails with this error.
    Fails(Error),
    /// It fails with an error of one of these kinds; what else the error says is the engine's.
    FailsAs(&'static [ErrorKind]),
}

impl Answer {
    /// Its name in the test's.
    fn name(&self) -> String {
        match self {
            Answer::Succeeds => "succeeds".to_owned(),
            Answer::Waits => "waits".to_owned(),
            Answer::Fails(error) => format!("is_answered_{}", snake(error.kind())),
            Answer::FailsAs(kinds) => {
                format!("is_answered_{}", kinds.iter().map(|kind| snake(*kind)).collect::<Vec<_>>().join("_or_"))
            }
        }
    }

    /// Is it this?
    pub(super) fn check(&self, what: &str, answered: Option<Result<(), Error>>) -> Checked {
        match self {
            Answer::Succeeds => same(what, answered, Some(Ok(()))),
            Answer::Waits => same(what, answered, None),
            Answer::Fails(error) => same(what, answered, Some(Err(error.clone()))),
            Answer::FailsAs(kinds) => {
                let found = answered.as_ref().and_then(|answer| answer.as_ref().err()).map(Error::kind);
                holds(found.is_some_and(|kind| kinds.contains(&kind)), || {
                    format!("{what}: {answered:?}, and none of {kinds:?}")
                })
            }
        }
    }
}

fn snake(kind: ErrorKind) -> String {
    kind.name().replace('-', "_")
}

/// The name of the test that this call comes to that in this place.
pub(super) fn name(call: Call, place: &str, answer: &Answer) -> String {
    format!("{}_{place}_{}", call.name(), answer.name())
}

/// One row: what one call comes to in one test.
#[cfg(test)]
pub(crate) struct Promise {
    /// The name of the test.
    pub(crate) test: String,
    pub(crate) call: Call,
    pub(crate) answer: Answer,
    /// Was the call under way when something ended it?
    pub(crate) interrupted: bool,
}

#[cfg(test)]
pub(super) fn promises() -> impl Iterator<Item = Promise> {
    rows().map(|(asked, call, answer)| Promise {
        test: name(call, asked.of, answer),
        call,
        answer: answer.clone(),
        interrupted: false,
    })
}

fn rows() -> impl Iterator<Item = (&'static Asked, Call, &'static Answer)> {
    ASKED.iter().flat_map(|asked| asked.answers.iter().map(move |(call, answer)| (asked, *call, answer)))
}

/// How a node stands, and what it answers then.
struct Asked {
    of: &'static str,
    holds: &'static str,
    bring: fn(&Kit) -> Stands,
    answers: &'static [(Call, Answer)],
}

const NOT_LEADER: Answer = Answer::FailsAs(&[ErrorKind::NotLeader]);
const NOBODY_LEADS: Answer = Answer::Fails(Error::NotLeader { leader: None });
const N1_LEADS: Answer = Answer::Fails(Error::NotLeader { leader: Some(NodeId(1)) });
const TRANSFERS: Answer = Answer::Fails(Error::TransferInProgress);
const OVERLOADED: Answer = Answer::Fails(Error::Overloaded);
const CLOSED: Answer = Answer::Fails(Error::Closed(Outcome::NotApplied));

/// Each call that only a leader serves, answered alike; what waits for an index waits.
macro_rules! alike {
    ($answer:expr) => {
        &[
            (Propose, $answer),
            (ReadIndex, $answer),
            (Transfer, $answer),
            (ChangeMembership, $answer),
            (WaitApplied, Waits),
        ]
    };
}

const ASKED: &[Asked] = &[
    Asked {
        of: "at_a_leader",
        holds: "a leader serves",
        bring: stands::leader,
        answers: &[
            (Propose, Succeeds),
            (ReadIndex, Succeeds),
            (Transfer, Succeeds),
            (ChangeMembership, Succeeds),
            (WaitApplied, Waits),
            (Ended, Waits),
        ],
    },
    Asked {
        of: "at_a_follower",
        holds: "who follows serves nothing that takes a leader, and names the leader",
        bring: stands::follower,
        answers: alike!(N1_LEADS),
    },
    Asked {
        of: "at_a_learner",
        holds: "who has no vote serves nothing that takes a leader, and names the leader",
        bring: stands::learner,
        answers: alike!(N1_LEADS),
    },
    Asked {
        of: "at_a_node_that_has_just_started",
        holds: "who has heard of no leader names none",
        bring: stands::just_started,
        answers: alike!(NOBODY_LEADS),
    },
    Asked {
        of: "at_a_node_that_has_started_again",
        holds: "who has heard of no leader since it started names none",
        bring: stands::restarted,
        answers: alike!(NOBODY_LEADS),
    },
    Asked {
        of: "at_a_candidate",
        holds: "who stands for election does not lead, and knows of nobody who does",
        bring: stands::candidate,
        answers: alike!(NOBODY_LEADS),
    },
    Asked {
        of: "at_a_candidate_that_waits_for_votes",
        holds: "who waits for votes does not lead, and knows of nobody who does",
        bring: stands::candidate_for_votes,
        answers: alike!(NOBODY_LEADS),
    },
    Asked {
        of: "at_a_leader_that_was_elected_just_now",
        holds: "until an entry of its own term is committed a leader confirms nothing, and changes no membership, as it may not know of one that is under way",
        bring: stands::elected_just_now,
        answers: &[
            (Propose, Waits),
            (ReadIndex, Waits),
            (ChangeMembership, FailsAs(&[ErrorKind::MembershipRefused])),
            (WaitApplied, Waits),
        ],
    },
    Asked {
        of: "during_a_transfer",
        holds: "nothing else is begun while leadership is handed over",
        bring: stands::handing_over,
        answers: alike!(TRANSFERS),
    },
    Asked {
        of: "after_a_transfer_was_given_up",
        holds: "who has given a transfer up leads: it takes proposals and confirms rounds before its lease is regained",
        bring: stands::suspended,
        answers: &[(Propose, Waits), (ReadIndex, Succeeds), (WaitApplied, Waits)],
    },
    Asked {
        of: "at_an_engine_that_was_stopped",
        holds: "who has stopped does nothing more, and says so",
        bring: stands::stopped,
        answers: &[
            (Propose, CLOSED),
            (ReadIndex, CLOSED),
            (Transfer, CLOSED),
            (ChangeMembership, CLOSED),
            (WaitApplied, CLOSED),
            (Ended, Succeeds),
        ],
    },
    Asked {
        of: "at_an_engine_whose_disk_has_failed",
        holds: "who has failed does nothing more, and says so",
        bring: stands::failed,
        answers: &[
            (Propose, CLOSED),
            (ReadIndex, CLOSED),
            (Transfer, CLOSED),
            (ChangeMembership, CLOSED),
            (WaitApplied, CLOSED),
            (Ended, Answer::Fails(Error::Storage)),
        ],
    },
    Asked {
        of: "at_an_engine_that_has_panicked",
        holds: "an engine of which a task has panicked does nothing more, and says so",
        bring: stands::panicked,
        answers: &[
            (Propose, CLOSED),
            (ReadIndex, CLOSED),
            (Transfer, CLOSED),
            (ChangeMembership, CLOSED),
            (WaitApplied, CLOSED),
            (Ended, Answer::Fails(Error::Panicked)),
        ],
    },
    Asked {
        of: "at_an_engine_whose_queue_is_full",
        holds: "what finds no room is refused at once, and that is no loss of leadership",
        bring: stands::full,
        answers: alike!(OVERLOADED),
    },
    Asked {
        of: "at_a_leader_that_is_behind",
        holds: "who is behind refuses proposals early, and confirms rounds",
        bring: stands::behind,
        answers: &[(Propose, OVERLOADED), (ReadIndex, Succeeds), (WaitApplied, Waits)],
    },
    Asked {
        of: "at_a_leader_whose_disk_stands_still",
        holds: "a leader whose disk stands still is heard: it confirms rounds, and hands over",
        bring: stands::stalled,
        answers: &[(Propose, Waits), (ReadIndex, Succeeds), (Transfer, Succeeds), (WaitApplied, Waits)],
    },
    Asked {
        of: "at_a_leader_whose_disk_has_stood_still_for_too_long",
        holds: "a leader whose disk stands still hands over",
        bring: stands::stalled_for_long,
        answers: alike!(TRANSFERS),
    },
    Asked {
        of: "at_a_node_that_was_succeeded_as_its_disk_stands_still",
        holds: "who was succeeded does not lead, whatever its disk does",
        bring: stands::succeeded_for_stall,
        answers: alike!(NOT_LEADER),
    },
    Asked {
        of: "at_a_leader_that_was_removed",
        holds: "who has lost its vote leads no more",
        bring: stands::removed,
        answers: &[
            (Propose, NOT_LEADER),
            (ReadIndex, NOT_LEADER),
            (Transfer, NOT_LEADER),
            (ChangeMembership, NOT_LEADER),
        ],
    },
];

pub(super) fn tests() -> Vec<Test> {
    let test = |(asked, call, answer): (&'static Asked, Call, &'static Answer)| Test {
        name: name(call, asked.of, answer),
        holds: asked.holds.to_owned(),
        source: "engine::Engine, the errors of each call",
        run: Box::new(move |kit| ask(kit, asked, call, answer)),
    };
    rows().map(test).collect()
}

fn ask(kit: &Kit, asked: &Asked, call: Call, answer: &Answer) -> Checked {
    let (mut group, node) = (asked.bring)(kit)?;
    let answered = group.call(node, call);
    let patience = match answer {
        Succeeds => 2 * ELECTION,
        Waits => 2 * TICK,
        Answer::Fails(_) | FailsAs(_) => TICK,
    };
    group.run_at_most(patience, |_| answered.now().is_some());
    answer.check(call.name(), answered.now())?;
    match answered.now() {
        Some(Err(error)) if call == Propose && error.outcome() == Outcome::NotApplied => is_applied_nowhere(&mut group),
        _ => Ok(()),
    }
}

/// Whatever was in the way is taken out of it: what was proposed would be applied now.
pub(super) fn is_applied_nowhere(group: &mut Group) -> Checked {
    group.heal();
    group.release();
    for node in group.nodes() {
        group.resume(node);
        group.stall_disk(node, false);
    }
    group.run(3 * ELECTION + HEARTBEAT);
    for node in group.nodes() {
        let found = group.ledger(node).iter().any(|(_, command)| command == COMMAND);
        holds(!found, || format!("n{node} has applied what the caller was told has not been"))?;
    }
    Ok(())
}
