//! The one place where records are told apart for those who hear of them.

use super::event::told;
use super::hears::{Arrival, Hears};
use super::{Fate, OpId, ProcessChange, Record, What};
use crate::time::SimTime;
use crate::words::Says;
use leasehold::env::{Address, Stamp};

/// A record, to those handlers of `hearer` that it is for.
pub(crate) fn tell(Record { at, what }: &Record, hearer: &mut impl Hears) {
    let at = *at;
    match what {
        What::Invoked(invocation) => hearer.invoked(at, invocation),
        What::Completed { op, completion } => hearer.completed(at, *op, completion),
        What::Stack(record) => told(at, record, hearer),
        What::Message { from: Address::Node(from), to: Address::Node(to), fate, kind, head, echo, .. } => {
            let (arrival, says) = (Arrival { from: *from, to: *to, head }, kind.says());
            match says {
                Says::Beats | Says::Leads => hearer.told_commit(at, *from, head.commit),
                Says::Answers => hearer.returned(at, arrival),
                Says::Hears
                | Says::Holds
                | Says::Probes
                | Says::Favours
                | Says::Stands
                | Says::Votes
                | Says::HandsOver
                | Says::Calls => {}
            }
            match fate {
                Fate::Delivered => arrived(at, arrival, says, *echo, hearer),
                Fate::Cut | Fate::Held | Fate::Lost => hearer.lost(at, *from, *to),
            }
        }
        What::Message { from: Address::Client(_), to: Address::Node(node), fate: Fate::Delivered, head, .. } => {
            hearer.asked(at, *node, OpId(head.call.number));
        }
        What::Message { from: Address::Client(_), to: Address::Node(node), .. } => hearer.lost_to_client(at, *node),
        What::Message { from: Address::Node(node), to: Address::Client(client), fate, head, .. } => {
            hearer.answered(at, *node, OpId(head.call.number), head.error);
            match fate {
                Fate::Delivered => hearer.replied(at, *node, *client),
                Fate::Cut | Fate::Held | Fate::Lost => hearer.lost_to_client(at, *node),
            }
        }
        // Clients have nothing to say to each other.
        What::Message { from: Address::Client(_), to: Address::Client(_), .. } => {}
        What::Process { node, change } => {
            if let ProcessChange::Started { .. } = change {
                hearer.started(at, *node);
            }
            hearer.process(at, *node, *change);
        }
        What::Busy { node, cores, disk } => {
            hearer.second(at, *node, *cores);
            hearer.disk_second(at, *node, *disk);
        }
        What::Counted { replica, counts } => hearer.counted(at, replica.node, counts),
        What::Clock { replica, clock, lease_until } => hearer.clock(at, replica.node, *clock, *lease_until),
        What::Fault(fault) => hearer.fault(at, fault),
    }
}

fn arrived(at: SimTime, arrival: Arrival<'_>, says: Says, echo: Option<Stamp>, hearer: &mut impl Hears) {
    match says {
        Says::Beats => hearer.heartbeat(at, arrival),
        Says::Holds => hearer.acknowledged(at, arrival),
        Says::Stands => hearer.candidacy(at, arrival),
        Says::Votes => hearer.vote(at, arrival),
        Says::HandsOver => hearer.handover(at, arrival),
        Says::Leads => hearer.entries(at, arrival),
        Says::Calls => arrival.head.op.iter().for_each(|op| hearer.passed_on(at, arrival, *op)),
        Says::Hears => hearer.heard(at, arrival),
        Says::Probes => hearer.probe(at, arrival),
        Says::Favours => hearer.favour(at, arrival),
        Says::Answers => {}
    }
    if let Some(stamp) = echo {
        hearer.echo(at, arrival, stamp);
    }
}
