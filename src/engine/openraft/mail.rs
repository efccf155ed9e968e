//! Messages that wait for the engine, in two bounded queues: what leadership depends on is taken first (elastickv #1044).

use crate::env::Lane;
use crate::transport::Packet;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::{Poll, Waker};

/// How many messages of the heartbeat lane are taken in a row before the other gets a turn.
const BURST: u32 = 64;

/// The queue is full.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Full;

pub(super) struct Mail {
    heartbeat_bound: usize,
    bulk_bound: usize,
    queues: Mutex<Queues>,
}

#[derive(Default)]
struct Queues {
    heartbeat: VecDeque<Packet>,
    bulk: VecDeque<Packet>,
    /// How many of the heartbeat lane were taken in a row.
    burst: u32,
    waker: Option<Waker>,
}

impl Mail {
    pub(super) fn new(heartbeat_bound: usize, bulk_bound: usize) -> Self {
        Self { heartbeat_bound, bulk_bound, queues: Mutex::default() }
    }

    pub(super) fn deliver(&self, packet: Packet) -> Result<(), Full> {
        let mut queues = self.queues.lock();
        let (queue, bound) = match packet.lane {
            Lane::Heartbeat => (&mut queues.heartbeat, self.heartbeat_bound),
            Lane::Bulk | Lane::Request => (&mut queues.bulk, self.bulk_bound),
        };
        if queue.len() >= bound {
            return Err(Full);
        }
        queue.push_back(packet);
        if let Some(waker) = queues.waker.take() {
            waker.wake();
        }
        Ok(())
    }

    /// The next messages, so many at most, in order.
    pub(super) async fn next(&self, most: usize) -> Vec<Packet> {
        poll_fn(|cx| {
            let mut queues = self.queues.lock();
            let taken: Vec<_> = std::iter::from_fn(|| queues.take()).take(most).collect();
            if taken.is_empty() {
                queues.waker = Some(cx.waker().clone());
                return Poll::Pending;
            }
            Poll::Ready(taken)
        })
        .await
    }
}

impl Queues {
    fn take(&mut self) -> Option<Packet> {
        if self.burst < BURST
            && let Some(packet) = self.heartbeat.pop_front()
        {
            self.burst += 1;
            return Some(packet);
        }
        self.burst = 0;
        self.bulk.pop_front().or_else(|| self.heartbeat.pop_front())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::{Address, Envelope, GroupId};
    use crate::error::Error;
    use crate::transport::{CallId, Message};
    use std::future::Future;
    use std::pin::pin;
    use std::task::Context;

    fn packet(lane: Lane) -> Packet {
        let body = Message::Reply { call: CallId::default(), result: Err(Error::Overloaded) };
        let (from, to) = (Address::Client(0), Address::Client(0));
        Envelope { from, to, lane, group: GroupId::FIRST, stamp: None, echo: None, body }
    }

    /// Takes all there is: one letter each.
    fn taken(mail: &Mail) -> String {
        let letter = |packet: Packet| if packet.lane == Lane::Heartbeat { 'h' } else { 'b' };
        match pin!(mail.next(usize::MAX)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(packets) => packets.into_iter().map(letter).collect(),
            Poll::Pending => String::new(),
        }
    }

    #[test]
    fn the_heartbeat_lane_goes_first_but_for_one_turn_of_the_other_after_each_64() {
        let mail = Mail::new(200, 8);
        (0..2).for_each(|_| mail.deliver(packet(Lane::Bulk)).unwrap());
        (0..130).for_each(|_| mail.deliver(packet(Lane::Heartbeat)).unwrap());
        let burst = "h".repeat(64);
        assert_eq!(taken(&mail), format!("{burst}b{burst}bhh"));
        assert_eq!(taken(&mail), "");
    }

    #[test]
    fn each_lane_has_a_bound_of_its_own() {
        let mail = Mail::new(2, 3);
        let fits = |lane| (0..9).take_while(|_| mail.deliver(packet(lane)).is_ok()).count();
        assert_eq!((fits(Lane::Heartbeat), fits(Lane::Bulk)), (2, 3));
        assert_eq!(mail.deliver(packet(Lane::Bulk)), Err(Full));
    }
}
