//! The nodes that faults name.

use std::ops::Range;

use serde_json::{Value, json};
use toml::de::DeValue;

use crate::scenario::{
    Problem, Selector,
    table::{
        Definitions, Entry, Field, Frame, Key, Keys, Kind, Raw, Reader, Report, Text, Value as _, every, misfit, text,
        texts,
    },
};

/// Who sends and who receives. Every list that is empty stands for every node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// Who sends.
    pub from: Vec<Selector>,
    /// Who receives.
    pub to: Vec<Selector>,
}

impl Ends {
    /// All nodes that they name.
    pub fn selectors(&self) -> Vec<Selector> {
        [&self.from[..], &self.to].concat()
    }
}

/// The nodes that `text` names, of those that the cluster has.
fn selector(text: Text, frame: &Frame, report: &mut Report) -> Option<Selector> {
    let span = text.span();
    let selector = report.take(text.get_ref().parse(), text.span())?;
    if let Selector::Node(number) = selector
        && number > frame.nodes
    {
        let message = format!("there is no node `{selector}`: the cluster has {}", frame.nodes);
        return report.lacking(Problem::new(message).at(span).help(format!("nodes are `n1` to `n{}`", frame.nodes)));
    }
    Some(selector)
}

/// All of `texts`, with their places. `None` if one was refused.
pub(super) fn selectors(texts: Vec<Text>, reader: &mut Reader<'_>) -> Option<Vec<(Selector, Range<usize>)>> {
    let placed = texts.into_iter().map(|text| {
        let span = text.span();
        Some((selector(text, reader.frame, reader.report)?, span))
    });
    every(placed)
}

/// The nodes that a fault of one side acts on; `@others` means nothing without another side. `example` is what else such a
/// fault says.
fn victims(
    what: &str,
    texts: Vec<Text>,
    example: &str,
    place: Range<usize>,
    reader: &mut Reader<'_>,
) -> Option<Vec<Selector>> {
    if texts.is_empty() {
        let problem = Problem::new(format!("`{what}` needs a `node`")).at(place);
        let help = format!("say whom it hits: `{what} = {{ node = \"@leader\", {example} }}`");
        return reader.report.lacking(problem.help(help));
    }
    let named = selectors(texts, reader)?;
    let mut victims = Vec::new();
    for (selector, place) in named {
        if selector == Selector::Others {
            let problem = Problem::new(format!("`@others` of whom? `{what}` has one side")).at(place);
            return reader.report.refused(problem.help("for all but the leader write `@followers`"));
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
fn ends(from: End, to: End, reader: &mut Reader<'_>) -> Option<Ends> {
    let spans = [from.1.clone(), to.1.clone()];
    let (from, to) = (end(from, reader)?, end(to, reader)?);
    for (end, other, span) in [(&from, &to, &spans[0]), (&to, &from, &spans[1])] {
        if end.contains(&Selector::Others) && (other.is_empty() || other.contains(&Selector::Others)) {
            let problem = Problem::new("`@others` than whom? The other end names nobody").at(span.clone()?);
            let help = "for all but the leader write `@followers`; an end that is left out is everybody";
            return reader.report.refused(problem.help(help));
        }
    }
    let alone = |end: &[Selector]| match end {
        [only] if !only.is_many() && !only.is_drawn() => Some(*only),
        _ => None,
    };
    if let Some(node) = alone(&from).filter(|node| alone(&to) == Some(*node)) {
        let problem = Problem::new(format!("there is no link from `{node}` to itself")).at(spans[1].clone()?);
        return reader.report.refused(problem);
    }
    Some(Ends { from, to })
}

fn end((texts, place): End, reader: &mut Reader<'_>) -> Option<Vec<Selector>> {
    if let Some(place) = place.filter(|_| texts.is_empty()) {
        return reader
            .report
            .refused(Problem::new("this end names nobody").at(place).help("leave it out for every node"));
    }
    Some(selectors(texts, reader)?.into_iter().map(|(selector, _)| selector).collect())
}

/// What the JSON Schema says of one node, if it may be one of `roles`.
fn one_of(roles: impl Iterator<Item = Selector>) -> Value {
    let roles: Vec<String> = roles.map(|role| role.to_string()).collect();
    json!({ "anyOf": [{ "enum": roles }, { "type": "string", "pattern": "^n[1-9]$" }] })
}

/// What the JSON Schema says of nodes, by role or by number.
pub(super) fn any_node(definitions: &mut Definitions<'_>) -> Value {
    definitions.named("Node", |_| one_of(Selector::roles()))
}

/// The same, of one or of a list.
fn any_nodes(definitions: &mut Definitions<'_>) -> Value {
    definitions.named("Nodes", |definitions| {
        let one = any_node(definitions);
        json!({ "anyOf": [one, { "type": "array", "minItems": 1, "items": one }] })
    })
}

/// One text, or a list of them.
fn one_or_more(key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<Vec<Text>> {
    match raw.get_ref() {
        DeValue::String(_) => Some(vec![text(key, raw, reader.report)?]),
        DeValue::Array(_) => texts(key, raw, reader.report),
        _ => reader.report.shape(misfit("a quoted text or a list of them", key, raw)),
    }
}

/// One node. `of` says what is one, `help` what to write for several.
pub(super) struct OneNode {
    pub of: &'static str,
    pub help: &'static str,
}

impl Kind for OneNode {
    type Of = Selector;

    fn schema(&self, definitions: &mut Definitions<'_>) -> Value {
        definitions.named("OneNode", |_| one_of(Selector::roles().filter(|role| !role.is_many())))
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<Selector> {
        let text = text(key, raw, reader.report)?;
        let selector = selector(text, reader.frame, reader.report)?;
        if selector.is_many() {
            let problem = Problem::new(format!("`{selector}` may be several nodes; {}", self.of)).at(raw.span());
            return reader.report.refused(problem.help(self.help));
        }
        Some(selector)
    }

    fn toml(&self, value: &Selector) -> String {
        value.toml()
    }
}

/// Whom a fault of one side hits. `example` is what else such a fault says.
pub(super) struct Victims {
    pub verb: &'static str,
    pub example: &'static str,
}

impl Field for Victims {
    type Of = Vec<Selector>;

    fn keys(self, name: &'static str, about: &'static str) -> Vec<Key> {
        vec![Key::new(name, about, any_nodes).needed()]
    }

    fn read(&self, entry: Entry<'_>, _: Option<&Self::Of>, reader: &mut Reader<'_>) -> Option<Self::Of> {
        let texts = match entry.raw() {
            Some(raw) => one_or_more(entry.key, raw, reader)?,
            None => Vec::new(),
        };
        victims(self.verb, texts, self.example, entry.place(), reader)
    }

    fn put(&self, key: &str, _: Option<&Self::Of>, value: &Self::Of, keys: Keys) -> Keys {
        keys.whom(key, value)
    }
}

/// Who sends and who receives: `from` and `to`.
pub(super) struct BothEnds;

impl Field for BothEnds {
    type Of = Ends;

    fn keys(self, _: &'static str, _: &'static str) -> Vec<Key> {
        let end = |name, about| Key::new(name, about, any_nodes);
        vec![end("from", "Who sends. Default: every node."), end("to", "Who receives. Default: every node.")]
    }

    fn read(&self, entry: Entry<'_>, _: Option<&Ends>, reader: &mut Reader<'_>) -> Option<Ends> {
        let mut end = |key| -> Option<End> {
            let Some(raw) = entry.table.get(key) else { return Some((Vec::new(), None)) };
            Some((one_or_more(key, raw, reader)?, Some(raw.span())))
        };
        let (from, to) = (end("from"), end("to"));
        ends(from?, to?, reader)
    }

    fn put(&self, _: &str, _: Option<&Ends>, value: &Ends, keys: Keys) -> Keys {
        let end = |keys: Keys, key, nodes: &[Selector]| if nodes.is_empty() { keys } else { keys.whom(key, nodes) };
        end(end(keys, "from", &value.from), "to", &value.to)
    }
}
