//! What a run leaves behind.

use crate::words::figures::count;
use std::fmt;
use std::path::PathBuf;

/// What a run has left behind, and where.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Left {
    /// Its events; `None`: nobody has asked for them.
    pub events: Option<Stored>,
    /// Its bundle; `None`: it left none.
    pub bundle: Option<PathBuf>,
}

/// Where the events of a run are kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stored {
    /// In this file, but for so many at the beginning of the run.
    In {
        /// The file.
        path: PathBuf,
        /// Events for which there was no room.
        dropped: u64,
    },
    /// Nowhere: the files of other runs have taken all the room.
    Nowhere,
}

impl fmt::Display for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stored::In { path, dropped: 0 } => write!(f, "{}", path.display()),
            Stored::In { path, dropped } => {
                let first = if *dropped == 1 { "one".to_owned() } else { count(*dropped) };
                write!(f, "{}, without the first {first}: see --out-per-run, --out-total", path.display())
            }
            Stored::Nowhere => f.write_str("not kept, since other runs have filled the room: see --out-total"),
        }
    }
}
