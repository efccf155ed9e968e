//! What cannot be met in which situation, and why: by what stack and raft do, not by what is unlikely.

use super::Situation::{self, Deposed, Fresh, GivenUp, HandsOver, Installed, Joint, NoClock, Plain, Restarted};

/// Things, the situations in which they cannot be met, and why.
type Reason = (&'static [&'static str], &'static [Situation], &'static str);

const CHANGES: &[&str] =
    &["change: add-learner", "change: promote", "change: demote", "change: remove", "change: joint"];
const BEHIND_THE_CLOCK: &[&str] = &[
    "lease read: not-leader",
    "lease read: transfer",
    "lease read: not-caught-up",
    "lease read: cold",
    "lease read: expired",
];

const OWN_COMES_LATER: &str = "what it has proposed comes after the entry with which its term begins";
const ASKED_OF_THE_LATEST: &str = "who leads the latest term is asked";

const REASONS: &[Reason] = &[
    (
        &["lease read: hit", "paused at lease-checked"],
        &[Fresh, HandsOver, GivenUp, NoClock],
        "the gate in front of the lease is closed",
    ),
    (BEHIND_THE_CLOCK, &[NoClock], "the clock is asked first"),
    (&["lease read: not-leader", "error: not-leader"], &[HandsOver, GivenUp, Deposed], "it leads"),
    (
        &["lease read: not-caught-up", "lease read: cold", "lease read: expired"],
        &[HandsOver],
        "whether it hands over is asked first",
    ),
    (&["lease read: cold", "lease read: expired"], &[Fresh], "whether it is caught up is asked first"),
    (&["lease read: expired"], &[GivenUp], "it has no lease that could run out"),
    (&["lease read: clock", "lease read: not-caught-up"], &[Plain], "it is the situation itself"),
    (&["round: renewal"], &[NoClock], "the clock says when one is due"),
    (
        &["round: lease_miss", "transfer begun", "error: transfer-refused", "error: membership-refused"],
        &[HandsOver],
        "nothing else is begun meanwhile",
    ),
    (&["error: write-conflict"], &[Fresh], OWN_COMES_LATER),
    (&["lease ended: transfer"], &[HandsOver], "it has ended by the time that the transfer is under way"),
    (&["lease ended: disk-stalled"], &[Restarted, Installed], "its disk would have stood still for two promises since"),
    (
        &["lease ended: not-leader", "lease ended: leadership-lost"],
        &[Fresh, HandsOver, GivenUp, Deposed],
        "it leads no more when it tells its callers, and is not elected before they hear it",
    ),
    (&["transfer given up"], &[Plain, GivenUp], "only a transfer that is under way is given up"),
    (&["TimeoutNow sent"], &[GivenUp], "it is sent in a transfer that is under way"),
    (CHANGES, &[Deposed], ASKED_OF_THE_LATEST),
    (&["error: membership-refused"], &[Deposed], ASKED_OF_THE_LATEST),
];

/// As [`REASONS`], of the rules of the register.
const OF_RULES: &[Reason] = &[
    (
        &["rule: leader", "rule: no-transfer", "rule: caught-up", "rule: held-in-this-term", "rule: not-expired"],
        &[NoClock],
        "the clock is asked first",
    ),
    (
        &[
            "rule: caught-up",
            "rule: held-in-this-term",
            "rule: not-expired",
            "rule: begun-since-end",
            "rule: renewed-in-this-term",
            "rule: never-shortened",
        ],
        &[HandsOver],
        "whether it hands over is asked first",
    ),
    (&["rule: held-in-this-term", "rule: not-expired"], &[Fresh], "whether it is caught up is asked first"),
    (&["rule: not-expired"], &[GivenUp], "it has no lease that could run out"),
    (&["rule: alone-by-its-vote"], &[NoClock], "a leader alone has its promise by the clock"),
    (&["rule: transfer-to-eligible", "rule: round-after-own-term"], &[HandsOver], "nothing else is begun meanwhile"),
    (
        &["rule: applied-since-abort"],
        &[Plain, Fresh, HandsOver],
        "it asks when it has given a transfer up, and has applied an entry of its own term",
    ),
    (&["rule: own-entry-answers"], &[Fresh], OWN_COMES_LATER),
    (
        &["rule: ack-after-write", "rule: vote-after-write", "rule: install-after-write"],
        &[Fresh, HandsOver, GivenUp, Deposed],
        "what a leader sends waits for no disk, and what it sent before it led has left by then",
    ),
    (
        &["rule: installed-before-election"],
        &[Fresh, HandsOver, GivenUp, Deposed],
        "a leader stands for nothing, and has an entry that whoever could ask it to stand has not",
    ),
    (
        &["rule: found-is-durable", "rule: who-followed-has-promised"],
        &[Fresh, HandsOver, GivenUp, Installed, Deposed],
        "a process asks as it starts",
    ),
    (&["rule: found-is-durable"], &[Plain], "a process asks as it starts again"),
    (&["rule: who-followed-has-promised"], &[Joint], "it asks before it goes by any configuration"),
];

/// Why this cannot be met in that situation, if it cannot.
pub fn ruled_out(thing: &str, situation: Situation) -> Option<&'static str> {
    if ["round: write", "round: inner_read"].contains(&thing) {
        return Some("only who is set up otherwise than the default spends such rounds");
    }
    let reason = all().find(|(things, in_these, _)| things.contains(&thing) && in_these.contains(&situation));
    reason.map(|(_, _, why)| *why)
}

fn all() -> impl Iterator<Item = &'static Reason> {
    REASONS.iter().chain(OF_RULES)
}

#[cfg(test)]
mod tests {
    use super::super::things;
    use super::*;

    #[test]
    fn a_reason_is_of_something_that_can_be_met() {
        let known = things();
        let rules = cfg!(feature = "planted");
        let unknown =
            |thing: &&&str| !known.iter().any(|known| known == **thing) && (rules || !thing.starts_with("rule: "));
        let unknown: Vec<_> = all().flat_map(|(things, ..)| *things).filter(unknown).collect();
        assert!(unknown.is_empty(), "nothing is called {unknown:?}");
    }

    #[test]
    fn nothing_has_two_reasons() {
        for thing in things() {
            for situation in Situation::all() {
                let has = |(things, in_these, _): &&Reason| things.contains(&&*thing) && in_these.contains(&situation);
                assert!(all().filter(has).count() <= 1, "{thing} ({situation})");
            }
        }
    }
}
