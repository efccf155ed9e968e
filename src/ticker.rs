//! The clock step of a process: one task for all its engines, however many they are.

use crate::env::Env;
use crate::tasks::Tasks;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Is told of each tick, until it says that it needs no more.
type Ticked = Box<dyn FnMut() -> bool + Send>;

/// Tells whoever wants it of ticks. A handle: clones are the same.
#[derive(Clone)]
pub struct Ticker {
    env: Arc<dyn Env>,
    tasks: Tasks,
    /// By the length of a tick.
    told: Arc<Mutex<BTreeMap<Duration, Vec<Ticked>>>>,
}

impl Ticker {
    /// By the clock of `env`; what it needs is one of `tasks`.
    pub fn new(env: Arc<dyn Env>, tasks: Tasks) -> Self {
        Self { env, tasks, told: Arc::default() }
    }

    /// Calls `ticked` at a fixed distance, `tick`, until it answers false. Whoever asks for the same distance is told at the same time.
    pub fn every(&self, tick: Duration, ticked: impl FnMut() -> bool + Send + 'static) {
        let is_first = {
            let mut told = self.told.lock();
            let same = told.entry(tick).or_default();
            same.push(Box::new(ticked));
            same.len() == 1
        };
        if is_first {
            let ticker = self.clone();
            self.tasks.spawn(&*self.env, "tick", async move {
                while ticker.told.lock().contains_key(&tick) {
                    ticker.env.sleep(tick).await;
                    ticker.tell(tick);
                }
            });
        }
    }

    fn tell(&self, tick: Duration) {
        let mut told = self.told.lock();
        let Some(same) = told.get_mut(&tick) else { return };
        same.retain_mut(|ticked| ticked());
        if same.is_empty() {
            told.remove(&tick);
        }
    }
}
