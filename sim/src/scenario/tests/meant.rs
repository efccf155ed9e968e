//! Did you mean: what people write, and what they are asked.

use super::{read, timeline, with};

/// The problems of a file, each on one line: message, what was meant.
fn asked(text: &str) -> String {
    let problems = match read(text) {
        Ok(_) => return "valid".to_owned(),
        Err(problems) => problems,
    };
    let words = problems.iter().map(|problem| [problem.message.as_str(), &problem.label].join(": "));
    words.map(|words| words.trim_end_matches(": ").to_owned()).collect::<Vec<_>>().join(" | ")
}

/// `written` inside `file`, line by line.
fn all(written: &str, file: impl Fn(&str) -> String) -> String {
    let lines = written.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| format!("{line}\n    {}\n", asked(&file(line)))).collect()
}

#[test]
fn keys_and_verbs() {
    let root = all("sedes = 1\nexpects = {}\nvariants = \"a\"", |line| with(line, ""));
    let steps = all(
        r#"
        partion = { sides = [["n1"], ["n2"]] }
        kill = { node = "n1" }
        isolate = { node = "n1" }
        freeze = { node = "n1" }
        partition = { sides = [["n1"], ["n2"]], duration = "3s" }
        heal = "all"
        "#,
        |line| timeline(&format!("{{ at = \"5s\", {line} }}")),
    );
    let tables = all("cluster.election = \"1s\"\nclaim = {}\nworkloads = []\nfloor.reads = 1", |line| with(line, ""));
    insta::assert_snapshot!(format!("{root}{steps}{tables}"), @r#"
    sedes = 1
        unknown key `sedes`: did you mean `seeds`?
    expects = {}
        unknown key `expects`: did you mean `expect`?
    variants = "a"
        unknown key `variants`: did you mean `variant`?
    partion = { sides = [["n1"], ["n2"]] }
        unknown key `partion`: did you mean `partition`?
    kill = { node = "n1" }
        unknown key `kill`: did you mean `crash`?
    isolate = { node = "n1" }
        unknown key `isolate`: did you mean `partition`?
    freeze = { node = "n1" }
        unknown key `freeze`: did you mean `pause`?
    partition = { sides = [["n1"], ["n2"]], duration = "3s" }
        unknown key `duration`: did you mean `for`?
    heal = "all"
        unknown thing to heal `all`: did you mean `everything`?
    cluster.election = "1s"
        unknown key `election`: did you mean `election-timeout`?
    claim = {}
        unknown key `claim`: did you mean `claims`?
    workloads = []
        unknown key `workloads`: did you mean `workload`?
    floor.reads = 1
        unknown key `floor`: did you mean `floors`?
    "#);
}

#[test]
fn times_and_units() {
    let until = all("20\n\"20\"\n\"20 sec\"\n\"1 Minute\"\n\"2 milisecond\"\n\"3 heartbeets\"", |value| {
        format!("name = \"t\"\nuntil = {value}\n[[workload]]\nkind = \"kv\"")
    });
    let at = all("6\n\"5sec\"\n\"2s-6s\"\n\"2s...6s\"\n\"2..6s\"\n\"2s to 6s\"", |value| {
        timeline(&format!("{{ at = {value}, heal = \"everything\" }}"))
    });
    let client = all(
        "rate = 500\nrate = \"500/sec\"\nrate = \"500 rps\"\nrate = \"1e3/s\"\nthink = 5\nmix = { get = 70, put = 0.3 }",
        |line| with("", line),
    );
    let claims =
        all("200\n2\n\"200 ppms\"\n\"2 percent\"", |value| with("", &format!("[claims]\nclock-drift = {value}")));
    let seeds = all("1-20\n1...20\n1 to 20\n20..1", |value| with(&format!("seeds = \"{value}\""), ""));
    insta::assert_snapshot!(format!("{until}{at}{client}{claims}{seeds}"), @r#"
    20
        `20` has no unit; `20s`?
    "20"
        `20` has no unit; `20s`?
    "20 sec"
        unknown unit `sec`: did you mean `s`?
    "1 Minute"
        unknown unit `Minute`: did you mean `m`?
    "2 milisecond"
        unknown unit `milisecond`: did you mean `ms`?
    "3 heartbeets"
        unknown unit `heartbeets`: did you mean `heartbeats`?
    6
        `6` has no unit; `6s`?
    "5sec"
        unknown unit `sec`: did you mean `s`?
    "2s-6s"
        unknown unit `s-6s`: did you mean `2s..6s`?
    "2s...6s"
        `.6s` is not a duration: did you mean `2s..6s`?
    "2..6s"
        `2` has no unit; `2s`?: did you mean `2s..6s`?
    "2s to 6s"
        unknown unit `s to 6s`: did you mean `2s..6s`?
    rate = 500
        `500` has no unit; `500/s`?
    rate = "500/sec"
        unknown unit `/sec`: did you mean `/s`?
    rate = "500 rps"
        unknown unit `rps`: did you mean `/s`?
    rate = "1e3/s"
        `1e3/s` has an exponent
    think = 5
        `5` has no unit; `5ms`?
    mix = { get = 70, put = 0.3 }
        `70` is more than 1; a share lies between 0 and 1: did you mean `70%`?
    200
        `200` is more than 1; a share lies between 0 and 1: did you mean `200ppm`?
    2
        `2` is more than 1; a share lies between 0 and 1: did you mean `2%`?
    "200 ppms"
        unknown unit `ppms`: did you mean `ppm`?
    "2 percent"
        unknown unit `percent`: did you mean `%`?
    1-20
        `1-20` is not a seed: did you mean `1..=20`?
    1...20
        `.20` is not a seed: did you mean `1..=20`?
    1 to 20
        `1 to 20` is not a seed: did you mean `1..=20`?
    20..1
        `20..1` runs backwards; `1..20`?
    "#);
}

#[test]
fn selectors_words_and_names() {
    let nodes = all("@leadr\nleader\nLEADER\n@old_leader\nN1\nnode2\n3", |node| {
        timeline(&format!("{{ at = \"5s\", crash = {{ node = \"{node}\" }} }}"))
    });
    let cluster = all(
        "engine = \"raft_rs\"\nnetwork = \"sameaz\"\nnetwork = \"Cross AZ\"\ndisk = \"ssd\"\nrenewal = \"ack\"\ncpu.costs = { reads = \"1us\" }\nlanes.bulk = { calls = \"unarry\" }",
        |line| with("", &format!("[cluster]\n{line}")),
    );
    let client = all("to = \"leader\"\nkeys = { distribution = \"zipf\" }\nmix = { read = 1 }", |line| with("", line));
    let kinds =
        all("scripts\nKV\nscirpt", |kind| format!("name = \"t\"\nuntil = \"1s\"\n[[workload]]\nkind = \"{kind}\""));
    let pause = all("freeze\nruning", |clock| {
        timeline(&format!("{{ at = \"5s\", pause = {{ node = \"n1\", clock = \"{clock}\" }} }}"))
    });
    let names = all("variant = \"Long_Lease\"", |line| with(line, ""));
    insta::assert_snapshot!(format!("{nodes}{cluster}{client}{kinds}{pause}{names}"), @r#"
    @leadr
        unknown selector `@leadr`: did you mean `@leader`?
    leader
        unknown selector `leader`: did you mean `@leader`?
    LEADER
        unknown selector `LEADER`: did you mean `@leader`?
    @old_leader
        unknown selector `@old_leader`: did you mean `@old-leader`?
    N1
        unknown selector `N1`: did you mean `n1`?
    node2
        unknown selector `node2`: did you mean `n2`?
    3
        unknown selector `3`: did you mean `n3`?
    engine = "raft_rs"
        unknown engine `raft_rs`: did you mean `raft-rs`?
    network = "sameaz"
        unknown network `sameaz`: did you mean `same-az`?
    network = "Cross AZ"
        unknown network `Cross AZ`: did you mean `cross-az`?
    disk = "ssd"
        unknown disk `ssd`: did you mean `cloud-ssd`?
    renewal = "ack"
        unknown renewal `ack`: did you mean `acks`?
    cpu.costs = { reads = "1us" }
        unknown cost `reads`: did you mean `read`?
    lanes.bulk = { calls = "unarry" }
        unknown kind of calls `unarry`: did you mean `unary`?
    to = "leader"
        unknown target `leader`: did you mean `@leader`?
    keys = { distribution = "zipf" }
        unknown distribution `zipf`: did you mean `zipf(1.1)`?
    mix = { read = 1 }
        unknown key `read`: did you mean `get`?
    scripts
        unknown kind `scripts`: did you mean `script`?
    KV
        unknown kind `KV`: did you mean `kv`?
    scirpt
        unknown kind `scirpt`: did you mean `script`?
    freeze
        unknown clock of a pause `freeze`: did you mean `frozen`?
    runing
        unknown clock of a pause `runing`: did you mean `running`?
    variant = "Long_Lease"
        `Long_Lease` is not a variant's name: did you mean `long-lease`?
    "#);
}

#[test]
fn metrics_windows_and_classes() {
    let expect = all(
        r#"
        lease_hit_rate = ">= 0.9"
        hit-rate = ">= 0.9"
        read-p99 = "<= 5ms"
        get-p99 = 5
        recovery = "<= 3"
        lease-hit-rate = "=> 0.9"
        lease-hit-rate = { strom = ">= 0.9" }
        violation = "stale_read"
        variant.a = { class = "lease-invariants" }
        "#,
        |line| with("timeline = [{ at = \"2s..6s\", tag = \"storm\" }]", &format!("[expect]\n{line}")),
    );
    let floors = all("raeds = 1\nfault-effective = 1\nreads = \"3\"", |line| with("", &format!("[floors]\n{line}")));
    insta::assert_snapshot!(format!("{expect}{floors}"), @r#"
    lease_hit_rate = ">= 0.9"
        unknown metric or key `lease_hit_rate`: did you mean `lease-hit-rate`?
    hit-rate = ">= 0.9"
        unknown metric or key `hit-rate`: did you mean `lease-hit-rate`?
    read-p99 = "<= 5ms"
        unknown metric or key `read-p99`: did you mean `get-p99`?
    get-p99 = 5
        `5` has no unit; `5ms`?
    recovery = "<= 3"
        `3` has no unit; `3s`?
    lease-hit-rate = "=> 0.9"
        unknown operator `=>`: did you mean `>=`?
    lease-hit-rate = { strom = ">= 0.9" }
        unknown window `strom`: did you mean `storm`?
    violation = "stale_read"
        unknown class `stale_read`: did you mean `stale-read`?
    variant.a = { class = "lease-invariants" }
        unknown class `lease-invariants`: did you mean `lease-invariant`?
    raeds = 1
        unknown count `raeds`: did you mean `reads`?
    fault-effective = 1
        unknown count `fault-effective`: did you mean `faults-effective`?
    reads = "3"
        expected a whole number, found the text "3"
    "#);
}
