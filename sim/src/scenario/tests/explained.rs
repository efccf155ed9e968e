use std::time::Duration;

use super::{read, with};
use crate::scenario::{Class, Context, Scenario, arbitrary::scenarios, explain};
use proptest::prelude::*;

pub(super) fn told(scenario: &Scenario) -> String {
    let checks = vec![("staleness", Class::StaleRead), ("one-lease", Class::LeaseInvariant)];
    let (lease, about) = (Duration::from_millis(990), "the stack as it is");
    explain(scenario, &Context { title: "t", variant: "default", about, lease, renewal: None, checks })
}

#[test]
fn groups_and_who_is_about_which_are_said() {
    let text = with(
        "timeline = [{ at = \"1s\", transfer = { group = \"g2\", to = \"@follower(g2)\" } }, { at = \"2s\", group = \"g3\", crash = { node = \"@leader\" } }]",
        "groups = [\"g2\", \"g3\"]\n[cluster]\nnodes = 3\ngroups = 3\nreplicas = 2",
    );
    let told = told(&read(&text).unwrap_or_else(|problems| panic!("{problems}")))
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    for said in [
        "They are of 3 groups, each with a log, a leader, a lease and an even part of the keys: g1 on n1 and n2; g2 on n2 and n3; g3 on n3 and n1, the first of them leading at the beginning.",
        "8 keys, of which only those of g2 and g3, chosen alike",
        "the leader is asked to hand leadership of g2 to one of the followers of g2",
        "2s, in g3: the process of the leader is killed",
    ] {
        assert!(told.contains(said), "{said}\n{told}");
    }
}

#[test]
fn that_the_engine_waits_for_its_disk_is_said_and_of_openraft_that_it_does_not() {
    let on = |engine: &str| told(&read(&with("", &format!("[cluster]\n{engine}async-writes = false"))).expect("valid"));
    let words = |told: String| told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words(on("")).contains("The engine waits for its disk: it takes one input"));
    assert!(words(on("engine = \"openraft\"\n")).contains("(`async-writes = false`) is not heeded"));
}

#[test]
fn a_file_that_is_for_one_engine_alone_is_explained_on_that() {
    let on = |head: &str| told(&read(&with(head, "")).expect("valid"));
    assert!(on("engines = [\"openraft\"]").contains("3 nodes of openraft: "));
    assert!(on("engines = [\"openraft\", \"raft-rs\"]").contains("3 nodes of raft-rs: "));
}

#[test]
fn who_has_which_keys_and_what_moves_is_said() {
    let text = with(
        "timeline = [{ at = \"1s\", move-range = { from = \"k5\", until = \"k6\", group = \"g2\", via = \"n1\" } }]",
        "[cluster]\ngroups = 2\nroutes = { \"\" = \"g1\", m = \"g2\", x = \"none\" }",
    );
    let told = told(&read(&text).unwrap_or_else(|problems| panic!("{problems}")));
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    for said in [
        "a log, a leader, a lease and keys of its own; at the beginning n1 leads all of them. Of the keys, from the first key on they are g1's, from m on they are g2's and from x on they are nobody's.",
        "the keys from k5 on to before k6 go to g2; n1 is asked for that, for 5s at most",
    ] {
        assert!(told.contains(said), "{said}\n{told}");
    }
}

#[test]
fn every_verb_is_a_sentence_and_a_row() {
    let text = with(
        r#"
        about = "Everything at once."
        timeline = [
          { at = "1s..20s", tag = "all" },
          { at = "2s", transfer = {} },
          { at = "3s", transfer = { from = "n1", to = "@lease-holder" } },
          { at = "4s", partition = { sides = [["@leader", "n3"], ["@others"]], how = "cut", for = "2s" } },
          { at = "6s", partition = { sides = [["@old-leader"], ["@any"]], how = "hold", one-way = true } },
          { at = "7s..9s", every = "300ms", jitter = "20ms", crash = { node = "@majority", for = "100ms" } },
          { at = "10s", crash = { node = "n2" } },
          { at = "11s", pause = { node = "@followers", for = "1s", clock = "frozen" } },
          { at = "12s", pause = { node = "@follower", for = "1ms" } },
          { at = "13s", heal = "everything" },
          { at = "14s", crash = { node = "n1", for = "1s", tail = "torn" } },
          { at = "15s", clock = { node = "@leader", rate = "-2%", for = "1s" } },
          { at = "15s", clock = { node = "@followers", slew = "+50ppm" } },
          { at = "15s", clock = { node = "n1", step = "-3s" } },
          { at = "15s", clock = { node = "n1", step = "+3s", monotonic = true } },
          { at = "15s", clock = { node = "@any", freeze = true, for = "1s" } },
          { at = "15s", clock = { node = "@any", fail = true, for = "1s" } },
          { at = "16s", disk = { node = "n1", fsync = "200ms", for = "1s" } },
          { at = "16s", disk = { node = "n1", slow = 20, for = "1s" } },
          { at = "16s", disk = { node = "n1", stall = true, for = "1s" } },
          { at = "17s", disk = { node = "n2", fail = "append", for = "1s" } },
          { at = "17s", disk = { node = "n2", fail = "sync", for = "1s" } },
          { at = "17s", disk = { node = "n2", fail = "read", for = "1s" } },
          { at = "17s", disk = { node = "n3", full = true } },
        ]"#,
        r#"
        to = "@leader"
        rate = "0.5/s"
        keys = { count = 1, prefix = "own", distribution = "zipf(2)" }
        [[workload]]
        kind = "script"
        clients = 1
        think = "5ms"
        from = "3s"
        until = "4s"
        [cluster]
        lease = "800ms"
        renewal = "read-index"
        network = { base = "cross-az", loss = "0.1%", fifo = false }
        client-network = "loopback"
        lanes.bulk = { calls = "unary" }
        disk = "instant"
        cpu = { cores = 1, costs = { apply = "2us" } }
        [checks]
        record-only = ["one-lease"]
        [expect]
        stale-reads = 0
        get-p99 = { all = "<= 5ms" }
        [expect.variant.a]
        class = "stale-read"
        [expect.variant.b]
        [expect.variant.c]
        get-p99 = { all = "<= 9ms" }
        [floors]
        reads = 1
        "#,
    );
    insta::assert_snapshot!(told(&read(&text).unwrap_or_else(|problems| panic!("{problems}"))), @"
    t
      Everything at once.
      A run lasts 20s of simulated time; 5 seeds, 1 to 5. It is under the variant `default` (the stack as it is).

    The cluster
      3 nodes of raft-rs: a heartbeat every 100ms, an election after 1s without one, counted in ticks of 10ms.
      Every 5,000 entries each node takes a snapshot and cuts its log; who needs what is gone gets the snapshot.
      A lease lasts 800ms; rounds of ReadIndex renew it.
      Between nodes it is cross-az (changed): one way takes 150us to 6ms, with a median of 400us and a p99 of
          1.5ms; messages overtake each other; 0.1% are lost and none is delivered twice.
      Between clients and nodes it is loopback: one way takes 20us, always; messages of one lane stay in order;
          none is lost and none is delivered twice.
      On the wire log entries travel one call at a time for each peer (up to 1024 wait to leave, 1024 to be
          handled).
      Disks are instant: an fsync takes 0s, always.
      Each node has 1 core; CPU costs are set: apply 2us.
      Clocks run at rates drawn from the seed, of which no two are more than 200 ppm apart; of the monotonic ones
          none ever jumps or stands still: that is claimed, and within that the run must be safe. The steps of
          lines 13, 17, 18, 20 and 21 may go beyond that; what is unsafe from then on is expected to be.

    The clients
      kv: 8 clients, single operations (90% reads and 10% blind writes), on 1 key called own..., the first far
          more often than the last (zipf 2); 0.5 a second over all of them, answered or not; they ask whoever
          leads (while nobody does, each a node of its own, and after an error the next); an operation is given up
          after 2s.
      script: 1 client, scripts (a lease read, 1 read, one write that is checked against what was read; on
          conflict all of it again), on 8 keys, chosen alike; each begins the next 5ms after the last is answered;
          each begins at a node of its own, and after an error turns to the next; an operation is given up after
          2s; from 3s to 4s.

    What happens
      1s to 20s: the window `all`.
      2s: the leader is asked to hand leadership to one of the followers (who, the seed says).
      3s: n1 is asked to hand leadership to whoever holds the lease.
      4s: for 2s the leader and n3 and all others cannot reach each other; what is sent meanwhile is lost, and so
          is what is under way.
      6s: until something heals it whoever led before the present leader cannot reach one of the nodes, but hears
          them; what is sent meanwhile arrives afterwards (who, the seed says).
      7s to 9s, every 300ms, up to 20ms late, 7 times: the process of a smallest majority is killed, and started
          again 100ms later on what its disk had synced (who, the seed says).
      10s: the process of n2 is killed, and stays down until something heals it.
      11s: all followers stand still for 1s; their clocks stand still too.
      12s: one of the followers stands still for 1ms; its clock goes on (who, the seed says).
      13s: whatever lasts is over: every fault of the network, of a process, a clock or a disk; messages that were
          held or late are dropped.
      14s: the process of n1 is killed, and started again 1s later on what its disk had synced and some of what it
          had not, cut at any byte.
      15s: the clock of the leader runs 20000 ppm too slow for 1s.
      15s: the clocks of all followers are slewed until something heals it, to run 50 ppm faster.
      15s: the clock of n1 jumps, read as a wall clock, back by 3s.
      15s: the clock of n1 jumps, as wall and as monotonic clock, forward by 3s.
      15s: the clock of one of the nodes stands still for 1s, while processes run (who, the seed says).
      15s: the clock of one of the nodes cannot be read for 1s (who, the seed says).
      16s: on the disk of n1 each fsync takes 200ms for 1s.
      16s: on the disk of n1 each fsync takes 20 times longer for 1s.
      16s: on the disk of n1 no fsync returns for 1s.
      17s: on the disk of n2 every write fails for 1s.
      17s: on the disk of n2 every fsync fails for 1s, and what it failed for is not durable.
      17s: on the disk of n2 files cannot be read for 1s, so that no process can start.
      17s: on the disk of n3 there is no room until something heals it.

    To scale
                            0s                  5s                  10s                 15s
                            |-------------------|-------------------|-------------------|-------------------
      kv                    ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
      script                            ~~~~
      all (line 6)              [==========================================================================]
      transfer (line 7)             *
      transfer (line 8)                 *
      partition (line 9)                    *#######
      partition (line 10)                           *###########################
      crash (line 11)                                   ***** **
      crash (line 12)                                               *###########
      pause (line 13)                                                   *###
      pause (line 14)                                                       *
      heal (line 15)                                                            *
      crash (line 16)                                                               *###
      clock (line 17)                                                                   *###
      clock (line 18)                                                                   *###################
      clock (line 19)                                                                   *
      clock (line 20)                                                                   *
      clock (line 21)                                                                   *###
      clock (line 22)                                                                   *###
      disk (line 23)                                                                        *###
      disk (line 24)                                                                        *###
      disk (line 25)                                                                        *###
      disk (line 26)                                                                            *###
      disk (line 27)                                                                            *###
      disk (line 28)                                                                            *###
      disk (line 29)                                                                            *###########

    What must come of it
      A run must pass: no check may find anything, and all of this to hold:
        stale-reads over the whole run == 0 (line 54)
        get-p99 in `all` <= 5ms (line 55)
      Under `a` it must fail as `stale-read` and in no other way.
      Under `b` it must pass too.
      Under `c` it must pass too, with these in place of the bounds above on the same:
        get-p99 in `all` <= 9ms (line 60)
      It must have exercised at least 1 reads, or it proves nothing (`vacuous`).
      2 checks ride on it: staleness and one-lease. Of these one-lease only counts what it finds, and neither ends
          nor fails the run.
    ");
}

#[test]
fn faults_of_links_and_points_of_the_code_are_told_in_words() {
    let text = with(
        r#"
        timeline = [
          { at = "1s", link = { loss = "5%", for = "1s" } },
          { at = "2s", link = { from = ["@leader"], to = ["@others"], lane = "heartbeat", delay = "20ms", jitter = "5ms", duplicate = "1%", reorder = true } },
          { at = "3s", link = { to = ["n1"], messages = ["append", "snapshot"], stall = "0.1%", bandwidth = "64kB/s", queue = 8 } },
          { at = "4s", hold = { messages = ["timeout-now", "forced-vote"], from = ["@follower"], for = "1s", then = "drop" } },
          { at = "5s", hold = { messages = ["heartbeat-response"], first = 1 } },
          { at = "6s", pause = { node = "@leader", for = "1s", at = "lease-checked" } },
          { at = "7s", pause = { node = "n1", for = "1s", at = "published", what = "task" } },
          { at = "8s", slow = { node = "@followers", factor = 10, for = "1s" } },
          { at = "9s", crash = { node = "@any", for = "0s" } },
          { at = "10s", partition = { shape = "bridge", node = "@leader", for = "1s" } },
          { at = "11s", partition = { shape = "ring", how = "hold", for = "1s" } },
          { at = "12s", heal = "network" },
          { at = "13s", heal = { what = "processes" } },
          { at = "14s", heal = { messages = "deliver" } },
        ]"#,
        "[cluster]\nnodes = 5",
    );
    let told = told(&read(&text).unwrap());
    let happens = told.split("What happens\n").nth(1).and_then(|rest| rest.split("\n\n").next());
    insta::assert_snapshot!(happens.unwrap_or_default(), @r"
      1s: for 1s something is wrong with messages between all nodes: 5% of them are lost.
      2s: until something heals it something is wrong with messages on the heartbeat lane from the leader to all
          others: they arrive 20ms late, they arrive up to 5ms later still, 1% arrive twice and they may overtake
          one another.
      3s: until something heals it something is wrong with messages of the kind `append` or `snapshot` from
          everybody to n1: 0.1% are lost on the wire and sent again after 200ms or more, and the rest waits, no
          more than 64kB/s leave and no more than 8 may wait to leave.
      4s: for 1s messages of the kind `timeout-now` or `forced-vote` from one of the followers to everybody are
          held back, then dropped; others pass (who, the seed says).
      5s: until something heals it the first message of the kind `heartbeat-response` between all nodes is held
          back, then delivered; others pass.
      6s: the leader stands still for 1s, from the moment that a task is between the lease's check and reading the
          store; its clock goes on.
      7s: the next task of n1 that is between publishing a commit and answering who waits for it stands still for
          1s; the rest of the process goes on.
      8s: for 1s all work of all followers takes 10 times as long.
      9s: the process of one of the nodes is killed, and started again at once on what its disk had synced (who,
          the seed says).
      10s: for 1s two halves of the nodes cannot reach each other; both reach the leader; what is sent meanwhile
          is lost (who, the seed says).
      11s: for 1s the nodes are a ring, in which each reaches its two neighbours only; what is sent meanwhile
          arrives afterwards.
      12s: every fault of the network is over; messages that were held or late are dropped.
      13s: every downtime, pause and slowness is over, and every fault of a clock or disk.
      14s: whatever lasts is over: every fault of the network, of a process, a clock or a disk; messages that were
          held or late still arrive.
    ");
}

#[test]
fn any_length_is_drawn_to_scale() {
    for until in ["1ns", "7us", "3ms", "1s", "59s", "24h"] {
        let text = format!("name = \"t\"\nuntil = \"{until}\"\n[[workload]]\nkind = \"kv\"\nthink = \"1s\"");
        let text = told(&read(&text).unwrap_or_else(|problems| panic!("{problems}")));
        let axis = text.lines().find(|line| line.contains("|--")).expect("an axis");
        assert!((1..=10).contains(&axis.matches('|').count()), "{until}: {axis}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_scenario_can_be_explained_on_a_screen_of_its_width(scenario in scenarios()) {
        for line in told(&scenario).lines().skip(2) {
            // A single word may be longer: nothing is cut.
            prop_assert!(line.chars().count() <= 112 || !line.trim().contains(' '), "{line}");
        }
    }
}

#[test]
fn a_list_of_seeds_is_told() {
    let told = |seeds: &str| told(&read(&with(&format!("seeds = {seeds}"), "")).unwrap_or_else(|it| panic!("{it}")));
    assert!(told("\"1,5,9..12\"").contains("; 5 seeds, 1, 5 and 9 to 11."));
    assert!(told("\"3..5\"").contains("; 2 seeds, 3 to 4."));
    assert!(told("4").contains("; one seed, 4."));
}
