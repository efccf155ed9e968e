//! What excuses that an operation was not served: that something was wrong on its way, that it met a conflict, that its key was moving, or
//! is nobody's, or that cores or a disk were full.

use crate::check::calm::is_moving;
use crate::check::prelude::*;
use crate::view::soundness::{Excuses, Standing};
use leasehold::env::nanos;
use leasehold::error::ErrorKind;

/// So many of those that nothing excuses are told.
const TOLD: usize = 4;

/// How often it is told how busy nodes are.
const SECOND: Duration = Duration::from_secs(1);

/// What is wrong excuses for so long after its end.
pub(super) fn excuses(premises: &Premises) -> Excuses {
    Excuses { settling: premises.usual_settling(), stalled_leader: premises.election_timeout * 2 }
}

/// An operation that was owed something and did not get it, as far as is known before it is told how busy the nodes were.
pub(super) struct Suspect {
    /// When that was clear.
    pub(super) at: SimTime,
    due: SimTime,
    /// Who was asked, and who leads.
    nodes: [NodeId; 2],
    /// Whose, which, and what became of it.
    pub(super) told: String,
}

impl Suspect {
    /// `standing`: who could have served it, if somebody could at that moment.
    pub(super) fn new(at: SimTime, operation: &UnderWay, standing: Option<Standing>, what: &str) -> Self {
        let UnderWay { op, client, via, due, .. } = operation;
        let leads = standing.map_or_else(String::new, |Standing { leader, term, since }| {
            format!("; {leader} has led term {term}, followed by a quorum and in reach of {via}, since {since}")
        });
        let kind = operation.operation.kind().name();
        let told = format!("c{client} asked {via} for a {kind} (#{}, due at {due}), {what}{leads}", op.0);
        Self { at, due: *due, nodes: [*via, standing.map_or(*via, |standing| standing.leader)], told }
    }
}

/// Those that wait for what is told of cores and disks, and those that nothing excuses.
#[derive(Default)]
pub(super) struct Suspects {
    waiting: Vec<Suspect>,
    /// The first that nothing excuses.
    unexcused: Vec<Suspect>,
    /// How many there are of them.
    number: u64,
}

/// The first write that was due since the disk of the leader stands still.
#[derive(Default)]
pub(super) struct Stalled {
    first: Option<SimTime>,
}

impl Stalled {
    pub(super) fn invoked(&mut self, now: &Now<'_>, operation: &UnderWay) {
        if !now.nodes.leader_is_stalled() {
            self.first = None;
        } else if !operation.operation.kind().only_reads() {
            self.first.get_or_insert(operation.due);
        }
    }

    /// Is it a write, and has none waited for long enough that the leader could know of its disk?
    pub(super) fn excuses(&self, now: &Now<'_>, operation: &UnderWay) -> bool {
        let known = self.first.map(|first| first.after(excuses(now.premises).stalled_leader));
        now.nodes.leader_is_stalled()
            && !operation.operation.kind().only_reads()
            && known.is_some_and(|known| operation.due < known)
    }
}

/// Has `operation` read what others wrote, while there were conflicts? It may have been tried again and again, or refused for that.
pub(super) fn conflicts(now: &Now<'_>, operation: &UnderWay, completion: Option<&Completion>) -> bool {
    let refused = matches!(
        completion,
        Some(Completion::Failed { error: ErrorKind::RetriesExhausted | ErrorKind::WriteConflict, .. })
    );
    let is_retried = match operation.operation {
        Operation::Script { .. } => true,
        Operation::Get { .. }
        | Operation::Put { .. }
        | Operation::Cas { .. }
        | Operation::Delete { .. }
        | Operation::Mget { .. }
        | Operation::Scan { .. } => false,
    };
    refused || is_retried && now.nodes.conflict.is_some_and(|at| at >= operation.due)
}

/// Is a key of `operation` moving, or does it belong to another group than the rest?
pub(super) fn moves(now: &Now<'_>, operation: &UnderWay) -> bool {
    let (own, reads) = (operation.operation.key(), operation.operation.reads());
    let group = |key: KeyId| now.nodes.owners.of(key).map(|owner| owner.group);
    // No group has all keys of a script of which some have gone.
    let mut keys = reads.iter().chain([&own]);
    keys.any(|key| is_moving(now, *key, operation.due) || group(*key) != group(own))
}

/// May its request, or the answer, have been lost between client and node, by a network that loses some? With what it was told.
pub(super) fn lost(now: &Now<'_>, error: Option<ErrorKind>) -> bool {
    !now.premises.clients_lossless && error.is_none_or(|error| error == ErrorKind::DeadlineExceeded)
}

/// May its range have a part that no group has? Whether an error says what is so, `true-errors` judges.
fn unowned(now: &Now<'_>, error: ErrorKind) -> bool {
    now.premises.unowned && error == ErrorKind::Unroutable
}

impl Suspects {
    /// This one had failed with that, and could have been served by `standing`, if by anybody.
    pub(super) fn failed(
        &mut self,
        now: &Now<'_>,
        operation: &UnderWay,
        completion: &Completion,
        error: ErrorKind,
        standing: Option<Standing>,
    ) {
        let excused = lost(now, Some(error)) || unowned(now, error);
        if !excused && !conflicts(now, operation, Some(completion)) && !moves(now, operation) {
            let what = format!("and was told `{}` {} later", error.name(), duration(now.at.since(operation.due)));
            self.suspect(Suspect::new(now.at, operation, standing, &what));
        }
    }

    pub(super) fn suspect(&mut self, suspect: Suspect) {
        self.waiting.push(suspect);
    }

    /// Decides about those of whose nodes it is told by now how busy they were.
    pub(super) fn resolve(&mut self, now: &Now<'_>) {
        let load = &now.nodes.load;
        let is_told = |suspect: &Suspect| suspect.nodes.iter().all(|node| load.is_told(*node, suspect.at));
        let (told, waiting): (Vec<_>, _) = std::mem::take(&mut self.waiting).into_iter().partition(is_told);
        self.waiting = waiting;
        for suspect in told {
            // What has queued up before it was due is in its way as well.
            let from = SimTime(suspect.due.0.saturating_sub(nanos(SECOND)));
            if suspect.nodes.iter().any(|node| load.is_full(*node, [from, suspect.at], now.premises.cores)) {
                continue;
            }
            self.number += 1;
            if self.unexcused.len() < TOLD {
                self.unexcused.push(suspect);
            }
        }
    }

    /// The first that nothing excuses, and how many there are.
    pub(super) fn unexcused(&self) -> Option<(&Suspect, u64)> {
        self.unexcused.first().map(|first| (first, self.number))
    }

    /// The first of them.
    pub(super) fn story(&self) -> Vec<String> {
        self.unexcused.iter().map(|suspect| suspect.told.clone()).collect()
    }
}
