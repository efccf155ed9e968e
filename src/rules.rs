//! The register of rules: what the stack rests on, to be safe and to go on.
//!
//! A rule is a condition that is true where it is kept: `Rule::NoTransfer.holds(status.transferee.is_none())`. Whoever looks for the
//! place searches for its name. What is compared is named: `Rule::NotExpired.holds(before(now, expiry))`. The gate in front of a local
//! read (`crate::lease::gate`) is a list of these; the rest are kept by lease and engine.
//!
//! Built with the feature `planted`, a test can bend a rule for its thread, to see whether anybody notices: switched off, its condition
//! always holds; or the test decides by how much the condition is missed ([`Condition`]). Without the feature a rule is its condition,
//! and nothing else is in the program.
//!
//! To add one: a row below, and `Rule::NAME.holds(condition)` around the condition.

mod condition;

pub use condition::Condition;
pub(crate) use condition::{at_least, at_most, before, is, same};

macro_rules! register {
    ($($rule:ident = $name:literal { holds: $holds:literal, reason: $reason:literal, source: $source:literal })+) => {
        /// A rule of the register.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum Rule {
            $(#[doc = concat!("Holds: ", $holds, ". Reason: ", $reason, ". Source: ", $source, ".")] $rule,)+
        }

        #[cfg(feature = "planted")]
        impl Rule {
            /// Every rule.
            pub const ALL: &[Rule] = &[$(Rule::$rule),+];

            /// Its name for people.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Rule::$rule => $name,)+
                }
            }
        }
    };
}

// The ids of the sources are told in `scenarios/planted/README.md`.
register! {
    // The gate in front of a local read, in its order.
    ClockReadable = "clock-readable" {
        holds: "the clock can be read",
        reason: "without it there is no telling whether the lease has run out: fail closed",
        source: "P8; elastickv #604"
    }
    Leader = "leader" {
        holds: "this node leads",
        reason: "a lease is a leader's; a follower may lag without bound",
        source: "W5; LB-25"
    }
    NoTransfer = "no-transfer" {
        holds: "no transfer of leadership is under way",
        reason: "a transfer permits an election in spite of every promise",
        source: "P4; RL.2, RL.4; etcd-io/raft #99; LB-18"
    }
    RegainedByEntry = "regained-by-entry" {
        holds: "an entry proposed after the last transfer was given up is applied",
        reason: "until then the election that the transfer permitted may still be won; gate, renewal and engine keep it",
        source: "RL.4; LB-19, LB-20"
    }
    CaughtUp = "caught-up" {
        holds: "an entry of the leader's own term is applied",
        reason: "until then a leader may lack acknowledged writes",
        source: "P7; RL.2; LB-28"
    }
    HeldInThisTerm = "held-in-this-term" {
        holds: "there is a lease, and it is of the term that the node leads in",
        reason: "promises made to the leader of another term bind nobody now",
        source: "P10"
    }
    NotExpired = "not-expired" {
        holds: "now is before the expiry; the last instant does not count",
        reason: "the promises behind the lease last no longer",
        source: "P6; LB-01"
    }

    // How a lease is extended, and what is left of one that has ended: `src/lease`.
    VotersPromise = "voters-promise" {
        holds: "CheckQuorum is on: who hears a leader refuses its vote to others",
        reason: "without it nothing keeps another from being elected while the lease lasts",
        source: "P2; LB-02; found by a generated scenario in this stack"
    }
    HeldInThisGeneration = "held-in-this-generation" {
        holds: "the lease was granted in the present generation",
        reason: "what ends a lease moves the generation, and leaves nothing of the lease to the next",
        source: "RL.3; LB-23"
    }
    SameGeneration = "same-generation" {
        holds: "no lease has ended since the extension was begun",
        reason: "what was on its way when a lease ended brings none back",
        source: "RL.3; LB-22"
    }
    BegunSinceEnd = "begun-since-end" {
        holds: "what extends the lease began after the last one ended",
        reason: "the same, by the clock: acknowledgements name no generation",
        source: "RL.3; W8; LB-22"
    }
    EndSettledByClock = "end-settled-by-clock" {
        holds: "it is known when the last lease ended",
        reason: "an end without a clock is settled by the first reading after it; what begins then may bring a lease back",
        source: "found by slow/chaos in this stack"
    }
    RenewedInThisTerm = "renewed-in-this-term" {
        holds: "what extends the lease is of the term that it is held in",
        reason: "what another term acknowledged or confirmed promises this leader nothing",
        source: "P10; LB-37"
    }
    NeverShortened = "never-shortened" {
        holds: "the new expiry is later than the old one",
        reason: "an older base does not replace a newer one",
        source: "W8; LB-34"
    }

    // Whose acknowledgements count, and which: `src/engine`.
    StampOfThisTerm = "stamp-of-this-term" {
        holds: "what was acknowledged left in this term",
        reason: "a promise is made to the leader that asked for it",
        source: "P10; LB-37"
    }
    AnswerOfThisTerm = "answer-of-this-term" {
        holds: "the answer is of this term",
        reason: "an answer of another term acknowledges nothing: it may depose",
        source: "P10; LB-37"
    }
    AcksOfOneTerm = "acks-of-one-term" {
        holds: "the acknowledgements that are counted together are of one term",
        reason: "a new term begins without any",
        source: "P10; LB-37"
    }
    AckOfMember = "ack-of-member" {
        holds: "who acknowledges is a member",
        reason: "who was removed votes elsewhere, or not at all",
        source: "P5; LB-40"
    }
    AckOfVoter = "ack-of-voter" {
        holds: "who acknowledges has a vote",
        reason: "a learner's promise keeps nobody from being elected",
        source: "P5; LB-39"
    }
    AckQuorum = "ack-quorum" {
        holds: "a majority has acknowledged as much",
        reason: "fewer do not meet every quorum that could elect another",
        source: "P5; LB-41a"
    }
    AcksOfBothHalves = "acks-of-both-halves" {
        holds: "a configuration whose voters decide alone is not joint",
        reason: "in a joint configuration a majority of each half must have acknowledged",
        source: "P5; LB-41b"
    }
    CountsAsVotersDo = "counts-as-voters-do" {
        holds: "who could be elected needs a majority of those by whom the leader counts acknowledgements",
        reason: "votes are counted by the log, acknowledgements by what is applied: of members several changes apart the majorities need not meet",
        source: "P5; openraft: members are in force as soon as they are in the log; found by reading this stack"
    }
    AloneByItsVote = "alone-by-its-vote" {
        holds: "the only vote is this leader's own",
        reason: "only then it backs itself, and not by how few votes are counted",
        source: "P5; elastickv Q7"
    }
    RoundConfirmsItself = "round-confirms-itself" {
        holds: "what was confirmed is the ReadIndex round that renews the lease",
        reason: "an answer to an earlier round says nothing of what began later",
        source: "LB-54, LB-55"
    }

    // What the engine adds to raft.
    NothingDuringTransfer = "nothing-during-transfer" {
        holds: "leadership is not being handed over",
        reason: "nothing else is begun meanwhile, no other transfer either: for each new target raft starts CheckQuorum's clock anew",
        source: "raft-rs handle_transfer_leader; LB-21"
    }
    TransferUnderWay = "transfer-under-way" {
        holds: "the transfer that lease and caller wait for is under way in raft",
        reason: "one that raft has given up, or never begun, is over, and raft does not say so",
        source: "L4; elastickv R1, R2; hashicorp/raft #493, LB-67"
    }
    TransferToEligible = "transfer-to-eligible" {
        holds: "the target of a transfer can lead",
        reason: "a transfer to who cannot, or not before a change is applied, is refused before it costs the lease",
        source: "elastickv R5; LB-71"
    }
    TimeoutNowNamesLog = "timeout-now-names-log" {
        holds: "the log is no longer than that of the sender of TimeoutNow was",
        reason: "a sender that has gone on since has regained its lease: the permission to elect is void",
        source: "RL.4; raft-rs #234, LB-19"
    }
    AppliedSinceAbort = "applied-since-abort" {
        holds: "the entry that is applied was proposed after the transfer was given up",
        reason: "one from before it proves nothing: the election that the transfer permitted may have been won since",
        source: "RL.4; LB-20"
    }
    WhoFollowedHasPromised = "who-followed-has-promised" {
        holds: "a node that has not voted has followed nobody either",
        reason: "one that heard of its term by an append has promised as much as one that voted in it",
        source: "P3; RL.5; LB-45"
    }
    UnheardStandsFirst = "unheard-stands-first" {
        holds: "who stands before its time is in no term yet",
        reason: "who is has heard a leader, or voted for another: it has promised not to stand",
        source: "P2; found by a generated scenario in this stack"
    }
    AloneKeepsPromise = "alone-keeps-promise" {
        holds: "who is the only voter left follows nobody",
        reason: "who follows a leader that is on its way out has promised as any other voter: openraft lets it stand at its next tick",
        source: "P2; found by slow/chaos on openraft (RaftCore::handle_tick_election)"
    }
    PromiseSurvivesRestart = "promise-survives-restart" {
        holds: "no promise from before the restart forbids the vote",
        reason: "raft forgets in a restart whom it has heard lead, and the leader counts on it still",
        source: "P3; RL.5; LB-45"
    }
    LateTickIsLost = "late-tick-is-lost" {
        holds: "no tick is waiting",
        reason: "a loop that is behind loses ticks: made up for, they would take from a promise time that has not passed",
        source: "P2; LB-15"
    }
    RoundAfterOwnTerm = "round-after-own-term" {
        holds: "the leader has committed in its own term",
        reason: "a ReadIndex round that comes earlier waits: raft would drop it without a word",
        source: "LB-52"
    }
    LeaderHasVote = "leader-has-vote" {
        holds: "the leader has a vote",
        reason: "one without resigns: where one other voter is left, raft lets it answer ReadIndex alone",
        source: "LB-43"
    }
    VoteDurable = "vote-durable" {
        holds: "term and vote are on disk",
        reason: "they are written before anybody is asked or told: who forgets its vote gives another",
        source: "R1, R5; LB-48"
    }
    CommitDurable = "commit-durable" {
        holds: "the commit index that is known is on disk",
        reason: "who forgets it forgets which members are in force, and is elected by those that were before",
        source: "raft-rs #225; LB-44"
    }
    SnapshotUnderWay = "snapshot-under-way" {
        holds: "a snapshot that was sent may still be acknowledged",
        reason: "raft sends its receiver nothing else until it is told that the snapshot was lost",
        source: "elastickv R6"
    }

    AckAfterWrite = "ack-after-write" {
        holds: "what is acknowledged is durable, and all that was written before it",
        reason: "a leader counts it as a copy that no crash takes away",
        source: "R3, R4; raft-rs #403, #410, #433; LB-49"
    }
    VoteAfterWrite = "vote-after-write" {
        holds: "the vote that is asked for or given is durable",
        reason: "writes go on beside the loop: what is decided is not yet on disk, and who forgets its vote gives another",
        source: "R1, R5; sofa-jraft #1245; LB-48"
    }
    PersistedIsWritten = "persisted-is-written" {
        holds: "nothing has come since the write that has ended",
        reason: "if something has, only what was in that write is durable: a leader counts itself for no more",
        source: "raft-rs #410, #417 (on_persist_ready); LB-49"
    }
    WriteSucceeded = "write-succeeded" {
        holds: "the write that has ended has not failed",
        reason: "what it was to save may never be on disk, whatever later syncs say: the engine stops",
        source: "Rebello et al., USENIX ATC '20 (fsync failures); LB-49"
    }
    FoundIsDurable = "found-is-durable" {
        holds: "what a node has found in its log is durable",
        reason: "the process before it may have written it and not synced: it is readable, and the next crash takes it",
        source: "R4; Alagappan et al., OSDI '16 (unsynced tails); lease-bugs LB-49"
    }
    InstallAfterWrite = "install-after-write" {
        holds: "the snapshot that is acknowledged, and all that was written before it, is durable",
        reason: "it takes the place of the log: a leader counts on both",
        source: "raft-rs #417, #465; lease-bugs LB-49"
    }
    InstalledBeforeElection = "installed-before-election" {
        holds: "the state machine has gone on from the snapshot that has come",
        reason: "raft looks for changes of members in what is committed and not applied, and panics: the log has it no longer",
        source: "raft-rs 0.7.0 raft.rs (hup); found by slow/chaos in this stack"
    }
    InterruptedWritesAreTold = "interrupted-writes-are-told" {
        holds: "no proposal of a leadership that is over waits",
        reason: "nobody else answers it: another entry may be applied at its index",
        source: "elastickv HZ-2; invariant L1"
    }
    OwnEntryAnswers = "own-entry-answers" {
        holds: "the entry that is applied is of the term in which the proposal was made that waits for its index",
        reason: "another took its place: its answer is another caller's",
        source: "elastickv HZ-2"
    }
    InterruptedReadsAreTold = "interrupted-reads-are-told" {
        holds: "no read of a leadership that is over waits",
        reason: "raft forgets its rounds with its role: the caller would wait until it repeats them",
        source: "TiKV #4810; lease-bugs LB-58"
    }
    LeaderWrites = "leader-writes" {
        holds: "the leader's disk has ended its last write, or is not so long about it",
        reason: "a leader that makes nothing durable answers no write, and nobody else may",
        source: "CockroachDB's disk stalls; lease-bugs LB-80"
    }

    // Which group has which keys.
    NewerRouteReplaces = "newer-route-replaces" {
        holds: "what is known of a range is older than what is learned",
        reason: "what comes late would bring back a route that has been replaced",
        source: "elastickv C3"
    }
    OwnedWhenRead = "owned-when-read" {
        holds: "the group has the key at the moment in which it is read",
        reason: "else it may be written in another group by now: a lease is of the group, not of the key",
        source: "elastickv Composed-1"
    }
    OwnedWhenApplied = "owned-when-applied" {
        holds: "the group has the key when the entry is applied",
        reason: "it may have released it since the entry was proposed: what is written then nobody ever reads",
        source: "elastickv Composed-1, T8"
    }

    // What the coordinator takes and answers.
    HasRoom = "has-room" {
        holds: "those that were taken do not wait too long for a core",
        reason: "who takes more than it can do answers nobody in time",
        source: "Zhou et al., SoCC '18 (DAGOR): admission by time in queue"
    }
    WaitIsRecent = "wait-is-recent" {
        holds: "how long the wait for a core is was found out lately",
        reason: "those in service may hang for something else: else another is let in to find it out anew",
        source: "none: a sample that nobody renews; found by fast/hung-calls"
    }
    EveryKeyIsRouted = "every-key-is-routed" {
        holds: "each key, or part of a range, that is asked for has a group",
        reason: "what no group has is not known to be empty: the whole fails before anything is read",
        source: "elastickv LeaseReadGroupKeys: keys of no group are kept, so that the check fails closed"
    }
    VersionInSnapshot = "version-in-snapshot" {
        holds: "the version that is read is not newer than the snapshot",
        reason: "keys are read one after the other: what is written meanwhile is in none of them, or some are newer than others",
        source: "S5; elastickv: a transaction reads at its start timestamp"
    }
    TransientIsRetried = "transient-is-retried" {
        holds: "the error that is returned is not one that passes",
        reason: "what found no leader, and cannot have been applied, is tried again here, and is not the client's to repeat",
        source: "elastickv D1"
    }
    AsksWhoAnswers = "asks-who-answers" {
        holds: "whom a node without a part in the group asked last has answered, or named another",
        reason: "no leader speaks to it: whoever is down, or follows nobody, would be asked for ever",
        source: "none: a follower hears of the next leader from the engine, a stranger from nobody"
    }
    StaleRouteIsRoutedAgain = "stale-route-is-routed-again" {
        holds: "the error that is returned is not that of a stale route",
        reason: "nothing was done, and who has the key is known, or soon will be: that is not the client's to find out",
        source: "elastickv 1.2, 1.12: at most one retry on ErrComposed1Violation"
    }
}

impl Rule {
    /// Does it hold, where it asks for this condition?
    pub(crate) fn holds(self, condition: impl Into<Condition>) -> bool {
        self.decide(condition.into())
    }

    /// No rule is bent.
    #[cfg(not(feature = "planted"))]
    fn decide(self, condition: Condition) -> bool {
        condition.is_true()
    }
}

#[cfg(feature = "planted")]
pub use bent::{Bend, bend, switch_off};

#[cfg(feature = "planted")]
mod bent {
    use super::{Condition, Rule};
    use std::cell::{Cell, RefCell};

    /// What a rule makes of its condition: does it hold?
    pub type Bend = Box<dyn Fn(Condition) -> bool>;

    thread_local! {
        /// The rules that are bent on this thread, and how.
        static BENT: RefCell<Vec<(Rule, Bend)>> = const { RefCell::new(Vec::new()) };
        /// Which they are, a bit each: most rules are asked often, and are not bent.
        static WHICH: Cell<u64> = const { Cell::new(0) };
    }

    /// Bends these rules on this thread, and no others.
    pub fn bend(rules: Vec<(Rule, Bend)>) {
        WHICH.set(rules.iter().fold(0, |which, (rule, _)| which | rule.bit()));
        BENT.set(rules);
    }

    /// Switches these rules off on this thread, and all others on.
    pub fn switch_off(rules: &[Rule]) {
        bend(rules.iter().map(|rule| (*rule, Box::new(|_| true) as Bend)).collect());
    }

    impl Rule {
        const fn bit(self) -> u64 {
            1 << self as u32
        }

        pub(super) fn decide(self, condition: Condition) -> bool {
            if WHICH.get() & self.bit() == 0 {
                return condition.is_true();
            }
            BENT.with_borrow(|bent| {
                let bend = bent.iter().find(|(rule, _)| *rule == self);
                bend.map_or(condition.is_true(), |(_, bend)| bend(condition))
            })
        }
    }
}

#[cfg(all(test, feature = "planted"))]
mod tests {
    use super::*;

    #[test]
    fn a_rule_that_is_off_always_holds() {
        assert_eq!((Rule::Leader.holds(true), Rule::Leader.holds(false)), (true, false));
        switch_off(&[Rule::Leader]);
        assert!(Rule::Leader.holds(false) && !Rule::CaughtUp.holds(false));
        switch_off(&[]);
        assert!(!Rule::Leader.holds(false));
    }

    #[test]
    fn a_rule_that_is_bent_is_decided_by_how_much_its_condition_is_missed() {
        bend(vec![(Rule::AckQuorum, Box::new(|condition| condition.is_true_but_for(1)))]);
        assert!(Rule::AckQuorum.holds(at_least(1_u64, 2)) && !Rule::AckQuorum.holds(at_least(1_u64, 3)));
        assert!(!Rule::NotExpired.holds(before(1_u64, 1)));
        switch_off(&[]);
        assert!(!Rule::AckQuorum.holds(at_least(1_u64, 2)));
    }

    #[test]
    fn a_thread_knows_nothing_of_what_is_off_on_another() {
        switch_off(&[Rule::Leader]);
        let elsewhere = std::thread::scope(|scope| scope.spawn(|| Rule::Leader.holds(false)).join());
        assert_eq!((Rule::Leader.holds(false), elsewhere.ok()), (true, Some(false)));
        switch_off(&[]);
    }

    #[test]
    fn there_is_a_bit_for_every_rule_and_a_name() {
        assert!(Rule::ALL.len() <= u64::BITS as usize);
        let mut names: Vec<_> = Rule::ALL.iter().map(|rule| rule.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Rule::ALL.len());
    }
}
