//! `move-range = { from = "k5", until = "k6", group = "g2" }`: a range of keys is moved to another group: the one that has it releases it, the
//! other adopts it. What has ever been written does not move.

use super::prelude::*;

table! {
    /// A range of keys that goes to another group.
    pub struct MoveRange {
        /// The first key of the range.
        from: String = "from", Needed(TEXT, "which keys? `from` is missing", "say with which key the range begins: `from = \"k5\"`");
        /// The first key after the range. Without it the range goes on to the last key.
        until: Option<String> = "until", Maybe(TEXT);
        /// The group that shall have it.
        group: u32 = "group", Needed(GROUP, "where to? `group` is missing", "say which group shall have the range: `group = \"g2\"`");
        /// The node that is asked, anew each time. Default `@any`.
        via: Selector = "via", Or(Selector::Any, ONE_NODE);
        /// For how long it is asked for again until it is done. Default `5s`.
        within: Duration = "within", Or(Duration::from_secs(5), POSITIVE);
    }
    wrong |range, _given, _frame| {
        refused "until" if range.until.as_ref().is_some_and(|until| *until <= range.from) => range.nothing();
    }
}

impl MoveRange {
    /// Is this key of the range?
    pub fn has(&self, key: &str) -> bool {
        self.from.as_str() <= key && self.until.as_deref().is_none_or(|until| key < until)
    }

    fn nothing(&self) -> String {
        let until = self.until.as_deref().unwrap_or_default();
        format!("no key lies from {} on and before {}", words::quote(&self.from), words::quote(until))
    }
}

impl Deed for MoveRange {
    fn scope(&self) -> Scope {
        Scope::of(vec![self.via])
    }

    fn told(&self) -> String {
        let Self { from, until, group, via, within } = self;
        let until = until.as_ref().map_or_else(|| "and all after it".to_owned(), |until| format!("to before {until}"));
        let asked = format!("{} is asked for that, for {} at most", via.called(), time(*within));
        format!("the keys from {from} on {until} go to g{group}; {asked}{}", drawn(&[*via]))
    }

    /// A range that begins at one of the keys that are used, and ends before another.
    fn drawn(steps: &mut Steps<'_>) -> Self {
        let count = steps.keys.len() as u64;
        let first = steps.dice.below(count);
        let (from, after) = (first as usize, first + 1 + steps.dice.below(3.min(count - first)));
        let group = steps.dice.below(u64::from(steps.cluster.groups)) as u32 + 1;
        let until = steps.keys.get(after as usize).cloned();
        Self { from: steps.keys[from].clone(), until, group, via: Selector::Any, within: Duration::from_secs(5) }
    }

    fn plainer(&self) -> Vec<Self> {
        [
            each(self, usual(&self.via, Selector::Any), |it, via| it.via = via),
            each(self, usual(&self.within, Duration::from_secs(5)), |it, within| it.within = within),
        ]
        .concat()
    }
}
