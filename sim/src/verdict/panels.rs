//! The checks of each group, and which of them a record concerns.

use super::prelude::*;
use crate::check::{CheckInfo, Finding, Panel, Premises};
use crate::history::{Completion, KeyId, Moved, Operation, StackRecord};
use crate::scenario::MAX_GROUPS;
use crate::view::View;
use crate::view::operations::UnderWay;
use leasehold::env::{Address, GroupId};
use leasehold::error::Outcome;
use std::borrow::Cow;

/// A panel for each group, by number: what one sees of the run is what its group, and the nodes, tell.
///
/// An operation is judged in the group that has its key. When a range moves, the keys of it were never written (the stack moves no other):
/// so what is under way on them can be judged from that moment on where they go, as if it had begun then.
pub struct Panels {
    panels: Vec<Panel>,
    /// The place of the panel of the group that has each key, by number.
    owners: Vec<usize>,
    /// Those of the groups that have keys of each operation under way.
    under_way: BTreeMap<OpId, Places>,
    /// The same for each that has failed: its node may yet answer it.
    late: BTreeMap<OpId, Places>,
    /// Writes that were given up with their fate unknown, and where: they may yet take effect.
    given_up: BTreeMap<OpId, (usize, Invocation)>,
    /// Keys that have moved amid a read of several: what it finds of them nobody judges.
    amid: BTreeSet<(OpId, KeyId)>,
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
    /// Fresh ones, for groups that these founded, each with its keys of the `premises`.
    pub(super) fn new(
        founders: BTreeMap<GroupId, Membership>,
        premises: &Premises,
        checks: impl IntoIterator<Item = &'static CheckInfo> + Clone,
    ) -> Self {
        let panel =
            |(group, members)| Panel::of(group, View::founded_by([(group, members)]), premises.clone(), checks.clone());
        let panels: Vec<Panel> = founders.into_iter().map(panel).collect();
        let owner = |owner: &Option<GroupId>| owner.and_then(|group| place_of(&panels, group)).unwrap_or_default();
        let owners = premises.owners.iter().map(owner).collect();
        let [under_way, late] = [BTreeMap::new(), BTreeMap::new()];
        Self { panels, owners, under_way, late, given_up: BTreeMap::new(), amid: BTreeSet::new() }
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
            What::Completed { op, completion } => {
                let places = self.under_way.remove(op).unwrap_or(Places::one(0));
                if let Completion::Failed { outcome, .. } = completion {
                    self.late.insert(*op, places);
                    let place = places.min().filter(|_| *outcome == Outcome::Unknown);
                    let was = |place: usize| self.panels[place].nodes().operations.get(*op).map(UnderWay::as_invoked);
                    let write = place.and_then(|place| Some((place, was(place)?)));
                    let write = write.filter(|(_, invocation)| !invocation.operation.kind().only_reads());
                    self.given_up.extend(write.map(|write| (*op, write)));
                }
                places
            }
            // Its client takes the key for that of the group that was founded with it.
            What::Message { from: Address::Client(_), head, .. }
            | What::Message { to: Address::Client(_), head, .. }
                if let Some(place) = self.place_of_call(OpId(head.call.number), head.group) =>
            {
                Places::one(place)
            }
            what => match what.group().and_then(|group| place_of(&self.panels, group)) {
                Some(place) => {
                    if let What::Stack(StackRecord { moved: Some(moved), .. }) = what {
                        self.moved(record, moved);
                    }
                    Places::one(place)
                }
                None => Places::first(self.panels.len()),
            },
        }
    }

    /// Where a call is told of that its client made of a group, of an operation that is under way or has failed: there, or where its keys are.
    fn place_of_call(&self, op: OpId, group: GroupId) -> Option<usize> {
        let mut places = *self.under_way.get(&op).or(self.late.get(&op))?;
        let made = place_of(&self.panels, group);
        places.find(|place| Some(*place) == made).or_else(|| self.under_way.get(&op).or(self.late.get(&op))?.min())
    }

    /// Keys go to another group, or are there.
    fn moved(&mut self, record: &Record, moved: &Moved) {
        self.panels.iter_mut().for_each(|panel| panel.overhear(record));
        for key in &moved.keys {
            let owner = self.panels[0].nodes().owners.of(*key).map(|owner| owner.group);
            let to = owner.and_then(|group| place_of(&self.panels, group));
            let (Some(to), Some(owner)) = (to, self.owners.get_mut(key.0 as usize)) else { continue };
            let from = std::mem::replace(owner, to);
            if from != to {
                self.hand_over(record.at, *key, from, to);
            }
        }
    }

    /// What is, or may be, under way on `key` is judged in another group from now on.
    fn hand_over(&mut self, at: SimTime, key: KeyId, from: usize, to: usize) {
        let operations = self.panels[from].nodes().operations;
        let under_way: Vec<Invocation> = operations.iter().map(UnderWay::as_invoked).collect();
        for invocation in under_way {
            match &invocation.operation {
                Operation::Mget { keys, .. } | Operation::Scan { keys, .. } => {
                    self.amid.extend(keys.contains(&key).then_some((invocation.op, key)));
                }
                other if other.key() == key => {
                    self.panels[from].leaves(at, invocation.op);
                    self.panels[to].comes(at, &invocation, false);
                    self.under_way.insert(invocation.op, Places::one(to));
                }
                _ => {}
            }
        }
        for (op, (place, invocation)) in &mut self.given_up {
            if *place == from && invocation.operation.key() == key {
                self.panels[from].leaves(at, *op);
                self.panels[to].comes(at, invocation, true);
                *place = to;
            }
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
                let own = |key| own(key) && !self.amid.contains(&(*op, key));
                What::Completed { op: *op, completion: completion.within(self.panels[place].group(), own) }
            }
            What::Message { head, .. } if head.group != self.panels[place].group() => {
                // About a key that has moved, in the words of the group that has it.
                let mut what = record.what.clone();
                if let What::Message { head, .. } = &mut what {
                    head.group = self.panels[place].group();
                }
                what
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

/// The place of a group's panel.
fn place_of(panels: &[Panel], group: GroupId) -> Option<usize> {
    panels.iter().position(|panel| panel.group() == group)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check;
    use crate::history::testing::{Events, SECOND, get, mget, ms, put};
    use crate::history::{Found, Share};
    use crate::scenario::Class;
    use leasehold::request::{Part, ReadPath};
    use std::sync::Arc;

    /// Two groups, each with a key.
    fn panels() -> Panels {
        let members = Membership { voters: vec![NodeId(1)], ..Membership::default() };
        let founders = [GroupId::FIRST, SECOND].map(|group| (group, members.clone()));
        let (keys, owners) = (["a", "b"].map(str::to_owned), [GroupId::FIRST, SECOND].map(Some));
        let premises = Premises { keys: Arc::from(keys), owners: Arc::from(owners), ..Premises::of_tests() };
        Panels::new(founders.into(), &premises, check::ALL)
    }

    /// A get has found what this operation wrote.
    fn read_of(version: u64, op: u64) -> Completion {
        Completion::Read { version, value: Some(OpId(op)), path: ReadPath::Lease }
    }

    /// Whom each concerns, once all have seen those before it.
    fn concerned(panels: &mut Panels, events: &Events) -> Vec<Vec<usize>> {
        let seen = |record| {
            let places = panels.concerned(record);
            for place in places {
                let shown = panels.shown(place, record).into_owned();
                panels.see(place, &shown);
            }
            places.collect()
        };
        events.records().iter().map(seen).collect()
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

    /// The first group releases its key while a get of it, and a put that was given up, may yet take place.
    fn released() -> Events {
        let events = Events::default().invoke(1, 1, put(0)).gave_up(2, 1, Outcome::Unknown);
        events.invoke(3, 2, get(0)).moves(4, (1, 2), &[0], 2).moves(5, (2, 2), &[0], 2)
    }

    /// What all groups together find, by check.
    fn found(events: &Events) -> Vec<&'static str> {
        let mut groups = panels();
        let found = events.records().iter().flat_map(|record| groups.record(record));
        let of_clients = found.filter(|finding| matches!(finding.class, Class::StaleRead | Class::LostWrite));
        of_clients.map(|finding| finding.check).collect()
    }

    #[test]
    fn when_a_key_moves_what_is_under_way_on_it_is_judged_where_it_goes() {
        let events = released().invoke(6, 3, get(0)).read(7, 2, 0).read(8, 3, 0);
        assert_eq!(concerned(&mut panels(), &events), [[0], [0], [0], [0], [1], [1], [1], [1]]);
        assert_eq!(found(&events), [""; 0]);
    }

    #[test]
    fn a_write_that_was_given_up_may_take_effect_where_its_key_has_gone() {
        let written = Events::default().takes_put(6, 9, 1, 0).of_second();
        let events = released().then(written).invoke(7, 3, get(0));
        assert_eq!(found(&events.clone().complete(8, 3, read_of(9, 1))), [""; 0]);
        let forgets = events.complete(8, 3, read_of(9, 1)).invoke(9, 4, get(0)).read(10, 4, 0);
        assert!(found(&forgets).contains(&"staleness"), "never written is stale now, wherever it is read");
    }

    #[test]
    fn a_key_that_moves_amid_a_read_of_several_is_not_judged_in_it() {
        let all = Completion::Reads { found: vec![(KeyId(0), None), (KeyId(1), None)], parts: Vec::new() };
        let events = Events::default().invoke(1, 1, mget(&[0, 1])).moves(2, (1, 2), &[0], 2).complete(3, 1, all);
        let mut panels = panels();
        assert_eq!(concerned(&mut panels, &events), [vec![0, 1], vec![0], vec![0, 1]]);
        let completed = events.records().last().unwrap();
        let found = |place| match panels.shown(place, completed).into_owned().what {
            What::Completed { completion: Completion::Reads { found, .. }, .. } => found,
            other => panic!("{other:?}"),
        };
        assert_eq!([0, 1].map(found), [vec![], vec![(KeyId(1), None)]]);
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
