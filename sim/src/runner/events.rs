//! All events of a run in a file. The run is made again, and what happens is written as it comes: no run has to keep its history in
//! memory for the few that are looked at.

use super::Spec;
use super::run::rerun;
use crate::history::{Observer, Record};
use crate::report::{EventsFile, Stored};
use crate::verdict::RunReport;
use parking_lot::Mutex;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Writes the events of `spec`'s run, on which `report` is, into the folder `dir`: at most `room` bytes, the last of them. Returns where they
/// are, and how many bytes.
///
/// # Errors
///
/// What the file system says.
pub fn store_events(spec: &Spec, report: &RunReport, dir: &Path, room: u64) -> io::Result<(Stored, u64)> {
    let file = written(spec, EventsFile::new(report, dir, room, 0)?);
    let excess = file.excess();
    let stored = file.close()?;
    if excess == 0 {
        return Ok(stored);
    }
    // How much is too much is known now.
    written(spec, EventsFile::new(report, dir, room, excess)?).close()
}

/// `file`, with what happens.
fn written(spec: &Spec, file: EventsFile) -> EventsFile {
    let file = Arc::new(Mutex::new(Some(file)));
    rerun(spec, Box::new(Writer(Arc::clone(&file))));
    let file = file.lock().take();
    file.expect("nobody else takes it")
}

struct Writer(Arc<Mutex<Option<EventsFile>>>);

impl Observer for Writer {
    fn record(&mut self, record: &Record) -> bool {
        if let Some(file) = self.0.lock().as_mut() {
            file.take(record);
        }
        true
    }
}
