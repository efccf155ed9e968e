//! The lines of a finding's story that say what the nodes are up to.

use super::prelude::*;
use crate::view::acknowledged::Acknowledged;
use crate::view::ledger::Wrote;
use crate::view::{GroupView, Held};
use leasehold::observe::EndCause;
use leasehold::request::ReadPath;
use std::iter;

impl GroupView<'_> {
    /// A line for each node that leads or has had a lease, at most `most`, those with a lease in force at `at` first.
    pub(super) fn story(&self, at: SimTime, most: usize) -> Vec<String> {
        let mut nodes: Vec<_> = self.iter().filter(|(_, node)| node.is_of_interest()).collect();
        nodes.sort_by_key(|(_, node)| !node.holds_lease(at));
        nodes.iter().take(most).map(|(id, node)| format!("{id} {}", node.describe(at))).collect()
    }

    /// A finding's story, and what the nodes are up to as far as there is room.
    pub(super) fn complete(&self, at: SimTime, mut story: Vec<String>) -> Vec<String> {
        story.extend(self.story(at, STORY.saturating_sub(story.len())));
        story
    }

    /// For each lease that was still good while another node already led a later term: by how much it was too long, and what it stood on.
    pub(super) fn overlaps(&self, at: SimTime) -> Vec<String> {
        let newest = self.iter().filter(|(_, node)| node.role == Role::Leader).max_by_key(|(_, node)| node.term);
        let Some((leader, leading)) = newest else { return Vec::new() };
        let outlived = self.iter().filter(|(id, _)| *id != leader).filter_map(|(id, node)| {
            let (lease, until) = node.latest_lease()?;
            let overlap = until.min(at).since(leading.since.max(lease.since));
            let old = lease.term < leading.term && !overlap.is_zero();
            let (overlap, too_long) = (duration(overlap), duration(until.since(leading.since)));
            let (theirs, ours, since, until) = (lease.term, leading.term, leading.since, moment(until));
            let outlived = format!(
                "so {id} had its lease of term {theirs} for {overlap} while {leader} led term {ours}: a lease must end before anybody \
                 else leads, but {until} <= {since} is untrue by {too_long}"
            );
            old.then(|| iter::once(outlived).chain(self.stands_on(id, &lease, leading.since)))
        });
        outlived.flatten().collect()
    }

    /// What the lease of `holder` stands on, told after another has led from `led` on: who had promised, by what it had last acknowledged,
    /// to elect nobody else until when. Nothing where that cannot be told: somebody has touched a clock, or promises are not what it is
    /// about.
    pub(super) fn stands_on(&self, holder: NodeId, lease: &Held, led: SimTime) -> Option<String> {
        let process = (holder, self.get(holder)?.incarnation);
        let members = self.members(holder);
        // Until when, by what had left when. Who has acknowledged nothing is free from the first.
        let promised = |voter: NodeId| {
            let Some(stamp) = self.acknowledged.latest(process, lease.term, voter) else {
                return Some((SimTime::default(), None, voter));
            };
            let timing = self.get(voter)?.timing?;
            let left = self.clocks.when(holder, stamp.sent_at).filter(|left| self.clocks.runs_on(holder, *left))?;
            let given = self.clocks.reading(voter, left).filter(|_| self.clocks.runs_on(voter, left))?;
            let until = self.clocks.when(voter, given.after(timing.promise.saturating_sub(timing.tick)))?;
            Some((until, Some(left), voter))
        };
        let voters = self.others(holder).map(|(id, _)| id).filter(|id| members.votes(*id));
        let mut promises: Vec<_> = voters.map(promised).collect::<Option<_>>()?;
        promises.sort();
        let free_after =
            |last: usize| members.is_quorum(|node| promises[..=last].iter().any(|(.., voter)| *voter == node));
        let (until, left, voter) = promises[(0..promises.len()).find(|last| free_after(*last))?];
        let left = left?;
        let what =
            format!("{voter} had last acknowledged what left {holder} at {left}, so others could lead from {until} on");
        Some(if until < lease.until {
            format!("{what}: the lease was good for {} longer", duration(lease.until.since(until)))
        } else {
            format!("{what}: one did {} sooner", duration(until.since(led)))
        })
    }
}

impl Now<'_> {
    /// ` by n1`, who has just answered this client; nothing where nobody has.
    pub(super) fn answered_by(&self, client: u32) -> String {
        self.nodes.operations.answered_by(self.at, client).map_or_else(String::new, |node| format!(" by {node}"))
    }
}

impl Wrote {
    /// Who wrote this version of `key`, and since when it is applied anywhere.
    pub(super) fn described(&self, key: &str) -> String {
        let did = if self.deleted { "deleted" } else { "wrote" };
        let (op, version, at) = (self.op.0, self.version, self.at);
        match self.client {
            Some(client) => format!("#{op} of client {client} {did} {key} as version {version}, first applied at {at}"),
            None => format!(
                "#{op}, for which nobody waited any more, {did} {key} as version {version}, first applied at {at}"
            ),
        }
    }
}

impl UnderWay {
    /// `get #7 by client 3`
    pub(super) fn named(&self) -> String {
        format!("{} #{} by client {}", self.operation.kind().name(), self.op.0, self.client)
    }

    /// When which client invoked it.
    pub(super) fn invocation(&self) -> String {
        format!("client {} invoked {} #{} at {}", self.client, self.operation.kind().name(), self.op.0, self.invoked)
    }
}

/// How a read was fenced.
pub(super) fn path(completion: &Completion) -> &'static str {
    match completion {
        Completion::Read { path: ReadPath::Lease, .. } => " from the lease",
        Completion::Read { path: ReadPath::ReadIndex, .. } => " after a ReadIndex round",
        Completion::Reads { parts, .. } if !parts.is_empty() => {
            let lease = parts.iter().all(|part| part.path == ReadPath::Lease);
            if lease { " from the lease" } else { " after a ReadIndex round" }
        }
        _ => "",
    }
}

impl Replica {
    fn is_of_interest(&self) -> bool {
        self.role == Role::Leader || self.latest_lease().is_some()
    }

    pub(super) fn describe(&self, at: SimTime) -> String {
        let role = match self.role {
            Role::Leader => format!("has led term {} since {}", self.term, self.since),
            role => format!("has been {} in term {} since {}", role.name(), self.term, self.since),
        };
        let served = self.last_hit.map_or(String::new(), |hit| format!("; last answered from a lease at {hit}"));
        format!("{role}{}; {}{served}", self.describe_process(), self.describe_lease(at))
    }

    fn describe_process(&self) -> String {
        match self.process {
            Some((ProcessChange::Failed { error }, at)) => format!(", could not start at {at} ({})", error.name()),
            Some((ProcessChange::Killed, at)) => format!(", killed at {at}"),
            Some((ProcessChange::Paused, at)) => format!(", standing still since {at}"),
            _ => String::new(),
        }
    }

    fn describe_lease(&self, at: SimTime) -> String {
        match (&self.lease, &self.ended) {
            (Some(Held { term, extended, until, .. }), _) => {
                let holds = if at < *until { "holds" } else { "held" };
                format!("{holds} a lease of term {term}, extended at {extended}, until {}", moment(*until))
            }
            (None, Some(ended)) => {
                let cause = ended.cause.map_or("no longer leader", EndCause::name);
                format!("its lease of term {} ended at {} ({cause})", ended.lease.term, ended.until())
            }
            (None, None) => "has had no lease".to_owned(),
        }
    }
}

impl Acknowledged {
    /// What `node` has acknowledged to this process of a leader, beside the base of its lease.
    pub(crate) fn describe(&self, leader: (NodeId, u64), lease: &Extension, node: NodeId) -> String {
        let Some(stamp) = self.latest(leader, lease.term, node) else {
            return format!("{node} has acknowledged nothing in this term");
        };
        let (base, sent) = (lease.base, stamp.sent_at);
        let (apart, order) = if sent < base { (base.since(sent), "before") } else { (sent.since(base), "after") };
        let apart = duration(apart);
        format!(
            "the latest that {node} has acknowledged is round {}, which left {apart} {order} the lease's base",
            stamp.round
        )
    }
}

/// A moment, or that it never comes.
pub(super) fn moment(at: SimTime) -> String {
    if at == SimTime::NEVER { "the end of time".to_owned() } else { at.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::testing::{Events, ms};
    use crate::view::View;
    use std::time::Duration;

    #[test]
    fn the_story_says_whose_process_is_down() {
        let story = |events: Events| View::after(&events).first().story(ms(20), 1);
        let told = |change| story(Events::default().leads(0, 1, 4).process(10, 1, change));
        let line = |process| vec![format!("n1 has {process}; has had no lease")];
        assert_eq!(told(ProcessChange::Paused), line("led term 4 since 0.000000s, standing still since 0.010000s"));
        assert_eq!(told(ProcessChange::Resumed), line("led term 4 since 0.000000s"));
        let killed = story(Events::default().leads(0, 1, 4).extended(5, 1, 4, 50).killed(10, 1));
        assert!(killed[0].starts_with("n1 has been follower in term 4 since 0.010000s, killed at 0.010000s;"));
    }

    #[test]
    fn the_story_names_roles_leases_and_the_overlap() {
        let events = Events::default().leads(0, 1, 4).extended(10, 1, 4, 1_000).hit(850, 1).leads(700, 2, 5);
        let (view, at) = (View::after(&events), ms(900));
        assert_eq!(
            view.first().story(at, 7),
            [
                "n1 has led term 4 since 0.000000s; holds a lease of term 4, extended at 0.010000s, until 1.000000s; \
                 last answered from a lease at 0.850000s",
                "n2 has led term 5 since 0.700000s; has had no lease",
            ]
        );
        let overlap = "so n1 had its lease of term 4 for 200ms while n2 led term 5: a lease must end before anybody else leads, \
                       but 1.000000s <= 0.700000s is untrue by 300ms";
        assert_eq!(view.first().overlaps(at), [overlap]);
    }

    /// n1 leads; n2 has acknowledged what left it at 10 ms, n3 what left it at 40 ms, and each promises 900 ms with that.
    fn promised() -> Events {
        let events = (1..=3).fold(Events::default(), |events, node| {
            events.started(0, node, 1).configured(0, node, Duration::from_secs(1))
        });
        events.leads(2, 1, 4).acknowledges(20, 2, 1, 4, 10).acknowledges(50, 3, 1, 4, 40)
    }

    /// What the lease of n1 stood on, told once n2 has led from this time on.
    fn stood_on(events: Events, led: u64) -> Option<String> {
        let view = View::after(&events.leads(led, 2, 5));
        let (lease, _) = view.first().get(NodeId(1))?.latest_lease()?;
        view.first().stands_on(NodeId(1), &lease, ms(led))
    }

    #[test]
    fn a_lease_that_outlasts_the_promises_behind_it_is_told_by_how_much() {
        let told = "n3 had last acknowledged what left n1 at 0.040000s, so others could lead from 0.940000s on";
        let long = promised().extended(60, 1, 4, 1_500);
        assert_eq!(stood_on(long, 1_000), Some(format!("{told}: the lease was good for 560ms longer")));
        let broken = promised().extended(60, 1, 4, 900);
        assert_eq!(stood_on(broken, 700), Some(format!("{told}: one did 240ms sooner")));
    }

    #[test]
    fn what_a_lease_stood_on_is_not_told_where_a_clock_was_touched_since() {
        assert_eq!(stood_on(promised().extended(60, 1, 4, 1_500).shows(70, 3, 500), 1_000), None);
        assert_eq!(stood_on(promised().extended(60, 1, 4, 1_500).shows(70, 1, 500), 1_000), None);
    }
}
