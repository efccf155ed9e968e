//! An event as a line of JSON: everything that its line as text says, and what it is about.

use crate::history::{Matter, Record};
use crate::report::{Told, told_of};
use crate::time::SimTime;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An event.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Event {
    /// When, in simulated nanoseconds.
    pub at_ns: u64,
    /// Who.
    pub who: String,
    /// What.
    pub what: String,
    /// What it is about, if it matters for how a run comes out: a [`Matter`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// The same in words that runs of two seeds can share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gist: Option<String>,
}

impl Event {
    /// `record`, of a run whose keys have these names.
    pub(super) fn of(record: &Record, keys: &[String]) -> Self {
        let Told { at, who, what } = told_of(record, keys);
        let about = record.what.matter().map(|matter| matter.name().to_owned());
        Self { at_ns: at.0, who, what, about, gist: record.what.gist() }
    }

    /// Is it about this?
    pub fn is_about(&self, matter: Matter) -> bool {
        self.about.as_deref() == Some(matter.name())
    }

    /// When.
    pub fn at(&self) -> SimTime {
        SimTime(self.at_ns)
    }
}

/// The line that `leasehold events` prints.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = Told { at: self.at(), who: self.who.clone(), what: self.what.clone() };
        told.fmt(f)
    }
}
