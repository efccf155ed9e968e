//! The rules of `[chaos]`.

use toml::Spanned;

use crate::scenario::{
    Chaos, Problem, Verb,
    schema::{self, Text},
    table::{Frame, Report},
};
use crate::words;

pub(super) fn chaos(raw: Option<Spanned<schema::Chaos>>, frame: &Frame, report: &mut Report) -> Option<Chaos> {
    let raw = raw?.into_inner();
    let place = raw.quiet.as_ref().map(Spanned::span);
    let quiet = report.positive("quiet", raw.quiet, frame.protocol.as_ref()).unwrap_or(Chaos::QUIET);
    if quiet >= frame.until {
        let problem = Problem::new("the whole run is quiet: nothing ever goes wrong");
        report.missing(
            place.map_or(problem.clone(), |place| problem.at(place)).help("let the run be longer, or `quiet` shorter"),
        );
    }
    let faults = raw.faults.map_or_else(|| Some(Chaos::all().collect()), |faults| named(faults, report));
    Some(Chaos { faults: faults?, quiet })
}

fn named(raw: Spanned<Vec<Text>>, report: &mut Report) -> Option<Vec<Verb>> {
    let span = raw.span();
    let mut faults: Vec<Verb> = Vec::new();
    for word in raw.into_inner() {
        let place = word.span();
        let known = Chaos::all().find(|verb| verb.name() == word.get_ref());
        let unknown = || words::unknown("fault that chaos can draw", word.get_ref(), Chaos::all());
        let fault: Verb = report.take(known.ok_or_else(unknown), word.span())?;
        if faults.contains(&fault) {
            report.refuse(Problem::new(format!("`{fault}` is named twice")).at(place));
            return None;
        }
        faults.push(fault);
    }
    if faults.is_empty() {
        report.missing(Problem::new("chaos without any fault").at(span).help("leave `faults` out for all of them"));
        return None;
    }
    Some(faults)
}
