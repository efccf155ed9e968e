//! Nodes, by their role at the moment when a fault acts, or one node by number.
//!
//! What a role is called, and how many nodes it may be, stands here; who it is at a moment, the injector knows.

use super::misread::{Misread, normal, quote, quote_all, unknown};
use std::{fmt, str::FromStr};

/// How many nodes a role is, and whether the seed says which.
#[derive(Clone, Copy)]
enum Who {
    /// One.
    One,
    /// One, drawn each time that the role is written.
    Drawn,
    /// At most so many, in a cluster of so many.
    Many(fn(u64) -> u64),
    /// As many, drawn from the seed.
    ManyDrawn(fn(u64) -> u64),
}

/// What there is to say of a role.
struct Role {
    selector: Selector,
    word: &'static str,
    /// How people call it.
    called: &'static str,
    who: Who,
}

/// Declares the roles: what each means, its word, how people call it, and how many nodes it is.
macro_rules! roles {
    ($($(#[$meaning:meta])* $role:ident = $word:literal, $called:literal, $who:expr;)*) => {
        /// Nodes, by role at the moment when the fault acts, or one node by number.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Selector {
            /// `n1`, `n2`, ...; 1-based.
            Node(u32),
            /// A role in a group, by number: `@leader(g2)`. Without one a role is that in the group that its fault is about.
            In(InGroup),
            $($(#[$meaning])* $role,)*
        }

        const ROLES: &[Role] =
            &[$(Role { selector: Selector::$role, word: $word, called: $called, who: $who }),*];
    };
}

roles! {
    /// Who leads.
    Leader = "@leader", "the leader", Who::One;
    /// Whoever leads a group, of several.
    Leaders = "@leaders", "the leaders of all groups", Who::Many(|nodes| nodes);
    /// Who led before the present leader.
    OldLeader = "@old-leader", "whoever led before the present leader", Who::One;
    /// A voter that does not lead, drawn from the seed.
    Follower = "@follower", "one of the followers", Who::Drawn;
    /// All voters that do not lead.
    Followers = "@followers", "all followers", Who::Many(|nodes| nodes.saturating_sub(1).max(1));
    /// Who may serve reads from a lease.
    LeaseHolder = "@lease-holder", "whoever holds the lease", Who::One;
    /// All nodes that the same fault does not name elsewhere.
    Others = "@others", "all others", Who::Many(|nodes| nodes.saturating_sub(1).max(1));
    /// A smallest majority, drawn from the seed.
    Majority = "@majority", "a smallest majority", Who::ManyDrawn(|nodes| nodes / 2 + 1);
    /// As many as a quorum can do without, drawn from the seed; none of two.
    Minority = "@minority", "a largest minority", Who::ManyDrawn(|nodes| nodes.saturating_sub(1) / 2);
    /// A member without a vote, drawn from the seed.
    Learner = "@learner", "one of the learners", Who::Drawn;
    /// A node that is no member, drawn from the seed.
    Spare = "@spare", "one of those that are no members", Who::Drawn;
    /// One node, drawn from the seed.
    Any = "@any", "one of the nodes", Who::Drawn;
    /// The node to which the phase happened that a step waited for.
    This = "@this", "the node that this happened to", Who::One;
    /// The follower that runs and has applied least; the first by number of several.
    Lagging = "@lagging", "the follower that has applied least", Who::One;
    /// The follower that runs and has applied most; the first by number of several.
    CaughtUp = "@caught-up", "the follower that has applied most", Who::One;
    /// The node that stands still; the first by number of several.
    Paused = "@paused", "whoever stands still", Who::One;
    /// The node that was started again last.
    Restarted = "@restarted", "whoever was started again last", Who::One;
}

/// A role that a node has in one group, and the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct InGroup {
    /// Its place among the roles.
    place: usize,
    /// The group, by number.
    pub group: u32,
}

impl InGroup {
    /// The role, in whatever group.
    pub fn role(self) -> Selector {
        ROLES[self.place].selector
    }
}

impl Selector {
    /// May it be asked of one group?
    fn is_of_a_group(self) -> bool {
        match self {
            Self::Leader
            | Self::OldLeader
            | Self::Follower
            | Self::Followers
            | Self::LeaseHolder
            | Self::Majority
            | Self::Minority
            | Self::Learner
            | Self::Spare
            | Self::Lagging
            | Self::CaughtUp => true,
            Self::Node(_)
            | Self::In(_)
            | Self::Leaders
            | Self::Others
            | Self::Any
            | Self::This
            | Self::Paused
            | Self::Restarted => false,
        }
    }

    /// Roles that a reader knows sooner, the plainest first: a node by number is as plain as any.
    pub fn plainer(self) -> Vec<Self> {
        const PLAIN: [Selector; 2] = [Selector::Leader, Selector::Follower];
        match self {
            // Whoever is not on the other side is as plain as there is.
            Self::Node(_) | Self::Others => Vec::new(),
            Self::In(within) => vec![within.role()],
            role => PLAIN.into_iter().take_while(|plain| *plain != role).collect(),
        }
    }

    /// The group that it names.
    pub fn group(self) -> Option<u32> {
        match self {
            Self::In(InGroup { group, .. }) => Some(group),
            _ => None,
        }
    }

    fn role(self) -> Option<&'static Role> {
        let role = if let Self::In(within) = self { within.role() } else { self };
        ROLES.iter().find(|known| known.selector == role)
    }

    fn who(self) -> Who {
        self.role().map_or(Who::One, |role| role.who)
    }

    /// Every role.
    pub fn roles() -> impl Iterator<Item = Self> {
        ROLES.iter().map(|role| role.selector)
    }

    /// May name several nodes at once.
    pub fn is_many(self) -> bool {
        matches!(self.who(), Who::Many(_) | Who::ManyDrawn(_))
    }

    /// Is one node that is drawn from the seed each time, so that it may be another each time it is written.
    pub fn is_drawn(self) -> bool {
        matches!(self.who(), Who::Drawn)
    }

    /// The seed says who it is.
    pub fn is_of_the_seed(self) -> bool {
        matches!(self.who(), Who::Drawn | Who::ManyDrawn(_))
    }

    /// How many nodes it names at most, in a cluster of so many.
    pub fn at_most(self, nodes: u64) -> u64 {
        match self.who() {
            Who::One | Who::Drawn => 1,
            Who::Many(most) | Who::ManyDrawn(most) => most(nodes),
        }
    }

    /// As people call it: `the leader`, `n2`.
    pub fn called(self) -> String {
        let called = self.role().map_or_else(|| self.to_string(), |role| role.called.to_owned());
        self.group().map_or(called.clone(), |group| format!("{called} of g{group}"))
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.role()) {
            (Self::Node(number), _) => write!(f, "n{number}"),
            (Self::In(within), Some(role)) => write!(f, "{}(g{})", role.word, within.group),
            (_, role) => f.write_str(role.map_or("", |role| role.word)),
        }
    }
}

impl FromStr for Selector {
    type Err = Misread;

    fn from_str(text: &str) -> Result<Self, Misread> {
        if let Some(role) = ROLES.iter().find(|role| role.word == text) {
            return Ok(role.selector);
        }
        if let Some((word, group)) = text.split_once('(').and_then(|(word, rest)| Some((word, rest.strip_suffix(')')?)))
        {
            let place = ROLES.iter().position(|role| role.word == word && role.selector.is_of_a_group());
            return match (place, group.parse::<GroupNumber>()) {
                (Some(place), Ok(GroupNumber(group))) => Ok(Self::In(InGroup { place, group })),
                (Some(_), Err(misread)) => Err(misread),
                (None, _) => {
                    let words = || ROLES.iter().filter(|role| role.selector.is_of_a_group()).map(|role| role.word);
                    let misread = Misread::new(format!("{} is no role in a group", quote(word)));
                    Err(misread.help(format!("roles in a group are {}: `@leader(g2)`", quote_all(words()))))
                }
            };
        }
        if let Some(number) = text.strip_prefix('n').filter(|number| is_plain_number(number)) {
            return number
                .parse()
                .map(Self::Node)
                .map_err(|_| Misread::new(format!("there is no node {}", quote(text))));
        }
        let words = || ROLES.iter().map(|role| role.word);
        let allowed = format!("allowed: `n1`, `n2`, ...; {}", quote_all(words()));
        let unknown = unknown("selector", text, words());
        Err(Misread { help: Some(allowed), meant: by_number(text).or(unknown.meant.clone()), ..unknown })
    }
}

/// A group, by number: `g2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupNumber(pub u32);

impl FromStr for GroupNumber {
    type Err = Misread;

    fn from_str(text: &str) -> Result<Self, Misread> {
        let number =
            text.strip_prefix('g').filter(|number| is_plain_number(number)).and_then(|number| number.parse().ok());
        number
            .map(Self)
            .ok_or_else(|| Misread::new(format!("{} is no group", quote(text))).help("groups are `g1`, `g2`, ..."))
    }
}

/// `n1` for `N1`, `node1`, `node-1` and `1`.
fn by_number(text: &str) -> Option<String> {
    let word = normal(text);
    let number = word.strip_prefix("node").or(word.strip_prefix('n')).unwrap_or(&word).trim_start_matches('-');
    is_plain_number(number).then(|| format!("n{number}"))
}

fn is_plain_number(text: &str) -> bool {
    !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty()
}
