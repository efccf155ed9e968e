//! On turmoil.

use peers::{LATENCY, REPLICAS, Replica, TICK, Tally, seconds};
use std::time::{Duration, Instant};
use turmoil::net::UdpSocket;

const PORT: u16 = 7000;

async fn replica(id: u64, tally: Tally) -> turmoil::Result {
    let socket = UdpSocket::bind(("0.0.0.0", PORT)).await?;
    let (mut replica, mut tick) = (Replica::new(id, &tally), tokio::time::interval(TICK));
    let mut buffer = vec![0; 1 << 16];
    loop {
        let letters = tokio::select! {
            biased;
            received = socket.recv_from(&mut buffer) => replica.receive(&buffer[..received?.0]),
            _ = tick.tick() => replica.tick(),
        };
        for (to, bytes) in letters {
            socket.send_to(&bytes, (format!("n{to}"), PORT)).await?;
        }
    }
}

fn main() -> turmoil::Result {
    let tally = Tally::default();
    let mut simulation = turmoil::Builder::new()
        .simulation_duration(Duration::from_secs(seconds() + 10))
        .tick_duration(Duration::from_millis(1))
        .min_message_latency(LATENCY.start)
        .max_message_latency(LATENCY.end)
        .udp_capacity(4096)
        .build();
    for id in REPLICAS {
        let tally = tally.clone();
        simulation.host(format!("n{id}"), move || replica(id, tally.clone()));
    }
    simulation.client("clock", async {
        tokio::time::sleep(Duration::from_secs(seconds())).await;
        Ok(())
    });
    let begun = Instant::now();
    simulation.run()?;
    tally.tell("turmoil", begun);
    Ok(())
}
