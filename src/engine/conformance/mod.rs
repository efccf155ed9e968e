//! The contract of an [`Engine`](super::Engine) as tests that any engine can be held to, in a world that they move by hand.
//!
//! A [`Kit`] is given what makes the engines. Each of its tests sets up a group of them on a bed of its own: time stands still until
//! the test lets it run, links and disks do what the test says, and what the engines tell, send, apply and publish is kept in one
//! order. Nothing of it is random; a test that fails fails again.
//!
//! | file | what it asks |
//! |---|---|
//! | `stands`, `asked` | what each call is answered, by a node that stands like this |
//! | `interrupted` | what a call hears that was under way when something happened, and how soon |
//! | `callbacks` | what the [`Listener`](super::Listener) hears, and in which order |
//! | `renewals` | what a lease may be counted from |
//! | `published` | what readers see, and when |
//! | `promises` | what has to be durable before anybody is told |
//! | `reads` | what a confirmed round says |
//! | `outcomes` | what became of a proposal, and of what is said not to have been applied |
//! | `machine` | what the state machine is told to apply, and to go on from |
//! | `leftovers` | what is kept for a caller who has gone |
//! | `stops` | what is left of an engine that was stopped, or has failed |
//! | `events` | what the sink is told |
//!
//! `docs/conformance.md` shows how to hold an engine of one's own to it.

mod asked;
mod callbacks;
mod checked;
mod events;
mod group;
mod interrupted;
mod kit;
mod leftovers;
mod machine;
mod outcomes;
mod promises;
mod published;
mod reads;
mod renewals;
mod setup;
mod stands;
mod stops;
mod trace;

pub use kit::{Kit, Outcome, Report, Test};

#[cfg(test)]
pub(crate) use {
    asked::{Answer, Promise},
    events::kinds as events_of_the_contract,
    group::Call,
    setup::{ELECTION, HEARTBEAT, TICK, config},
};

impl Kit {
    /// Every test, in the order of the table at the head of this module.
    pub fn tests() -> Vec<Test> {
        let tables = [
            asked::tests(),
            interrupted::tests(),
            callbacks::tests(),
            renewals::tests(),
            published::tests(),
            promises::tests(),
            reads::tests(),
            outcomes::tests(),
            machine::tests(),
            leftovers::tests(),
            stops::tests(),
            events::tests(),
        ];
        tables.into_iter().flatten().collect()
    }
}

/// Every row there is, of calls that are answered at once or not, and of calls that are interrupted.
#[cfg(test)]
pub(crate) fn answers() -> Vec<Promise> {
    asked::promises().chain(interrupted::promises()).collect()
}
