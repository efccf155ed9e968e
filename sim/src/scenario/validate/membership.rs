//! The rules of changes of membership.

use std::ops::Range;

use toml::Spanned;

use super::{Frame, partition::selector, report::Report};
use crate::scenario::{
    Action, MembershipChange, Problem, Selector,
    problem::quote_all,
    schema::{self, Text},
};

const CHANGES: [&str; 5] = ["add-learner", "promote", "demote", "remove", "joint"];

pub(super) fn membership(raw: Spanned<schema::Membership>, frame: &Frame, report: &mut Report) -> Option<Action> {
    let (span, raw) = (raw.span(), raw.into_inner());
    one_change(&raw, &span, report)?;
    let mut one = |what, text: Option<Text>| text.map(|text| node(what, text, frame, report));
    let change = if let Some(node) = one("add-learner", raw.add_learner) {
        MembershipChange::AddLearner(node?)
    } else if let Some(node) = one("promote", raw.promote) {
        MembershipChange::Promote(node?)
    } else if let Some(node) = one("demote", raw.demote) {
        MembershipChange::Demote(node?)
    } else if let Some(node) = one("remove", raw.remove) {
        MembershipChange::Remove(node?)
    } else {
        joint(raw.joint?, frame, report)?
    };
    Some(Action::Membership(change))
}

fn one_change(raw: &schema::Membership, span: &Range<usize>, report: &mut Report) -> Option<()> {
    let single = [&raw.add_learner, &raw.promote, &raw.demote, &raw.remove];
    let present = single.into_iter().map(|text| text.as_ref().map(Spanned::span));
    let present = present.chain([raw.joint.as_ref().map(Spanned::span)]);
    let mut changes: Vec<(Range<usize>, &str)> =
        present.zip(CHANGES).filter_map(|(span, change)| Some((span?, change))).collect();
    changes.sort_by_key(|(span, _)| span.start);
    match &changes[..] {
        [_] => Some(()),
        [] => {
            let problem = Problem::new("this changes nothing about the membership").at(span.clone());
            report.missing(problem.help(format!("changes are {}", quote_all(CHANGES))));
            None
        }
        [(first, one), (second, other), ..] => {
            let message = format!("a step makes one change, this has `{one}` and `{other}`");
            let problem = Problem::new(message).at(second.clone()).also(first.clone(), "the first change");
            report.refuse(
                problem.help("several at once are a `joint` change: `joint = { add = [...], remove = [...] }`"),
            );
            None
        }
    }
}

/// The node that a change is about. Who can never be what it takes is refused.
fn node(what: &str, text: Text, frame: &Frame, report: &mut Report) -> Option<Selector> {
    let span = text.span();
    let selector = selector(text, frame, report)?;
    if selector.is_many() {
        let problem = Problem::new(format!("`{selector}` may be several nodes; `{what}` is about one")).at(span);
        report.refuse(problem.help("for several at once write `joint`, and each of them"));
        return None;
    }
    let votes = matches!(selector, Selector::Leader | Selector::Follower | Selector::LeaseHolder);
    let refusal = match (what, selector) {
        ("add-learner", Selector::Learner) => Some("is a member already"),
        ("add-learner", _) if votes => Some("is a member already"),
        ("promote" | "add", _) if votes => Some("votes already"),
        ("promote" | "demote" | "remove", Selector::Spare) => Some("is no member"),
        ("demote", Selector::Learner) => Some("has no vote to lose"),
        _ => None,
    };
    if let Some(refusal) = refusal {
        let problem = Problem::new(format!("`{selector}` {refusal}")).at(span);
        report.refuse(problem.help("`@spare` is a node that is no member, `@learner` one that has no vote"));
        return None;
    }
    Some(selector)
}

fn joint(raw: Spanned<schema::Joint>, frame: &Frame, report: &mut Report) -> Option<MembershipChange> {
    let (span, raw) = (raw.span(), raw.into_inner());
    if raw.add.is_empty() && raw.remove.is_empty() {
        let problem = Problem::new("this joint change adds and removes nobody").at(span);
        report.missing(problem.help("`joint = { add = [\"@spare\"], remove = [\"@follower\"] }`"));
        return None;
    }
    let mut named: Vec<(Selector, Range<usize>)> = Vec::new();
    let mut side = |what: &str, texts: Vec<Text>, report: &mut Report| {
        let side = texts.into_iter().map(|text| {
            let span = text.span();
            let selector = node(what, text, frame, report)?;
            // What is drawn may give another node each time it is written.
            let twice = named.iter().find(|(other, _)| *other == selector && !selector.is_drawn());
            if let Some((_, first)) = twice {
                let problem = Problem::new(format!("`{selector}` is named twice")).at(span.clone());
                report.refuse(problem.also(first.clone(), "first here"));
                return None;
            }
            named.push((selector, span));
            Some(selector)
        });
        // All of them are judged, so that all problems are told.
        side.collect::<Vec<_>>().into_iter().collect::<Option<Vec<_>>>()
    };
    let (add, remove) = (side("add", raw.add, report), side("remove", raw.remove, report));
    Some(MembershipChange::Joint { add: add?, remove: remove? })
}
