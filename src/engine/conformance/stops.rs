//! What is left of an engine that was stopped, or has failed: nothing that runs, and a word about it.

use super::checked::{Checked, holds, same};
use super::group::{Call, Group};
use super::kit::{Kit, tests};
use super::setup::{ELECTION, TICK};
use super::stands;
use super::trace::Told;
use crate::error::{Error, ErrorKind};
use crate::observe::Event;

tests! {
    a_stop_ends_every_task:
        "whatever runs beside the caller is one of Parts::tasks; none is left soon after a stop",
        "engine::Factory::start; Engine::stop";
    a_stop_ends_every_task_though_the_disk_stands_still:
        "a disk that stands still holds up no stop",
        "Engine::stop";
    a_failed_disk_ends_every_task:
        "an engine that fails leaves no task behind",
        "Engine::ended";
    whoever_asks_how_it_ended_hears_so_now_or_later:
        "ended says what stopped the engine, to who waits for it and to who asks later",
        "Engine::ended";
    a_stop_is_told_with_its_reason:
        "Stopped is told with the error that stopped the engine, if nobody asked it to stop",
        "observe::Event::Stopped";
    who_has_stopped_sends_nothing:
        "an engine that has stopped says nothing more to the others",
        "Engine::stop";
    the_others_go_on_without_who_has_stopped:
        "a leader that stops is succeeded",
        "Raft 5.2";
    a_second_stop_changes_nothing:
        "an engine may be stopped twice",
        "Engine::stop";
}

/// Expects no task of `n1` to be left, and that who joins them hears so.
fn is_over(group: &mut Group) -> Checked {
    let tasks = group.process(1).tasks.clone();
    let joined = group.begin(async move { tasks.joined().await });
    group.run(2 * TICK);
    same("how many tasks run two ticks after the end", group.tasks_of(1), 0)?;
    same("whoever joins them", joined.now(), Some(()))
}

/// Work of every kind is under way at `n1`.
fn at_work(kit: &Kit) -> Checked<Group> {
    let mut group = kit.led(3)?;
    group.live();
    group.hold_answers();
    for call in Call::ALL {
        group.call(1, call);
    }
    group.run(TICK);
    Ok(group)
}

fn a_stop_ends_every_task(kit: &Kit) -> Checked {
    let mut group = at_work(kit)?;
    group.stop(1);
    is_over(&mut group)
}

fn a_stop_ends_every_task_though_the_disk_stands_still(kit: &Kit) -> Checked {
    let mut group = at_work(kit)?;
    group.stall_disk(1, true);
    group.propose(1, b"other");
    group.run(TICK);
    group.stop(1);
    is_over(&mut group)
}

fn a_failed_disk_ends_every_task(kit: &Kit) -> Checked {
    let (mut group, _) = stands::failed(kit)?;
    is_over(&mut group)
}

/// Expects who waits for the end of `n1`, and who asks later, to hear this of it.
fn ends(kit: &Kit, end: impl FnOnce(&mut Group), expected: &Result<(), Error>) -> Checked {
    let mut group = kit.led(3)?;
    group.live();
    let waits = group.call(1, Call::Ended);
    same("how it ended, while it runs", waits.now(), None)?;
    end(&mut group);
    group.run(2 * TICK);
    same("how it ended, to who waited", waits.now(), Some(expected.clone()))?;
    let later = group.call(1, Call::Ended);
    same("how it ended, to who asks later", later.now(), Some(expected.clone()))
}

fn whoever_asks_how_it_ended_hears_so_now_or_later(kit: &Kit) -> Checked {
    ends(kit, |group| group.stop(1), &Ok(()))?;
    let fail = |group: &mut Group| {
        group.fail_disk(1, true);
        group.propose(1, b"other");
    };
    ends(kit, fail, &Err(Error::Storage))
}

/// Expects `n1` to have told this of its stop.
fn told_why((group, _): (Group, u64), expected: Option<ErrorKind>) -> Checked {
    let told = group.noted(1, 0).into_iter().find_map(|entry| match entry.told {
        Told::Event(Event::Stopped { error }) => Some(error),
        _ => None,
    });
    same("why it stopped", told, Some(expected))
}

fn a_stop_is_told_with_its_reason(kit: &Kit) -> Checked {
    told_why(stands::stopped(kit)?, None)?;
    told_why(stands::failed(kit)?, Some(ErrorKind::Storage))?;
    told_why(stands::panicked(kit)?, Some(ErrorKind::Panicked))
}

fn who_has_stopped_sends_nothing(kit: &Kit) -> Checked {
    let mut group = at_work(kit)?;
    group.stop(1);
    let mark = group.mark();
    group.release();
    group.run(3 * ELECTION);
    let sent = group.count(1, mark, |told| matches!(told, Told::Sent { .. }));
    same("how many messages leave who has stopped", sent, 0)
}

fn the_others_go_on_without_who_has_stopped(kit: &Kit) -> Checked {
    let mut group = kit.led(3)?;
    group.live();
    group.stop(1);
    group.until("n2 or n3 leads", |group| group.leads(2) || group.leads(3))
}

fn a_second_stop_changes_nothing(kit: &Kit) -> Checked {
    let mut group = kit.led(3)?;
    group.stop(1);
    group.stop(1);
    group.run(2 * TICK);
    let told = group.count_events(1, 0, |event| matches!(event, Event::Stopped { .. }));
    holds(told == 1, || format!("Stopped was told {told} times"))
}
