//! `[chaos]`: what a scenario leaves to the seed.

use crate::scenario::prelude::*;
use crate::words::{Disturbs, Verb};

table! {
    /// Each seed draws the cluster's shape and timing, which of these faults exist at all, how often they act and on whom.
    pub struct Chaos: Default {
        /// The faults that may exist in a run; which do, the seed says. Default: all that chaos can draw. `move-range` exists only where
        /// there are several groups.
        faults: Vec<Verb> = "faults", Or(Chaos::all().collect(), List(FAULT));
        /// How long, at the end, nothing is wrong any more. Default `5s`.
        quiet: Duration = "quiet", Or(Duration::from_secs(5), POSITIVE);
    }
    wrong |chaos, _given, frame| {
        lacking "quiet" if chaos.quiet >= frame.until => "the whole run is quiet: nothing ever goes wrong",
            "let the run be longer, or `quiet` shorter";
        lacking "faults" if chaos.faults.is_empty() => "chaos without any fault", "leave `faults` out for all of them";
        lacking "faults" if !chaos.faults.is_empty() && chaos.among(frame.groups).next().is_none() =>
            "ranges of keys move between groups, and there is one", "let there be several: `[cluster] groups = 3`; or name other faults";
    }
}

impl Chaos {
    /// Those of its faults that may exist among so many groups: only from one to another can a range of keys move.
    pub fn among(&self, groups: u32) -> impl Iterator<Item = Verb> {
        self.faults.iter().copied().filter(move |verb| groups > 1 || verb.disturbs() != Disturbs::Routes)
    }

    /// Every fault that chaos can draw.
    pub fn all() -> impl Iterator<Item = Verb> {
        Verb::all().filter(|verb| verb.disturbs() != Disturbs::Nothing)
    }
}

/// A fault that chaos can draw.
const FAULT: Scalar<Verb> = Scalar {
    named: "FaultWord",
    schema: |_| json!({ "enum": Chaos::all().map(Verb::name).collect::<Vec<_>>() }),
    bare: false,
    read: |text, _| {
        let known = Chaos::all().find(|verb| verb.name() == text);
        known.ok_or_else(|| words::unknown("fault that chaos can draw", text, Chaos::all()))
    },
    write: |verb| quoted(verb),
};
