//! The smallest scenario that fails in the same way.

use super::{Folder, GOOD, leasehold, refused, text};
use std::fs;

/// More than it takes to lose what was not synced.
pub(super) const LARGE: &str = r#"
name  = "large"
about = "A node goes down and comes back, and much else happens."
until = "3s"
seeds = "1..=5"

timeline = [
  { at = "634ms",    pause     = { node = "@follower", for = "37ms" } },
  { at = "817ms",    transfer  = { from = "@leader", to = "@follower" } },
  { at = "1s..1.5s", every     = "300ms", crash = { node = ["@old-leader", "@leader"], for = "170ms", tail = "torn" } },
  { at = "1.2s",     partition = { sides = [["n1"], ["@others"]], how = "cut", for = "900ms" } },
]

[cluster]
nodes = 3
heartbeat = "50ms"
election-timeout = "300ms"
network = "cross-az"

[[workload]]
kind = "kv"
clients = 4
mix = { get = 0.5, put = 0.4, cas = 0.1 }
rate = "20/s"

[[workload]]
kind = "script"
clients = 2
rate = "5/s"

[expect]
stale-reads = 0

[floors]
reads = 1
"#;

const VARIANT: [&str; 2] = ["--variant", "unsynced-disk"];

#[test]
fn a_planted_bug_is_left_with_what_it_needs_in_a_file_that_fails_with_it_and_passes_without() {
    let folder = Folder::new("minimize");
    let large = folder.file("large.toml", LARGE.as_bytes());
    let small = folder.0.join("small.toml").to_string_lossy().into_owned();
    let output = leasehold(&[&["minimize", &large, "--seed", "1", "-o", &small], &VARIANT[..]].concat());
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{told}");
    let written = fs::read_to_string(&small).unwrap();
    insta::assert_snapshot!(written, @r#"
    # Found by seed 1 of large under the variant `unsynced-disk`, and minimised.
    # durability (raft-invariant), at 0.500000s: n1 has lost entries: its log ends with index 1 of term 1, where it had told
    #   of index 4 of term 1
    name = "small"
    about = "durability sees that the disk says that it has synced, and has not; votes and entries are gone after a crash."
    seeds = "7"
    until = "600ms"

    timeline = [
      { at = "500ms", crash = { node = "@leader", for = "0s", tail = "torn" } },
    ]

    [cluster]
    nodes = 1
    heartbeat = "50ms"
    election-timeout = "300ms"

    [[workload]]
    kind = "script"
    clients = 1
    keys = { count = 1 }
    rate = "5/s"

    [expect.variant.unsynced-disk]
    check = "durability"

    [floors]
    faults-effective = 1
    "#);
    assert!(told.contains("faults 4 -> 1, nodes 3 -> 1, clients 6 -> 1, 3s -> 600ms"), "{told}");
    // With other jobs, and of what is as small as can be, it is the same.
    for (jobs, file) in [("1", &large), ("3", &small)] {
        let again = folder.0.join(jobs).join("small.toml");
        fs::create_dir_all(again.parent().unwrap()).unwrap();
        let again = again.to_string_lossy().into_owned();
        let seed: &[&str] = if *file == large { &["--seed", "1"] } else { &[] };
        let variant: &[&str] = if *file == large { &VARIANT } else { &[] };
        let output = leasehold(&[&["minimize", file, "--jobs", jobs, "-o", &again], seed, variant].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert_eq!(fs::read_to_string(&again).unwrap(), written, "{jobs} jobs");
    }
    // Without a variant named, the default and the file's sections.
    let output = leasehold(&["run", &small, "--deny-warnings"]);
    let told = text(&output.stdout);
    assert!(output.status.success() && told.contains("all as expected: 2 runs"), "{told}{}", text(&output.stderr));
}

#[test]
fn what_is_smallest_when_the_time_is_up_is_written_and_that_it_was() {
    let folder = Folder::new("minimize-late");
    let large = folder.file("large.toml", LARGE.as_bytes());
    let output = leasehold(&[&["minimize", &large, "--seed", "1", "--for", "1ms"], &VARIANT[..]].concat());
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("stopped after 1ms: it may get smaller still"), "{told}");
    assert!(text(&output.stdout).contains("[expect.variant.unsynced-disk]"), "{}", text(&output.stdout));
}

#[test]
fn what_cannot_be_minimised_is_refused() {
    let folder = Folder::new("minimize-refused");
    let good = folder.file("good.toml", GOOD.replace("NAME", "good").as_bytes());
    refused(&["minimize", &good], &["good has 2 seeds; say which of them fails: --seed N"]);
    refused(&["minimize", &good, "--seed", "1"], &["error: nothing fails in good under seed 1, variant `default`"]);
    refused(&["minimize", &good, "--seed", "1", "--variant", "long-leas"], &["did you mean `long-lease`?"]);
    refused(&["minimize", "fast"], &["`fast` is ", " scenarios; minimise one"]);
    refused(&["minimize", &good, "--seed", "1", "-o", &good], &["good.toml: it is there already"]);
    let name = ["minimize", &good, "--seed", "1", "-o"];
    let words = ["`y z.leasehold` is not a scenario's name: names are at most 64 lower-case letters and digits"];
    refused(&[&name[..], &["y z.leasehold.toml"]].concat(), &words);
    refused(&[&name[..], &["Y_z.toml"]].concat(), &["`Y_z` is not a scenario's name", "did you mean `y-z.toml`?"]);
    refused(&[&name[..], &["y.yaml"]].concat(), &["a scenario's file ends in `.toml`: `y.toml`"]);
    let bundle = folder.file("any.leasehold", b"no bundle");
    let words = ["any.leasehold is a bundle: it has a seed, a variant and an engine of its own"];
    refused(&["minimize", &bundle, "--seed", "1"], &words);
    refused(&["minimize", &bundle], &["error: ", "any.leasehold: "]);
    let vain =
        folder.file("vain.toml", GOOD.replace("NAME", "vain").replace("reads = 1", "reads = 1_000_000").as_bytes());
    refused(
        &["minimize", &vain, "--seed", "1"],
        &["vain exercises too little under seed 1", "nothing to make smaller"],
    );
    let slow = GOOD.replace("NAME", "slow").replace("[floors]", "[expect]\nget-mean = \"< 1ns\"\n\n[floors]");
    let slow = folder.file("slow.toml", slow.as_bytes());
    let words = ["as expectation (get-mean), and where nothing is planted something fails too: minimise that first"];
    refused(&["minimize", &slow, "--seed", "1", "--variant", "no-vote-after-restart"], &words);
}
