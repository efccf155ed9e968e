//! Between a node and its disk.

use leasehold::env::{BoxFuture, Disk, DiskError};
use parking_lot::Mutex;
use std::sync::Arc;

/// A disk whose syncs are odd.
struct Odd<S> {
    disk: Arc<dyn Disk>,
    /// Syncs a file.
    sync: S,
}

type Synced = BoxFuture<Result<(), DiskError>>;

impl<S: Fn(&dyn Disk, &str) -> Synced + Send + Sync + 'static> Disk for Odd<S> {
    fn read(&self, file: &str) -> Result<Vec<u8>, DiskError> {
        self.disk.read(file)
    }

    fn append(&self, file: &str, bytes: &[u8]) -> Result<(), DiskError> {
        self.disk.append(file, bytes)
    }

    fn truncate(&self, file: &str, length: u64) -> Result<(), DiskError> {
        self.disk.truncate(file, length)
    }

    fn sync(&self, file: &str) -> Synced {
        (self.sync)(&*self.disk, file)
    }

    fn replace(&self, file: &str, bytes: Vec<u8>) -> Synced {
        self.disk.replace(file, bytes)
    }
}

fn at_once() -> Synced {
    Box::pin(std::future::ready(Ok(())))
}

/// Says that it has synced, and has not: what was appended is read back, and is gone after a crash.
pub(in crate::mutant) fn never_synced(disk: Arc<dyn Disk>) -> Arc<dyn Disk> {
    Arc::new(Odd { disk, sync: |_: &dyn Disk, _: &str| at_once() })
}

/// Counts its syncs wrongly: each is done when the one before it is.
pub(in crate::mutant) fn one_sync_behind(disk: Arc<dyn Disk>) -> Arc<dyn Disk> {
    let before = Mutex::new(None);
    let sync = move |disk: &dyn Disk, file: &str| before.lock().replace(disk.sync(file)).unwrap_or_else(at_once);
    Arc::new(Odd { disk, sync })
}
