//! The checks of each group, and which of them a record concerns.

use super::prelude::*;
use crate::check::{CheckInfo, Finding, Panel, Premises};
use crate::history::KeyId;
use crate::scenario::MAX_GROUPS;
use crate::view::View;
use leasehold::env::GroupId;
use leasehold::routes::Routes;
use std::borrow::Cow;

/// A panel for each group, by number: what one sees of the run is what its group, and the nodes, tell.
pub struct Panels {
    panels: Vec<Panel>,
    /// The place of the panel of the group that has each key, by number.
    owners: Vec<usize>,
    /// Those of the groups that have keys of each operation under way.
    under_way: BTreeMap<OpId, Places>,
}

/// Places of panels, a bit for each: there are no more than 64 groups.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Places(u64);

const _: () = assert!(MAX_GROUPS <= u64::BITS);

impl Places {
    fn one(place: usize) -> Self {
        Self(1 << place)
    }

    fn first(number: usize) -> Self {
        (0..number).map(Self::one).fold(Self::default(), Self::and)
    }

    fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The lowest first.
impl Iterator for Places {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let place = (self.0 != 0).then_some(self.0.trailing_zeros())?;
        self.0 &= self.0 - 1;
        Some(place as usize)
    }
}

impl Panels {
    /// Fresh ones, for groups that these founded; `routes` say which has which of the keys of the `premises`.
    pub(super) fn new(
        founders: BTreeMap<GroupId, Membership>,
        routes: &Routes,
        premises: &Premises,
        checks: impl IntoIterator<Item = &'static CheckInfo> + Clone,
    ) -> Self {
        let groups: Vec<GroupId> = founders.keys().copied().collect();
        let place = |group| groups.iter().position(|other| *other == group).unwrap_or_default();
        let owner = |key: &String| routes.owner(key).map_or(0, place);
        let panel =
            |(group, members)| Panel::of(group, View::founded_by([(group, members)]), premises.clone(), checks.clone());
        let owners = premises.keys.iter().map(owner).collect();
        Self { panels: founders.into_iter().map(panel).collect(), owners, under_way: BTreeMap::new() }
    }

    fn owner(&self, key: KeyId) -> usize {
        self.owners.get(key.0 as usize).copied().unwrap_or_default()
    }

    /// The places of those that a record concerns: that of the group that it is about, those of the groups that have keys of an operation,
    /// or all.
    pub(super) fn concerned(&mut self, record: &Record) -> Places {
        if self.panels.len() == 1 {
            return Places::one(0);
        }
        match &record.what {
            What::Invoked(Invocation { op, operation, .. }) => {
                let own = Places::one(self.owner(operation.key()));
                let places = operation.reads().iter().map(|key| Places::one(self.owner(*key))).fold(own, Places::and);
                self.under_way.insert(*op, places);
                places
            }
            What::Completed { op, .. } => self.under_way.remove(op).unwrap_or(Places::one(0)),
            what => match what.group().and_then(|group| self.panels.iter().position(|panel| panel.group() == group)) {
                Some(place) => Places::one(place),
                None => Places::first(self.panels.len()),
            },
        }
    }

    /// What the panel at a place is shown of a record that concerns it: of an operation on keys of several groups, its own part.
    pub(super) fn shown<'a>(&self, place: usize, record: &'a Record) -> Cow<'a, Record> {
        let own = |key: KeyId| self.owner(key) == place;
        let what = match &record.what {
            _ if self.panels.len() == 1 => return Cow::Borrowed(record),
            What::Invoked(begun) if !begun.operation.reads().iter().all(|key| own(*key)) => {
                What::Invoked(Invocation { operation: begun.operation.within(own), ..begun.clone() })
            }
            What::Completed { op, completion: completion @ Completion::Reads { .. } } => {
                What::Completed { op: *op, completion: completion.within(self.panels[place].group(), own) }
            }
            _ => return Cow::Borrowed(record),
        };
        Cow::Owned(Record { at: record.at, what })
    }

    /// The panel at a place.
    pub(super) fn at(&self, place: usize) -> &Panel {
        &self.panels[place]
    }

    /// The panel of a group; of none, that of the first.
    pub(super) fn of(&self, group: Option<GroupId>) -> &Panel {
        self.panels.iter().find(|panel| Some(panel.group()) == group).unwrap_or(&self.panels[0])
    }

    /// The panel at a place sees what it is shown of a record that concerns it. Returns what it found.
    pub(super) fn see(&mut self, place: usize, shown: &Record) -> Vec<Finding> {
        let found = self.panels[place].record(shown);
        self.of_group(place, found)
    }

    /// Sees one record. Returns what was found.
    pub fn record(&mut self, record: &Record) -> Vec<Finding> {
        let mut found = Vec::new();
        for place in self.concerned(record) {
            let shown = self.shown(place, record);
            found.extend(self.see(place, &shown));
        }
        found
    }

    /// The run is over, at `end`.
    pub fn finish(&mut self, end: SimTime) -> Vec<Finding> {
        let mut all = Vec::new();
        for place in 0..self.panels.len() {
            let found = self.panels[place].finish(end);
            all.extend(self.of_group(place, found));
        }
        all
    }

    /// What is found says of which group, where there are several.
    fn of_group(&self, place: usize, mut found: Vec<Finding>) -> Vec<Finding> {
        if self.panels.len() > 1 {
            let group = self.panels[place].group().0;
            found.iter_mut().for_each(|finding| finding.message = format!("g{group}: {}", finding.message));
        }
        found
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Panel> {
        self.panels.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check;
    use crate::history::Found;
    use crate::history::testing::{Events, SECOND, get, mget, ms};
    use leasehold::request::{Part, ReadPath};
    use std::sync::Arc;

    /// Two groups, each with a key.
    fn panels() -> Panels {
        let members = Membership { voters: vec![NodeId(1)], ..Membership::default() };
        let founders = [GroupId::FIRST, SECOND].map(|group| (group, members.clone()));
        let routes = Routes::new([(String::new(), Some(GroupId::FIRST)), ("b".into(), Some(SECOND))]);
        let premises = Premises { keys: Arc::from(["a".to_owned(), "b".to_owned()]), ..Premises::of_tests() };
        Panels::new(founders.into(), &routes, &premises, check::ALL)
    }

    fn concerned(panels: &mut Panels, events: &Events) -> Vec<Vec<usize>> {
        events.records().iter().map(|record| panels.concerned(record).collect()).collect()
    }

    #[test]
    fn an_operation_concerns_the_group_that_has_its_key_from_its_invocation_to_its_end() {
        let events = Events::default().invoke(1, 1, get(0)).invoke(2, 2, get(1)).read(3, 1, 0).read(4, 2, 0);
        assert_eq!(concerned(&mut panels(), &events), [[0], [1], [0], [1]]);
    }

    #[test]
    fn a_read_of_keys_of_several_groups_concerns_each_which_is_shown_its_own_part() {
        let both = [GroupId::FIRST, SECOND].map(|group| Part { group, snapshot: group.0, path: ReadPath::Lease });
        let found = |key| (KeyId(key), Some(Found::default()));
        let all = Completion::Reads { found: vec![found(1), found(0)], parts: both.to_vec() };
        let events = Events::default().invoke(1, 1, mget(&[1, 0])).complete(2, 1, all).invoke(3, 2, mget(&[1, 1]));
        let mut panels = panels();
        assert_eq!(concerned(&mut panels, &events), [vec![0, 1], vec![0, 1], vec![1]]);
        let shown = |place, record: &Record| panels.shown(place, record).into_owned().what;
        let asked = |what| match what {
            What::Invoked(Invocation { operation, .. }) => (operation.reads().to_vec(), operation.share()),
            other => panic!("{other:?}"),
        };
        let [invoked, completed, within] = events.records() else { panic!() };
        assert_eq!(asked(shown(0, invoked)), (vec![KeyId(0)], Share::Further));
        assert_eq!(asked(shown(1, invoked)), (vec![KeyId(1)], Share::First));
        assert_eq!(asked(shown(1, within)), (vec![KeyId(1); 2], Share::Whole));
        let told = |place: usize| {
            let completion = Completion::Reads { found: vec![found(place as u32)], parts: vec![both[place]] };
            What::Completed { op: OpId(1), completion }
        };
        assert_eq!([0, 1].map(|place| shown(place, completed)), [0, 1].map(told));
    }

    #[test]
    fn what_a_replica_tells_concerns_its_group_and_what_becomes_of_a_process_all() {
        let events = Events::default().hit(1, 1).then(Events::default().hit(2, 1).of_second()).killed(3, 1);
        assert_eq!(concerned(&mut panels(), &events), [vec![0], vec![1], vec![0, 1]]);
    }

    #[test]
    fn what_is_found_names_its_group_and_is_nothing_to_the_others() {
        let lease = |node| Events::default().leads(1, node, 4).extended(2, node, 4, 900);
        let apart = lease(1).then(lease(2).of_second());
        let mut groups = panels();
        let found: Vec<Finding> = apart.records().iter().flat_map(|record| groups.record(record)).collect();
        assert!(found.iter().all(|finding| finding.check != check::TWO_LEASES), "each is the only one of its group");
        let both = lease(1).then(lease(2)).of_second();
        let mut groups = panels();
        let found: Vec<Finding> = both.records().iter().flat_map(|record| groups.record(record)).collect();
        let two = found.iter().find(|finding| finding.check == check::TWO_LEASES).expect("two leases in one group");
        assert!(two.message.starts_with("g2: "), "{}", two.message);
    }

    #[test]
    fn every_check_judges_each_group() {
        let mut groups = panels();
        groups.finish(ms(1));
        assert_eq!(
            groups.iter().map(|panel| (panel.group(), panel.checks().count())).collect::<Vec<_>>(),
            [(GroupId::FIRST, check::ALL.len()), (SECOND, check::ALL.len())]
        );
    }
}
