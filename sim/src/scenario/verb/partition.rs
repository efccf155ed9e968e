//! `partition = { sides = [["@leader"], ["@others"]], how = "hold", for = "2s" }`: two sides cannot reach each other, or,
//! one-way, the first cannot reach the second. `shape = "bridge"`: two halves that both reach one node; `shape = "ring"`: each
//! node reaches its two neighbours.

use serde_json::json;

use super::prelude::*;
use crate::scenario::table::{Special, list_of, place_in};

crate::words::words! {
    /// The names of shapes that are not given by their sides.
    pub enum ShapeName: "shape" {
        /// Two halves, drawn from the seed, that both reach one node. Three nodes at least.
        Bridge = "bridge",
        /// The nodes, by number, are a ring; each reaches its two neighbours only. Four nodes at least.
        Ring = "ring",
    }
}

table! {
    /// Nodes that cannot reach each other.
    pub struct Partition {
        /// Who cannot reach whom.
        shape: Shape = "", among::<Shape>();
        /// `drop`: what is sent is lost; `hold`: it is delivered when the partition ends; `cut`: what is in flight is lost too.
        /// Default `drop`.
        how: Cut = "how", Or(Cut::Drop, word::<Cut>());
        /// Only the first side cannot reach the second.
        one_way: bool = "one-way", Or(false, FLAG);
        /// How long it lasts; without it, until a `heal`.
        lasts: Option<Duration> = "for", Maybe(POSITIVE);
    }
    wrong |partition, given, frame| {
        refused "node" if given.has("node") && !partition.is(ShapeName::Bridge) => "only a bridge has a `node`",
            "it is the one that both halves reach: `shape = \"bridge\"`";
        lacking "shape" if partition.is(ShapeName::Bridge) && frame.nodes < 3 =>
            format!("a bridge needs 3 nodes; the cluster has {}", frame.nodes), "of fewer nodes each reaches all others";
        lacking "shape" if partition.is(ShapeName::Ring) && frame.nodes < 4 =>
            format!("a ring needs 4 nodes; the cluster has {}", frame.nodes), "of fewer nodes each reaches all others";
        refused "shape" if partition.is(ShapeName::Ring) && partition.one_way =>
            "a ring has no sides, so that it cannot be one-way";
    }
}

/// Who cannot reach whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Two sides. None is empty, and no node that is named by number is on both. Who is on neither reaches both.
    Sides([Vec<Selector>; 2]),
    /// One that finds its own sides.
    Named {
        /// Which.
        shape: ShapeName,
        /// Of a bridge: the node that both halves reach.
        node: Selector,
    },
}

choice! {
    Shape, "Shape";
    none = "a partition needs `sides`, or a `shape`",
        "name who is on which, `sides = [[\"@leader\"], [\"@others\"]]`, or let a shape do it: ";
    several = "who cannot reach whom is said in one way, here by", "a shape finds its own sides";
    /// The two sides: `[["@leader"], ["@others"]]`. Who is on neither reaches both.
    "sides", SIDES => Sides(sides);
    /// Instead of sides. `bridge`: two halves that both reach one node; `ring`: each node reaches its two neighbours only.
    "shape", word::<ShapeName>() => Named {
        shape,
        /// The node that both halves of a bridge reach. Default `@any`.
        node = "node", Or(Selector::Any, ONE_NODE)
    };
}

const SIDE: Nodes = Nodes { alone: None, node: NODE };

/// Two lists of nodes.
const SIDES: Special<[Vec<Selector>; 2]> = Special {
    schema: |definitions| json!({ "type": "array", "items": SIDE.schema(definitions) }),
    read: |key, raw, reader| {
        let items = items_of(key, raw, reader)?;
        let sides = every(items.iter().map(|item| SIDE.read(key, item, reader)))?;
        let count = sides.len();
        let Ok([first, second]) = <[_; 2]>::try_from(sides) else {
            let problem = Problem::new(format!("a partition has two sides, not {count}")).at(raw.span());
            return reader.report.lacking(problem.help("`sides = [[\"n1\", \"n2\"], [\"@others\"]]`"));
        };
        // What is drawn may give another node each time it is written.
        if let Some(both) = second.iter().find(|node| !node.is_drawn() && first.contains(node)) {
            let [first, second] = [items[0], items[1]].map(|side| place_in(side, &both.to_string()));
            let problem = Problem::new(format!("`{both}` is on both sides of the partition")).at(second);
            return reader.report.refused(problem.also(first, "also here"));
        }
        let nodes = reader.frame.nodes;
        for (side, other, item) in [(&first, &second, items[0]), (&second, &first, items[1])] {
            if side.iter().all(|node| is_nobody(*node, other, nodes)) {
                let problem = Problem::new("nobody is on this side of the partition").at(item.span());
                let help = format!("a node is on one side only, and the cluster has no more than {nodes}");
                return reader.report.lacking(problem.help(help));
            }
        }
        Some([first, second])
    },
    write: |value| list_of(value, |side| SIDE.toml(side)),
};

/// `selector` can name no node, whatever the roles are, if `opposite` is the other side, in a cluster of so many.
fn is_nobody(selector: Selector, opposite: &[Selector], nodes: u32) -> bool {
    let is_number = |selector: &&Selector| matches!(selector, Selector::Node(_));
    if opposite.contains(&Selector::Leader) && opposite.contains(&Selector::Followers) {
        return true;
    }
    let roles = opposite.iter().any(|selector| !is_number(&selector) && *selector != Selector::Others);
    // A role is somebody, and that may be one of the numbered nodes.
    let taken = opposite.iter().filter(is_number).count().max(usize::from(roles));
    match selector {
        Selector::Follower | Selector::Followers | Selector::OldLeader if nodes == 1 => true,
        Selector::Node(_) => false,
        _ => taken >= nodes as usize,
    }
}

impl Partition {
    fn is(&self, name: ShapeName) -> bool {
        matches!(self.shape, Shape::Named { shape, .. } if shape == name)
    }
}

impl Deed for Partition {
    fn scope(&self) -> Scope {
        let nodes = match &self.shape {
            Shape::Sides(sides) => sides.concat(),
            Shape::Named { shape: ShapeName::Bridge, node } => vec![*node],
            Shape::Named { shape: ShapeName::Ring, .. } => Vec::new(),
        };
        Scope::of(nodes).lasting(self.lasts)
    }

    fn told(&self) -> String {
        let apart = match &self.shape {
            Shape::Sides([first, second]) if self.one_way => {
                format!("{} cannot reach {}, but hears them", all(first), all(second))
            }
            Shape::Sides([first, second]) => format!("{} and {} cannot reach each other", all(first), all(second)),
            Shape::Named { shape: ShapeName::Bridge, node } if self.one_way => {
                format!("one half of the nodes cannot reach the other, but hears it; {} reaches all", node.called())
            }
            Shape::Named { shape: ShapeName::Bridge, node } => {
                format!("two halves of the nodes cannot reach each other; both reach {}", node.called())
            }
            Shape::Named { shape: ShapeName::Ring, .. } => {
                "the nodes are a ring, in which each reaches its two neighbours only".to_owned()
            }
        };
        let fate = match self.how {
            Cut::Drop => "what is sent meanwhile is lost",
            Cut::Hold => "what is sent meanwhile arrives afterwards",
            Cut::Flight => "what is sent meanwhile is lost, and so is what is under way",
        };
        let halves = self.is(ShapeName::Bridge);
        let drawn = if halves { drawn(&[Selector::Any]) } else { drawn(&self.scope().nodes) };
        format!("{} {apart}; {fate}{drawn}", lasting(self.lasts))
    }

    /// Shapes in the shares of `lease-bugs.md` §5: mostly single nodes, some links, some splits.
    fn drawn(steps: &mut Steps<'_>) -> Self {
        use Selector::{Any, Follower, Leader, LeaseHolder, Majority, Others};
        let one = steps.dice.pick(&[Leader, LeaseHolder, Any, Follower]);
        let shape = match steps.dice.below(20) {
            0..10 => Shape::Sides([vec![one], vec![Others]]),
            10..14 => Shape::Sides([vec![Leader], vec![Follower]]),
            14..17 => Shape::Sides([vec![Majority], vec![Others]]),
            17..19 => Shape::Named { shape: ShapeName::Bridge, node: Follower },
            _ if steps.cluster.size() >= 4 => Shape::Named { shape: ShapeName::Ring, node: Any },
            _ => Shape::Sides([vec![Others], vec![one]]),
        };
        let how = steps.dice.pick(&[Cut::Drop, Cut::Hold, Cut::Flight]);
        let is_ring = matches!(shape, Shape::Named { shape: ShapeName::Ring, .. });
        let one_way = steps.dice.chance(20) && !is_ring;
        Self { shape, how, one_way, lasts: steps.lasting(&BLACKOUTS) }
    }

    fn plainer(&self) -> Vec<Self> {
        let usually = Shape::Sides([vec![Selector::Leader], vec![Selector::Others]]);
        let mut shapes: Vec<Shape> = usual(&self.shape, usually).into_iter().collect();
        if let Shape::Sides([first, second]) = &self.shape {
            shapes.extend(fewer(first).into_iter().map(|first| Shape::Sides([first, second.clone()])));
            shapes.extend(fewer(second).into_iter().map(|second| Shape::Sides([first.clone(), second])));
        }
        [
            each(self, shapes, |it, shape| it.shape = shape),
            each(self, usual(&self.how, Cut::Drop), |it, how| it.how = how),
            each(self, usual(&self.one_way, false), |it, one_way| it.one_way = one_way),
            each(self, shorter(self.lasts), |it, lasts| it.lasts = lasts),
        ]
        .concat()
    }
}
