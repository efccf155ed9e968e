//! An error says what is so.
//!
//! A conflict that is told as a lost leadership is what the incident was made of; how the lease takes it is judged elsewhere
//! (`end-causes`, the hit rate). A caller acts on what it is told: it asks another node, or waits for an election, or gives up.
//!
//! **Proves**, of each error by which a node answers a client, a node that has passed a call on to it, or who asked it to hand over or to change
//! its members, that between the arrival of the call and that of its answer
//! - `not-leader`: the node did not lead, or not all the time, or had yet to apply an entry of its own term;
//! - `leadership-lost`: it led a term, and then led that no more;
//! - `transfer-in-progress`: it had a transfer under way;
//! - `closed`, and whatever says that its engine failed: its engine had stopped;
//! - `retries-exhausted`: [`ATTEMPTS`] entries of the operation were refused.
//!
//! **Does not prove** that *not applied* never is (`serial-order`, `linearizability`), nor anything of what a client is told of a read of keys of
//! several groups, which may be of another group, and of what says that time ran out or that
//! there was too much to do.
//!
//! **Costs** a look-up for each error; remembers how often the transactions under way were refused.
//!
//! **Seen alive by** `interrupted-is-closed` (`planted/unheard-answers`) and its unit tests.

use crate::check::prelude::*;
use crate::history::{Answer, ByOp, Effect, Evidence, FaultPhase, StepId, Targets};
use leasehold::error::{ErrorKind, Outcome};

/// So often a script is tried (elastickv `redis_retry.go`).
const ATTEMPTS: u32 = 50;

#[derive(Default)]
pub(in crate::check) struct TrueErrors {
    /// When nodes were asked to hand over, or to change their members.
    asked: BTreeMap<StepId, SimTime>,
    /// When the process of each node began: of what the one before it told nothing is known any more.
    began: BTreeMap<NodeId, SimTime>,
    /// How often the transaction of each operation was refused.
    refused: ByOp<u32>,
    /// When each node was last told this error by another, of something that it had passed on.
    told: BTreeMap<(NodeId, ErrorKind), SimTime>,
    found: Option<Finding>,
    times: u64,
}

impl TrueErrors {
    /// Has it been so of `node` since a call came, of which so many attempts were `refused`? `None`: that is not judged.
    fn is_true(now: &Now<'_>, node: NodeId, came: SimTime, error: ErrorKind, refused: u32) -> Option<bool> {
        let state = now.nodes.get(node)?;
        let since = |at: Option<SimTime>| at.is_some_and(|at| at >= came);
        match error {
            // Until it is caught up, what it has published may be of before its election.
            ErrorKind::NotLeader => {
                let ready = now.nodes.caught_up(node).is_some_and(|ready| ready < came);
                Some(state.role != Role::Leader || !ready || since(state.lately.led))
            }
            ErrorKind::LeadershipLost => Some(since(state.lately.led)),
            ErrorKind::TransferInProgress => Some(since(state.lately.handed_over)),
            // A process that is gone answers nobody.
            ErrorKind::Closed | ErrorKind::Storage | ErrorKind::Damaged | ErrorKind::Panicked => {
                Some(state.lately.ran.is_some())
            }
            ErrorKind::RetriesExhausted => Some(refused >= ATTEMPTS || since(state.lately.state)),
            ErrorKind::LeaderNotFound
            | ErrorKind::WriteConflict
            | ErrorKind::Invalid
            | ErrorKind::Unroutable
            | ErrorKind::StaleRoute
            | ErrorKind::RangeInUse
            | ErrorKind::DeadlineExceeded
            | ErrorKind::Transport
            | ErrorKind::Overloaded
            | ErrorKind::TransferRefused
            | ErrorKind::MembershipRefused => None,
        }
    }

    fn judge(&mut self, now: &Now<'_>) -> Option<Finding> {
        let (call, Some((error, outcome))) = now.nodes.calls.answered()? else { return None };
        // It may have been told by the group that had the key before.
        let key = now.nodes.operations.get(call.op).map(|operation| operation.operation.key());
        if call.from.is_none() && key.is_some_and(|key| now.nodes.owners.of(key).is_some()) {
            return None;
        }
        // It tells what it was told.
        let passes_on = || self.told.get(&(call.by, error)).is_some_and(|told| *told >= call.at);
        if call.from.is_none() && passes_on() {
            return None;
        }
        if self.began.get(&call.by).is_some_and(|began| *began > call.at) {
            return None;
        }
        // Of keys of several groups another group may have told it.
        let part = |operation: &UnderWay| operation.operation.share() != Share::Whole;
        if call.from.is_none() && now.nodes.operations.get(call.op).is_some_and(part) {
            return None;
        }
        let refused = self.refused.get(call.op).copied().unwrap_or_default();
        let named = || now.nodes.operations.get(call.op).map_or(format!("#{}", call.op.0), |it| it.named());
        self.told_by(now, (call.by, call.at), (error, outcome), refused, named)
    }

    fn told_by(
        &mut self,
        now: &Now<'_>,
        (node, came): (NodeId, SimTime),
        (error, outcome): (ErrorKind, Outcome),
        refused: u32,
        named: impl Fn() -> String,
    ) -> Option<Finding> {
        let is_true = Self::is_true(now, node, came, error, refused)?;
        now.judge();
        if is_true {
            return None;
        }
        self.times += 1;
        let state = now.nodes.get(node)?;
        let message = format!("{node} answered {} by {}, which was not so", named(), error.name());
        let says = match outcome {
            Outcome::NotApplied => "it says that nothing was applied",
            Outcome::Unknown => "it leaves open what was applied",
        };
        let story = vec![
            format!("the call reached {node} at {came}; {says}"),
            format!("{node} has been {} of term {} since {}", state.role.name(), state.term, state.since),
        ];
        self.found.get_or_insert_with(|| now.finding(message, story));
        None
    }
}

impl Check for TrueErrors {
    fn answered(&mut self, now: &Now<'_>, _: NodeId, _: OpId, _: Option<(ErrorKind, Outcome)>) -> Option<Finding> {
        self.judge(now)
    }

    fn returned(&mut self, now: &Now<'_>, Arrival { to, head, .. }: Arrival<'_>) -> Option<Finding> {
        if let Some((error, _)) = head.error {
            self.told.insert((to, error), now.at);
        }
        self.judge(now)
    }

    fn fault(&mut self, now: &Now<'_>, Fault { step, targets, phase, evidence, .. }: &Fault) -> Option<Finding> {
        let (Targets::Asked(node) | Targets::Handover(node, _)) = targets else { return None };
        if *phase == FaultPhase::Activated {
            self.asked.insert(step.clone(), now.at);
            return None;
        }
        let (came, Some(Evidence::Error(error))) = (self.asked.remove(step)?, evidence) else { return None };
        self.told_by(now, (*node, came), (error.kind(), error.outcome()), 0, || format!("step {step}"))
    }

    fn started(&mut self, now: &Now<'_>, node: NodeId) -> Option<Finding> {
        self.began.insert(node, now.at);
        None
    }

    fn effect(&mut self, now: &Now<'_>, _: u64, effect: &Effect) -> Option<Finding> {
        match effect.answer {
            Answer::Conflict { .. } if now.nodes.operations.get(effect.op).is_some() => {
                let before = self.refused.get(effect.op).copied().unwrap_or_default();
                self.refused.insert(effect.op, before + 1);
            }
            Answer::Conflict { .. } | Answer::Wrote | Answer::Found(_) | Answer::Elsewhere => {}
        }
        None
    }

    fn completed(&mut self, _: &Now<'_>, op: OpId, _: &Completion) -> Option<Finding> {
        self.refused.remove(op);
        None
    }

    fn at_end(&mut self, _: &Now<'_>) -> Vec<Finding> {
        self.found.take().map(|found| found.of(self.times)).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{Events, effect, put, unchanged};
    use crate::history::KeyId;

    /// n1 leads term 4, and call #1 reaches it at 100 ms.
    fn called() -> Events {
        Events::three_and_a_leader().invoke(90, 1, put(0)).asks(100, 1, 1)
    }

    fn told(events: Events, error: ErrorKind) -> Option<String> {
        told_by(events, 1, error)
    }

    fn told_by(events: Events, node: u64, error: ErrorKind) -> Option<String> {
        let events = events.answers_with(200, node, 1, Some((error, Outcome::NotApplied)));
        events.judged_by("true-errors", 1_000).0.pop().map(|finding| finding.message)
    }

    fn lie(error: &str) -> Option<String> {
        Some(format!("n1 answered put #1 by client 1 by {error}, which was not so; 1 time in all"))
    }

    #[test]
    fn who_leads_all_the_time_is_not_not_the_leader() {
        assert_eq!(told(called(), ErrorKind::NotLeader), lie("not-leader"));
        assert_eq!(told(called().follows(150, 1, 5), ErrorKind::NotLeader), None);
        assert_eq!(told(called().leads(150, 1, 5), ErrorKind::NotLeader), None, "between its terms it did not lead");
        let elected = Events::default().started(0, 1, 1).leads(10, 1, 4).invoke(90, 1, put(0)).asks(100, 1, 1);
        assert_eq!(told(elected, ErrorKind::NotLeader), None, "it is not caught up");
    }

    #[test]
    fn leadership_is_lost_by_who_had_it_when_the_call_came_or_later() {
        assert_eq!(told(called(), ErrorKind::LeadershipLost), lie("leadership-lost"));
        assert_eq!(told(called().follows(150, 1, 5), ErrorKind::LeadershipLost), None);
        let before = Events::three_and_a_leader().follows(50, 1, 5).invoke(90, 1, put(0)).asks(100, 1, 1);
        assert_eq!(told(before, ErrorKind::LeadershipLost), lie("leadership-lost"), "it was lost before the call came");
    }

    #[test]
    fn a_transfer_is_in_progress_from_its_start_until_it_is_given_up_or_leadership_has_gone() {
        let begun = || Events::three_and_a_leader().transfers(50, 1, 2);
        let asked = |events: Events| events.invoke(90, 1, put(0)).asks(100, 1, 1);
        assert_eq!(told(called(), ErrorKind::TransferInProgress), lie("transfer-in-progress"));
        assert_eq!(told(asked(begun()), ErrorKind::TransferInProgress), None);
        assert_eq!(told(asked(begun().aborts(60, 1, 2)), ErrorKind::TransferInProgress), lie("transfer-in-progress"));
        assert_eq!(told(asked(begun()).aborts(150, 1, 2), ErrorKind::TransferInProgress), None);
    }

    #[test]
    fn only_an_engine_that_has_stopped_is_closed() {
        assert_eq!(told(called(), ErrorKind::Closed), lie("closed"));
        assert_eq!(told(called().stopped(150, 1), ErrorKind::Closed), None);
        let again = Events::three_and_a_leader().stopped(50, 1).started(60, 1, 2).invoke(90, 1, put(0)).asks(100, 1, 1);
        assert_eq!(told(again, ErrorKind::Storage), lie("storage"), "another process had");
        let gone = called().stopped(150, 1).killed(160, 1).started(170, 1, 2);
        assert_eq!(told(gone, ErrorKind::Closed), None, "the process that answered has gone since");
    }

    #[test]
    fn attempts_are_exhausted_after_so_many_refusals() {
        let conflict = Answer::Conflict { key: KeyId(0), latest: 3 };
        let refuse = |events: Events, times| {
            (1..=times)
                .fold(events, |events, index| events.takes(150, index, effect(1, 0, unchanged(0, &[0]), conflict)))
        };
        assert_eq!(told(refuse(called(), 50), ErrorKind::RetriesExhausted), None);
        assert_eq!(told(refuse(called(), 49), ErrorKind::RetriesExhausted), lie("retries-exhausted"));
    }

    #[test]
    fn what_says_that_time_ran_out_is_not_judged() {
        let events = called().answers_with(200, 1, 1, Some((ErrorKind::DeadlineExceeded, Outcome::Unknown)));
        assert_eq!(events.judged_by("true-errors", 1_000), (Vec::new(), 0));
    }

    #[test]
    fn a_request_that_the_network_has_doubled_came_when_the_first_did() {
        let doubled = called().follows(150, 1, 5).leads(160, 1, 6).asks(170, 1, 1);
        assert_eq!(told(doubled, ErrorKind::LeadershipLost), None);
    }

    #[test]
    fn who_tells_a_client_what_it_was_told_is_believed_and_who_told_it_is_judged() {
        let passed_on = || called().passes_on(110, (1, 2), 7, 1);
        let returned = passed_on().returns(120, (2, 1), 7, Some((ErrorKind::LeadershipLost, Outcome::Unknown)));
        let again = passed_on().killed(112, 2).started(115, 2, 2);
        let again = again.returns(120, (2, 1), 7, Some((ErrorKind::LeadershipLost, Outcome::Unknown)));
        assert_eq!(told(again, ErrorKind::LeadershipLost), None, "it tells what a process that is gone had told it");
        let found = told(returned, ErrorKind::LeadershipLost).expect("n2 has never led");
        assert!(found.starts_with("n2 answered put #1") && found.ends_with("1 time in all"), "{found}");
        assert_eq!(told(passed_on(), ErrorKind::LeadershipLost), lie("leadership-lost"), "nobody has told it so");
    }
}
