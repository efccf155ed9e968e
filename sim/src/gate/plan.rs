//! The runs of a profile, in order.
//!
//! First what the files pin, as the profile names them: a seed that is red there says most. Then what is drawn from the commit, in rounds:
//! the first seed of every scenario before the second of any, so that whoever is short of time has tried a little of everything.

use super::commit::Commit;
use super::prelude::*;
use crate::history::Keep;
use crate::mutant::DEFAULT;
use crate::runner::{self, Places, Refusals, Spec, Wish, resolve};
use crate::scenario::gate::Asked;

/// What is run.
pub struct Plan {
    /// The runs, those that are owed first.
    pub specs: Vec<Spec>,
    /// How many of them are owed: the gate is incomplete without them. The others are run while there is time.
    pub owed: usize,
    /// The seeds that are drawn from the commit and owed.
    pub seeds: Vec<u64>,
    /// The scenarios under their variants, each once.
    pub groups: Vec<runner::Group>,
}

impl Plan {
    /// What the run on which `report` is was a run of.
    pub fn group(&self, report: &RunReport) -> Option<&runner::Group> {
        self.groups.iter().find(|group| group.scenario.path == report.path && group.variant.name == report.variant)
    }
}

/// The runs of `profile` at `commit`.
///
/// # Errors
///
/// Everything that is wrong with what it names.
pub fn plan(profile: &Profile, commit: &Commit, places: &Places) -> Result<Plan, Refusals> {
    let mut lines = Vec::new();
    for asked in &profile.runs {
        let wish = Wish { scenarios: asked.of.clone(), sections: true, ..Wish::default() };
        lines.push((asked, resolve(&wish, places)?.groups));
    }
    let most = |of: fn(&Asked) -> u32| profile.runs.iter().map(of).max().unwrap_or_default() as usize;
    let seeds = commit.seeds(most(Asked::drawn) as u32);
    let mut runs = Runs::default();
    for (_, groups) in lines.iter().filter(|(asked, _)| asked.pinned) {
        groups.iter().flat_map(|group| group.specs(Keep::Nothing)).for_each(|spec| runs.add(spec));
    }
    let mut draw = |of: fn(&Asked) -> u32| {
        for (nth, seed) in seeds.iter().enumerate() {
            let lines = lines.iter().filter(|(asked, _)| nth < of(asked) as usize);
            let groups = lines.flat_map(|(_, groups)| groups).filter(|group| passes_at_any_seed(group));
            groups.for_each(|group| runs.add(group.spec(*seed, Keep::Nothing)));
        }
        runs.specs.len()
    };
    let owed = draw(|asked| asked.seeds);
    draw(Asked::drawn);
    let mut seen = BTreeSet::new();
    let mut groups: Vec<runner::Group> = lines.into_iter().flat_map(|(_, groups)| groups).collect();
    groups.retain(|group| seen.insert((group.scenario.path.clone(), group.variant.name)));
    let seeds = seeds.into_iter().take(most(|asked| asked.seeds)).collect();
    Ok(Plan { specs: runs.specs, owed, seeds, groups })
}

/// Is that what its file says of every seed? A planted bug need not show at each.
fn passes_at_any_seed(group: &runner::Group) -> bool {
    group.variant.name == DEFAULT.name && group.scenario.expect.violation.is_none()
}

/// Runs, each once.
#[derive(Default)]
struct Runs {
    specs: Vec<Spec>,
    seen: BTreeSet<(PathBuf, &'static str, u64)>,
}

impl Runs {
    fn add(&mut self, spec: Spec) {
        if self.seen.insert((spec.scenario.path.clone(), spec.variant.name, spec.seed)) {
            self.specs.push(spec);
        }
    }
}
