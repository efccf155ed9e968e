//! `membership = { add-learner = "@spare" }`: the leader is asked to change who belongs to the group: `add-learner`, `promote`,
//! `demote`, `remove`, or several at once by a joint configuration, `joint = { add = [...], remove = [...] }`.

use serde_json::{Value, json};

use super::{
    Deed, Fault,
    nodes::{OneNode, selectors},
    told::{all, drawn},
};
use crate::scenario::{
    Problem, Selector,
    chaos::{Dice, Steps, pick},
    explain::words::listed,
    problem::quote_all,
    table::{
        Definitions, Entries, Held, Kind, Maybe, Or, Raw, Reader, Value as _, every, inner, only_one, table, text,
        texts,
    },
};
use std::ops::Range;

const CHANGES: [&str; 5] = ["add-learner", "promote", "demote", "remove", "joint"];

table! {
    /// One of these.
    pub(in crate::scenario) struct Written {
        /// A node that is no member takes the log from then on, without a vote.
        add_learner: Option<Selector> = "add-learner", Maybe(Member);
        /// A learner votes from then on.
        promote: Option<Selector> = "promote", Maybe(Member);
        /// A voter is a learner from then on.
        demote: Option<Selector> = "demote", Maybe(Member);
        /// A member is one no longer.
        remove: Option<Selector> = "remove", Maybe(Member);
        /// All at once, by a joint configuration that is left by itself.
        joint: Option<Joint> = "joint", Maybe(inner::<Joint>());
    }
}

table! {
    /// Several changes at once.
    pub struct Joint {
        /// Who vote from then on, learners or not.
        add: Vec<Selector> = "add", Or(Vec::new(), Members);
        /// Who are members no longer.
        remove: Vec<Selector> = "remove", Or(Vec::new(), Members);
    }
}

/// A change of membership, which the leader is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MembershipChange {
    /// `add-learner`: a node that is no member takes the log from then on, without a vote.
    AddLearner(Selector),
    /// `promote`: a learner votes from then on.
    Promote(Selector),
    /// `demote`: a voter is a learner from then on.
    Demote(Selector),
    /// `remove`: a member is one no longer.
    Remove(Selector),
    /// `joint`: all at once, by a joint configuration. Not both are empty, and no fixed selector is in both.
    Joint {
        /// Who are voters from then on.
        add: Vec<Selector>,
        /// Who are members no longer.
        remove: Vec<Selector>,
    },
}

impl Held for MembershipChange {
    const NAMED: &'static str = "Membership";
    type Written = Written;

    fn keys_fit(entries: &Entries<'_>, reader: &mut Reader<'_>) -> Option<()> {
        let none = Problem::new("this changes nothing about the membership")
            .help(format!("changes are {}", quote_all(CHANGES)));
        only_one(&CHANGES, entries, reader, none, |one, other| {
            Problem::new(format!("a step makes one change, this has `{one}` and `{other}`"))
                .help("several at once are a `joint` change: `joint = { add = [...], remove = [...] }`")
        })
    }

    fn of(written: Written, entries: &Entries<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let Written { add_learner, promote, demote, remove, joint } = written;
        let joint = match joint {
            Some(joint) => Some(together(joint, entries.get("joint").and_then(Entries::of)?, reader)?),
            None => None,
        };
        let change = add_learner.map(Self::AddLearner).or(promote.map(Self::Promote));
        change.or(demote.map(Self::Demote)).or(remove.map(Self::Remove)).or(joint)
    }

    fn written(&self) -> Written {
        let mut written = Written { add_learner: None, promote: None, demote: None, remove: None, joint: None };
        match self.clone() {
            Self::AddLearner(node) => written.add_learner = Some(node),
            Self::Promote(node) => written.promote = Some(node),
            Self::Demote(node) => written.demote = Some(node),
            Self::Remove(node) => written.remove = Some(node),
            Self::Joint { add, remove } => written.joint = Some(Joint { add, remove }),
        }
        written
    }
}

fn together(joint: Joint, entries: Entries<'_>, reader: &mut Reader<'_>) -> Option<MembershipChange> {
    let Joint { add, remove } = joint;
    if add.is_empty() && remove.is_empty() {
        let problem = Problem::new("this joint change adds and removes nobody").at(entries.span.clone());
        return reader.report.lacking(problem.help("`joint = { add = [\"@spare\"], remove = [\"@follower\"] }`"));
    }
    let items = |key| entries.get(key).and_then(|raw| raw.get_ref().as_array()).into_iter().flatten();
    let places: Vec<Range<usize>> = items("add").chain(items("remove")).map(|item| item.span()).collect();
    let named: Vec<(Selector, Range<usize>)> = add.iter().chain(&remove).copied().zip(places).collect();
    for (number, (selector, place)) in named.iter().enumerate() {
        // What is drawn may give another node each time it is written.
        let first = named[..number].iter().find(|(other, _)| other == selector && !selector.is_drawn());
        if let Some((_, first)) = first {
            let problem = Problem::new(format!("`{selector}` is named twice")).at(place.clone());
            return reader.report.refused(problem.also(first.clone(), "first here"));
        }
    }
    Some(MembershipChange::Joint { add, remove })
}

/// The node that a change is about. Who can never be what it takes is refused.
#[derive(Clone, Copy)]
struct Member;

impl Member {
    const ONE: OneNode = OneNode { of: "", help: "" };

    fn judge(key: &str, selector: Selector, place: Range<usize>, reader: &mut Reader<'_>) -> Option<Selector> {
        if selector.is_many() {
            let problem = Problem::new(format!("`{selector}` may be several nodes; `{key}` is about one")).at(place);
            return reader.report.refused(problem.help("for several at once write `joint`, and each of them"));
        }
        let votes = matches!(selector, Selector::Leader | Selector::Follower | Selector::LeaseHolder);
        let refusal = match (key, selector) {
            ("add-learner", Selector::Learner) => "is a member already",
            ("add-learner", _) if votes => "is a member already",
            ("promote" | "add", _) if votes => "votes already",
            ("promote" | "demote" | "remove", Selector::Spare) => "is no member",
            ("demote", Selector::Learner) => "has no vote to lose",
            _ => return Some(selector),
        };
        let problem = Problem::new(format!("`{selector}` {refusal}")).at(place);
        reader.report.refused(problem.help("`@spare` is a node that is no member, `@learner` one that has no vote"))
    }
}

impl Kind for Member {
    type Of = Selector;

    fn schema(&self, definitions: &mut Definitions<'_>) -> Value {
        Self::ONE.schema(definitions)
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<Selector> {
        let text = text(key, raw, reader.report)?;
        let [(selector, place)] = &selectors(vec![text], reader)?[..] else { return None };
        Self::judge(key, *selector, place.clone(), reader)
    }

    fn toml(&self, value: &Selector) -> String {
        value.toml()
    }
}

/// As [`Member`], several.
struct Members;

impl Kind for Members {
    type Of = Vec<Selector>;

    fn schema(&self, definitions: &mut Definitions<'_>) -> Value {
        json!({ "type": "array", "items": Member.schema(definitions), "default": [] })
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<Vec<Selector>> {
        let named = selectors(texts(key, raw, reader.report)?, reader)?;
        every(named.into_iter().map(|(selector, place)| Member::judge(key, selector, place, reader)))
    }

    fn toml(&self, value: &Vec<Selector>) -> String {
        value.toml()
    }
}

impl Deed for MembershipChange {
    fn selectors(&self) -> Vec<Selector> {
        match self {
            Self::AddLearner(node) | Self::Promote(node) | Self::Demote(node) | Self::Remove(node) => vec![*node],
            Self::Joint { add, remove } => [add.as_slice(), remove].concat(),
        }
    }

    fn told(&self) -> String {
        let change = match self {
            Self::AddLearner(node) => format!("add {} as a learner", node.called()),
            Self::Promote(node) => format!("give {} a vote", node.called()),
            Self::Demote(node) => format!("make a learner of {}", node.called()),
            Self::Remove(node) => format!("remove {}", node.called()),
            Self::Joint { add, remove } => {
                let add = (!add.is_empty()).then(|| format!("give a vote to {}", all(add)));
                let remove = (!remove.is_empty()).then(|| format!("remove {}", all(remove)));
                let parts: Vec<String> = add.into_iter().chain(remove).collect();
                format!("{}, by a joint configuration", listed(&parts))
            }
        };
        format!("the leader is asked to {change}{}", drawn(&self.selectors()))
    }
}

impl Fault for MembershipChange {
    const ABOUT: &'static str = "Asks the leader for a change of membership.";
    const DOES: &'static str = "adds, promotes, demotes and removes nodes, one by one or by a joint configuration";
    const EFFECTIVE_IF: &'static str = "the leader that was asked applied the change";

    fn shortest(node: Option<&str>) -> String {
        format!("{{ remove = \"{}\" }}", node.unwrap_or("@follower"))
    }

    fn drawn<D: Dice>(steps: &mut Steps<'_, D>) -> Self {
        use Selector::{Follower, Leader, Learner, Spare};
        match steps.dice.below(8) {
            0 | 1 => Self::AddLearner(Spare),
            2 | 3 => Self::Promote(Learner),
            4 => Self::Demote(Follower),
            5 => Self::Remove(pick(&mut steps.dice, &[Leader, Follower])),
            _ => {
                let add = vec![pick(&mut steps.dice, &[Spare, Learner])];
                Self::Joint { add, remove: vec![pick(&mut steps.dice, &[Leader, Follower])] }
            }
        }
    }
}
