//! Between a node and its disk.

use leasehold::env::{BoxFuture, Disk, DiskError};
use std::sync::Arc;

/// Says that it has synced, and has not: what was appended is read back, and is gone after a crash.
pub(super) fn never_synced(disk: Arc<dyn Disk>) -> Arc<dyn Disk> {
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
