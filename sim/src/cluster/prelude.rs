//! What nearly everything that wires a system into the world speaks of.

pub(super) use crate::history::{Evidence, OpId, ProcessChange, What};
pub(super) use crate::scenario::Scenario;
pub(super) use crate::time::SimTime;
pub(super) use crate::view::{Grouped, Replicas};
pub(super) use crate::words::Tail;
pub(super) use crate::world::clock::Clock;
pub(super) use crate::world::cpu::Cpu;
pub(super) use crate::world::disk::Disk;
pub(super) use crate::world::network::{LinkId, RuleId};
pub(super) use crate::world::process::Process;
pub(super) use leasehold::coordinator;
pub(super) use leasehold::env::{Bus, GroupId, Instant, Lane, LaneFull, NodeId, Point, ReplicaId, Wait, Work};
pub(super) use leasehold::node::{Node, Parts};
pub(super) use leasehold::observe::{Event, Membership};
pub(super) use leasehold::transport::{Message, Packet};
pub(super) use parking_lot::{Mutex, MutexGuard};
pub(super) use std::collections::BTreeMap;
pub(super) use std::sync::Arc;
pub(super) use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
pub(super) use std::time::Duration;
