//! `heal = "everything"`: faults end, and what they have left in flight is dropped, or, with `messages = "deliver"`, arrives.

use super::prelude::*;
use crate::scenario::table::Short;

table! {
    /// What is over, and what becomes of what it leaves behind.
    #[derive(Copy)]
    pub struct Heal {
        /// `everything` (default), `network` or `processes`.
        what: Healed = "what", Or(Healed::Everything, word::<Healed>());
        /// What becomes of messages that faults hold, or have left in flight: `drop` (default) or `deliver`.
        messages: Leftover = "messages", Or(Leftover::Drop, word::<Leftover>());
    }
    wrong |heal, _given, _frame| {
        refused "messages" if heal.messages == Leftover::Deliver && !heal.what.network() =>
            "faults of processes leave no messages behind",
            "`messages` is for what faults of the network hold or have left in flight";
    }
}

impl Deed for Heal {
    fn scope(&self) -> Scope {
        Scope::of(Vec::new())
    }

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

    /// A word, or a table that says more.
    fn kind() -> impl Kind<Of = Self> {
        Short {
            short: word::<Healed>(),
            long: inner(),
            of: |what| Self { what, messages: Leftover::Drop },
            plain: |heal: &Self| Some(heal.what).filter(|_| heal.messages == Leftover::Drop),
            expected: "a quoted text or a table",
            help: "write `heal = \"everything\"`",
        }
    }

    fn drawn(_: &mut Steps<'_>) -> Self {
        Self { what: Healed::Everything, messages: Leftover::Drop }
    }

    fn plainer(&self) -> Vec<Self> {
        [
            each(self, usual(&self.messages, Leftover::Drop), |it, messages| it.messages = messages),
            each(self, usual(&self.what, Healed::Everything), |it, what| it.what = what),
        ]
        .concat()
    }
}
