use super::*;
use crate::history::FaultPhase::{Activated, Ended};
use crate::history::testing::{Events, get, head, ms};
use crate::history::{How, ProcessChange, StackRecord, Targets};
use crate::report::WIDTH;
use crate::words::Verb;
use leasehold::env::{Instant, Lane, ReplicaId};
use leasehold::observe::{Event, Role};

fn told_by(node: u64, at: u64, event: Event, until: Option<u64>) -> Record {
    let clock = Instant::from_nanos(at);
    let stack = StackRecord {
        replica: ReplicaId::first(NodeId(node)),
        event,
        lease_until: until.map(SimTime),
        clock,
        effect: None,
        moved: None,
    };
    Record { at: SimTime(at), what: What::Stack(stack) }
}

fn extended(node: u64, at: u64, until: u64) -> Record {
    let (base, expiry) = (Instant::from_nanos(at), Instant::from_nanos(until));
    told_by(node, at, Event::LeaseExtended { term: 1, generation: 1, base, expiry }, Some(until))
}

#[test]
fn a_lease_is_drawn_until_its_true_end() {
    let mut records = vec![extended(1, 1_000_000, 3_000_000)];
    records.extend([2, 4].map(|at| told_by(2, at * 1_000_000, Event::Applied { index: at, term: 1, digest: 0 }, None)));
    let lines = Timeline::around(SimTime(4_000_000), &records, &[], 3, About::Leases).unwrap().lines(WIDTH);
    insta::assert_snapshot!(lines.join("\n"), @"
      simulated     n1                         n2                         n3                       clients and faults
      0.001000s   ┃ lease to 0.003000s
      0.002000s   ┃                            applied 2
    ▶ 0.004000s                                applied 4
    ");
}

#[test]
fn no_lease_is_drawn_on_a_node_that_is_dead_or_leads_no_longer() {
    let killed = What::Process { node: NodeId(1), change: ProcessChange::Killed };
    let follows = Event::Role { role: Role::Follower, term: 2, leader: Some(NodeId(3)) };
    let records = [
        extended(1, 1_000_000, 9_000_000),
        Record { at: SimTime(2_000_000), what: killed },
        extended(2, 3_000_000, 9_000_000),
        told_by(2, 4_000_000, follows, None),
    ];
    let lines = Timeline::around(SimTime(4_000_000), &records, &[], 3, About::Leases).unwrap().lines(WIDTH);
    insta::assert_snapshot!(lines.join("\n"), @"
      simulated     n1                         n2                         n3                       clients and faults
      0.001000s   ┃ lease to 0.009000s
      0.002000s     PROCESS KILLED
      0.003000s                              ┃ lease to 0.009000s
    ▶ 0.004000s                                follower of n3, term 2
    ");
}

#[test]
fn rare_events_are_shown_among_many_common_ones() {
    let mut records: Vec<Record> = (0..500)
        .map(|at| told_by(1, at * 1_000, Event::LeaseRead { miss: None, now: None, again: false }, None))
        .collect();
    records[300] = told_by(2, 300_000, Event::Role { role: Role::Leader, term: 2, leader: None }, None);
    let lines = Timeline::around(SimTime(499_000), &records, &[], 9, About::Leases).unwrap().lines(WIDTH);
    assert_eq!(lines.len(), ROWS + 1);
    assert!(lines.iter().any(|line| line.contains("LEADER of term 2")), "{lines:#?}");
    assert!(lines.iter().all(|line| line.chars().count() <= WIDTH));
}

#[test]
fn no_word_is_cut_at_any_width() {
    let records = [
        extended(1, 10_000_000, 9_000_000_000),
        told_by(2, 20_000_000, Event::SnapshotUnanswered { by: NodeId(3) }, None),
        told_by(3, 1_200_000_000_000, Event::CampaignedAmidChange { index: 1_234_567, commit: 2 }, None),
    ];
    let timeline = Timeline::around(SimTime(1_200_000_000_000), &records, &[], 3, About::Leases).unwrap();
    for width in [60, 80, 90, 100, 120, 200] {
        let lines = timeline.lines(width);
        assert!(lines.iter().all(|line| line.chars().count() <= width && !line.contains('…')), "{lines:#?}");
        let told: Vec<&str> = lines.iter().flat_map(|line| line.split_whitespace()).collect();
        for row in &timeline.rows {
            let in_order = row
                .words
                .split(' ')
                .try_fold(told.iter(), |mut rest, word| rest.any(|told| *told == word).then_some(rest));
            assert!(in_order.is_some() && told.contains(&&*row.at.to_string()), "{lines:#?}");
        }
    }
    insta::assert_snapshot!(timeline.lines(90).join("\n"), @"
      simulated      n1              n2              n3            clients and faults
      0.010000s    ┃ lease to
                   ┃   9.000000s
      0.020000s    ┃                 no answer to
                   ┃                   it by n3
    ▶ 1200.000000s                                   change
                                                       1234567 not
                                                       applied
    ");
    insta::assert_snapshot!(timeline.lines(70).join("\n"), @"
      simulated      who  what
      0.010000s    ┃ n1   lease to 9.000000s
      0.020000s      n2   no answer to it by n3
    ▶ 1200.000000s   n3   change 1234567 not applied
    ");
}

fn shown(moment: u64, events: &Events, about: About) -> Vec<String> {
    let timeline = Timeline::around(ms(moment), events.records(), &["k0".to_owned()], 3, about).unwrap();
    timeline.lines(400)
}

/// So many failures of gets of these clients, a millisecond apart from 100 ms on.
fn failing(clients: &[u64], times: u64) -> Events {
    let each = (0..times).flat_map(|time| clients.iter().map(move |client| (time, *client)));
    each.enumerate().fold(Events::default(), |events, (op, (time, client))| {
        let (op, at) = (op as u64, 100 + time);
        let due = ms(at);
        let (client, operation) = (client as u32, get(0));
        let begun = Invocation { op: OpId(op), client, via: NodeId(1), due, operation };
        events.push(at, What::Invoked(begun)).gave_up(at, op, Outcome::NotApplied)
    })
}

#[test]
fn what_fails_again_and_again_has_one_row_that_says_how_often() {
    let lines = shown(150, &failing(&[3], 40).leads(150, 1, 4), About::Leases).join("\n");
    assert!(lines.contains("x c3 get FAILED deadline-exceeded") && lines.matches("FAILED").count() == 1, "{lines}");
    let lines = shown(150, &failing(&[3, 4], 40).leads(150, 1, 4), About::Leases).join("\n");
    assert!(
        lines.contains("x get FAILED") && !lines.contains("x c3") && lines.matches("FAILED").count() == 1,
        "{lines}"
    );
    let one = shown(150, &failing(&[3], 1).leads(150, 1, 4), About::Leases).join("\n");
    assert!(one.contains("c3 get k0 FAILED deadline-exceeded"), "{one}");
}

#[test]
fn the_faults_in_force_are_shown_however_long_ago_they_began() {
    let cut =
        |at, phase| Events::default().fault_of(at, 0, (Verb::Crash, How::Plainly), Targets::Node(NodeId(2)), phase);
    let later = || (0..20_000).fold(Events::default(), |events, at| events.hit(100 + at, 1));
    let lines = shown(20_000, &cut(5, Activated).then(later()), About::Leases);
    assert!(lines[1].contains("0.005000s") && lines[1].contains("CRASH acts: n2"), "{lines:#?}");
    let over = shown(20_000, &cut(5, Activated).then(cut(50, Ended)).then(later()), About::Leases).join("\n");
    assert!(!over.contains("CRASH"), "{over}");
    let timeline =
        Timeline::around(ms(20_000), cut(5, Activated).then(later()).records(), &[], 3, About::Leases).unwrap();
    assert_eq!((timeline.rows.len(), timeline.left_out + ROWS), (ROWS + 1, timeline.events));
}

#[test]
fn what_decides_is_shown_before_what_does_not() {
    let busy = |events: Events| (0..500).fold(events, |events, at| events.hit(600 + at, 1));
    let refused = Head { rejected: true, ..head(5, 0, 0) };
    let voted = busy(Events::default().arrives(500, (2, 3), MessageKind::VoteResponse, refused));
    assert!(shown(1_099, &voted, About::Elections).iter().any(|line| line.contains("vote-response t5 REFUSES")));
    let full = busy(Events::default().event(500, 1, Event::InboxFull { lane: Lane::Bulk }));
    assert!(shown(1_099, &full, About::Service).iter().any(|line| line.contains("bulk inbox full")));
    let weight = |about| kind(&full.records()[0].what, about).1;
    assert!(weight(About::Service) < weight(About::Leases));
}

#[test]
fn nothing_kept_or_nothing_yet_gives_no_timeline() {
    assert!(Timeline::around(SimTime(5), &[], &[], 3, About::Leases).is_none());
    let records = [extended(1, 10, 20)];
    assert!(Timeline::around(SimTime(5), &records, &[], 3, About::Leases).is_none());
}
