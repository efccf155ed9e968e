//! What is pending while a leader is awaited, and why.

use super::{Awaited, Ballot, leaders};
use crate::check::prelude::*;
use crate::view::GroupView;
use crate::words::figures::list;
use std::collections::VecDeque;

/// Of the operations that wait, as many are told of.
const OPERATIONS: usize = 2;

/// Time is out, and these were the last faults.
pub(super) fn overdue(now: &Now<'_>, since: SimTime, faults: &VecDeque<String>) -> Finding {
    let waited = duration(now.at.since(since));
    let message = format!(
        "the last fault was over at {since}, and {waited} later no leader has committed and is followed by a quorum"
    );
    now.bare_finding(message, faults.iter().cloned().collect())
}

/// The same, and what is pending.
pub(super) fn pending(now: &Now<'_>, awaited: &Awaited, faults: &VecDeque<String>) -> Finding {
    let mut late = overdue(now, awaited.since, faults);
    let story = &mut late.story;
    story.extend(leaders(now.nodes).map(|(leader, state)| lacks(awaited, leader, state, now.nodes)).take(2));
    story.extend(waiting(now));
    let room = STORY - story.len();
    let node = |(id, node): (NodeId, &Replica)| format!("{id} {}{}", node.describe(now.at), ballots(awaited, id, node));
    story.extend(now.nodes.iter().take(room).map(node));
    late
}

/// Who stands for election, or would: what others say to it.
fn ballots(awaited: &Awaited, candidate: NodeId, node: &Replica) -> String {
    if !matches!(node.role, Role::Candidate | Role::PreCandidate) {
        return String::new();
    }
    let of_it = awaited.ballots.iter().filter(|((of, _), _)| *of == candidate);
    let said = of_it.map(|((_, voter), Ballot { asked, said })| match said {
        Some((at, true)) if at >= asked => format!("{voter} refused its vote at {at}"),
        Some((at, false)) if at >= asked => format!("{voter} was for it at {at}"),
        _ => format!("{voter}, asked at {asked}, has not answered"),
    });
    let said: Vec<_> = said.collect();
    if said.is_empty() { "; nobody hears it ask for votes".to_owned() } else { format!("; {}", said.join(", ")) }
}

/// What a leader waits for.
fn lacks(awaited: &Awaited, leader: NodeId, state: &Replica, nodes: &GroupView<'_>) -> String {
    let term = state.term;
    let members = nodes.members(leader);
    let answered = awaited.answered.iter().filter(|(of, in_term, _)| (*of, *in_term) == (leader, term));
    let answered = list(answered.map(|(_, _, voter)| voter));
    let quorum = if awaited.backs(leader, term, nodes) {
        format!("{leader} leads term {term}, answered by {answered}, a quorum of {members}")
    } else {
        format!("{leader} leads term {term} and waits for a quorum of {members}: answered since by {answered}")
    };
    match state.applied {
        Some((_, of)) if of == term => quorum,
        Some((index, of)) => format!("{quorum}; it has applied up to {index}, of term {of}, and nothing of its own"),
        None => format!("{quorum}; it has applied nothing"),
    }
}

/// How many operations wait, and the first of them.
fn waiting(now: &Now<'_>) -> Vec<String> {
    let operations = &now.nodes.operations;
    let first = operations.iter().take(OPERATIONS).map(|operation| {
        let (kind, client) = (operation.operation.kind().name(), operation.client);
        let reads = operation.operation.kind().only_reads();
        let what = if reads { "for a leader that is sure to lead" } else { "for its entry to be committed" };
        let key = operation.operation.key();
        let (key, waited) = (now.premises.key(key), duration(now.at.since(operation.invoked)));
        format!("c{client} waits with a {kind} of {key} since {}, for {waited}, {what}", operation.invoked)
    });
    let mut lines = vec![format!("{} under way then", counted(operations.len() as u64, "operation"))];
    lines.extend(first);
    lines
}
