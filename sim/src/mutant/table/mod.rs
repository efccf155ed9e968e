//! The table of variants: an entry each, which also says where it is seen, and by what. It is a row of the matrix.
//!
//! | file       | what it holds                                                             |
//! |------------|---------------------------------------------------------------------------|
//! | `history`  | what a real system did, by its pull requests                              |
//! | `world`    | one bug each, made of the world around a node                             |
//! | `stack`    | one bug each, made between the parts of a node                            |
//! | `groups`   | one bug each, made between the groups of a node                           |
//! | `told`     | one bug each, in what the stack tells of itself and its callers          |
//! | `rules`    | one bug each, made of a rule not kept                                     |
//! | `bent`     | one bug each, made of a rule kept, but not quite                            |
//! | `openraft` | what openraft does by itself, and what is left to who sets it up             |
//! | `too_safe` | never wrong, and of no use                                                |

mod bent;
mod groups;
mod history;
mod openraft;
mod rules;
mod stack;
mod told;
mod too_safe;
mod world;

use super::Variant;

/// In the order of lists.
pub(super) const TABLE: [&[Variant]; 9] = [
    history::VARIANTS,
    world::VARIANTS,
    stack::VARIANTS,
    groups::VARIANTS,
    told::VARIANTS,
    rules::VARIANTS,
    bent::VARIANTS,
    openraft::VARIANTS,
    too_safe::VARIANTS,
];
