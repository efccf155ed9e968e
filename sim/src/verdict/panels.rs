//! The checks of each group, and which of them a record concerns.

use super::prelude::*;
use crate::check::{CheckInfo, Finding, Panel, Premises};
use crate::view::View;
use leasehold::env::GroupId;
use leasehold::routes::Routes;
use std::ops::Range;

/// A panel for each group, by number: what one sees of the run is what its group, and the nodes, tell.
pub struct Panels {
    panels: Vec<Panel>,
    /// The place of the panel of the group that has each key, by number.
    owners: Vec<usize>,
    /// The same for each operation under way.
    under_way: BTreeMap<OpId, usize>,
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

    /// The places of those that a record concerns: that of the group that it is about, or all.
    pub(super) fn concerned(&mut self, record: &Record) -> Range<usize> {
        if self.panels.len() == 1 {
            return 0..1;
        }
        let one = |place: usize| place..place + 1;
        match &record.what {
            What::Invoked(Invocation { op, operation, .. }) => {
                let place = self.owners.get(operation.key().0 as usize).copied().unwrap_or_default();
                self.under_way.insert(*op, place);
                one(place)
            }
            What::Completed { op, .. } => one(self.under_way.remove(op).unwrap_or_default()),
            what => match what.group().and_then(|group| self.panels.iter().position(|panel| panel.group() == group)) {
                Some(place) => one(place),
                None => 0..self.panels.len(),
            },
        }
    }

    /// The panel at a place.
    pub(super) fn at(&self, place: usize) -> &Panel {
        &self.panels[place]
    }

    /// The panel of a group; of none, that of the first.
    pub(super) fn of(&self, group: Option<GroupId>) -> &Panel {
        self.panels.iter().find(|panel| Some(panel.group()) == group).unwrap_or(&self.panels[0])
    }

    /// The panel at a place sees a record that concerns it. Returns what it found.
    pub(super) fn see(&mut self, place: usize, record: &Record) -> Vec<Finding> {
        let found = self.panels[place].record(record);
        self.of_group(place, found)
    }

    /// Sees one record. Returns what was found.
    pub fn record(&mut self, record: &Record) -> Vec<Finding> {
        self.concerned(record).flat_map(|place| self.see(place, record)).collect()
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
    use crate::history::testing::{Events, SECOND, get, ms};
    use std::sync::Arc;

    /// Two groups, each with a key.
    fn panels() -> Panels {
        let members = Membership { voters: vec![NodeId(1)], ..Membership::default() };
        let founders = [GroupId::FIRST, SECOND].map(|group| (group, members.clone()));
        let routes = Routes::new([(String::new(), Some(GroupId::FIRST)), ("b".into(), Some(SECOND))]);
        let premises = Premises { keys: Arc::from(["a".to_owned(), "b".to_owned()]), ..Premises::of_tests() };
        Panels::new(founders.into(), &routes, &premises, check::ALL)
    }

    fn concerned(panels: &mut Panels, events: &Events) -> Vec<Range<usize>> {
        events.records().iter().map(|record| panels.concerned(record)).collect()
    }

    #[test]
    fn an_operation_concerns_the_group_that_has_its_key_from_its_invocation_to_its_end() {
        let events = Events::default().invoke(1, 1, get(0)).invoke(2, 2, get(1)).read(3, 1, 0).read(4, 2, 0);
        assert_eq!(concerned(&mut panels(), &events), [0..1, 1..2, 0..1, 1..2]);
    }

    #[test]
    fn what_a_replica_tells_concerns_its_group_and_what_becomes_of_a_process_all() {
        let events = Events::default().hit(1, 1).then(Events::default().hit(2, 1).of_second()).killed(3, 1);
        assert_eq!(concerned(&mut panels(), &events), [0..1, 1..2, 0..2]);
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
