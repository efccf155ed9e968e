//! Where the time of operations of one kind went, in sum, the slow ones apart from the fast.

use super::prelude::*;
use crate::words::{Spelled, words};
use std::cmp::Reverse;

words! {
    /// What an operation waits for.
    pub enum Stage: "stage" {
        /// From when it was due to when its client, done with an earlier one, invoked it.
        Client = "its client was busy with an earlier one",
        /// Until its request reached the node that was asked.
        Sent = "on its way to the node that was asked",
        /// No leader was followed by a quorum.
        Leaderless = "waiting for a leader",
        /// Until it had reached the leader.
        PassedOn = "passed on to the leader",
        /// Until the leader's log was free to be written: behind other entries; of a script the time between two attempts too.
        Queue = "queued at the leader",
        /// Until its entry was durable at the leader.
        Fsync = "fsync of the leader",
        /// Until the append had reached the follower by whom it was committed.
        Lane = "append on its way (lane, link)",
        /// Until it was durable there.
        Follower = "queue and fsync of a follower",
        /// Until it was applied.
        Apply = "acknowledgement and apply",
        /// From the leader's apply to its client.
        Answer = "answer on its way",
        /// A read that a ReadIndex round confirmed.
        ReadIndex = "ReadIndex and answer",
        /// A read from the lease.
        Lease = "read from the lease and answered",
        /// It came to no end while it was at the node that led.
        AtLeader = "at the leader, unfinished",
        /// It came to no end, and who had it last did not lead.
        Elsewhere = "at a node that does not lead, unfinished",
    }
}

/// How many there are.
pub(super) const PARTS: usize = Stage::WORDS.len();

/// Sums over operations of one kind.
#[derive(Clone, Debug, Default)]
pub struct Spent {
    /// By whether they were not answered, and by the power of two of how long they took.
    sums: BTreeMap<(bool, u32), Sum>,
    /// Of those that were not answered: how many were due in each second, and when the first of these was.
    unanswered: BTreeMap<u64, (u64, SimTime)>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    number: u64,
    took: Duration,
    parts: [Duration; PARTS],
    /// How long the first of the slowest took, and when it was due.
    slowest: (Duration, SimTime),
}

/// Smaller shares are not told.
const TOLD_FROM: f64 = 0.02;
/// No more parts are.
const TOLD: usize = 4;

impl Sum {
    fn add(&mut self, other: &Sum) {
        self.number += other.number;
        self.took += other.took;
        // Of equals the first: many were given up at their deadlines.
        if other.slowest.0 > self.slowest.0 {
            self.slowest = other.slowest;
        }
        self.parts.iter_mut().zip(other.parts).for_each(|(part, more)| *part += more);
    }
}

impl Spent {
    /// An operation that was due then spent its time so.
    pub(super) fn add(&mut self, answered: bool, due: SimTime, took: Duration, parts: [Duration; PARTS]) {
        let power = took.as_nanos().checked_ilog2().unwrap_or(0);
        self.sums.entry((!answered, power)).or_default().add(&Sum { number: 1, took, parts, slowest: (took, due) });
        if !answered {
            self.not_answered(1, due);
        }
    }

    fn not_answered(&mut self, more: u64, at: SimTime) {
        let (number, first) = self.unanswered.entry(at.0 / 1_000_000_000).or_insert((0, at));
        (*number, *first) = (*number + more, at.min(*first));
    }

    /// When it was worst: when the first was due that was not answered, of the second in which most were not, or else the slowest. What
    /// kept it from an answer was mostly so when it was asked for, and may be over when it is given up.
    pub(super) fn worst(&self) -> Option<SimTime> {
        let most = self.unanswered.values().max_by_key(|(number, first)| (*number, Reverse(*first)));
        let slowest = || self.sums.values().next_back().map(|sum| sum.slowest.1);
        most.map(|(_, first)| *first).or_else(slowest)
    }

    /// These and those.
    pub(super) fn merge(&mut self, other: &Spent) {
        other.sums.iter().for_each(|(class, sum)| self.sums.entry(*class).or_default().add(sum));
        other.unanswered.values().for_each(|(number, first)| self.not_answered(*number, *first));
    }

    /// Where the time of an operation went, in the mean of all.
    pub(super) fn mean(&self) -> [Duration; PARTS] {
        let all = self.sum(self.sums.values());
        all.parts.map(|part| crate::time::mean(part, all.number))
    }

    /// Where the time went of those that were not answered; nothing if all were.
    pub(super) fn of_unanswered(&self, what: &str) -> Vec<String> {
        let unanswered = self.sums.iter().filter(|((unanswered, _), _)| *unanswered);
        self.sum(unanswered.map(|(_, sum)| sum)).told(&format!("{what} that were not answered"))
    }

    /// Where it went of the slowest, as many as this share of all or a few more: those that were not answered are slower than all
    /// others. Nothing if there are none.
    pub(super) fn of_slowest(&self, what: &str, share: f64) -> Vec<String> {
        let all = self.sum(self.sums.values()).number;
        let mut enough = 0;
        let slowest = self.sums.values().rev().take_while(|sum| {
            let more = (enough as f64) < all as f64 * share;
            enough += sum.number;
            more
        });
        let sum = self.sum(slowest);
        sum.told(&format!("{} {what}", if sum.number == all { "all" } else { "the slowest" }))
    }

    fn sum<'a>(&self, sums: impl Iterator<Item = &'a Sum>) -> Sum {
        sums.fold(Sum::default(), |mut all, sum| {
            all.add(sum);
            all
        })
    }
}

impl Sum {
    /// `where the time of the slowest puts (12) went, 1.01s in the mean:`, and below it `  queued at the leader 89% (902ms)`, ...
    fn told(&self, of: &str) -> Vec<String> {
        let mean = |sum: Duration| duration(crate::time::mean(sum, self.number));
        let share = |part: Duration| part.as_secs_f64() / self.took.as_secs_f64().max(f64::MIN_POSITIVE);
        let mut parts: Vec<_> = Stage::all().zip(self.parts).filter(|(_, part)| share(*part) >= TOLD_FROM).collect();
        parts.sort_by_key(|(_, part)| std::cmp::Reverse(*part));
        let head = format!("where the time of {of} ({}) went, {} in the mean:", count(self.number), mean(self.took));
        let parts = parts.iter().map(|(name, part)| format!("  {name} {} ({})", percent(share(*part)), mean(*part)));
        if self.number == 0 { Vec::new() } else { std::iter::once(head).chain(parts.take(TOLD)).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spent() -> Spent {
        let mut spent = Spent::default();
        let mut add = |answered, took: &[(Stage, u64)]| {
            let mut parts = [Duration::ZERO; PARTS];
            took.iter().for_each(|(stage, millis)| parts[*stage as usize] = Duration::from_millis(*millis));
            spent.add(answered, SimTime::default(), parts.iter().sum(), parts);
        };
        (0..97).for_each(|_| add(true, &[(Stage::Lease, 1)]));
        (0..2).for_each(|_| add(true, &[(Stage::Leaderless, 300), (Stage::PassedOn, 100)]));
        add(false, &[(Stage::Sent, 10), (Stage::AtLeader, 990)]);
        spent
    }

    #[test]
    fn the_slowest_are_those_that_were_not_answered_and_then_those_that_took_longest() {
        let slowest = |share| spent().of_slowest("gets", share);
        let unanswered = |of: &str| {
            vec![
                format!("where the time of {of} (1) went, 1s in the mean:"),
                "  at the leader, unfinished 99% (990ms)".to_owned(),
            ]
        };
        assert_eq!(slowest(0.01), unanswered("the slowest gets"));
        assert_eq!(spent().of_unanswered("gets"), unanswered("gets that were not answered"));
        let mixed = [
            "where the time of the slowest gets (3) went, 600ms in the mean:",
            "  at the leader, unfinished 55% (330ms)",
            "  waiting for a leader 33.33% (200ms)",
            "  passed on to the leader 11.11% (66.7ms)",
        ];
        assert_eq!(slowest(0.02), mixed, "a few more, as many as took about as long");
        assert!(slowest(1.0)[0].starts_with("where the time of all gets (100) went, 19ms"));
        assert!(
            Spent::default().of_slowest("gets", 1.0).is_empty() && Spent::default().of_unanswered("gets").is_empty()
        );
    }

    #[test]
    fn it_was_worst_where_most_were_not_answered_or_else_where_the_slowest_was() {
        let none = [Duration::ZERO; PARTS];
        let ms = |millis| SimTime::at(Duration::from_millis(millis));
        let mut spent = Spent::default();
        let add =
            |spent: &mut Spent, answered, due, took| spent.add(answered, ms(due), Duration::from_millis(took), none);
        add(&mut spent, true, 100, 50);
        add(&mut spent, true, 200, 70);
        assert_eq!(spent.worst(), Some(ms(200)));
        for due in [50, 7_200, 7_100, 7_300] {
            add(&mut spent, false, due, 1_000);
        }
        assert_eq!(spent.worst(), Some(ms(7_100)), "not at the start, where one was not answered either");
        let mut both = Spent::default();
        both.merge(&spent);
        assert_eq!(both.worst(), spent.worst());
    }

    #[test]
    fn two_kinds_together_are_as_if_they_were_one() {
        let mut both = spent();
        both.merge(&spent());
        assert_eq!(both.of_slowest("gets", 0.02)[1..], spent().of_slowest("gets", 0.02)[1..]);
    }
}
