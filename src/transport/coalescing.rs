//! What the groups of a node say to a peer at about the same time, as one message: else heartbeats of idle groups would be most of what a
//! network carries (CockroachDB's coalesced heartbeats). Each keeps its own stamp and goes to its own group: it says no more together
//! than it would alone.

use super::{Line, Message, Packet};
use crate::env::{Envelope, NodeId};
use crate::error::Error;
use crate::tasks::Tasks;
use crate::wire::Kind;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// So long the first of them waits for others. What 64 groups say at a tick, and answer to that, is said within it.
const WAIT: Duration = Duration::from_millis(1);

/// By peer and kind.
type Waiting = BTreeMap<(NodeId, Kind), Vec<Packet>>;

/// What waits for others to go with.
pub(super) struct Coalescing {
    line: Arc<Line>,
    waiting: Arc<Mutex<Waiting>>,
    tasks: Tasks,
}

/// May messages of this kind wait for others? What hands leadership over may not, nor what commits an entry.
pub(super) const fn may_wait(kind: Kind) -> bool {
    match kind {
        Kind::Heartbeat
        | Kind::Append
        | Kind::HeartbeatResponse
        | Kind::PreVote
        | Kind::PreVoteResponse
        | Kind::Vote
        | Kind::VoteResponse => true,
        Kind::ForcedVote | Kind::TimeoutNow | Kind::AppendResponse | Kind::Snapshot => false,
    }
}

impl Coalescing {
    pub(super) fn new(line: Arc<Line>, tasks: Tasks) -> Self {
        Self { line, waiting: Arc::default(), tasks }
    }

    /// Sends `packet` with what else there is for that peer, soon; `at_once`, if somebody waits for it.
    pub(super) fn send(&self, to: NodeId, kind: Kind, packet: Packet, at_once: bool) -> Result<(), Error> {
        let is_first = {
            let mut waiting = self.waiting.lock();
            let packets = waiting.entry((to, kind)).or_default();
            packets.push(packet);
            packets.len() == 1
        };
        if at_once {
            return flush(&self.line, &self.waiting, (to, kind));
        }
        if is_first {
            let (line, waiting, tasks) = (Arc::clone(&self.line), Arc::clone(&self.waiting), self.tasks.clone());
            let soon = async move {
                if tasks.until_stopped(line.host.sleep(WAIT)).await.is_ok() {
                    // Whoever sent them has gone on: they are lost as on the way.
                    let _ = flush(&line, &waiting, (to, kind));
                }
            };
            self.tasks.spawn(&*self.line.host, "coalescing", soon);
        }
        Ok(())
    }
}

fn flush(line: &Line, waiting: &Mutex<Waiting>, of: (NodeId, Kind)) -> Result<(), Error> {
    let packets = waiting.lock().remove(&of).unwrap_or_default();
    let Some(first) = packets.first() else { return Ok(()) };
    let Envelope { from, to, lane, group, .. } = *first;
    let packet = match <[Packet; 1]>::try_from(packets) {
        Ok([alone]) => alone,
        Err(packets) => Envelope { from, to, lane, group, stamp: None, echo: None, body: Message::Wires(packets) },
    };
    line.send_wire(of.0, packet)
}
