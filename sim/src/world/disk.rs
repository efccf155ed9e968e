//! A disk: what was written is readable at once; what was synced survives a crash.

use super::quantiles::Quantiles;
use super::streams::Stream;
use crate::time::SimTime;
use std::collections::BTreeMap;

/// The files of one node. They outlive its processes.
#[derive(Clone, Debug)]
pub struct Disk {
    files: BTreeMap<String, File>,
    fsync: Quantiles,
    stream: Stream,
    /// When the last sync under way is done; syncs are done one after another.
    idle_at: SimTime,
}

#[derive(Clone, Debug, Default)]
struct File {
    content: Vec<u8>,
    /// How much of the content is durable.
    durable: usize,
}

/// A sync under way: when it is done, and what it makes durable then.
#[derive(Clone, Debug)]
pub struct Sync {
    /// When it is done.
    pub done: SimTime,
    file: String,
    length: usize,
}

/// A replacement of a whole file under way: when it is done. Before that the old content is there, after it the new.
#[derive(Clone, Debug)]
pub struct Replace {
    /// When it is done.
    pub done: SimTime,
    file: String,
    content: Vec<u8>,
}

impl Disk {
    /// An empty disk whose syncs take as long as drawn from `fsync`.
    pub fn new(fsync: Quantiles, stream: Stream) -> Self {
        Self { files: BTreeMap::new(), fsync, stream, idle_at: SimTime(0) }
    }

    /// The content of a file, durable or not; empty if there is none.
    pub fn read(&self, file: &str) -> Vec<u8> {
        self.files.get(file).map(|file| file.content.clone()).unwrap_or_default()
    }

    /// Appends to a file.
    pub fn append(&mut self, file: &str, bytes: &[u8]) {
        match self.files.get_mut(file) {
            Some(file) => file.content.extend_from_slice(bytes),
            None => {
                self.files.insert(file.to_owned(), File { content: bytes.to_vec(), durable: 0 });
            }
        }
    }

    /// Cuts a file; the cut itself is durable at once.
    pub fn truncate(&mut self, file: &str, length: usize) {
        if let Some(file) = self.files.get_mut(file) {
            file.content.truncate(length);
            file.durable = file.durable.min(length);
        }
    }

    /// Begins to make durable what the file holds now.
    pub fn begin_sync(&mut self, now: SimTime, file: &str) -> Sync {
        let length = self.files.get(file).map_or(0, |file| file.content.len());
        let latency = self.fsync.draw(&mut self.stream);
        let done = SimTime(self.idle_at.max(now).0 + latency);
        self.idle_at = done;
        Sync { done, file: file.to_owned(), length }
    }

    /// The sync is done.
    pub fn end_sync(&mut self, sync: &Sync) {
        if let Some(file) = self.files.get_mut(&sync.file) {
            file.durable = file.durable.max(sync.length.min(file.content.len()));
        }
    }

    /// Begins to put `content` in the place of what the file holds.
    pub fn begin_replace(&mut self, now: SimTime, file: &str, content: Vec<u8>) -> Replace {
        let done = self.begin_sync(now, file).done;
        Replace { done, file: file.to_owned(), content }
    }

    /// The replacement is done, and durable.
    pub fn end_replace(&mut self, Replace { file, content, .. }: Replace) {
        let durable = content.len();
        self.files.insert(file, File { content, durable });
    }

    /// The machine lost its memory: what was not durable is gone.
    pub fn crash(&mut self) {
        for file in self.files.values_mut() {
            file.content.truncate(file.durable);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::streams::Streams;
    use super::*;
    use std::time::Duration;

    fn disk() -> Disk {
        Disk::new(Quantiles::constant(Duration::from_nanos(100)), Streams::new(1).stream(&["disk"]))
    }

    #[test]
    fn a_crash_loses_exactly_what_was_not_synced() {
        let mut disk = disk();
        disk.append("log", b"one");
        let sync = disk.begin_sync(SimTime(0), "log");
        disk.append("log", b"two");
        disk.end_sync(&sync);
        assert_eq!(disk.read("log"), b"onetwo");
        disk.crash();
        assert_eq!(disk.read("log"), b"one");
    }

    #[test]
    fn a_sync_that_is_not_done_saves_nothing() {
        let mut disk = disk();
        disk.append("log", b"one");
        let _under_way = disk.begin_sync(SimTime(0), "log");
        disk.crash();
        assert_eq!(disk.read("log"), b"");
    }

    #[test]
    fn a_crash_in_the_middle_of_a_replacement_leaves_the_old_content_and_after_it_the_new() {
        let mut disk = disk();
        disk.append("log", b"old");
        let sync = disk.begin_sync(SimTime(0), "log");
        disk.end_sync(&sync);
        let replace = disk.begin_replace(SimTime(100), "log", b"new".to_vec());
        assert_eq!(replace.done, SimTime(200));
        disk.crash();
        assert_eq!(disk.read("log"), b"old");
        disk.end_replace(replace);
        disk.crash();
        assert_eq!(disk.read("log"), b"new");
    }

    #[test]
    fn syncs_queue() {
        let mut disk = disk();
        let [first, second] = [disk.begin_sync(SimTime(0), "log"), disk.begin_sync(SimTime(50), "log")];
        assert_eq!([first.done, second.done], [SimTime(100), SimTime(200)]);
    }
}
