//! A disk that keeps apart what is written and what is durable.

use super::signal::Signal;
use crate::env::{BoxFuture, Disk, DiskError};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;

type Files = BTreeMap<String, Vec<u8>>;

/// One node's disk; it survives the node. Cloned, it is the same disk.
#[derive(Clone, Default)]
pub(crate) struct TestDisk(Arc<Inner>);

#[derive(Default)]
struct Inner {
    state: Mutex<State>,
    recovered: Signal,
}

#[derive(Default)]
struct State {
    written: Files,
    durable: Files,
    fails: bool,
    stalls: bool,
    panics: bool,
    /// How many syncs and replacements were begun.
    syncs: usize,
}

impl TestDisk {
    /// Loses what was not synced.
    pub(crate) fn crash(&self) {
        let mut state = self.0.state.lock();
        state.written = state.durable.clone();
    }

    /// Every operation fails from now on, or none.
    pub(crate) fn fails(&self, fails: bool) {
        self.0.state.lock().fails = fails;
        self.0.recovered.changed();
    }

    /// Syncs and replacements wait from now on, or go on.
    pub(crate) fn stalls(&self, stalls: bool) {
        self.0.state.lock().stalls = stalls;
        self.0.recovered.changed();
    }

    /// Whoever asks for anything to be made durable from now on panics.
    pub(crate) fn panics(&self) {
        self.0.state.lock().panics = true;
    }

    /// How many syncs and replacements were begun.
    pub(crate) fn syncs(&self) -> usize {
        self.0.state.lock().syncs
    }

    /// Changes what is on the disk, as a fault of its own might.
    pub(crate) fn corrupt(&self, file: &str, change: impl Fn(&mut Vec<u8>)) {
        let mut state = self.0.state.lock();
        let State { written, durable, .. } = &mut *state;
        [written, durable].into_iter().for_each(|files| change(files.entry(file.to_owned()).or_default()));
    }

    fn changes(&self, file: &str, change: impl FnOnce(&mut Vec<u8>)) -> Result<(), DiskError> {
        let mut state = self.0.state.lock();
        if state.fails {
            return Err(DiskError);
        }
        change(state.written.entry(file.to_owned()).or_default());
        Ok(())
    }

    /// Once the disk does not stall: makes this what is durable of each file.
    fn makes_durable(&self, files: Vec<(String, Vec<u8>)>, replaces: bool) -> BoxFuture<Result<(), DiskError>> {
        let disk = Arc::clone(&self.0);
        disk.state.lock().syncs += 1;
        Box::pin(async move {
            disk.recovered.until(|| !disk.state.lock().stalls).await;
            let mut state = disk.state.lock();
            if state.panics {
                super::panic("the disk was told to");
            }
            if state.fails {
                return Err(DiskError);
            }
            for (file, content) in files {
                if replaces {
                    state.written.insert(file.clone(), content.clone());
                }
                state.durable.insert(file, content);
            }
            Ok(())
        })
    }
}

impl Disk for TestDisk {
    fn read(&self, file: &str) -> Result<Vec<u8>, DiskError> {
        let state = self.0.state.lock();
        if state.fails { Err(DiskError) } else { Ok(state.written.get(file).cloned().unwrap_or_default()) }
    }

    fn append(&self, file: &str, bytes: &[u8]) -> Result<(), DiskError> {
        self.changes(file, |content| content.extend_from_slice(bytes))
    }

    fn truncate(&self, file: &str, length: u64) -> Result<(), DiskError> {
        self.changes(file, |content| content.truncate(length as usize))
    }

    fn sync(&self, file: &str) -> BoxFuture<Result<(), DiskError>> {
        self.sync_all(&[file])
    }

    fn sync_all(&self, files: &[&str]) -> BoxFuture<Result<(), DiskError>> {
        let written = |file: &&str| self.0.state.lock().written.get(*file).cloned().unwrap_or_default();
        let files = files.iter().map(|file| ((*file).to_owned(), written(file))).collect();
        self.makes_durable(files, false)
    }

    fn replace(&self, file: &str, bytes: Vec<u8>) -> BoxFuture<Result<(), DiskError>> {
        self.makes_durable(vec![(file.to_owned(), bytes)], true)
    }
}
