//! The rules by which the stack is safe, and goes on, each under a name at the place where it is kept.
//!
//! `rule!(StampOfThisTerm, stamp.term == raft.term)` is the condition, and `rule!(StopEndsLease => self.listener.ended(..))`
//! the act: without the feature `planted` the names are for the reader and leave nothing in the program.
//!
//! With it a test can switch a rule off for the thread that it runs on, to see whether anybody notices: the condition then always
//! holds, the act is left undone. What a rule asks is evaluated all the same. To name a rule: add it to the list below with what it
//! demands and where from, and write `rule!` around it. The name stands in the code as often as the rule is kept.

/// A condition or an act that safety rests on; see [`crate::rules`].
#[cfg(not(feature = "planted"))]
macro_rules! rule {
    // A call, so that a condition reads as it does with the feature: `!rule!(_, !stale)` is not to be simplified.
    ($name:ident, $holds:expr) => {
        ::std::convert::identity($holds)
    };
    ($name:ident => $act:expr) => {
        $act
    };
}

/// A condition or an act that safety rests on, unless it is switched off; see [`crate::rules`].
#[cfg(feature = "planted")]
macro_rules! rule {
    ($name:ident, $holds:expr) => {
        ($holds) || $crate::rules::is_off($crate::rules::Rule::$name)
    };
    ($name:ident => $act:expr) => {
        if !$crate::rules::is_off($crate::rules::Rule::$name) {
            $act
        }
    };
}

#[cfg(feature = "planted")]
pub use switches::{Rule, is_off, switch_off};

#[cfg(feature = "planted")]
mod switches {
    use std::cell::Cell;

    macro_rules! named {
        ($($(#[$about:meta])+ $rule:ident = $name:literal,)+) => {
            /// A named rule.
            #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
            pub enum Rule {
                $($(#[$about])+ $rule,)+
            }

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

    named! {
        /// Gate: a lease is a leader's (W5; LB-25).
        Leader = "leader",
        /// Gate: a transfer permits an election in spite of every promise (P4, RL.2; LB-18).
        NoTransfer = "no-transfer",
        /// Gate: an entry of the leader's own term is applied (P7, RL.2; LB-28).
        CaughtUp = "caught-up",
        /// Gate: there is a lease, and it is of the term that the node leads in (P10).
        HeldInThisTerm = "held-in-this-term",
        /// Gate: the promises behind the lease last still (P6; LB-01).
        NotExpired = "not-expired",
        /// Raft deposes a leader that hears no quorum, and refuses votes while it hears its leader (P2; LB-02).
        CheckQuorum = "check-quorum",
        /// The start of a transfer ends the lease, before anything leaves (P4, RL.3; LB-18).
        TransferEndsLease = "transfer-ends-lease",
        /// `TimeoutNow` ends the lease, whoever asked for it (P4, RL.3; LB-18).
        TimeoutNowEndsLease = "timeout-now-ends-lease",
        /// After a transfer was given up nothing renews the lease but an entry proposed since (RL.4; LB-19, LB-20).
        RegainedByEntry = "regained-by-entry",
        /// `TimeoutNow` is void once the receiver's log is longer than its sender's was (RL.4; raft-rs #234, LB-19).
        TimeoutNowNamesLog = "timeout-now-names-log",
        /// A loss of leadership ends the lease (RL.3; LB-25).
        RoleChangeEndsLease = "role-change-ends-lease",
        /// The stop of the engine ends the lease, and leadership as readers see it (RL.3; LB-26).
        StopEndsLease = "stop-ends-lease",
        /// What ends a lease leaves nothing of it to whoever looks at it in the next generation (RL.3; LB-23).
        EndClearsExpiry = "end-clears-expiry",
        /// An extension that was begun before the lease ended brings none back: by the generation (RL.3; LB-22).
        SameGeneration = "same-generation",
        /// The same, by the moment at which it ended.
        BegunSinceEnd = "begun-since-end",
        /// An end without a clock is settled by the first reading after it: what begins then may bring a lease back.
        EndSettledByClock = "end-settled-by-clock",
        /// What another term acknowledged or confirmed extends nothing (P10; LB-37).
        RenewedInThisTerm = "renewed-in-this-term",
        /// An older base does not replace a newer one (W8; LB-34).
        NeverShortened = "never-shortened",
        /// An acknowledgement counts for the term in which its message left (P10; LB-37).
        StampOfThisTerm = "stamp-of-this-term",
        /// An answer of another term acknowledges nothing (P10; LB-37).
        AnswerOfThisTerm = "answer-of-this-term",
        /// A new term or role begins without acknowledgements (P10; LB-37).
        AcksForgotten = "acks-forgotten",
        /// Only members acknowledge (P5; LB-40).
        AckOfMember = "ack-of-member",
        /// Only voters count (P5; LB-39).
        AckOfVoter = "ack-of-voter",
        /// A quorum of acknowledgements is a majority (P5; LB-41a).
        AckQuorum = "ack-quorum",
        /// In a joint configuration both halves acknowledge (P5; LB-41b).
        AcksOfBothHalves = "acks-of-both-halves",
        /// While leadership is being handed over nothing else is begun, no other transfer either: raft starts its clock anew
        /// for each new target, CheckQuorum's with it (raft-rs `handle_transfer_leader`; LB-21).
        NothingDuringTransfer = "nothing-during-transfer",
        /// A joint configuration is left by whoever leads in it (R6; etcd #12136, LB-50).
        JointIsLeft = "joint-is-left",
        /// A leader without a vote resigns: raft lets it answer ReadIndex alone where one other voter is left (LB-43).
        LeaderWithoutVoteResigns = "leader-without-vote-resigns",
        /// A voter that starts again keeps the promises that it may have given (P3, RL.5; LB-45).
        PromiseSurvivesRestart = "promise-survives-restart",
        /// A loop that falls behind loses ticks: who hears its leader late has promised it the whole time all the same (P2; LB-15).
        LateTickIsLost = "late-tick-is-lost",
        /// What the snapshot has that a process goes on from is not applied to it again (elastickv 1a78d0b0, R15).
        AppliedOnce = "applied-once",
        /// No two ReadIndex rounds of a node share a context: an answer to one would confirm the other (LB-54, LB-55).
        ContextUsedOnce = "context-used-once",
        /// A round that raft would drop without a word waits for an entry of the leader's own term (LB-52).
        RoundAfterOwnTerm = "round-after-own-term",
        /// Term and vote are on disk before anybody is asked or told (R1, R5; LB-48).
        VoteDurable = "vote-durable",
        /// A leader backs itself alone if the only vote is its own, and not by how few votes are counted (P5; elastickv Q7).
        AloneByItsVote = "alone-by-its-vote",
        /// A leader that has nobody to ask renews its lease by itself (Pf1; elastickv Q5).
        AloneRenews = "alone-renews",
        /// A transfer that raft has given up, or never begun, is over: lease and caller wait no longer (L4; elastickv R1, R2;
        /// hashicorp/raft #493, LB-67).
        EndOfTransferNoticed = "end-of-transfer-noticed",
        /// raft sends nothing else to a follower that it has sent a snapshot, until it is told that this was lost (elastickv R6).
        LostSnapshotReported = "lost-snapshot-reported",
        /// What found no leader, and cannot have been applied, is tried again, and not the client's to repeat (elastickv D1).
        TransientIsRetried = "transient-is-retried",
        /// A transfer to who cannot lead, or not before a change is applied, is refused before it costs anything (LB-71).
        TransferToEligible = "transfer-to-eligible",
    }

    thread_local! {
        /// The rules that are switched off on this thread, a bit each.
        static OFF: Cell<u128> = const { Cell::new(0) };
    }

    const fn bit(rule: Rule) -> u128 {
        1 << rule as u32
    }

    /// Switches these rules off on this thread, and all others on.
    pub fn switch_off(rules: &[Rule]) {
        OFF.set(rules.iter().fold(0, |off, rule| off | bit(*rule)));
    }

    /// Is this rule switched off on this thread?
    pub fn is_off(rule: Rule) -> bool {
        OFF.get() & bit(rule) != 0
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_rule_that_is_off_asks_nothing_and_does_nothing() {
            let asked = |holds: bool| rule!(Leader, holds);
            let mut done = 0;
            assert_eq!((asked(true), asked(false)), (true, false));
            rule!(TransferEndsLease => done += 1);
            switch_off(&[Rule::Leader, Rule::TransferEndsLease]);
            assert_eq!((asked(true), asked(false)), (true, true));
            rule!(TransferEndsLease => done += 1);
            assert_eq!(done, 1);
            switch_off(&[]);
            assert!(!asked(false));
        }

        #[test]
        fn a_thread_knows_nothing_of_what_is_off_on_another() {
            switch_off(&[Rule::Leader]);
            let elsewhere = std::thread::scope(|scope| scope.spawn(|| is_off(Rule::Leader)).join());
            assert_eq!((is_off(Rule::Leader), elsewhere.ok()), (true, Some(false)));
            switch_off(&[]);
        }

        #[test]
        fn there_is_a_bit_for_every_rule_and_a_name() {
            assert!(Rule::ALL.len() <= u128::BITS as usize);
            let mut names: Vec<_> = Rule::ALL.iter().map(|rule| rule.name()).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), Rule::ALL.len());
        }
    }
}
