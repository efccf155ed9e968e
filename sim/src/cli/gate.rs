//! `leasehold gate`: the runs that a change has to pass.

use super::prelude::*;
use super::{give_up, told};
use leasehold_sim::gate::{
    Chosen, Commit, House, Known, Outcome, Plan, Request, json_lines, markdown, plan, screen, shown,
};
use leasehold_sim::report::{Github, Left, Progress, Witness, title};
use leasehold_sim::runner::knobs as environment;
use leasehold_sim::runner::knobs::Knobs;
use leasehold_sim::runner::{Bundles, Fresh, Leaves, Stops, catalogue, confirm, revisit, sweep_until};
use leasehold_sim::scenario::gate::Date;
use leasehold_sim::scenario::{self, Class};
use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant, SystemTime};

#[derive(Args)]
pub(crate) struct GateArgs {
    /// A profile of gate/profiles.toml: `pull-request`, `nightly`, `soak`
    profile: String,
    /// The commit that seeds are drawn from [default: that of the repository, or of the CI job]
    #[arg(long, value_name = "HASH", value_parser = Commit::from_str)]
    commit: Option<Commit>,
    /// The day by which known failures expire [default: today]
    #[arg(long, value_name = "DATE", value_parser = Date::from_str)]
    today: Option<Date>,
    /// How long the runs may take, instead of what the profile says: `90s`, `10m`
    #[arg(long, value_name = "TIME", value_parser = scenario::duration)]
    time: Option<Duration>,
    /// Say what would run; nothing runs
    #[arg(long)]
    plan: bool,
    /// Runs at the same time [default: as many as there are cores]
    #[arg(long, value_name = "J", value_parser = positive)]
    jobs: Option<NonZeroUsize>,
    /// Which runs leave a bundle, a file that gives the run again: `failures` (not as expected, three of a kind), `always` or `never`
    #[arg(long, value_name = "RUNS", value_parser = Leaves::from_str)]
    keep: Option<Leaves>,
    /// Folder for bundles [default: bundles]
    #[arg(long, value_name = "DIR")]
    bundles: Option<PathBuf>,
    /// A Markdown file about the outcome, beside the summary of a step of a GitHub workflow
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// What standard output gets
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(crate) fn gate(args: &GateArgs) -> Result<Status, Stop> {
    let begun = now();
    let places = Places::around(&std::env::current_dir()?);
    let knobs = knobs(args)?;
    let house = House::of(&places)
        .ok_or_else(|| Stop::Refused("error: there is no folder `scenarios` here or above".to_owned()))?;
    let mut profile = house.profile(&args.profile).map_err(Stop::Refused)?;
    profile.time = args.time.unwrap_or(profile.time);
    let request = Request { name: args.profile.clone(), profile, commit: commit(args, &house)? };
    let titles: Vec<String> = catalogue(&places, true).into_iter().map(|named| named.title).collect();
    let refused = |words: String| Stop::Refused(words);
    let known = house.known(&titles).map_err(|problems| refused(problems.render(Style::stderr().is_color())))?;
    let planned = plan(&request.profile, &request.commit, &places);
    let planned = planned.map_err(|refusals| refused(refusals.render(Style::stderr().is_color())))?;
    if args.plan {
        return told(&shown(&request, &planned), Status::AsExpected);
    }
    if let Some(path) = &args.markdown {
        File::create(path).map_err(|error| refused(format!("error: --markdown {}: {error}", path.display())))?;
    }
    let today = args.today.unwrap_or_else(|| Date::of(clock()));
    let jobs = args.jobs.or(knobs.jobs).map_or_else(cores, NonZeroUsize::get);
    let folder = args.bundles.clone().or(knobs.bundles).unwrap_or_else(|| PathBuf::from("bundles"));
    let workflow = environment::workflow();
    let github = workflow.clone().map(|workflow| Github::new(io::stderr(), workflow.workspace, None));
    let until = Until { interrupted: interrupt::heard()?, over: begun + request.profile.time };
    let mut intake = Intake {
        progress: Progress::new(planned.owed as u64),
        fresh: fresh_process()?,
        bundles: Bundles::new(folder, args.keep.or(knobs.keep).unwrap_or_default()),
        github,
        seen: BTreeSet::new(),
        outcome: Outcome::new(request, house, Known::new(known, today)),
        plan: &planned,
    };
    sweep_until(&until, planned.specs.clone(), jobs, &mut |report| {
        intake.take(report).unwrap_or_else(|error| give_up(&error));
        ControlFlow::Continue(())
    });
    intake.progress.finish();
    let ended = intake.outcome.end(&planned, begun.elapsed(), until.interrupted.is_over());
    let summary = workflow.and_then(|workflow| workflow.summary);
    for path in args.markdown.iter().chain(&summary) {
        let file = OpenOptions::new().append(true).create(true).open(path);
        file.and_then(|mut file| file.write_all(markdown(&ended).as_bytes()))?;
    }
    match args.format {
        Format::Text => writeln!(io::stdout(), "{}", screen(&ended, Style::stdout()))?,
        Format::Jsonl => write!(io::stdout(), "{}", json_lines(&ended))?,
    }
    Ok(ended.status)
}

/// The knobs of the environment, of which none may say what is run: that is the profile's to say.
fn knobs(args: &GateArgs) -> Result<Knobs, Stop> {
    let refused = |words: &[String]| Stop::Refused(words.iter().map(|words| format!("error: {words}\n")).collect());
    let knobs = environment::from_environment().map_err(|problems| refused(&problems))?;
    if knobs.seeds.is_some() || knobs.variant.is_some() || knobs.scenario.is_some() {
        return Err(refused(&[format!(
            "{}: what is run the profile says; unset what chooses seeds, variants or scenarios",
            knobs.echo(&[])
        )]));
    }
    let beaten: [(bool, &[&str]); 3] = [
        (args.jobs.is_some(), &["LEASEHOLD_JOBS", "MADSIM_TEST_JOBS"]),
        (args.keep.is_some(), &["LEASEHOLD_KEEP"]),
        (args.bundles.is_some(), &["LEASEHOLD_BUNDLES"]),
    ];
    let beaten: Vec<&str> =
        beaten.iter().filter(|(is_beaten, _)| *is_beaten).flat_map(|(_, knobs)| *knobs).copied().collect();
    let echo = knobs.echo(&beaten);
    if !echo.is_empty() {
        eprintln!("{echo}");
    }
    Ok(knobs)
}

/// The commit: as asked, or else what is checked out, or else what the CI job says.
fn commit(args: &GateArgs, house: &House) -> Result<Commit, Stop> {
    let found = args.commit.clone().or_else(|| Commit::of_repository(house.root()));
    match (found, environment::commit()) {
        (Some(commit), _) => Ok(commit),
        (None, Some(hash)) => {
            hash.parse().map_err(|words| Stop::Refused(format!("error: the commit of the CI job: {words}")))
        }
        (None, None) => Err(Stop::Refused(
            "error: seeds are drawn from a commit, and this is no git repository with one: `--commit 1f0c9a7e`"
                .to_owned(),
        )),
    }
}

#[expect(clippy::disallowed_methods, reason = "how long a gate takes, in real time; no run sees it")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "the day on which a known failure expires; no run sees it")]
fn clock() -> SystemTime {
    SystemTime::now()
}

/// When no more runs are begun.
struct Until {
    interrupted: Arc<AtomicBool>,
    over: Instant,
}

impl Stops for Until {
    fn is_over(&self) -> bool {
        self.interrupted.is_over() || now() >= self.over
    }
}

/// What becomes of each run's report.
struct Intake<'a> {
    progress: Progress,
    fresh: Fresh,
    bundles: Bundles,
    github: Option<Github<io::Stderr>>,
    /// The kinds of outcome that there were.
    seen: BTreeSet<(PathBuf, String, Option<Class>)>,
    outcome: Outcome,
    plan: &'a Plan,
}

impl Intake<'_> {
    fn take(&mut self, mut report: RunReport) -> io::Result<()> {
        let mut left = Left::default();
        let group = self.plan.group(&report);
        let chosen = group.map_or(Chosen::Drawn, |group| Chosen::of(group, report.seed));
        if let Some(group) = group.filter(|_| !report.verdict.as_expected) {
            let spec = group.spec(report.seed, Keep::Nothing);
            revisit(&mut report, &spec);
            if self.seen.insert((report.path.clone(), report.variant.clone(), report.verdict.class)) {
                confirm(&mut report, &spec, &self.fresh)?;
            }
            // A folder that nobody has named may well not be writable; what was found counts for more.
            left.bundle = self.bundles.keep(&spec, &report).unwrap_or_else(|error| {
                eprintln!("warning: no bundle of {}, seed {}: {error}", title(&report.path), report.seed);
                None
            });
        }
        let is_new = self.outcome.see(&report, &left, chosen);
        self.progress.done(&report);
        match self.github.as_mut().filter(|_| is_new) {
            Some(github) => github.see(&report, &left),
            None => Ok(()),
        }
    }
}
