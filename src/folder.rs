//! What the groups of a node have of the disk that they share: a place of their own each, and flushes together.

use crate::env::{BoxFuture, Disk, DiskError, Env, GroupId};
use crate::tasks::Tasks;
use parking_lot::Mutex;
use std::mem::take;
use std::sync::Arc;
use tokio::sync::oneshot;

/// The places of several groups on one disk. One flush is under way at a time; what is asked meanwhile goes into the next, of whichever groups
/// it is (group commit).
#[derive(Clone)]
pub struct Folders {
    env: Arc<dyn Env>,
    disk: Arc<dyn Disk>,
    tasks: Tasks,
    flushes: Arc<Mutex<Flushes>>,
}

#[derive(Default)]
struct Flushes {
    is_under_way: bool,
    /// What the next is to make durable, and who waits for it.
    next: Vec<(String, oneshot::Sender<Result<(), DiskError>>)>,
}

impl Folders {
    /// On this disk; what flushes need is one of `tasks`.
    pub fn new(env: Arc<dyn Env>, disk: Arc<dyn Disk>, tasks: Tasks) -> Self {
        Self { env, disk, tasks, flushes: Arc::default() }
    }

    /// What `group` keeps: its files bear its name, but for those of the first group, which are named as if it were alone.
    pub fn of(&self, group: GroupId) -> Arc<dyn Disk> {
        Arc::new(Folder { all: self.clone(), group })
    }

    async fn flush(self) {
        loop {
            let next = {
                let mut flushes = self.flushes.lock();
                flushes.is_under_way = !flushes.next.is_empty();
                take(&mut flushes.next)
            };
            if next.is_empty() {
                return;
            }
            let files: Vec<&str> = next.iter().map(|(file, _)| file.as_str()).collect();
            // When the node has stopped, nobody wants what is under way; a disk that stands still holds up no stop.
            let Ok(flushed) = self.tasks.until_stopped(self.disk.sync_all(&files)).await else { return };
            for (_, waits) in next {
                let _ = waits.send(flushed);
            }
        }
    }
}

struct Folder {
    all: Folders,
    group: GroupId,
}

impl Folder {
    fn name(&self, file: &str) -> String {
        if self.group == GroupId::FIRST { file.to_owned() } else { format!("g{}/{file}", self.group.0) }
    }
}

impl Disk for Folder {
    fn read(&self, file: &str) -> Result<Vec<u8>, DiskError> {
        self.all.disk.read(&self.name(file))
    }

    fn append(&self, file: &str, bytes: &[u8]) -> Result<(), DiskError> {
        self.all.disk.append(&self.name(file), bytes)
    }

    fn truncate(&self, file: &str, length: u64) -> Result<(), DiskError> {
        self.all.disk.truncate(&self.name(file), length)
    }

    fn sync(&self, file: &str) -> BoxFuture<Result<(), DiskError>> {
        let (waits, flushed) = oneshot::channel();
        let is_under_way = {
            let mut flushes = self.all.flushes.lock();
            flushes.next.push((self.name(file), waits));
            std::mem::replace(&mut flushes.is_under_way, true)
        };
        if !is_under_way {
            self.all.tasks.spawn(&*self.all.env, "flush", self.all.clone().flush());
        }
        Box::pin(async move { flushed.await.unwrap_or(Err(DiskError)) })
    }

    fn replace(&self, file: &str, bytes: Vec<u8>) -> BoxFuture<Result<(), DiskError>> {
        self.all.disk.replace(&self.name(file), bytes)
    }
}
