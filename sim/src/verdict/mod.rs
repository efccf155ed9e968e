//! Whether a run was as it should be: what was measured, what failed, and what the scenario file expects.
//!
//! | file        | what it does                                                                          |
//! |-------------|---------------------------------------------------------------------------------------|
//! | `auditor`   | sees every record of a run: feeds the checks, the meter and the fault counters        |
//! | `measure`   | [`Meter`]: counts and latencies, over the whole run and in each tagged window         |
//! | `latency`   | what became of operations, and how long they took                                     |
//! | `journey`   | what each operation waited for, from when it was due to its end                        |
//! | `spent`     | where the time of operations went, in sum, the slow ones apart from the fast           |
//! | `overload`  | of which node more was asked than it has, and from when on                             |
//! | `unserved`  | the stretches of time in which nobody was served                                      |
//! | `gauge`     | how long things lasted: no leader, failovers, recoveries, cold leases                   |
//! | `waiting`   | who waited for a ReadIndex round, and when                                          |
//! | `recoveries`| how soon there was a leader again after faults, over many runs                        |
//! | `reading`   | the value of a scenario's metric in a window, or why there is none                    |
//! | `judge`     | [`judge()`]: findings, expectations and floors against the file                       |
//! | `explain`   | the story of an expectation that does not hold                                        |
//! | `grown`     | what is otherwise there than in a window in which it does hold                        |
//! | `sighting`  | what was seen of a variant, over many runs                                            |
//! | `margin`    | how far from unsafe a scenario was found to be                                        |
//! | `met`       | what a run has met, in which situations of a node                                   |
//! | `outcome`   | what comes of it all: the plain data that reports are written from                    |

mod auditor;
mod explain;
mod gauge;
mod grown;
mod journey;
mod judge;
mod latency;
mod margin;
mod measure;
mod met;
mod outcome;
mod overload;
mod panels;
mod prelude;
mod reading;
mod recoveries;
mod sighting;
mod spent;
mod unserved;
mod waiting;

#[cfg(test)]
pub(crate) mod testing;

pub use auditor::{Audit, Auditor, SharedAuditor, panels};
pub(crate) use explain::not_answered;
pub(crate) use judge::EXPECTED_TO_PASS;
pub use judge::{is_of_the_harness, judge, panicked};
pub use margin::{Breach, Found, Margin};
pub use measure::Meter;
pub use met::{Meets, Met, MetIn, Situation, ruled_out, things};
pub use outcome::*;
pub use overload::{Overload, Resource};
pub use panels::Panels;
pub use reading::{Measured, read, shown};
pub use recoveries::{Distributed, ManyRecoveries, Recoveries};
pub use sighting::{Row, Sighting};
pub use spent::{Spent, Stage};
