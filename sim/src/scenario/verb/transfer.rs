//! `transfer = { from = "@leader", to = "@follower" }`: the leader is asked to hand over.

use super::prelude::*;

table! {
    /// Asks for a leader transfer.
    pub struct Transfer {
        /// The group. Default: that which `from` names, or else `g1`.
        group: Option<u32> = "group", Maybe(GROUP);
        /// The node that is asked. Default `@leader`.
        from: Selector = "from", Or(Selector::Leader, ONE_NODE);
        /// The node that shall lead. Default `@follower`.
        to: Selector = "to", Or(Selector::Follower, ONE_NODE);
    }
    wrong |transfer, given, _frame| {
        refused "to" if given.has("to") && transfer.moves_nothing() => transfer.nothing();
        refused "from" if transfer.moves_nothing() => transfer.nothing();
    }
}

impl Transfer {
    fn moves_nothing(&self) -> bool {
        self.from == self.to && !self.from.is_drawn()
    }

    fn nothing(&self) -> String {
        format!("a transfer from `{}` to `{}` moves nothing", self.from, self.to)
    }
}

impl Deed for Transfer {
    fn scope(&self) -> Scope {
        Scope::of(vec![self.from, self.to])
    }

    fn told(&self) -> String {
        let Self { group, from, to } = self;
        let of = group.map_or_else(String::new, |group| format!(" of g{group}"));
        format!("{} is asked to hand leadership{of} to {}{}", from.called(), to.called(), drawn(&[*from, *to]))
    }

    fn drawn(steps: &mut Steps<'_>) -> Self {
        use Selector::{Any, Follower, Lagging, Learner, Paused, Restarted};
        let to = steps.dice.pick(&[Follower, Follower, Follower, Follower, Lagging, Restarted, Paused, Learner, Any]);
        let groups = steps.cluster.groups;
        let group = (groups > 1).then(|| steps.dice.below(u64::from(groups)) as u32 + 1);
        Self { group, from: Selector::Leader, to }
    }

    fn plainer(&self) -> Vec<Self> {
        let Self { group, from, to } = self;
        [
            each(self, usual(group, None), |it, group| it.group = group),
            each(self, from.plainer(), |it, from| it.from = from),
            each(self, to.plainer(), |it, to| it.to = to),
        ]
        .concat()
    }
}
