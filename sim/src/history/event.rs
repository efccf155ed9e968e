//! What a node tells, whole: a row an event. It says by which tag and content the fingerprint knows it, what it tells people, in a sentence and
//! in a few words, how much a timeline makes of it, who hears of it, and what it does beside that.

use super::StackRecord;
use super::encode::{Content, Tagged, tags};
use super::hears::{Extension, Hears, LeaseRead, Opened, Place, ScriptEnded, Vote};
use crate::time::SimTime;
use crate::words::Matter;
use crate::words::figures::{duration, exact};
use leasehold::env::{Instant, NodeId};
use leasehold::observe::{Event, Miss, Role, Timing};

/// How soon a timeline makes room for an event.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Weight {
    /// At once: it says by itself what a run came to.
    Rare,
    /// Before what happens all the time.
    Telling,
    /// Where nothing else has happened.
    Common,
}
use Weight::{Common, Rare, Telling};

/// What is asked of a history, which events decide it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum About {
    /// Who leads, and who holds a lease.
    Leases,
    /// Why nobody leads: what voters refuse.
    Elections,
    /// Why clients wait: what queues refuse, and when logs are written.
    Service,
}

/// What stays so, of a replica, until it is told anew.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum State {
    Process,
    Role,
    Lease,
    LeaseEnd,
}

/// What only the simulator knows of an event.
pub(crate) enum Added {
    /// Nothing.
    Nothing,
    /// The true time at which the node's clock shows this.
    End(Instant),
    /// What applying the entry at this index did to the store.
    Effect(u64),
}

/// What there is to say of an event, whatever it tells.
pub(crate) struct Facts {
    /// What it is a repetition of.
    pub(crate) kind: &'static str,
    pub(crate) weight: Weight,
    /// What has been done by it, if anything: what is only held or carried is no deed.
    pub(super) deed: Option<Event>,
    /// What it makes so.
    pub(super) makes: Option<State>,
    /// What it decides of how a run comes out.
    pub(super) matter: Option<Matter>,
    /// What is added to it where it is recorded.
    pub(crate) adds: Added,
}

impl Facts {
    const fn new(kind: &'static str, weight: Weight) -> Self {
        Self { kind, weight, deed: None, makes: None, matter: None, adds: Added::Nothing }
    }
}

/// The rows: `Event = tag (content) besides (what is no content) { kind, weight in a timeline, says ..., brief ... }`, and then what is not
/// as of most events: who is told (`tell`), of what it is one of many repetitions (`again`), and more of its facts (`fact`).
macro_rules! events {
    (
        ($at:ident, $node:ident, $told:ident, $hearer:ident, $about:ident)
        $($event:ident = $tag:literal $(($($field:ident),*))? $(of $inner:ident)? $(besides ($($left:ident),*))? {
            $kind:expr, $weight:expr,
            says $says:expr,
            brief $brief:expr
            $(, tell $tell:expr)? $(, again $again:expr)? $(, fact $fact:ident = $value:expr)*
        })*
    ) => {
        // How a process is set up is no event; for how long it withholds its vote follows from that.
        tags! { Event { $($event = $tag $(($($field),*))? $(of $inner)? $(without ($($left),*))?),* } }

        /// An event in words.
        #[allow(unused_variables, reason = "no row uses all that its event tells")]
        pub(crate) fn words_of(event: &Event) -> String {
            match event {
                $(Event::$event { $($($field,)*)? $(0: $inner,)? $($($left,)*)? } => $says,)*
            }
        }

        /// An event in a few words.
        #[allow(unused_variables, reason = "no row uses all that its event tells")]
        pub(crate) fn in_brief($told: &StackRecord) -> String {
            match &$told.event {
                $(Event::$event { $($($field,)*)? $(0: $inner,)? $($($left,)*)? } => $brief,)*
            }
        }

        /// What happens again and again, in words without what differs each time; `None` of all others.
        #[allow(unused_variables, reason = "no row uses all that its event tells")]
        pub(crate) fn repeated($told: &StackRecord) -> Option<String> {
            match &$told.event {
                $(Event::$event { $($($field,)*)? $(0: $inner,)? $($($left,)*)? } => {
                    None::<String> $(.or_else(|| $again))?
                })*
            }
        }

        /// What there is to say of an event, of which this is asked.
        #[allow(unused_variables, reason = "no row uses all that its event tells")]
        pub(crate) fn facts(event: &Event, $about: About) -> Facts {
            match event {
                $(Event::$event { $($($field,)*)? $(0: $inner,)? $($($left,)*)? } => {
                    Facts { $($fact: $value,)* ..Facts::new($kind, $weight) }
                })*
            }
        }

        /// Tells `hearer` of an event. Nobody hears of one whose row does not say who.
        #[allow(unused_variables, reason = "no row uses all that its event tells")]
        pub(super) fn told($at: SimTime, $told: &StackRecord, $hearer: &mut impl Hears) {
            let $node = $told.replica.node;
            $hearer.tells($at, $node, $told.clock);
            match &$told.event {
                $(Event::$event { $($($field,)*)? $(0: $inner,)? $($($left,)*)? } => { $($tell)? })*
            }
        }
    };
}

events! {
    (at, node, told, hearer, about)

    Role = 1 (term, role, leader) { "role", Rare,
        says format!("{} in term {term}, leader {}", role.name(), leader.map_or("unknown".to_owned(), |node| node.to_string())),
        brief match (role, leader) {
            (Role::Leader, _) => format!("LEADER of term {term}"),
            (role, Some(leader)) => format!("{} of {leader}, term {term}", role.name()),
            (role, None) => format!("{}, term {term}", role.name()),
        },
        tell {
            hearer.role(at, node, *role, *term, *leader);
            match role {
                Role::Leader => hearer.leads(at, node),
                Role::Follower | Role::PreCandidate | Role::Candidate => {
                    hearer.leads_not(at, node);
                    hearer.falls(at, node);
                }
            }
        },
        fact deed = Some(Event::Role { role: *role, term: *term, leader: *leader }), fact makes = Some(State::Role),
        fact matter = (*role == Role::Leader).then_some(Matter::Leadership)
    }
    CaughtUp = 2 (term, index) { "caught up", Rare,
        says format!("caught up: applied index {index} of its own term {term}"),
        brief format!("caught up at index {index}"),
        tell hearer.caught_up(at, node, *term, *index)
    }
    LeaseExtended = 3 (term, generation, base, expiry) { "lease extended", Telling,
        says format!(
            "lease extended from local {} to local {} (term {term}, generation {generation})", local(*base), local(*expiry)
        ),
        brief told.lease_until.map_or("lease extended".to_owned(), |until| format!("lease to {until}")),
        tell {
            let (until, term, generation) = (told.lease_until.unwrap_or(SimTime::NEVER), *term, *generation);
            hearer.lease_extended(at, node, Extension { term, generation, base: *base, expiry: *expiry, until });
        },
        fact makes = Some(State::Lease), fact matter = Some(Matter::Lease), fact adds = Added::End(*expiry)
    }
    LeaseEnded = 4 (generation, cause, held) {
        if *held { "lease ended" } else { "lease ended, not held" }, if *held { Rare } else { Telling },
        says format!(
            "lease ended by {}, {} (generation {generation})", cause.name(), if *held { "was in force" } else { "was not in force" }
        ),
        brief format!("{} {}", if *held { "LEASE END" } else { "no lease:" }, cause.name()),
        tell hearer.lease_ended(at, node, *generation, *cause, *held),
        again (!held).then(|| in_brief(told)),
        fact makes = held.then_some(State::LeaseEnd), fact matter = held.then_some(Matter::Lease)
    }
    LeaseRead = 5 (miss, again, now) {
        if miss.is_some() { "miss" } else { "hit" }, if miss.is_some() { Telling } else { Common },
        says {
            let clock = now.map_or("no clock".to_owned(), |now| format!("its clock at {}", local(now)));
            let decision = miss.map_or("hit".to_owned(), |miss| format!("miss ({})", miss.name()));
            format!("lease read {}: {decision}, {clock}", if *again { "tried again" } else { "decided" })
        },
        brief format!("lease read: {}", miss.map_or("hit", Miss::name)),
        tell {
            if miss.is_none() {
                hearer.served(at, node);
            }
            hearer.lease_read(at, node, LeaseRead { miss: *miss, reading: *now, again: *again });
        },
        again miss.map(|_| in_brief(told)),
        fact deed = Some(Event::LeaseRead { miss: *miss, now: None, again: *again }), fact matter = Some(Matter::Lease)
    }
    RoundStarted = 6 (cause, again) { "round started", Common,
        says format!("ReadIndex begun {}for {}", if *again { "again " } else { "" }, cause.name()),
        brief format!("ReadIndex{} {}", if *again { " again" } else { "" }, cause.name()),
        tell hearer.round_started(at, node, *cause, *again)
    }
    RoundEnded = 7 (cause, waited, confirmed) { "round ended", Telling,
        says format!(
            "ReadIndex for {} {} after {}", cause.name(), if *confirmed { "confirmed" } else { "not confirmed" }, exact(*waited)
        ),
        brief format!("{} {} {}", cause.name(), if *confirmed { "ok" } else { "FAILED" }, duration(*waited)),
        tell hearer.round_ended(at, node, *cause, *waited, *confirmed),
        again (!confirmed).then(|| format!("{} FAILED", cause.name()))
    }
    TransferStarted = 8 (to) { "transfer", Rare,
        says format!("transfer begun to {to}"),
        brief format!("transfer to {to}"),
        tell hearer.transfer_started(at, node, *to)
    }
    TransferAborted = 9 (to) { "transfer", Rare,
        says format!("transfer given up to {to}"),
        brief format!("no transfer to {to}"),
        tell hearer.transfer_aborted(at, node)
    }
    StaleTimeoutNow = 10 { "transfer", Rare,
        says "stale TimeoutNow thrown away".to_owned(),
        brief "TimeoutNow is stale".to_owned()
    }
    Applied = 11 (index, term, digest) { "applied", Common,
        says format!("applied index {index} of term {term}, {digest:08x}"),
        brief format!("applied {index}"),
        tell {
            if let Some(effect) = &told.effect {
                hearer.effect(at, *index, effect);
            }
            if let Some(moved) = &told.moved {
                hearer.moved(at, moved);
            }
            hearer.applied(at, node, Place { index: *index, term: *term, digest: *digest });
        },
        fact deed = Some(Event::Applied { index: *index, term: *term, digest: *digest }), fact adds = Added::Effect(*index)
    }
    Conflict = 12 (index) { "conflict", Telling,
        says format!("conflict: refused index {index}"),
        brief format!("conflict at {index}"),
        tell hearer.conflict(at, node, *index)
    }
    Script = 13 (attempts, reads, times) { "script", Common,
        says format!(
            "script of {reads} reads ended after {attempts} attempts: lease read {}, reads {}, write fence {}, commit {}, backoff {}",
            exact(times.lease_read), exact(times.reads), exact(times.write_fence), exact(times.commit), exact(times.backoff)
        ),
        brief format!("script took {attempts}"),
        tell hearer.script(at, node, ScriptEnded { reads: *reads, attempts: *attempts, times: *times })
    }
    LaneFull = 14 (to, lane) { "full", if about == About::Service { Rare } else { Telling },
        says format!("{} lane full to {to}", lane.name()),
        brief format!("{} lane to {to} full", lane.name()),
        tell hearer.queue_full(at, node, *lane, Some(*to)),
        again Some(in_brief(told))
    }
    InboxFull = 15 (lane) { "full", if about == About::Service { Rare } else { Telling },
        says format!("inbox full: {} message refused", lane.name()),
        brief format!("{} inbox full", lane.name()),
        tell hearer.queue_full(at, node, *lane, None),
        again Some(in_brief(told))
    }
    Stopped = 16 (error) { "stopped", Rare,
        says format!("engine stopped{}", error.map_or(String::new(), |kind| format!(": {}", kind.name()))),
        brief "STOPPED".to_owned(),
        tell {
            hearer.stopped(at, node);
            hearer.falls(at, node);
        }
    }
    Appended = 17 (index, term, digest) { "appended", if about == About::Service { Telling } else { Common },
        says format!("has index {index} of term {term}, {digest:08x}"),
        brief format!("has {index}"),
        tell hearer.appended(at, node, Place { index: *index, term: *term, digest: *digest })
    }
    VoteWithheld = 18 (from) { "vote withheld", if about == About::Elections { Rare } else { Telling },
        says format!("vote withheld from {from}: just started"),
        brief format!("no vote for {from} yet"),
        again Some(in_brief(told))
    }
    ChangeAppended = 19 (index) { "change appended", Telling,
        says format!("has a change of membership at index {index}"),
        brief format!("has change {index}"),
        tell hearer.change_appended(at, node, *index)
    }
    Membership = 20 (index, members) { "membership", Rare,
        says format!("from index {index} on the members are {members}"),
        brief format!("VOTERS {members}"),
        tell hearer.membership(at, node, *index, members)
    }
    CampaignedAmidChange = 21 (index, commit) { "membership", Rare,
        says format!("stands for election without having applied the change at index {index}; commit index {commit}"),
        brief format!("change {index} not applied"),
        tell hearer.campaigned_amid_change(at, node, *index, *commit)
    }
    SnapshotTaken = 22 (index, term, digest, bytes) { "snapshot", Telling,
        says format!("snapshot taken at index {index} of term {term}, {bytes} bytes, {digest:08x}"),
        brief format!("snapshot at {index}"),
        tell hearer.snapshot_taken(at, node, Place { index: *index, term: *term, digest: *digest })
    }
    SnapshotSent = 23 (to, index) { "snapshot", Telling,
        says format!("snapshot of index {index} sent to {to}"),
        brief format!("snapshot {index} to {to}"),
        tell hearer.snapshot_sent(at, node, *to, *index)
    }
    SnapshotUnanswered = 24 (by) { "snapshot", Telling,
        says format!("snapshot not acknowledged by {by}"),
        brief format!("no answer to it by {by}"),
        tell hearer.snapshot_unanswered(at, node, *by)
    }
    SnapshotRestored = 25 (index, term, digest, from) { "snapshot restored", Rare,
        says {
            let from = from.map_or("its own".to_owned(), |from| format!("that of {from}"));
            format!("snapshot restored, {from}: index {index} of term {term}, {digest:08x}")
        },
        brief format!("RESTORED to {index}"),
        tell hearer.snapshot_restored(at, node, Place { index: *index, term: *term, digest: *digest }, *from)
    }
    LogCompacted = 26 (first) { "snapshot", Telling,
        says format!("log cut: its first index is {first}"),
        brief format!("log from {first} on"),
        tell hearer.log_compacted(at, node, *first)
    }
    TimeoutNowSent = 27 (to) { "transfer", Rare,
        says format!("TimeoutNow sent to {to}"),
        brief format!("TimeoutNow to {to}"),
        tell hearer.timeout_now_sent(at, node)
    }
    QuorumChecked = 28 (confirmed) {
        if *confirmed { "quorum" } else { "no quorum" }, if *confirmed { Common } else { Rare },
        says format!("CheckQuorum: a quorum {} since the last", if *confirmed { "answered" } else { "has not answered" }),
        brief if *confirmed { "has its quorum" } else { "NO QUORUM" }.to_owned(),
        tell hearer.quorum_checked(at, node, *confirmed)
    }
    Opened = 29 (term, vote, last_index, last_term) besides (withholds) { "opened", Rare,
        says format!(
            "opened its log: term {term}, vote {}, last index {last_index} of term {last_term}; no vote for {withholds:?}", voted(*vote)
        ),
        brief format!("opened its log to {last_index}"),
        tell {
            let (voted, last) = (Vote { term: *term, vote: *vote }, (*last_term, *last_index));
            hearer.opened(at, node, Opened { voted, last, withholds: *withholds });
        }
    }
    Voted = 30 (term, vote) { "voted", Telling,
        says format!("term {term} and vote {} are durable", voted(*vote)),
        brief vote.map_or(format!("enters term {term}"), |vote| format!("votes for {vote}, term {term}")),
        tell hearer.voted(at, node, Vote { term: *term, vote: *vote })
    }
    Configured = 31 of timing { "configured", Common,
        says {
            let Timing { tick, heartbeat, promise, patience, lease, renews: _ } = *timing;
            let [tick, heartbeat, promise, patience] = [tick, heartbeat, promise, patience].map(exact);
            let lease = lease.map_or("no leases".to_owned(), |lease| format!("leases of {}", exact(lease)));
            format!(
                "begins with ticks of {tick}, heartbeats every {heartbeat}, promises of {promise}, elections after {patience}, {lease}"
            )
        },
        brief timing.lease.map_or("no leases".to_owned(), |lease| format!("leases of {}", duration(lease))),
        tell hearer.configured(at, node, *timing)
    }
    DiskStalled = 32 (waited) { "disk stalled", Rare,
        says format!("leads no more: its disk has stood still for {}", exact(*waited)),
        brief format!("DISK STALLED {}", duration(*waited)),
        tell hearer.disk_stalled(at, node)
    }
    StaleRoute = 33 (index, version) { "stale route", Telling,
        says {
            let what = index.map_or("a read".to_owned(), |index| format!("index {index}"));
            format!("stale route: refused {what}, of a key that its group does not have; it knows version {version} of the range")
        },
        brief "stale route refused".to_owned(),
        tell hearer.stale_route(at, node),
        again Some(in_brief(told))
    }
    Counts = 34 (members) { "membership", Telling,
        says format!("counts votes and acknowledgements by the members {members}"),
        brief format!("counts by {members}"),
        tell hearer.counts(at, node, members)
    }
}

/// For whom, or for nobody.
fn voted(vote: Option<NodeId>) -> String {
    vote.map_or_else(|| "for nobody".to_owned(), |node| format!("for {node}"))
}

/// A reading of a node's own clock.
pub(crate) fn local(reading: Instant) -> String {
    SimTime(reading.as_nanos()).exact()
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
