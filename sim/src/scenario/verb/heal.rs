//! `heal = "everything"`: faults end, and what they have left in flight is dropped, or, with `messages = "deliver"`, arrives.

use super::{Deed, Fault};
use crate::scenario::{
    Healed, Leftover, Problem,
    chaos::{Dice, Steps},
    table::{Definitions, Entries, Kind, Or, Raw, Reader, Table, table, word},
};
use serde_json::{Value, json};

table! {
    /// What is over, and what becomes of what it leaves behind.
    #[derive(Copy)]
    pub struct Heal {
        /// `everything` (default), `network` or `processes`.
        what: Healed = "what", Or(Healed::Everything, word::<Healed>());
        /// What becomes of messages that faults hold, or have left in flight: `drop` (default) or `deliver`.
        messages: Leftover = "messages", Or(Leftover::Drop, word::<Leftover>());
    }
    fits = Heal::fits;
}

impl Heal {
    /// Refuses what does not fit together.
    fn fits(self, entries: &Entries<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        if self.messages == Leftover::Deliver && !self.what.network() {
            let problem = Problem::new("faults of processes leave no messages behind").at(entries.place("messages"));
            let help = "`messages` is for what faults of the network hold or have left in flight";
            return reader.report.refused(problem.help(help));
        }
        Some(self)
    }
}

impl Deed for Heal {
    fn told(&self) -> String {
        let over = match self.what {
            Healed::Everything => "whatever lasts is over: every fault of the network, of a process, a clock or a disk",
            Healed::Network => "every fault of the network is over",
            Healed::Processes => "every downtime, pause and slowness is over, and every fault of a clock or disk",
        };
        match self.messages {
            Leftover::Drop if self.what.network() => format!("{over}; messages that were held or late are dropped"),
            Leftover::Deliver => format!("{over}; messages that were held or late still arrive"),
            Leftover::Drop => over.to_owned(),
        }
    }

    fn toml(&self) -> String {
        match self.messages {
            Leftover::Drop => word().toml(&self.what),
            Leftover::Deliver => super::inline(self),
        }
    }
}

impl Fault for Heal {
    const ABOUT: &'static str = "Ends faults, and removes what they have left in flight.";
    const DOES: &'static str = "ends faults, and drops what they have left in flight";
    const EFFECTIVE_IF: &'static str = "there was a fault";
    const IS_DRAWN: bool = false;

    fn shortest(_: Option<&str>) -> String {
        "\"everything\"".to_owned()
    }

    fn schema(definitions: &mut Definitions<'_>) -> Value {
        json!({ "anyOf": [word::<Healed>().schema(definitions), definitions.table::<Self>()] })
    }

    /// A word, or a table that says more.
    fn from_raw(key: &'static str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        if let Some(entries) = Entries::of(raw) {
            return Self::read(None, &entries, reader);
        }
        if raw.get_ref().is_str() {
            let what = word().read(key, raw, reader)?;
            return Some(Self { what, messages: Leftover::Drop });
        }
        super::no_action::<Self>("a quoted text, a number or a table", key, raw, reader)
    }

    fn drawn<D: Dice>(_: &mut Steps<'_, D>) -> Self {
        Self { what: Healed::Everything, messages: Leftover::Drop }
    }
}
