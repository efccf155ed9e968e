//! On madsim, as it comes.

use madsim::net::Endpoint;
use madsim::runtime::{Handle, Runtime};
use madsim::time::{Duration, interval, sleep};
use peers::{LATENCY, REPLICAS, Replica, TICK, Tally, seconds};
use std::time::Instant;

const PORT: u16 = 7000;
const TAG: u64 = 1;

async fn replica(id: u64, tally: Tally) {
    let endpoint = Endpoint::bind(("0.0.0.0", PORT)).await.expect("a free port");
    let (mut replica, mut tick) = (Replica::new(id, &tally), interval(TICK));
    let mut buffer = vec![0; 1 << 16];
    loop {
        let letters = tokio::select! {
            biased;
            received = endpoint.recv_from(TAG, &mut buffer) => replica.receive(&buffer[..received.expect("a datagram").0]),
            _ = tick.tick() => replica.tick(),
        };
        for (to, bytes) in letters {
            endpoint.send_to((format!("10.0.0.{to}"), PORT), TAG, &bytes).await.expect("the network takes it");
        }
    }
}

fn main() {
    let (tally, begun) = (Tally::default(), Instant::now());
    let told = tally.clone();
    // madsim lets a thread run one simulation.
    let simulation = std::thread::spawn(move || {
        let mut config = madsim::Config::default();
        config.net.send_latency = LATENCY;
        Runtime::with_seed_and_config(1, config).block_on(async move {
            for id in REPLICAS {
                let node =
                    Handle::current().create_node().ip(std::net::Ipv4Addr::new(10, 0, 0, id as u8).into()).build();
                node.spawn(replica(id, tally.clone()));
            }
            sleep(Duration::from_secs(seconds())).await;
        });
    });
    simulation.join().expect("the simulation ends well");
    told.tell("madsim", begun);
}
