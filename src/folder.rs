//! A group's own place on the disk that it shares with the others of its node.

use crate::env::{BoxFuture, Disk, DiskError, GroupId};
use std::sync::Arc;

/// What `group` keeps on `disk`: its files bear its name, but for those of the first group, which are named as if it were alone.
pub fn of(group: GroupId, disk: Arc<dyn Disk>) -> Arc<dyn Disk> {
    if group == GroupId::FIRST { disk } else { Arc::new(Folder { disk, group }) }
}

struct Folder {
    disk: Arc<dyn Disk>,
    group: GroupId,
}

impl Folder {
    fn name(&self, file: &str) -> String {
        format!("g{}/{file}", self.group.0)
    }
}

impl Disk for Folder {
    fn read(&self, file: &str) -> Result<Vec<u8>, DiskError> {
        self.disk.read(&self.name(file))
    }

    fn append(&self, file: &str, bytes: &[u8]) -> Result<(), DiskError> {
        self.disk.append(&self.name(file), bytes)
    }

    fn truncate(&self, file: &str, length: u64) -> Result<(), DiskError> {
        self.disk.truncate(&self.name(file), length)
    }

    fn sync(&self, file: &str) -> BoxFuture<Result<(), DiskError>> {
        self.disk.sync(&self.name(file))
    }

    fn replace(&self, file: &str, bytes: Vec<u8>) -> BoxFuture<Result<(), DiskError>> {
        self.disk.replace(&self.name(file), bytes)
    }
}
