//! Between a node and its disk.

use leasehold::env::{BoxFuture, Disk, DiskError};
use parking_lot::Mutex;
use std::sync::Arc;

type Synced = BoxFuture<Result<(), DiskError>>;

wrapper! {
    Between, writing, dyn Disk;
    impl Disk {
        odd append(file: &str, bytes: &[u8]) -> Result<(), DiskError>;
        odd sync(file: &str) -> Synced;
        plain read(file: &str) -> Result<Vec<u8>, DiskError>;
        plain truncate(file: &str, length: u64) -> Result<(), DiskError>;
        plain replace(file: &str, bytes: Vec<u8>) -> Synced;
    }
}

fn at_once() -> Synced {
    Box::pin(std::future::ready(Ok(())))
}

/// Says that it has synced, and has not: what was appended is read back, and is gone after a crash.
pub(in crate::mutant) fn never_synced(disk: Arc<dyn Disk>) -> Arc<dyn Disk> {
    writing(disk, (), |as_it_is| Between { sync: |(), _, _| at_once(), ..as_it_is })
}

/// Begins its syncs before the last bytes are there: the second half of what is appended is durable with the next sync.
pub(in crate::mutant) fn half_synced(disk: Arc<dyn Disk>) -> Arc<dyn Disk> {
    writing(disk, Mutex::new(Vec::new()), |_| Between {
        append: |rest, disk, file, bytes| {
            let (first, second) = bytes.split_at(bytes.len() / 2);
            *rest.lock() = second.to_vec();
            disk.append(file, first)
        },
        sync: |rest, disk, file| {
            let synced = disk.sync(file);
            let appended = disk.append(file, &std::mem::take(&mut *rest.lock()));
            Box::pin(async move { synced.await.and(appended) })
        },
    })
}

/// Counts its syncs wrongly: each is done when the one before it is.
pub(in crate::mutant) fn one_sync_behind(disk: Arc<dyn Disk>) -> Arc<dyn Disk> {
    writing(disk, Mutex::new(None), |as_it_is| Between {
        sync: |before, disk, file| before.lock().replace(disk.sync(file)).unwrap_or_else(at_once),
        ..as_it_is
    })
}
