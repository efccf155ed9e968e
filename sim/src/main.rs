//! The command line of leasehold.
//!
//! Exit status: 0 every verdict as expected; 1 a check or expectation failed; 2 the request was wrong, and nothing ran; 3 a run was
//! not deterministic; 4 a run was vacuous; 70 a fault of the harness itself. Of several: 70, 3, 1, 4.

use clap::{Args, Parser, Subcommand, ValueEnum};
use leasehold_sim::check;
use leasehold_sim::cluster::variants;
use leasehold_sim::fault::VERBS;
use leasehold_sim::history::Keep;
use leasehold_sim::report::{
    Console, Github, Idle, JsonLines, Junit, Listed, Planned, Progress, Sink, Status, Style, Witness, event_line,
    listing, matrix_line, matrix_table, write_events,
};
use leasehold_sim::runner::fuzz::{Campaign, Corpus, Input, keep};
use leasehold_sim::runner::knobs::{self, Knobs, Workflow};
use leasehold_sim::runner::matrix::{Search, dead_checks, matrix, targets};
use leasehold_sim::runner::{
    Difference, Fresh, Group, Places, Refusals, Verified, WAYS, Wish, catalogue, confirm, find_variant, load, resolve,
    run, scenario_schema, sweep, verify,
};
use leasehold_sim::scenario::{self, Class, Engine, Load, Phase, Seeds};
use leasehold_sim::verdict::{Row, RunReport};
use std::collections::BTreeSet;
use std::io::{self, BufWriter, Write};
use std::num::NonZeroUsize;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, exit};
use std::str::FromStr;
use std::time::{Duration, Instant};

/// Events kept of a run for its failure report, and for its events file: memory does not grow with the length of a run.
const KEPT: usize = 4_096;
const KEPT_FOR_FILE: usize = 200_000;

/// Does the lease fast path hold, and is it ever wrong?
///
/// Runs a whole Raft key-value stack in a seeded simulated world, injects what scenario scripts say, and checks that no read is stale
/// and that reads are served from the lease.
#[derive(Parser)]
#[command(name = "leasehold", version, after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str =
    "Exit status: 0 all as expected; 1 a check or expectation failed; 2 the request was wrong, nothing ran;
3 not deterministic; 4 vacuous; 70 a fault of the harness itself. Of several: 70, 3, 1, 4.";

#[derive(Subcommand)]
enum Command {
    /// Run scenarios and judge them.
    Run(RunArgs),
    /// Tell what a scenario does, in English and as a timeline; nothing runs.
    Explain {
        /// File or name
        scenario: String,
        /// Behaviour of the stack [default: what the file says]
        #[arg(long, value_name = "V")]
        variant: Option<String>,
        /// Of a scenario with `[chaos]`: what this seed draws
        #[arg(long, value_name = "N")]
        seed: Option<u64>,
        /// Refuse a scenario that has warnings
        #[arg(long)]
        deny_warnings: bool,
    },
    /// List what there is.
    List {
        /// Of what.
        what: What,
    },
    /// Run the same seeds again in other ways: the same histories, or the first event that differs.
    Verify(VerifyArgs),
    /// Plant bugs, and see which check finds each, in which scenario, after how many seeds.
    Matrix(MatrixArgs),
    /// Print the JSON Schema of scenario files, as it is kept in scenarios/scenario.schema.json.
    #[command(hide = true)]
    Schema,
    /// Print a run's events and its fingerprint.
    #[command(hide = true)]
    Events(EventsArgs),
    /// Spoil scenario files and see that each is refused or runs.
    #[command(hide = true)]
    Fuzz(FuzzArgs),
}

#[derive(Clone, Copy, ValueEnum)]
enum What {
    /// Scenario files that can be named.
    Scenarios,
    /// Behaviours of the stack that can be chosen with --variant.
    Variants,
    /// Verbs of a timeline.
    Faults,
    /// Properties that every run is checked for.
    Checks,
}

#[derive(Args)]
struct Selection {
    /// One seed instead of the file's
    #[arg(long, value_name = "N", conflicts_with = "seeds")]
    seed: Option<u64>,
    /// Seeds instead of the file's: A..B (B not included) or A..=B
    #[arg(long, value_name = "RANGE")]
    seeds: Option<Seeds>,
    /// Behaviour of the stack (repeatable) [default: what the file says]
    #[arg(long = "variant", value_name = "V")]
    variants: Vec<String>,
    /// Factor on the rates of open-loop clients: `0.8`, `1.2`
    #[arg(long, value_name = "F", default_value = "1", hide_default_value = true)]
    load: Load,
}

impl Selection {
    fn wish(&self, scenarios: &[String], slow: bool) -> Wish {
        let one = self.seed.map(|seed| Seeds { first: seed, last: seed });
        let (seeds, variants) = (one.or(self.seeds), distinct(&self.variants));
        Wish { scenarios: scenarios.to_vec(), slow, seeds, variants, load: self.load }
    }
}

#[derive(Args)]
struct RunArgs {
    /// Files or names (`pr-558`, `incidents/pr-558`) [default: all of fast/ and incidents/]
    scenarios: Vec<String>,
    /// Where no scenario is named: slow/ too
    #[arg(long, conflicts_with = "scenarios")]
    slow: bool,
    #[command(flatten)]
    selection: Selection,
    /// Runs at the same time [default: as many as there are cores]
    #[arg(long, value_name = "J")]
    jobs: Option<NonZeroUsize>,
    /// Raft implementation [default: what the file says]
    #[arg(long, value_name = "E", value_parser = Engine::from_str)]
    engine: Option<Engine>,
    /// What standard output gets
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Folder for one events file of each run that is not as expected
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// A JUnit file about the runs
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Run nothing if a scenario has warnings
    #[arg(long)]
    deny_warnings: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A report for people.
    Text,
    /// One JSON object a run, and nothing else.
    Jsonl,
}

#[derive(Args)]
struct VerifyArgs {
    /// Files or names
    #[arg(required = true)]
    scenarios: Vec<String>,
    #[command(flatten)]
    selection: Selection,
    /// Plant a leak of process-global state into every run, to see it found
    #[arg(long, hide = true)]
    test_leak: bool,
}

#[derive(Args)]
struct EventsArgs {
    scenario: String,
    #[arg(long)]
    seed: u64,
    #[arg(long)]
    variant: String,
    #[arg(long)]
    load: Load,
    #[arg(long)]
    test_leak: bool,
    /// Print the fingerprint alone
    #[arg(long)]
    fingerprint: bool,
}

#[derive(Args)]
struct MatrixArgs {
    /// Only these (repeatable) [default: all]
    #[arg(long = "variant", value_name = "V")]
    variants: Vec<String>,
    /// Seeds to a range; there are five ranges
    #[arg(long, value_name = "N", default_value_t = 20)]
    seeds: u64,
    /// Seeds of slow/chaos, beside the scenario that is aimed at each
    #[arg(long, value_name = "N", default_value_t = 2_000)]
    chaos_seeds: u64,
    /// Variants at the same time [default: as many as there are cores]
    #[arg(long, value_name = "J")]
    jobs: Option<NonZeroUsize>,
    /// What standard output gets
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Args)]
struct FuzzArgs {
    /// How long, in real time
    #[arg(long = "for", value_name = "TIME", default_value = "60s", value_parser = scenario::duration)]
    lasts: Duration,
    /// Which inputs
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// One file instead: what was found before
    #[arg(long, value_name = "FILE")]
    replay: Option<PathBuf>,
    /// Where an input is kept that something is wrong with
    #[arg(long, value_name = "DIR", default_value = "target/fuzz")]
    out: PathBuf,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = catch_unwind(|| match cli.command {
        Command::Run(args) => run_scenarios(&args),
        Command::Explain { scenario, variant, seed, deny_warnings } => explain(scenario, variant, seed, deny_warnings),
        Command::List { what } => list(what),
        Command::Verify(args) => verify_scenarios(&args),
        Command::Matrix(args) => plant(&args),
        Command::Schema => schema(),
        Command::Events(args) => events(&args),
        Command::Fuzz(args) => fuzz_scenarios(&args),
    });
    match done {
        Ok(Ok(status)) => ExitCode::from(status.code()),
        Ok(Err(Stop::Refused(words))) => {
            eprintln!("{words}");
            ExitCode::from(2)
        }
        Ok(Err(Stop::Io(error))) => give_up(&error),
        // The panic has been printed where it happened.
        Err(_) => ExitCode::from(Status::Harness.code()),
    }
}

/// Why a command ended early.
enum Stop {
    /// The request was wrong; nothing ran.
    Refused(String),
    Io(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Stop::Io(error)
    }
}

/// The harness cannot go on. A reader who has seen enough (`| head`) is no fault, and is answered as a shell would.
fn give_up(error: &io::Error) -> ! {
    if error.kind() == io::ErrorKind::BrokenPipe {
        exit(128 + 13);
    }
    eprintln!("error: {error}");
    exit(i32::from(Status::Harness.code()))
}

fn run_scenarios(args: &RunArgs) -> Result<Status, Stop> {
    let places = Places::around(&std::env::current_dir()?);
    let knobs = knobs(&args.selection, args.jobs.is_some(), !args.scenarios.is_empty())?;
    let wish = under(&knobs, args.selection.wish(&args.scenarios, args.slow));
    let groups = refuse(&wish, &places)?;
    let all = groups.len();
    let groups = selected(groups, &wish, &knobs)?;
    // All scenarios, as they are: of these it can be asked that every check finds something to do.
    let everything =
        wish.scenarios.is_empty() && wish.seeds.is_none() && wish.variants.is_empty() && groups.len() == all;
    check_engine(args.engine, &groups)?;
    warn(&groups, args.deny_warnings)?;
    if let Some(dir) = &args.out {
        std::fs::create_dir_all(dir)
            .map_err(|error| Stop::Refused(format!("error: --out {}: {error}", dir.display())))?;
    }
    let keep = Keep::Last(if args.out.is_some() { KEPT_FOR_FILE } else { KEPT });
    let specs = groups.iter().flat_map(|group| group.specs(keep)).collect();
    let jobs = args.jobs.map(NonZeroUsize::get).or(knobs.jobs).unwrap_or_else(cores);
    let sink = sink(args.format, &groups, &places);
    let witnesses = witnesses(args, &program(&places.cwd))?;
    let (fresh, out) = (fresh_process()?, args.out.clone());
    let (confirmed, idle, status) = (BTreeSet::new(), Idle::default(), Status::AsExpected);
    let mut intake = Intake { groups, fresh, out, sink, witnesses, confirmed, idle, status };
    sweep(specs, jobs, &mut |report| intake.take(report).unwrap_or_else(|error| give_up(&error)));
    intake.sink.finish()?;
    intake.witnesses.iter_mut().try_for_each(|witness| witness.finish())?;
    Ok(if everything { intake.with_none_idle() } else { intake.status })
}

/// The knobs of the environment; what is set is echoed on standard error. Flags beat them, and so do scenarios that are named.
fn knobs(selection: &Selection, jobs: bool, named: bool) -> Result<Knobs, Stop> {
    let knobs = knobs::from_environment()
        .map_err(|problems| Stop::Refused(problems.iter().map(|words| format!("error: {words}\n")).collect()))?;
    let seeds = selection.seed.is_some() || selection.seeds.is_some();
    let beaten = [
        (seeds, "SEED"),
        (seeds, "TEST_NUM"),
        (!selection.variants.is_empty(), "VARIANT"),
        (jobs, "JOBS"),
        (named, "SCENARIO"),
    ];
    let beaten: Vec<&str> = beaten.into_iter().filter(|(beaten, _)| *beaten).map(|(_, knob)| knob).collect();
    let echo = knobs.echo(&beaten);
    if !echo.is_empty() {
        eprintln!("{echo}");
    }
    Ok(knobs)
}

/// `wish`, with what the knobs say where it says nothing.
fn under(knobs: &Knobs, wish: Wish) -> Wish {
    let variants = if wish.variants.is_empty() { knobs.variant.iter().cloned().collect() } else { wish.variants };
    Wish { seeds: wish.seeds.or(knobs.seeds), variants, ..wish }
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
fn witnesses(args: &RunArgs, program: &str) -> Result<Vec<Box<dyn Witness>>, Stop> {
    let mut witnesses: Vec<Box<dyn Witness>> = Vec::new();
    if let Some(path) = &args.junit {
        let refused = |error| Stop::Refused(format!("error: --junit {}: {error}", path.display()));
        witnesses.push(Box::new(Junit::new(path, program).map_err(refused)?));
    }
    if let Some(Workflow { workspace, summary }) = knobs::workflow() {
        witnesses.push(Box::new(Github::new(io::stderr(), workspace, summary, program)));
    }
    Ok(witnesses)
}

/// What becomes of each run's report.
struct Intake {
    groups: Vec<Group>,
    fresh: Fresh,
    out: Option<PathBuf>,
    sink: Box<dyn Sink>,
    witnesses: Vec<Box<dyn Witness>>,
    /// The kinds of failure that were run again.
    confirmed: BTreeSet<(PathBuf, String, Option<Class>)>,
    idle: Idle,
    status: Status,
}

impl Intake {
    /// The status, where a check that was never evaluated is an error.
    fn with_none_idle(&self) -> Status {
        let idle = self.idle.lines();
        idle.iter().for_each(|line| eprintln!("error: {line}"));
        if idle.is_empty() { self.status } else { self.status.max(Status::Vacuous) }
    }

    fn take(&mut self, mut report: RunReport) -> io::Result<()> {
        let mut events = None;
        if !report.verdict.as_expected {
            self.confirm(&mut report)?;
            events = self.out.as_ref().map(|dir| write_events(&report, dir)).transpose()?;
        }
        self.status = self.status.max(Status::of(&report));
        self.idle.see(&report);
        self.witnesses.iter_mut().try_for_each(|witness| witness.see(&report, events.as_deref()))?;
        self.sink.take(report, events)
    }

    /// Can the failure be replayed? One of each kind is enough to know.
    fn confirm(&mut self, report: &mut RunReport) -> io::Result<()> {
        if !self.confirmed.insert((report.path.clone(), report.variant.clone(), report.verdict.class)) {
            return Ok(());
        }
        let of = |group: &&Group| group.scenario.path == report.path && group.variant.name == report.variant;
        let spec = self.groups.iter().find(of).map(|group| group.spec(report.seed, Keep::Last(0)));
        spec.map_or(Ok(()), |spec| confirm(report, &spec, &self.fresh))
    }
}

fn refuse(wish: &Wish, places: &Places) -> Result<Vec<Group>, Stop> {
    resolve(wish, places).map_err(|refusals| Stop::Refused(refusals.render(Style::stderr().is_color())))
}

/// Shows what is odd about the files, each once.
fn warn(groups: &[Group], deny: bool) -> Result<(), Stop> {
    let mut files: Vec<_> =
        groups.iter().map(|group| &group.warnings).filter(|warnings| !warnings.is_empty()).collect();
    files.dedup_by_key(|warnings| warnings.path());
    let shown: Vec<String> = files.iter().map(|warnings| warnings.render(Style::stderr().is_color())).collect();
    if shown.is_empty() {
        return Ok(());
    }
    if deny {
        return Err(Stop::Refused(format!("{}\n\nerror: there are warnings, and they are denied", shown.join("\n\n"))));
    }
    eprintln!("{}\n", shown.join("\n\n"));
    Ok(())
}

/// There is one engine yet. When there are two, a scenario that needs the other will be refused here.
fn check_engine(engine: Option<Engine>, groups: &[Group]) -> Result<(), Stop> {
    let other = groups.iter().find(|group| engine.is_some_and(|engine| engine != group.scenario.cluster.engine));
    match other {
        Some(group) => Err(Stop::Refused(format!("error: {} does not run on that engine", group.title()))),
        None => Ok(()),
    }
}

fn sink(format: Format, groups: &[Group], places: &Places) -> Box<dyn Sink> {
    let total = groups.iter().map(|group| group.seeds.len()).sum();
    let out = BufWriter::new(io::stdout());
    let progress = Progress::new(total);
    let planned =
        |group: &Group| Planned { title: group.title(), variant: group.variant.name.to_owned(), seeds: group.seeds };
    match format {
        Format::Jsonl => Box::new(JsonLines::new(out, progress)),
        Format::Text => {
            let planned = groups.iter().map(planned).collect();
            Box::new(Console::new(out, Style::stdout(), &program(&places.cwd), planned, progress))
        }
    }
}

/// What starts leasehold: `cargo run` where that works, else this program.
fn program(cwd: &Path) -> String {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    if repository.is_some_and(|repository| cwd.starts_with(repository)) {
        return "cargo run --release --".to_owned();
    }
    std::env::current_exe().map_or_else(|_| "leasehold".to_owned(), |path| path.display().to_string())
}

fn fresh_process() -> io::Result<Fresh> {
    Ok(Fresh { program: std::env::current_exe()?, folder: std::env::temp_dir() })
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

fn distinct(names: &[String]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    names.iter().filter(|name| seen.insert(name.as_str())).cloned().collect()
}

fn verify_scenarios(args: &VerifyArgs) -> Result<Status, Stop> {
    let places = Places::around(&std::env::current_dir()?);
    let knobs = knobs(&args.selection, false, true)?;
    let groups = refuse(&under(&knobs, args.selection.wish(&args.scenarios, false)), &places)?;
    let (fresh, style) = (fresh_process()?, Style::stdout());
    let mut out = io::stdout();
    writeln!(out, "each seed alone; {}\n", WAYS.join("; "))?;
    for group in &groups {
        let title = format!("{}, variant {}", group.title(), group.variant.name);
        writeln!(out, "{}", style.strong(&title))?;
        for seed in group.seeds.iter() {
            let mut spec = group.spec(seed, Keep::All);
            spec.leak = args.test_leak;
            match verify(&spec, &fresh)? {
                Verified::Same { fingerprint, events } => {
                    writeln!(
                        out,
                        "  seed {seed}: {}, {events} events, fingerprint {fingerprint}",
                        style.good("equal")
                    )?;
                }
                Verified::Differs(difference) => {
                    writeln!(out, "\n{}", differs(&difference, &format!("{title}, seed {seed}"), style))?;
                    return Ok(Status::Nondeterministic);
                }
            }
        }
    }
    Ok(Status::AsExpected)
}

fn differs(difference: &Difference, run: &str, style: Style) -> String {
    let ended = || "(the history has ended)".to_owned();
    let Difference { way, number, before, alone, other, fingerprints: [one, two] } = difference;
    let mut lines = vec![
        format!("{} {run} has another history {way}", style.bad("NOT DETERMINISTIC:")),
        format!("  the first event that differs is number {number}, at {}", difference.at()),
    ];
    lines.extend(before.as_ref().map(|before| format!("    both   {before}")));
    lines.push(format!("    alone  {}", alone.clone().unwrap_or_else(ended)));
    lines.push(format!("    other  {}", other.clone().unwrap_or_else(ended)));
    lines.push(format!("  fingerprints: alone {one}, other {two}"));
    lines.join("\n")
}

fn events(args: &EventsArgs) -> Result<Status, Stop> {
    let places = Places::around(&std::env::current_dir()?);
    let (scenarios, variants) = (vec![args.scenario.clone()], vec![args.variant.clone()]);
    let wish = Wish { scenarios, variants, load: args.load, ..Wish::default() };
    let groups = refuse(&wish, &places)?;
    let mut out = BufWriter::new(io::stdout());
    for group in &groups {
        let mut spec = group.spec(args.seed, if args.fingerprint { Keep::Last(0) } else { Keep::All });
        spec.leak = args.test_leak;
        let report = run(&spec);
        for record in &report.kept {
            writeln!(out, "{}", event_line(record, &report.keys))?;
        }
        writeln!(out, "{}", report.fingerprint)?;
    }
    out.flush()?;
    Ok(Status::AsExpected)
}

/// One in so many inputs is run if it is valid: a run takes a thousand times as long as reading.
const RUN_ONE_IN: u64 = 16;
/// Past the first election, and the first faults of some.
const RUN_FOR: Duration = Duration::from_secs(2);

fn fuzz_scenarios(args: &FuzzArgs) -> Result<Status, Stop> {
    let mut campaign = Campaign::default();
    if let Some(path) = &args.replay {
        let input = Input { bytes: std::fs::read(path)?, path: path.clone() };
        return match campaign.take(&input, RUN_FOR) {
            Ok(()) => told(&format!("nothing is wrong with {}: {campaign}", path.display()), Status::AsExpected),
            Err(words) => told(&format!("{}: {words}", path.display()), Status::Harness),
        };
    }
    let corpus = Corpus::of(&Places::around(&std::env::current_dir()?), args.seed)?;
    let begun = wall_clock();
    for number in 0.. {
        if begun.elapsed() >= args.lasts {
            break;
        }
        let input = corpus.input(number);
        let simulated = if number.is_multiple_of(RUN_ONE_IN) { RUN_FOR } else { Duration::ZERO };
        if let Err(words) = campaign.take(&input, simulated) {
            let path = keep(&input, &args.out.join(format!("{}-{number}", args.seed)))?;
            let again = format!("{} fuzz --replay {}", program(&std::env::current_dir()?), path.display());
            return told(&format!("input {number} of seed {}: {words}\n\n  {again}", args.seed), Status::Harness);
        }
    }
    told(&format!("fuzz, seed {}, {} files: {campaign}; nothing found", args.seed, corpus.files()), Status::AsExpected)
}

/// Disjoint ranges of seeds, for a median.
const RANGES: u64 = 5;

fn plant(args: &MatrixArgs) -> Result<Status, Stop> {
    let places = Places::around(&std::env::current_dir()?);
    let named = args.variants.iter().map(|name| find_variant(name)).collect::<Result<Vec<_>, _>>();
    let named = named.map_err(|words| Stop::Refused(format!("error: {words}")))?;
    let all = named.is_empty();
    let chosen = if all { variants().collect() } else { named };
    let refused = |refusals: Refusals| Stop::Refused(refusals.render(Style::stderr().is_color()));
    let targets = targets(&chosen, &places).map_err(refused)?;
    let jobs = args.jobs.map_or_else(cores, NonZeroUsize::get);
    let search = Search { ranges: RANGES, seeds: args.seeds, chaos_seeds: args.chaos_seeds };
    let rows = matrix(&targets, search, jobs, &|row| {
        eprintln!(
            "{}: {} ({:.1} s)",
            row.variant.name,
            if row.killed() { "seen" } else { "not seen" },
            row.wall.as_secs_f64()
        );
    });
    let lines = match args.format {
        Format::Text => matrix_table(&rows),
        Format::Jsonl => rows.iter().map(matrix_line).collect::<Vec<_>>().join("\n"),
    };
    writeln!(io::stdout(), "{lines}")?;
    let mut complaints: Vec<String> = rows.iter().filter_map(Row::complaint).collect();
    complaints.extend(if all { dead_checks(&rows) } else { Vec::new() });
    complaints.iter().for_each(|complaint| eprintln!("error: {complaint}"));
    Ok(if complaints.is_empty() { Status::AsExpected } else { Status::Failed })
}

fn told(words: &str, status: Status) -> Result<Status, Stop> {
    writeln!(io::stdout(), "{words}")?;
    Ok(status)
}

#[expect(clippy::disallowed_methods, reason = "how long a person waits; no run sees it")]
fn wall_clock() -> Instant {
    Instant::now()
}

fn explain(scenario: String, variant: Option<String>, seed: Option<u64>, deny_warnings: bool) -> Result<Status, Stop> {
    let places = Places::around(&std::env::current_dir()?);
    let variants = variant.into_iter().collect();
    let groups = refuse(&Wish { scenarios: vec![scenario], variants, ..Wish::default() }, &places)?;
    warn(&groups, deny_warnings)?;
    let told: String = groups.iter().map(|group| group.explain(seed)).collect();
    io::stdout().write_all(told.as_bytes())?;
    Ok(Status::AsExpected)
}

fn schema() -> Result<Status, Stop> {
    io::stdout().write_all(scenario_schema().as_bytes())?;
    Ok(Status::AsExpected)
}

fn list(what: What) -> Result<Status, Stop> {
    let text = match what {
        What::Scenarios => scenarios()?,
        What::Variants => listing(&Listed {
            head: ["variant", "class", "about", "source"],
            rows: variants().map(|it| [it.name, it.harm.name(), it.about, it.source].map(str::to_owned)).collect(),
        }),
        What::Faults => faults(),
        What::Checks => listing(&Listed {
            head: ["check", "class", "ends the run", "about", "source"],
            rows: check::ALL.iter().map(checked).collect(),
        }),
    };
    writeln!(io::stdout(), "{text}")?;
    Ok(Status::AsExpected)
}

fn faults() -> String {
    let verbs = VERBS.iter().map(|(name, about, effective)| [*name, *about, *effective].map(str::to_owned)).collect();
    let verbs = listing(&Listed { head: ["verb", "what it does", "effective if"], rows: verbs });
    let phases = Phase::all().map(|phase| {
        let example = if phase.is_foreseen() { format!("{phase} - 5ms") } else { format!("{phase} + 5ms") };
        [phase.to_string(), phase.about().to_owned(), format!("when = \"{example}\"")]
    });
    let phases = listing(&Listed {
        head: ["moment", "what happens, at @this", "so long before or after it"],
        rows: phases.collect(),
    });
    format!("{verbs}\n\nInstead of at a time, a step can act whenever something happens in the protocol:\n\n{phases}")
}

fn checked(check: &check::CheckInfo) -> [String; 5] {
    let stops = if check.stops { "yes" } else { "no" };
    [check.name.to_owned(), check.class.to_string(), stops.to_owned(), check.about.to_owned(), check.source.to_owned()]
}

fn scenarios() -> Result<String, Stop> {
    let places = Places::around(&std::env::current_dir()?);
    let mut groups = Vec::new();
    let row = |named: leasehold_sim::runner::Named| match load(&named.path) {
        Ok(group) => {
            let row = [named.title, group.seeds.to_string(), group.scenario.about.clone()];
            groups.push(group);
            row
        }
        Err(_) => [named.title, "-".to_owned(), "(cannot be read; run it to see why)".to_owned()],
    };
    let rows = catalogue(&places, true).into_iter().map(row).collect();
    warn(&groups, false)?;
    Ok(listing(&Listed { head: ["scenario", "seeds", "about"], rows }))
}
