//! `leasehold run`: runs scenarios and judges them.

use super::give_up;
use super::out::{Out, Size};
use super::prelude::*;
use leasehold_sim::report::{
    Console, Github, Idle, JsonLines, Junit, Left, Planned, Progress, Summary, Witness, title,
};
use leasehold_sim::runner::knobs as environment;
use leasehold_sim::runner::knobs::{Knobs, Workflow};
use leasehold_sim::runner::{Bundles, Engines, Fresh, Group, Leaves, confirm, revisit, sweep_until};
use leasehold_sim::scenario::Class;
use leasehold_sim::verdict::ManyRecoveries;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

#[derive(Args)]
pub(crate) struct RunArgs {
    /// Files, names (`pr-558`, `incidents/pr-558`) or folders (`fast`) [default: all but slow/]
    scenarios: Vec<String>,
    /// Not under the variants that a file has a section for: each file's own alone
    #[arg(long, conflicts_with = "variants")]
    only_default: bool,
    /// Where no scenario is named: slow/ too
    #[arg(long, conflicts_with = "scenarios")]
    slow: bool,
    #[command(flatten)]
    selection: Selection,
    /// Runs at the same time [default: as many as there are cores]
    #[arg(long, value_name = "J", value_parser = positive)]
    jobs: Option<NonZeroUsize>,
    /// What standard output gets
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Say only what is not as expected, and the verdict of the whole
    #[arg(short, long)]
    quiet: bool,
    /// Folder for one file of each run that is not as expected, with all of its events
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Of a run's events at most so many bytes, the last of them
    #[arg(long, value_name = "SIZE", requires = "out", default_value = "256MB", value_parser = Size::from_str)]
    out_per_run: Size,
    /// Of all runs' events at most so many bytes
    #[arg(long, value_name = "SIZE", requires = "out", default_value = "1GB", value_parser = Size::from_str)]
    out_total: Size,
    /// Which runs leave a bundle, a file that gives the run again: `failures` (not as expected, three of a kind), `always` or `never`
    #[arg(long, value_name = "RUNS", value_parser = Leaves::from_str)]
    keep: Option<Leaves>,
    /// Folder for bundles [default: bundles]
    #[arg(long, value_name = "DIR")]
    bundles: Option<PathBuf>,
    /// A JUnit file about the runs
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// A JSON file about all runs together: what failed where, and each scenario in a few figures
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,
    /// Stop at the first run that is not as expected
    #[arg(long, conflicts_with = "max_failures")]
    fail_fast: bool,
    /// Stop after N runs that are not as expected
    #[arg(long, value_name = "N", value_parser = positive)]
    max_failures: Option<NonZeroUsize>,
    /// Run nothing if a scenario has warnings
    #[arg(long)]
    deny_warnings: bool,
}

pub(crate) fn run(args: &RunArgs) -> Result<Status, Stop> {
    let places = Places::around(&std::env::current_dir()?);
    let knobs = knobs(
        &args.selection,
        &[
            (args.jobs.is_some(), &["LEASEHOLD_JOBS", "MADSIM_TEST_JOBS"]),
            (!args.scenarios.is_empty(), &["LEASEHOLD_SCENARIO"]),
            (args.keep.is_some(), &["LEASEHOLD_KEEP"]),
            (args.bundles.is_some(), &["LEASEHOLD_BUNDLES"]),
        ],
    )?;
    let mut wish = Wish { sections: !args.only_default, ..args.selection.wish(&args.scenarios, args.slow) };
    if wish.engines == Engines::Own && !args.only_default {
        wish.engines = Engines::Each;
    }
    let wish = under(&knobs, wish);
    let groups = refuse(&wish, &places)?;
    let all = groups.len();
    let groups = selected(groups, &wish, &knobs)?;
    // Of all scenarios, as they are, and of chaos without end it can be asked that every check finds something to do.
    let everything =
        wish.scenarios.is_empty() && wish.seeds.is_none() && wish.variants.is_empty() && groups.len() == all;
    let everything = everything || groups.iter().any(is_whole);
    warn(&groups, args.deny_warnings)?;
    if let Some(dir) = &args.out {
        std::fs::create_dir_all(dir)
            .map_err(|error| Stop::Refused(format!("error: --out {}: {error}", dir.display())))?;
    }
    if let Some(dir) = &args.bundles {
        std::fs::create_dir_all(dir)
            .map_err(|error| Stop::Refused(format!("error: --bundles {}: {error}", dir.display())))?;
    }
    let specs: Vec<Spec> = groups.iter().flat_map(|group| group.specs(Keep::Nothing)).collect();
    let planned = specs.len() as u64;
    let jobs = args.jobs.or(knobs.jobs).map_or_else(cores, NonZeroUsize::get);
    let interrupted = interrupt::heard()?;
    let witnesses = witnesses(args, &groups)?;
    let out = args.out.clone().map(|dir| Out::new(dir, args.out_per_run, args.out_total));
    let leaves = args.keep.or(knobs.keep).unwrap_or_default();
    let folder = args.bundles.clone().or_else(|| knobs.bundles.clone()).unwrap_or_else(|| PathBuf::from("bundles"));
    let bundles = Bundles::new(folder, leaves);
    let fresh = fresh_process()?;
    let (seen, recoveries, idle) = (BTreeSet::new(), BTreeMap::new(), Idle::default());
    let (status, judged, failed) = (Status::AsExpected, 0, 0);
    let mut intake = Intake { groups, fresh, out, bundles, witnesses, seen, recoveries, idle, status, judged, failed };
    let most_failures = args.fail_fast.then_some(1).or(args.max_failures.map(|most| most.get() as u64));
    let has_enough = |intake: &Intake| most_failures.is_some_and(|most| intake.failed >= most);
    sweep_until(&*interrupted, specs, jobs, &mut |report| {
        intake.take(report).unwrap_or_else(|error| give_up(&error));
        if has_enough(&intake) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let why = if has_enough(&intake) { Why::Failures(intake.failed) } else { Why::Interrupted };
    let ended = Ended { what: "run", judged: intake.judged, planned, why };
    intake.finish(&ended)?;
    Ok(match ended.why {
        _ if !ended.is_early() && everything => intake.with_none_idle(),
        Why::Interrupted if ended.is_early() => Status::Interrupted,
        Why::Interrupted | Why::Failures(_) => intake.status,
    })
}

/// Runs of chaos after which nothing is left that was never tried.
const WHOLE_SWEEP: u64 = 1_000;

fn is_whole(group: &Group) -> bool {
    group.scenario.chaos.is_some() && group.seeds.len() >= WHOLE_SWEEP
}

/// Of all scenarios, those that the knobs select.
fn selected(groups: Vec<Group>, wish: &Wish, knobs: &Knobs) -> Result<Vec<Group>, Stop> {
    if !wish.scenarios.is_empty() {
        return Ok(groups);
    }
    let titles: Vec<String> = groups.iter().map(Group::title).collect();
    let selected: Vec<Group> = groups.into_iter().filter(|group| knobs.selects(&group.title())).collect();
    if selected.is_empty() {
        Err(Stop::Refused(format!("error: {}", knobs.selects_none(&titles))))
    } else {
        Ok(selected)
    }
}

/// What sees the runs beside standard output.
fn witnesses(args: &RunArgs, groups: &[Group]) -> Result<Vec<Box<dyn Witness>>, Stop> {
    let mut witnesses: Vec<Box<dyn Witness>> = Vec::new();
    let refused = |flag, path: &Path, error| Stop::Refused(format!("error: {flag} {}: {error}", path.display()));
    if let Some(path) = &args.junit {
        witnesses.push(Box::new(Junit::new(path).map_err(|error| refused("--junit", path, error))?));
    }
    if let Some(path) = &args.summary {
        witnesses.push(Box::new(Summary::new(path).map_err(|error| refused("--summary", path, error))?));
    }
    if let Some(Workflow { workspace, summary }) = environment::workflow() {
        witnesses.push(Box::new(Github::new(io::stderr(), workspace, summary)));
    }
    witnesses.push(console(args, groups));
    Ok(witnesses)
}

/// What becomes of each run's report.
struct Intake {
    groups: Vec<Group>,
    fresh: Fresh,
    out: Option<Out>,
    bundles: Bundles,
    witnesses: Vec<Box<dyn Witness>>,
    /// The kinds of outcome that there were.
    seen: BTreeSet<(PathBuf, String, Option<Class>)>,
    /// How soon there was a leader again after faults, by scenario and variant.
    recoveries: BTreeMap<(String, String), ManyRecoveries>,
    idle: Idle,
    status: Status,
    judged: u64,
    /// Runs that were not as expected.
    failed: u64,
}

impl Intake {
    fn finish(&mut self, ended: &Ended) -> io::Result<()> {
        self.witnesses.iter_mut().try_for_each(|witness| witness.finish(ended))?;
        self.out.iter().filter_map(Out::shortage).for_each(|words| eprintln!("{words}"));
        self.judge_sweeps();
        Ok(())
    }

    /// Judges what can be said of many runs alone. A sweep that fails in this way fails as a run does.
    fn judge_sweeps(&mut self) {
        for ((title, variant), recoveries) in &self.recoveries {
            if let Some(shortfall) = recoveries.shortfall() {
                eprintln!("error: {title} under {variant}: liveness (recovers): {shortfall}");
                self.status = self.status.max(Status::Failed);
            }
        }
    }

    /// The status, where a check that was never evaluated is an error.
    fn with_none_idle(&self) -> Status {
        let idle = self.idle.lines();
        idle.iter().for_each(|line| eprintln!("error: {line}"));
        if idle.is_empty() { self.status } else { self.status.max(Status::Vacuous) }
    }

    fn take(&mut self, mut report: RunReport) -> io::Result<()> {
        self.judged += 1;
        let mut left = Left::default();
        let spec = self.spec(&report);
        // One of each kind is enough to know whether a failure can be replayed. What is around an expected one is shown where nothing else is.
        let is_new = self.seen.insert((report.path.clone(), report.under(), report.verdict.class));
        let is_shown = !report.verdict.as_expected || is_new && self.groups.len() == 1;
        if let Some(spec) = spec.as_ref().filter(|_| is_shown) {
            revisit(&mut report, spec);
        }
        if !report.verdict.as_expected {
            self.failed += 1;
            spec.iter().filter(|_| is_new).try_for_each(|spec| confirm(&mut report, spec, &self.fresh))?;
            let stores = self.out.as_mut().zip(spec.as_ref());
            left.events = stores.map(|(out, spec)| out.store(spec, &report)).transpose()?;
        }
        if let Some(spec) = &spec {
            // A folder that nobody has named may well not be writable; what was found counts for more.
            let kept = self.bundles.keep(spec, &report);
            left.bundle = kept.unwrap_or_else(|error| {
                eprintln!("warning: no bundle of {}, seed {}: {error}", title(&report.path), report.seed);
                None
            });
        }
        self.status = self.status.max(Status::of(&report));
        let recoveries = self.recoveries.entry((title(&report.path), report.under())).or_default();
        recoveries.add(&report.recoveries, report.verdict.fails_as_expected());
        self.idle.see(&report);
        self.witnesses.iter_mut().try_for_each(|witness| witness.see(&report, &left))
    }

    /// What `report` is about, to be run again.
    fn spec(&self, report: &RunReport) -> Option<Spec> {
        let of = |group: &&Group| group.scenario.path == report.path && group.called() == report.under();
        self.groups.iter().find(of).map(|group| group.spec(report.seed, Keep::Nothing))
    }
}

fn console(args: &RunArgs, groups: &[Group]) -> Box<dyn Witness> {
    let total = groups.iter().map(|group| group.seeds.len()).sum();
    let out = BufWriter::new(io::stdout());
    let progress = if args.quiet { Progress::silent(total) } else { Progress::new(total) };
    let planned = |group: &Group| Planned { title: group.title(), variant: group.called(), seeds: group.seeds.clone() };
    match args.format {
        Format::Jsonl => Box::new(JsonLines::new(out, progress)),
        Format::Text => {
            let planned = groups.iter().map(planned).collect();
            Box::new(Console::new(out, Style::stdout(), planned, progress, args.quiet))
        }
    }
}
