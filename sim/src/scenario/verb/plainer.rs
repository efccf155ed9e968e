//! What is plainer than a fault, one step at a time: what minimising tries. Each answer is plainer in one way and more complicated in
//! none, so that who goes from one to the next comes to an end.

use crate::scenario::prelude::*;
use crate::scenario::{Ends, Selector};

/// `deed` with one thing changed, for each of `values`.
pub(super) fn each<D: Clone, V>(deed: &D, values: impl IntoIterator<Item = V>, set: fn(&mut D, V)) -> Vec<D> {
    let changed = |value| {
        let mut changed = deed.clone();
        set(&mut changed, value);
        changed
    };
    values.into_iter().map(changed).collect()
}

/// What is said where nothing is, unless it is.
pub(super) fn usual<V: PartialEq>(value: &V, usual: V) -> Option<V> {
    Some(usual).filter(|usual| usual != value)
}

/// How long a fault may last instead: until it is healed, which need not be said; or shorter, in round numbers.
pub(super) fn shorter(lasts: Option<Duration>) -> Vec<Option<Duration>> {
    let Some(lasts) = lasts else { return Vec::new() };
    [None].into_iter().chain(units::shorter(lasts).into_iter().map(Some)).collect()
}

/// One of several nodes, or a plainer role of one.
pub(super) fn fewer(nodes: &[Selector]) -> Vec<Vec<Selector>> {
    match nodes {
        [one] => one.plainer().into_iter().map(|role| vec![role]).collect(),
        several => several.iter().map(|one| vec![*one]).collect(),
    }
}

/// All links, or fewer nodes at either end.
pub(super) fn ends(ends: &Ends) -> Vec<Ends> {
    let from = fewer(&ends.from).into_iter().map(|from| Ends { from, ..ends.clone() });
    let to = fewer(&ends.to).into_iter().map(|to| Ends { to, ..ends.clone() });
    usual(ends, Ends::default()).into_iter().chain(from).chain(to).collect()
}
