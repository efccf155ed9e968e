//! How large a scenario is, and how much smaller another.

use crate::scenario::{Action, Scenario};
use crate::words::figures::exact;
use std::time::Duration;

/// How large a scenario is, in what people count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Steps of the timeline, names of windows apart.
    pub faults: usize,
    /// Nodes, voters or not.
    pub nodes: u32,
    /// Groups.
    pub groups: u32,
    /// Clients of all workloads.
    pub clients: u32,
    /// How long it lasts, in simulated time.
    pub until: Duration,
}

impl Size {
    /// The size of `scenario`.
    pub fn of(scenario: &Scenario) -> Self {
        let Scenario { timeline, cluster, workloads, until, .. } = scenario;
        Self {
            faults: timeline.iter().filter(|step| !matches!(step.action, Action::Tag { .. })).count(),
            nodes: cluster.size(),
            groups: cluster.groups,
            clients: workloads.iter().map(|workload| workload.clients).sum(),
            until: *until,
        }
    }

    /// `faults 19 -> 1, nodes 5 -> 3, clients 16 -> 1, 60s -> 2.1s`: what it was, and has become. Groups only where there are several.
    pub fn to(&self, after: &Self) -> String {
        let groups = (self.groups > 1).then(|| format!("groups {} -> {}, ", self.groups, after.groups));
        format!(
            "faults {} -> {}, nodes {} -> {}, {}clients {} -> {}, {} -> {}",
            self.faults,
            after.faults,
            self.nodes,
            after.nodes,
            groups.unwrap_or_default(),
            self.clients,
            after.clients,
            exact(self.until),
            exact(after.until)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_it_came_is_told_in_what_people_count() {
        let before = Size { faults: 19, nodes: 5, groups: 1, clients: 16, until: Duration::from_secs(60) };
        let after = Size { faults: 1, nodes: 3, groups: 1, clients: 1, until: Duration::from_millis(2_100) };
        assert_eq!(before.to(&after), "faults 19 -> 1, nodes 5 -> 3, clients 16 -> 1, 60s -> 2.1s");
        let several = Size { groups: 4, ..before };
        assert_eq!(several.to(&after), "faults 19 -> 1, nodes 5 -> 3, groups 4 -> 1, clients 16 -> 1, 60s -> 2.1s");
    }
}
