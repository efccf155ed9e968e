//! Refuses a build without `--cfg madsim`, before anything else is compiled: madsim itself would fail first, and not say why.

const ADVICE: &str = include_str!("src/without-madsim.txt");

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_CFG_MADSIM").is_none() {
        for line in ADVICE.lines() {
            println!("cargo::error={line}");
        }
    }
}
