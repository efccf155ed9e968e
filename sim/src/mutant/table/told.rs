//! Bugs in what the stack tells: of itself, and its callers of what has become of their calls.

use crate::mutant::wrap::{engine, host, tap};
use crate::mutant::{Harm, PLANTED, Variant, seen};

pub(super) const VARIANTS: &[Variant] = &[
    Variant {
        name: "caught-up-at-election",
        about: "planted: a leader says that it is caught up as soon as it is elected",
        source: "elastickv ed6ff82c (R17); lease-bugs LB-28",
        seen: seen("fast/leader-transfer", "true-events"),
        harm: Harm::Performance,
        host: Some(host::caught_up_at_election),
        ..PLANTED
    },
    Variant {
        name: "quorum-taken-for-granted",
        about: "planted: a leader says that a quorum has answered it, whether or not one has",
        source: "lease-bugs LB-30",
        seen: seen("fast/partition", "true-events"),
        harm: Harm::Performance,
        host: Some(host::quorum_taken_for_granted),
        ..PLANTED
    },
    Variant {
        name: "conflict-of-the-next",
        about: "planted: a conflict is told of the entry after that which was refused",
        source: "none: an index that is one too high",
        seen: seen("fast/write-conflict-storm", "true-events"),
        harm: Harm::Performance,
        host: Some(host::conflict_of_the_next),
        ..PLANTED
    },
    Variant {
        name: "hits-told-twice",
        about: "planted: a read that was answered from the lease is told twice, and counted once",
        source: "none: metrics and events that are counted apart",
        seen: seen("fast/steady", "true-counts"),
        harm: Harm::Performance,
        host: Some(host::hits_told_twice),
        ..PLANTED
    },
    Variant {
        name: "interrupted-is-closed",
        about: "planted: a write that was under way when leadership ended is answered as if the engine had stopped",
        source: "elastickv #558: an error that says something else than what happened; D8",
        seen: seen("planted/unheard-answers", "true-errors"),
        harm: Harm::Performance,
        engine: Some(engine::proposals::interrupted_is_closed),
        ..PLANTED
    },
    Variant {
        name: "conflict-is-lost-leadership",
        about: "planted: a transaction that was refused for a conflict is answered as one that lost its leader",
        source: "elastickv #549, #558: the error is translated, not the rule that takes it",
        seen: seen("fast/write-conflict-storm", "true-errors"),
        harm: Harm::Performance,
        engine: Some(engine::proposals::conflict_is_lost_leadership),
        ..PLANTED
    },
    Variant {
        name: "own-deadline-is-refused",
        about: "planted: a node whose own deadline passes says that nothing was applied, and nothing will be",
        source: "elastickv D3, O8: an outcome that is not known is told as none",
        seen: seen("fast/server-deadline", "serial-order"),
        tap: Some(tap::requests::own_deadline_is_refused),
        ..PLANTED
    },
    Variant {
        name: "interrupted-hears-late",
        about: "planted: a write that was under way when leadership ended hears of it half a second late",
        source: "TiKV #4810; lease-bugs LB-58",
        seen: seen("fast/partition", "interrupted-calls"),
        harm: Harm::Liveness,
        engine: Some(engine::proposals::interrupted_hears_late),
        ..PLANTED
    },
    Variant {
        name: "passed-on-again",
        about: "planted: a request that a node passes on does not say so, and whoever does not lead passes it on again",
        source: "elastickv D1: requests that go round while nodes disagree about who leads",
        seen: seen("fast/leader-transfer", "interrupted-calls"),
        harm: Harm::Performance,
        tap: Some(tap::requests::passed_on_again),
        ..PLANTED
    },
    Variant {
        name: "change-done-early",
        about: "planted: who asks for a change of members is told that it is done as soon as it is begun",
        source: "none: an answer at proposal and not at apply",
        seen: seen("fast/membership", "changes-end"),
        harm: Harm::Performance,
        engine: Some(engine::leading::change_done_early),
        ..PLANTED
    },
    Variant {
        name: "change-unanswered",
        about: "planted: who asks for a change of members is not told that it is done",
        source: "elastickv R1, R2: a caller who waits for what is over",
        seen: seen("fast/membership", "changes-end"),
        harm: Harm::Liveness,
        engine: Some(engine::leading::change_unanswered),
        ..PLANTED
    },
];
