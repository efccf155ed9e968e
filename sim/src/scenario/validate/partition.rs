//! The rules of a partition, and of the nodes that a fault names.

use std::{collections::BTreeSet, ops::Range};

use toml::Spanned;

use super::{Frame, report::Report};
use crate::scenario::{
    Cut, Partition, Problem, Selector, Shape, ShapeName,
    schema::{self, Text},
};

pub(super) fn partition(raw: Spanned<schema::Partition>, frame: &Frame, report: &mut Report) -> Option<Partition> {
    let span = raw.span();
    let raw = raw.into_inner();
    let how = report.word(raw.how).unwrap_or(Cut::Drop);
    let lasts = report.positive("for", raw.r#for, Some(&frame.protocol));
    let one_way = raw.one_way.unwrap_or(false);
    let shape = match (raw.sides, raw.shape) {
        (Some(raw), None) => sides(raw, frame, report).map(Shape::Sides),
        (None, Some(name)) => shape(name, raw.node.clone(), one_way, frame, report),
        (Some(_), Some(name)) => {
            let problem = Problem::new("a partition has `sides` or a `shape`, not both").at(name.span());
            report.refuse(problem.help("a shape finds its own sides"));
            None
        }
        (None, None) => {
            let problem = Problem::new("a partition needs `sides`, or a `shape`").at(span);
            report.missing(problem.help("name who is on which: `sides = [[\"@leader\"], [\"@others\"]]`"));
            None
        }
    };
    if let (Some(Shape::Sides(_) | Shape::Ring), Some(node)) = (&shape, raw.node) {
        let problem = Problem::new("only a bridge has a `node`").at(node.span());
        report.refuse(problem.help("it is the one that both halves reach: `shape = \"bridge\"`"));
    }
    Some(Partition { shape: shape?, how, one_way, lasts })
}

fn shape(name: Text, node: Option<Text>, one_way: bool, frame: &Frame, report: &mut Report) -> Option<Shape> {
    let span = name.span();
    let name = report.word(Some(name))?;
    let (shape, least) = match name {
        ShapeName::Bridge => (Shape::Bridge(bridge(node, frame, report)?), 3),
        ShapeName::Ring => (Shape::Ring, 4),
    };
    if frame.nodes < least {
        let message = format!("a {name} needs {least} nodes; the cluster has {}", frame.nodes);
        report.missing(Problem::new(message).at(span).help("of fewer nodes each reaches all others"));
        return None;
    }
    if one_way && shape == Shape::Ring {
        report.refuse(Problem::new("a ring has no sides, so that it cannot be one-way").at(span));
        return None;
    }
    Some(shape)
}

fn bridge(node: Option<Text>, frame: &Frame, report: &mut Report) -> Option<Selector> {
    let Some(node) = node else { return Some(Selector::Any) };
    let span = node.span();
    let selector = selector(node, frame, report)?;
    if selector.is_many() {
        let problem = Problem::new(format!("`{selector}` may be several nodes; a bridge is one")).at(span);
        report.refuse(problem.help("for one of them write `@follower` or `@any`"));
        return None;
    }
    Some(selector)
}

type RawSides = Spanned<Vec<Spanned<Vec<Text>>>>;

/// A selector of a side, with its place.
type Placed = (Selector, Range<usize>);

fn sides(raw: RawSides, frame: &Frame, report: &mut Report) -> Option<[Vec<Selector>; 2]> {
    let span = raw.span();
    let raw = raw.into_inner();
    let count = raw.len();
    let Ok([first, second]) = <[_; 2]>::try_from(raw) else {
        let problem = Problem::new(format!("a partition has two sides, not {count}")).at(span);
        report.missing(problem.help("`sides = [[\"n1\", \"n2\"], [\"@others\"]]`"));
        return None;
    };
    let spans = [first.span(), second.span()];
    let (first, second) = (side(first, frame, report), side(second, frame, report));
    let (first, second) = (first?, second?);
    not_on_both(&first, &second, report)?;
    somebody_on_each([&first, &second], spans, frame, report)?;
    let plain = |side: Vec<Placed>| side.into_iter().map(|(selector, _)| selector).collect();
    Some([plain(first), plain(second)])
}

fn side(raw: Spanned<Vec<Text>>, frame: &Frame, report: &mut Report) -> Option<Vec<Placed>> {
    let before = report.problems.len();
    let named = raw.into_inner().into_iter().filter_map(|text| {
        let span = text.span();
        Some((selector(text, frame, report)?, span))
    });
    let side = named.collect();
    (report.problems.len() == before).then_some(side)
}

fn not_on_both(first: &[Placed], second: &[Placed], report: &mut Report) -> Option<()> {
    // What is drawn may give another node each time it is written.
    let fixed = |side: &&Placed| !side.0.is_drawn();
    let both = second.iter().filter(fixed).find_map(|(selector, span)| {
        let (_, other) = first.iter().find(|(other, _)| other == selector)?;
        Some((selector, span, other))
    });
    let Some((selector, span, other)) = both else { return Some(()) };
    let problem = Problem::new(format!("`{selector}` is on both sides of the partition")).at(span.clone());
    report.refuse(problem.also(other.clone(), "also here"));
    None
}

fn somebody_on_each(sides: [&[Placed]; 2], spans: [Range<usize>; 2], frame: &Frame, report: &mut Report) -> Option<()> {
    let others = |index: usize| sides.get(1 - index).copied().unwrap_or_default();
    let empty = |index: usize| {
        sides.get(index).is_some_and(|side| side.iter().all(|(named, _)| is_nobody(*named, others(index), frame)))
    };
    let nobody = spans.into_iter().enumerate().find(|(index, _)| empty(*index));
    let Some((_, span)) = nobody else { return Some(()) };
    let problem = Problem::new("nobody is on this side of the partition").at(span);
    report
        .missing(problem.help(format!("a node is on one side only, and the cluster has no more than {}", frame.nodes)));
    None
}

/// `selector` can name no node, whatever the roles are, if `opposite` is the other side.
fn is_nobody(selector: Selector, opposite: &[Placed], frame: &Frame) -> bool {
    let numbered = |(selector, _): &Placed| match selector {
        Selector::Node(number) => Some(*number),
        _ => None,
    };
    let nodes: BTreeSet<u32> = opposite.iter().filter_map(numbered).collect();
    let has = |role: Selector| opposite.iter().any(|(selector, _)| *selector == role);
    if has(Selector::Leader) && has(Selector::Followers) {
        return true;
    }
    let roles = opposite.iter().any(|(selector, _)| !matches!(selector, Selector::Node(_) | Selector::Others));
    // A role is somebody, and that may be one of the numbered nodes.
    let taken = nodes.len().max(usize::from(roles));
    match selector {
        Selector::Follower | Selector::Followers | Selector::OldLeader if frame.nodes == 1 => true,
        Selector::Node(_) => false,
        _ => taken >= frame.nodes as usize,
    }
}

/// The nodes that `text` names, of those that the cluster has.
pub(super) fn selector(text: Text, frame: &Frame, report: &mut Report) -> Option<Selector> {
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
