//! Between a node and its disk.

use leasehold::env::{BoxFuture, Disk, DiskError};
use parking_lot::Mutex;
use std::sync::Arc;

type Synced = BoxFuture<Result<(), DiskError>>;

wrapper! {
    Between, writing, dyn Disk;
    impl Disk {
        odd sync(file: &str) -> Synced;
        plain read(file: &str) -> Result<Vec<u8>, DiskError>;
        plain append(file: &str, bytes: &[u8]) -> Result<(), DiskError>;
        plain truncate(file: &str, length: u64) -> Result<(), DiskError>;
        plain replace(file: &str, bytes: Vec<u8>) -> Synced;
    }
}

fn at_once() -> Synced {
    Box::pin(std::future::ready(Ok(())))
}

/// Says that it has synced, and has not: what was appended is read back, and is gone after a crash.
pub(in crate::mutant) fn never_synced(disk: Arc<dyn Disk>) -> Arc<dyn Disk> {
    writing(disk, (), |_| Between { sync: |(), _, _| at_once() })
}

/// Counts its syncs wrongly: each is done when the one before it is.
pub(in crate::mutant) fn one_sync_behind(disk: Arc<dyn Disk>) -> Arc<dyn Disk> {
    writing(disk, Mutex::new(None), |_| Between {
        sync: |before, disk, file| before.lock().replace(disk.sync(file)).unwrap_or_else(at_once),
    })
}
