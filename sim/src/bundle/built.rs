//! Which leasehold this is: what the build script found out, and what git says of the folder that the program lies in.

use serde::{Deserialize, Serialize};
use std::process::Command;
use std::sync::OnceLock;
use xxhash_rust::xxh3::xxh3_64;

/// A leasehold.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Built {
    /// The version of the package.
    pub version: String,
    /// The hash of its sources.
    pub sources: String,
    /// The commit of the repository that the program lies in; `None`: it lies in none.
    pub commit: Option<String>,
    /// The hash of what differs from that commit; `None`: nothing does.
    pub dirty: Option<String>,
    /// The hash of `Cargo.lock`.
    pub lock: String,
    /// The compiler.
    pub rustc: String,
    /// What it compiled for.
    pub target: String,
    /// The profile: `debug` or `release`.
    pub profile: String,
    /// Are there variants that switch off rules of the stack?
    pub planted: bool,
}

impl Built {
    /// This one.
    pub fn this() -> &'static Self {
        static THIS: OnceLock<Built> = OnceLock::new();
        THIS.get_or_init(|| {
            let commit = git(&["rev-parse", "--verify", "--quiet", "HEAD"]);
            let differs = commit.as_ref().and_then(|_| git(&["diff", "HEAD"]));
            Self {
                version: env!("CARGO_PKG_VERSION").to_owned(),
                sources: env!("BUILT_SOURCES").to_owned(),
                commit,
                dirty: differs
                    .filter(|words| !words.is_empty())
                    .map(|words| format!("{:016x}", xxh3_64(words.as_bytes()))),
                lock: env!("BUILT_LOCK").to_owned(),
                rustc: env!("BUILT_RUSTC").to_owned(),
                target: env!("BUILT_TARGET").to_owned(),
                profile: env!("BUILT_PROFILE").to_owned(),
                planted: cfg!(feature = "planted"),
            }
        })
    }

    /// In a few words: the commit if there is one.
    pub fn words(&self) -> String {
        let Self { version, sources, commit, dirty, profile, target, .. } = self;
        let commit = commit.as_ref().map_or(String::new(), |commit| {
            let changed = if dirty.is_some() { " with changes" } else { "" };
            format!(", commit {}{changed}", commit.get(..12).unwrap_or(commit))
        });
        format!("leasehold {version}{commit}, sources {sources}, {profile}, {target}")
    }
}

/// What git says in the folder of this program, if that is one of this repository's.
fn git(arguments: &[&str]) -> Option<String> {
    let folder = std::env::current_exe().ok()?.parent()?.to_owned();
    let run = |arguments: &[&str]| {
        let output = Command::new("git").arg("-C").arg(&folder).args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    run(&["cat-file", "-e", "HEAD:sim/src/bundle/built.rs"])?;
    run(arguments)
}
