//! Phrases that the sentences of several verbs are made of.

use crate::scenario::prelude::*;
use crate::scenario::{Ends, MessageKind, Selector};
use crate::words::figures::exact as time;
use crate::words::figures::listed;

/// Who these are together.
pub(super) fn all(nodes: &[Selector]) -> String {
    listed(&nodes.iter().copied().map(Selector::called).collect::<Vec<_>>())
}

pub(super) fn are_many(nodes: &[Selector]) -> bool {
    nodes.len() > 1 || nodes.iter().any(|node| node.is_many())
}

pub(super) fn drawn(selectors: &[Selector]) -> &'static str {
    if selectors.iter().any(|selector| selector.is_of_the_seed()) { " (who, the seed says)" } else { "" }
}

pub(super) fn lasting(lasts: Option<Duration>) -> String {
    lasts.map_or_else(|| "until something heals it".to_owned(), |lasts| format!("for {}", time(lasts)))
}

pub(super) fn percent(share: Ppm) -> String {
    format!("{}%", decimal(share.0.into(), 4))
}

pub(super) fn kinds_listed(kinds: &[MessageKind]) -> String {
    kinds.iter().map(|kind| format!("`{kind}`")).collect::<Vec<_>>().join(" or ")
}

/// On which links, and whether the seed says so.
pub(super) fn between(ends: &Ends) -> (String, &'static str) {
    let between = match (&ends.from[..], &ends.to[..]) {
        ([], []) => "between all nodes".to_owned(),
        (from, []) => format!("from {} to everybody", all(from)),
        ([], to) => format!("from everybody to {}", all(to)),
        (from, to) => format!("from {} to {}", all(from), all(to)),
    };
    (between, drawn(&[&ends.from[..], &ends.to].concat()))
}
