//! Scenarios that nobody wrote: what must be so of any, and what becomes of one of which it is not.
//!
//! | file     | what it holds                                                                        |
//! |----------|--------------------------------------------------------------------------------------|
//! | `search` | draws scenarios, and shrinks, on their structure, the first of which it is not so    |
//! | `judge`  | what must be so: of the stack as it is, and of a planted bug                         |
//! | `found`  | what is left, as a file for `scenarios/regressions/`, and what a person is told      |
//!
//! What can be drawn, `scenario::arbitrary` says. How many, and from which seed, knobs do: `LEASEHOLD_CASES`, `LEASEHOLD_SEED`.

mod found;
mod judge;
mod search;
mod tests;
