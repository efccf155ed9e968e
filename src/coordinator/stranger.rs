//! Whom a node asks that was not a member of a group from the beginning.
//!
//! Who has no part in a group hears of none of its leaders, and whose part is over hears of no other than the last. So it asks one of the
//! founders, who knows who leads, or leads; and another, where that one does not answer, or knows of nobody.

use crate::env::NodeId;
use crate::error::Error;
use crate::observe::Membership;
use crate::request::Response;
use crate::rules::{Rule, is};
use parking_lot::Mutex;

/// A leader that the engine has heard of, and its term.
pub(super) type Heard = (NodeId, u64);

/// What such a node knows of a group.
pub(super) struct Stranger {
    me: NodeId,
    founders: Vec<NodeId>,
    known: Mutex<Known>,
}

#[derive(Clone, Copy)]
struct Known {
    /// Who is asked: a founder, or whoever leads, as far as it was told.
    asks: NodeId,
    /// Whom the engine still takes for the leader, and who was asked in vain.
    doubts: Option<Heard>,
}

/// A request that is passed on. Dropped before it is answered, it is not.
pub(super) struct Asking<'a> {
    stranger: &'a Stranger,
    /// Who is asked.
    pub(super) node: NodeId,
    heard: Option<Heard>,
    answered: bool,
}

impl Stranger {
    /// `None`: `me` is one of the founders, who hear who leads.
    pub(super) fn to(founders: &Membership, me: NodeId) -> Option<Self> {
        let Membership { voters, learners, .. } = founders;
        let asks = *voters.first().filter(|_| !voters.contains(&me) && !learners.contains(&me))?;
        Some(Self { me, founders: voters.clone(), known: Mutex::new(Known { asks, doubts: None }) })
    }

    /// Whoever is to be asked now: whom the engine has `heard` of, unless that one was asked in vain.
    pub(super) fn ask(&self, heard: Option<Heard>) -> Asking<'_> {
        let known = *self.known.lock();
        let heard = heard.filter(|_| heard != known.doubts);
        Asking { stranger: self, node: heard.map_or(known.asks, |(leader, _)| leader), heard, answered: false }
    }

    /// `asked` does not lead, or is silent: `named` is asked next, or the founder after it, unless another is already.
    fn turn(&self, asked: &Asking<'_>, named: Option<NodeId>) {
        let mut known = self.known.lock();
        if asked.heard.is_some() {
            known.doubts = asked.heard;
            known.asks = named.unwrap_or(known.asks);
        } else if known.asks == asked.node {
            let place = self.founders.iter().position(|founder| *founder == asked.node);
            let next = place.map_or(0, |place| (place + 1) % self.founders.len());
            known.asks = named.unwrap_or(self.founders[next]);
        }
    }
}

impl Asking<'_> {
    /// What came of it.
    pub(super) fn answered(mut self, answer: &Result<Response, Error>) {
        self.answered = match answer {
            // Who has missed much takes even this node, which has been a member, for the leader.
            Err(Error::NotLeader { leader: Some(leader) }) if ![self.node, self.stranger.me].contains(leader) => {
                self.stranger.turn(&self, Some(*leader));
                true
            }
            Err(Error::NotLeader { .. } | Error::LeaderNotFound | Error::Transport(_) | Error::Closed(_)) => false,
            _ => true,
        };
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        if !Rule::AsksWhoAnswers.holds(is(self.answered)) {
            self.stranger.turn(self, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Outcome;
    use crate::request::ReadPath;

    fn stranger() -> Stranger {
        let founders = Membership { voters: [2, 3, 4].map(NodeId).to_vec(), ..Membership::default() };
        assert!(Stranger::to(&founders, NodeId(3)).is_none(), "a founder hears who leads");
        Stranger::to(&founders, NodeId(5)).expect("n5 is none")
    }

    fn asks(stranger: &Stranger) -> u64 {
        stranger.known.lock().asks.0
    }

    fn names(leader: Option<u64>) -> Result<Response, Error> {
        Err(Error::NotLeader { leader: leader.map(NodeId) })
    }

    /// Whom it asks after this answer.
    fn after(stranger: &Stranger, answer: Result<Response, Error>) -> u64 {
        stranger.ask(None).answered(&answer);
        asks(stranger)
    }

    #[test]
    fn who_does_not_lead_says_who_does_and_that_one_is_asked() {
        let stranger = stranger();
        assert_eq!(after(&stranger, names(Some(4))), 4);
        assert_eq!(after(&stranger, names(Some(1))), 1, "which may have joined later");
        assert_eq!(after(&stranger, names(None)), 2, "and leads no more");
        assert_eq!(after(&stranger, names(Some(2))), 3, "who names itself leads nobody");
        assert_eq!(after(&stranger, names(Some(5))), 4, "nor does n5 itself, by whom it is asked");
    }

    #[test]
    fn who_does_not_answer_is_left_for_the_next_founder() {
        let stranger = stranger();
        drop(stranger.ask(None));
        assert_eq!(asks(&stranger), 3);
        assert_eq!(after(&stranger, Err(Error::Transport(Outcome::Unknown))), 4);
        let [late, next] = [stranger.ask(None), stranger.ask(None)];
        drop(next);
        drop(late);
        assert_eq!(asks(&stranger), 2, "two that asked the same leave it once");
    }

    #[test]
    fn who_serves_or_refuses_is_asked_again() {
        let stranger = stranger();
        let value = Response::Value { value: None, version: 0, path: ReadPath::Lease };
        assert_eq!(after(&stranger, Ok(value)), 2);
        assert_eq!(after(&stranger, Err(Error::Overloaded)), 2);
    }

    #[test]
    fn whom_the_engine_has_heard_of_is_asked_until_that_was_in_vain() {
        let stranger = stranger();
        let leads = |node, term| Some((NodeId(node), term));
        assert_eq!(stranger.ask(leads(4, 7)).node, NodeId(4));
        stranger.ask(leads(4, 7)).answered(&names(Some(3)));
        assert_eq!(
            stranger.ask(leads(4, 7)).node,
            NodeId(3),
            "the engine has not heard of it, as of nothing since it was removed"
        );
        assert_eq!(stranger.ask(leads(2, 8)).node, NodeId(2), "it is a member again");
    }
}
