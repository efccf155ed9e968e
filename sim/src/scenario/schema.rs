//! The shape of a scenario file, as serde reads it: every value with its place in the text, nothing judged.
//!
//! Places survive only where serde does not buffer (measured: reference/libraries.md §3.2). Hence no `flatten`,
//! `untagged` or `tag`: a step is one struct with one optional field for each action, and what may be a word or a table
//! is [`Or`]. Every key is optional here, so that a missing one is reported in our words, with the others.

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Visitor, value::MapAccessDeserializer},
};
use toml::Spanned;

pub(super) type Text = Spanned<String>;
pub(super) type Whole = Spanned<i64>;
pub(super) type Quantity = Spanned<Scalar>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct File {
    pub name: Option<Text>,
    pub about: Option<Text>,
    pub seeds: Option<Quantity>,
    pub until: Option<Quantity>,
    pub variant: Option<Text>,
    #[serde(default)]
    pub timeline: Vec<Spanned<Step>>,
    #[serde(default)]
    pub cluster: Cluster,
    #[serde(default)]
    pub claims: Claims,
    #[serde(default)]
    pub workload: Vec<Spanned<Workload>>,
    #[serde(default)]
    pub expect: Expect,
    #[serde(default)]
    pub floors: BTreeMap<Text, Whole>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Step {
    pub at: Option<Quantity>,
    pub every: Option<Quantity>,
    pub jitter: Option<Quantity>,
    // One field for each action. `validate::timeline` lists them again, once.
    pub tag: Option<Text>,
    pub transfer: Option<Spanned<Transfer>>,
    pub partition: Option<Spanned<Partition>>,
    pub crash: Option<Spanned<Crash>>,
    pub pause: Option<Spanned<Pause>>,
    pub heal: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Transfer {
    pub from: Option<Text>,
    pub to: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Partition {
    pub sides: Option<Spanned<Vec<Spanned<Vec<Text>>>>>,
    pub how: Option<Text>,
    pub one_way: Option<bool>,
    pub r#for: Option<Quantity>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Crash {
    pub node: Option<Text>,
    pub r#for: Option<Quantity>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Pause {
    pub node: Option<Text>,
    pub r#for: Option<Quantity>,
    pub clock: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Cluster {
    pub nodes: Option<Whole>,
    pub engine: Option<Text>,
    pub tick: Option<Quantity>,
    pub heartbeat: Option<Quantity>,
    pub election_timeout: Option<Quantity>,
    pub lease: Option<Quantity>,
    pub renewal: Option<Text>,
    pub network: Option<Spanned<Or<Network>>>,
    pub client_network: Option<Spanned<Or<Network>>>,
    #[serde(default)]
    pub lanes: Lanes,
    pub disk: Option<Spanned<Or<Disk>>>,
    #[serde(default)]
    pub cpu: Cpu,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Network {
    pub base: Option<Text>,
    pub latency: Option<Spanned<Or<Knots>>>,
    pub loss: Option<Quantity>,
    pub duplicate: Option<Quantity>,
    pub fifo: Option<bool>,
}

/// The quantiles of a distribution: `p50 = "0.4ms"`.
pub(super) type Knots = BTreeMap<Text, Quantity>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Disk {
    pub base: Option<Text>,
    pub fsync: Option<Spanned<Or<Knots>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Lanes {
    #[serde(default)]
    pub heartbeat: Lane,
    #[serde(default)]
    pub bulk: Lane,
    #[serde(default)]
    pub request: Lane,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Lane {
    pub calls: Option<Text>,
    pub queue: Option<Whole>,
    pub inbound: Option<Whole>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Cpu {
    pub cores: Option<Whole>,
    #[serde(default)]
    pub costs: BTreeMap<Text, Quantity>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Claims {
    pub clock_drift: Option<Quantity>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Workload {
    pub name: Option<Text>,
    pub kind: Option<Text>,
    pub clients: Option<Whole>,
    pub keys: Option<Spanned<Or<Keys>>>,
    pub mix: Option<Spanned<Mix>>,
    pub reads_per_script: Option<Whole>,
    pub rate: Option<Quantity>,
    pub think: Option<Quantity>,
    pub deadline: Option<Quantity>,
    pub to: Option<Text>,
    pub from: Option<Quantity>,
    pub until: Option<Quantity>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Keys {
    pub count: Option<Whole>,
    pub distribution: Option<Text>,
    pub prefix: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Mix {
    pub get: Option<Quantity>,
    pub put: Option<Quantity>,
    pub cas: Option<Quantity>,
}

/// One bound, or one bound for each window.
pub(super) type Bounds = Or<BTreeMap<Text, Quantity>>;

/// `[expect]`: two keys of its own; every other key is a metric.
#[derive(Debug, Default)]
pub(super) struct Expect {
    pub violation: Option<Text>,
    pub variant: BTreeMap<Text, Variant>,
    pub bounds: Vec<(Text, Spanned<Bounds>)>,
}

/// `[expect.variant.NAME]`: one key of its own; every other key is a metric.
#[derive(Debug, Default)]
pub(super) struct Variant {
    pub class: Option<Text>,
    pub bounds: Vec<(Text, Spanned<Bounds>)>,
}

/// A value that is one word: the number or the quoted text that stands in the file. What a number means is for its
/// reader to say (`"50ms"` is a duration, `50` lacks a unit).
#[derive(Clone, Debug)]
pub(super) struct Scalar(pub String);

/// A word, or a table that says more.
#[derive(Debug)]
pub(super) enum Or<T> {
    Word(Scalar),
    Table(T),
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl Visitor<'_> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a quoted text or a number")
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Scalar, E> {
        Ok(Scalar(value.to_owned()))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Scalar, E> {
        Ok(Scalar(value.to_string()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Scalar, E> {
        Ok(Scalar(value.to_string()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Scalar, E> {
        // `Display` of f64 gives the shortest decimal that reads back as the same number: what the author wrote.
        Ok(Scalar(value.to_string()))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Or<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OrVisitor(PhantomData))
    }
}

struct OrVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OrVisitor<T> {
    type Value = Or<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a quoted text, a number or a table")
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Or<T>, E> {
        ScalarVisitor.visit_str(value).map(Or::Word)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Or<T>, E> {
        ScalarVisitor.visit_i64(value).map(Or::Word)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Or<T>, E> {
        ScalarVisitor.visit_u64(value).map(Or::Word)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Or<T>, E> {
        ScalarVisitor.visit_f64(value).map(Or::Word)
    }

    // Hands over the same map access, unbuffered, so that spans inside the table are kept.
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Or<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Or::Table)
    }
}

impl<'de> Deserialize<'de> for Expect {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ExpectVisitor)
    }
}

struct ExpectVisitor;

impl<'de> Visitor<'de> for ExpectVisitor {
    type Value = Expect;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of metrics")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Expect, A::Error> {
        let mut expect = Expect::default();
        while let Some(key) = map.next_key::<Text>()? {
            match key.get_ref().as_str() {
                "violation" => expect.violation = Some(map.next_value()?),
                "variant" => expect.variant = map.next_value()?,
                _ => expect.bounds.push((key, map.next_value()?)),
            }
        }
        Ok(expect)
    }
}

impl<'de> Deserialize<'de> for Variant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(VariantVisitor)
    }
}

struct VariantVisitor;

impl<'de> Visitor<'de> for VariantVisitor {
    type Value = Variant;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of metrics")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Variant, A::Error> {
        let mut variant = Variant::default();
        while let Some(key) = map.next_key::<Text>()? {
            match key.get_ref().as_str() {
                "class" => variant.class = Some(map.next_value()?),
                _ => variant.bounds.push((key, map.next_value()?)),
            }
        }
        Ok(variant)
    }
}
