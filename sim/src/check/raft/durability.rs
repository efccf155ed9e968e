//! R5: what a node has promised outlives its process.
//!
//! **Proves**, from what nodes tell to be durable and from the messages that reach others, that a node's durable term never
//! goes back and its vote never changes within a term, across starts too; that a vote that arrives, asked for or given, was
//! durable before, and an append that is acknowledged was in the durable log; that a process that starts finds no older term,
//! vote or log than was told, so that what nobody could lose is still there; and that within one process the applied index goes
//! up by one at a time. A log is older whose last entry is of an earlier term, or of the same and at a lower index (Raft
//! §5.4.1): only a later leader overwrites.
//!
//! **Does not prove** that what is told to be durable is (a crash shows), nor anything of the commit index, which need not be
//! durable. Pre-votes promise nothing and are passed over.
//!
//! **Costs** a look-up for each vote and each answer to an append, a few comparisons for each start, vote and entry applied.
//!
//! **Seen alive by** its unit tests, by `unsynced-disk` in `planted/machine-crash` and `vote-not-durable` in
//! `planted/second-vote`. Tried by hand: an engine that sends what promises durability before it syncs (seen at the first
//! vote), and one that takes a failed fsync for done (seen when its process starts after a crash, `fast/disk`).

use crate::check::prelude::*;

#[derive(Default)]
pub(in crate::check) struct Durability {
    nodes: BTreeMap<NodeId, Durable>,
}

/// What a node has told to be durable.
#[derive(Default)]
struct Durable {
    term: u64,
    vote: Option<NodeId>,
    /// The last index that its present process has applied.
    applied: Option<u64>,
}

impl Durable {
    /// What is wrong with this term and vote after those before.
    fn voted(&mut self, Vote { term, vote }: Vote) -> Option<String> {
        let before = std::mem::replace(&mut self.vote, vote);
        let of = std::mem::replace(&mut self.term, term);
        if term < of {
            return Some(format!("is back in term {term} after term {of}"));
        }
        let changed = term == of && before.is_some() && before != vote;
        changed.then(|| format!("has voted for {} and for {} in term {term}", whom(before), whom(vote)))
    }
}

fn whom(vote: Option<NodeId>) -> String {
    vote.map_or_else(|| "nobody".to_owned(), |node| node.to_string())
}

impl Durability {
    fn of(&mut self, node: NodeId) -> &mut Durable {
        self.nodes.entry(node).or_default()
    }

    /// What has arrived says that its sender is in the head's term, and maybe that it has voted in it, or that its log is durable up to an
    /// index.
    fn heard(
        &mut self,
        now: &Now<'_>,
        Arrival { from, to, head }: Arrival<'_>,
        vote: Option<NodeId>,
        entry: Option<u64>,
    ) -> Option<Finding> {
        now.judge();
        let (term, durable) = (head.term, self.of(from));
        let has = now.nodes.get(from).map_or(0, |state| state.log.last_index());
        let message = if durable.term < term {
            format!("{from} has answered {to} in term {term}, but only term {} is durable on it", durable.term)
        } else if durable.term > term {
            return None;
        } else if let Some(vote) = vote.filter(|vote| durable.vote != Some(*vote)) {
            let has = whom(durable.vote);
            format!("{from} has told {to} of its vote for {vote} in term {term}, but durable is one for {has}")
        } else {
            let index = entry.filter(|index| *index > has)?;
            format!(
                "{from} has acknowledged index {index} to {to} in term {term}, but only index {has} is durable on it"
            )
        };
        Some(now.finding(message, Vec::new()))
    }
}

/// What is wrong with a log that ends with this term and index, when it is opened.
fn shorter(By { state: Replica { log, .. }, .. }: By<'_>, (last_term, last_index): (u64, u64)) -> Option<String> {
    let (term, index) = log.last();
    ((last_term, last_index) < (term, index)).then(|| {
        format!("has lost entries: its log ends with index {last_index} of term {last_term}, where it had told of index {index} of term {term}")
    })
}

impl Check for Durability {
    fn voted(&mut self, now: &Now<'_>, by: By<'_>, voted: Vote) -> Option<Finding> {
        now.judge();
        let wrong = self.of(by.node).voted(voted)?;
        Some(now.finding(format!("{} {wrong}", by.node), Vec::new()))
    }

    fn opened(&mut self, now: &Now<'_>, by: By<'_>, Opened { voted, last, .. }: Opened) -> Option<Finding> {
        now.judge();
        let other = self.of(by.node).voted(voted);
        let forgotten = other.map(|wrong| format!("{wrong}: it had forgotten when it started again"));
        let wrong = forgotten.or_else(|| shorter(by, last))?;
        Some(now.finding(format!("{} {wrong}", by.node), Vec::new()))
    }

    fn applied(&mut self, now: &Now<'_>, By { node, .. }: By<'_>, Place { index, .. }: Place) -> Option<Finding> {
        now.judge();
        let before = self.of(node).applied.replace(index)?;
        let wrong = || now.finding(format!("{node} applied index {index} after index {before}"), Vec::new());
        (index != before + 1).then(wrong)
    }

    fn snapshot_restored(&mut self, _: &Now<'_>, by: By<'_>, last: Place, _: Option<NodeId>) -> Option<Finding> {
        self.of(by.node).applied = Some(last.index);
        None
    }

    fn candidacy(&mut self, now: &Now<'_>, arrival: Arrival<'_>) -> Option<Finding> {
        self.heard(now, arrival, Some(arrival.from), None)
    }

    fn vote(&mut self, now: &Now<'_>, arrival: Arrival<'_>) -> Option<Finding> {
        if arrival.head.rejected { None } else { self.heard(now, arrival, Some(arrival.to), None) }
    }

    fn acknowledged(&mut self, now: &Now<'_>, arrival: Arrival<'_>) -> Option<Finding> {
        if arrival.head.rejected { None } else { self.heard(now, arrival, None, Some(arrival.head.index)) }
    }

    fn started(&mut self, _: &Now<'_>, node: NodeId) -> Option<Finding> {
        self.of(node).applied = None;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{Events, head, ms};
    use crate::history::Head;
    use crate::scenario::Class;
    use crate::words::MessageKind;
    use leasehold::observe::Event;
    use std::time::Duration;

    #[track_caller]
    fn wrong(events: Events, message: &str) {
        let finding = events.found_by("durability").expect("a promise that was not kept");
        assert_eq!((finding.check, finding.class), ("durability", Class::RaftInvariant));
        assert_eq!(finding.message, message);
    }

    #[track_caller]
    fn right(events: Events) {
        assert!(events.evaluated_by("durability") > 0);
    }

    fn voted(events: Events, at: u64, node: u64, term: u64, vote: u64) -> Events {
        events.event(at, node, Event::Voted { term, vote: (vote > 0).then_some(NodeId(vote)) })
    }

    fn opened(events: Events, at: u64, (term, vote): (u64, u64), (last_index, last_term): (u64, u64)) -> Events {
        let vote = (vote > 0).then_some(NodeId(vote));
        let opened = Event::Opened { term, vote, last_index, last_term, withholds: Duration::ZERO };
        events.killed(at, 1).started(at, 1, 2).event(at, 1, opened)
    }

    fn arrives(events: Events, at: u64, kind: MessageKind, term: u64, index: u64, rejected: bool) -> Events {
        events.arrives(at, (1, 2), kind, Head { rejected, ..head(term, index, 0) })
    }

    /// n1 is in term 4, has voted for n2, and has indices 1 and 2.
    fn follower() -> Events {
        voted(Events::default(), 5, 1, 4, 2).appends(10, 1, 1, 3, 0xa).appends(20, 1, 2, 4, 0xb)
    }

    #[test]
    fn a_term_goes_up_and_a_vote_comes_once() {
        right(voted(voted(voted(Events::default(), 1, 1, 3, 0), 2, 1, 3, 2), 3, 1, 4, 0));
        wrong(voted(follower(), 30, 1, 3, 2), "n1 is back in term 3 after term 4");
        wrong(voted(follower(), 30, 1, 4, 3), "n1 has voted for n2 and for n3 in term 4");
        wrong(voted(follower(), 30, 1, 4, 0), "n1 has voted for n2 and for nobody in term 4");
    }

    #[test]
    fn a_process_that_starts_finds_what_was_told() {
        right(opened(follower(), 30, (4, 2), (2, 4)));
        right(opened(follower(), 30, (5, 0), (3, 4)));
        right(opened(follower(), 30, (5, 3), (1, 5)));
        let forgot = "it had forgotten when it started again";
        wrong(opened(follower(), 30, (3, 0), (2, 4)), &format!("n1 is back in term 3 after term 4: {forgot}"));
        wrong(
            opened(follower(), 30, (4, 0), (2, 4)),
            &format!("n1 has voted for n2 and for nobody in term 4: {forgot}"),
        );
        let lost = "its log ends with index 1 of term 3, where it had told of index 2 of term 4";
        wrong(opened(follower(), 30, (4, 2), (1, 3)), &format!("n1 has lost entries: {lost}"));
    }

    #[test]
    fn a_vote_that_arrives_is_durable() {
        right(arrives(follower(), 30, MessageKind::VoteResponse, 4, 0, false));
        right(arrives(follower(), 30, MessageKind::VoteResponse, 3, 0, false));
        right(arrives(voted(follower(), 25, 1, 5, 1), 30, MessageKind::Vote, 5, 2, false));
        let only = "but only term 4 is durable on it";
        wrong(
            arrives(follower(), 30, MessageKind::VoteResponse, 5, 0, false),
            &format!("n1 has answered n2 in term 5, {only}"),
        );
        let message = "n1 has told n2 of its vote for n1 in term 4, but durable is one for n2";
        wrong(arrives(follower(), 30, MessageKind::Vote, 4, 2, false), message);
    }

    #[test]
    fn an_append_that_is_acknowledged_is_durable() {
        right(arrives(follower(), 30, MessageKind::AppendResponse, 4, 2, false));
        right(arrives(follower(), 30, MessageKind::AppendResponse, 3, 9, false));
        let message = "n1 has acknowledged index 3 to n2 in term 4, but only index 2 is durable on it";
        wrong(arrives(follower(), 30, MessageKind::AppendResponse, 4, 3, false), message);
    }

    #[test]
    fn what_refuses_and_what_only_asks_how_it_would_be_promises_nothing() {
        let refuses = arrives(follower(), 30, MessageKind::AppendResponse, 4, 3, true);
        right(arrives(refuses, 31, MessageKind::VoteResponse, 9, 0, true));
        right(arrives(follower(), 30, MessageKind::PreVote, 5, 2, false));
    }

    #[test]
    fn each_process_applies_one_after_the_other() {
        let applied = || follower().applies(30, 1, 1, 3, 0xa).applies(31, 1, 2, 4, 0xb);
        right(applied().killed(40, 1).started(41, 1, 2).applies(42, 1, 1, 3, 0xa));
        wrong(applied().applies(40, 1, 2, 4, 0xb), "n1 applied index 2 after index 2");
        let finding = applied().applies(40, 1, 4, 4, 0xb).found_by("durability").expect("a gap");
        assert_eq!(finding.at, ms(40));
    }
}
