//! `partition = { sides = [["@leader"], ["@others"]], how = "hold", for = "2s" }`: two sides cannot reach each other, or,
//! one-way, the first cannot reach the second. `shape = "bridge"`: two halves that both reach one node; `shape = "ring"`: each
//! node reaches its two neighbours.

use std::{collections::BTreeSet, ops::Range, time::Duration};

use serde_json::{Value, json};

use super::{
    Deed, Fault,
    nodes::{OneNode, any_node, selectors},
    told::{all, drawn, lasting},
};
use crate::scenario::{
    Cut, Problem, Selector,
    chaos::{BLACKOUTS, Dice, Steps, chance, pick},
    table::{
        Definitions, Entries, Flag, Frame, Held, Kind, Maybe, Or, Positive, Raw, Reader, Value as _, every, misfit,
        table, texts, word,
    },
};

crate::words::words! {
    /// The names of shapes that are not given by their sides.
    pub enum ShapeName: "shape" {
        /// See [`Shape::Bridge`].
        Bridge = "bridge",
        /// See [`Shape::Ring`].
        Ring = "ring",
    }
}

const BRIDGE: OneNode = OneNode { of: "a bridge is one", help: "for one of them write `@follower` or `@any`" };

table! {
    /// As it is written.
    pub(in crate::scenario) struct Written {
        /// The two sides: `[["@leader"], ["@others"]]`. Who is on neither reaches both.
        sides: Option<[Vec<Selector>; 2]> = "sides", Maybe(Sides);
        /// Instead of sides. `bridge`: two halves that both reach one node; `ring`: each node reaches its two neighbours only.
        shape: Option<ShapeName> = "shape", Maybe(word::<ShapeName>());
        /// The node that both halves of a bridge reach. Default `@any`.
        node: Selector = "node", Or(Selector::Any, BRIDGE);
        /// `drop`: what is sent is lost; `hold`: it is delivered when the partition ends; `cut`: what is in flight is lost too.
        /// Default `drop`.
        how: Cut = "how", Or(Cut::Drop, word::<Cut>());
        /// Only the first side cannot reach the second.
        one_way: bool = "one-way", Or(false, Flag);
        /// How long it lasts; without it, until a `heal`.
        lasts: Option<Duration> = "for", Maybe(Positive);
    }
}

/// Nodes that cannot reach each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Who cannot reach whom.
    pub shape: Shape,
    /// What becomes of messages between the sides. Default [`Cut::Drop`].
    pub how: Cut,
    /// Only the first side cannot reach the second. Not of a ring.
    pub one_way: bool,
    /// How long it lasts; `None`: until it is healed.
    pub lasts: Option<Duration>,
}

/// Who cannot reach whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Two sides. None is empty, and no node that is named by number is on both. Who is on neither reaches both.
    Sides([Vec<Selector>; 2]),
    /// `"bridge"`: two halves, drawn from the seed, that both reach this one node. Three nodes at least.
    Bridge(Selector),
    /// `"ring"`: the nodes, by number, are a ring; each reaches its two neighbours only. Four nodes at least.
    Ring,
}

impl Held for Partition {
    const NAMED: &'static str = "Partition";
    type Written = Written;

    fn keys_fit(entries: &Entries<'_>, reader: &mut Reader<'_>) -> Option<()> {
        match (entries.get("sides"), entries.get("shape")) {
            (Some(_), Some(shape)) => {
                let problem = Problem::new("a partition has `sides` or a `shape`, not both").at(shape.span());
                reader.report.refuse(problem.help("a shape finds its own sides"));
            }
            (None, None) => {
                let problem = Problem::new("a partition needs `sides`, or a `shape`").at(entries.span.clone());
                let help = "name who is on which: `sides = [[\"@leader\"], [\"@others\"]]`";
                reader.report.missing(problem.help(help));
            }
            _ => return Some(()),
        }
        None
    }

    fn of(written: Written, entries: &Entries<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let Written { sides, shape, node, how, one_way, lasts } = written;
        let shape = match (sides, shape) {
            (Some(sides), None) => Shape::Sides(sides),
            (None, Some(ShapeName::Bridge)) => Shape::Bridge(node),
            (None, Some(ShapeName::Ring)) => Shape::Ring,
            _ => return None,
        };
        if let (Shape::Sides(_) | Shape::Ring, Some(node)) = (&shape, entries.get("node")) {
            let problem = Problem::new("only a bridge has a `node`").at(node.span());
            reader.report.refuse(problem.help("it is the one that both halves reach: `shape = \"bridge\"`"));
        }
        Self { shape, how, one_way, lasts }.fits(entries, reader)
    }

    fn written(&self) -> Written {
        let Self { shape, how, one_way, lasts } = self.clone();
        let (sides, shape, node) = match shape {
            Shape::Sides(sides) => (Some(sides), None, Selector::Any),
            Shape::Bridge(node) => (None, Some(ShapeName::Bridge), node),
            Shape::Ring => (None, Some(ShapeName::Ring), Selector::Any),
        };
        Written { sides, shape, node, how, one_way, lasts }
    }
}

/// Two lists of nodes.
struct Sides;

/// A selector of a side, with its place.
type Placed = (Selector, Range<usize>);

impl Kind for Sides {
    type Of = [Vec<Selector>; 2];

    fn schema(&self, definitions: &mut Definitions<'_>) -> Value {
        let side = json!({ "type": "array", "items": any_node(definitions) });
        json!({ "type": "array", "items": side })
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<Self::Of> {
        let Some(items) = raw.get_ref().as_array() else { return reader.report.shape(misfit("a list", key, raw)) };
        let read = every(items.iter().map(|item| Some((texts(key, item, reader.report)?, item.span()))))?;
        let count = read.len();
        let Ok([first, second]) = <[_; 2]>::try_from(read) else {
            let problem = Problem::new(format!("a partition has two sides, not {count}")).at(raw.span());
            return reader.report.lacking(problem.help("`sides = [[\"n1\", \"n2\"], [\"@others\"]]`"));
        };
        let spans = [first.1, second.1];
        let (first, second) = (selectors(first.0, reader), selectors(second.0, reader));
        let (first, second) = (first?, second?);
        not_on_both(&first, &second, reader)?;
        somebody_on_each([&first, &second], spans, reader)?;
        let plain = |side: Vec<Placed>| side.into_iter().map(|(selector, _)| selector).collect();
        Some([plain(first), plain(second)])
    }

    fn toml(&self, value: &Self::Of) -> String {
        value.as_slice().toml()
    }
}

fn not_on_both(first: &[Placed], second: &[Placed], reader: &mut Reader<'_>) -> Option<()> {
    // What is drawn may give another node each time it is written.
    let fixed = |side: &&Placed| !side.0.is_drawn();
    let both = second.iter().filter(fixed).find_map(|(selector, span)| {
        let (_, other) = first.iter().find(|(other, _)| other == selector)?;
        Some((selector, span, other))
    });
    let Some((selector, span, other)) = both else { return Some(()) };
    let problem = Problem::new(format!("`{selector}` is on both sides of the partition")).at(span.clone());
    reader.report.refused(problem.also(other.clone(), "also here"))
}

fn somebody_on_each(sides: [&[Placed]; 2], spans: [Range<usize>; 2], reader: &mut Reader<'_>) -> Option<()> {
    let frame = reader.frame;
    let [first, second] = sides;
    let empty = |side: &[Placed], other: &[Placed]| side.iter().all(|(named, _)| is_nobody(*named, other, frame));
    let empty = [empty(first, second), empty(second, first)];
    let nobody = spans.into_iter().zip(empty).find(|(_, empty)| *empty);
    let Some((span, _)) = nobody else { return Some(()) };
    let problem = Problem::new("nobody is on this side of the partition").at(span);
    let help = format!("a node is on one side only, and the cluster has no more than {}", frame.nodes);
    reader.report.lacking(problem.help(help))
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

impl Partition {
    /// Refuses what does not fit together.
    fn fits(self, entries: &Entries<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let (name, least) = match self.shape {
            Shape::Sides(_) => return Some(self),
            Shape::Bridge(_) => (ShapeName::Bridge, 3),
            Shape::Ring => (ShapeName::Ring, 4),
        };
        let place = entries.place("shape");
        if reader.frame.nodes < least {
            let message = format!("a {name} needs {least} nodes; the cluster has {}", reader.frame.nodes);
            return reader
                .report
                .lacking(Problem::new(message).at(place).help("of fewer nodes each reaches all others"));
        }
        if self.one_way && self.shape == Shape::Ring {
            let problem = Problem::new("a ring has no sides, so that it cannot be one-way");
            return reader.report.refused(problem.at(place));
        }
        Some(self)
    }
}

impl Deed for Partition {
    fn selectors(&self) -> Vec<Selector> {
        match &self.shape {
            Shape::Sides(sides) => sides.concat(),
            Shape::Bridge(node) => vec![*node],
            Shape::Ring => Vec::new(),
        }
    }

    fn lasts(&self) -> Option<Option<Duration>> {
        Some(self.lasts)
    }

    fn told(&self) -> String {
        let apart = match &self.shape {
            Shape::Sides([first, second]) if self.one_way => {
                format!("{} cannot reach {}, but hears them", all(first), all(second))
            }
            Shape::Sides([first, second]) => format!("{} and {} cannot reach each other", all(first), all(second)),
            Shape::Bridge(node) if self.one_way => {
                format!("one half of the nodes cannot reach the other, but hears it; {} reaches all", node.called())
            }
            Shape::Bridge(node) => {
                format!("two halves of the nodes cannot reach each other; both reach {}", node.called())
            }
            Shape::Ring => "the nodes are a ring, in which each reaches its two neighbours only".to_owned(),
        };
        let fate = match self.how {
            Cut::Drop => "what is sent meanwhile is lost",
            Cut::Hold => "what is sent meanwhile arrives afterwards",
            Cut::Flight => "what is sent meanwhile is lost, and so is what is under way",
        };
        let halves = matches!(self.shape, Shape::Bridge(_));
        let drawn = if halves { drawn(&[Selector::Any]) } else { drawn(&self.selectors()) };
        format!("{} {apart}; {fate}{drawn}", lasting(self.lasts))
    }
}

impl Fault for Partition {
    const ABOUT: &'static str = "Separates nodes.";
    const DOES: &'static str =
        "cuts the links between two sides, or into a bridge or a ring: drop, hold, or cut in flight";
    const EFFECTIVE_IF: &'static str = "a protocol message met the cut";

    fn shortest(_: Option<&str>) -> String {
        "{ sides = [[\"@leader\"], [\"@others\"]] }".to_owned()
    }

    /// Shapes in the shares of `lease-bugs.md` §5: mostly single nodes, some links, some splits.
    fn drawn<D: Dice>(steps: &mut Steps<'_, D>) -> Self {
        use Selector::{Any, Follower, Leader, LeaseHolder, Majority, Others};
        let one = pick(&mut steps.dice, &[Leader, LeaseHolder, Any, Follower]);
        let shape = match steps.dice.below(20) {
            0..10 => Shape::Sides([vec![one], vec![Others]]),
            10..14 => Shape::Sides([vec![Leader], vec![Follower]]),
            14..17 => Shape::Sides([vec![Majority], vec![Others]]),
            17..19 => Shape::Bridge(Follower),
            _ if steps.cluster.size() >= 4 => Shape::Ring,
            _ => Shape::Sides([vec![Others], vec![one]]),
        };
        let how = pick(&mut steps.dice, &[Cut::Drop, Cut::Hold, Cut::Flight]);
        let one_way = chance(&mut steps.dice, 20) && shape != Shape::Ring;
        Self { shape, how, one_way, lasts: steps.lasting(&BLACKOUTS) }
    }
}
