//! What a call hears that was under way when something ended it, and how soon: no call hangs.

#[cfg(test)]
use super::asked::Promise;
use super::asked::{Answer, name};
use super::checked::{Checked, holds, same};
use super::group::{Call, Group};
use super::kit::{Kit, Test};
use super::setup::{ELECTION, STALL, TICK};
use super::trace::PANICS;
use crate::error::{Error, ErrorKind, Outcome};
use crate::wire::Kind;
use Answer::{Fails, FailsAs, Succeeds, Waits};
use Call::{ChangeMembership, Ended, Propose, ReadIndex, Transfer, WaitApplied};
use std::time::Duration;

/// What ends calls, and what each of them hears.
struct Interruption {
    by: &'static str,
    holds: &'static str,
    /// `n1` leads, and calls at it are going to wait.
    begin: fn(&Kit) -> Checked<Group>,
    happens: fn(&mut Group) -> Checked,
    /// So soon after that the call is answered.
    within: Duration,
    answers: &'static [(Call, Answer)],
}

const LOST: Answer = Fails(Error::LeadershipLost(Outcome::Unknown));
const LOST_IN_ANY_CASE: Answer = FailsAs(&[ErrorKind::LeadershipLost]);
const CLOSED: Answer = Fails(Error::Closed(Outcome::Unknown));
const CLOSED_IN_ANY_CASE: Answer = FailsAs(&[ErrorKind::Closed]);
const CLOSED_WITHOUT_EFFECT: Answer = Fails(Error::Closed(Outcome::NotApplied));

/// What an engine answers that is not there any more, however it ended.
macro_rules! gone {
    ($ended:expr) => {
        &[
            (Propose, CLOSED),
            (ReadIndex, CLOSED_IN_ANY_CASE),
            (Transfer, CLOSED_IN_ANY_CASE),
            (ChangeMembership, CLOSED),
            (WaitApplied, CLOSED_WITHOUT_EFFECT),
            (Ended, $ended),
        ]
    };
}

const INTERRUPTIONS: &[Interruption] = &[
    Interruption {
        by: "under_way_when_the_leader_is_cut_off",
        holds: "a leader that hears no quorum leads no more, and whoever waits hears so within two election timeouts",
        begin: waiting,
        happens: |group| {
            group.isolate(1);
            Ok(())
        },
        within: Duration::from_millis(2_030),
        answers: &[
            (Propose, LOST),
            (ReadIndex, LOST_IN_ANY_CASE),
            (Transfer, FailsAs(&[ErrorKind::TransferRefused, ErrorKind::LeadershipLost])),
            (ChangeMembership, LOST),
            (WaitApplied, Waits),
            (Ended, Waits),
        ],
    },
    Interruption {
        by: "that_ends_as_the_leader_steps_down",
        holds: "a transfer whose leader loses its leadership to nobody in particular has not happened",
        begin: unheard,
        happens: |_| Ok(()),
        within: Duration::from_millis(2_030),
        answers: &[(Transfer, FailsAs(&[ErrorKind::LeadershipLost, ErrorKind::TransferRefused]))],
    },
    Interruption {
        by: "under_way_when_leadership_is_handed_over",
        holds: "whoever waits for a leader that another succeeds hears so at once",
        begin: |kit| {
            let mut group = kit.led(5)?;
            group.live();
            [3, 4, 5].into_iter().for_each(|voter| group.hold(Kind::AppendResponse, voter, 1));
            group.hold_all(Kind::HeartbeatResponse);
            Ok(group)
        },
        happens: |group| {
            group.transfer(1, 2);
            Ok(())
        },
        within: TICK,
        answers: &[(Propose, LOST), (ReadIndex, LOST_IN_ANY_CASE)],
    },
    Interruption {
        by: "under_way_when_the_disk_stands_still_for_too_long",
        holds: "whoever waits for a leader whose disk stands still hears of its succession",
        begin: |kit| {
            let mut group = kit.led(3)?;
            group.live();
            group.stall_disk(1, true);
            Ok(group)
        },
        happens: |_| Ok(()),
        within: STALL.saturating_add(ELECTION),
        answers: &[(Propose, LOST), (ChangeMembership, LOST)],
    },
    Interruption {
        by: "under_way_when_the_engine_is_stopped",
        holds: "whoever waits for an engine that is stopped hears so at once; what was proposed may yet be committed",
        begin: waiting,
        happens: |group| {
            group.stop(1);
            Ok(())
        },
        within: TICK,
        answers: gone!(Succeeds),
    },
    Interruption {
        by: "under_way_when_the_disk_fails",
        holds: "whoever waits for an engine whose disk fails hears so at once; what was proposed may yet be committed",
        begin: |kit| {
            let mut group = waiting(kit)?;
            group.stall_disk(1, true);
            group.propose(1, b"other");
            Ok(group)
        },
        happens: |group| {
            group.fail_disk(1, true);
            group.stall_disk(1, false);
            Ok(())
        },
        within: TICK,
        answers: gone!(Fails(Error::Storage)),
    },
    Interruption {
        by: "under_way_when_the_state_machine_panics",
        holds: "whoever waits for an engine of which a task panics hears so at once; what was proposed may yet be committed",
        begin: |kit| {
            let mut group = kit.group_that_may_panic()?;
            group.live();
            hold(&mut group);
            group.propose(1, PANICS);
            Ok(group)
        },
        happens: |group| {
            group.release_only(Kind::AppendResponse);
            holds(!group.world.take_panics().is_empty(), || "the state machine was not told to apply".to_owned())
        },
        within: TICK,
        answers: gone!(Fails(Error::Panicked)),
    },
];

/// A leader to whom nobody answers.
fn waiting(kit: &Kit) -> Checked<Group> {
    let mut group = kit.led(3)?;
    group.live();
    hold(&mut group);
    Ok(group)
}

/// The same, for so long that it cannot know whether anybody hears it still.
fn unheard(kit: &Kit) -> Checked<Group> {
    let mut group = kit.led(3)?;
    hold(&mut group);
    group.run(ELECTION + 3 * TICK);
    Ok(group)
}

fn hold(group: &mut Group) {
    group.hold_answers();
    group.hold(Kind::TimeoutNow, 1, 2);
}

#[cfg(test)]
pub(super) fn promises() -> impl Iterator<Item = Promise> {
    rows().map(|(interruption, call, answer)| Promise {
        test: name(call, interruption.by, answer),
        call,
        answer: answer.clone(),
        interrupted: true,
    })
}

fn rows() -> impl Iterator<Item = (&'static Interruption, Call, &'static Answer)> {
    INTERRUPTIONS.iter().flat_map(|it| it.answers.iter().map(move |(call, answer)| (it, *call, answer)))
}

pub(super) fn tests() -> Vec<Test> {
    let test = |(interruption, call, answer): (&'static Interruption, Call, &'static Answer)| Test {
        name: name(call, interruption.by, answer),
        holds: interruption.holds.to_owned(),
        source: "engine::Engine, the errors of each call; elastickv #558, whose errors were told apart too late",
        run: Box::new(move |kit| interrupt(kit, interruption, call, answer)),
    };
    rows().map(test).collect()
}

fn interrupt(kit: &Kit, interruption: &Interruption, call: Call, answer: &Answer) -> Checked {
    let mut group = (interruption.begin)(kit)?;
    let answered = group.call(1, call);
    group.settle();
    same("what a call came to that nobody answers", answered.now(), None)?;
    (interruption.happens)(&mut group)?;
    group.run_at_most(interruption.within, |_| answered.now().is_some());
    answer.check(&format!("{} after {:?}", call.name(), interruption.within), answered.now())
}
