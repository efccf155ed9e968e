//! Every scenario but those of `scenarios/slow` as test cases.
//!
//! | case                                   | what it does                                                              |
//! |----------------------------------------|---------------------------------------------------------------------------|
//! | `fast/steady`                          | runs the file's seeds under the file's variant; each must be as expected   |
//! | `incidents/pr-558::elastickv-549`      | the same under a variant of which the file says what it expects            |
//! | `snapshot behaviour fast/steady`       | compares what the file's first seed gave under each of its variants        |
//! | `snapshot fingerprint fast/steady`     | the same run's row in `snapshots/fingerprints.csv`                         |
//! | `snapshot evaluations fast/steady`     | and in `snapshots/evaluations.csv`: how often each check judged something  |
//! | `exact search fast/steady`             | an exact search says of its first seed what the zones say                  |
//! | `snapshot tables`                      | no table has a row of a run that is gone                                   |
//! | `snapshot coverage`                    | in these runs each verb is effective, each check judges, each metric tells |
//!
//! Knobs: see `leasehold_sim::runner::knobs`. Snapshots take no knobs but `LEASEHOLD_SCENARIO`: they are pinned to their seed.

mod search;
mod table;

use leasehold_sim::check;
use leasehold_sim::history::{Keep, Observer};
use leasehold_sim::report::{self, Left, Screen, Style, title};
use leasehold_sim::runner::knobs::{self, Knobs};
use leasehold_sim::runner::{
    Bundles, Defaults, Group, Leaves, Named, Places, Spec, Wish, catalogue, resolve, revisit, sweep,
};
use leasehold_sim::scenario::{self, Metric, Seeds, Stat};
use leasehold_sim::verdict::{RunReport, read};
use leasehold_sim::words::Spelled;
use leasehold_sim::words::Verb;
use libtest_mimic::{Arguments, Failed, Trial};
use search::Search;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::exit;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use table::Table;

fn main() {
    let mut arguments = Arguments::from_args();
    let knobs = knobs::from_environment().unwrap_or_else(|problems| {
        // An IDE that only lists must not be stopped by what a shell has exported.
        if !arguments.list {
            eprintln!("{}", problems.join("\n"));
            exit(2);
        }
        Knobs::default()
    });
    if !arguments.list && !knobs.set.is_empty() {
        eprintln!("{}", knobs.echo(&[]));
    }
    arguments.test_threads = arguments.test_threads.or(knobs.jobs.map(NonZeroUsize::get));
    // So that paths in messages are those that a person would type.
    let root = repository();
    std::env::set_current_dir(&root).unwrap_or_else(|error| panic!("{}: {error}", root.display()));
    let places = Places { roots: vec![root.join("scenarios")], cwd: root };
    let all = catalogue(&places, false);
    let titles: Vec<String> = all.iter().map(|named| named.title.clone()).collect();
    let selected: Vec<Named> = all.into_iter().filter(|named| knobs.selects(&named.title)).collect();
    if selected.is_empty() {
        eprintln!("{}", knobs.selects_none(&titles));
        exit(2);
    }
    let pins = Pins::new();
    let mut files: Vec<File> = selected.iter().map(|named| File::new(named, &places, &knobs)).collect();
    // Regressions are told first. Of the others those that take longest begin first, so that none runs alone at the end.
    files.sort_by_key(|file| (!file.title.starts_with("regressions/"), Reverse(file.simulated)));
    let mut trials: Vec<Trial> = files.iter().flat_map(|file| file.trials(&pins)).collect();
    if selected.len() == titles.len() {
        let cases: Vec<Case> = files.into_iter().flat_map(|file| file.pinned).collect();
        let all = cases.clone();
        trials.push(Trial::test("snapshot tables", move || pins.hold_only(&all)));
        trials.push(Trial::test("snapshot coverage", move || everything_is_exercised(&cases)));
    }
    libtest_mimic::run(&arguments, trials).exit()
}

fn repository() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}

/// The tables in which every run has a row.
#[derive(Clone)]
struct Pins {
    fingerprints: Table,
    evaluations: Table,
}

impl Pins {
    fn new() -> Self {
        let file = |name: &str| repository().join("snapshots").join(name);
        let checks = check::ALL.iter().map(|info| info.name).collect();
        Self {
            fingerprints: Table::new(file("fingerprints.csv"), vec!["seed", "fingerprint", "events", "messages"]),
            evaluations: Table::new(file("evaluations.csv"), checks),
        }
    }

    fn hold_only(&self, cases: &[Case]) -> Result<(), Failed> {
        let runs: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
        self.fingerprints.holds_only(&runs)?;
        self.evaluations.holds_only(&runs)
    }
}

/// A scenario file.
struct File {
    title: String,
    path: PathBuf,
    /// How long all of its runs are, in simulated time.
    simulated: Duration,
    /// Why it cannot be read.
    refused: Option<String>,
    /// Those whose seeds are judged.
    judged: Vec<Case>,
    /// Those whose first seed is pinned: the file's own variant, and each that it has a section for.
    pinned: Vec<Case>,
}

impl File {
    fn new(named: &Named, places: &Places, knobs: &Knobs) -> Self {
        let (variants, simulated, refused) = match scenario::load(&named.path) {
            Ok(scenario) => {
                let runs = scenario.until * scenario.seeds.len() as u32;
                let own = scenario.variant.unwrap_or_else(|| "default".to_owned());
                let others = scenario.expect.variants.into_keys().filter(|name| *name != own);
                let variants: Vec<_> = [None].into_iter().chain(others.map(Some)).collect();
                let simulated = runs * variants.len() as u32;
                (variants, simulated, None)
            }
            Err(problems) => (Vec::new(), Duration::ZERO, Some(problems.to_string())),
        };
        let mut firsts: BTreeMap<Option<String>, First> = BTreeMap::new();
        let files = (variants.len() > 1).then(|| named.path.clone());
        let defaults = Arc::new(Defaults::of_files(files));
        let folder = || Path::new(env!("CARGO_TARGET_TMPDIR")).join("bundles");
        let bundles = (knobs.bundles.clone().unwrap_or_else(folder), knobs.keep.unwrap_or_default());
        let mut case = |variant: &Option<String>, seeds| {
            let first = firsts.entry(variant.clone()).or_default();
            let case = Case::new(named, variant.as_deref(), seeds, Arc::clone(first), Arc::clone(&defaults), places);
            Case { bundles: bundles.clone(), ..case }
        };
        let pinned = variants.iter().map(|variant| case(variant, None)).collect();
        let chosen = match &knobs.variant {
            Some(variant) if refused.is_none() => vec![Some(variant.clone())],
            _ => variants,
        };
        let judged = chosen.iter().map(|variant| case(variant, knobs.seeds.clone())).collect();
        Self { title: named.title.clone(), path: named.path.clone(), simulated, refused, judged, pinned }
    }

    /// One that cannot be read is a case that fails and says why.
    fn trials(&self, pins: &Pins) -> Vec<Trial> {
        if let Some(refused) = self.refused.clone() {
            return vec![Trial::test(self.title.clone(), move || Err(Failed::from(refused)))];
        }
        let judged = self.judged.iter().cloned();
        let mut trials: Vec<Trial> = judged.map(|case| Trial::test(case.name.clone(), move || case.judge())).collect();
        for case in &self.pinned {
            let (table, of) = (pins.fingerprints.clone(), case.clone());
            let compare = move || table.compare(&of.name, &fingerprint(of.pinned()?));
            trials.push(Trial::test(format!("snapshot fingerprint {}", case.name), compare));
            let (table, of) = (pins.evaluations.clone(), case.clone());
            let compare = move || table.compare(&of.name, &evaluations(of.pinned()?));
            trials.push(Trial::test(format!("snapshot evaluations {}", case.name), compare));
        }
        if let Some(own) = self.pinned.first().cloned() {
            let search = move || own.searched();
            trials.push(Trial::test(format!("exact search {}", self.title), search));
        }
        let (path, cases) = (self.path.clone(), self.pinned.clone());
        trials.push(Trial::test(format!("snapshot behaviour {}", self.title), move || behaviour(&path, &cases)));
        trials
    }
}

/// Each verb must be effective in some committed scenario, each check judge something, and each metric have a value that says something:
/// what nothing exercises may be broken without anybody seeing it.
fn everything_is_exercised(cases: &[Case]) -> Result<(), Failed> {
    let mut idle: Vec<&str> = Verb::all().map(Verb::name).collect();
    idle.extend(check::ALL.iter().map(|info| info.name));
    let mut trivial: Vec<Metric> = Metric::all().filter(|metric| !metric.is_never()).collect();
    for case in cases {
        let report = case.pinned()?;
        let acted = |name| report.faults.get(name).is_some_and(|count| count.effective > 0);
        let judged = |name| report.checks.get(name).is_some_and(|count| count.evaluated > 0);
        idle.retain(|name| !acted(*name) && !judged(*name));
        trivial.retain(|metric| !says_something(*metric, report));
    }
    let trivial: Vec<String> = trivial.iter().map(Metric::to_string).collect();
    if idle.is_empty() && trivial.is_empty() {
        return Ok(());
    }
    Err(Failed::from(format!(
        "no committed scenario exercises {idle:?}, nor has {trivial:?} a value that says something"
    )))
}

/// Has `metric` a value, in the whole run or in a window, that it has not also where nothing happens or all is well?
fn says_something(metric: Metric, report: &RunReport) -> bool {
    let usual = match metric {
        Metric::EntriesPerFsync | Metric::LeaseHitRate | Metric::Operations(_, Stat::Availability) => 1.0,
        _ => 0.0,
    };
    let measures = &report.measures;
    let faults = [Some(&report.faults)].into_iter().chain(std::iter::repeat(None));
    let windows = std::iter::once(&measures.whole).chain(&measures.windows).zip(faults);
    windows
        .into_iter()
        .any(|(window, faults)| read(metric, window, faults).is_ok_and(|it| it.value != 0.0 && it.value != usual))
}

/// A run's row among the fingerprints.
fn fingerprint(report: &RunReport) -> Vec<String> {
    let RunReport { seed, fingerprint, events, messages, .. } = report;
    vec![seed.to_string(), fingerprint.to_string(), events.to_string(), messages.to_string()]
}

/// A run's row among the evaluations: a number a check.
fn evaluations(report: &RunReport) -> Vec<String> {
    let evaluated = |name| report.checks.get(name).map_or(0, |count| count.evaluated);
    check::ALL.iter().map(|info| evaluated(info.name).to_string()).collect()
}

/// What a file's first seed gave, under each variant, must be what is kept.
fn behaviour(path: &Path, cases: &[Case]) -> Result<(), Failed> {
    let mut summaries = Vec::new();
    for case in cases {
        summaries.push(report::behaviour(case.pinned()?));
    }
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(repository().join("snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_description(
        "what this scenario gave at its first seed; `cargo insta review` after a change that is meant",
    );
    settings.set_input_file(path);
    // insta reports by panicking, and libtest-mimic takes a panic for a failure.
    settings.bind(|| insta::assert_snapshot!(title(path).replace('/', "__"), summaries.join("\n")));
    Ok(())
}

/// The run of a file's first seed under a variant, which is judged and compared with what is pinned, and what an exact search says of that
/// under the file's own variant: made once.
type First = Arc<OnceLock<(RunReport, Option<Result<(), String>>)>>;

/// A scenario under a variant.
#[derive(Clone)]
struct Case {
    /// `fast/steady`, `incidents/pr-558::elastickv-549`
    name: String,
    wish: Wish,
    places: Places,
    first: First,
    /// What the default did in the same file's first seed, which each variant is compared with: run once.
    defaults: Arc<Defaults>,
    /// Where a run that fails leaves its bundle, if it leaves one.
    bundles: (PathBuf, Leaves),
}

impl Case {
    fn new(
        named: &Named,
        variant: Option<&str>,
        seeds: Option<Seeds>,
        first: First,
        defaults: Arc<Defaults>,
        places: &Places,
    ) -> Self {
        let name = variant.map_or_else(|| named.title.clone(), |variant| format!("{}::{variant}", named.title));
        let scenarios = vec![named.path.to_string_lossy().into_owned()];
        let variants = variant.into_iter().map(str::to_owned).collect();
        let wish = Wish { scenarios, seeds, variants, ..Wish::default() };
        Self { name, wish, places: places.clone(), first, defaults, bundles: Default::default() }
    }

    fn group(&self) -> Result<Group, Failed> {
        let mut groups = resolve(&self.wish, &self.places).map_err(|refusals| refusals.render(false))?.groups;
        groups.pop().ok_or_else(|| Failed::from("nothing to run"))
    }

    /// The run that is pinned.
    fn pinned(&self) -> Result<&RunReport, Failed> {
        let group = self.group()?;
        Ok(&self.first(&group.spec(group.scenario.seeds.first(), Keep::Nothing)).0)
    }

    /// What an exact search says of that.
    fn searched(&self) -> Result<(), Failed> {
        let group = self.group()?;
        let (_, searched) = self.first(&group.spec(group.scenario.seeds.first(), Keep::Nothing));
        searched.clone().unwrap_or_else(|| Err("it was not searched".to_owned())).map_err(Failed::from)
    }

    /// Every seed must be as expected.
    fn judge(&self) -> Result<(), Failed> {
        let group = self.group()?;
        let (mut failed, mut unexpected) = (None, 0_u64);
        let mut judge = |report: &RunReport| {
            if !report.verdict.as_expected {
                unexpected += 1;
                failed.get_or_insert_with(|| report.clone());
            }
        };
        let is_first = |spec: &Spec| spec.seed == group.scenario.seeds.first();
        let (first, others): (Vec<Spec>, Vec<Spec>) = group.specs(Keep::Nothing).partition(is_first);
        first.iter().for_each(|spec| judge(&self.first(spec).0));
        sweep(others, 1, &mut |report| judge(&report));
        match failed {
            None => Ok(()),
            Some(mut report) => {
                let spec = group.spec(report.seed, Keep::Nothing);
                revisit(&mut report, &spec);
                let (folder, leaves) = self.bundles.clone();
                let bundle = Bundles::new(folder, leaves).keep(&spec, &report).map_err(|error| error.to_string())?;
                Err(Failed::from(self.failure(&report, bundle, unexpected, group.seeds.len())))
            }
        }
    }

    fn first(&self, spec: &Spec) -> &(RunReport, Option<Result<(), String>>) {
        self.first.get_or_init(|| {
            let search = self.wish.variants.is_empty().then(|| Search::of(spec));
            let beside = search.clone().map(|search| Box::new(search) as Box<dyn Observer>);
            let report = self.defaults.run_seen_by(spec, beside);
            (report, search.map(|search| search.result(&self.name)))
        })
    }

    fn failure(&self, report: &RunReport, bundle: Option<PathBuf>, unexpected: u64, seeds: u64) -> String {
        let screen = Screen::of(report, &Left { events: None, bundle }).full(Style::PLAIN);
        format!(
            "{screen}\n\n{unexpected} of {seeds} seeds not as expected; the first again as a test:\n  LEASEHOLD_SEED={} cargo test --test scenarios -- {} --exact",
            report.seed, self.name
        )
    }
}
