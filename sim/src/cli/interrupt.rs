//! Ctrl-C, and what else asks a program to end: once, and nothing more is begun; twice, and it ends at once.

use super::Stop;
use leasehold_sim::report::{Ended, Status, Why};
use std::io::{self, Write};
use std::process::exit;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The status of a request that judged so many of what was planned, each as `status` says: where an interrupt ended it early it says so.
pub(super) fn or_early(what: &'static str, judged: u64, planned: u64, status: Status) -> Status {
    let early = Ended { what, judged, planned, why: Why::Interrupted }.early();
    early.iter().for_each(|early| eprintln!("{early}"));
    if early.is_some() { Status::Interrupted } else { status }
}

/// From now on the first interrupt sets what is returned, and the second ends the process.
///
/// # Errors
///
/// The system lets nobody listen.
pub(super) fn heard() -> Result<Arc<AtomicBool>, Stop> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    let hear = move || {
        if flag.swap(true, Ordering::Relaxed) {
            exit(i32::from(Status::Interrupted.code()));
        }
        // Nobody may be left to read it.
        let _ = writeln!(io::stderr(), "interrupted: what has begun is finished and reported; again: ends at once");
    };
    ctrlc::set_handler(hear).map_err(|error| Stop::Io(io::Error::other(error)))?;
    Ok(interrupted)
}
