//! The rules of faults that act on links: impairments, and holds of single messages.

use std::{ops::Range, time::Duration};

use toml::Spanned;

use super::{Frame, partition::selector, process::texts, report::Report};
use crate::scenario::{
    Ends, Hold, Leftover, Link, MAX_QUEUE, Ppm, Problem, Selector,
    problem::quote_all,
    schema::{self, Named},
    units,
};

/// The impairments of a link, for messages.
const IMPAIRMENTS: [&str; 8] = ["loss", "delay", "jitter", "duplicate", "reorder", "stall", "bandwidth", "queue"];

pub(super) fn link(raw: Spanned<schema::Link>, frame: &Frame, report: &mut Report) -> Option<Link> {
    let (span, raw) = (raw.span(), raw.into_inner());
    let before = report.problems.len();
    let stalls = raw.stall.as_ref().map(Spanned::span);
    let protocol = Some(&frame.protocol);
    let link = Link {
        lane: report.spelled(raw.lane),
        messages: report.words(raw.messages),
        loss: report.scalar(raw.loss, units::ppm).unwrap_or(Ppm(0)),
        delay: report.duration(raw.delay, protocol).unwrap_or_default(),
        jitter: report.duration(raw.jitter, protocol).unwrap_or_default(),
        duplicate: report.scalar(raw.duplicate, units::ppm).unwrap_or(Ppm(0)),
        reorder: raw.reorder.unwrap_or(false),
        stall: report.scalar(raw.stall, units::ppm).unwrap_or(Ppm(0)),
        bandwidth: report.scalar(raw.bandwidth, units::bandwidth),
        queue: report.whole("queue", raw.queue, 1, MAX_QUEUE),
        lasts: report.positive("for", raw.r#for, protocol),
        ends: ends(raw.from, raw.to, frame, report).unwrap_or_default(),
    };
    if report.problems.len() > before {
        return None;
    }
    if is_harmless(&link) {
        let problem = Problem::new("a link that nothing is wrong with").at(span);
        report.missing(problem.help(format!("say what is: {}", quote_all(IMPAIRMENTS))));
        return None;
    }
    if let Some(stalls) = stalls.filter(|_| link.reorder && link.stall > Ppm(0)) {
        let problem = Problem::new("a stall holds up what follows in order; with `reorder` there is none").at(stalls);
        report.refuse(problem.help("for late messages that others overtake write `delay` and `jitter`"));
        return None;
    }
    lane_carries(&link, span, report)?;
    Some(link)
}

fn is_harmless(link: &Link) -> bool {
    let shares = [link.loss, link.duplicate, link.stall].iter().any(|share| *share > Ppm(0));
    let times = link.delay > Duration::ZERO || link.jitter > Duration::ZERO;
    !shares && !times && !link.reorder && link.bandwidth.is_none() && link.queue.is_none()
}

/// A rule about messages of a lane by which they do not go would never meet one.
fn lane_carries(link: &Link, span: Range<usize>, report: &mut Report) -> Option<()> {
    let Some(lane) = link.lane else { return Some(()) };
    let Some(kind) = link.messages.iter().find(|kind| kind.lane() != lane) else { return Some(()) };
    let problem =
        Problem::new(format!("messages of the kind `{kind}` do not go by the lane `{}`", lane.name())).at(span);
    report.refuse(problem.help(format!("they go by `{}`; without `lane` it is all of them", kind.lane().name())));
    None
}

pub(super) fn hold(raw: Spanned<schema::Hold>, frame: &Frame, report: &mut Report) -> Option<Hold> {
    let (span, raw) = (raw.span(), raw.into_inner());
    let before = report.problems.len();
    if raw.messages.is_empty() {
        let problem = Problem::new("a hold needs `messages`").at(span);
        report
            .missing(problem.help("say which kinds: `messages = [\"heartbeat-response\"]`; for all write a partition"));
    }
    let hold = Hold {
        messages: report.words(raw.messages),
        first: report.whole("first", raw.first, 1, MAX_QUEUE),
        then: report.word(raw.then).unwrap_or(Leftover::Deliver),
        lasts: report.positive("for", raw.r#for, Some(&frame.protocol)),
        ends: ends(raw.from, raw.to, frame, report).unwrap_or_default(),
    };
    (report.problems.len() == before && !hold.messages.is_empty()).then_some(hold)
}

fn ends(from: Option<Named>, to: Option<Named>, frame: &Frame, report: &mut Report) -> Option<Ends> {
    let spans = [&from, &to].map(|end| end.as_ref().map(Spanned::span));
    let (from, to) = (end(from, frame, report)?, end(to, frame, report)?);
    for (end, other, span) in [(&from, &to, &spans[0]), (&to, &from, &spans[1])] {
        if end.contains(&Selector::Others) && (other.is_empty() || other.contains(&Selector::Others)) {
            let problem = Problem::new("`@others` than whom? The other end names nobody").at(span.clone()?);
            report.refuse(
                problem.help("for all but the leader write `@followers`; an end that is left out is everybody"),
            );
            return None;
        }
    }
    let alone = |end: &[Selector]| match end {
        [only] if !only.is_many() && !only.is_drawn() => Some(*only),
        _ => None,
    };
    if let Some(node) = alone(&from).filter(|node| alone(&to) == Some(*node)) {
        let problem = Problem::new(format!("there is no link from `{node}` to itself")).at(spans[1].clone()?);
        report.refuse(problem);
        return None;
    }
    Some(Ends { from, to })
}

fn end(raw: Option<Named>, frame: &Frame, report: &mut Report) -> Option<Vec<Selector>> {
    let Some(raw) = raw else { return Some(Vec::new()) };
    let span = raw.span();
    let raw = texts(raw);
    if raw.is_empty() {
        report.refuse(Problem::new("this end names nobody").at(span).help("leave it out for every node"));
        return None;
    }
    let count = raw.len();
    let named: Vec<Selector> = raw.into_iter().filter_map(|text| selector(text, frame, report)).collect();
    (named.len() == count).then_some(named)
}
