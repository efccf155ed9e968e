//! Refuses a build with the guard and without `--cfg madsim`, before anything else is compiled: madsim itself would fail first,
//! and not say why.

const ADVICE: &str = "\
leasehold-sim is built with its leak guard, madsim, which needs `--cfg madsim`; the repository's .cargo/config.toml sets that.
It is missing: an exported RUSTFLAGS (or CARGO_ENCODED_RUSTFLAGS, or cargo run from outside the repository) replaces what is set there.
Cure: `unset RUSTFLAGS`, or `export RUSTFLAGS=\"$RUSTFLAGS --cfg madsim\"`; and run cargo inside the repository.
Or leave the guard off: `--no-default-features --features planted`. Runs are the same; leaks of the machine are not caught.";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let set = |variable| std::env::var_os(variable).is_some();
    if set("CARGO_FEATURE_GUARD") && !set("CARGO_CFG_MADSIM") {
        for line in ADVICE.lines() {
            println!("cargo::error={line}");
        }
    }
}
