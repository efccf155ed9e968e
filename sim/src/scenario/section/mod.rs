//! What a valid scenario is: plain data, as its tables declare it, with the defaults of what a file leaves out, the limits of what it
//! may ask, and the rules of what fits together.
//!
//! | file       | what it holds                                                          |
//! |------------|------------------------------------------------------------------------|
//! | `file`     | the whole file: what stands above its tables, reading and printing     |
//! | `timeline` | when a step acts                                                       |
//! | `cluster`  | nodes, Raft's times, and what variants change                          |
//! | `network`  | networks and links, profiles                                           |
//! | `distribution` | what durations and sizes are drawn from                           |
//! | `hardware` | disk, processor, lanes                                                 |
//! | `claims`   | `[claims]` and `[checks]`                                              |
//! | `chaos`    | what a scenario leaves to the seed                                     |
//! | `workload` | what clients do                                                        |
//! | `expect`   | `[expect]` and `[floors]`                                              |
//! | `bound`    | what a metric is compared with                                         |
//! | `seeds`    | what a sweep runs: seeds, and a load                                   |
//! | `size`     | how much a run may ask of the machine                                  |
//!
//! Simulated time is [`Duration`](std::time::Duration) since the start of the run, exact to the nanosecond.

mod bound;
mod chaos;
mod claims;
mod cluster;
mod distribution;
mod expect;
mod file;
mod hardware;
mod network;
mod seeds;
mod size;
mod timeline;
mod workload;

pub(super) use self::file::{keys, read};
pub use self::{
    bound::{Bound, Op},
    chaos::*,
    claims::*,
    cluster::*,
    distribution::Distribution,
    expect::*,
    file::*,
    hardware::*,
    network::*,
    seeds::*,
    size::*,
    timeline::*,
    workload::*,
};
