//! Wrong scenario files by the thousand, and wrong bundles: whatever stands in a file, it is refused in words or it runs. No panic, no hang.
//!
//! Input number `n` of a seed is always the same, so that what was found is found again. An input is
//!
//! - decoded, parsed and rendered; every problem must lie within the file;
//! - if it is valid, explained, printed and read back: the same text again;
//! - if it is chosen, run for a moment of simulated time: any verdict will do, a panic will not.

mod bundles;
mod judge;
mod mutate;

use super::{Named, Places, catalogue, panics};
use crate::world::streams::Streams;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::time::Duration;

pub use self::{
    bundles::Spoilt,
    judge::{Fate, judge},
};

/// An input that takes longer than this hangs.
const HANGS: Duration = Duration::from_secs(60);

/// The bytes of a scenario file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Input {
    /// The name that the file would have.
    pub path: PathBuf,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// Good files, to be spoilt.
pub struct Corpus {
    files: Vec<Input>,
    seed: u64,
}

impl Corpus {
    /// The scenarios that can be named.
    ///
    /// # Errors
    ///
    /// A file cannot be read, or there is none.
    pub fn of(places: &Places, seed: u64) -> io::Result<Self> {
        let read = |Named { path, .. }: Named| Ok(Input { bytes: std::fs::read(places.cwd.join(&path))?, path });
        let files: Vec<Input> = catalogue(places, true).into_iter().map(read).collect::<io::Result<_>>()?;
        if files.is_empty() {
            Err(io::Error::other("there are no scenarios to begin with"))
        } else {
            Ok(Self { files, seed })
        }
    }

    /// How many files there are.
    pub fn files(&self) -> usize {
        self.files.len()
    }

    /// The input of this number: one of the files, spoilt in one to four places.
    pub fn input(&self, number: u64) -> Input {
        let mut stream = Streams::new(self.seed).stream(&["fuzz", &number.to_string()]);
        let one = |of: u64| usize::try_from(of).unwrap_or_default();
        let mut input = self.files[one(stream.below(self.files.len() as u64))].clone();
        let other = &self.files[one(stream.below(self.files.len() as u64))];
        for _ in 0..=stream.below(4) {
            mutate::spoil(&mut input.bytes, &other.bytes, &mut stream);
        }
        input
    }
}

/// What a campaign did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Campaign {
    /// Inputs judged.
    pub inputs: u64,
    /// Of those, refused.
    pub refused: u64,
    /// Of those, valid.
    pub valid: u64,
    /// Of the valid, run.
    pub run: u64,
}

impl Campaign {
    /// Judges an input on a thread of its own, for at most a minute of wall time. Runs it for `simulated`, if it is valid and
    /// that is not zero.
    ///
    /// # Errors
    ///
    /// What is wrong with the harness.
    pub fn take(&mut self, input: &Input, simulated: Duration) -> Result<(), String> {
        let own = input.clone();
        self.judged(move || judge(&own, simulated))
    }

    /// The same of a bundle.
    ///
    /// # Errors
    ///
    /// As [`Campaign::take`].
    pub fn take_bundle(&mut self, bytes: &[u8], good: &[u8], simulated: Duration) -> Result<(), String> {
        let [bytes, good] = [bytes, good].map(<[u8]>::to_vec);
        self.judged(move || bundles::judge(bytes, good, simulated))
    }

    fn judged(&mut self, judge: impl FnOnce() -> Result<Fate, String> + Send + 'static) -> Result<(), String> {
        let fate = watched(HANGS, judge)?;
        self.inputs += 1;
        match fate {
            Fate::Refused => self.refused += 1,
            Fate::Valid => self.valid += 1,
            Fate::Run => (self.valid, self.run) = (self.valid + 1, self.run + 1),
        }
        Ok(())
    }
}

impl fmt::Display for Campaign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { inputs, refused, valid, run } = self;
        write!(f, "{inputs} inputs, {refused} refused, {valid} valid, {run} of them run")
    }
}

/// Does `work` on a thread of its own. Neither a panic nor a hang is an answer.
fn watched<T: Send + 'static>(
    most: Duration,
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    panics::keep_those_of_runs();
    let (send, receive) = channel();
    let thread = std::thread::Builder::new().name("fuzz".to_owned());
    let thread = thread.spawn(move || drop(send.send(panics::kept(work))));
    thread.map_err(|error| format!("no thread for the input: {error}"))?;
    let done = receive.recv_timeout(most).map_err(|_| format!("not done after {most:?}"))?;
    done.unwrap_or_else(|panic| Err(format!("panicked: {panic}")))
}

/// Keeps an input that was found, below `folder`, under its own name: a scenario is called as its file.
///
/// # Errors
///
/// What the file system says.
#[expect(clippy::disallowed_methods, reason = "what was found is kept; no run sees it")]
pub fn keep(input: &Input, folder: &Path) -> io::Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    let path = folder.join(input.path.file_name().unwrap_or_default());
    std::fs::write(&path, &input.bytes)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_a_panic_nor_a_hang_is_an_answer() {
        let long = Duration::from_secs(60);
        assert_eq!(watched(long, || Ok(7)), Ok(7));
        let broken = watched(long, || if true { panic!("broken {}", 7) } else { Ok(()) }).unwrap_err();
        assert!(broken.starts_with("panicked: broken 7 (at "), "{broken}");
        let for_ever = || loop {
            std::thread::park();
        };
        assert_eq!(watched::<()>(Duration::from_millis(20), for_ever), Err("not done after 20ms".into()));
    }
}
