//! What clients do, and how much.

use super::{kv, read, refuse, with, workload};

#[test]
fn a_workload_has_a_known_kind_and_a_name_of_its_own() {
    refuse("name = \"t\"\nuntil = \"1s\"\n«[[workload]]»\nclients = 3", "this workload has no `kind`");
    refuse("name = \"t\"\nuntil = \"1s\"\n[[workload]]\nkind = «\"scirpt\"»", "unknown kind `scirpt`");
    refuse(&workload("name = «\"kv\"»"), "two workloads are called `kv`");
}

#[test]
fn a_workload_is_of_limited_size() {
    refuse(&kv("clients = «0»"), "`clients` is 1 to 10000, not 0");
    refuse(&kv("clients = «10_001»"), "`clients` is 1 to 10000, not 10001");
    refuse(&kv("keys = { count = «1_000_001» }"), "`count` is 1 to 1000000, not 1000001");
    refuse(&kv("keys = «0»"), "`keys` is 1 to 1000000, not 0");
    let said = refuse(&kv("keys = «\"8\"»"), "expected a whole number or a table, found the text \"8\"");
    assert!(said.contains("`keys = 8`"), "{said}");
    let many = "reads-per-script = «{ calls = 11, each = \"1..=100\" }»";
    refuse(&workload(many), "`reads-per-script` is at most 1000, not 11 times 100");
    refuse(&workload("reads-per-script = «0»"), "`reads-per-script` is 1 to 1000, not 0");
    refuse(&kv("keys = { distribution = «\"zipf(0)\"» }"), "`0` is not an exponent");
    refuse(&kv("keys = { distribution = «\"zipfian\"» }"), "unknown distribution `zipfian`");
    let many: String = (0..16).map(|n| format!("[[workload]]\nkind = \"kv\"\nname = \"w{n}\"\n")).collect();
    let text = with("", &many)
        .replace("[[workload]]\nkind = \"kv\"\nname = \"w15\"", "«[[workload]]»\nkind = \"kv\"\nname = \"w15\"");
    refuse(&text, "a scenario has at most 16 workloads, this has 17");
}

#[test]
fn what_a_run_asks_of_the_machine_is_limited() {
    refuse(
        &kv("clients = 6_000\n«[[workload]]»\nkind = \"script\"\nclients = 6_000"),
        "up to this workload there may be 12000 clients; at most 10000 are possible",
    );
    let keys = "keys = 600_000\n«[[workload]]»\nkind = \"script\"\nkeys = { count = 600_000, prefix = \"other\" }";
    refuse(&kv(keys), "up to this workload there may be 1200000 keys; at most 1000000 are possible");
    assert!(read(&kv("keys = 600_000\n[[workload]]\nkind = \"script\"\nkeys = 600_000")).is_ok());
    let first = |keys: &str| format!("name = \"t\"\nuntil = \"24h\"\n«[[workload]]»\nkind = \"kv\"\n{keys}");
    refuse(
        &first("rate = \"20000/s\""),
        "up to this workload there may be 1728000000 operations; at most 1000000000 are possible",
    );
    refuse(
        &first("rate = \"10000/s\"\ndeadline = \"20s\""),
        "up to this workload there may be 200000 operations under way at once; at most 100000 are possible",
    );
    let instant = "[cluster]\nclient-network = { latency = \"0s\" }";
    refuse(&first(instant), "an operation of this workload takes no time, so that there is no end to them");
    assert!(read(&kv(&format!("think = \"1ms\"\n{instant}"))).is_ok());
    refuse(
        "name = \"t\"\nuntil = «\"1m\"»\n[[workload]]\nkind = \"kv\"\n[cluster]\ntick = \"1us\"",
        "180000000 ticks of 3 nodes; a run has at most 100000000",
    );
}

#[test]
fn absurd_sizes_are_refused_by_a_limit_that_has_a_name() {
    refuse(&kv("clients = «4000000000»"), "`clients` is 1 to 10000, not 4000000000");
    refuse(&kv("rate = «\"1e12/s\"»"), "`1e12/s` has an exponent");
    refuse(&kv("rate = «\"1000000000000/s\"»"), "`1000000000000/s` is too fast: at most 1000000/s");
    refuse(&kv("keys = «9223372036854775807»"), "`keys` is 1 to 1000000, not 9223372036854775807");
    let until = "name = \"t\"\nuntil = «\"900000h\"»\n[[workload]]\nkind = \"kv\"";
    refuse(until, "`900000h` is too long: no duration is longer than 24h");
}

#[test]
fn a_mix_adds_up_to_1() {
    refuse(&kv("mix = «{ get = 0.5, put = 0.45 }»"), "the mix adds up to 0.95, not to 1");
    refuse(&kv("mix = { get = «1.5» }"), "`1.5` is more than 1; a share lies between 0 and 1");
    refuse(&kv("mix = { get = «0.9999» }"), "`0.9999` is finer than 1/1000");
}

#[test]
fn keys_of_one_kind_of_workload_are_not_for_another() {
    refuse(&kv("reads-per-script = «3»"), "`reads-per-script` is for workloads of kind `script`");
    refuse(&workload("mix = «{ get = 1 }»"), "`mix` is for workloads of kind `kv`");
}

#[test]
fn a_workload_is_paced_in_one_way() {
    refuse(&kv("rate = \"5/s\"\nthink = «\"1ms\"»"), "`rate` and `think` cannot both be given");
    refuse(&kv("rate = «500»"), "`500` has no unit; `500/s`?");
    refuse(&kv("rate = «\"0/s\"»"), "a rate of zero does nothing");
    refuse(&kv("rate = «\"5/m\"»"), "unknown unit `/m`");
}

#[test]
fn a_workload_runs_within_the_run_and_forwards() {
    refuse(&kv("from = «\"20s\"»"), "the workload ends (20s) before it begins (20s)");
    refuse(&kv("from = «\"5s\"»\nuntil = \"4s\""), "the workload ends (4s) before it begins (5s)");
    refuse(&kv("until = «\"21s\"»"), "the workload ends after the run (20s)");
    refuse(&kv("to = «\"@follower\"»"), "unknown target `@follower`");
}
