//! Faults of links: what makes them worse than they are, and what holds single messages back.

use std::time::Duration;

use super::{Ppm, Selector};
use crate::words::{Lane, Leftover, MessageKind};

/// The most bytes a second that a bandwidth allows: 1 TB/s.
pub const MAX_BANDWIDTH: u64 = 1_000_000_000_000;

/// Who sends and who receives. Every list that is empty stands for every node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// Who sends.
    pub from: Vec<Selector>,
    /// Who receives.
    pub to: Vec<Selector>,
}

/// Links that are worse than they are. At least one of the impairments is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Which links.
    pub ends: Ends,
    /// Which lane of them; `None`: all.
    pub lane: Option<Lane>,
    /// Which kinds of messages; empty: all.
    pub messages: Vec<MessageKind>,
    /// The share of messages that is lost.
    pub loss: Ppm,
    /// How much later each arrives.
    pub delay: Duration,
    /// Up to so much later still, drawn for each.
    pub jitter: Duration,
    /// The share of messages that arrives twice.
    pub duplicate: Ppm,
    /// Messages may overtake one another.
    pub reorder: bool,
    /// The share of messages whose segment is lost and sent again (after 200 ms, then twice as long each time), with all that
    /// follows on the link waiting. Not with `reorder`.
    pub stall: Ppm,
    /// Bytes a second, 1 to [`MAX_BANDWIDTH`]; what comes faster queues.
    pub bandwidth: Option<u64>,
    /// How many messages may wait to leave, if that is less than the lane allows.
    pub queue: Option<u32>,
    /// How long; `None`: until it is healed.
    pub lasts: Option<Duration>,
}

/// Messages that are set aside when they are sent. Others pass them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Which kinds. Never empty.
    pub messages: Vec<MessageKind>,
    /// On which links.
    pub ends: Ends,
    /// Only so many, the first that are sent on any of the links; `None`: all.
    pub first: Option<u32>,
    /// What becomes of them at the end. Default [`Leftover::Deliver`].
    pub then: Leftover,
    /// How long; `None`: until they are healed.
    pub lasts: Option<Duration>,
}
