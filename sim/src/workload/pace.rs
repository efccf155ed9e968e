//! When clients act: at a rate, whether or not they are answered (open loop), or one operation after another (closed loop).

use super::{Client, act};
use crate::cluster::{Cluster, SimWorld};
use crate::scenario::{Pace, Workload};
use crate::time::SimTime;
use crate::world::process::Process;
use crate::world::streams::Stream;
use std::sync::Arc;
use std::time::Duration;

pub(super) fn start(
    cluster: &Cluster,
    process: &Process,
    workload: &Workload,
    clients: Vec<Arc<Client>>,
    end: SimTime,
) {
    let (world, begin) = (cluster.world().clone(), SimTime::at(workload.from));
    match workload.pace() {
        Pace::Closed { think } => {
            for client in clients {
                process.spawn(closed_loop(world.clone(), client, workload.clone(), think, begin, end));
            }
        }
        Pace::Open { per_second_milli, burst } => {
            let arrivals = Arrivals {
                stream: world.streams().stream(&["workload", &workload.name, "arrivals"]),
                mean_nanos: 1e12 * f64::from(burst) / per_second_milli as f64,
                burst,
            };
            process.spawn(open_loop(world, process.clone(), clients, workload.clone(), arrivals, begin, end));
        }
    }
}

async fn closed_loop(
    world: SimWorld,
    client: Arc<Client>,
    workload: Workload,
    think: Duration,
    begin: SimTime,
    end: SimTime,
) {
    world.until(begin).await;
    while world.now() < end {
        let key = client.key();
        act(Arc::clone(&client), &workload, world.now(), key).await;
        world.sleep(think).await;
    }
}

async fn open_loop(
    world: SimWorld,
    process: Process,
    clients: Vec<Arc<Client>>,
    workload: Workload,
    mut arrivals: Arrivals,
    begin: SimTime,
    end: SimTime,
) {
    let workload = Arc::new(workload);
    let mut due = arrivals.after(begin);
    while due < end {
        world.until(due).await;
        let mut key = None;
        for _ in 0..arrivals.burst {
            let client = Arc::clone(&clients[arrivals.stream.below(clients.len() as u64) as usize]);
            let key = *key.get_or_insert_with(|| client.key());
            let workload = Arc::clone(&workload);
            process.spawn(async move { act(client, &workload, due, key).await });
        }
        due = arrivals.after(due);
    }
}

/// A Poisson process of bursts.
struct Arrivals {
    burst: u32,
    stream: Stream,
    mean_nanos: f64,
}

impl Arrivals {
    fn after(&mut self, moment: SimTime) -> SimTime {
        // 53 random bits, never 0, so that the logarithm is finite; libm, because std's last bit depends on the machine.
        let share = ((self.stream.number() >> 11) + 1) as f64 / (1_u64 << 53) as f64;
        let gap = -libm::log(share) * self.mean_nanos;
        SimTime(moment.0.saturating_add(gap as u64))
    }
}
