//! What is followed of each group apart.

use crate::history::Record;
use leasehold::env::GroupId;

/// Something of each group.
pub struct Grouped<T> {
    /// By number.
    groups: Vec<(GroupId, T)>,
    /// That of a group of which nothing is told.
    silent: T,
}

/// The first group is there, and nothing is known of it.
impl<T: Default> Default for Grouped<T> {
    fn default() -> Self {
        Self::new([(GroupId::FIRST, T::default())])
    }
}

impl<T: Default> Grouped<T> {
    /// That of these groups.
    pub fn new(groups: impl IntoIterator<Item = (GroupId, T)>) -> Self {
        let mut groups: Vec<_> = groups.into_iter().collect();
        groups.sort_by_key(|(group, _)| *group);
        Self { groups, silent: T::default() }
    }

    /// The place of a group, or the one that it would have.
    fn place(&self, group: GroupId) -> Result<usize, usize> {
        self.groups.binary_search_by_key(&group, |(other, _)| *other)
    }

    /// That of a group.
    pub fn of(&self, group: GroupId) -> &T {
        self.place(group).map_or(&self.silent, |place| &self.groups[place].1)
    }

    /// The groups, by number.
    pub fn ids(&self) -> impl Iterator<Item = GroupId> {
        self.groups.iter().map(|(group, _)| *group)
    }

    /// That of each group.
    pub fn all(&self) -> impl Iterator<Item = &T> {
        self.groups.iter().map(|(_, of)| of)
    }

    /// Those that a record is for: that of the group that it is about, or all.
    pub(super) fn concerned(&mut self, record: &Record) -> impl Iterator<Item = &mut T> {
        let concerned = match record.what.group() {
            Some(group) => {
                let place = self.place(group).unwrap_or_else(|place| {
                    self.groups.insert(place, (group, T::default()));
                    place
                });
                place..place + 1
            }
            None => 0..self.groups.len(),
        };
        self.groups[concerned].iter_mut().map(|(_, of)| of)
    }
}

#[cfg(test)]
mod tests {
    use super::Grouped;
    use crate::history::Head;
    use crate::history::testing::{Events, SECOND, head};
    use crate::view::{Replicas, View};
    use crate::words::MessageKind;
    use leasehold::env::{GroupId, NodeId, ReplicaId};

    #[test]
    fn what_a_replica_tells_is_nothing_to_other_groups() {
        let leads = |node, term| Events::default().leads(20, node, term).extended(30, node, term, 900);
        let view = View::after(&leads(1, 4).then(leads(2, 7).of_second()));
        let leader = |group| view.within(group).led_last();
        assert_eq!([GroupId::FIRST, SECOND].map(leader), [Some(NodeId(1)), Some(NodeId(2))]);
        let term = |group, node| view.get(ReplicaId { group, node: NodeId(node) }).map(|replica| replica.term);
        assert_eq!([term(GroupId::FIRST, 1), term(SECOND, 1), term(SECOND, 2)], [Some(4), None, Some(7)]);
        assert!(view.within(SECOND).lease(NodeId(1)).is_none());
    }

    #[test]
    fn what_is_acknowledged_to_a_leader_is_so_in_its_group() {
        let view = View::after(&Events::default().acknowledges(10, 2, 1, 4, 5).of_second());
        let latest = |group| view.within(group).acknowledged.latest((NodeId(1), 1), 4, NodeId(2)).is_some();
        assert_eq!([GroupId::FIRST, SECOND].map(latest), [false, true]);
    }

    #[test]
    fn what_becomes_of_a_process_is_so_for_all_of_its_replicas() {
        let led = || Events::default().started(0, 1, 1).leads(20, 1, 4);
        let view = View::after(&led().then(led().of_second()).killed(50, 1));
        let killed = |group| view.within(group).get(NodeId(1)).is_some_and(|replica| replica.was_killed());
        assert_eq!([GroupId::FIRST, SECOND].map(killed), [true, true]);
    }

    #[test]
    fn of_a_group_that_nobody_has_told_of_nothing_is_so() {
        let heartbeat = Events::default().arrives(10, (1, 2), MessageKind::Heartbeat, Head { ..head(4, 0, 0) });
        let mut grouped = Grouped::<Replicas>::default();
        heartbeat.records().iter().for_each(|record| grouped.record(record));
        assert!(grouped.of(SECOND).leader().is_none());
        assert_eq!(View::default().within(SECOND).iter().count(), 0);
    }
}
