//! What a fault of the scenario did: data. Its [`fmt::Display`] says it in words, for people alone.

use crate::words::{ClockHarm, Cut, DiskHarm, Healed, MessageKind, Mishap, PausedClock, Point, Spelled, Verb, words};
use leasehold::engine::MembershipChange;
use leasehold::env::{Address, GroupId, NodeId};
use leasehold::error::Error;
use leasehold::request::KeyRange;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A step of the timeline, and which of its times.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct StepId {
    /// The name of the step.
    pub name: Arc<str>,
    /// The how manieth time it is, from 0 on, of one that acts again and again.
    pub time: u32,
}

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if self.time == 0 { Ok(()) } else { write!(f, "+{}", self.time) }
    }
}

/// A fault of the scenario did something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// Its step of the timeline.
    pub step: StepId,
    /// Its verb.
    pub verb: Verb,
    /// The group that it is about; `None`: nodes, and so all groups.
    pub group: Option<GroupId>,
    /// To whom it does it.
    pub targets: Targets,
    /// What it does to them.
    pub how: How,
    /// What became of it now.
    pub phase: FaultPhase,
    /// What shows that, where the phase and the targets do not say it all.
    pub evidence: Option<Evidence>,
}

impl Fault {
    /// The same fault, of which this has become.
    pub fn now(&self, phase: FaultPhase, evidence: Option<Evidence>) -> Self {
        Self { phase, evidence, ..self.clone() }
    }

    /// Which faults it ends, now.
    pub fn heals(&self) -> Option<Healed> {
        match self.how {
            How::Heals(healed) if self.phase == FaultPhase::Activated => Some(healed),
            _ => None,
        }
    }
}

words! {
    /// What a fault did.
    pub enum FaultPhase: "phase of a fault" {
        /// It acted.
        Activated = "acts",
        /// It changed something: a partition stopped a protocol message, a transfer moved the leader. Once a step.
        Effective = "is effective",
        /// It could not act: nobody answers to the selector, the leader refused.
        Refused = "cannot act",
        /// It is over.
        Ended = "is over",
        /// It takes the run beyond what the scenario claims: from now on the stack may be unsafe.
        BeyondClaims = "leaves the claims",
    }
}

/// To whom a fault does something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Targets {
    /// Nobody answers to the selector, or the verb aims at no node.
    Nobody,
    /// A node.
    Node(NodeId),
    /// A single task of a node's process.
    Task(NodeId),
    /// The node that is asked to change the members of its group.
    Asked(NodeId),
    /// The node that is asked to hand over, and its successor.
    Handover(NodeId, NodeId),
    /// The links from these nodes to those.
    Links(Vec<NodeId>, Vec<NodeId>),
    /// The links between two sides.
    Sides {
        /// The nodes of one side.
        first: Vec<NodeId>,
        /// Those of the other.
        second: Vec<NodeId>,
        /// Only the links from the first to the second.
        one_way: bool,
        /// The node that both reach.
        bridge: Option<NodeId>,
    },
    /// All links but those between neighbours.
    Ring,
}

/// What a fault does to its targets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum How {
    /// What its verb says.
    Plainly,
    /// Their links are cut.
    Cuts(Cut),
    /// Messages of these kinds are set aside.
    Holds(Vec<MessageKind>),
    /// They stand still.
    Pauses {
        /// From this point of their code on.
        at: Option<Point>,
        /// What their clocks do meanwhile.
        clock: PausedClock,
    },
    /// Their work takes so many times as long.
    Slows(u32),
    /// Their group's membership changes.
    Changes(MembershipChange),
    /// These keys go to that group.
    Moves {
        /// The keys.
        range: KeyRange,
        /// The group.
        to: GroupId,
    },
    /// This is wrong with their clocks.
    Clock(ClockHarm),
    /// This is wrong with their disks.
    Disk(DiskHarm),
    /// Faults end.
    Heals(Healed),
}

/// What shows that a fault is effective, why it could not act, or how far it leaves the claims.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Evidence {
    /// A message met it.
    Message {
        /// What became of the message.
        mishap: Mishap,
        /// Who had sent it.
        from: Address,
        /// To whom.
        to: Address,
    },
    /// The change of membership is in force from this index on.
    Index(u64),
    /// The range has moved, and has this version.
    Version(u64),
    /// Its targets are in such a state already, or in one that rules it out.
    Already,
    /// Whoever was asked refused or gave up, with this error.
    Error(Error),
    /// Two clocks differ in rate by more than is claimed.
    Drift {
        /// The node whose clock is the fastest.
        fast: NodeId,
        /// The node whose clock is the slowest.
        slow: NodeId,
        /// By how much they differ, in parts per million.
        apart_ppm: i64,
        /// What is claimed, in parts per million.
        claimed_ppm: i64,
    },
    /// Monotonic clocks have jumped or stood still for longer than is claimed.
    Jumped {
        /// For so long in all; `None`: nobody knows for how long.
        so_far: Option<Duration>,
        /// What is claimed.
        claimed: Duration,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { verb, targets, .. } = self;
        match (self.phase, &self.evidence) {
            (_, Some(Evidence::Message { mishap, from, to })) => {
                write!(f, "{mishap} from {from} to {to}")
            }
            (_, Some(Evidence::Drift { fast, slow, apart_ppm, claimed_ppm })) => write!(
                f,
                "the clock of {fast} runs {apart_ppm} ppm faster than that of {slow}; claimed are {claimed_ppm} ppm"
            ),
            (_, Some(Evidence::Jumped { so_far, claimed })) => {
                f.write_str("monotonic clocks jump or stand still, ")?;
                match so_far {
                    Some(so_far) => write!(f, "{so_far:?}")?,
                    None => f.write_str("for nobody knows how long")?,
                }
                write!(f, " in all; claimed are {claimed:?}")
            }
            (_, Some(Evidence::Index(index))) => {
                self.deed(f)?;
                write!(f, ", from index {index} on")
            }
            (_, Some(Evidence::Version(version))) => {
                self.deed(f)?;
                write!(f, ", at version {version}")
            }
            (_, Some(Evidence::Error(error))) => {
                self.deed(f)?;
                write!(f, ": {error}")
            }
            (_, Some(Evidence::Already)) => match verb {
                Verb::Crash => write!(f, "{targets} is down already"),
                Verb::Pause => write!(f, "{targets} stands still already, or is down"),
                Verb::Clock => write!(f, "the clock of {targets} is wrong in this way already"),
                Verb::MoveRange => f.write_str("the group has the range already"),
                _ => write!(f, "{targets} is {verb} already"),
            },
            (FaultPhase::Refused, None) => f.write_str(match verb {
                Verb::Partition => "nobody answers to the selectors of one side",
                Verb::Link | Verb::Hold => "nobody answers to the selectors of one end",
                Verb::Membership => "nobody leads, or answers to a selector",
                Verb::MoveRange => "nobody did it in time",
                _ => "nobody answers to the selector",
            }),
            (FaultPhase::Activated | FaultPhase::BeyondClaims, None) => self.deed(f),
            (FaultPhase::Effective, None) => match (verb, targets) {
                (Verb::Pause, Targets::Task(_)) => {
                    self.deed(f)?;
                    f.write_str(" waits")
                }
                (Verb::Pause, _) => write!(f, "{targets} was delayed"),
                (Verb::Slow, _) => write!(f, "{targets} took longer"),
                (Verb::Clock, _) => write!(f, "{targets} read its clock and found it so"),
                (Verb::Disk, _) => write!(f, "{targets} met it"),
                _ => self.deed(f),
            },
            (FaultPhase::Ended, None) => match verb {
                Verb::Partition | Verb::Link => f.write_str("links restored"),
                Verb::Hold => f.write_str("messages pass again"),
                Verb::Crash => write!(f, "{targets} starts again"),
                Verb::Slow => write!(f, "{targets} is as fast as before"),
                Verb::Clock if matches!(self.how, How::Clock(ClockHarm::Step { .. })) => {
                    write!(f, "{targets} goes on from there")
                }
                Verb::Clock => write!(f, "the clock of {targets} is left to itself"),
                Verb::Disk => write!(f, "the disk of {targets} is well"),
                _ => write!(f, "{targets} goes on"),
            },
        }
    }
}

impl Fault {
    /// What it does, and to whom.
    fn deed(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let targets = &self.targets;
        match &self.how {
            How::Plainly => write!(f, "{targets}"),
            How::Cuts(cut) => write!(f, "{targets} ({cut})"),
            How::Holds(kinds) => write!(f, "{}, {targets}", spaced(kinds)),
            How::Pauses { at, clock } => {
                write!(f, "{targets}")?;
                if let Some(at) = at {
                    write!(f, " at {}", at.word())?;
                }
                if matches!(targets, Targets::Task(_)) { Ok(()) } else { write!(f, " (clock {clock})") }
            }
            How::Slows(times) => write!(f, "{targets}, {times} times"),
            How::Changes(change) => match change {
                MembershipChange::AddLearner(node) => write!(f, "add learner {node}"),
                MembershipChange::Promote(node) => write!(f, "promote {node}"),
                MembershipChange::Demote(node) => write!(f, "demote {node}"),
                MembershipChange::Remove(node) => write!(f, "remove {node}"),
                MembershipChange::Joint { add, remove } => {
                    write!(f, "joint: add {}; remove {}", spaced(add), spaced(remove))
                }
            },
            How::Moves { range, to } => write!(f, "{range} to g{}", to.0),
            How::Clock(harm) => match harm {
                ClockHarm::Rate(by) => write!(f, "{targets} runs at {by}"),
                ClockHarm::Slew(by) => write!(f, "{targets} is slewed by {by}"),
                ClockHarm::Step { by, monotonic: false } => write!(f, "{targets} has its wall clock stepped by {by}"),
                ClockHarm::Step { by, monotonic: true } => write!(f, "{targets} has both clocks stepped by {by}"),
                ClockHarm::Freeze => write!(f, "{targets} has its clock frozen"),
                ClockHarm::Fail => write!(f, "{targets} cannot read its clock"),
            },
            How::Disk(harm) => match harm {
                DiskHarm::Fsync(takes) => write!(f, "{targets}: an fsync takes {takes:?}"),
                DiskHarm::Slow(times) => write!(f, "{targets}: an fsync takes {times} times longer"),
                DiskHarm::Stall => write!(f, "{targets}: no fsync returns"),
                DiskHarm::Fail(operation) => write!(f, "{targets}: {operation} fails"),
                DiskHarm::Full => write!(f, "{targets}: there is no room"),
            },
            How::Heals(healed) => write!(f, "{healed}"),
        }
    }
}

impl fmt::Display for Targets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Targets::Nobody => Ok(()),
            Targets::Node(node) | Targets::Asked(node) => write!(f, "{node}"),
            Targets::Task(node) => write!(f, "a task of {node}"),
            Targets::Handover(from, to) => write!(f, "{from} to {to}"),
            Targets::Links(from, to) => write!(f, "{} > {}", spaced(from), spaced(to)),
            Targets::Sides { first, second, one_way, bridge } => {
                write!(f, "{} {} {}", spaced(first), if *one_way { ">" } else { "|" }, spaced(second))?;
                bridge.map_or(Ok(()), |bridge| write!(f, ", bridge {bridge}"))
            }
            Targets::Ring => f.write_str("ring"),
        }
    }
}

/// `n1 n3`
fn spaced<T: fmt::Display>(all: &[T]) -> String {
    all.iter().map(T::to_string).collect::<Vec<_>>().join(" ")
}
