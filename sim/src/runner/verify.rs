//! The same seed again in other ways: the same history, or the first event that differs.

use super::{Spec, run, sweep};
use crate::history::{Fingerprint, Keep};
use crate::report::event_line;
use crate::scenario::Class;
use crate::time::SimTime;
use crate::verdict::{Failure, Ruling, RunReport};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The ways in which a seed is run, beside alone.
pub const WAYS: [&str; 3] = [
    "again in the same process",
    "as the last of three seeds with 2 jobs",
    "in a fresh process with another environment and working folder",
];

/// How a fresh process is started.
#[derive(Clone, Debug)]
pub struct Fresh {
    /// The program `leasehold`.
    pub program: PathBuf,
    /// A working folder other than this one.
    pub folder: PathBuf,
}

/// What verification found.
pub enum Verified {
    /// One history, however it was made.
    Same {
        /// Of that history.
        fingerprint: Fingerprint,
        /// How many events it has.
        events: u64,
    },
    /// Two histories.
    Differs(Box<Difference>),
}

/// The first event in which two histories differ.
pub struct Difference {
    /// The way that gave the other history: one of [`WAYS`].
    pub way: &'static str,
    /// The number of the event, from 0.
    pub number: u64,
    /// The last event that both have.
    pub before: Option<String>,
    /// The event of the run alone; `None`: its history had ended.
    pub alone: Option<String>,
    /// The event of the other run.
    pub other: Option<String>,
    /// The fingerprints of both.
    pub fingerprints: [String; 2],
}

impl Difference {
    /// The simulated time of the first event that differs, as the lines tell it.
    pub fn at(&self) -> &str {
        let line = self.alone.as_ref().or(self.other.as_ref()).or(self.before.as_ref());
        line.and_then(|line| line.split(' ').next()).unwrap_or("the end")
    }
}

/// Runs `spec` alone and in each of the [`WAYS`].
///
/// # Errors
///
/// The fresh process could not be started, or did not do what it was started for.
pub fn verify(spec: &Spec, fresh: &Fresh) -> io::Result<Verified> {
    let alone = run(&keeping(spec, spec.seed, Keep::All));
    let ways: [&dyn Fn() -> io::Result<Option<Difference>>; 3] = [
        &|| compare(&alone, &run(&keeping(spec, spec.seed, Keep::All)), WAYS[0]),
        &|| compare(&alone, &last_of_three(spec), WAYS[1]),
        &|| elsewhere(&alone, spec, fresh),
    ];
    for way in ways {
        if let Some(difference) = way()? {
            return Ok(Verified::Differs(Box::new(difference)));
        }
    }
    Ok(Verified::Same { fingerprint: alone.fingerprint, events: alone.events })
}

/// Runs a failure again in a fresh process. If it comes out differently, that is what it is: `report` becomes one of class
/// nondeterminism.
///
/// # Errors
///
/// As [`verify`].
pub fn confirm(report: &mut RunReport, spec: &Spec, fresh: &Fresh) -> io::Result<()> {
    let mut child = start(spec, fresh, &["--fingerprint"])?;
    let mut last = String::new();
    for line in lines(&mut child)? {
        last = line?;
    }
    end(child)?;
    if last == report.fingerprint.to_string() {
        return Ok(());
    }
    let message = format!("the same seed in a fresh process gave another history: {last}, not {}", report.fingerprint);
    let story = vec![format!("`leasehold verify` with the same seed and variant shows the first event that differs")];
    let failure = Failure::new("fresh-process", Class::Nondeterminism, SimTime::at(report.sim), message);
    let failure = Failure { story, ..failure };
    report.verdict.failures.insert(0, failure);
    report.verdict.class = Some(Class::Nondeterminism);
    report.verdict.ruling = Ruling::Fail;
    report.verdict.as_expected = false;
    Ok(())
}

fn keeping(spec: &Spec, seed: u64, keep: Keep) -> Spec {
    Spec { seed, keep, ..spec.clone() }
}

fn last_of_three(spec: &Spec) -> RunReport {
    let others = [1, 2].map(|more| keeping(spec, spec.seed.wrapping_add(more), Keep::Nothing));
    let [first, second] = others;
    let mut last = None;
    sweep(vec![first, second, keeping(spec, spec.seed, Keep::All)], 2, &mut |report| last = Some(report));
    last.expect("a sweep hands over the report of every run")
}

/// The first line of events that differs: its number, that before it, and what it is alone and otherwise.
type First = (u64, Option<String>, Option<String>, Option<String>);

/// Compares the events of a run with those that `told` tells on a line each; what is no event ends them.
fn first_difference(
    alone: &RunReport,
    told: &mut dyn Iterator<Item = io::Result<String>>,
) -> io::Result<Option<First>> {
    let (mut records, mut before, mut number) = (alone.kept.iter(), None, 0);
    loop {
        let record = records.next().map(|record| event_line(record, &alone.keys));
        let other = told.next().transpose()?.filter(|line| line.contains(' '));
        if record != other {
            return Ok(Some((number, before, record, other)));
        }
        if record.is_none() {
            return Ok(None);
        }
        (before, number) = (record, number + 1);
    }
}

fn difference(way: &'static str, first: Option<First>, fingerprints: [String; 2]) -> Option<Difference> {
    // Lines tell everything that is hashed; should they ever not, the beginning is as near as can be said.
    let (number, before, alone, other) = first.unwrap_or_default();
    (fingerprints[0] != fingerprints[1]).then_some(Difference { way, number, before, alone, other, fingerprints })
}

/// The first difference between two runs of this process.
fn compare(alone: &RunReport, other: &RunReport, way: &'static str) -> io::Result<Option<Difference>> {
    let fingerprints = [alone, other].map(|report| report.fingerprint.to_string());
    if fingerprints[0] == fingerprints[1] {
        return Ok(None);
    }
    let mut told = other.kept.iter().map(|record| Ok(event_line(record, &other.keys)));
    Ok(difference(way, first_difference(alone, &mut told)?, fingerprints))
}

/// The first difference from a fresh process, which prints its events as lines and its fingerprint last.
fn elsewhere(alone: &RunReport, spec: &Spec, fresh: &Fresh) -> io::Result<Option<Difference>> {
    let mut child = start(spec, fresh, &[])?;
    let mut last = String::new();
    let mut told = lines(&mut child)?.inspect(|line| line.iter().for_each(|line| last.clone_from(line)));
    let first = first_difference(alone, &mut told)?;
    told.try_for_each(|line| line.map(drop))?;
    end(child)?;
    Ok(difference(WAYS[2], first, [alone.fingerprint.to_string(), last]))
}

fn start(spec: &Spec, fresh: &Fresh, more: &[&str]) -> io::Result<Child> {
    let scenario = std::path::absolute(&spec.scenario.path)?;
    let mut command = Command::new(&fresh.program);
    command.arg("events").arg(scenario).args(["--seed", &spec.seed.to_string(), "--variant", spec.variant.name]);
    command.args(["--engine", spec.scenario.cluster.engine.name()]);
    command.args(["--load", &spec.scenario.load.to_string()]);
    command.args(spec.leak.then_some("--test-leak")).args(more);
    command.env_clear().envs([
        ("TZ", "Asia/Kathmandu"),
        ("LANG", "tr_TR.UTF-8"),
        ("HOME", "/nowhere"),
        ("RUST_LOG", "trace"),
    ]);
    command.current_dir(&fresh.folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    // Ctrl-C goes to the whole group of a terminal: who is interrupted still wants the answer.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn().map_err(|error| named(&fresh.program, &error))
}

fn lines(child: &mut Child) -> io::Result<impl Iterator<Item = io::Result<String>> + use<>> {
    let out = child.stdout.take().ok_or_else(|| io::Error::other("a fresh process without standard output"))?;
    Ok(BufReader::new(out).lines())
}

fn end(mut child: Child) -> io::Result<()> {
    let status = child.wait()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("the fresh process failed: {status}"))) }
}

fn named(program: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{} could not be started: {error}", program.display()))
}
