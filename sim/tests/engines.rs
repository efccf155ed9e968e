//! The scenarios that are for every engine, on openraft: what each comes to, and where that is not what it comes to on raft-rs.
//!
//! | case                          | what it does                                                                                |
//! |-------------------------------|---------------------------------------------------------------------------------------------|
//! | `on openraft fast/steady`     | runs the file's first seed: as expected, and the run's row in `snapshots/openraft.csv`      |
//! | `every check is evaluated`    | in all of these: of none is it unknown whether it would have found anything                 |
//! | `what differs is documented`  | `docs/engines.md` has a row for each expectation that is one engine's own, and no other     |
//! | `snapshot table`              | the table has no row of a run that is gone                                                  |
//!
//! All runs take minutes: those of [`BRIEF`] are run always, the others and what is said of all of them with `--include-ignored`, in CI.

#[path = "scenarios/table.rs"]
mod table;

use leasehold_sim::check;
use leasehold_sim::history::Keep;
use leasehold_sim::report::{Left, Screen, Style, title};
use leasehold_sim::runner::{Engines, Group, Places, Wish, catalogue, resolve, run};
use leasehold_sim::scenario::{self, Class, Engine, VariantExpect};
use leasehold_sim::verdict::RunReport;
use libtest_mimic::{Arguments, Failed, Trial};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use table::Table;

/// The folders of scenarios that are for every engine.
const FOLDERS: [&str; 4] = ["fast", "slow", "incidents", "regressions"];

/// Runs of which each takes a few tenths of a second: elections, restarts, transfers, snapshots, members, groups, chaos.
const BRIEF: [&str; 10] = [
    "fast/chaos",
    "fast/clock-back",
    "fast/cut-off-readers",
    "fast/groups-stale-route",
    "fast/known-by-snapshot",
    "fast/narrow-lane",
    "fast/restart-promise",
    "fast/steady",
    "fast/unvoted-restart",
    "incidents/pr-559",
];

fn main() {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the harness is a folder of the repository");
    std::env::set_current_dir(root).unwrap_or_else(|error| panic!("{}: {error}", root.display()));
    let places = Places { roots: vec![root.join("scenarios")], cwd: root.to_owned() };
    let named = catalogue(&places, true).into_iter();
    let named = named.filter(|named| FOLDERS.iter().any(|folder| named.title.starts_with(&format!("{folder}/"))));
    let is_for_all = |path: &PathBuf| scenario::load(path).is_ok_and(|scenario| scenario.is_for(Engine::Openraft));
    let named = named.filter(|named| is_for_all(&named.path));
    let cases: Vec<Case> = named.map(|named| Case::new(named.title, named.path, &places)).collect();
    let pins = Table::new(
        root.join("snapshots/openraft.csv"),
        vec!["seed", "verdict", "class", "by", "fingerprint", "events"],
    );
    let mut trials: Vec<Trial> = cases.iter().map(|case| case.trial(&pins)).collect();
    let all = cases.clone();
    let evaluated = Trial::test("every check is evaluated", move || every_check_is_evaluated(&all));
    trials.push(evaluated.with_ignored_flag(true));
    let files = catalogue(&places, true).into_iter().map(|named| named.path).collect::<Vec<_>>();
    let page = root.join("docs/engines.md");
    trials.push(Trial::test("what differs is documented", move || is_documented(&files, &page)));
    let titles: Vec<String> = cases.into_iter().map(|case| case.title).collect();
    let only = move || pins.holds_only(&titles.iter().map(String::as_str).collect::<Vec<_>>());
    trials.push(Trial::test("snapshot table", only));
    libtest_mimic::run(&arguments, trials).exit()
}

/// A scenario on openraft.
#[derive(Clone)]
struct Case {
    title: String,
    path: PathBuf,
    places: Places,
    /// Its first seed's run: made once.
    report: Arc<OnceLock<RunReport>>,
}

impl Case {
    fn new(title: String, path: PathBuf, places: &Places) -> Self {
        Self { title, path, places: places.clone(), report: Arc::default() }
    }

    fn trial(&self, pins: &Table) -> Trial {
        let (case, pins) = (self.clone(), pins.clone());
        let trial = Trial::test(format!("on openraft {}", self.title), move || case.judge(&pins));
        trial.with_ignored_flag(!BRIEF.contains(&self.title.as_str()))
    }

    fn report(&self) -> Result<&RunReport, Failed> {
        let scenarios = vec![self.path.to_string_lossy().into_owned()];
        let wish = Wish { scenarios, engines: Engines::One(Engine::Openraft), ..Wish::default() };
        let wanted = resolve(&wish, &self.places).map_err(|refusals| refusals.render(false))?;
        let group: &Group = wanted.groups.first().ok_or("nothing to run")?;
        Ok(self.report.get_or_init(|| run(&group.spec(group.seeds.first(), Keep::Nothing))))
    }

    fn judge(&self, pins: &Table) -> Result<(), Failed> {
        let report = self.report()?;
        if !report.verdict.as_expected {
            return Err(Screen::of(report, &Left::default()).full(Style::PLAIN).into());
        }
        let first = report.verdict.failures.first();
        let class = report.verdict.class.map_or(String::new(), |class| class.to_string());
        let cells = [
            report.seed.to_string(),
            report.verdict.ruling.to_string(),
            class,
            first.map_or(String::new(), |failure| failure.check.clone()),
            report.fingerprint.to_string(),
            report.events.to_string(),
        ];
        pins.compare(&self.title, &cells)
    }
}

fn every_check_is_evaluated(cases: &[Case]) -> Result<(), Failed> {
    let mut idle: Vec<&str> = check::ALL.iter().map(|info| info.name).collect();
    for case in cases {
        let checks = &case.report()?.checks;
        idle.retain(|name| checks.get(name).is_none_or(|count| count.evaluated == 0));
    }
    if idle.is_empty() { Ok(()) } else { Err(format!("on openraft nothing evaluates {idle:?}").into()) }
}

/// The table of what differs: a row for each expectation that is one engine's own.
fn is_documented(files: &[PathBuf], page: &Path) -> Result<(), Failed> {
    let mut rows = Vec::new();
    for path in files {
        let scenario = scenario::load(path).map_err(|problems| problems.to_string())?;
        for (engine, variants) in &scenario.expect.engines {
            for (variant, own) in variants {
                let usual = scenario.expect.variants.get(variant);
                let usual = usual.map_or_else(|| outcome(scenario.expect.violation, None), of_section);
                let (there, because) = (of_section(&own.section), &own.because);
                rows.push(format!("| `{}` | `{variant}` | {usual} | {engine}: {there} | {because} |", title(path)));
            }
        }
    }
    let page = fs::read_to_string(page).map_err(|error| format!("{}: {error}", page.display()))?;
    let lacking: Vec<&String> = rows.iter().filter(|row| !page.lines().any(|line| line == row.as_str())).collect();
    let said = page.lines().filter(|line| line.starts_with("| `") && line.contains("/"));
    let untrue: Vec<&str> = said.filter(|line| rows.iter().all(|row| row != line)).collect();
    if lacking.is_empty() && untrue.is_empty() {
        return Ok(());
    }
    Err(format!("docs/engines.md lacks these rows:\n{lacking:#?}\nand these are no more:\n{untrue:#?}").into())
}

fn of_section(VariantExpect { class, check, bounds }: &VariantExpect) -> String {
    match bounds.first() {
        Some(bound) if class.is_none() && check.is_none() => {
            format!("passes, {} {}", bound.metric, bound.bound.asked())
        }
        _ => outcome(*class, check.as_deref()),
    }
}

fn outcome(class: Option<Class>, check: Option<&str>) -> String {
    match (class, check) {
        (None, None) => "passes".to_owned(),
        (Some(class), None) => format!("fails as {class}"),
        (None, Some(check)) => format!("fails ({check})"),
        (Some(class), Some(check)) => format!("fails as {class} ({check})"),
    }
}
