//! Engines that publish what is not so, or not yet, or not any more; and whose rounds confirm what they must not.

use super::super::odd::{Later, Oddity, odd, of_parts, overheard};
use super::Mutant;
use crate::engine::{Applied, Config, Engine, MembershipChange, Parts, Status};
use crate::env::NodeId;
use crate::error::{Error, Outcome};
use crate::observe::{Event, Host, Role, RoundCause};
use crate::rules::Rule;
use parking_lot::Mutex;
use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What is published is what this makes of it, and of what was published before.
struct Publishes {
    before: Mutex<Status>,
    makes: fn(before: Status, now: Status) -> Status,
}

impl Oddity for Publishes {
    fn status(&self, engine: &Arc<dyn Engine>) -> Status {
        let mut before = self.before.lock();
        *before = (self.makes)(*before, engine.status());
        *before
    }
}

fn publishes(name: &str, tests: &[&str], makes: fn(before: Status, now: Status) -> Status) -> Mutant {
    Mutant::new(name, tests, odd(move |_| Publishes { before: Mutex::default(), makes }))
}

const NOT_APPLIED_YET: &str = "nothing_is_published_as_applied_that_the_state_machine_has_not_applied";
const AT_POINTS: &str = "at_each_point_it_is_applied_published_and_answered_as_the_point_says";

pub(super) fn mutants() -> Vec<Mutant> {
    let mut mutants = vec![
        publishes(
            "publishes late",
            &["who_is_answered_finds_its_index_published_and_applied"],
            // Each is published with the next: as it is, but for what was applied last.
            |_, now| Status { applied: now.applied.saturating_sub(1), ..now },
        ),
        publishes("publishes as applied what is committed", &[NOT_APPLIED_YET, AT_POINTS], |_, now| Status {
            applied: now.commit,
            ..now
        }),
        publishes("goes back", &["terms_and_indices_that_are_published_never_go_back"], |before, now| match before {
            Status { applied: 5, .. } => Status { applied: 3, ..now },
            _ => now,
        }),
        publishes(
            "goes on to name the first leader",
            &["who_leads_is_published_though_the_disk_stands_still"],
            |before, now| Status { leader: before.leader.or(now.leader), ..now },
        ),
        publishes("hides a transfer", &["a_transfer_is_published_while_it_is_under_way"], |_, now| Status {
            transferee: None,
            ..now
        }),
        publishes(
            "goes on to name who it hands over to",
            &["a_transfer_is_published_while_it_is_under_way"],
            |before, now| Status { transferee: now.transferee.or(before.transferee), ..now },
        ),
        publishes(
            "is caught up as soon as it leads",
            &["a_new_leader_is_not_caught_up_before_an_entry_of_its_term_is_applied"],
            |_, now| Status { applied_term: now.term, ..now },
        ),
        publishes("is never behind", &["who_is_behind_says_so"], |_, now| Status { behind: false, ..now }),
        publishes("stays behind", &["who_is_behind_says_so"], |before, now| Status {
            behind: before.behind || now.behind,
            ..now
        }),
        publishes(
            "leads on when it has ended",
            &["who_has_stopped_leads_no_more_as_readers_see_it", "who_has_panicked_leads_no_more_as_readers_see_it"],
            |before, now| if now.applied < before.applied { before } else { now },
        ),
        publishes(
            "forgets its term when it has ended",
            &["who_has_stopped_leads_no_more_as_readers_see_it"],
            |_, now| {
                if now.role == Role::Follower && now.leader.is_none() { Status::default() } else { now }
            },
        ),
        Mutant::new(
            "who waits for an index does not wait until it is published",
            &["who_waits_for_an_index_waits_until_it_is_published"],
            odd(|_| WaitsForNothing),
        ),
    ];
    mutants.extend(reads());
    mutants.extend(outcomes());
    mutants
}

struct WaitsForNothing;

impl Oddity for WaitsForNothing {
    fn wait_applied(&self, _engine: &Arc<dyn Engine>, _index: u64) -> Later<()> {
        Box::pin(ready(Ok(())))
    }
}

/// Who is like this confirms its rounds itself, by this index.
struct ConfirmsItself {
    is: fn(&Status) -> bool,
    by: fn(&Status) -> u64,
}

impl Oddity for ConfirmsItself {
    fn read_index(&self, engine: &Arc<dyn Engine>, cause: RoundCause) -> Later<u64> {
        let status = engine.status();
        if (self.is)(&status) { Box::pin(ready(Ok((self.by)(&status)))) } else { engine.read_index(cause) }
    }
}

/// What a round was answered, once it is.
type Answered = Arc<Mutex<Option<Result<u64, Error>>>>;

/// All rounds have the answer of the first.
#[derive(Default)]
struct Joins(Mutex<Option<Answered>>);

impl Oddity for Joins {
    fn read_index(&self, engine: &Arc<dyn Engine>, cause: RoundCause) -> Later<u64> {
        let first = Arc::clone(self.0.lock().get_or_insert_default());
        let round = engine.read_index(cause);
        Box::pin(async move {
            let result = round.await;
            first.lock().get_or_insert(result).clone()
        })
    }
}

fn reads() -> Vec<Mutant> {
    let never_again =
        |parts: Parts| Parts { config: Config { read_retry: Duration::from_secs(3600), ..parts.config }, ..parts };
    vec![
        Mutant::new(
            "a round confirms what was committed before the last entry",
            &["a_round_covers_what_was_answered_before_it_began"],
            odd(|_| ConfirmsItself { is: Status::leads, by: |status| status.commit - 1 }),
        ),
        Mutant::new(
            "who believes that it leads confirms its rounds itself",
            &["who_hears_no_quorum_confirms_nothing"],
            odd(|_| ConfirmsItself { is: Status::leads, by: |status| status.commit }),
        ),
        Mutant::new(
            "a new leader confirms its rounds itself",
            &["a_new_leader_confirms_nothing_before_an_entry_of_its_term_is_committed"],
            odd(|_| ConfirmsItself { is: |status| status.leads() && !status.caught_up(), by: |status| status.commit }),
        ),
        Mutant::new(
            "a round takes the answer of an earlier one",
            &["a_round_that_began_later_does_not_take_the_answer_of_an_earlier_one"],
            odd(|_| Joins::default()),
        ),
        Mutant::new(
            "a round that is lost is not repeated",
            &["a_round_that_is_lost_is_repeated_under_a_new_context"],
            of_parts(never_again),
        ),
        Mutant::without(
            &[Rule::RoundAfterOwnTerm],
            &["a_new_leader_confirms_nothing_before_an_entry_of_its_term_is_committed"],
        ),
    ]
}

/// What is refused is proposed all the same, a little later.
struct ProposesWhatItRefuses(Arc<dyn Host>);

impl Oddity for ProposesWhatItRefuses {
    fn propose(&self, engine: &Arc<dyn Engine>, command: Vec<u8>) -> Later<Applied> {
        let (first, engine, host) = (engine.propose(command.clone()), Arc::clone(engine), Arc::clone(&self.0));
        Box::pin(async move {
            let result = first.await;
            if result.is_err() {
                let sleeps = Arc::clone(&host);
                let again = async move {
                    for _ in 0..40 {
                        sleeps.sleep(Duration::from_millis(100)).await;
                        if engine.propose(command.clone()).await.is_ok() {
                            return;
                        }
                    }
                };
                host.spawn("again", Box::pin(again));
            }
            result
        })
    }
}

/// Every other proposal is put off.
struct Reorders(Arc<dyn Host>, AtomicBool);

impl Oddity for Reorders {
    fn propose(&self, engine: &Arc<dyn Engine>, command: Vec<u8>) -> Later<Applied> {
        let (host, proposal) = (Arc::clone(&self.0), engine.propose(command));
        let is_late = self.1.fetch_xor(true, Ordering::Relaxed);
        Box::pin(async move {
            if is_late {
                host.sleep(Duration::from_millis(3)).await;
            }
            proposal.await
        })
    }
}

/// What a proposal comes to is what this makes of it.
struct Answers(fn(Result<Applied, Error>) -> Result<Applied, Error>);

impl Oddity for Answers {
    fn propose(&self, engine: &Arc<dyn Engine>, command: Vec<u8>) -> Later<Applied> {
        let (proposal, makes) = (engine.propose(command), self.0);
        Box::pin(async move { makes(proposal.await) })
    }
}

/// Who asks for a change of membership, or a transfer, is answered this.
struct Administers {
    change: fn(Result<u64, Error>) -> Result<u64, Error>,
    transfer: fn(Result<(), Error>) -> Result<(), Error>,
    /// The answer is there before anything is done.
    at_once: Option<Arc<dyn Host>>,
}

impl Oddity for Administers {
    fn change_membership(&self, engine: &Arc<dyn Engine>, change: MembershipChange) -> Later<u64> {
        let (change, makes) = (engine.change_membership(change), self.change);
        match &self.at_once {
            Some(host) => {
                host.spawn("change", Box::pin(async move { drop(change.await) }));
                Box::pin(ready(Ok(1)))
            }
            None => Box::pin(async move { makes(change.await) }),
        }
    }

    fn transfer(&self, engine: &Arc<dyn Engine>, to: NodeId) -> Later<()> {
        let (transfer, makes) = (engine.transfer(to), self.transfer);
        match &self.at_once {
            Some(host) => {
                host.spawn("transfer", Box::pin(async move { drop(transfer.await) }));
                Box::pin(ready(Ok(())))
            }
            None => Box::pin(async move { makes(transfer.await) }),
        }
    }
}

const OWN_ANSWER: &str = "a_proposal_is_answered_what_the_state_machine_answered_to_it";
const NOT_WHAT_LEADERSHIP_IS: &str = "only_a_loss_of_leadership_is_called_one";

fn outcomes() -> Vec<Mutant> {
    let answers = |name: &str, tests: &[&str], makes| Mutant::new(name, tests, odd(move |_| Answers(makes)));
    vec![
        answers("a proposal is answered nothing", &[OWN_ANSWER], |result| {
            result.map(|applied| Applied { response: Vec::new(), ..applied })
        }),
        answers("a proposal is answered with the index after its own", &[OWN_ANSWER], |result| {
            result.map(|applied| Applied { index: applied.index + 1, ..applied })
        }),
        Mutant::new(
            "every other proposal is put off",
            &["proposals_are_applied_in_the_order_in_which_they_came"],
            odd(|host| Reorders(Arc::clone(host), AtomicBool::new(true))),
        ),
        answers(
            "a proposal that is lost with its leader was not applied",
            &[
                "a_proposal_that_is_lost_with_its_leader_may_have_been_applied_and_has_not",
                "a_proposal_that_its_leader_leaves_behind_may_have_been_applied_and_has",
            ],
            |result| match result {
                Err(Error::LeadershipLost(_)) => Err(Error::LeadershipLost(Outcome::NotApplied)),
                result => result,
            },
        ),
        Mutant::new(
            "what is refused is proposed all the same",
            &["what_is_refused_during_a_transfer_is_never_applied", "what_is_refused_by_a_follower_is_never_applied"],
            odd(|host| ProposesWhatItRefuses(Arc::clone(host))),
        ),
        Mutant::new(
            "a change that makes no sense is a loss of leadership",
            &[NOT_WHAT_LEADERSHIP_IS],
            odd(|_| Administers {
                change: |result| match result {
                    Err(Error::MembershipRefused(_)) => Err(Error::NotLeader { leader: None }),
                    result => result,
                },
                transfer: |result| result,
                at_once: None,
            }),
        ),
        Mutant::new(
            "a change amid another succeeds, as far as its caller hears",
            &["a_change_amid_another_is_refused"],
            odd(|_| Administers {
                change: |result| match result {
                    Err(Error::MembershipRefused(_)) => Ok(1),
                    result => result,
                },
                transfer: |result| result,
                at_once: None,
            }),
        ),
        Mutant::new(
            "nobody hears that a joint configuration is left",
            &["a_joint_configuration_is_left_though_whoever_asked_has_gone"],
            overheard(|event, host| match event {
                Event::Membership { ref members, .. } if !members.is_joint() => {}
                event => host.observe(event),
            }),
        ),
        Mutant::new(
            "who asks for a transfer, or a change, is answered at once",
            &[
                "a_transfer_that_succeeds_is_answered_when_it_has",
                "a_change_of_membership_is_answered_once_it_is_in_force",
            ],
            odd(|host| Administers {
                change: |result| result,
                transfer: |result| result,
                at_once: Some(Arc::clone(host)),
            }),
        ),
        Mutant::new(
            "a transfer that gets nowhere has succeeded",
            &["a_transfer_that_gets_nowhere_is_given_up_after_an_election_timeout"],
            odd(|_| Administers { change: |result| result, transfer: |_| Ok(()), at_once: None }),
        ),
        Mutant::without(
            &[Rule::TransferUnderWay],
            &["a_transfer_that_gets_nowhere_is_given_up_after_an_election_timeout"],
        ),
        Mutant::without(
            &[Rule::TransferToEligible],
            &["a_transfer_to_who_cannot_lead_is_refused_before_it_costs_anything"],
        ),
        Mutant::without(
            &[Rule::NothingDuringTransfer],
            &["propose_during_a_transfer_is_answered_transfer_in_progress"],
        ),
        Mutant::without(&[Rule::TimeoutNowNamesLog], &["the_sink_is_told_stale_timeout_now"]),
        Mutant::without(&[Rule::LeaderHasVote], &["propose_at_a_leader_that_was_removed_is_answered_not_leader"]),
        Mutant::without(&[Rule::LeaderWrites], &["the_end_is_heard_when_the_disk_stands_still"]),
    ]
}
