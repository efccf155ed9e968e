//! Events files: the end of a run's history, one line an event.

use super::event::event_line;
use crate::verdict::RunReport;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// The name of a run's events file.
pub fn file_name(report: &RunReport) -> String {
    format!("{}-{}-{}.events", report.scenario, report.variant, report.seed)
}

/// Writes the events that were kept of `report` into the folder `dir`, which is made if it is missing, and returns the file's path.
///
/// # Errors
///
/// What the file system says.
pub fn write_events(report: &RunReport, dir: &Path) -> io::Result<PathBuf> {
    fs::create_dir_all(dir)?;
    let path = dir.join(file_name(report));
    let mut file = BufWriter::new(File::create(&path)?);
    let RunReport { variant, seed, fingerprint, events, kept, .. } = report;
    writeln!(file, "# {}, variant {variant}, seed {seed}, fingerprint {fingerprint}", report.path.display())?;
    writeln!(file, "# the last {} of {events} events; times are simulated", kept.len())?;
    for record in kept {
        writeln!(file, "{}", event_line(record, &report.keys))?;
    }
    file.flush()?;
    Ok(path)
}
