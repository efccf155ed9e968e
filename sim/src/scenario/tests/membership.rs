//! Learners, spares, snapshots, and the verb `membership`.

use super::{explained::told, read, refuse, timeline, with};
use crate::scenario::{Action, COMPACT_AFTER, Joint, MembershipChange, Scenario, Selector, lint};

fn cluster(keys: &str) -> String {
    with("", &format!("[cluster]\n{keys}"))
}

fn change(change: &str) -> String {
    timeline(&format!("{{ at = \"5s\", membership = {change} }}"))
}

fn accepted(text: &str) -> Scenario {
    read(text).unwrap_or_else(|problems| panic!("refused:\n{problems}"))
}

fn asked(text: &str) -> MembershipChange {
    match accepted(&change(text)).timeline.remove(0).action {
        Action::Membership(change) => change,
        other => panic!("{other:?}"),
    }
}

#[test]
fn nodes_learners_and_spares_are_numbered_in_this_order() {
    let scenario =
        accepted(&timeline("{ at = \"5s\", crash = { node = \"n6\", for = \"1s\" } }").replace(
            "[[workload]]",
            "[cluster]\nnodes = 3\nlearners = 1\nspares = 2\ncompact-after = 200\n[[workload]]",
        ));
    let cluster = &scenario.cluster;
    assert_eq!((cluster.nodes, cluster.learners, cluster.spares, cluster.size()), (3, 1, 2, 6));
    assert_eq!(cluster.compact_after, Some(200));
    let plain = accepted(&with("", "")).cluster;
    assert_eq!((plain.learners, plain.spares, plain.compact_after), (0, 0, Some(5_000)));
}

#[test]
fn a_cluster_has_nine_nodes_in_all() {
    accepted(&cluster("nodes = 5\nlearners = 2\nspares = 2"));
    let said =
        refuse(&cluster("nodes = 5\nlearners = «5»"), "a cluster has at most 9 nodes: `learners` can be 4 at most");
    assert!(said.contains("count together"), "{said}");
    refuse(
        &cluster("nodes = 5\nlearners = 3\nspares = «2»"),
        "a cluster has at most 9 nodes: `spares` can be 1 at most",
    );
    refuse(&cluster("learners = «-1»"), "`learners` is 0 to 8, not -1");
    let [least, most] = COMPACT_AFTER;
    refuse(&cluster("compact-after = «9»"), &format!("`compact-after` is {least} to {most}, not 9"));
}

#[test]
fn each_change_names_who_it_is_about() {
    assert_eq!(asked(r#"{ add-learner = "@spare" }"#), MembershipChange::AddLearner(Selector::Spare));
    assert_eq!(asked(r#"{ promote = "@learner" }"#), MembershipChange::Promote(Selector::Learner));
    assert_eq!(asked(r#"{ demote = "@follower" }"#), MembershipChange::Demote(Selector::Follower));
    assert_eq!(asked(r#"{ remove = "@leader" }"#), MembershipChange::Remove(Selector::Leader));
    assert_eq!(
        asked(r#"{ joint = { add = ["@spare", "@spare"], remove = ["n1"] } }"#),
        MembershipChange::Joint(Joint { add: vec![Selector::Spare; 2], remove: vec![Selector::Node(1)] })
    );
}

#[test]
fn a_step_makes_one_change() {
    let said = refuse(&change("«{}»"), "this changes nothing about the membership");
    assert!(said.contains("`add-learner`, `promote`, `demote`, `remove`, `joint`"), "{said}");
    refuse(
        &change(r#"{ promote = "@learner", remove = «"@follower"» }"#),
        "a step makes one change, this has `promote` and `remove`",
    );
    refuse(&change("{ joint = «{}» }"), "this joint change adds and removes nobody");
    refuse(&change("{ «expel» = \"n1\" }"), "unknown key `expel`");
}

#[test]
fn who_can_never_be_what_a_change_takes_is_refused() {
    refuse(&change(r#"{ add-learner = «"@leader"» }"#), "`@leader` is a member already");
    refuse(&change(r#"{ add-learner = «"@learner"» }"#), "`@learner` is a member already");
    refuse(&change(r#"{ promote = «"@follower"» }"#), "`@follower` votes already");
    refuse(&change(r#"{ demote = «"@learner"» }"#), "`@learner` has no vote to lose");
    refuse(&change(r#"{ remove = «"@spare"» }"#), "`@spare` is no member");
    refuse(&change(r#"{ joint = { add = [«"@leader"»] } }"#), "`@leader` votes already");
    refuse(&change(r#"{ remove = «"@followers"» }"#), "`@followers` may be several nodes; `remove` is about one");
    refuse(&change(r#"{ remove = «"n4"» }"#), "there is no node `n4`: the cluster has 3");
    refuse(&change(r#"{ joint = { add = ["n1"], remove = [«"n1"»] } }"#), "`n1` is named twice");
}

#[test]
fn who_is_there_and_each_change_is_a_sentence() {
    let steps = r#"
        { at = "5s", membership = { add-learner = "@spare" } },
        { at = "6s", membership = { promote = "n4" } },
        { at = "7s", membership = { demote = "@leader" } },
        { at = "8s", membership = { remove = "@learner" } },
        { at = "9s", membership = { joint = { add = ["n5", "n6"], remove = ["@follower"] } } },
    "#;
    let text = timeline(steps) + "[cluster]\nlearners = 1\nspares = 2\ncompact-after = 200\n";
    let told = told(&accepted(&text));
    let lines: Vec<&str> = told.lines().map(str::trim).collect();
    for line in [
        "Beside them n4 begins as a learner and n5 and n6 are no members yet.",
        "5s: the leader is asked to add one of those that are no members as a learner (who, the seed says).",
        "6s: the leader is asked to give n4 a vote.",
        "7s: the leader is asked to make a learner of the leader.",
        "8s: the leader is asked to remove one of the learners (who, the seed says).",
    ] {
        assert!(lines.contains(&line), "{line}\n{told}");
    }
    let joined = lines.join(" ");
    assert!(
        joined.contains("give a vote to n5 and n6 and remove one of the followers, by a joint configuration"),
        "{told}"
    );
    assert!(joined.contains("Every 200 entries each node takes a snapshot and cuts its log"), "{told}");
}

#[test]
fn learners_and_spares_that_nobody_can_be_are_warned_of() {
    let warned = |steps: &str| -> Vec<String> {
        let text = timeline(steps) + "[floors]\nreads = 1\n";
        lint(&accepted(&text), &text, &[]).iter().map(|warning| warning.message.clone()).collect()
    };
    let promote = r#"{ at = "5s", membership = { promote = "@learner" } },"#;
    assert_eq!(warned(promote), ["nobody is `@learner` at 5s"]);
    assert_eq!(warned(&format!("{{ at = \"4s\", membership = {{ demote = \"@follower\" }} }},\n{promote}")), [""; 0]);
    let add = r#"{ at = "5s", membership = { add-learner = "@spare" } },"#;
    assert_eq!(warned(add), ["nobody is `@spare` at 5s"]);
    assert_eq!(warned(&format!("{{ at = \"4s\", membership = {{ remove = \"@follower\" }} }},\n{add}")), [""; 0]);
}
