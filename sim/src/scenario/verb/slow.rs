//! `slow = { node = "@leader", factor = 10, for = "2s" }`: all work of a node's CPU takes so many times as long.

use super::prelude::*;

/// The most times as long that work on a slow CPU takes.
pub const MAX_FACTOR: u32 = 1_000;

const FACTOR: Whole<u32> = Whole { least: 2, most: MAX_FACTOR };

table! {
    /// Nodes whose CPUs are slow.
    pub struct Slow {
        /// Whose CPU.
        nodes: Vec<Selector> = "node", WHOM;
        /// All work takes so many times as long: 2 to 1000.
        factor: u32 = "factor",
            Needed(FACTOR, "how slow? `factor` is missing", "all work takes so many times as long: `factor = 10`");
        /// For how long; without it, until a `heal`.
        lasts: Option<Duration> = "for", Maybe(POSITIVE);
    }
}

impl Deed for Slow {
    fn scope(&self) -> Scope {
        Scope::of_each(&self.nodes).lasting(self.lasts)
    }

    fn told(&self) -> String {
        let Self { nodes, factor, lasts } = self;
        let takes = format!("all work of {} takes {factor} times as long", all(nodes));
        format!("{} {takes}{}", lasting(*lasts), drawn(nodes))
    }

    fn drawn(steps: &mut Steps<'_>) -> Self {
        let factor = steps.dice.pick(&[2, 10, 100]);
        Self { nodes: steps.nodes(), factor, lasts: steps.lasting(&STALLS) }
    }

    fn plainer(&self) -> Vec<Self> {
        let factors = [2, 10, 100].into_iter().filter(|factor| *factor < self.factor);
        [
            each(self, factors, |it, factor| it.factor = factor),
            each(self, fewer(&self.nodes), |it, nodes| it.nodes = nodes),
            each(self, shorter(self.lasts), |it, lasts| it.lasts = lasts),
        ]
        .concat()
    }
}
