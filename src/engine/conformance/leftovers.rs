//! What is kept for a caller who has gone: nothing.

use super::checked::{Checked, holds, same};
use super::group::{Call, Group};
use super::kit::{Kit, Test};
use super::setup::{ELECTION, HEARTBEAT, TICK};
use crate::env::{Elapsed, timeout};
use crate::observe::Event;
use crate::wire::Kind;
use std::sync::Arc;

pub(super) fn tests() -> Vec<Test> {
    let test = |call: Call| Test {
        name: format!("{}_whose_future_was_dropped_leaves_nothing_behind", call.name()),
        holds:
            "all futures may be dropped at any time, at a deadline say; whoever has gone is forgotten within two ticks"
                .to_owned(),
        source: "engine::Engine; Engine::waiting",
        run: Box::new(move |kit| forgotten(kit, call)),
    };
    Call::ALL.into_iter().map(test).collect()
}

/// A leader at which each call waits.
fn waiting(kit: &Kit) -> Checked<Group> {
    let mut group = kit.led(3)?;
    group.live();
    group.hold_answers();
    group.hold(Kind::TimeoutNow, 1, 2);
    same("how many callers wait before anybody has asked", group.engine(1).waiting(), 0)?;
    Ok(group)
}

fn forgotten(kit: &Kit, call: Call) -> Checked {
    let mut group = waiting(kit)?;
    let engine = group.engine(1);
    let host = Arc::clone(&group.process(1).host);
    let asked = call.of(&*engine);
    let given_up = group.begin(async move { timeout(&*host, HEARTBEAT, asked).await });
    holds(engine.waiting() > 0, || format!("{} waits, and is not counted", call.name()))?;
    group.run(HEARTBEAT + 2 * TICK);
    same("the call", given_up.now(), Some(Err(Elapsed)))?;
    same("how many callers wait two ticks later", engine.waiting(), 0)?;
    let mark = group.mark();
    group.run(ELECTION * 3 / 4);
    let again = group.count_events(1, mark, |event| matches!(event, Event::RoundStarted { again: true, .. }));
    same("how many rounds are repeated for who has gone", again, 0)?;
    let never_begun = call.of(&*engine);
    drop(never_begun);
    same("how many callers wait of whom none was polled", engine.waiting(), 0)
}
