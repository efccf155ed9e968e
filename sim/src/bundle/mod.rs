//! A bundle: all that a run leaves behind, in one file that ordinary tools open and that gives the run again.
//!
//! | file        | what it does                                                             |
//! |-------------|--------------------------------------------------------------------------|
//! | `part`      | the files of a bundle: names, what each holds, how large it may be        |
//! | `identity`  | which run it is, and of which leasehold                                  |
//! | `built`     | which leasehold this is                                                  |
//! | `decisions` | the decision log as text                                                 |
//! | `event`     | an event as a line of JSON                                               |
//! | `clients`   | what clients did, as Jepsen writes it                                    |
//! | `writer`    | a bundle that is being written, while its run is made again              |
//! | `archive`   | the file, held to its limits: whoever made it may have meant harm         |
//! | `reader`    | what a bundle says, once nothing is wrong with it                        |
//! | `replayed`  | what came of running a bundle's run again                                |
//! | `diff`      | where two runs part, and what of that matters                            |
//! | `told`      | the same as text                                                         |
//!
//! It is a zip of plain text. The same run gives the same bytes. Nothing is ever unpacked to a disk; nothing is read that is larger than its
//! limit, and one line at a time where it is large.

mod archive;
mod built;
mod clients;
mod decisions;
mod diff;
mod event;
mod identity;
mod part;
mod reader;
mod replayed;
mod told;
mod writer;

pub use self::{
    archive::Archive,
    built::Built,
    diff::{Both, Diff, Standing, diff},
    event::Event,
    identity::{Failed, Identity},
    part::Part,
    reader::Bundle,
    replayed::Replayed,
    writer::{Contents, Writer, packed},
};

/// The number of the format: it grows when an older leasehold could no longer read what is written.
pub const FORMAT: u32 = 1;

/// How the name of a bundle ends.
pub const EXTENSION: &str = "leasehold";
