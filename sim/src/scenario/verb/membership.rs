//! `membership = { add-learner = "@spare" }`: the leader is asked to change who belongs to the group: `add-learner`, `promote`,
//! `demote`, `remove`, or several at once by a joint configuration, `joint = { add = [...], remove = [...] }`.

use super::prelude::*;

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
    /// `joint`: all at once, by a joint configuration.
    Joint(Joint),
}

choice! {
    MembershipChange, "Membership";
    none = "this changes nothing about the membership", "changes are ";
    several = "a step makes one change, this has",
        "several at once are a `joint` change: `joint = { add = [...], remove = [...] }`";
    /// A node that is no member takes the log from then on, without a vote.
    "add-learner", Scalar { read: |text, frame| member("add-learner", text, frame), ..ONE_NODE } => AddLearner(node);
    /// A learner votes from then on.
    "promote", Scalar { read: |text, frame| member("promote", text, frame), ..ONE_NODE } => Promote(node);
    /// A voter is a learner from then on.
    "demote", Scalar { read: |text, frame| member("demote", text, frame), ..ONE_NODE } => Demote(node);
    /// A member is one no longer.
    "remove", Scalar { read: |text, frame| member("remove", text, frame), ..ONE_NODE } => Remove(node);
    /// All at once, by a joint configuration that is left by itself.
    "joint", inner::<Joint>() => Joint(joint);
}

const ADDED: Scalar<Selector> = Scalar { read: |text, frame| member("add", text, frame), ..ONE_NODE };
const REMOVED: Scalar<Selector> = Scalar { read: |text, frame| member("remove", text, frame), ..ONE_NODE };

table! {
    /// Several changes at once: at least one, and no fixed node in two of them.
    pub struct Joint {
        /// Who vote from then on, learners or not.
        add: Vec<Selector> = "add", Or(Vec::new(), Nodes { alone: None, node: ADDED });
        /// Who are members no longer.
        remove: Vec<Selector> = "remove", Or(Vec::new(), Nodes { alone: None, node: REMOVED });
    }
    wrong |joint, _given, _frame| {
        lacking "" if joint.add.is_empty() && joint.remove.is_empty() => "this joint change adds and removes nobody",
            "`joint = { add = [\"@spare\"], remove = [\"@follower\"] }`";
    }
    fits = Joint::moves_each_once;
}

impl Joint {
    /// What is drawn may be another node each time that it is written.
    fn moves_each_once(self, entries: &Entries<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let twice = self.remove.iter().find(|node| !node.is_drawn() && self.add.contains(node));
        let Some(node) = twice.map(Selector::to_string) else { return Some(self) };
        let [add, remove] = ["add", "remove"].map(|key| entries.place_in(key, &node));
        reader.report.refused(Problem::new(format!("`{node}` is named twice")).at(remove).also(add, "first here"))
    }
}

/// The node that a change is about. Who can never be what it takes is refused.
fn member(change: &str, text: &str, frame: &Frame) -> Result<Selector, Misread> {
    let need = format!("`{change}` is about one");
    let selector = one(text, frame, &need, "for several at once write `joint`, and each of them")?;
    let votes = matches!(selector, Selector::Leader | Selector::Follower | Selector::LeaseHolder);
    let refusal = match (change, selector) {
        ("add-learner", Selector::Learner) => "is a member already",
        ("add-learner", _) if votes => "is a member already",
        ("promote" | "add", _) if votes => "votes already",
        ("promote" | "demote" | "remove", Selector::Spare) => "is no member",
        ("demote", Selector::Learner) => "has no vote to lose",
        _ => return Ok(selector),
    };
    let help = "`@spare` is a node that is no member, `@learner` one that has no vote";
    Err(Misread::new(format!("`{selector}` {refusal}")).help(help))
}

impl Deed for MembershipChange {
    fn scope(&self) -> Scope {
        Scope::of(match self {
            Self::AddLearner(node) | Self::Promote(node) | Self::Demote(node) | Self::Remove(node) => vec![*node],
            Self::Joint(Joint { add, remove }) => [add.as_slice(), remove].concat(),
        })
    }

    fn told(&self) -> String {
        let change = match self {
            Self::AddLearner(node) => format!("add {} as a learner", node.called()),
            Self::Promote(node) => format!("give {} a vote", node.called()),
            Self::Demote(node) => format!("make a learner of {}", node.called()),
            Self::Remove(node) => format!("remove {}", node.called()),
            Self::Joint(Joint { add, remove }) => {
                let add = (!add.is_empty()).then(|| format!("give a vote to {}", all(add)));
                let remove = (!remove.is_empty()).then(|| format!("remove {}", all(remove)));
                let parts: Vec<String> = add.into_iter().chain(remove).collect();
                format!("{}, by a joint configuration", listed(&parts))
            }
        };
        format!("the leader is asked to {change}{}", drawn(&self.scope().nodes))
    }

    fn drawn(steps: &mut Steps<'_>) -> Self {
        use Selector::{Follower, Leader, Learner, Spare};
        match steps.dice.below(8) {
            0 | 1 => Self::AddLearner(Spare),
            2 | 3 => Self::Promote(Learner),
            4 => Self::Demote(Follower),
            5 => Self::Remove(steps.dice.pick(&[Leader, Follower])),
            _ => {
                let add = vec![steps.dice.pick(&[Spare, Learner])];
                Self::Joint(Joint { add, remove: vec![steps.dice.pick(&[Leader, Follower])] })
            }
        }
    }

    fn plainer(&self) -> Vec<Self> {
        let roles = |node: &Selector, change: fn(Selector) -> Self| node.plainer().into_iter().map(change).collect();
        match self {
            Self::AddLearner(node) => roles(node, Self::AddLearner),
            Self::Promote(node) => roles(node, Self::Promote),
            Self::Demote(node) => roles(node, Self::Demote),
            Self::Remove(node) => roles(node, Self::Remove),
            Self::Joint(joint) => {
                let alone = joint.remove.iter().map(|node| Self::Remove(*node));
                let fewer = |add: &[Selector], remove: &[Selector]| {
                    Self::Joint(Joint { add: add.to_vec(), remove: remove.to_vec() })
                };
                let without = [fewer(&joint.add, &[]), fewer(&[], &joint.remove)].into_iter().filter(|it| it != self);
                let adding = super::plainer::fewer(&joint.add).into_iter().map(|add| fewer(&add, &joint.remove));
                let removing =
                    super::plainer::fewer(&joint.remove).into_iter().map(|remove| fewer(&joint.add, &remove));
                alone.chain(without).chain(adding).chain(removing).collect()
            }
        }
    }
}
