//! The files of a bundle.

use crate::words::told_words;

told_words! {
    /// A file of a bundle.
    pub enum Part: "file of a bundle",
    /// What it holds.
    about {
        Readme = "README.md": "what failed, and how to see it again"
        Screen = "screen.txt": "what a person is shown of the run"
        Scenario = "scenario.toml": "the scenario as it was run, with what the seed drew of it"
        Verdict = "verdict.json": "the run as `leasehold run --format jsonl` tells it, but for the real time that it took"
        Events = "events.jsonl": "what happened, an event a line, as `leasehold events` tells it; times are simulated nanoseconds"
        History = "history.jsonl": "what clients did, in the form of Jepsen's histories"
        Streams = "streams.jsonl": "the names of the streams of random numbers; the first has the number 0"
        Decisions = "decisions.csv": "every random choice, in order: its stream, the bound that it stays below (0: none), the number drawn"
        Identity = "identity.json": "which run this is, of which leasehold"
    }
}

const MIB: u64 = 1 << 20;

impl Part {
    /// The most bytes that it may have.
    pub(super) const fn limit(self) -> u64 {
        match self {
            Part::Identity | Part::Readme | Part::Scenario => MIB,
            Part::Screen | Part::Verdict | Part::Streams => 16 * MIB,
            Part::Decisions => 512 * MIB,
            Part::Events | Part::History => 1024 * MIB,
        }
    }
}
