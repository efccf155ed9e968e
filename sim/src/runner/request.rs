//! What a user asked for: found, loaded and validated, all of it, before anything runs.

use super::places::{Places, catalogue, scenario_files};
use super::{Spec, meant_or_list};
use crate::check;
use crate::history::Keep;
use crate::mutant::{self, DEFAULT, Variant, variants};
use crate::report::title;
use crate::scenario::{self, Class, Engine, Expect, Known, Load, Metric, Problems, Scenario, Seeds};
use leasehold::engine::RenewalKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a user asks for.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// Files, names or folders; none: all but those of `slow/`.
    pub scenarios: Vec<String>,
    /// Where no scenario is named: `slow/` too.
    pub slow: bool,
    /// Seeds instead of each file's own.
    pub seeds: Option<Seeds>,
    /// Variants instead of each file's own.
    pub variants: Vec<String>,
    /// Where no variant is named: those that a file has a section for, too.
    pub sections: bool,
    /// The engines.
    pub engines: Engines,
    /// A factor on the rates of open loops.
    pub load: Load,
}

/// On which engines a scenario is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Engines {
    /// That of its `[cluster]`.
    #[default]
    Own,
    /// All that the file is for.
    Each,
    /// This one.
    One(Engine),
}

impl Engines {
    fn of(self, scenario: &Scenario) -> Vec<Engine> {
        match self {
            Engines::One(engine) => vec![engine],
            Engines::Each if !scenario.engines.is_empty() => scenario.engines.clone(),
            Engines::Own | Engines::Each => vec![scenario.cluster.engine],
        }
    }
}

/// One scenario under one variant, with its seeds.
#[derive(Clone)]
pub struct Group {
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// The variant.
    pub variant: &'static Variant,
    /// Of a variant other than the default: the scenario as it is under the default.
    pub default: Option<Arc<Scenario>>,
    /// The seeds.
    pub seeds: Seeds,
    /// What is odd about the scenario's file.
    pub warnings: Arc<Problems>,
}

impl Group {
    /// The same under another variant.
    pub fn under(&self, variant: &'static Variant) -> Self {
        let default = (variant.name != DEFAULT.name).then(|| Arc::new(self.scenario.under(DEFAULT.name)));
        Self { scenario: Arc::new(self.scenario.under(variant.name)), variant, default, ..self.clone() }
    }

    /// The engine.
    pub fn engine(&self) -> Engine {
        self.scenario.cluster.engine
    }

    /// The same on another engine.
    pub fn on(&self, engine: Engine) -> Self {
        let on = |scenario: &Arc<Scenario>| Arc::new(scenario.on(engine));
        Self { scenario: on(&self.scenario), default: self.default.as_ref().map(on), ..self.clone() }
    }

    /// What people call it where it is one of several: the variant, and the engine where that is not the usual one.
    pub fn called(&self) -> String {
        self.engine().under(self.variant.name)
    }

    /// Does this engine run it? If not, why.
    fn absence(&self) -> Option<String> {
        let (engine, title) = (self.engine(), self.title());
        if !self.scenario.is_for(engine) {
            return Some(format!("{title}: not on this engine ({engine}), says its file"));
        }
        let is_on = self.variant.is_on(engine);
        (!is_on).then(|| format!("{title}, variant {}: not on this engine ({engine})", self.variant.name))
    }

    /// What the file says in place of what its variant is made of, so that less or nothing is left of that; a sentence each. A file that has
    /// a section for the variant knows what it does: if it is nothing, that is vacuous.
    pub fn undone(&self) -> Vec<String> {
        let Self { scenario, variant, .. } = self;
        if scenario.expect.variants.contains_key(variant.name) {
            return Vec::new();
        }
        let (timeout, tick) = (scenario.cluster.election_timeout, scenario.cluster.tick);
        let lease = scenario.cluster.lease.is_some_and(|lease| {
            let own = (variant.lease_length)(timeout, tick);
            own != (DEFAULT.lease_length)(timeout, tick) && own != lease
        });
        let (own, reads) = (variant.coordinator.inner_reads, scenario.cluster.inner_reads);
        let reads = own != DEFAULT.coordinator.inner_reads && reads.is_some_and(|reads| reads != own);
        let told = |key: &str, what: &str| {
            format!(
                "variant `{}` sets {what}; `[cluster] {key}` of {} replaces that, and what is left of the variant may be nothing",
                variant.name,
                scenario.path.display()
            )
        };
        let lease = lease.then(|| told("lease", "how long a lease lasts"));
        lease.into_iter().chain(reads.then(|| told("inner-reads", "how reads inside scripts are fenced"))).collect()
    }

    /// What people call the scenario.
    pub fn title(&self) -> String {
        title(&self.scenario.path)
    }

    /// What happens in it, in English; with `seed`, what that draws.
    pub fn explain(&self, seed: Option<u64>) -> String {
        let drawn = seed.map(|seed| self.spec(seed, Keep::Nothing).drawn().scenario);
        let scenario = drawn.as_ref().unwrap_or(&self.scenario);
        let cluster = &scenario.cluster;
        let context = scenario::Context {
            title: &self.title(),
            variant: self.variant.name,
            about: self.variant.about,
            lease: (self.variant.lease_length)(cluster.election_timeout, cluster.tick),
            renewal: self.variant.renewal.map(renewal),
            checks: checks(),
        };
        scenario::explain(scenario, &context)
    }

    /// What `seed` draws, as the text of the file `path`: under the same seed it gives the same history.
    pub fn frozen(&self, seed: u64, path: Option<&Path>) -> String {
        let Scenario { name, about, .. } = &*self.scenario;
        // The file says of the default what it is under the default, and of the variant what differs.
        let scenario = Arc::clone(self.default.as_ref().unwrap_or(&self.scenario));
        let stem = path.and_then(Path::file_stem).map(|stem| stem.to_string_lossy().into_owned());
        let drawn = Spec { scenario, ..self.spec(seed, Keep::Nothing) }.drawn().scenario;
        let frozen = Scenario {
            name: stem.unwrap_or_else(|| format!("{name}-seed-{seed}")),
            about: about.clone(),
            seeds: Seeds::one(seed),
            variant: Some(self.variant.name.to_owned()).filter(|name| name != DEFAULT.name),
            engines: Vec::new(),
            expect: Expect { engines: Default::default(), ..drawn.expect.clone() },
            ..(*drawn).clone()
        };
        format!("# What seed {seed} draws of {}.\n{}", self.title(), scenario::print(&frozen))
    }

    /// The run of one seed.
    pub fn spec(&self, seed: u64, keep: Keep) -> Spec {
        let (scenario, default) = (Arc::clone(&self.scenario), self.default.clone());
        Spec { scenario, seed, variant: self.variant, default, keep, leak: false }
    }

    /// The runs of all seeds, in order.
    pub fn specs(&self, keep: Keep) -> impl Iterator<Item = Spec> {
        self.seeds.iter().map(move |seed| self.spec(seed, keep))
    }
}

/// Why a request is refused: everything that is wrong with it.
#[derive(Debug, Default)]
pub struct Refusals {
    /// Names that nobody knows and the like, one line each.
    pub words: Vec<String>,
    /// Scenario files.
    pub files: Vec<Problems>,
}

impl Refusals {
    fn is_empty(&self) -> bool {
        self.words.is_empty() && self.files.is_empty()
    }

    /// All of them, for a person.
    pub fn render(&self, color: bool) -> String {
        let words = self.words.iter().map(|words| format!("error: {words}"));
        let shown: Vec<String> = words.chain(self.files.iter().map(|problems| problems.render(color))).collect();
        shown.join("\n\n")
    }
}

/// The variant called `name`.
///
/// # Errors
///
/// One line that says what may have been meant.
pub fn find_variant(name: &str) -> Result<&'static Variant, String> {
    mutant::find(name).ok_or_else(|| {
        let meant = meant_or_list(name, variants().map(|variant| variant.name), "variants");
        format!("unknown variant `{name}`{meant}")
    })
}

/// What a wish comes to.
#[derive(Default)]
pub struct Wanted {
    /// What is run, by scenario, then by engine, then by variant.
    pub groups: Vec<Group>,
    /// What is not, as it is not on its engine, a line each.
    pub absent: Vec<String>,
}

/// Everything that `wish` asks for.
///
/// # Errors
///
/// Everything that is wrong with it; nothing has run.
pub fn resolve(wish: &Wish, places: &Places) -> Result<Wanted, Refusals> {
    let mut refusals = Refusals::default();
    let mut variants = Vec::new();
    for name in &wish.variants {
        match find_variant(name) {
            Ok(variant) => variants.push(variant),
            Err(words) => refusals.words.push(words),
        }
    }
    let mut wanted = Wanted::default();
    for path in paths(wish, places, &mut refusals) {
        match load(&path) {
            Ok(own) => {
                let seeds = wish.seeds.clone().unwrap_or_else(|| own.seeds.clone());
                let own = Group { scenario: Arc::new(own.scenario.at_load(wish.load)), seeds, ..own };
                let engines = wish.engines.of(&own.scenario);
                for group in engines.into_iter().flat_map(|engine| on_engine(&own, engine, &variants, wish.sections)) {
                    match group.absence() {
                        None => wanted.groups.push(group),
                        Some(words) => wanted.absent.push(words),
                    }
                }
            }
            Err(problems) => refusals.files.push(problems),
        }
    }
    wanted.absent.dedup();
    if wanted.groups.is_empty() {
        refusals.words.append(&mut wanted.absent);
    }
    if refusals.is_empty() { Ok(wanted) } else { Err(refusals) }
}

/// `own` on an engine, under each of these variants; if there are none, under its own, and where `sections` are asked for under those of which
/// its file says what they do there. What it says of no engine is said of its own, and of those that it is for.
fn on_engine(own: &Group, engine: Engine, variants: &[&'static Variant], sections: bool) -> Vec<Group> {
    let group = own.on(engine);
    let mut variants = variants.to_vec();
    if variants.is_empty() {
        let Scenario { engines, expect, .. } = &*group.scenario;
        let of_any = engine == own.engine() || engines.contains(&engine);
        let is_said = |name: &String| of_any || expect.engines.get(&engine).is_some_and(|of| of.contains_key(name));
        // A section for its own variant is about the same runs.
        let others = |name: &&String| sections && name.as_str() != own.variant.name && is_said(name);
        let sections = expect.variants.keys().filter(others);
        variants.push(own.variant);
        variants.extend(sections.filter_map(|name| find_variant(name).ok()));
    }
    variants.into_iter().map(|variant| group.under(variant)).collect()
}

fn paths(wish: &Wish, places: &Places, refusals: &mut Refusals) -> Vec<PathBuf> {
    if wish.scenarios.is_empty() {
        let all = catalogue(places, wish.slow);
        if all.is_empty() {
            refusals.words.push("there is no folder `scenarios` here or above; name a scenario file".to_owned());
        }
        return all.into_iter().map(|named| named.path).collect();
    }
    let mut paths: Vec<PathBuf> = Vec::new();
    for wish in &wish.scenarios {
        match scenario_files(wish, places) {
            // A file that is meant twice, by its name and by its folder, runs once.
            Ok(found) => found.into_iter().for_each(|path| {
                if !paths.contains(&path) {
                    paths.push(path);
                }
            }),
            Err(words) => refusals.words.push(words),
        }
    }
    paths
}

/// The scenario in `path`, under the variant and with the seeds that it names.
///
/// # Errors
///
/// What is wrong with it, names of variants and checks that there are not included.
pub fn load(path: &Path) -> Result<Group, Problems> {
    read_as(path, &scenario::text(path)?)
}

/// As [`load`], of `text` as the contents of `path`, which is not touched.
///
/// # Errors
///
/// As [`load`].
pub fn read_as(path: &Path, text: &str) -> Result<Group, Problems> {
    let scenario = scenario::parse_knowing(KNOWN, path, text)?;
    let variant = scenario.variant.as_deref().and_then(mutant::find).unwrap_or(&DEFAULT);
    let warnings = Arc::new(scenario::lint(&scenario, text, &checks()));
    Ok(Group { seeds: scenario.seeds.clone(), scenario: Arc::new(scenario), variant, default: None, warnings })
}

/// As [`read_as`], under the variant of this name, at a load that the rates of `text` have in them already.
///
/// # Errors
///
/// There is no such variant, or what is wrong with the text.
pub(super) fn read_at(path: &Path, text: &str, variant: &str, load: Load) -> Result<Group, String> {
    let variant = find_variant(variant)?;
    let own = read_as(path, text).map_err(|problems| problems.to_string())?;
    let scenario = Arc::new(Scenario { load, ..(*own.scenario).clone() });
    let own = Group { scenario, ..own };
    let group = own.on(own.engine()).under(variant);
    group.absence().map_or(Ok(group), Err)
}

/// What renews a lease, whatever a scenario says, in words.
fn renewal(kind: RenewalKind) -> &'static str {
    match kind {
        RenewalKind::Acks => "rounds that a quorum acknowledged renew it, as the variant wants",
        RenewalKind::ReadRounds => "rounds of ReadIndex renew it, as the variant wants",
        RenewalKind::Caller => "under this variant only an operation that succeeded renews it",
    }
}

/// The checks that there are, with the class of what they find.
fn checks() -> Vec<(&'static str, Class)> {
    check::ALL.iter().map(|check| (check.name, check.class)).collect()
}

/// What is wrong with names of variants and checks.
const KNOWN: Known = Known {
    variant: |name| find_variant(name).map(drop),
    section: check_variant,
    check: find_check,
    finder: |name| if name.parse::<Metric>().is_ok() { Ok(()) } else { find_check(name) },
};

/// What is wrong with names of variants, and of whatever may find a failure, in a file that is no scenario.
pub fn known_names() -> Known {
    Known { finder: find_finder, ..KNOWN }
}

/// Is there a variant of which a file may say something? Built without `planted`, nobody can tell: those that switch off rules are
/// not there.
fn check_variant(name: &str) -> Result<(), String> {
    if cfg!(feature = "planted") { find_variant(name).map(drop) } else { Ok(()) }
}

/// The JSON Schema of scenario files, with the variants and checks that there are.
pub fn scenario_schema() -> String {
    let variants: Vec<&str> = variants().map(|variant| variant.name).collect();
    let checks: Vec<&str> = check::ALL.iter().map(|check| check.name).collect();
    scenario::json_schema(&variants, &checks)
}

/// What fails a run and is neither a check nor an expectation.
const OTHER_FINDERS: [&str; 4] = ["panic", "reached", "fresh-process", "all-ok"];

/// Can this fail a run?
///
/// # Errors
///
/// One line that says what may have been meant.
pub(super) fn find_finder(name: &str) -> Result<(), String> {
    if OTHER_FINDERS.contains(&name) { Ok(()) } else { (KNOWN.finder)(name) }
}

fn find_check(name: &str) -> Result<(), String> {
    let mut names = check::ALL.iter().map(|check| check.name);
    if names.clone().any(|known| known == name) {
        return Ok(());
    }
    Err(format!("unknown check `{name}`{}", meant_or_list(name, &mut names, "checks")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_is_looked_up_by_name() {
        assert_eq!(find_check("one-lease"), Ok(()));
        let refused = find_check("one-leas").unwrap_err();
        assert_eq!(refused, "unknown check `one-leas`; did you mean `one-lease`?");
        assert_eq!(find_check("qqqqqq").unwrap_err(), "unknown check `qqqqqq`; see `leasehold list checks`");
    }
}
