//! What a confirmed round says, and by whom it is confirmed.

use super::checked::{Checked, holds, same};
use super::kit::{Kit, tests};
use super::setup::{ELECTION, HEARTBEAT, TICK};
use super::stands;
use crate::observe::{Event, RoundCause};
use crate::wire::Kind;

tests! {
    a_round_covers_what_was_answered_before_it_began:
        "a round returns the commit index as of its beginning, which is that of everything that was answered",
        "Engine::read_index; Raft dissertation 6.4";
    a_round_that_began_later_does_not_take_the_answer_of_an_earlier_one:
        "an answer to an earlier round says nothing of what began later",
        "Engine::read_index; lease-bugs LB-54";
    who_hears_no_quorum_confirms_nothing:
        "a round is confirmed by a quorum, not by who believes that it leads",
        "Engine::read_index; Raft dissertation 6.4";
    a_new_leader_confirms_nothing_before_an_entry_of_its_term_is_committed:
        "until then its commit index may lack what was answered before",
        "Engine::read_index; lease-bugs LB-52";
    a_round_that_is_lost_is_repeated_under_a_new_context:
        "a round that is not answered in time is repeated under a new context until it is",
        "Engine::read_index; config read_retry";
}

/// Who pays for the rounds of these tests.
const CAUSE: RoundCause = RoundCause::LeaseMiss;

fn a_round_covers_what_was_answered_before_it_began(kit: &Kit) -> Checked {
    let mut group = kit.led(3)?;
    for number in 0..5 {
        let index = group.write(1, &[number])?;
        let round = group.read(1);
        let confirmed = group.succeeded("a round", &round)?;
        holds(confirmed >= index, || format!("{index} was answered, and then {confirmed} confirmed"))?;
    }
    Ok(())
}

fn a_round_that_began_later_does_not_take_the_answer_of_an_earlier_one(kit: &Kit) -> Checked {
    let mut group = kit.led(3)?;
    group.live();
    group.hold_all(Kind::HeartbeatResponse);
    let earlier = group.read(1);
    let index = group.write(1, b"between")?;
    let later = group.read(1);
    group.release();
    group.succeeded("the earlier round", &earlier)?;
    let confirmed = group.succeeded("the later round", &later)?;
    holds(confirmed >= index, || format!("{index} was answered before it began, and {confirmed} is what it confirms"))
}

fn who_hears_no_quorum_confirms_nothing(kit: &Kit) -> Checked {
    let mut group = kit.led(3)?;
    group.live();
    group.isolate(1);
    let round = group.read(1);
    group.run(ELECTION / 2);
    same("a round of who is cut off", round.now(), None)
}

fn a_new_leader_confirms_nothing_before_an_entry_of_its_term_is_committed(kit: &Kit) -> Checked {
    let (mut group, _) = stands::elected_just_now(kit)?;
    let round = group.read(1);
    group.run(2 * HEARTBEAT);
    same("a round of a new leader", round.now(), None)?;
    group.release();
    group.within(HEARTBEAT, "a round goes on once an entry of the term is committed", |_| round.now().is_some())?;
    holds(matches!(round.now(), Some(Ok(_))), || format!("{:?}", round.now()))
}

fn a_round_that_is_lost_is_repeated_under_a_new_context(kit: &Kit) -> Checked {
    let mut group = kit.led(3)?;
    group.live();
    let mark = group.mark();
    for voter in [2, 3] {
        group.drop(Kind::HeartbeatResponse, voter, 1);
    }
    let round = group.read(1);
    group.run(ELECTION / 2 + TICK);
    let started = |again| group.count_events(1, mark, |event| *event == Event::RoundStarted { cause: CAUSE, again });
    same("how often a round was begun, begun again", [started(false), started(true)], [1, 1])?;
    group.heal();
    group.within(HEARTBEAT, "a round whose answers were lost is confirmed", |_| round.now().is_some())?;
    holds(matches!(round.now(), Some(Ok(_))), || format!("{:?}", round.now()))
}
