mod rules;

use super::*;
use crate::world::World;
use crate::world::cpu::Cpu;
use crate::world::quantiles::Quantiles;
use parking_lot::Mutex;

/// Collects what arrives, and when.
struct Inbox {
    world: World<u32>,
    arrived: Mutex<Vec<(u64, u32)>>,
}

impl Receiver<u32> for Inbox {
    fn receive(&self, message: u32) {
        self.arrived.lock().push((self.world.now().0, message));
    }
}

pub(super) fn quality() -> Quality {
    Quality {
        latency: Quantiles::constant(Duration::from_nanos(10)),
        loss: 0,
        duplicate: 0,
        at_most_once: false,
        fifo: true,
        calls: Calls::Stream,
        bound: 3,
    }
}

/// Runs `script` on a world with one link, and returns what arrived.
pub(super) fn on_link(quality: Quality, script: impl FnOnce(&World<u32>, LinkId) + Send + 'static) -> Vec<(u64, u32)> {
    on(quality, |link| link, script)
}

/// The same, on what `lay` makes of the link.
fn on(
    quality: Quality,
    lay: impl FnOnce(Link<u32>) -> Link<u32>,
    script: impl FnOnce(&World<u32>, LinkId) + Send + 'static,
) -> Vec<(u64, u32)> {
    let world = World::new(1);
    let link = world.add_link(lay(Link::new("a>b".to_owned(), quality, world.streams().stream(&["net", "a>b"]))));
    let inbox = Arc::new(Inbox { world: world.clone(), arrived: Mutex::default() });
    world.set_receiver(link, Some(Arc::clone(&inbox) as Arc<dyn Receiver<u32>>));
    script(&world, link);
    world.run(SimTime(u64::MAX), || false);
    std::mem::take(&mut *inbox.arrived.lock())
}

pub(super) fn at(world: &World<u32>, nanos: u64, act: impl FnOnce(&World<u32>) + Send + 'static) {
    let this = world.clone();
    world.call_at(SimTime(nanos), move || act(&this));
}

#[test]
fn a_message_arrives_after_its_latency() {
    let arrived = on_link(quality(), |world, link| world.send(link, 1).unwrap());
    assert_eq!(arrived, [(10, 1)]);
}

#[test]
fn fifo_links_keep_order_whatever_the_latency() {
    let latency = Quantiles::per_mille(&[(0, Duration::from_nanos(1)), (1000, Duration::from_nanos(1000))]);
    let arrived = on_link(Quality { latency, ..quality() }, |world, link| {
        (0..100).for_each(|message| world.send(link, message).unwrap());
    });
    assert!(arrived.iter().map(|(_, message)| *message).eq(0..100));
}

#[test]
fn links_that_are_not_fifo_reorder() {
    let latency = Quantiles::per_mille(&[(0, Duration::from_nanos(1)), (1000, Duration::from_nanos(1000))]);
    let arrived = on_link(Quality { latency, fifo: false, ..quality() }, |world, link| {
        (0..100).for_each(|message| world.send(link, message).unwrap());
    });
    assert!(!arrived.iter().map(|(_, message)| *message).eq(0..100));
}

#[test]
fn a_held_partition_delivers_in_order_after_the_heal() {
    let arrived = on_link(quality(), |world, link| {
        let rule = world.cut(&[link], Cut::Hold);
        at(world, 5, move |world| (1..=3).for_each(|message| world.send(link, message).unwrap()));
        at(world, 100, move |world| world.lift(rule));
    });
    assert_eq!(arrived, [(110, 1), (110, 2), (110, 3)]);
}

#[test]
fn a_full_queue_refuses() {
    on_link(quality(), |world, link| {
        world.cut(&[link], Cut::Hold);
        (1..=3).for_each(|message| world.send(link, message).unwrap());
        assert_eq!(world.send(link, 4), Err(4));
    });
}

#[test]
fn a_dropping_partition_spares_what_is_in_flight_and_a_cut_does_not() {
    let drop = |how| {
        on_link(quality(), move |world, link| {
            world.send(link, 1).unwrap();
            at(world, 5, move |world| {
                let rule = world.cut(&[link], how);
                world.send(link, 2).unwrap();
                at(world, 50, move |world| {
                    world.lift(rule);
                    world.send(link, 3).unwrap();
                });
            });
        })
    };
    assert_eq!(drop(Cut::Drop), [(10, 1), (60, 3)]);
    assert_eq!(drop(Cut::Flight), [(60, 3)]);
}

#[test]
fn unary_calls_go_one_at_a_time() {
    let arrived = on_link(Quality { calls: Calls::Unary, ..quality() }, |world, link| {
        (1..=3).for_each(|message| world.send(link, message).unwrap());
    });
    assert_eq!(arrived, [(10, 1), (30, 2), (50, 3)]);
}

#[test]
fn a_unary_call_that_costs_takes_time_of_both_ends_and_waits_for_a_busy_one() {
    let cpu = || Arc::new(Mutex::new(Cpu::new(1)));
    let arrivals = |busy_until: u64| {
        let ends = Ends { caller: cpu(), callee: cpu(), cost: Duration::from_nanos(5) };
        ends.callee.lock().work(SimTime(0), Duration::from_nanos(busy_until));
        let unary = Quality { calls: Calls::Unary, ..quality() };
        on(unary, |link| link.between(ends), |world, link| (1..=2).for_each(|n| world.send(link, n).unwrap()))
    };
    // Out 5, in flight 10, taken 5; answered 10 later and taken in another 5, when the second call begins.
    assert_eq!(arrivals(0), [(20, 1), (55, 2)]);
    assert_eq!(arrivals(100), [(105, 1), (140, 2)]);
}

#[test]
fn a_stream_costs_the_receiver_time_and_the_sender_none() {
    let cpu = || Arc::new(Mutex::new(Cpu::new(1)));
    let ends = Ends { caller: cpu(), callee: cpu(), cost: Duration::from_nanos(5) };
    let script = |world: &World<u32>, link| (1..=2).for_each(|n| world.send(link, n).unwrap());
    assert_eq!(on(quality(), |link| link.between(ends), script), [(15, 1), (20, 2)]);
}

#[test]
fn loss_and_duplication_are_about_what_they_say() {
    let lossy = Quality { loss: 100_000, duplicate: 50_000, ..quality() };
    let arrived = on_link(lossy, |world, link| (0..10_000).for_each(|message| world.send(link, message).unwrap()));
    assert!((9_250..9_650).contains(&arrived.len()), "{}", arrived.len());
}
