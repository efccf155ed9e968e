//! The commit that is gated, and the seeds that it stands for: the same commit has the same seeds on every machine, another has others.
//! So each change is tried with seeds that nobody has chosen, and who asks again is answered alike.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::process::Command;
use std::str::FromStr;
use xxhash_rust::xxh3::xxh3_64;

/// So many digits decide, so that every abbreviation of a commit stands for the same seeds.
const DECIDING: usize = 7;

/// So many are shown.
const SHOWN: usize = 12;

/// Seeds are below this: short enough to be read aloud.
const BELOW: u64 = 1_000_000_000;

/// The least: what files pin is small, and is not drawn again.
const LEAST: u64 = 1_000_000;

/// A commit, by its hash.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Commit(String);

impl Commit {
    /// The newest commit of the repository around `folder`; `None`: there is none, or no git.
    pub fn of_repository(folder: &Path) -> Option<Self> {
        let output =
            Command::new("git").arg("-C").arg(folder).args(["rev-parse", "--verify", "--quiet", "HEAD"]).output();
        let output = output.ok().filter(|output| output.status.success())?;
        String::from_utf8_lossy(&output.stdout).trim().parse().ok()
    }

    /// Its first seeds, so many; none twice.
    pub fn seeds(&self, number: u32) -> Vec<u64> {
        let deciding = &self.0[..DECIDING];
        let mut seen = BTreeSet::new();
        let drawn = (0_u64..).map(|nth| LEAST + xxh3_64(format!("{deciding} {nth}").as_bytes()) % (BELOW - LEAST));
        drawn.filter(|seed| seen.insert(*seed)).take(number as usize).collect()
    }
}

impl FromStr for Commit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim().to_ascii_lowercase();
        let is_hash = (DECIDING..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hash
            .then_some(Self(text))
            .ok_or_else(|| format!("a commit is {DECIDING} to 64 hexadecimal digits: `1f0c9a7e`"))
    }
}

impl fmt::Display for Commit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.get(..SHOWN).unwrap_or(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(text: &str) -> Commit {
        text.parse().unwrap_or_else(|words| panic!("{words}"))
    }

    #[test]
    fn the_same_commit_has_the_same_seeds_however_it_is_written_and_another_has_others() {
        let whole = commit("1f0c9a7e55b6c1d2e3f4a5b6c7d8e9f001122334").seeds(5);
        assert_eq!(whole, commit("1F0C9A7").seeds(5));
        assert_eq!(whole[..2], commit("1f0c9a7e").seeds(2), "more seeds begin with the same");
        let other = commit("1f0c9a8").seeds(5);
        assert!(whole.iter().all(|seed| !other.contains(seed)), "{whole:?} {other:?}");
    }

    #[test]
    fn no_seed_is_drawn_twice_nor_is_one_that_a_file_would_pin() {
        let seeds = commit("1f0c9a7").seeds(20_000);
        assert_eq!(seeds.iter().collect::<BTreeSet<_>>().len(), 20_000);
        assert!(seeds.iter().all(|seed| (LEAST..BELOW).contains(seed)));
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        assert!(["1f0c9a", "main", "", "1f0c9a7 -x"].iter().all(|text| text.parse::<Commit>().is_err()));
    }
}
