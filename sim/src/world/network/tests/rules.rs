use super::*;

fn nanos(nanos: u64) -> Duration {
    Duration::from_nanos(nanos)
}

fn harmless() -> Impairment<u32> {
    Impairment {
        matches: None,
        loss: 0,
        duplicate: 0,
        delay: Duration::ZERO,
        jitter: Duration::ZERO,
        reorder: false,
        stall: 0,
        bandwidth: None,
        queue: None,
    }
}

fn only(message: u32) -> Option<Matches<u32>> {
    Some(Arc::new(move |other| *other == message))
}

/// What arrives of so many messages that are sent 100 ns apart, impaired throughout.
fn impaired(messages: u32, impairment: Impairment<u32>) -> Vec<(u64, u32)> {
    on_link(Quality { bound: 1_000_000, ..quality() }, move |world, link| {
        world.impair(&[link], &impairment, "test");
        for message in 0..messages {
            at(world, 100 * u64::from(message), move |world| world.send(link, message).unwrap());
        }
    })
}

fn messages(arrived: &[(u64, u32)]) -> Vec<u32> {
    arrived.iter().map(|(_, message)| *message).collect()
}

#[test]
fn an_impairment_that_says_nothing_does_nothing() {
    assert_eq!(impaired(3, harmless()), [(10, 0), (110, 1), (210, 2)]);
}

#[test]
fn delay_and_jitter_come_on_top_of_the_latency() {
    assert_eq!(impaired(2, Impairment { delay: nanos(7), ..harmless() }), [(17, 0), (117, 1)]);
    let arrived = impaired(1_000, Impairment { delay: nanos(7), jitter: nanos(5), ..harmless() });
    let late: Vec<u64> = arrived.iter().map(|(at, message)| at - 100 * u64::from(*message)).collect();
    assert!(late.iter().all(|late| (17..=22).contains(late)), "{late:?}");
    assert!(late.contains(&17) && late.contains(&22));
}

#[test]
fn loss_and_duplication_are_about_what_the_rule_says() {
    let lost = 10_000 - impaired(10_000, Impairment { loss: 100_000, ..harmless() }).len();
    assert!((900..1_100).contains(&lost), "{lost}");
    let arrived = impaired(10_000, Impairment { duplicate: 100_000, ..harmless() });
    assert!((10_900..11_100).contains(&arrived.len()), "{}", arrived.len());
}

#[test]
fn nothing_arrives_twice_by_a_link_that_delivers_at_most_once() {
    let once = Quality { bound: 1_000, duplicate: 500_000, at_most_once: true, ..quality() };
    let arrived = on_link(once, |world, link| {
        world.impair(&[link], &Impairment { duplicate: 500_000, ..harmless() }, "test");
        (0..1_000).for_each(|message| world.send(link, message).unwrap());
    });
    assert_eq!(messages(&arrived), (0..1_000).collect::<Vec<_>>());
}

#[test]
fn messages_stay_in_order_unless_the_rule_lets_them_overtake() {
    let jittery = Impairment { jitter: nanos(1_000), ..harmless() };
    assert!(messages(&impaired(100, jittery.clone())).is_sorted());
    assert!(!messages(&impaired(100, Impairment { reorder: true, ..jittery })).is_sorted());
}

#[test]
fn a_lost_segment_holds_up_all_that_follows_on_the_connection() {
    let arrived = impaired(10_000, Impairment { stall: 1_000, ..harmless() });
    assert_eq!(arrived.len(), 10_000);
    assert!(messages(&arrived).is_sorted());
    let first = arrived.iter().find(|(at, message)| at - 100 * u64::from(*message) > 10).unwrap();
    assert_eq!(first.0 - 100 * u64::from(first.1) - 10, 200_000_000);
    assert!(arrived.iter().filter(|(at, _)| *at == first.0).count() > 100, "what was sent meanwhile arrives with it");
}

#[test]
fn what_exceeds_the_bandwidth_queues_and_what_exceeds_the_queue_is_refused() {
    let arrived = on_link(quality(), |world, link| {
        let slow = Bandwidth { rate: 10_000_000, size: |_| 1 };
        world.impair(&[link], &Impairment { bandwidth: Some(slow), queue: Some(2), ..harmless() }, "test");
        assert_eq!(
            (1..=4).map(|message| world.send(link, message)).collect::<Vec<_>>(),
            [Ok(()), Ok(()), Err(3), Err(4)]
        );
        at(world, 150, move |world| world.send(link, 5).unwrap());
    });
    assert_eq!(arrived, [(110, 1), (210, 2), (310, 5)]);
}

#[test]
fn a_rule_spares_messages_that_it_is_not_about() {
    let arrived = impaired(3, Impairment { loss: 1_000_000, matches: only(1), ..harmless() });
    assert_eq!(messages(&arrived), [0, 2]);
}

#[test]
fn a_lifted_rule_impairs_no_more_but_what_it_made_late_arrives_late() {
    let arrived = on_link(quality(), |world, link| {
        let rule = world.impair(&[link], &Impairment { delay: nanos(1_000), reorder: true, ..harmless() }, "test");
        world.send(link, 1).unwrap();
        at(world, 50, move |world| world.lift(rule));
        at(world, 2_000, move |world| world.send(link, 2).unwrap());
    });
    assert_eq!(arrived, [(1_010, 1), (2_010, 2)]);
}

#[test]
fn single_messages_are_set_aside_and_the_others_overtake_them() {
    let arrived = on_link(quality(), |world, link| {
        let rule = world.hold(&[link], Hold { matches: Arc::new(|message| message % 2 == 1), first: Some(2) });
        for message in 1..=5 {
            at(world, u64::from(message), move |world| world.send(link, message).unwrap());
        }
        at(world, 100, move |world| world.lift(rule));
    });
    assert_eq!(arrived, [(12, 2), (14, 4), (15, 5), (110, 1), (110, 3)]);
}

#[test]
fn what_is_set_aside_takes_room_in_the_queue() {
    on_link(quality(), |world, link| {
        world.hold(&[link], Hold { matches: Arc::new(|_| true), first: None });
        (1..=3).for_each(|message| world.send(link, message).unwrap());
        assert_eq!(world.send(link, 4), Err(4));
    });
}

#[test]
fn what_a_rule_holds_can_be_dropped() {
    let arrived = on_link(quality(), |world, link| {
        let rule = world.hold(&[link], Hold { matches: Arc::new(|message| *message == 1), first: None });
        (1..=2).for_each(|message| world.send(link, message).unwrap());
        at(world, 100, move |world| {
            world.drop_held(rule);
            world.lift(rule);
        });
    });
    assert_eq!(arrived, [(10, 2)]);
}

#[test]
fn a_sweep_leaves_nothing_of_what_rules_held_or_delayed_and_spares_the_rest() {
    let arrived = on_link(Quality { bound: 9, ..quality() }, |world, link| {
        let late = world.impair(&[link], &Impairment { delay: nanos(500), matches: only(1), ..harmless() }, "late");
        let aside = world.hold(&[link], Hold { matches: Arc::new(|message| *message == 2), first: None });
        (1..=3).for_each(|message| world.send(link, message).unwrap());
        at(world, 20, move |world| {
            world.lift(late);
            let cut = world.cut(&[link], Cut::Hold);
            world.send(link, 4).unwrap();
            at(world, 25, move |world| {
                world.sweep();
                world.lift(aside);
                world.lift(cut);
                world.send(link, 5).unwrap();
            });
        });
    });
    assert_eq!(arrived, [(35, 5)], "3 waited behind 1, and is gone with it");
}

#[test]
fn a_sweep_spares_what_was_in_flight_all_along() {
    let arrived = on_link(quality(), |world, link| {
        world.send(link, 1).unwrap();
        at(world, 5, |world| world.sweep());
    });
    assert_eq!(arrived, [(10, 1)]);
}

#[test]
fn a_sweep_ends_a_call_that_waits_for_an_answer_that_was_lost() {
    let script = |swept: bool| {
        on_link(Quality { calls: Calls::Unary, ..quality() }, move |world, link| {
            let rule = world.cut(&[link], Cut::Drop);
            (1..=2).for_each(|message| world.send(link, message).unwrap());
            at(world, 100, move |world| {
                world.lift(rule);
                if swept {
                    world.sweep();
                }
            });
        })
    };
    assert_eq!(script(true), [(110, 2)]);
    assert_eq!(script(false), [(5_000_000_010, 2)]);
}
