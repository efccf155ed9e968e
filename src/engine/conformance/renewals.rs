//! What a lease may be counted from: the moment at which something left that a quorum has acknowledged, in the term that is led.

use super::checked::{Checked, holds};
use super::group::Group;
use super::kit::{Kit, tests};
use super::setup::{ELECTION, HEARTBEAT, LEARNER, STRANGER};
use super::trace::{Entry, Told};
use crate::engine::MembershipChange;
use crate::env::{Instant, NodeId, Point};
use crate::observe::Event;
use crate::wire::Kind;
use std::time::Duration;

tests! {
    a_quorum_that_answers_renews_within_the_interval_of_renewals:
        "a leader whose messages a quorum acknowledges is told so",
        "Listener::renewed";
    a_renewal_counts_from_when_what_a_quorum_has_acknowledged_left:
        "the base is the send time of a round that a quorum acknowledged, never the arrival of the answer",
        "Listener::renewed; Raft dissertation 6.4.1; premise P1";
    acknowledgements_of_an_earlier_term_renew_nothing:
        "a promise is made to the leader that asked for it: what a term sent renews nothing in another",
        "Listener::renewed; premise P10; lease-bugs LB-37";
    one_of_five_renews_nothing:
        "fewer than a quorum renew nothing",
        "Listener::renewed; premise P5; lease-bugs LB-41";
    half_of_a_joint_configuration_renews_nothing:
        "in a joint configuration a majority of each half must have acknowledged",
        "Listener::renewed; premise P5; lease-bugs LB-41";
    a_minority_of_the_voters_renews_nothing_however_many_of_them_the_leader_has_yet_to_apply:
        "whoever could be elected needs a majority of those by whom acknowledgements are counted",
        "Listener::renewed; premise P5";
    a_learner_renews_nothing:
        "who has no vote keeps nobody from being elected",
        "Listener::renewed; premise P5; lease-bugs LB-39";
}

/// How long a message takes in these tests.
const LATENCY: Duration = Duration::from_millis(7);

/// When `node` was told of a renewal, of which term, and from when it counts.
fn renewals(entries: &[Entry]) -> impl Iterator<Item = (Instant, u64, Instant)> {
    entries.iter().filter_map(|entry| match entry.told {
        Told::Renewed(term, base) => Some((entry.at, term, base)),
        _ => None,
    })
}

fn a_quorum_that_answers_renews_within_the_interval_of_renewals(kit: &Kit) -> Checked {
    const SPAN: u32 = 20;
    let mut group = kit.led(3)?;
    group.live();
    let mark = group.mark();
    group.run(SPAN * HEARTBEAT);
    // The interval is three heartbeats, for who renews by rounds.
    let count = group.count(1, mark, |told| matches!(told, Told::Renewed(..)));
    holds(count >= (SPAN / 4) as usize, || format!("{count} renewals in {SPAN} heartbeats"))
}

fn a_renewal_counts_from_when_what_a_quorum_has_acknowledged_left(kit: &Kit) -> Checked {
    let mut group = kit.led(3)?;
    group.latency(LATENCY);
    let (mark, begun) = (group.mark(), group.now());
    group.run(10 * HEARTBEAT);
    for number in 0..5 {
        group.write(1, &[number])?;
        // Rounds, for who renews by those: their answers come when others have begun.
        for _ in 0..8 {
            group.read(1);
            group.run(HEARTBEAT / 24);
        }
    }
    group.hand_over(1, 2)?;
    group.run(10 * HEARTBEAT);
    let mut found = 0;
    for node in [1, 2] {
        let told = group.noted(node, mark);
        let left: Vec<_> = told.iter().filter_map(sent).collect();
        // What left before messages took their time is not looked at.
        for (at, term, base) in renewals(&told).filter(|(_, _, base)| *base >= begun) {
            found += 1;
            holds(left.contains(&(term, base)), || format!("n{node} sent nothing in term {term} at {base:?}"))?;
            holds(at.since(base) >= 2 * LATENCY, || {
                format!("n{node} renews at {at:?} from {base:?}: no answer can have come so soon")
            })?;
        }
    }
    holds(found >= 5, || format!("{found} renewals"))
}

/// The term and the moment of a leader's message that asks for a promise.
fn sent(entry: &Entry) -> Option<(u64, Instant)> {
    match &entry.told {
        Told::Sent { kind: Kind::Heartbeat | Kind::Append | Kind::Snapshot, head, .. } => Some((head.term, entry.at)),
        _ => None,
    }
}

fn acknowledgements_of_an_earlier_term_renew_nothing(kit: &Kit) -> Checked {
    let mut group = kit.led(3)?;
    group.hold(Kind::HeartbeatResponse, 2, 1);
    group.hold(Kind::HeartbeatResponse, 3, 1);
    group.run(3 * HEARTBEAT);
    group.hold_no_more();
    group.hand_over(1, 2)?;
    group.hand_over(2, 1)?;
    group.isolate(1);
    let (mark, term) = (group.mark(), group.status(1).term);
    group.release();
    group.run(HEARTBEAT / 2);
    let elected = group.noted(1, 0).iter().find_map(|entry| match entry.told {
        Told::Elected(elected) if elected == term => Some(entry.at),
        _ => None,
    });
    let elected = elected.ok_or_else(|| format!("n1 was not told that it is elected in {term}"))?;
    let old = renewals(&group.noted(1, mark)).find(|(_, of, base)| *of != term || *base < elected);
    holds(old.is_none(), || format!("{old:?} renews n1, which leads in {term} since {elected:?}"))
}

/// Of these nodes alone `n1` has answers.
fn renewed_by(group: &mut Group, answering: &[u64]) -> usize {
    for node in group.nodes().into_iter().filter(|node| *node != 1 && !answering.contains(node)) {
        group.cut(node, 1);
    }
    group.run(HEARTBEAT);
    let mark = group.mark();
    group.run(4 * HEARTBEAT);
    group.count(1, mark, |told| matches!(told, Told::Renewed(..)))
}

fn one_of_five_renews_nothing(kit: &Kit) -> Checked {
    let mut group = kit.led(5)?;
    group.live();
    let count = renewed_by(&mut group, &[2]);
    holds(count == 0, || format!("{count} renewals by one answer of five voters"))
}

fn half_of_a_joint_configuration_renews_nothing(kit: &Kit) -> Checked {
    let mut group = kit.led(3)?;
    group.live();
    // The joint configuration stays: its new half, n1 and the stranger, commits nothing.
    group.hold(Kind::AppendResponse, STRANGER, 1);
    group.change(1, MembershipChange::Joint { add: vec![NodeId(STRANGER)], remove: vec![NodeId(2), NodeId(3)] });
    let is_joint = |event: &Event| matches!(event, Event::Membership { members, .. } if members.is_joint());
    group.until("a joint configuration is in force", |group| group.count_events(1, 0, is_joint) > 0)?;
    let count = renewed_by(&mut group, &[STRANGER]);
    holds(count == 0, || format!("{count} renewals by the new half alone"))
}

fn a_minority_of_the_voters_renews_nothing_however_many_of_them_the_leader_has_yet_to_apply(kit: &Kit) -> Checked {
    for node in [2, 3] {
        let mut group = kit.led(3)?;
        group.live();
        // n2 goes on to take its log, and knows of three voters where there are five.
        group.hold_at(2, Point::Sent);
        let [learner, stranger] = [LEARNER, STRANGER].map(NodeId);
        let changes = [
            MembershipChange::AddLearner(stranger),
            MembershipChange::Promote(learner),
            MembershipChange::Promote(stranger),
        ];
        for change in changes {
            let changed = group.change(1, change);
            group.succeeded("a change of members", &changed)?;
            group.live();
        }
        group.isolate(1);
        let quiet = group.let_others_not_stand(node);
        // Who has to apply a change before it stands is not elected.
        group.run_at_most(5 * ELECTION, |group| group.status(node).leads());
        group.bus.end(quiet);
        [LEARNER, STRANGER].into_iter().for_each(|voter| group.isolate(voter));
        group.run(HEARTBEAT);
        let mark = group.mark();
        group.run(4 * HEARTBEAT);
        let count = group.count(node, mark, |told| matches!(told, Told::Renewed(..)));
        holds(count == 0, || format!("{count} renewals of n{node} by two of five voters, itself included"))?;
    }
    Ok(())
}

fn a_learner_renews_nothing(kit: &Kit) -> Checked {
    let mut group = kit.led(3)?;
    group.live();
    let count = renewed_by(&mut group, &[LEARNER]);
    holds(count == 0, || format!("{count} renewals by a learner"))
}
