//! `transfer = { from = "@leader", to = "@follower" }`: the leader is asked to hand over.

use super::{Deed, Fault, nodes::OneNode, told::drawn};
use crate::scenario::{
    Problem, Selector,
    chaos::{Dice, Steps, pick},
    table::{Entries, Or, Reader, table},
};

const fn one(of: &'static str) -> OneNode {
    OneNode { of, help: "for one of them write `@follower` or `@any`" }
}

table! {
    /// Asks for a leader transfer.
    pub struct Transfer {
        /// The node that is asked. Default `@leader`.
        from: Selector = "from", Or(Selector::Leader, one("`from` of a transfer is one"));
        /// The node that shall lead. Default `@follower`.
        to: Selector = "to", Or(Selector::Follower, one("`to` of a transfer is one"));
    }
    fits = Transfer::fits;
}

impl Transfer {
    /// Refuses what does not fit together.
    fn fits(self, entries: &Entries<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let Self { from, to } = self;
        if from == to && !from.is_drawn() {
            let place = entries.get("to").map_or_else(|| entries.place("from"), |_| entries.place("to"));
            let problem = Problem::new(format!("a transfer from `{from}` to `{to}` moves nothing"));
            return reader.report.refused(problem.at(place));
        }
        Some(self)
    }
}

impl Deed for Transfer {
    fn selectors(&self) -> Vec<Selector> {
        vec![self.from, self.to]
    }

    fn told(&self) -> String {
        let Self { from, to } = self;
        format!("{} is asked to hand leadership to {}{}", from.called(), to.called(), drawn(&[*from, *to]))
    }
}

impl Fault for Transfer {
    const ABOUT: &'static str = "Asks for a leader transfer.";
    const DOES: &'static str = "hands leadership to another node";
    const EFFECTIVE_IF: &'static str = "the leader that was asked gave up its leadership";

    fn shortest(node: Option<&str>) -> String {
        format!("{{ to = \"{}\" }}", node.unwrap_or("@follower"))
    }

    fn drawn<D: Dice>(steps: &mut Steps<'_, D>) -> Self {
        use Selector::{Any, Follower, Lagging, Learner, Paused, Restarted};
        let to =
            pick(&mut steps.dice, &[Follower, Follower, Follower, Follower, Lagging, Restarted, Paused, Learner, Any]);
        Self { from: Selector::Leader, to }
    }
}
