//! What single values of a scenario file look like, for the JSON Schema: the types that `schema` names in its `with`.
//!
//! They say what an editor can check and complete: closed sets of words are enumerated, quantities have a pattern. What only
//! the whole file can decide (a window that ends before it starts) is left to `validate`.

use std::{borrow::Cow, marker::PhantomData};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::{
    COSTS, Calls, Chaos, Engine, FORMAT, InnerReads, Phase, Renewal, Selector, Target, Verb,
    profiles::{DISKS, NETWORKS, Profile},
    validate::KINDS,
};
use crate::words::Spelled;

/// A duration: a number and a unit.
const DURATION: &str = r"[0-9][0-9_]*(\.[0-9_]+)?\s*(ns|us|µs|μs|ms|s|m|h|heartbeats?|election-timeouts?|leases?)";
/// A number.
const NUMBER: &str = r"[0-9][0-9_]*(\.[0-9_]+)?";

macro_rules! shapes {
    ($($(#[$doc:meta])* $name:ident = $schema:expr;)*) => {$(
        $(#[$doc])*
        pub(super) struct $name;

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    )*};
}

shapes! {
    /// What happens: a list of steps, which `describe` puts in.
    Timeline = json_schema!({ "type": "array", "items": { "$ref": "#/definitions/Step" } });
    /// The format of a file.
    Format = json_schema!({ "const": FORMAT });
    /// A name of our own making.
    Name = json_schema!({ "type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "maxLength": 64 });
    /// The name of a variant. `describe` puts in which there are.
    VariantName = json_schema!({ "type": "string" });
    /// The name of a check. `describe` puts in which there are.
    CheckName = json_schema!({ "type": "string" });
    /// `1.5s`, `2 election-timeouts`
    Duration = json_schema!({ "type": "string", "pattern": format!(r"^\s*{DURATION}\s*$") });
    /// A moment or a window.
    At = json_schema!({ "type": "string", "pattern": format!(r"^\s*{DURATION}\s*(\.\.\s*{DURATION}\s*)?$") });
    /// A phase of the protocol, or so long before or after it.
    Moment = {
        let phases: Vec<String> = Phase::WORDS.iter().map(|(_, word)| word.replace('.', r"\.")).collect();
        json_schema!({
            "type": "string",
            "pattern": format!(r"^\s*({})\s*([+-]\s*{DURATION}\s*)?$", phases.join("|")),
            "examples": Phase::WORDS.iter().map(|(_, word)| *word).collect::<Vec<_>>(),
        })
    };
    /// `500/s`
    Rate = json_schema!({ "type": "string", "pattern": format!(r"^\s*{NUMBER}\s*/s\s*$") });
    /// `0.1%`, `200ppm`, `0.001`
    Share = number_or(format!(r"^\s*{NUMBER}\s*(%|ppm)?\s*$"));
    /// `+500ppm`, `-2%`
    Drift = json_schema!({ "type": "string", "pattern": format!(r"^\s*[+-]\s*{NUMBER}\s*(%|ppm)\s*$") });
    /// `+3s`, `-150ms`
    Jump = json_schema!({ "type": "string", "pattern": format!(r"^\s*[+-]\s*{DURATION}\s*$") });
    /// Said, or left out.
    True = json_schema!({ "const": true });
    /// `1..=20`, `0..20`, `7`, `1,5,9..12`
    Seeds = json_schema!({ "anyOf": [
        { "type": "integer", "minimum": 0 },
        { "type": "string", "pattern": r"^\s*[0-9_]+\s*(\.\.=?\s*[0-9_]+\s*)?(,\s*[0-9_]+\s*(\.\.=?\s*[0-9_]+\s*)?)*$" },
    ] });
    /// Nodes, by role or by number.
    Node = json_schema!({ "anyOf": [
        { "enum": Selector::roles().map(|role| role.to_string()).collect::<Vec<_>>() },
        { "type": "string", "pattern": "^n[1-9]$" },
    ] });
    /// Nodes, by role or by number, in one word or in a list.
    Nodes = {
        let one = json_schema!({ "anyOf": [
            { "enum": Selector::roles().map(|role| role.to_string()).collect::<Vec<_>>() },
            { "type": "string", "pattern": "^n[1-9]$" },
        ] });
        json_schema!({ "anyOf": [one, { "type": "array", "minItems": 1, "items": one }] })
    };
    /// One node, by role or by number.
    OneNode = json_schema!({ "anyOf": [
        { "enum": Selector::roles().filter(|role| !role.is_many()).map(|role| role.to_string()).collect::<Vec<_>>() },
        { "type": "string", "pattern": "^n[1-9]$" },
    ] });
    /// `n1-n2`, `n1>n2`
    Wire = json_schema!({ "type": "string", "pattern": "^n[1-9][->]n[1-9]$" });
    /// `1MB/s`
    Bandwidth = json_schema!({ "type": "string", "pattern": format!(r"^\s*{NUMBER}\s*(B|kB|MB|GB)/s\s*$") });
    /// A whole number, or a range of them.
    Count = json_schema!({ "anyOf": [
        { "type": "integer", "minimum": 1 },
        { "type": "string", "pattern": r"^\s*[0-9_]+\s*(\.\.=?\s*[0-9_]+\s*)?$" },
    ] });
    /// A kind of workload.
    Kind = json_schema!({ "enum": KINDS });
    /// A fault that chaos can draw.
    FaultWord = json_schema!({ "enum": Chaos::all().map(Verb::name).collect::<Vec<_>>() });
    /// How keys are chosen.
    Spread = json_schema!({ "type": "string", "pattern": r"^(uniform|zipf\([0-9.]+\))$", "examples": ["uniform", "zipf(1.1)"] });
    /// A network profile.
    NetworkName = profile_names(&NETWORKS);
    /// A disk profile.
    DiskName = profile_names(&DISKS);
    /// The quantiles of a distribution.
    Quantiles = json_schema!({
        "type": "object",
        "patternProperties": { r"^p([0-9]{1,2}(\.[0-9])?|100(\.0)?)$": duration() },
        "required": ["p0", "p100"],
        "additionalProperties": false,
    });
    /// CPU costs by name.
    Costs = closed(COSTS.iter().map(|cost| ((*cost).to_owned(), duration())));
}

/// One of a closed set of words.
pub(super) struct Word<T>(PhantomData<T>);

impl<T: Spelled> JsonSchema for Word<T> {
    fn schema_name() -> Cow<'static, str> {
        T::WHAT.replace(' ', "-").into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "enum": T::WORDS.iter().map(|(_, word)| *word).collect::<Vec<_>>() })
    }
}

/// The words of each set.
pub(super) type EngineWord = Word<Engine>;
pub(super) type RenewalWord = Word<Renewal>;
pub(super) type InnerReadsWord = Word<InnerReads>;
pub(super) type CallsWord = Word<Calls>;
pub(super) type TargetWord = Word<Target>;

/// What variants change about the cluster, by name: a table of `T`. `describe` puts in which there are.
pub(super) struct ClusterVariants<T>(PhantomData<T>);

impl<T: JsonSchema> JsonSchema for ClusterVariants<T> {
    fn schema_name() -> Cow<'static, str> {
        "ClusterVariants".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "additionalProperties": generator.subschema_for::<T>() })
    }
}

/// A word, or a table that says more.
pub(super) struct Either<Word, Table>(PhantomData<(Word, Table)>);

impl<W: JsonSchema, T: JsonSchema> JsonSchema for Either<W, T> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}Or{}", W::schema_name(), T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [generator.subschema_for::<W>(), generator.subschema_for::<T>()] })
    }
}

fn number_or(pattern: String) -> Schema {
    json_schema!({ "anyOf": [{ "type": "number", "minimum": 0 }, { "type": "string", "pattern": pattern }] })
}

fn duration() -> Value {
    json!({ "type": "string", "pattern": format!(r"^\s*{DURATION}\s*$") })
}

fn profile_names(profiles: &[Profile]) -> Schema {
    json_schema!({ "enum": profiles.iter().map(|profile| profile.name).collect::<Vec<_>>() })
}

/// A table with these keys and no others.
fn closed(keys: impl IntoIterator<Item = (String, Value)>) -> Schema {
    let keys: Map<String, Value> = keys.into_iter().collect();
    json_schema!({ "type": "object", "properties": keys, "additionalProperties": false })
}
