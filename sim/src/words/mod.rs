//! The vocabulary that scenario, history, world and reports share: each name once, with the one place where it is spelled. Knows the
//! stack and nothing of the harness.
//!
//! What the stack names itself (its lanes, its points, its work) is the stack's own type; here it is only spelled.
//!
//! | file       | what it holds                                          |
//! |------------|--------------------------------------------------------|
//! | `spelled`  | what a closed set of words is                          |
//! | `misread`  | the refusal of a word: what was meant, what is allowed |
//! | `verb`     | the faults of a timeline: the one list of them         |
//! | `selector` | nodes, by role or by number                            |
//! | `phase`    | what happens in the protocol                           |
//! | `message`  | kinds of messages, and what one says of its sender     |
//! | `network`  | what is done to links                                  |
//! | `hardware` | what goes wrong with clocks, disks and processes       |
//! | `class`    | how runs fail                                          |
//! | `op`       | kinds of operations                                    |
//! | `matter`   | what an event is about                                 |
//! | `figures`  | how numbers and times are written                      |
//! | `wrap`     | long lines in rows                                     |

mod class;
pub mod figures;
mod hardware;
mod matter;
mod message;
mod misread;
mod network;
mod op;
mod phase;
mod selector;
mod spelled;
mod verb;
mod wrap;

pub use class::Class;
pub use hardware::{ClockHarm, DiskHarm, DiskOperation, Drift, Jump, Paused, PausedClock, Tail};
pub use leasehold::coordinator::InnerReads;
pub use leasehold::engine::RenewalKind;
pub use leasehold::env::{Lane, Point, Work};
pub use matter::Matter;
pub use message::{MessageKind, Says};
pub use misread::{Misread, nearest};
pub(crate) use misread::{is_kebab, kebab, quote, quote_all, unknown, unknown_of_many};
pub use network::{Calls, Cut, Leftover, Mishap};
pub use op::OpKind;
pub use phase::Phase;
pub use selector::{GroupNumber, InGroup, Selector};
pub use spelled::Spelled;
pub(crate) use spelled::{told_words, words};
pub(crate) use verb::verbs;
pub use verb::{Disturbs, Healed, Verb};
pub use wrap::wrapped;
