//! Which keys a group has, by its log.

use crate::env::GroupId;
use crate::request::{Key, KeyRange, Version};
use crate::routes::{Route, Routes, Table};
use std::sync::Arc;

/// What the log of a group says of who has which keys: it has those that it was founded with, less what it has released, and what it has
/// adopted. Of other groups' keys it knows what it was founded with, and to whom it has released its own.
pub(super) struct Owned {
    group: GroupId,
    founded: Routes,
    routes: Routes,
    /// Who learns of each move: the node.
    table: Option<Arc<Table>>,
}

impl Owned {
    pub(super) fn new(group: GroupId, founded: Routes) -> Self {
        Self { group, routes: founded.clone(), founded, table: None }
    }

    /// From now on `table` learns of each move, and of those so far.
    pub(super) fn teach(&mut self, table: Arc<Table>) {
        self.table = Some(table);
        self.tell(&all());
    }

    /// What is known of `key`, unless the group has it.
    pub(super) fn elsewhere(&self, key: &str) -> Option<Route> {
        (self.routes.owner(key) != Some(self.group)).then(|| self.routes.route(key))
    }

    /// What is known of the first part of `range` that the group does not have.
    pub(super) fn part_elsewhere(&self, range: &KeyRange) -> Option<Route> {
        self.routes.pieces(range).find(|piece| piece.owner != Some(self.group))
    }

    /// Has the range no more: `to` has it, at the version that is returned. Whoever asks again is answered the same.
    ///
    /// # Errors
    /// What is known of a part that the group does not have.
    pub(super) fn release(&mut self, range: &KeyRange, to: GroupId) -> Result<Version, Route> {
        let pieces: Vec<Route> = self.routes.pieces(range).collect();
        let version = pieces.iter().map(|piece| piece.version).max().unwrap_or_default();
        if pieces.iter().all(|piece| piece.owner == Some(to) && piece.version == version) {
            return Ok(version);
        }
        if let Some(other) = pieces.into_iter().find(|piece| piece.owner != Some(self.group)) {
            return Err(other);
        }
        let version = version + 1;
        self.learn(&Route { range: range.clone(), owner: Some(to), version });
        Ok(version)
    }

    /// Has the range, which was released to this group at `version`. Whoever asks again is answered the same.
    ///
    /// # Errors
    /// What is known of a part that the group has released since.
    pub(super) fn adopt(&mut self, range: &KeyRange, version: Version) -> Result<(), Route> {
        self.learn(&Route { range: range.clone(), owner: Some(self.group), version });
        self.part_elsewhere(range).map_or(Ok(()), Err)
    }

    fn learn(&mut self, route: &Route) {
        self.routes.learn(route);
        self.tell(&route.range);
    }

    fn tell(&self, range: &KeyRange) {
        if let Some(table) = &self.table {
            self.routes.pieces(range).for_each(|piece| {
                table.learn(&piece);
            });
        }
    }

    /// What a snapshot has to say: nothing, if no range has moved.
    pub(super) fn moved(&self) -> Option<&Routes> {
        (self.routes != self.founded).then_some(&self.routes)
    }

    /// Goes on from what a snapshot says.
    pub(super) fn restore(&mut self, moved: Option<Routes>) {
        self.routes = moved.unwrap_or_else(|| self.founded.clone());
        self.tell(&all());
    }
}

/// All keys.
fn all() -> KeyRange {
    KeyRange { from: Key::new(), to: None }
}
