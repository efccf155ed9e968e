//! Of each row of what calls are answered: an engine that answers something else, or nothing, or too soon.

use super::super::odd::{Later, Oddity, odd};
use super::Mutant;
use crate::engine::conformance::{Answer, Call, Promise, answers};
use crate::engine::{Applied, Engine, MembershipChange};
use crate::env::NodeId;
use crate::error::{Error, ErrorKind, Leadership, Outcome};
use crate::observe::RoundCause;
use std::future::{Future, pending, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

pub(super) fn mutants() -> Vec<Mutant> {
    answers().iter().flat_map(of_row).collect()
}

/// The wrong engines of one row.
fn of_row(promise: &Promise) -> Vec<Mutant> {
    let Promise { test, call, answer, interrupted } = promise;
    let site = Site { call: *call, interrupted: *interrupted };
    let mutant = |what: &str, wrong: Wrong| {
        Mutant::new(format!("{what}: {test}"), &[test], odd(move |_| At { site, wrong: wrong.clone() }))
    };
    match answer {
        Answer::Succeeds => vec![mutant("refuses", Wrong::Refuses)],
        Answer::Waits => vec![mutant("does not wait", Wrong::DoesNotWait)],
        Answer::Fails(error) => {
            let mut mutants = failing(&[error.kind()], site, test);
            mutants.extend(misread(error).into_iter().map(|(what, to)| {
                let from = error.clone();
                mutant(what, Wrong::Says(Arc::new(move |error| (*error == from).then(|| to.clone()))))
            }));
            mutants
        }
        Answer::FailsAs(kinds) => failing(kinds, site, test),
    }
}

/// Engines that do not translate errors of these kinds, or swallow them.
fn failing(kinds: &'_ [ErrorKind], site: Site, test: &str) -> Vec<Mutant> {
    let kinds = kinds.to_vec();
    let untranslated = {
        let kinds = kinds.clone();
        Wrong::Says(Arc::new(move |error| kinds.contains(&error.kind()).then(|| untranslated(error, &kinds))))
    };
    let mut wrongs = vec![("does not translate", untranslated)];
    if site.interrupted {
        wrongs.push(("hangs instead of an error", Wrong::Hangs));
    }
    wrongs
        .into_iter()
        .map(|(what, wrong)| {
            let engines = odd(move |_| At { site, wrong: wrong.clone() });
            Mutant::new(format!("{what}: {test}"), &[test], engines)
        })
        .collect()
}

/// An error of the engine's own, for one of these kinds that nobody has translated: anything is a loss of leadership, and that is a
/// failed message.
fn untranslated(error: &Error, kinds: &[ErrorKind]) -> Error {
    match error.leadership() {
        Leadership::Unaffected if !kinds.contains(&ErrorKind::LeadershipLost) => Error::LeadershipLost(error.outcome()),
        Leadership::Unaffected | Leadership::Lost => Error::Transport(error.outcome()),
    }
}

/// The same kind of error, that says something else.
fn misread(error: &Error) -> Vec<(&'static str, Error)> {
    let other = match error.outcome() {
        Outcome::Unknown => Outcome::NotApplied,
        Outcome::NotApplied => Outcome::Unknown,
    };
    match error {
        Error::LeadershipLost(_) => vec![("is sure of what is open", Error::LeadershipLost(other))],
        Error::Closed(Outcome::Unknown) => vec![("is sure of what is open", Error::Closed(other))],
        Error::Closed(Outcome::NotApplied) => vec![("leaves open what is sure", Error::Closed(other))],
        Error::NotLeader { leader: Some(_) } => vec![("forgets who leads", Error::NotLeader { leader: None })],
        Error::NotLeader { leader: None } => {
            vec![("makes a leader up", Error::NotLeader { leader: Some(NodeId(3)) })]
        }
        _ => Vec::new(),
    }
}

/// Where an engine is wrong.
#[derive(Clone, Copy)]
struct Site {
    call: Call,
    /// Only where the caller has waited.
    interrupted: bool,
}

/// What is said in the place of an error; `None`: the error.
type Says = Arc<dyn Fn(&Error) -> Option<Error> + Send + Sync>;

/// What it does there.
#[derive(Clone)]
enum Wrong {
    /// Says something else than the error.
    Says(Says),
    /// Says nothing at all, where there is an error to be told.
    Hangs,
    /// Succeeds, before it knows.
    DoesNotWait,
    /// Refuses what it ought to do.
    Refuses,
}

struct At {
    site: Site,
    wrong: Wrong,
}

impl At {
    fn odd<T: Send + 'static>(&self, call: Call, right: Later<T>, early: impl FnOnce() -> T) -> Later<T> {
        if self.site.call != call {
            return right;
        }
        match &self.wrong {
            Wrong::Refuses => Box::pin(ready(Err(Error::Invalid("refused")))),
            Wrong::DoesNotWait => Box::pin(ready(Ok(early()))),
            Wrong::Hangs => Box::pin(async {
                match right.await {
                    Ok(value) => Ok(value),
                    Err(_) => pending().await,
                }
            }),
            Wrong::Says(other) => {
                let (other, interrupted) = (Arc::clone(other), self.site.interrupted);
                Box::pin(async move {
                    let (result, waited) = told_whether_it_waited(right).await;
                    result.map_err(|error| other(&error).filter(|_| waited || !interrupted).unwrap_or(error))
                })
            }
        }
    }
}

/// The result, and whether it was there at once.
async fn told_whether_it_waited<T>(mut future: Pin<Box<dyn Future<Output = T> + Send>>) -> (T, bool) {
    let mut waited = false;
    std::future::poll_fn(move |cx| {
        let polled = future.as_mut().poll(cx);
        let before = std::mem::replace(&mut waited, true);
        match polled {
            Poll::Ready(value) => Poll::Ready((value, before)),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

impl Oddity for At {
    fn propose(&self, engine: &Arc<dyn Engine>, command: Vec<u8>) -> Later<Applied> {
        self.odd(Call::Propose, engine.propose(command), || Applied { index: 0, response: Vec::new() })
    }

    fn read_index(&self, engine: &Arc<dyn Engine>, cause: RoundCause) -> Later<u64> {
        self.odd(Call::ReadIndex, engine.read_index(cause), || 0)
    }

    fn wait_applied(&self, engine: &Arc<dyn Engine>, index: u64) -> Later<()> {
        self.odd(Call::WaitApplied, engine.wait_applied(index), || ())
    }

    fn transfer(&self, engine: &Arc<dyn Engine>, to: NodeId) -> Later<()> {
        self.odd(Call::Transfer, engine.transfer(to), || ())
    }

    fn change_membership(&self, engine: &Arc<dyn Engine>, change: MembershipChange) -> Later<u64> {
        self.odd(Call::ChangeMembership, engine.change_membership(change), || 0)
    }

    fn ended(&self, engine: &Arc<dyn Engine>) -> Later<()> {
        self.odd(Call::Ended, engine.ended(), || ())
    }
}
