//! The nodes that faults name.

use std::ops::Range;

use super::{Frame, report::Report};
use crate::scenario::{Ends, Problem, Selector, schema::Text, table::Reader};

/// The nodes that `text` names, of those that the cluster has.
pub(in crate::scenario) fn selector(text: Text, frame: &Frame, report: &mut Report) -> Option<Selector> {
    let span = text.span();
    let selector = report.word(Some(text))?;
    if let Selector::Node(number) = selector
        && number > frame.nodes
    {
        let message = format!("there is no node `{selector}`: the cluster has {}", frame.nodes);
        report.missing(Problem::new(message).at(span).help(format!("nodes are `n1` to `n{}`", frame.nodes)));
        return None;
    }
    Some(selector)
}

/// All of `texts`, with their places. `None` if one was refused.
pub(in crate::scenario) fn selectors(
    texts: Vec<Text>,
    reader: &mut Reader<'_>,
) -> Option<Vec<(Selector, Range<usize>)>> {
    let placed = texts.into_iter().map(|text| {
        let span = text.span();
        Some((selector(text, reader.frame, reader.report)?, span))
    });
    // All of them are judged, so that all problems are told.
    placed.collect::<Vec<_>>().into_iter().collect()
}

/// The nodes that a fault of one side acts on; `@others` means nothing without another side. `example` is what else such a
/// fault says.
pub(in crate::scenario) fn victims(
    what: &str,
    texts: Vec<Text>,
    example: &str,
    place: Range<usize>,
    reader: &mut Reader<'_>,
) -> Option<Vec<Selector>> {
    if texts.is_empty() {
        let problem = Problem::new(format!("`{what}` needs a `node`")).at(place);
        let help = format!("say whom it hits: `{what} = {{ node = \"@leader\", {example} }}`");
        reader.report.missing(problem.help(help));
        return None;
    }
    let named = selectors(texts, reader)?;
    let mut victims = Vec::new();
    for (selector, place) in named {
        if selector == Selector::Others {
            let problem = Problem::new(format!("`@others` of whom? `{what}` has one side")).at(place);
            reader.report.refuse(problem.help("for all but the leader write `@followers`"));
            return None;
        }
        if !once(selector, &victims, place, reader) {
            return None;
        }
        victims.push(selector);
    }
    Some(victims)
}

/// Refuses `selector` if it is among `others`. What is drawn may give another node each time it is written.
fn once(selector: Selector, others: &[Selector], place: Range<usize>, reader: &mut Reader<'_>) -> bool {
    let twice = !selector.is_drawn() && others.contains(&selector);
    if twice {
        reader.report.refuse(Problem::new(format!("`{selector}` is named twice")).at(place));
    }
    !twice
}

/// An end of links: who, and where that stands.
type End = (Vec<Text>, Option<Range<usize>>);

/// The ends of links; one that is left out is everybody.
pub(in crate::scenario) fn ends(from: End, to: End, reader: &mut Reader<'_>) -> Option<Ends> {
    let spans = [from.1.clone(), to.1.clone()];
    let (from, to) = (end(from, reader)?, end(to, reader)?);
    for (end, other, span) in [(&from, &to, &spans[0]), (&to, &from, &spans[1])] {
        if end.contains(&Selector::Others) && (other.is_empty() || other.contains(&Selector::Others)) {
            let problem = Problem::new("`@others` than whom? The other end names nobody").at(span.clone()?);
            let help = "for all but the leader write `@followers`; an end that is left out is everybody";
            reader.report.refuse(problem.help(help));
            return None;
        }
    }
    let alone = |end: &[Selector]| match end {
        [only] if !only.is_many() && !only.is_drawn() => Some(*only),
        _ => None,
    };
    if let Some(node) = alone(&from).filter(|node| alone(&to) == Some(*node)) {
        let problem = Problem::new(format!("there is no link from `{node}` to itself")).at(spans[1].clone()?);
        reader.report.refuse(problem);
        return None;
    }
    Some(Ends { from, to })
}

fn end((texts, place): End, reader: &mut Reader<'_>) -> Option<Vec<Selector>> {
    if let Some(place) = place.filter(|_| texts.is_empty()) {
        reader.report.refuse(Problem::new("this end names nobody").at(place).help("leave it out for every node"));
        return None;
    }
    Some(selectors(texts, reader)?.into_iter().map(|(selector, _)| selector).collect())
}
