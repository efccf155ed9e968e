//! What comes for one group, taken for what comes for the others of the node too.

use super::{Between, answering};
use leasehold::engine::{self, Config, Engine, Factory, Malformed};
use leasehold::env::{Address, GroupId, Stamp};
use leasehold::error::Error;
use leasehold::node::Parts;
use leasehold::observe::Timing;
use leasehold::transport::{Message, Packet};
use leasehold::wire::{Kind, Wire};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// What the groups of a process have heard of one kind.
struct Heard {
    kind: Kind,
    /// Makes, of what a peer says to one group, what it says to another, of which this is the last.
    made_up: fn(&Packet, &Packet) -> Packet,
    groups: Mutex<Groups>,
}

#[derive(Default)]
struct Groups {
    engines: BTreeMap<GroupId, Arc<dyn Engine>>,
    last: BTreeMap<(GroupId, Address), Packet>,
}

impl Heard {
    /// What the other groups hear of this.
    fn hear(&self, group: GroupId, packet: &Packet) -> Vec<(Arc<dyn Engine>, Packet)> {
        if !matches!(&packet.body, Message::Wire(wire) if wire.kind == self.kind) {
            return Vec::new();
        }
        let mut groups = self.groups.lock();
        groups.last.insert((group, packet.from), packet.clone());
        let others = groups.last.iter().filter(|((other, from), _)| *other != group && *from == packet.from);
        let engine = |other: GroupId| groups.engines.get(&other).map(Arc::clone);
        others.filter_map(|((other, _), last)| Some((engine(*other)?, (self.made_up)(packet, last)))).collect()
    }
}

/// Makes the engines of one group.
struct Hearing {
    group: GroupId,
    engines: Arc<dyn Factory>,
    heard: Arc<Heard>,
}

impl Factory for Hearing {
    fn timing(&self, config: &Config, lease: Duration) -> Timing {
        self.engines.timing(config, lease)
    }

    fn start(&self, parts: engine::Parts) -> Result<Arc<dyn Engine>, Error> {
        let engine = self.engines.start(parts)?;
        self.heard.groups.lock().engines.insert(self.group, Arc::clone(&engine));
        Ok(answering(engine, (self.group, Arc::clone(&self.heard)), |it| Between {
            deliver: |(group, heard), engine, packet| {
                let others = heard.hear(*group, &packet);
                engine.deliver(packet);
                others.into_iter().for_each(|(other, packet)| other.deliver(Box::new(packet)));
            },
            ..it
        }))
    }

    fn decode(&self, bytes: &[u8]) -> Result<Wire, Malformed> {
        self.engines.decode(bytes)
    }
}

fn hearing(mut replicas: Vec<Parts>, kind: Kind, made_up: fn(&Packet, &Packet) -> Packet) -> Vec<Parts> {
    let heard = Arc::new(Heard { kind, made_up, groups: Mutex::default() });
    for parts in &mut replicas {
        let (group, engines, heard) = (parts.group, Arc::clone(&parts.engines), Arc::clone(&heard));
        parts.engines = Arc::new(Hearing { group, engines, heard });
    }
    replicas
}

/// A peer's heartbeat of one group stands for those of all groups that it has led.
pub(in crate::mutant) fn heartbeat_of_any(replicas: Vec<Parts>) -> Vec<Parts> {
    hearing(replicas, Kind::Heartbeat, |_, last| last.clone())
}

/// What a peer acknowledges of one group, it acknowledges of all.
pub(in crate::mutant) fn acknowledged_by_any(replicas: Vec<Parts>) -> Vec<Parts> {
    hearing(replicas, Kind::HeartbeatResponse, |packet, last| {
        let renewed = |echo: Stamp| Stamp { sent_at: packet.echo.map_or(echo.sent_at, |of| of.sent_at), ..echo };
        Packet { echo: last.echo.map(renewed), ..last.clone() }
    })
}
