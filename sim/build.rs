//! Refuses a build with the guard and without `--cfg madsim`, with advice. And writes down of what this leasehold is built, for the
//! bundles that runs leave behind.

use std::path::{Path, PathBuf};
use std::process::Command;

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
    // Not `LEASEHOLD_`: cargo hands them to tests too, and knobs are refused that nobody knows.
    for (name, value) in built() {
        println!("cargo::rustc-env=BUILT_{name}={value}");
    }
}

/// Of what it is built: sources, lock file, compiler, target, profile.
fn built() -> [(&'static str, String); 5] {
    let variable =
        |name: &str| std::env::var_os(name).map_or(String::new(), |value| value.to_string_lossy().into_owned());
    let root = Path::new("..");
    let mut files = ["Cargo.toml", "sim/Cargo.toml"].map(|file| root.join(file)).to_vec();
    ["src", "sim/src"].into_iter().for_each(|folder| sources(&root.join(folder), &mut files));
    files.sort();
    let sources = files.iter().fold(FNV_OFFSET, |hash, file| {
        println!("cargo::rerun-if-changed={}", file.display());
        fnv1a(fnv1a(hash, file.to_string_lossy().as_bytes()), &contents(file))
    });
    let lock = root.join("Cargo.lock");
    println!("cargo::rerun-if-changed={}", lock.display());
    let version = Command::new(variable("RUSTC")).arg("--version").output();
    let version = version.map_or(String::new(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    [
        ("SOURCES", format!("{sources:016x}")),
        ("LOCK", format!("{:016x}", fnv1a(FNV_OFFSET, &contents(&lock)))),
        ("RUSTC", version),
        ("TARGET", variable("TARGET")),
        ("PROFILE", variable("PROFILE")),
    ]
}

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

fn fnv1a(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Where lines end differs between clones.
fn contents(file: &Path) -> Vec<u8> {
    std::fs::read(file).unwrap_or_default().into_iter().filter(|byte| *byte != b'\r').collect()
}

fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { sources(&path, files) } else { files.push(path) }
    }
}
