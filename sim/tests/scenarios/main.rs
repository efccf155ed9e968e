//! Every scenario but those of `scenarios/slow` as test cases.
//!
//! | case                                   | what it does                                                              |
//! |----------------------------------------|---------------------------------------------------------------------------|
//! | `fast/steady`                          | runs the file's seeds under the file's variant; each must be as expected   |
//! | `incidents/pr-558::elastickv-549`      | the same under a variant of which the file says what it expects            |
//! | `snapshot behaviour fast/steady`       | compares what the file's first seed gave under each of its variants        |
//! | `snapshot fingerprint fast/steady`     | the same run's row in `snapshots/fingerprints.csv`                         |
//! | `snapshot evaluations fast/steady`     | and in `snapshots/evaluations.csv`: how often each check judged something  |
//! | `snapshot no rows of runs that are gone` | what the tables hold is what there is                                    |
//!
//! Knobs: see `leasehold_sim::runner::knobs`. Snapshots take no knobs but `LEASEHOLD_SCENARIO`: they are pinned to their seed.

mod table;

use leasehold_sim::check;
use leasehold_sim::history::Keep;
use leasehold_sim::report::{Screen, Style, pinned, title};
use leasehold_sim::runner::knobs::{self, Knobs};
use leasehold_sim::runner::{Group, Named, Places, Spec, Wish, catalogue, resolve, run, sweep};
use leasehold_sim::scenario::{self, Scenario, Seeds};
use leasehold_sim::verdict::RunReport;
use libtest_mimic::{Arguments, Failed, Trial};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::exit;
use std::sync::{Arc, OnceLock};
use table::Table;

/// Events kept for the timeline of a failure.
const KEPT: Keep = Keep::Last(4_096);

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
    arguments.test_threads = arguments.test_threads.or(knobs.jobs);
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
    let mut trials: Vec<Trial> = selected.iter().flat_map(|named| trials(named, &places, &knobs, &pins)).collect();
    if selected.len() == titles.len() {
        trials.push(Trial::test("snapshot no rows of runs that are gone", move || pins.hold_only(&selected)));
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

    fn hold_only(&self, files: &[Named]) -> Result<(), Failed> {
        let mut runs = Vec::new();
        for named in files {
            let scenario = scenario::load(&named.path).map_err(|problems| problems.to_string())?;
            runs.extend(variants(&scenario).iter().map(|variant| name(named, variant.as_deref())));
        }
        self.fingerprints.holds_only(&runs)?;
        self.evaluations.holds_only(&runs)
    }
}

/// The file's own variant, and each that it has a section for.
fn variants(scenario: &Scenario) -> Vec<Option<String>> {
    [None].into_iter().chain(scenario.variants.keys().cloned().map(Some)).collect()
}

/// `fast/steady`, `incidents/pr-558::elastickv-549`
fn name(named: &Named, variant: Option<&str>) -> String {
    variant.map_or_else(|| named.title.clone(), |variant| format!("{}::{variant}", named.title))
}

/// The cases of one file. One that cannot be read is a case that fails and says why.
fn trials(named: &Named, places: &Places, knobs: &Knobs, pins: &Pins) -> Vec<Trial> {
    let scenario = match scenario::load(&named.path) {
        Ok(scenario) => scenario,
        Err(problems) => {
            let message = problems.to_string();
            return vec![Trial::test(named.title.clone(), move || Err(Failed::from(message)))];
        }
    };
    let variants = variants(&scenario);
    let mut firsts: BTreeMap<Option<String>, First> = BTreeMap::new();
    let mut first = |variant: &Option<String>| Arc::clone(firsts.entry(variant.clone()).or_default());
    let mut case =
        |variant: &Option<String>, seeds| Case::new(named, variant.as_deref(), seeds, first(variant), places);
    let chosen = knobs.variant.clone().map_or_else(|| variants.clone(), |variant| vec![Some(variant)]);
    let mut trials = Vec::new();
    for variant in &chosen {
        let case = case(variant, knobs.seeds);
        trials.push(Trial::test(case.name.clone(), move || case.judge()));
    }
    let pinned: Vec<Case> = variants.iter().map(|variant| case(variant, None)).collect();
    for case in pinned.clone() {
        let (table, of) = (pins.fingerprints.clone(), case.clone());
        let compare = move || table.compare(&of.name, &fingerprint(of.pinned()?));
        trials.push(Trial::test(format!("snapshot fingerprint {}", case.name), compare));
        let table = pins.evaluations.clone();
        let name = format!("snapshot evaluations {}", case.name);
        trials.push(Trial::test(name, move || table.compare(&case.name, &evaluations(case.pinned()?))));
    }
    let path = named.path.clone();
    trials.push(Trial::test(format!("snapshot behaviour {}", named.title), move || behaviour(&path, &pinned)));
    trials
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
        summaries.push(pinned(case.pinned()?));
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

/// The run of a file's first seed under a variant, which is judged and compared with what is pinned: made once.
type First = Arc<OnceLock<RunReport>>;

/// A scenario under a variant.
#[derive(Clone)]
struct Case {
    /// As [`name`] says.
    name: String,
    wish: Wish,
    places: Places,
    first: First,
}

impl Case {
    fn new(named: &Named, variant: Option<&str>, seeds: Option<Seeds>, first: First, places: &Places) -> Self {
        let scenarios = vec![named.path.to_string_lossy().into_owned()];
        let variants = variant.into_iter().map(str::to_owned).collect();
        let wish = Wish { scenarios, seeds, variants, ..Wish::default() };
        Self { name: name(named, variant), wish, places: places.clone(), first }
    }

    fn group(&self) -> Result<Group, Failed> {
        let mut groups = resolve(&self.wish, &self.places).map_err(|refusals| refusals.render(false))?;
        groups.pop().ok_or_else(|| Failed::from("nothing to run"))
    }

    /// The run that is pinned.
    fn pinned(&self) -> Result<&RunReport, Failed> {
        let group = self.group()?;
        Ok(self.first(&group.spec(group.scenario.seeds.first, KEPT)))
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
        let is_first = |spec: &Spec| spec.seed == group.scenario.seeds.first;
        let (first, others): (Vec<Spec>, Vec<Spec>) = group.specs(KEPT).partition(is_first);
        first.iter().for_each(|spec| judge(self.first(spec)));
        sweep(others, 1, &mut |report| judge(&report));
        match failed {
            None => Ok(()),
            Some(report) => Err(Failed::from(self.failure(&report, unexpected, group.seeds.len()))),
        }
    }

    fn first(&self, spec: &Spec) -> &RunReport {
        self.first.get_or_init(|| run(spec))
    }

    fn failure(&self, report: &RunReport, unexpected: u64, seeds: u64) -> String {
        let screen = Screen { report, program: "cargo run --release --", events: None, style: Style::PLAIN }.full();
        format!(
            "{screen}\n\n{unexpected} of {seeds} seeds not as expected; the first again as a test:\n  LEASEHOLD_SEED={} cargo test --test scenarios -- {} --exact",
            report.seed, self.name
        )
    }
}
