//! Schema to plan: every rule that refuses a file which parses.
//!
//! One file for each part of the script. A value that is refused is replaced by its default, so that the rest can be
//! judged; the scenario that comes out is thrown away if there is any problem.

mod chaos;
mod checks;
mod cluster;
mod size;
mod timeline;
mod workload;

use std::{ops::Range, path::Path};

use toml::de::DeTable;

pub(super) use self::{timeline::keys as step_keys, workload::KINDS};
use super::{
    Action, Cluster, FORMAT, Floors, Load, MAX_DURATION, Metric, Problem, Scenario, read, schema,
    table::{Frame, Kind, Reader, Report, Tags, inner},
    units::Protocol,
};

/// Judges `file`. `complete` is false if parts of it could not be read; then nothing is said about what is missing.
///
/// The scenario makes sense only if there are no problems.
pub(super) fn validate(
    file: schema::File,
    taken: &DeTable<'_>,
    path: &Path,
    text: &str,
    complete: bool,
) -> (Scenario, Vec<Problem>) {
    let mut report = Report::new(text, read::ROOT.to_vec(), complete);
    format(file.format, &mut report);
    let until = file.until.as_ref().map(toml::Spanned::span).unwrap_or_default();
    let cluster = cluster::cluster(file.cluster, &mut report);
    let frame = frame(&cluster, file.until, &mut report);
    let timeline = timeline::timeline(taken.get("timeline"), &frame, &mut report);
    let frame = Frame { tags: timeline.tags.clone(), ..frame };
    let mut reader = Reader { frame: &frame, report: &mut report };
    let expect = taken.get("expect").and_then(|raw| inner().read("expect", raw, &mut reader)).unwrap_or_default();
    let floors: Floors =
        taken.get("floors").and_then(|raw| inner().read("floors", raw, &mut reader)).unwrap_or_default();
    let (workloads, workload_places): (Vec<_>, Vec<_>) =
        workload::workloads(file.workload, &frame, &mut report).into_iter().unzip();
    let scenario = Scenario {
        name: name(file.name, path, &mut report),
        about: file.about.map(toml::Spanned::into_inner).unwrap_or_default(),
        path: path.to_owned(),
        seeds: report.scalar(file.seeds, str::parse).unwrap_or_default(),
        until: frame.until,
        variant: file.variant.and_then(|variant| report.kebab("a variant's name", variant)),
        claims: checks::claims(file.claims, &mut report),
        record_only: checks::record_only(file.checks, &mut report),
        expect,
        floors: floors.all,
        timeline: timeline.steps,
        chaos: chaos::chaos(file.chaos, &frame, &mut report),
        cluster,
        workloads,
        load: Load::default(),
    };
    // Of parts that were refused nothing is known.
    if report.problems.is_empty() {
        recovery_follows_healing(&scenario, &timeline.places, &mut report);
        size::limits(&scenario, &workload_places, until, &mut report);
    }
    (scenario, report.finish())
}

/// A file of a later format may say what this version would misread.
fn format(format: Option<schema::Whole>, report: &mut Report) {
    let Some(format) = format.filter(|format| *format.get_ref() != i64::from(FORMAT)) else { return };
    let message = format!("this file has the format {}; this version reads format {FORMAT}", format.get_ref());
    let later = *format.get_ref() > i64::from(FORMAT);
    let help =
        if later { "a later version of leasehold reads it" } else { "leave `format` out, or write `format = 1`" };
    report.refuse(Problem::new(message).at(format.span()).help(help));
}

fn frame(cluster: &Cluster, until: Option<schema::Quantity>, report: &mut Report) -> Frame {
    let protocol =
        Protocol { election_timeout: cluster.election_timeout, heartbeat: cluster.heartbeat, lease: cluster.lease };
    if until.is_none() {
        report.missing(Problem::new("`until` is missing").help("say how long the run lasts: `until = \"20s\"`"));
    }
    let until = until.and_then(|until| {
        let length = report.moment(Some(until.clone()), Some(&protocol))?;
        if length.is_zero() {
            report.refuse(Problem::new("a run of no length has nothing to show").at(until.span()));
        }
        Some(length).filter(|length| !length.is_zero())
    });
    // Without a known end nothing may be refused for lying after it.
    Frame { until: until.unwrap_or(MAX_DURATION), nodes: cluster.size(), protocol: Some(protocol), tags: Tags::new() }
}

fn name(name: Option<schema::Text>, path: &Path, report: &mut Report) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let Some(name) = name else {
        report.missing(
            Problem::new("`name` is missing")
                .help(format!("it is the file's name without `.toml`: `name = \"{stem}\"`")),
        );
        return String::new();
    };
    report.kebab("a scenario's name", name).unwrap_or_default()
}

/// Recovery is measured from the end of a fault: where one lasts to the end of the run, there is none to measure.
fn recovery_follows_healing(scenario: &Scenario, places: &[Range<usize>], report: &mut Report) {
    let variants = scenario.expect.variants.values().flat_map(|variant| &variant.bounds);
    let expected = scenario.expect.bounds.iter().chain(variants).find(|bound| bound.metric == Metric::Recovery);
    let steps = scenario.timeline.iter().zip(places).enumerate();
    let endless = steps.rev().find(|(number, _)| scenario.is_endless(*number));
    if let (Some(expected), Some((_, (step, place)))) = (expected, endless) {
        let what = if matches!(step.action, Action::Partition(_) | Action::Link(_)) { "heals" } else { "ends" };
        let problem = Problem::new(format!("`recovery` is expected, but this {} never {what}", step.action));
        report.missing(problem.at(place.clone()).help(format!(
            "give it a `for = \"2s\"` that ends before the run, add a later `heal = \"everything\"`, or drop `recovery` (line {})",
            expected.line
        )));
    }
}
