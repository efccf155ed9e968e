//! What is refused, before anything runs.

use super::*;

#[test]
fn a_bad_file_is_shown_with_line_and_caret() {
    let folder = Folder::new("bad");
    refused(&["run", &folder.scenario("clients = 2", "cleints = 2")], &["cleints", "scenario.toml:12", "^", "clients"]);
    refused(&["run", &folder.scenario("\"200ms\"", "\"200\"")], &["`200` has no unit", "scenario.toml:7", "^"]);
    refused(&["run", &folder.scenario("at = \"1s\"", "at = \"9s\"")], &["scenario.toml:7", "^"]);
    refused(&["run", &folder.scenario("[\"n2\"]", "[]")], &["scenario.toml:7", "^"]);
}

#[test]
fn a_variant_that_a_file_expects_something_of_must_exist() {
    let expect = "rate = \"50/s\"\n[expect.variant.elastikv-549]\nclass = \"expectation\"\n";
    let path = Folder::new("expected-variant").scenario("rate = \"50/s\"\n", expect);
    refused(
        &["run", &path],
        &["unknown variant `elastikv-549`", "did you mean `elastickv-549`?", "scenario.toml:14", "^"],
    );
}

#[test]
fn what_is_not_a_scenario_file_is_refused_in_a_sentence() {
    let folder = Folder::new("files");
    let large = folder.0.join("large.toml");
    File::create(&large).unwrap().set_len(100 << 20).unwrap();
    refused(&["run", &large.to_string_lossy()], &["larger than a scenario may be"]);
    refused(&["run", &folder.file("binary.toml", &[0x7f, b'E', b'L', b'F', 0xff, 0xfe, 0])], &["not UTF-8"]);
    refused(
        &["run", &Folder::new("empty").0.to_string_lossy()],
        &["there is no scenario file (`*.toml`) in the folder"],
    );
    refused(&["run", &folder.0.join("missing.toml").to_string_lossy()], &["there is no file"]);
    refused(&["run", "no/such/scenario.toml"], &["there is no file"]);
}

#[test]
fn several_bad_files_are_all_reported_and_nothing_runs() {
    let folder = Folder::new("several");
    let good = folder.file("good.toml", GOOD.replace("NAME", "good").as_bytes());
    let bad = folder.file("bad.toml", GOOD.replace("NAME", "bad").replace("kind = \"kv\"", "kind = \"vk\"").as_bytes());
    let worse = folder.file("worse.toml", b"until = ");
    refused(
        &["run", &good, &bad, &worse, "nobody"],
        &["bad.toml", "worse.toml", "unknown scenario or folder `nobody`"],
    );
}

#[test]
fn arguments_that_make_no_sense_are_refused() {
    let path = Folder::new("arguments").scenario("2s", "2s");
    refused(&["run", &path, "--seeds", "9..1"], &["9..1"]);
    refused(&["run", &path, "--seeds", "3..3"], &["empty"]);
    refused(&["run", &path, "--seed", "minus"], &["--seed"]);
    refused(&["run", &path, "--seed", "1", "--seeds", "1..2"], &["cannot be used with"]);
    refused(&["run", &path, "--jobs", "0"], &["--jobs", "not a whole number from 1"]);
    refused(&["matrix", "--seeds-per-range", "x"], &["--seeds-per-range", "not a whole number from 1"]);
    refused(&["matrix", "--seeds", "0"], &["--seeds-per-range", "not a whole number from 1"]);
    refused(&["matrix", "--chaos-seeds", "x"], &["--chaos-seeds"]);
    refused(&["matrix", "--variant", "default"], &["nothing is wrong with the default", "name one of those"]);
    refused(&["run", &path, "--variant", "qqqqqq"], &["unknown variant `qqqqqq`; see `leasehold list variants`"]);
    refused(&["run", &path, "--engine", "etcd"], &["unknown engine `etcd`", "allowed: `raft-rs`, `openraft`"]);
    refused(
        &["run", &path, "--engine", "openraft", "--variant", "logs-not-compared"],
        &["variant logs-not-compared: not on this engine (openraft)"],
    );
    refused(&["run", "planted/short-log", "--engine", "openraft"], &["not on this engine (openraft), says its file"]);
    refused(&["run", &path, "--format", "xml"], &["jsonl"]);
    refused(&["run", &path, "--variant", "defualt"], &["unknown variant `defualt`", "did you mean `default`?"]);
    refused(&["run", "fast/stedy"], &["unknown scenario or folder `fast/stedy`", "did you mean `fast/steady`?"]);
    refused(&["run", &path, "--out", &path], &["--out"]);
    refused(&["run", &path, "--load", "80%"], &["`80%` is not a load", "a factor of 0.01 to 4"]);
    refused(&["verify"], &["SCENARIOS"]);
    refused(&["list", "nodes"], &["scenarios"]);
}

#[test]
fn a_cluster_of_a_variant_that_there_is_not_is_refused() {
    let path =
        Folder::new("changes").scenario("[[workload]]", "[cluster.variant]\nelastickv-54.cpu.cores = 2\n[[workload]]");
    refused(&["run", &path], &["unknown variant `elastickv-54`", "did you mean `elastickv-549`?", "^"]);
}
