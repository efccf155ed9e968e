//! x
use leasehold_sim::*;
use std::sync::Arc;
use cluster::*; use history::*;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let scenario = match scenario::load(std::path::Path::new(&a[1])) { Ok(s) => Arc::new(s), Err(e) => { println!("{e}"); return } };
    let variant = cluster::find(&a[2]).unwrap();
    for seed in 1..=a[3].parse::<u64>().unwrap() {
        let s = scenario.clone();
        let t = std::time::Instant::now();
        let p = std::thread::spawn(move || {
            let keys = workload::KeySpace::new(&s);
            let history = History::new(Keep::Last(if std::env::var("DUMP").is_ok() {1000000} else {0}), vec![]);
            let recorder = Arc::new(Recorder::new(history));
            let world = SimWorld::new(seed);
            world::executor::run(seed, || {
                let cluster = Cluster::build(world.clone(), recorder.clone(), Plan { scenario: s.clone(), variant, clients: workload::clients(&s), leak: false });
                fault::schedule(&cluster, &s);
                workload::start(&cluster, &s, &keys);
                world.run(time::SimTime::at(s.until), || false);
                let p = recorder.close();
                world.dissolve();
                p
            })
        }).join().unwrap();
        let el = t.elapsed();
        println!("seed {seed} events {} msgs {} fp {} wall {:?} x{:.0}", p.events, p.messages, p.fingerprint, el, scenario.until.as_secs_f64()/el.as_secs_f64());
        if std::env::var("DUMP").is_ok() { for r in p.kept { println!("{} {:?}", r.at, r.what) } }
    }
}
