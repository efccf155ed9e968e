//! The gate: which runs a change has to pass, and what is told of them: failures in groups, known failures, figures that moved, and
//! what there was no time for.
//!
//! | file        | what it holds                                                           |
//! |-------------|-------------------------------------------------------------------------|
//! | `commit`    | the commit, and the seeds that it stands for                            |
//! | `house`     | a project's files: profiles, known failures, pins                       |
//! | `plan`      | the runs of a profile, in order                                         |
//! | `signature` | when two failures are the same                                          |
//! | `groups`    | the failures of all runs, in groups                                     |
//! | `fate`      | what became of each known failure                                       |
//! | `moved`     | figures that are not as pinned, and how much that matters               |
//! | `outcome`   | all of it, and what it means for the exit status                        |
//! | `told`      | an outcome as values: what is told, in which order, and how much of it  |
//! | `text`      | that as a screen                                                        |
//! | `markdown`  | that as Markdown                                                        |
//! | `lines`     | an outcome as JSON lines                                                |

mod commit;
mod fate;
mod groups;
mod house;
mod lines;
mod markdown;
mod moved;
mod outcome;
mod plan;
mod prelude;
mod signature;
#[cfg(test)]
mod tests;
mod text;
mod told;

pub use self::{
    commit::Commit,
    fate::{Fate, Known},
    groups::{Group, Groups},
    house::House,
    lines::json_lines,
    markdown::markdown,
    moved::{Moved, Moves},
    outcome::{Chosen, Ended, Outcome, Request},
    plan::{Plan, plan},
    signature::{Kind, signature},
    text::{screen, shown},
};
