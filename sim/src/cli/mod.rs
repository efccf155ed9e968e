//! The sub-commands: a file each, with its arguments. Here is what they share.

pub(crate) mod completions;
pub(crate) mod coverage;
pub(crate) mod diff;
pub(crate) mod events;
pub(crate) mod explain;
pub(crate) mod freeze;
pub(crate) mod fuzz;
pub(crate) mod gate;
mod interrupt;
pub(crate) mod list;
pub(crate) mod margin;
pub(crate) mod matrix;
pub(crate) mod minimize;
mod out;
mod prelude;
pub(crate) mod replay;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod verify;

use clap::{Args, ValueEnum};
use leasehold_sim::report::{Status, Style};
use leasehold_sim::runner::knobs::{self, Knobs, positive, whole};
use leasehold_sim::runner::{Engines, Fresh, Group, Places, Wanted, Wish, resolve};
use leasehold_sim::scenario::{Engine, Load, Seeds};
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::process::exit;

#[derive(Args)]
pub(crate) struct Selection {
    /// One seed instead of the file's
    #[arg(long, value_name = "N", conflicts_with = "seeds", value_parser = whole)]
    seed: Option<u64>,
    /// Seeds instead of the file's: A..B (B not included), A..=B, or several: 1,5,9..12
    #[arg(long, value_name = "SEEDS")]
    seeds: Option<Seeds>,
    /// Behaviour of the stack (repeatable) [default: what the file says]
    #[arg(long = "variant", value_name = "V")]
    variants: Vec<String>,
    /// Raft implementation: `raft-rs` or `openraft` [default: what the file says]
    #[arg(long, value_name = "E")]
    engine: Option<Engine>,
    /// Factor on the rates of open-loop clients: `0.8`, `1.2`
    #[arg(long, value_name = "F", default_value = "1", hide_default_value = true)]
    load: Load,
}

impl Selection {
    pub(super) fn wish(&self, scenarios: &[String], slow: bool) -> Wish {
        let one = self.seed.map(Seeds::one);
        let (seeds, variants) = (one.or_else(|| self.seeds.clone()), distinct(&self.variants));
        let engines = on(self.engine);
        Wish { scenarios: scenarios.to_vec(), slow, seeds, variants, sections: false, engines, load: self.load }
    }
}

/// On this engine, or on that of the file.
fn on(engine: Option<Engine>) -> Engines {
    engine.map_or(Engines::Own, Engines::One)
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A report for people.
    Text,
    /// One JSON object a line, and nothing else.
    Jsonl,
}

/// Why a command ended early.
pub(crate) enum Stop {
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
pub(crate) fn give_up(error: &io::Error) -> ! {
    if error.kind() == io::ErrorKind::BrokenPipe {
        exit(128 + 13);
    }
    eprintln!("error: {error}");
    exit(i32::from(Status::Harness.code()))
}

/// The knobs of the environment; what is set is echoed on standard error. The command line beats them: `selection`, and of `beaten` those
/// of which it says something.
fn knobs(selection: &Selection, beaten: &[(bool, &[&'static str])]) -> Result<Knobs, Stop> {
    let knobs = knobs::from_environment()
        .map_err(|problems| Stop::Refused(problems.iter().map(|words| format!("error: {words}\n")).collect()))?;
    let seeds = selection.seed.is_some() || selection.seeds.is_some();
    let selected: [(bool, &[&'static str]); 2] = [
        (seeds, &["LEASEHOLD_SEED", "LEASEHOLD_SEEDS", "MADSIM_TEST_SEED", "MADSIM_TEST_NUM"]),
        (!selection.variants.is_empty(), &["LEASEHOLD_VARIANT"]),
    ];
    let beaten = selected.iter().chain(beaten).filter(|(is_beaten, _)| *is_beaten);
    let beaten: Vec<&str> = beaten.flat_map(|(_, knobs)| *knobs).copied().collect();
    let echo = knobs.echo(&beaten);
    if !echo.is_empty() {
        eprintln!("{echo}");
    }
    Ok(knobs)
}

/// `wish`, with what the knobs say where it says nothing.
fn under(knobs: &Knobs, wish: Wish) -> Wish {
    let variants = if wish.variants.is_empty() { knobs.variant.iter().cloned().collect() } else { wish.variants };
    Wish { seeds: wish.seeds.or_else(|| knobs.seeds.clone()), variants, ..wish }
}

/// What is run; what is not, as it is not on its engine, is told.
fn refuse(wish: &Wish, places: &Places) -> Result<Vec<Group>, Stop> {
    let wanted = resolve(wish, places);
    let Wanted { groups, absent } =
        wanted.map_err(|refusals| Stop::Refused(refusals.render(Style::stderr().is_color())))?;
    absent.iter().for_each(|words| eprintln!("skipped: {words}"));
    Ok(groups)
}

/// Shows what is odd about the files, each once.
fn warn(groups: &[Group], deny: bool) -> Result<(), Stop> {
    let mut files: Vec<_> =
        groups.iter().map(|group| &group.warnings).filter(|warnings| !warnings.is_empty()).collect();
    files.dedup_by_key(|warnings| warnings.path());
    let mut shown: Vec<String> = files.iter().map(|warnings| warnings.render(Style::stderr().is_color())).collect();
    let undone = groups.iter().flat_map(Group::undone);
    shown.extend(undone.map(|words| format!("warning: {words}")));
    if shown.is_empty() {
        return Ok(());
    }
    if deny {
        return Err(Stop::Refused(format!("{}\n\nerror: there are warnings, and they are denied", shown.join("\n\n"))));
    }
    eprintln!("{}\n", shown.join("\n\n"));
    Ok(())
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

fn told(words: &str, status: Status) -> Result<Status, Stop> {
    writeln!(io::stdout(), "{words}")?;
    Ok(status)
}
