//! What happened: operations, events of the stack, messages, faults, as one stream.
//!
//! A [`Record`] is an event: one entry that enters the `fingerprint` (but for how a process is set up, which is part of the
//! question). The stream goes to [`Observer`]s as it comes; little of it is kept, so that memory does not grow with the length
//! of a run. Whoever follows it has handlers for kinds of records (`hears`), and lets `tell` tell them apart.

mod by_op;
mod deeds;
mod encode;
mod event;
mod fault;
mod fingerprint;
mod hears;
mod kept;
mod matter;
mod operation;
mod record;
mod tell;
#[cfg(test)]
pub(crate) mod testing;

pub use crate::words::{Matter, OpKind};
pub use by_op::ByOp;
pub use deeds::Deeds;
pub use event::About;
pub(crate) use event::{Added, Weight, facts, in_brief, local, repeated, words_of};
pub use fault::{Evidence, Fault, FaultPhase, How, StepId, Targets};
pub use fingerprint::Fingerprint;
pub(crate) use hears::{Arrival, Extension, Hears, LeaseRead, Opened, Place, ScriptEnded, Vote, handlers};
pub use operation::{Completion, Found, Invocation, KeyId, OpId, Operation, Share};
pub use record::{Answer, Condition, Counts, Effect, Fate, Head, Moved, ProcessChange, Record, StackRecord, What};
pub(crate) use tell::tell;

use crate::time::SimTime;
use encode::Encoder;
pub(crate) use kept::in_force;

use kept::Kept;

/// Sees every record, in order, as it happens.
pub trait Observer: Send {
    /// Sees one record. Returns `false` to end the run here.
    fn record(&mut self, record: &Record) -> bool;
}

/// How much of the stream is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keep {
    /// Nothing.
    Nothing,
    /// What was around this moment, and before that what began the faults that were in force: what a failure report draws.
    Around(SimTime),
    /// Everything, to find the first difference between two runs.
    All,
}

/// The recorder of one run.
pub struct History {
    /// What remains of it so far, but for what is kept.
    past: Past,
    encoder: Encoder,
    kept: Kept,
    observers: Vec<Box<dyn Observer>>,
    ended: bool,
}

/// What remains of a [`History`] when its run is over.
#[derive(Default)]
pub struct Past {
    /// Hash of every record's content.
    pub fingerprint: Fingerprint,
    /// How many records there were.
    pub events: u64,
    /// How many of them are messages delivered.
    pub messages: u64,
    /// The records that were kept.
    pub kept: Vec<Record>,
    /// When something last happened that tells by itself why a run came out as it did ([`What::tells_by_itself`]).
    pub telling: Option<SimTime>,
}

impl History {
    /// An empty history that tells `observers`.
    pub fn new(keep: Keep, observers: Vec<Box<dyn Observer>>) -> Self {
        let (past, encoder) = (Past::default(), Encoder::default());
        Self { past, encoder, kept: Kept::new(keep), observers, ended: false }
    }

    /// Takes in a record. Nothing is recorded once an observer has ended the run.
    pub fn record(&mut self, record: &Record) {
        if self.ended {
            return;
        }
        if let Some(content) = self.encoder.encode(record) {
            self.past.fingerprint.update(content);
            self.past.events += 1;
        }
        self.past.messages += u64::from(record.is_delivery());
        for observer in &mut self.observers {
            self.ended |= !observer.record(record);
        }
        if record.what.tells_by_itself() {
            self.past.telling = Some(record.at);
        }
        self.kept.push(record);
    }

    /// Has an observer ended the run?
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// Closes the history; the observers are dropped.
    pub fn close(&mut self) -> Past {
        self.ended = true;
        self.observers.clear();
        Past { kept: self.kept.take(), ..std::mem::take(&mut self.past) }
    }
}
