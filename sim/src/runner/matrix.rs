//! Variants against checks: is what is wrong with each of them seen, by which check, in which scenario, after how many seeds?
//!
//! Each variant runs the scenario that its table names, over disjoint ranges of seeds, in each until something tells; and
//! beside it plain `slow/chaos`, for what aiming buys over chance. It is judged as the default is, by the checks and by the
//! bounds of the file: what a file expects of a variant by name does not count. The default variant then runs all of the same
//! runs, and must show nothing. What bends a rule is aimed at alone, and in fewer ranges; of what is said to be equivalent to the
//! default the first seed of each is run, and must show nothing either.

use super::reach::which;
use super::sweep::in_order;
use super::{Defaults, Group, Places, Refusals, Spec, Wish, resolve, run};
use crate::check;
use crate::history::Keep;
use crate::mutant::{DEFAULT, Kind, Variant};
use crate::scenario::{Engine, Scenario};
use crate::verdict::{Row, RunReport, Sighting};
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Where chance is to find what aiming finds.
const CHAOS: &str = "slow/chaos";

/// How far to look.
#[derive(Clone, Copy, Debug)]
pub struct Search {
    /// So many disjoint ranges of seeds, from seed 1 on.
    pub ranges: u64,
    /// So many seeds in each.
    pub seeds: u64,
    /// So many seeds of chaos.
    pub chaos_seeds: u64,
}

impl Search {
    /// What `cargo test` looks at: whatever the first range of seeds shows.
    pub const GATE: Self = Self { ranges: 1, seeds: 20, chaos_seeds: 0 };
}

/// Ranges of seeds of a variant that bends a rule: there are many.
const RANGES_BENT: u64 = 3;

/// One variant, its scenario and chaos, found and loaded.
pub struct Target {
    variant: &'static Variant,
    aimed: Option<Ground>,
    /// `None`: chance is not asked.
    chaos: Option<Ground>,
}

/// A scenario under the variant that is looked at, and as it is.
struct Ground {
    guilty: Group,
    innocent: Group,
}

/// `variants`, with their scenarios; the default is left out: it runs what the others do. `engine`: on this, in place of that of each file.
///
/// # Errors
///
/// A scenario that is not there, or that is refused.
pub fn targets<'a>(
    variants: impl IntoIterator<Item = &'a &'static Variant>,
    places: &Places,
    engine: Option<Engine>,
) -> Result<Vec<Target>, Refusals> {
    let guilty = variants.into_iter().filter(|variant| variant.kind != Kind::Default);
    guilty.map(|variant| Target::new(variant, places, engine)).collect()
}

impl Target {
    fn new(variant: &'static Variant, places: &Places, engine: Option<Engine>) -> Result<Self, Refusals> {
        let engine = engine.or(variant.engine());
        let ground = |scenario| Ground::new(scenario, variant, places, engine);
        let aimed = variant.scenario().map(ground).transpose()?;
        let chaos = variant.rules_bent.is_empty().then(|| ground(CHAOS)).transpose()?;
        Ok(Self { variant, aimed, chaos })
    }

    /// The variant.
    pub fn variant(&self) -> &'static Variant {
        self.variant
    }

    /// Looks for what is wrong with it. Also returns the same runs of the default. `None`: `stop` was set before it was through.
    fn search(&self, search: Search, stop: &AtomicBool) -> Option<(Row, Vec<Spec>)> {
        let begun = now();
        let mut made = Vec::new();
        let most = if self.variant.rules_bent.is_empty() { search.ranges } else { search.ranges.min(RANGES_BENT) };
        let seeds = if self.variant.equivalent.is_some() { 1 } else { search.seeds };
        let ranges = (0..most).map(|range| range * search.seeds + 1);
        let shown: Vec<_> = match &self.aimed {
            Some(aimed) => ranges.map(|first| aimed.sighting(first, seeds, stop, &mut made)).collect(),
            None => ranges.map(|_| None).collect(),
        };
        let first = shown.iter().flatten().next();
        let checks = first.zip(self.aimed.as_ref()).map(|((_, run), aimed)| aimed.checks(run)).unwrap_or_default();
        // Of one that nothing shows it matters whether there was anything to show.
        let unseen = self.aimed.as_ref().filter(|_| first.is_none());
        let reached = Some(unseen.is_none_or(|aimed| aimed.is_reached(most * seeds, stop)));
        let chaos_limit = if self.chaos.is_some() { search.chaos_seeds } else { 0 };
        let chaos = self.chaos.as_ref().and_then(|chaos| chaos.sighting(1, chaos_limit, stop, &mut made));
        let chaos = chaos.map(|(sighting, _)| sighting);
        let sightings = shown.into_iter().map(|shown| shown.map(|(sighting, _)| sighting)).collect();
        let (variant, range) = (self.variant, seeds);
        let row = Row { variant, sightings, reached, range, checks, chaos, chaos_limit, wall: begun.elapsed() };
        (!stop.load(Ordering::Relaxed)).then_some((row, made))
    }

    /// Its row, and nothing of the default.
    ///
    /// # Panics
    ///
    /// Never: nothing stops it.
    pub fn row(&self, search: Search) -> Row {
        self.search(search, &AtomicBool::new(false)).expect("nothing stops it").0
    }
}

/// The rows of `targets`, each shown to `each` when it is there, in whatever order; then that of the default. They come back in the
/// order of `targets`, the default first. When `stop` is set those that are not through, and the default, are left out.
pub fn matrix(
    targets: &[Target],
    search: Search,
    jobs: usize,
    stop: &AtomicBool,
    each: &(dyn Fn(&Row) + Sync),
) -> Vec<Row> {
    let found = in_parallel(targets, jobs, |target| {
        let found = target.search(search, stop);
        found.iter().for_each(|(row, _)| each(row));
        found
    });
    let (rows, made): (Vec<Row>, Vec<Vec<Spec>>) = found.into_iter().flatten().unzip();
    let innocent = innocent(made.into_iter().flatten(), search, jobs, stop);
    innocent.iter().for_each(each);
    innocent.into_iter().chain(rows).collect()
}

/// The checks that no row brings to life, and what to say of each.
pub fn dead_checks(rows: &[Row]) -> Vec<String> {
    let alive: BTreeSet<_> = rows.iter().flat_map(|row| row.checks.iter().copied()).collect();
    let dead = check::ALL.iter().map(|check| check.name).filter(|name| !alive.contains(name));
    dead.map(|name| format!("{name} kills nothing: no variant is seen by it")).collect()
}

/// The default variant, in the same runs; `None`: `stop` was set before it was through.
fn innocent(made: impl Iterator<Item = Spec>, search: Search, jobs: usize, stop: &AtomicBool) -> Option<Row> {
    let begun = now();
    let mut seen = BTreeSet::new();
    let specs: Vec<Spec> = made.filter(|spec| seen.insert(which(spec))).collect();
    let alarm = |spec: &Spec| (!stop.load(Ordering::Relaxed)).then(|| Sighting::of(&run(spec), &DEFAULT, 1));
    let alarms: Option<Vec<_>> = in_parallel(&specs, jobs, alarm).into_iter().collect();
    alarms.map(|alarms| Row {
        variant: &DEFAULT,
        sightings: alarms.into_iter().filter(Option::is_some).collect(),
        reached: None,
        range: search.seeds,
        checks: BTreeSet::new(),
        chaos: None,
        chaos_limit: search.chaos_seeds,
        wall: begun.elapsed(),
    })
}

fn group(title: &str, variant: &'static Variant, places: &Places, engine: Option<Engine>) -> Result<Group, Refusals> {
    let wish = Wish { scenarios: vec![title.to_owned()], ..Wish::default() };
    let group = resolve(&wish, places)?.groups.into_iter().next().ok_or_else(Refusals::default)?;
    let mut group = group.on(engine.unwrap_or(group.engine())).under(variant);
    let scenario = Arc::make_mut(&mut group.scenario);
    scenario.expect.variants.clear();
    scenario.expect.violation = None;
    Ok(group)
}

impl Ground {
    fn new(title: &str, variant: &'static Variant, places: &Places, engine: Option<Engine>) -> Result<Self, Refusals> {
        Ok(Self { guilty: group(title, variant, places, engine)?, innocent: group(title, &DEFAULT, places, engine)? })
    }

    /// The first of `seeds` seeds from `first` on that tells something, and its run; `made` takes the same runs of the default.
    fn sighting(
        &self,
        first: u64,
        seeds: u64,
        stop: &AtomicBool,
        made: &mut Vec<Spec>,
    ) -> Option<(Sighting, RunReport)> {
        until(stop, seeds).find_map(|after| {
            let seed = first + after - 1;
            made.push(self.innocent.spec(seed, Keep::Nothing));
            let report = run(&self.guilty.spec(seed, Keep::Nothing));
            Some((Sighting::of(&report, self.guilty.variant, after)?, report))
        })
    }

    /// In one of so many seeds: does the variant do anything that the default does not?
    fn is_reached(&self, seeds: u64, stop: &AtomicBool) -> bool {
        let default = Some(Arc::clone(&self.innocent.scenario));
        until(stop, seeds).any(|seed| {
            let spec = Spec { default: default.clone(), ..self.guilty.spec(seed, Keep::Nothing) };
            Defaults::default().run(&spec).reached == Some(true)
        })
    }

    /// The checks that speak in this run if none of them ends it; the bounds of the file are none.
    fn checks(&self, run: &RunReport) -> BTreeSet<&'static str> {
        let to_its_end = if run.sim < self.guilty.scenario.until { &self.to_its_end(run.seed) } else { run };
        let found = to_its_end.checks.iter().filter(|(_, count)| count.violations > 0).map(|(name, _)| *name);
        // What might have failed tells of a bug as well, before anything does.
        found.chain(to_its_end.potential.keys().copied()).collect()
    }

    /// The run of this seed, which no check ends.
    fn to_its_end(&self, seed: u64) -> RunReport {
        let mut scenario = Scenario::clone(&self.guilty.scenario);
        scenario.checks.record_only = check::ALL.iter().map(|check| check.name.to_owned()).collect();
        run(&Spec { scenario: Arc::new(scenario), ..self.guilty.spec(seed, Keep::Nothing) })
    }
}

/// 1 to `most`, as long as `stop` is not set.
fn until(stop: &AtomicBool, most: u64) -> impl Iterator<Item = u64> {
    (1..=most).take_while(|_| !stop.load(Ordering::Relaxed))
}

/// What comes of all `items`, in their order.
pub(super) fn in_parallel<T: Sync, R: Send>(items: &[T], jobs: usize, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let mut done = Vec::with_capacity(items.len());
    in_order(items, jobs, &AtomicBool::new(false), &work, &mut |result| {
        done.push(result);
        ControlFlow::Continue(())
    });
    done
}

#[expect(clippy::disallowed_methods, reason = "how long it took, which no run sees")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mutant::Seen;
    use crate::report::{matrix_line, matrix_table};
    use crate::runner::find_variant;
    use std::path::Path;

    #[test]
    fn a_bug_that_was_never_there_reads_otherwise_than_one_that_survived() {
        let places = Places::around(Path::new(env!("CARGO_MANIFEST_DIR")));
        // Nobody hands over in it.
        let seen = Some(Seen { scenario: "fast/steady", by: "one-lease" });
        let variant = Variant { seen, ..*find_variant("transfer-keeps-lease").unwrap() };
        let target = Target::new(Box::leak(Box::new(variant)), &places, None);
        let target = target.unwrap_or_else(|refusals| panic!("{}", refusals.render(false)));
        let row = target.row(Search { ranges: 1, seeds: 1, chaos_seeds: 0 });
        let told = |row: &Row| {
            let table = matrix_table(std::slice::from_ref(row));
            [table, matrix_line(row), row.complaint().unwrap_or_default()]
        };
        let [table, line, complaint] = told(&row);
        assert!(table.contains("NOT REACHED") && line.contains("\"reached\":false"), "{table}{line}");
        assert!(complaint.contains("was never there: in 1 seed of fast/steady it did nothing"), "{complaint}");
        let [table, line, complaint] = told(&Row { reached: Some(true), ..row });
        assert!(table.contains("NOTHING") && line.contains("\"reached\":true"), "{table}{line}");
        assert!(complaint.contains("survives in 1 of 1 ranges"), "{complaint}");
    }
}
