//! Events files: a run's history, one line an event.

use super::event::event_line;
use super::prelude::*;

/// What the files of a run are called, but for what they end in: `slow-chaos-default-7`.
pub fn run_name(report: &RunReport) -> String {
    format!("{}-{}-{}", title(&report.path).replace('/', "-"), report.under().replace(' ', "-"), report.seed)
}

/// The name of a run's events file.
pub fn file_name(report: &RunReport) -> String {
    format!("{}.events", run_name(report))
}

/// An events file that is being written: the end of a history, as much of it as there is room for.
pub struct EventsFile {
    path: PathBuf,
    file: BufWriter<File>,
    keys: Vec<String>,
    room: u64,
    /// The first bytes of the history, which are left out.
    skip: u64,
    /// Bytes of the history so far.
    bytes: u64,
    /// Bytes in the file.
    written: u64,
    dropped: u64,
    failed: Option<io::Error>,
}

impl EventsFile {
    /// The file of `report`'s run in the folder `dir`, which is made if it is missing, with at most `room` bytes of events, beginning after
    /// `skip` bytes of them.
    ///
    /// # Errors
    ///
    /// What the file system says.
    pub fn new(report: &RunReport, dir: &Path, room: u64, skip: u64) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        let path = dir.join(file_name(report));
        let mut file = BufWriter::new(File::create(&path)?);
        let RunReport { variant, seed, fingerprint, events, .. } = report;
        let some = if skip > 0 { "the last of its" } else { "its" };
        writeln!(file, "# {}, variant {variant}, seed {seed}, fingerprint {fingerprint}", title(&report.path))?;
        writeln!(file, "# {some} {events} events; times are simulated")?;
        let keys = report.keys.clone();
        Ok(Self { path, file, keys, room, skip, bytes: 0, written: 0, dropped: 0, failed: None })
    }

    /// Takes an event. What the file system says against it is told at the end.
    pub fn take(&mut self, record: &Record) {
        let line = event_line(record, &self.keys);
        let length = line.len() as u64 + 1;
        let has_room = self.bytes >= self.skip && self.written + length <= self.room;
        self.bytes += length;
        if !has_room {
            self.dropped += 1;
            return;
        }
        self.written += length;
        if self.failed.is_none() {
            self.failed = writeln!(self.file, "{line}").err();
        }
    }

    /// How many bytes of the history did not fit.
    pub fn excess(&self) -> u64 {
        self.bytes.saturating_sub(self.room)
    }

    /// Ends it: what is where, and how many bytes of events there are.
    ///
    /// # Errors
    ///
    /// What the file system has said.
    pub fn close(mut self) -> io::Result<(Stored, u64)> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.file.flush()?;
        Ok((Stored::In { path: self.path, dropped: self.dropped }, self.written))
    }
}
