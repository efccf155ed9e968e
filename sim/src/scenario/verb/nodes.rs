//! The nodes that faults name.

use crate::scenario::Selector;
use crate::scenario::prelude::*;
use serde_json::Value;
use toml::de::DeValue;

/// One node, by role or by number, of those that the cluster has; the role may be several.
pub(super) const NODE: Scalar<Selector> = Scalar {
    named: "Node",
    schema: |_| one_of(Selector::roles()),
    bare: false,
    read: selector,
    write: |node| quoted(node),
};

/// One node, whatever the role is.
pub(super) const ONE_NODE: Scalar<Selector> = Scalar {
    named: "OneNode",
    schema: |_| one_of(Selector::roles().filter(|role| !role.is_many())),
    read: |text, frame| one(text, frame, "one is asked for here", "for one of them write `@follower` or `@any`"),
    ..NODE
};

/// Whom a fault of one side hits.
pub(super) const WHOM: Needed<Nodes> = Needed(
    Nodes { alone: Some(HITS), node: Scalar { read: victim, ..NODE } },
    "whom does this hit? `node` is missing",
    HITS,
);
const HITS: &str = "say whom it hits: `node = \"@leader\"`";

/// What the JSON Schema says of one node, if it may be one of `roles`.
fn one_of(roles: impl Iterator<Item = Selector>) -> Value {
    let roles: Vec<String> = roles.map(|role| role.to_string()).collect();
    json!({ "anyOf": [{ "enum": roles }, { "type": "string", "pattern": "^(n[1-9]|@[a-z-]+\\(g[1-9][0-9]?\\))$" }] })
}

pub(super) fn selector(text: &str, frame: &Frame) -> Result<Selector, Misread> {
    let selector = text.parse()?;
    if let Selector::Node(number) = selector {
        frame.node(number)?;
    }
    selector.group().map_or(Ok(0), |group| frame.group(group))?;
    Ok(selector)
}

/// A selector that is no more than one node; `need` says so, and `help` what to write for several.
pub(super) fn one(text: &str, frame: &Frame, need: &str, help: &str) -> Result<Selector, Misread> {
    let selector = selector(text, frame)?;
    let several = || Misread::new(format!("`{selector}` may be several nodes; {need}")).help(help);
    Some(selector).filter(|selector| !selector.is_many()).ok_or_else(several)
}

fn victim(text: &str, frame: &Frame) -> Result<Selector, Misread> {
    match selector(text, frame)? {
        Selector::Others => Err(Misread::new("`@others` of whom? This fault has one side")
            .help("for all but the leader write `@followers`")),
        victim => Ok(victim),
    }
}

/// A list of nodes, none of which is named twice; what is drawn may be another node each time that it is written.
pub(super) struct Nodes {
    /// One may stand without a list, and there is one at least: else this helps.
    pub alone: Option<&'static str>,
    pub node: Scalar<Selector>,
}

impl Kind for Nodes {
    type Of = Vec<Selector>;

    fn schema(&self, definitions: &mut Definitions<'_>) -> Value {
        let one = self.node.schema(definitions);
        if self.alone.is_none() {
            return json!({ "type": "array", "items": one });
        }
        definitions.named("Nodes", |_| json!({ "anyOf": [one, { "type": "array", "minItems": 1, "items": one }] }))
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<Vec<Selector>> {
        let items = match (self.alone, raw.get_ref()) {
            (None, _) => items_of(key, raw, reader)?,
            (Some(_), DeValue::String(_)) => vec![raw],
            (Some(help), DeValue::Array(items)) if items.is_empty() => {
                return reader.report.lacking(Problem::new("nobody is named here").at(raw.span()).help(help));
            }
            (Some(_), DeValue::Array(items)) => items.iter().collect(),
            (Some(_), _) => return reader.report.shape(misfit("a quoted text or a list of them", key, raw)),
        };
        let mut seen = Tags::new();
        let read = items.into_iter().map(|item| {
            let node = self.node.read(key, item, reader)?;
            if !node.is_drawn() {
                let twice = format!("`{node}` is named twice");
                reader.report.once(&mut seen, node.to_string(), item.span(), twice, "first here")?;
            }
            Some(node)
        });
        every(read)
    }

    fn toml(&self, value: &Vec<Selector>) -> String {
        match value[..] {
            [one] if self.alone.is_some() => self.node.toml(&one),
            _ => list_of(value, |node| quoted(node)),
        }
    }
}

const END: Or<Vec<Selector>, Nodes> = Or(Vec::new(), Nodes { alone: Some("leave it out for every node"), node: NODE });
const OTHERS: &str = "for all but the leader write `@followers`; an end that is left out is everybody";

table! {
    /// Who sends and who receives. Every list that is empty stands for every node.
    #[derive(Default)]
    pub struct Ends {
        /// Who sends. Default: every node.
        from: Vec<Selector> = "from", END;
        /// Who receives. Default: every node.
        to: Vec<Selector> = "to", END;
    }
    wrong |ends, _given, _frame| {
        refused "from" if others_of_nobody(&ends.from, &ends.to) =>
            "`@others` than whom? The other end names nobody", OTHERS;
        refused "to" if others_of_nobody(&ends.to, &ends.from) =>
            "`@others` than whom? The other end names nobody", OTHERS;
        refused "to" if ends.from == ends.to && matches!(ends.to[..], [one] if !one.is_many() && !one.is_drawn()) =>
            format!("there is no link from `{}` to itself", ends.to[0]);
    }
}

fn others_of_nobody(end: &[Selector], other: &[Selector]) -> bool {
    end.contains(&Selector::Others) && (other.is_empty() || other.contains(&Selector::Others))
}
