//! Which group has which keys, and since which version.
//!
//! Who has a range is decided in the logs of the groups: the one that has it releases it, and then another adopts it. What a node knows is
//! a hint, its [`Table`]: it finds the group that a request is sent to first. A group that does not have a key refuses, and says what it
//! knows. Each range has a version, which every move raises: what is newer replaces what is older, never the other way round
//! (elastickv C3).

use crate::env::GroupId;
use crate::request::{Key, KeyRange};
use crate::rules::{Rule, before};
use parking_lot::{Mutex, MutexGuard};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Bound;

/// The version of every range before it has ever moved.
const FOUNDED: u64 = 1;

/// Who has a range of keys, as far as somebody knows.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Route {
    /// The keys.
    pub range: KeyRange,
    /// The group that has them; `None`: none has.
    pub owner: Option<GroupId>,
    /// The how manieth group that is, from 1 on.
    pub version: u64,
}

/// A range that is to go from one group to another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Move {
    /// The keys.
    pub range: KeyRange,
    /// The group that has them.
    pub from: GroupId,
    /// The group that shall have them.
    pub to: GroupId,
}

/// The owner of a range, and its version.
type Owned = (Option<GroupId>, u64);

/// A table of ranges of keys: each begins at a key and ends before the next.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Routes {
    ranges: BTreeMap<Key, Owned>,
}

impl Routes {
    /// One group has all keys.
    pub fn all_to(group: GroupId) -> Self {
        Self::new([(Key::new(), Some(group))])
    }

    /// Where each range begins, and which group has it; `None`: no group. What is before the first belongs to none.
    pub fn new(ranges: impl IntoIterator<Item = (Key, Option<GroupId>)>) -> Self {
        Self { ranges: ranges.into_iter().map(|(from, owner)| (from, (owner, FOUNDED))).collect() }
    }

    /// The group that has `key`; `None`: whoever asks for it fails.
    pub fn owner(&self, key: &str) -> Option<GroupId> {
        self.owned(key).0
    }

    fn owned(&self, key: &str) -> Owned {
        let found = self.ranges.range::<str, _>((Bound::Unbounded, Bound::Included(key))).next_back();
        found.map_or((None, FOUNDED), |(_, owned)| *owned)
    }

    /// What is known of `key`, and of all keys around it of which the same is.
    pub fn route(&self, key: &str) -> Route {
        let (owner, version) = self.owned(key);
        let from = self.ranges.range::<str, _>((Bound::Unbounded, Bound::Included(key))).next_back();
        let to = self.ranges.range::<str, _>((Bound::Excluded(key), Bound::Unbounded)).next();
        let range =
            KeyRange { from: from.map_or_else(Key::new, |(from, _)| from.clone()), to: to.map(|(to, _)| to.clone()) };
        Route { range, owner, version }
    }

    /// What is known of all keys of `range`, which is not empty: piece by piece, in their order.
    pub fn pieces(&self, range: &KeyRange) -> impl Iterator<Item = Route> {
        let begins = self.ranges.range::<str, _>((Bound::Excluded(&*range.from), Bound::Unbounded));
        let begins = begins.map(|(from, _)| from).take_while(|from| range.has(from));
        let mut pieces: Vec<Route> = [&range.from].into_iter().chain(begins).map(|from| self.route(from)).collect();
        if let Some(first) = pieces.first_mut() {
            first.range.from.clone_from(&range.from);
        }
        if let Some(last) = pieces.last_mut() {
            last.range.to.clone_from(&range.to);
        }
        pieces.into_iter()
    }

    /// Replaces what is older than `route`. Was there anything?
    pub fn learn(&mut self, route: &Route) -> bool {
        if route.range.is_empty() {
            return false;
        }
        let is_newer = |piece: &Route| Rule::NewerRouteReplaces.holds(before(piece.version, route.version));
        let learned = (route.owner, route.version);
        let differs = |piece: &Route| (piece.owner, piece.version) != learned;
        let older: Vec<KeyRange> = self
            .pieces(&route.range)
            .filter(|piece| differs(piece) && is_newer(piece))
            .map(|piece| piece.range)
            .collect();
        for range in &older {
            if let Some(to) = &range.to {
                let after = self.owned(to);
                self.ranges.insert(to.clone(), after);
            }
            self.ranges.insert(range.from.clone(), learned);
        }
        self.join();
        !older.is_empty()
    }

    /// Neighbours of which the same is known are one range.
    fn join(&mut self) {
        let mut before = None;
        self.ranges.retain(|_, owned| before.replace(*owned) != Some(*owned));
    }
}

/// What a node knows of who has which keys; all that it runs share it.
#[derive(Debug, Default)]
pub struct Table {
    routes: Mutex<Routes>,
}

impl Table {
    /// This is known.
    pub fn new(routes: Routes) -> Self {
        Self { routes: Mutex::new(routes) }
    }

    /// What is known now.
    pub fn known(&self) -> MutexGuard<'_, Routes> {
        self.routes.lock()
    }

    /// Learns what is newer than what is known. Was it?
    pub fn learn(&self, route: &Route) -> bool {
        self.routes.lock().learn(route)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: GroupId = GroupId(2);
    const THIRD: GroupId = GroupId(3);

    fn halves() -> Routes {
        Routes::new([(Key::new(), Some(GroupId::FIRST)), ("k5".into(), Some(SECOND))])
    }

    fn range(from: &str, to: &str) -> KeyRange {
        KeyRange { from: from.into(), to: (!to.is_empty()).then(|| to.into()) }
    }

    fn route(from: &str, to: &str, owner: GroupId, version: u64) -> Route {
        Route { range: range(from, to), owner: Some(owner), version }
    }

    #[test]
    fn a_range_goes_from_its_first_key_to_before_the_next() {
        let owners = ["", "k4", "k49", "k5", "k50", "z"].map(|key| halves().owner(key));
        let [first, second] = [Some(GroupId::FIRST), Some(SECOND)];
        assert_eq!(owners, [first, first, first, second, second, second]);
    }

    #[test]
    fn keys_before_the_first_range_and_in_one_that_is_given_to_nobody_have_no_group() {
        let routes = Routes::new([("b".into(), Some(SECOND)), ("c".into(), None), ("d".into(), Some(SECOND))]);
        let owners = ["a", "b", "c", "cz", "d"].map(|key| routes.owner(key));
        assert_eq!(owners, [None, Some(SECOND), None, None, Some(SECOND)]);
    }

    #[test]
    fn a_range_meets_parts_of_one_owner_each_that_leave_nothing_out() {
        let range = |from: &str, to: Option<&str>| KeyRange { from: from.into(), to: to.map(Key::from) };
        let meeting = |routes: &Routes, range| -> Vec<_> {
            routes.pieces(&range).map(|piece| (piece.owner, piece.range)).collect()
        };
        let routes = Routes::new([("b".into(), Some(SECOND)), ("d".into(), None), ("f".into(), Some(GroupId::FIRST))]);
        assert_eq!(
            meeting(&routes, range("", None)),
            [
                (None, range("", Some("b"))),
                (Some(SECOND), range("b", Some("d"))),
                (None, range("d", Some("f"))),
                (Some(GroupId::FIRST), range("f", None)),
            ]
        );
        assert_eq!(meeting(&routes, range("c", Some("d"))), [(Some(SECOND), range("c", Some("d")))]);
        assert_eq!(meeting(&Routes::all_to(SECOND), range("a", None)), [(Some(SECOND), range("a", None))]);
        assert_eq!(meeting(&Routes::default(), range("a", Some("b"))), [(None, range("a", Some("b")))]);
    }

    #[test]
    fn one_group_may_have_all_keys() {
        assert_eq!(Routes::all_to(SECOND).owner(""), Some(SECOND));
    }

    #[test]
    fn what_is_known_of_a_key_is_known_of_its_whole_range() {
        assert_eq!(halves().route("k7"), route("k5", "", SECOND, 1));
        assert_eq!(halves().route("a"), route("", "k5", GroupId::FIRST, 1));
        let pieces: Vec<Route> = halves().pieces(&range("k3", "k7")).collect();
        assert_eq!(pieces, [route("k3", "k5", GroupId::FIRST, 1), route("k5", "k7", SECOND, 1)]);
    }

    #[test]
    fn what_is_newer_replaces_what_is_older_and_no_more_than_that() {
        let mut routes = halves();
        assert!(routes.learn(&route("k3", "k7", THIRD, 2)));
        let owners = ["k2", "k3", "k69", "k7"].map(|key| routes.owner(key));
        assert_eq!(owners, [GroupId::FIRST, THIRD, THIRD, SECOND].map(Some));
        assert!(routes.learn(&route("k0", "k5", SECOND, 2)), "in part");
        assert_eq!(routes.route("k4"), route("k3", "k7", THIRD, 2));
        assert_eq!(routes.route("k0"), route("k0", "k3", SECOND, 2));
    }

    #[test]
    fn what_is_as_old_or_older_is_no_news() {
        let mut routes = halves();
        routes.learn(&route("k3", "k7", THIRD, 3));
        let known = routes.clone();
        assert!(!routes.learn(&route("k3", "k7", GroupId::FIRST, 3)));
        assert!(!routes.learn(&route("k4", "k5", SECOND, 2)));
        assert!(!routes.learn(&route("k7", "k3", SECOND, 9)), "of no key");
        assert_eq!(routes, known);
    }

    #[test]
    fn ranges_that_have_come_together_again_are_one() {
        let mut routes = Routes::all_to(GroupId::FIRST);
        routes.learn(&route("b", "d", SECOND, 2));
        routes.learn(&route("d", "f", SECOND, 2));
        assert_eq!(routes.route("c"), route("b", "f", SECOND, 2));
    }
}
