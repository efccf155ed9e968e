//! What a check finds in histories written by hand.

pub(crate) use crate::history::testing::*;

use super::{ALL, CheckInfo, EXACT_SEARCH, Finding, Panel, Premises, Watch};
use crate::view::View;

/// The check of this name.
fn info(name: &str) -> &'static CheckInfo {
    let mut all = ALL.iter().chain([&EXACT_SEARCH]);
    all.find(|info| info.name == name).unwrap_or_else(|| panic!("there is a check `{name}`"))
}

/// The check of this name, in tests of its own.
pub(crate) struct Of(pub(crate) &'static str);

impl Of {
    /// As [`Events::found_by`].
    pub(crate) fn finds(&self, events: &Events) -> Option<Finding> {
        events.found_by(self.0)
    }
}

impl Events {
    /// The first thing that the check finds while this happens.
    pub(crate) fn found_by(&self, check: &str) -> Option<Finding> {
        self.found_with(Premises::of_tests(), check)
    }

    /// The check finds this first, at this time.
    #[track_caller]
    pub(crate) fn breaks(&self, check: &str, at: u64, message: &str) -> Finding {
        let (found, info) = (self.found_by(check).expect(message), info(check));
        let told = (found.check, found.class, found.at, found.message.as_str());
        assert_eq!(told, (info.name, info.class, ms(at), message));
        found
    }

    /// The same as [`Events::found_by`], in a run with these premises.
    pub(crate) fn found_with(&self, premises: Premises, check: &str) -> Option<Finding> {
        self.found_in(&mut Panel::new(View::default(), premises, [info(check)]))
    }

    /// The same, in a group of which this is known when it begins.
    pub(crate) fn found_from(&self, nodes: View, check: &str) -> Option<Finding> {
        self.found_in(&mut Panel::new(nodes, Premises::of_tests(), [info(check)]))
    }

    fn found_in(&self, panel: &mut Panel) -> Option<Finding> {
        self.records().iter().find_map(|record| panel.record(record).into_iter().next())
    }

    /// All that the check finds while this happens, and the panel on which it sits.
    pub(crate) fn seen_by(&self, check: &str) -> (Vec<Finding>, Panel) {
        self.seen_with(Premises::of_tests(), check)
    }

    /// The same, in a run with these premises.
    pub(crate) fn seen_with(&self, premises: Premises, check: &str) -> (Vec<Finding>, Panel) {
        let mut panel = Panel::new(View::default(), premises, [info(check)]);
        (self.records().iter().flat_map(|record| panel.record(record)).collect(), panel)
    }

    /// What the check finds at the end of a run in which this happens and in the course of which it finds nothing, and how often it
    /// evaluates its property.
    pub(crate) fn judged_by(&self, check: &str, end: u64) -> (Vec<Finding>, u64) {
        let (found, mut panel) = self.seen_by(check);
        assert_eq!(found, [], "it is judged at the end");
        (panel.finish(ms(end)), panel.evaluated())
    }

    /// How often the check evaluates its property, which holds while this happens.
    pub(crate) fn evaluated_by(&self, check: &str) -> u64 {
        let (found, panel) = self.seen_by(check);
        assert_eq!(found, []);
        panel.evaluated()
    }
}

impl Panel {
    /// How often all checks evaluated their properties so far.
    pub(crate) fn evaluated(&self) -> u64 {
        self.checks().map(Watch::evaluated).sum()
    }
}
