//! What a check finds in histories written by hand.

pub(crate) use crate::history::testing::*;

use super::{Check, Finding, Kind};
use crate::view::View;

impl Events {
    /// The first thing that `check` finds in this history.
    pub(crate) fn first(&self, check: &mut dyn Check) -> Option<Finding> {
        let mut nodes = View::default();
        self.records().iter().find_map(|record| {
            nodes.record(record);
            let sees = check.looks_at().contains(&Kind::of(&record.what));
            if sees { check.record(record, &nodes) } else { None }
        })
    }
}
