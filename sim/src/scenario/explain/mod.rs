//! A plan in English, for somebody who has never seen the file: what there is, what happens when, what must come of it.
//!
//! | file       | what it tells                                                   |
//! |------------|-----------------------------------------------------------------|
//! | `cluster`  | nodes, times, lease, network, disk, processor, clocks           |
//! | `clients`  | what clients do                                                 |
//! | `steps`    | the timeline, a sentence a step                                 |
//! | `chart`    | the timeline, drawn to scale                                    |
//! | `expected` | bounds, variants, floors, checks                                |

mod chart;
mod clients;
mod cluster;
mod expected;
mod steps;

use std::{ops::RangeInclusive, time::Duration};

use super::{Class, Scenario, Seeds};
use crate::words::{
    figures::{exact, listed},
    wrapped,
};

/// The most columns of a line.
const WIDTH: usize = 110;

/// What the scenario room does not know: how the stack behaves, and which checks there are.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    /// What people call the scenario: `fast/partition`.
    pub title: &'a str,
    /// The variant that it runs under.
    pub variant: &'a str,
    /// What that is, in one line.
    pub about: &'a str,
    /// The variant's lease, where the scenario says nothing of its length.
    pub lease: Duration,
    /// The variant's own way to renew it, whatever the scenario says.
    pub renewal: Option<&'a str>,
    /// The checks that ride on every run, with the class of what they find.
    pub checks: Vec<(&'a str, Class)>,
}

/// `scenario` under a variant, as a person would tell it to another.
pub fn explain(scenario: &Scenario, context: &Context<'_>) -> String {
    let parts = [
        head(scenario, context),
        section("The cluster", &cluster::told(scenario, context)),
        section("The clients", &clients::told(scenario)),
        section("What happens", &steps::told(scenario)),
        format!("\nTo scale\n{}", chart::drawn(scenario)),
        section("What must come of it", &expected::told(scenario, context)),
    ];
    parts.concat()
}

fn head(scenario: &Scenario, context: &Context<'_>) -> String {
    let Context { title, variant, about, .. } = context;
    let sweep = match scenario.seeds.len() {
        1 => format!("one seed, {}", scenario.seeds.first()),
        many => format!("{many} seeds, {}", seeds(&scenario.seeds)),
    };
    let lasts = exact(scenario.until);
    let run = format!("A run lasts {lasts} of simulated time; {sweep}. It is under the variant `{variant}` ({about}).");
    let about = if scenario.about.is_empty() { Vec::new() } else { vec![scenario.about.clone()] };
    section(title, &[about, vec![run]].concat()).trim_start().to_owned()
}

/// `1 to 5`, `1, 5 and 9 to 11`
fn seeds(seeds: &Seeds) -> String {
    let range = |range: &RangeInclusive<u64>| match (range.start(), range.end()) {
        (first, last) if first == last => first.to_string(),
        (first, last) => format!("{first} to {last}"),
    };
    listed(&seeds.ranges().iter().map(range).collect::<Vec<_>>())
}

/// A heading and its lines, wrapped; nothing if there are none.
fn section(heading: &str, lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let rows = lines.iter().flat_map(|line| wrapped(&format!("  {line}"), WIDTH, 4));
    let rows: String = rows.map(|row| row + "\n").collect();
    format!("\n{heading}\n{rows}")
}
