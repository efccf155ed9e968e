//! What a gate runs, and in how long.

use crate::scenario::prelude::*;

/// The most seeds that a line of a profile draws.
pub const MAX_DRAWN: u32 = 100_000;

table! {
    /// What a gate runs, by the names of its profiles.
    pub struct Profiles: Default {
        /// The profiles: `[profile.nightly]`.
        profiles: BTreeMap<String, Profile> = "profile", Or(BTreeMap::new(), PROFILES);
    }
}

const PROFILES: Named<String, Inner<Profile>> = Named { named: "Profiles", name: NAME, value: inner() };

table! {
    /// What one profile runs.
    pub struct Profile {
        /// What it is for, in a sentence.
        about: String = "about", Or(String::new(), TEXT);
        /// How long its runs may take together, in real time. When it is over no more are begun.
        time: Duration = "time", Needed(
            POSITIVE,
            "this profile has no `time`",
            "say how long its runs may take, in real time: `time = \"10m\"`");
        /// A known failure that is not seen in so many runs of its scenarios fails the gate: it is cured, or its entry is wrong. Without it,
        /// that is only told.
        unseen_after: Option<u32> = "unseen-after", Maybe(Whole { least: 1, most: MAX_DRAWN });
        /// What is run, in this order.
        runs: Vec<Asked> = "runs", Needed(
            ASKED,
            "this profile runs nothing",
            "say what it runs: `runs = [{ of = [\"fast\"], seeds = 2 }]`");
    }
}

table! {
    /// Some scenarios, and their seeds.
    pub struct Asked {
        /// Files, names or folders of scenarios.
        of: Vec<String> = "of", Needed(
            List(TEXT),
            "no scenarios are named",
            "`of = [\"fast\"]`: files, names or folders, as `leasehold run` takes them");
        /// Each file's own seeds, under its own variant and under those that it has a section for.
        pinned: bool = "pinned", Or(true, FLAG);
        /// So many seeds that are drawn from the commit, under the default.
        seeds: u32 = "seeds", Or(0, Whole { least: 0, most: MAX_DRAWN });
        /// Up to so many of them while there is time; the gate is not incomplete without those beyond `seeds`.
        most: Option<u32> = "most", Maybe(Whole { least: 1, most: MAX_DRAWN });
    }
    wrong |asked, _given, _frame| {
        refused "" if !asked.pinned && asked.drawn() == 0 => "these scenarios are run with no seed",
            "`seeds = 5` draws five from the commit; `pinned = true` takes those of the files";
        refused "most" if asked.most.is_some_and(|most| most < asked.seeds) => "`most` is less than `seeds`",
            "`seeds` are run in any case, up to `most` where there is time";
    }
}

impl Asked {
    /// How many seeds are drawn from the commit at most.
    pub fn drawn(&self) -> u32 {
        self.most.unwrap_or(self.seeds)
    }
}

const ASKED: Special<Vec<Asked>> = Special {
    schema: |definitions| json!({ "type": "array", "items": definitions.table::<Asked>() }),
    read: |key, raw, reader| {
        every(items_of(key, raw, reader)?.into_iter().map(|item| inner::<Asked>().read("runs", item, reader)))
    },
    write: |value| list_of(value, |asked| inner().toml(asked)),
};
