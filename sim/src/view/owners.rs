//! Which group has which key, by the logs of all groups: of those that have ever moved.

use crate::history::{Hears, KeyId, Moved};
use crate::time::SimTime;
use leasehold::env::GroupId;
use std::collections::BTreeMap;

/// Who has the keys that have moved.
#[derive(Default)]
pub(crate) struct Owners {
    moved: BTreeMap<KeyId, Owner>,
}

/// Who has a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Owner {
    /// The group that has it, or is to have it.
    pub(crate) group: GroupId,
    /// The version at which it has it.
    pub(crate) version: u64,
    /// It has adopted it. If not, no group has it.
    pub(crate) adopted: bool,
    /// It was released to that group at that version, by the log of another.
    pub(crate) released: bool,
    /// When this became so.
    pub(crate) at: SimTime,
}

impl Hears for Owners {
    fn moved(&mut self, at: SimTime, moved: &Moved) {
        let (group, version, adopted) = (moved.to, moved.version, moved.is_adopted());
        for key in &moved.keys {
            let known = self.moved.get(key);
            let is_its = known.is_some_and(|known| (known.group, known.version) == (group, version));
            // What was asked for again changes nothing, also where the keys have come back since, at a higher version.
            let has = |known: &Owner| known.adopted && known.group == group && known.version >= version;
            let is_news = match known {
                Some(known) if adopted => !has(known),
                Some(known) => known.version < version,
                None => true,
            };
            if is_news {
                self.moved.insert(*key, Owner { group, version, adopted, released: !adopted || is_its, at });
            }
        }
    }
}

impl Owners {
    /// Who has `key`; `None`: it has never moved.
    pub(crate) fn of(&self, key: KeyId) -> Option<&Owner> {
        self.moved.get(&key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::testing::{Events, ms};
    use crate::view::View;

    fn owner(events: &Events) -> Option<Owner> {
        View::after(events).first().owners.of(KeyId(3)).copied()
    }

    #[test]
    fn a_key_that_has_never_moved_is_nobodys_that_is_known_here() {
        assert_eq!(owner(&Events::default().moves(10, (1, 2), &[4], 2)), None);
    }

    #[test]
    fn between_release_and_adoption_a_key_is_promised_and_not_had() {
        let released = Events::default().moves(10, (1, 2), &[3, 4], 2);
        let owned = Owner { group: GroupId(2), version: 2, adopted: false, released: true, at: ms(10) };
        assert_eq!(owner(&released), Some(owned));
        let adopted = released.moves(20, (2, 2), &[3, 4], 2);
        assert_eq!(owner(&adopted), Some(Owner { adopted: true, at: ms(20), ..owned }));
        assert_eq!(owner(&adopted.moves(30, (1, 2), &[3, 4], 2)).map(|owner| owner.at), Some(ms(20)), "asked again");
    }

    #[test]
    fn a_release_that_is_asked_for_again_when_the_key_has_gone_on_changes_nothing() {
        let gone_on =
            Events::default().moves(10, (1, 2), &[3], 2).moves(20, (2, 2), &[3], 2).moves(30, (2, 3), &[3], 3);
        let before = owner(&gone_on);
        assert_eq!(before.map(|owner| owner.group), Some(GroupId(3)));
        assert_eq!(owner(&gone_on.clone().moves(40, (1, 2), &[3], 2)), before);
        let back = owner(&gone_on.moves(40, (2, 2), &[3], 2));
        assert!(back.is_some_and(|owner| owner.group == GroupId(2) && !owner.released), "and to adopt it again does");
    }

    #[test]
    fn an_adoption_that_is_asked_for_again_when_the_key_has_come_back_changes_nothing() {
        let back = Events::default().moves(10, (1, 2), &[3], 2).moves(20, (2, 2), &[3], 2);
        let back = back.moves(30, (2, 1), &[3], 3).moves(40, (1, 1), &[3], 3);
        let back = back.moves(50, (1, 2), &[3], 4).moves(60, (2, 2), &[3], 4);
        let before = owner(&back);
        assert!(before.is_some_and(|owner| owner.released && owner.version == 4));
        assert_eq!(owner(&back.moves(70, (2, 2), &[3], 2)), before);
    }

    #[test]
    fn an_adoption_without_a_release_is_told_apart() {
        let adopted = owner(&Events::default().moves(10, (2, 2), &[3], 2));
        assert!(adopted.is_some_and(|owner| owner.adopted && !owner.released));
    }
}
