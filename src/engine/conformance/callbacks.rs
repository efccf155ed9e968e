//! What the listener hears, and in which order: none is lost, whatever ends leadership.

use super::checked::{Checked, before, holds, same};
use super::group::Group;
use super::kit::{Kit, tests};
use super::setup::{ELECTION, HEARTBEAT, TICK};
use super::stands;
use super::trace::{PANICS, Told, Trace};
use crate::engine::{MembershipChange, Status};
use crate::env::NodeId;
use crate::observe::{EndCause, Event};
use crate::wire::Kind;

tests! {
    elected_is_heard_once_a_term_and_before_anybody_can_know:
        "elected is told before the message leaves, or the status is published, that lets anybody else know",
        "engine::Engine, on the Listener";
    suspended_is_heard_before_a_transfer_shows_and_before_timeout_now_leaves:
        "a transfer permits an election in spite of every promise: suspended is told before any TimeoutNow can leave",
        "Listener::suspended; rule RL.4";
    suspended_is_heard_of_a_transfer_that_a_stalled_disk_brings_about:
        "a transfer that nobody asked for is one too",
        "Listener::suspended";
    resumed_is_heard_once_an_entry_proposed_after_the_transfer_is_applied_and_not_before:
        "until an entry that was proposed after the end of the transfer is applied the election that it permitted may still be won",
        "Listener::resumed; rule RL.4";
    the_end_is_heard_when_another_is_elected:
        "the end of leadership is told before anybody can know of it",
        "Listener::ended";
    the_end_is_heard_when_no_quorum_is_heard:
        "a leader that steps down by itself ends too",
        "Listener::ended; Raft dissertation 6.2";
    the_end_is_heard_when_the_vote_is_lost:
        "a leader without a vote leads no more, from the moment at which its removal is in force",
        "Listener::ended; EndCause::Removal";
    the_end_is_heard_when_the_disk_stands_still:
        "a leader whose disk stands still sets about to lead no more: the sink hears of it, then the listener",
        "Listener::ended; EndCause::DiskStalled";
    the_end_is_heard_when_the_engine_is_stopped:
        "an engine that stops has ended, leader or not, before it says that it has stopped",
        "Listener::ended; EndCause::Stopped";
    the_end_is_heard_when_the_disk_fails:
        "an engine that fails has ended",
        "Listener::ended; EndCause::Stopped";
    the_end_is_heard_when_a_task_panics:
        "an engine of which a task panics has ended: a lease that nobody ends outlives its leader",
        "Listener::ended; EndCause::Stopped";
    between_two_elections_of_a_node_there_is_an_end:
        "callbacks come in the order in which leadership comes and goes",
        "engine::Listener";
    what_is_heard_of_a_term_is_heard_while_it_is_led:
        "renewals and resumptions are of the term that is led, and come after its election and before its end",
        "engine::Listener";
    nothing_is_heard_once_the_engine_has_stopped:
        "Stopped is told once, and last",
        "engine::Engine, the table of events";
}

/// Leadership goes from `n1` to `n2` to `n1`, and is nearly handed over.
fn restless(kit: &Kit) -> Checked<Group> {
    let mut group = kit.led(3)?;
    group.live();
    group.hand_over(1, 2)?;
    group.live();
    group.hand_over(2, 1)?;
    group.hold(Kind::TimeoutNow, 1, 2);
    group.transfer(1, 2);
    group.until("the transfer is given up", |group| group.status(1).transferee.is_none())?;
    group.hold_no_more();
    group.live();
    group.isolate(1);
    group.run(2 * ELECTION + 3 * TICK);
    group.heal();
    group.elect(3)?;
    group.live();
    Ok(group)
}

fn elected_is_heard_once_a_term_and_before_anybody_can_know(kit: &Kit) -> Checked {
    let group = restless(kit)?;
    let trace = &group.software.trace;
    let terms = led_terms(trace);
    same("how many terms were led", terms.len(), 4)?;
    for (node, term) in terms {
        let is_told = |told: &Told| matches!(told, Told::Elected(elected) if *elected == term);
        same(&format!("how often n{node} was told elected in term {term}"), group.count(node, 0, is_told), 1)?;
        let shows = |told: &Told| told.shows_leader_of() == Some(term);
        let what = format!("n{node} is told elected in term {term}, then others can know");
        before(&what, group.first(node, 0, is_told), group.first(node, 0, shows))?;
    }
    Ok(())
}

/// Who has published that it leads, and in which term.
fn led_terms(trace: &Trace) -> Vec<(u64, u64)> {
    let leads = |told: &Told| match told {
        Told::Published(status) if status.leads() => Some(status.term),
        _ => None,
    };
    let mut terms: Vec<_> = trace.all().iter().filter_map(|entry| Some((entry.node, leads(&entry.told)?))).collect();
    terms.sort_unstable();
    terms.dedup();
    terms
}

/// A sign that leadership is being handed over.
fn shows_transfer(told: &Told) -> bool {
    match told {
        Told::Published(Status { transferee, .. }) => transferee.is_some(),
        Told::Event(event) => matches!(event, Event::TransferStarted { .. } | Event::TimeoutNowSent { .. }),
        Told::Sent { kind, .. } => *kind == Kind::TimeoutNow,
        _ => false,
    }
}

fn suspended_first(group: &Group, since: usize) -> Checked {
    let suspended = group.first(1, since, |told| matches!(told, Told::Suspended));
    before("suspended, then what a transfer is known by", suspended, group.first(1, since, shows_transfer))?;
    holds(suspended.is_some(), || "suspended was not told of a transfer".to_owned())
}

fn suspended_is_heard_before_a_transfer_shows_and_before_timeout_now_leaves(kit: &Kit) -> Checked {
    let (group, _) = stands::handing_over(kit)?;
    suspended_first(&group, 0)?;
    let sent = |told: &Told| matches!(told, Told::Sent { kind: Kind::TimeoutNow, .. });
    same("how many TimeoutNow have left", group.count(1, 0, sent), 1)
}

fn suspended_is_heard_of_a_transfer_that_a_stalled_disk_brings_about(kit: &Kit) -> Checked {
    let (group, _) = stands::stalled_for_long(kit)?;
    suspended_first(&group, 0)
}

fn resumed_is_heard_once_an_entry_proposed_after_the_transfer_is_applied_and_not_before(kit: &Kit) -> Checked {
    let is_resumed = |told: &Told| matches!(told, Told::Resumed(..));
    let (mut group, _) = stands::suspended(kit)?;
    let given_up = group.now();
    group.run(3 * HEARTBEAT);
    same("how often resumed was told before anything was applied", group.count(1, 0, is_resumed), 0)?;
    group.release_only(Kind::AppendResponse);
    group.hold_no_more();
    group.run(HEARTBEAT);
    let told = group.noted(1, 0);
    let resumed = told.iter().find_map(|entry| match entry.told {
        Told::Resumed(term, base) => Some((term, base)),
        _ => None,
    });
    let Some((term, base)) = resumed else {
        return Err("resumed was not told though an entry was applied that had been proposed since".to_owned());
    };
    same("the term of resumed", term, group.status(1).term)?;
    holds(given_up.since(base) <= TICK, || {
        format!("resumed counts from {base:?}; the transfer was given up at {given_up:?}")
    })
}

/// Expects the end of `n1`'s leadership to have been told, since `mark`, for this cause and before any of these.
fn ended_before(group: &Group, since: usize, cause: EndCause, shows: impl Fn(&Told) -> bool) -> Checked {
    let ended = group.first(1, since, |told| matches!(told, Told::Ended(told) if *told == cause));
    holds(ended.is_some(), || format!("no end was told for the cause {}", cause.name()))?;
    before(&format!("the end for {}, then others can know", cause.name()), ended, group.first(1, since, shows))
}

/// It is published that this node leads no more.
fn shows_end(told: &Told) -> bool {
    matches!(told, Told::Published(status) if !status.leads())
}

fn stopped(told: &Told) -> bool {
    matches!(told, Told::Event(Event::Stopped { .. }))
}

fn the_end_is_heard_when_another_is_elected(kit: &Kit) -> Checked {
    let mut group = kit.led(3)?;
    group.live();
    let mark = group.mark();
    group.hand_over(1, 2)?;
    ended_before(&group, mark, EndCause::RoleChange, shows_end)
}

fn the_end_is_heard_when_no_quorum_is_heard(kit: &Kit) -> Checked {
    let mut group = kit.led(3)?;
    group.live();
    let mark = group.mark();
    group.isolate(1);
    group.until("n1, who is cut off, leads no more", |group| !group.status(1).leads())?;
    ended_before(&group, mark, EndCause::RoleChange, shows_end)
}

fn the_end_is_heard_when_the_vote_is_lost(kit: &Kit) -> Checked {
    let mut group = kit.led(3)?;
    group.live();
    let mark = group.mark();
    let change = group.change(1, MembershipChange::Remove(NodeId(1)));
    group.succeeded("a change of membership", &change)?;
    let in_force = |told: &Told| match told {
        Told::Event(Event::Membership { members, .. }) => !members.votes(NodeId(1)),
        told => shows_end(told),
    };
    ended_before(&group, mark, EndCause::Removal, in_force)
}

fn the_end_is_heard_when_the_disk_stands_still(kit: &Kit) -> Checked {
    let (group, _) = stands::stalled_for_long(kit)?;
    ended_before(&group, 0, EndCause::DiskStalled, shows_transfer)?;
    let told = group.first(1, 0, |told| matches!(told, Told::Event(Event::DiskStalled { .. })));
    let ended = group.first(1, 0, |told| matches!(told, Told::Ended(EndCause::DiskStalled)));
    before("the sink, then the listener", told, ended)
}

fn the_end_is_heard_when_the_engine_is_stopped(kit: &Kit) -> Checked {
    for node in [1, 2] {
        let mut group = kit.led(3)?;
        group.live();
        let mark = group.mark();
        group.stop(node);
        let ended = group.first(node, mark, |told| matches!(told, Told::Ended(EndCause::Stopped)));
        holds(ended.is_some(), || format!("n{node} was stopped, and no end was told"))?;
        before("the end, then Stopped", ended, group.first(node, mark, stopped))?;
    }
    Ok(())
}

fn the_end_is_heard_when_the_disk_fails(kit: &Kit) -> Checked {
    let (group, _) = stands::failed(kit)?;
    ended_before(&group, 0, EndCause::Stopped, stopped)
}

fn the_end_is_heard_when_a_task_panics(kit: &Kit) -> Checked {
    let tasks: [fn(&mut Group); 3] = [
        |group| drop(group.propose(1, PANICS)),
        |group| {
            group.panic_disk(1);
            group.propose(1, b"other");
        },
        |group| group.panic_bus(1),
    ];
    tasks.into_iter().try_for_each(|comes_to| {
        let (group, _) = stands::panicked_at(kit, comes_to)?;
        ended_before(&group, 0, EndCause::Stopped, stopped)
    })
}

fn between_two_elections_of_a_node_there_is_an_end(kit: &Kit) -> Checked {
    let group = restless(kit)?;
    for node in [1, 2, 3] {
        let mut leads = None;
        for entry in group.noted(node, 0) {
            match entry.told {
                Told::Elected(term) => {
                    holds(leads.is_none(), || format!("n{node} is elected in {term}, and still in {leads:?}"))?;
                    leads = Some(term);
                }
                Told::Ended(_) => leads = None,
                _ => {}
            }
        }
    }
    Ok(())
}

fn what_is_heard_of_a_term_is_heard_while_it_is_led(kit: &Kit) -> Checked {
    let mut group = restless(kit)?;
    group.isolate(3);
    group.run(2 * ELECTION + 3 * TICK);
    for node in [1, 2, 3] {
        let mut leads = None;
        for entry in group.noted(node, 0) {
            match entry.told {
                Told::Elected(term) => leads = Some(term),
                Told::Ended(_) => leads = None,
                Told::Renewed(term, _) | Told::Resumed(term, _) => {
                    same(&format!("the term that n{node} leads when it is told of {term}"), leads, Some(term))?;
                }
                _ => {}
            }
        }
    }
    Ok(())
}

fn nothing_is_heard_once_the_engine_has_stopped(kit: &Kit) -> Checked {
    for node in [1, 2] {
        let mut group = kit.led(3)?;
        group.live();
        group.stop(node);
        group.run(3 * ELECTION);
        let told = group.noted(node, 0);
        let after: Vec<_> = told.iter().skip_while(|entry| !stopped(&entry.told)).skip(1).collect();
        let news = after.iter().find(|entry| entry.told.is_callback() || matches!(entry.told, Told::Event(_)));
        holds(news.is_none(), || format!("n{node} has stopped, and told {news:?} after that"))?;
        same("how often Stopped was told", group.count(node, 0, stopped), 1)?;
    }
    Ok(())
}
