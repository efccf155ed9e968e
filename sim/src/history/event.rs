//! What a node tells, whole: the tag and the content of each event, by which the fingerprint knows it, what it says to people, and who
//! is told of it.

use super::StackRecord;
use super::encode::{Content, Tagged, tags};
use super::hears::{Extension, Hears, LeaseRead, Opened, Place, ScriptEnded, Vote};
use crate::time::SimTime;
use crate::words::figures::exact;
use leasehold::env::{Instant, NodeId};
use leasehold::observe::{Event, Role, Timing};

// How a process is set up is no event; for how long it withholds its vote follows from that.
tags! {
    Event {
        Role = 1 (term, role, leader),
        CaughtUp = 2 (term, index),
        LeaseExtended = 3 (term, generation, base, expiry),
        LeaseEnded = 4 (generation, cause, held),
        LeaseRead = 5 (miss, again, now),
        RoundStarted = 6 (cause, again),
        RoundEnded = 7 (cause, waited, confirmed),
        TransferStarted = 8 (to),
        TransferAborted = 9 (to),
        StaleTimeoutNow = 10,
        Applied = 11 (index, term, digest),
        Conflict = 12 (index),
        Script = 13 (attempts, reads, times),
        LaneFull = 14 (to, lane),
        InboxFull = 15 (lane),
        Stopped = 16 (error),
        Appended = 17 (index, term, digest),
        VoteWithheld = 18 (from),
        ChangeAppended = 19 (index),
        Membership = 20 (index, members),
        CampaignedAmidChange = 21 (index, commit),
        SnapshotTaken = 22 (index, term, digest, bytes),
        SnapshotSent = 23 (to, index),
        SnapshotUnanswered = 24 (by),
        SnapshotRestored = 25 (index, term, digest, from),
        LogCompacted = 26 (first),
        TimeoutNowSent = 27 (to),
        QuorumChecked = 28 (confirmed),
        Opened = 29 (term, vote, last_index, last_term) without (withholds),
        Voted = 30 (term, vote),
        Configured = 31 without (0),
        DiskStalled = 32 (waited),
    }
}

/// `event` in words.
pub(crate) fn words_of(event: &Event) -> String {
    match event {
        Event::Role { role, term, leader } => {
            format!(
                "{} in term {term}, leader {}",
                role.name(),
                leader.map_or("unknown".to_owned(), |node| node.to_string())
            )
        }
        Event::CaughtUp { term, index } => format!("caught up: applied index {index} of its own term {term}"),
        Event::LeaseExtended { term, generation, base, expiry } => format!(
            "lease extended from local {} to local {} (term {term}, generation {generation})",
            local(*base),
            local(*expiry)
        ),
        Event::LeaseEnded { generation, cause, held } => {
            let force = if *held { "was in force" } else { "was not in force" };
            format!("lease ended by {}, {force} (generation {generation})", cause.name())
        }
        Event::LeaseRead { miss, now, again } => {
            let clock = now.map_or("no clock".to_owned(), |now| format!("its clock at {}", local(now)));
            let decision = miss.map_or("hit".to_owned(), |miss| format!("miss ({})", miss.name()));
            format!("lease read {}: {decision}, {clock}", if *again { "tried again" } else { "decided" })
        }
        Event::RoundStarted { cause, again } => format!("ReadIndex begun {}for {}", repeated(*again), cause.name()),
        Event::RoundEnded { cause, waited, confirmed } => {
            let how = if *confirmed { "confirmed" } else { "not confirmed" };
            format!("ReadIndex for {} {how} after {}", cause.name(), exact(*waited))
        }
        Event::TransferStarted { to } => format!("transfer begun to {to}"),
        Event::TransferAborted { to } => format!("transfer given up to {to}"),
        Event::TimeoutNowSent { to } => format!("TimeoutNow sent to {to}"),
        Event::QuorumChecked { confirmed } => {
            format!("CheckQuorum: a quorum {} since the last", if *confirmed { "answered" } else { "has not answered" })
        }
        Event::StaleTimeoutNow => "stale TimeoutNow thrown away".to_owned(),
        Event::DiskStalled { waited } => format!("leads no more: its disk has stood still for {}", exact(*waited)),
        Event::VoteWithheld { from } => format!("vote withheld from {from}: just started"),
        Event::Appended { index, term, digest } => format!("has index {index} of term {term}, {digest:08x}"),
        Event::Configured(Timing { tick, heartbeat, promise, patience, lease, renews: _ }) => format!(
            "begins with ticks of {}, heartbeats every {}, promises of {}, elections after {}, leases of {}",
            exact(*tick),
            exact(*heartbeat),
            exact(*promise),
            exact(*patience),
            exact(*lease)
        ),
        Event::Opened { term, vote, last_index, last_term, withholds } => format!(
            "opened its log: term {term}, vote {}, last index {last_index} of term {last_term}; no vote for {withholds:?}",
            voted(*vote)
        ),
        Event::Voted { term, vote } => format!("term {term} and vote {} are durable", voted(*vote)),
        Event::Applied { index, term, digest } => format!("applied index {index} of term {term}, {digest:08x}"),
        Event::ChangeAppended { index } => format!("has a change of membership at index {index}"),
        Event::Membership { index, members } => format!("from index {index} on the members are {members}"),
        Event::CampaignedAmidChange { index, commit } => {
            format!("stands for election without having applied the change at index {index}; commit index {commit}")
        }
        Event::SnapshotTaken { index, term, digest, bytes } => {
            format!("snapshot taken at index {index} of term {term}, {bytes} bytes, {digest:08x}")
        }
        Event::SnapshotSent { to, index } => format!("snapshot of index {index} sent to {to}"),
        Event::SnapshotUnanswered { by } => format!("snapshot not acknowledged by {by}"),
        Event::SnapshotRestored { index, term, digest, from } => {
            let from = from.map_or("its own".to_owned(), |from| format!("that of {from}"));
            format!("snapshot restored, {from}: index {index} of term {term}, {digest:08x}")
        }
        Event::LogCompacted { first } => format!("log cut: its first index is {first}"),
        Event::Conflict { index } => format!("conflict: refused index {index}"),
        Event::Script { reads, attempts, times } => format!(
            "script of {reads} reads ended after {attempts} attempts: lease read {}, reads {}, write fence {}, commit {}, backoff {}",
            exact(times.lease_read),
            exact(times.reads),
            exact(times.write_fence),
            exact(times.commit),
            exact(times.backoff)
        ),
        Event::LaneFull { to, lane } => format!("{} lane full to {to}", lane.name()),
        Event::InboxFull { lane } => format!("inbox full: {} message refused", lane.name()),
        Event::Stopped { error } => {
            format!("engine stopped{}", error.map_or(String::new(), |kind| format!(": {}", kind.name())))
        }
    }
}

/// For whom, or for nobody.
fn voted(vote: Option<NodeId>) -> String {
    vote.map_or_else(|| "for nobody".to_owned(), |node| format!("for {node}"))
}

fn repeated(again: bool) -> &'static str {
    if again { "again " } else { "" }
}

/// A reading of a node's own clock.
pub(crate) fn local(reading: Instant) -> String {
    SimTime(reading.as_nanos()).exact()
}

/// Tells `hearer` of an event.
pub(super) fn told(at: SimTime, told: &StackRecord, hearer: &mut impl Hears) {
    let node = told.replica.node;
    hearer.tells(at, node, told.clock);
    match told.event {
        Event::Configured(timing) => hearer.configured(at, node, timing),
        Event::Role { role, term, leader } => {
            hearer.role(at, node, role, term, leader);
            match role {
                Role::Leader => hearer.leads(at, node),
                Role::Follower | Role::PreCandidate | Role::Candidate => {
                    hearer.leads_not(at, node);
                    hearer.falls(at, node);
                }
            }
        }
        Event::CaughtUp { term, index } => hearer.caught_up(at, node, term, index),
        Event::LeaseExtended { term, generation, base, expiry } => {
            let until = told.lease_until.unwrap_or(SimTime::NEVER);
            hearer.lease_extended(at, node, Extension { term, generation, base, expiry, until });
        }
        Event::LeaseEnded { generation, cause, held } => hearer.lease_ended(at, node, generation, cause, held),
        Event::LeaseRead { miss, now, again } => {
            if miss.is_none() {
                hearer.served(at, node);
            }
            hearer.lease_read(at, node, LeaseRead { miss, reading: now, again });
        }
        Event::RoundStarted { cause, again } => hearer.round_started(at, node, cause, again),
        Event::RoundEnded { cause, waited, confirmed } => hearer.round_ended(at, node, cause, waited, confirmed),
        Event::TransferStarted { to } => hearer.transfer_started(at, node, to),
        Event::TransferAborted { .. } => hearer.transfer_aborted(at, node),
        Event::Opened { term, vote, last_index, last_term, withholds } => {
            let voted = Vote { term, vote };
            hearer.opened(at, node, Opened { voted, last: (last_term, last_index), withholds });
        }
        Event::Voted { term, vote } => hearer.voted(at, node, Vote { term, vote }),
        Event::Appended { index, term, digest } => hearer.appended(at, node, Place { index, term, digest }),
        Event::Applied { index, term, digest } => {
            if let Some(effect) = &told.effect {
                hearer.effect(at, index, effect);
            }
            hearer.applied(at, node, Place { index, term, digest });
        }
        Event::ChangeAppended { index } => hearer.change_appended(at, node, index),
        Event::Membership { index, ref members } => hearer.membership(at, node, index, members),
        Event::CampaignedAmidChange { index, commit } => hearer.campaigned_amid_change(at, node, index, commit),
        Event::SnapshotTaken { index, term, digest, .. } => {
            hearer.snapshot_taken(at, node, Place { index, term, digest });
        }
        Event::SnapshotRestored { index, term, digest, from } => {
            hearer.snapshot_restored(at, node, Place { index, term, digest }, from);
        }
        Event::LogCompacted { .. } => hearer.log_compacted(at, node),
        Event::Conflict { .. } => hearer.conflict(at, node),
        Event::Script { reads, attempts, times } => hearer.script(at, node, ScriptEnded { reads, attempts, times }),
        Event::LaneFull { to, lane } => hearer.queue_full(at, node, lane, Some(to)),
        Event::InboxFull { lane } => hearer.queue_full(at, node, lane, None),
        Event::Stopped { .. } => {
            hearer.stopped(at, node);
            hearer.falls(at, node);
        }
        // Nobody looks at these. Whoever does gives them a handler.
        Event::TimeoutNowSent { .. }
        | Event::QuorumChecked { .. }
        | Event::StaleTimeoutNow
        | Event::DiskStalled { .. }
        | Event::VoteWithheld { .. }
        | Event::SnapshotSent { .. }
        | Event::SnapshotUnanswered { .. } => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::encode;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_members_of_a_set_have_the_same_tag_and_none_that_of_nothing() {
        for (set, tags) in encode::TAGS.iter().chain(TAGS) {
            let distinct: BTreeSet<_> = tags.iter().collect();
            assert!(distinct.len() == tags.len() && !distinct.contains(&0), "the tags of {set}: {tags:?}");
        }
    }
}
