//! The cluster.

use super::{cluster, refuse, with};

#[test]
fn a_variant_changes_lanes_cores_and_reads_only() {
    let said = refuse(&cluster("variant.old = { «nodes» = 5 }"), "unknown key `nodes`");
    assert!(said.contains("reads-per-get"), "{said}");
    refuse(&cluster("variant.old = { reads-per-get = «0» }"), "`reads-per-get` is 1 to 1000, not 0");
}

#[test]
fn a_link_of_the_cluster_joins_two_nodes_and_is_given_once() {
    let links = |links: &str| cluster(&format!("links = {{ {links} }}"));
    refuse(&links("«n1» = \"cross-az\""), "`n1` is not a link");
    refuse(&links("«\"n1-n4\"» = \"cross-az\""), "there is no node `n4`: the cluster has 3");
    refuse(&links("«\"n1>n1\"» = \"cross-az\""), "there is no link from `n1` to itself");
    refuse(&links("\"n1-n2\" = \"cross-az\", «\"n2-n1\"» = \"cross-az\""), "`n2-n1` is there twice");
    refuse(&links("\"n1-n2\" = «\"cross-as\"»"), "unknown network `cross-as`");
}

#[test]
fn raft_times_fit_together() {
    refuse(&cluster("tick = «\"0s\"»"), "`tick` must be longer than zero");
    refuse(&cluster("heartbeat = «\"105ms\"»"), "`heartbeat` (105ms) is not a multiple of `tick` (10ms)");
    refuse(
        &cluster("election-timeout = «\"1005ms\"»"),
        "`election-timeout` (1.005s) is not a multiple of `tick` (10ms)",
    );
    refuse(
        &cluster("election-timeout = «\"100ms\"»"),
        "`election-timeout` (100ms) must be longer than `heartbeat` (100ms)",
    );
    refuse(&cluster("lease = «\"1s\"»"), "`lease` (1s) must be shorter than `election-timeout` (1s)");
}

#[test]
fn the_cluster_is_of_known_parts_and_limited_size() {
    refuse(&cluster("nodes = «10»"), "`nodes` is 1 to 9, not 10");
    refuse(&cluster("nodes = «0»"), "`nodes` is 1 to 9, not 0");
    assert!(refuse(&cluster("engine = «\"raft\"»"), "unknown engine `raft`").starts_with("did you mean `raft-rs`?"));
    refuse(&cluster("renewal = «\"ack\"»"), "unknown renewal `ack`");
    assert!(
        refuse(&cluster("network = «\"same-as\"»"), "unknown network `same-as`").starts_with("did you mean `same-az`?")
    );
    refuse(&cluster("network = { base = «\"moon\"» }"), "unknown network `moon`");
    refuse(&cluster("disk = «\"nvmee\"»"), "unknown disk `nvmee`");
    refuse(&cluster("lanes.bulk = { calls = «\"streams\"» }"), "unknown kind of calls `streams`");
    refuse(&cluster("lanes.bulk = { queue = «0» }"), "`queue` is 1 to 1000000, not 0");
    refuse(&cluster("cpu.cores = «0»"), "`cores` is 1 to 256, not 0");
    refuse(&cluster("cpu.costs = { «raed» = \"1us\" }"), "unknown cost `raed`");
}

#[test]
fn a_share_lies_between_0_and_1() {
    refuse(&cluster("network = { loss = «\"101%\"» }"), "`101%` is more than 1; a share lies between 0 and 1");
    refuse(&cluster("network = { loss = «5» }"), "`5` is more than 1; a share lies between 0 and 1");
    refuse(&cluster("network = { duplicate = «-0.5» }"), "`-0.5` is negative; a share lies between 0 and 1");
    refuse(&cluster("network = { loss = «\"0.00001%\"» }"), "`0.00001%` is finer than 1/1000000");
    refuse(&with("", "[claims]\nclock-drift = «\"200pm\"»"), "unknown unit `pm`");
}

#[test]
fn a_distribution_has_both_ends_and_ascends() {
    let latency = |knots: &str| cluster(&format!("network = {{ latency = {knots} }}"));
    refuse(&latency("«{ p0 = \"1ms\", p50 = \"2ms\" }»"), "`p100` is missing: a distribution needs `p0` and `p100`");
    refuse(
        &latency("{ p0 = \"2ms\", p50 = «\"1ms\"», p100 = \"3ms\" }"),
        "a higher quantile cannot be shorter than a lower one",
    );
    refuse(&latency("{ p0 = \"1ms\", «p101» = \"2ms\", p100 = \"3ms\" }"), "unknown quantile `p101`");
    refuse(&latency("{ p0 = \"1ms\", «\"p99.99\"» = \"2ms\", p100 = \"3ms\" }"), "unknown quantile `p99.99`");
    let said = refuse(
        &latency("{ p0 = \"1ms\", «p99».9 = \"2ms\", p100 = \"3ms\" }"),
        "expected a quoted text or a number, found a table",
    );
    assert!(said.contains("\"p99.9\""), "{said}");
}
