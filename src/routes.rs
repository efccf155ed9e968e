//! Which group has which keys.

use crate::env::GroupId;
use crate::request::{Key, KeyRange};
use std::collections::BTreeMap;
use std::ops::Bound;

/// A table of ranges of keys: each begins at a key and ends before the next.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Routes {
    ranges: BTreeMap<Key, Option<GroupId>>,
}

impl Routes {
    /// One group has all keys.
    pub fn all_to(group: GroupId) -> Self {
        Self::new([(Key::new(), Some(group))])
    }

    /// Where each range begins, and which group has it; `None`: no group. What is before the first belongs to none.
    pub fn new(ranges: impl IntoIterator<Item = (Key, Option<GroupId>)>) -> Self {
        Self { ranges: ranges.into_iter().collect() }
    }

    /// The group that has `key`; `None`: whoever asks for it fails.
    pub fn owner(&self, key: &str) -> Option<GroupId> {
        let (_, owner) = self.ranges.range::<str, _>((Bound::Unbounded, Bound::Included(key))).next_back()?;
        *owner
    }

    /// What lies in `range`, by who has it: parts of it in their order, of one owner each, that leave nothing out. `None`: no group.
    pub fn meeting(&self, range: &KeyRange) -> Vec<(Option<GroupId>, KeyRange)> {
        let nobodys = (!self.ranges.contains_key("")).then(|| (Key::new(), None));
        let begins = nobodys.into_iter().chain(self.ranges.iter().map(|(from, owner)| (from.clone(), *owner)));
        let ends = self.ranges.keys().filter(|from| !from.is_empty()).cloned().map(Some).chain([None]);
        let parts = begins.zip(ends).map(|((from, owner), to)| (owner, KeyRange { from, to }));
        parts.filter_map(|(owner, part)| Some((owner, part.and(range)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: GroupId = GroupId(2);

    #[test]
    fn a_range_goes_from_its_first_key_to_before_the_next() {
        let routes = Routes::new([(Key::new(), Some(GroupId::FIRST)), ("k5".into(), Some(SECOND))]);
        let owners = ["", "k4", "k49", "k5", "k50", "z"].map(|key| routes.owner(key));
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
        let routes = Routes::new([("b".into(), Some(SECOND)), ("d".into(), None), ("f".into(), Some(GroupId::FIRST))]);
        assert_eq!(
            routes.meeting(&range("", None)),
            [
                (None, range("", Some("b"))),
                (Some(SECOND), range("b", Some("d"))),
                (None, range("d", Some("f"))),
                (Some(GroupId::FIRST), range("f", None)),
            ]
        );
        assert_eq!(routes.meeting(&range("c", Some("d"))), [(Some(SECOND), range("c", Some("d")))]);
        assert_eq!(Routes::all_to(SECOND).meeting(&range("a", None)), [(Some(SECOND), range("a", None))]);
        assert_eq!(Routes::default().meeting(&range("a", Some("b"))), [(None, range("a", Some("b")))]);
    }

    #[test]
    fn one_group_may_have_all_keys() {
        assert_eq!(Routes::all_to(SECOND).owner(""), Some(SECOND));
    }
}
