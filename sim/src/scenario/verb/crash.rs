//! `crash = { node = "@leader", for = "500ms", tail = "torn" }`: the process is killed, what its disk had not synced is lost,
//! or torn; after that time it starts again on what is left.

use super::prelude::*;

table! {
    /// Nodes whose processes are killed.
    pub struct Crash {
        /// Whose process.
        nodes: Vec<Selector> = "node", WHOM;
        /// How long it is down, `0s`: it starts again at once; without it, until a `heal`.
        lasts: Option<Duration> = "for", Maybe(DURATION);
        /// What is left of what its disk had not synced: nothing (`lost`, the default), all (`kept`: the process dies, not the
        /// machine), the beginning, cut at any byte (`torn`), or some sectors in no order (`scattered`).
        tail: Tail = "tail", Or(Tail::Lost, word::<Tail>());
    }
}

impl Deed for Crash {
    fn scope(&self) -> Scope {
        Scope::of_each(&self.nodes).lasting(self.lasts)
    }

    fn stops_processes(&self) -> bool {
        true
    }

    fn told(&self) -> String {
        let Self { nodes, lasts, tail } = self;
        let left = match tail {
            Tail::Lost => "what its disk had synced",
            Tail::Kept => "all that it had written, synced or not",
            Tail::Torn => "what its disk had synced and some of what it had not, cut at any byte",
            Tail::Scattered => "what its disk had synced and some sectors of what it had not",
        };
        let back = match lasts {
            Some(Duration::ZERO) => format!("started again at once on {left}"),
            Some(lasts) => format!("started again {} later on {left}", time(*lasts)),
            None if *tail == Tail::Lost => "stays down until something heals it".to_owned(),
            None => format!("stays down until something heals it, then to start on {left}"),
        };
        format!("the process of {} is killed, and {back}{}", all(nodes), drawn(nodes))
    }

    fn drawn(steps: &mut Steps<'_>) -> Self {
        let lasts = if steps.dice.chance(30) { Some(Duration::ZERO) } else { steps.lasting(&BLACKOUTS) };
        let tail = steps.dice.pick(&[Tail::Lost, Tail::Lost, Tail::Kept, Tail::Torn, Tail::Scattered]);
        Self { nodes: steps.nodes(), lasts, tail }
    }

    fn plainer(&self) -> Vec<Self> {
        // To be down for good is as plain.
        let at_once = self.lasts.and_then(|lasts| usual(&lasts, Duration::ZERO)).map(Some);
        [
            each(self, usual(&self.tail, Tail::Lost), |it, tail| it.tail = tail),
            each(self, fewer(&self.nodes), |it, nodes| it.nodes = nodes),
            each(self, at_once, |it, lasts| it.lasts = lasts),
            each(self, shorter(self.lasts), |it, lasts| it.lasts = lasts),
        ]
        .concat()
    }
}
