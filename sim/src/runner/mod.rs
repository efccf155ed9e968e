//! One seed; many seeds; the same seeds again in other ways.
//!
//! | file      | what it does                                                                    |
//! |-----------|---------------------------------------------------------------------------------|
//! | `request` | what a user asked for, found, loaded and validated before anything runs         |
//! | `places`  | where scenario files are, and which of them a word means                        |
//! | `knobs`   | the same wishes from the environment, for `cargo test`                          |
//! | `run`     | one seed of one scenario under one variant, on a thread of its own              |
//! | `reach`   | whether a variant did anything that the default does not                        |
//! | `cpu`     | how much a thread has computed                                                  |
//! | `panics`  | panics inside a run are results                                                 |
//! | `sweep`   | many of them on several cores, reported in the order in which they were asked   |
//! | `margin`  | how far something can be turned up before a lease is wrong                      |
//! | `events`  | all events of a run in a file                                                   |
//! | `bundles` | which runs leave a bundle, and what is run of one                               |
//! | `replay`  | a bundle's run again                                                            |
//! | `verify`  | the same seed in other ways: one history, or the first event that differs       |
//! | `matrix`  | variants against checks: what is wrong with each is seen, and how soon          |
//! | `coverage`| what all scenarios together meet, in which situations                            |
//! | `fuzz`    | spoilt scenario files: each is refused or runs                                  |

pub mod bundles;
pub mod coverage;
mod cpu;
mod events;
pub mod fuzz;
pub mod knobs;
mod margin;
pub mod matrix;
mod panics;
mod places;
mod reach;
mod replay;
mod request;
mod run;
mod sweep;
mod verify;

pub use self::{
    bundles::{Bundled, Bundles, Leaves},
    events::store_events,
    margin::{broken, dialled, margin},
    places::{Named, Places, catalogue},
    reach::{Defaults, beside_default},
    replay::replay,
    request::{
        Engines, Group, Refusals, Wanted, Wish, find_variant, known_names, load, read_as, resolve, scenario_schema,
    },
    run::{Spec, draws, observed, revisit, run},
    sweep::{Stops, in_order, sweep, sweep_until},
    verify::{Difference, Fresh, Verified, WAYS, confirm, verify},
};

/// `` ; did you mean `x`? ``, or, if nothing is near, where all of them are listed.
fn meant_or_list<'a>(word: &str, known: impl IntoIterator<Item = &'a str>, list: &str) -> String {
    match crate::scenario::nearest(word, known) {
        Some(meant) => format!("; did you mean `{meant}`?"),
        None => format!("; see `leasehold list {list}`"),
    }
}
