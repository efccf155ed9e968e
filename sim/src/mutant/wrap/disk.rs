//! Between a node and its disk.

use leasehold::env::{BoxFuture, Disk, DiskError};
use parking_lot::Mutex;
use std::sync::Arc;

/// Says that it has synced, and has not: what was appended is read back, and is gone after a crash.
pub(in crate::mutant) fn never_synced(disk: Arc<dyn Disk>) -> Arc<dyn Disk> {
    struct NeverSynced(Arc<dyn Disk>);

    impl Disk for NeverSynced {
        fn read(&self, file: &str) -> Result<Vec<u8>, DiskError> {
            self.0.read(file)
        }

        fn append(&self, file: &str, bytes: &[u8]) -> Result<(), DiskError> {
            self.0.append(file, bytes)
        }

        fn truncate(&self, file: &str, length: u64) -> Result<(), DiskError> {
            self.0.truncate(file, length)
        }

        fn sync(&self, _file: &str) -> BoxFuture<Result<(), DiskError>> {
            Box::pin(std::future::ready(Ok(())))
        }

        fn replace(&self, file: &str, bytes: Vec<u8>) -> BoxFuture<Result<(), DiskError>> {
            self.0.replace(file, bytes)
        }
    }

    Arc::new(NeverSynced(disk))
}

/// Counts its syncs wrongly: each is done when the one before it is.
pub(in crate::mutant) fn one_sync_behind(disk: Arc<dyn Disk>) -> Arc<dyn Disk> {
    struct OneBehind {
        disk: Arc<dyn Disk>,
        before: Mutex<Option<BoxFuture<Result<(), DiskError>>>>,
    }

    impl Disk for OneBehind {
        fn read(&self, file: &str) -> Result<Vec<u8>, DiskError> {
            self.disk.read(file)
        }

        fn append(&self, file: &str, bytes: &[u8]) -> Result<(), DiskError> {
            self.disk.append(file, bytes)
        }

        fn truncate(&self, file: &str, length: u64) -> Result<(), DiskError> {
            self.disk.truncate(file, length)
        }

        fn sync(&self, file: &str) -> BoxFuture<Result<(), DiskError>> {
            let before = self.before.lock().replace(self.disk.sync(file));
            before.unwrap_or_else(|| Box::pin(std::future::ready(Ok(()))))
        }

        fn replace(&self, file: &str, bytes: Vec<u8>) -> BoxFuture<Result<(), DiskError>> {
            self.disk.replace(file, bytes)
        }
    }

    Arc::new(OneBehind { disk, before: Mutex::default() })
}
