//! Networks: what carries messages, by name or by what it changes of one that has a name.

use std::{collections::BTreeMap, fmt, marker::PhantomData, ops::Range, str::FromStr, time::Duration};

use serde_json::{Value as Json, json};

use crate::scenario::{
    Ppm, Problem, Selector,
    profiles::{self, NETWORKS, Profile},
    table::{
        DURATION, Definitions, Entries, Entry, Field, Flag, Form, Key, Keys, Kind, Or, Raw, Reader, SHARE, Table,
        Value as _, form, misfit, table, text,
    },
    units,
};
use crate::words::{self, Misread, quote};

table! {
    /// A kind of link.
    pub struct Network {
        /// The profile that the rest of the table changes.
        name: String = "base", Base::<Network>::of();
        /// One way: a constant, or quantiles with `p0` and `p100`.
        latency: Distribution = "latency", Or(Distribution::constant(Duration::ZERO), Quantiles);
        /// The share of messages that is lost.
        loss: Ppm = "loss", Or(Ppm(0), SHARE);
        /// The share of messages that arrives twice.
        duplicate: Ppm = "duplicate", Or(Ppm(0), SHARE);
        /// Messages of one lane stay in order.
        fifo: bool = "fifo", Or(true, Flag);
    }
}

/// What has profiles: kinds with a name.
pub(in crate::scenario) trait Profiled: Table + Clone + PartialEq {
    /// For messages: `network`.
    const WHAT: &'static str;
    /// What the JSON Schema calls their names.
    const NAMES: &'static str;
    const PROFILES: &'static [Profile];
    /// What a table without a base changes.
    const USUAL: &'static Profile;

    fn of(profile: &Profile) -> Self;

    /// That of the profile; `"NAME (changed)"` if the file gives parts of it another value.
    fn name(&mut self) -> &mut String;
}

impl Profiled for Network {
    const WHAT: &'static str = "network";
    const NAMES: &'static str = "NetworkName";
    const PROFILES: &'static [Profile] = &NETWORKS;
    const USUAL: &'static Profile = &profiles::SAME_AZ;

    fn of(profile: &Profile) -> Self {
        profile.network()
    }

    fn name(&mut self) -> &mut String {
        &mut self.name
    }
}

/// What the name of a profile ends with of which the file overrides a part.
const CHANGED: &str = " (changed)";

/// A profile, by name, or a table that changes one.
pub(in crate::scenario) struct ByProfile<T>(PhantomData<T>);

pub(in crate::scenario) const fn by_profile<T: Profiled>() -> ByProfile<T> {
    ByProfile(PhantomData)
}

impl<T: Profiled> Kind for ByProfile<T> {
    type Of = T;

    fn schema(&self, definitions: &mut Definitions<'_>) -> Json {
        json!({ "anyOf": [names::<T>(definitions), definitions.table::<T>()] })
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<T> {
        let entries = match form(key, raw, reader.report)? {
            Form::Word(name) => return profile::<T>(name.get_ref(), raw.span(), reader).map(T::of),
            Form::Table(entries) => entries,
        };
        let base = match entries.get("base") {
            Some(raw) => {
                let name = text("base", raw, reader.report);
                name.and_then(|name| profile::<T>(name.get_ref(), raw.span(), reader))
            }
            None => Some(T::USUAL),
        };
        let changed = T::read(Some(&T::of(base.unwrap_or(T::USUAL))), &entries, reader);
        let (base, mut changed) = (T::of(base?), changed?);
        if changed != base {
            changed.name().push_str(CHANGED);
        }
        Some(changed)
    }

    fn toml(&self, value: &T) -> String {
        let mut value = value.clone();
        let name = value.name().trim_end_matches(CHANGED).to_owned();
        let base = T::of(T::PROFILES.iter().find(|profile| profile.name == name).unwrap_or(T::USUAL));
        if value == base { name.toml() } else { value.put(Some(&base), Keys::default()).toml() }
    }
}

fn names<T: Profiled>(definitions: &mut Definitions<'_>) -> Json {
    let names = || json!({ "enum": T::PROFILES.iter().map(|profile| profile.name).collect::<Vec<_>>() });
    definitions.named(T::NAMES, |_| names())
}

fn profile<T: Profiled>(name: &str, place: Range<usize>, reader: &mut Reader<'_>) -> Option<&'static Profile> {
    let found = T::PROFILES.iter().find(|profile| profile.name == name);
    let names = T::PROFILES.iter().map(|profile| profile.name);
    reader.report.take(found.ok_or_else(|| words::unknown(T::WHAT, name, names)), place)
}

/// The key `base` of a table that changes a profile, which [`ByProfile`] has read before the rest.
pub(in crate::scenario) struct Base<T>(PhantomData<T>);

impl<T: Profiled> Base<T> {
    pub(in crate::scenario) const fn of() -> Self {
        Self(PhantomData)
    }
}

impl<T: Profiled> Field for Base<T> {
    type Of = String;

    fn keys(self, name: &'static str, about: &'static str) -> Vec<Key> {
        vec![Key::new(name, about, names::<T>)]
    }

    fn read(&self, _: Entry<'_>, base: Option<&String>, _: &mut Reader<'_>) -> Option<String> {
        base.cloned()
    }

    fn put(&self, key: &str, base: Option<&String>, _: &String, keys: Keys) -> Keys {
        let unusual = base.filter(|base| *base != T::USUAL.name);
        unusual.into_iter().fold(keys, |keys, base| keys.key(key, base))
    }
}

/// A distribution of durations, as a table of quantiles; linear between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distribution {
    /// (per mille, quantile): the first strictly ascending from 0 to 1000, the second never descending.
    pub knots: Vec<(u32, Duration)>,
}

impl Distribution {
    /// Always `value`.
    pub fn constant(value: Duration) -> Self {
        Self { knots: vec![(0, value), (1000, value)] }
    }

    /// The value that so many of a thousand do not exceed, rounded down to a nanosecond.
    pub fn quantile(&self, per_mille: u32) -> Duration {
        let between = self.knots.iter().zip(self.knots.iter().skip(1));
        let around = between.into_iter().find(|(_, (to, _))| *to >= per_mille);
        let Some(((from, low), (to, high))) = around else { return self.longest() };
        let part = per_mille.saturating_sub(*from);
        *low + high.saturating_sub(*low) * part / (to - from).max(1)
    }

    /// The longest there is.
    pub fn longest(&self) -> Duration {
        self.knots.last().map_or(Duration::ZERO, |(_, longest)| *longest)
    }

    /// The mean, in nanoseconds, rounded down.
    pub fn mean_nanos(&self) -> u128 {
        let between = self.knots.iter().zip(self.knots.iter().skip(1));
        let areas = between.map(|((from, low), (to, high))| u128::from(to - from) * (low.as_nanos() + high.as_nanos()));
        areas.sum::<u128>() / 2_000
    }
}

/// A constant (`"1ms"`), or a table of quantiles (`{ p0 = "1ms", p100 = "2ms" }`).
pub(in crate::scenario) struct Quantiles;

impl Kind for Quantiles {
    type Of = Distribution;

    fn schema(&self, definitions: &mut Definitions<'_>) -> Json {
        let duration = DURATION.schema(definitions);
        let table = json!({
            "type": "object",
            "patternProperties": { r"^p([0-9]{1,2}(\.[0-9])?|100(\.0)?)$": duration },
            "required": ["p0", "p100"],
            "additionalProperties": false,
        });
        json!({ "anyOf": [duration, definitions.named("Quantiles", |_| table)] })
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<Distribution> {
        match form(key, raw, reader.report)? {
            Form::Word(constant) => {
                let length = units::duration(constant.get_ref(), reader.frame.protocol.as_ref());
                reader.report.take(length, raw.span()).map(Distribution::constant)
            }
            Form::Table(entries) => quantiles(&entries, reader),
        }
    }

    fn toml(&self, value: &Distribution) -> String {
        if let [(0, least), (1000, most)] = value.knots[..]
            && least == most
        {
            return least.toml();
        }
        let quantile = |keys: Keys, (per_mille, value): &(u32, Duration)| {
            keys.key(&format!("p{}", units::decimal(u64::from(*per_mille), 1)), *value)
        };
        value.knots.iter().fold(Keys::default(), quantile).toml()
    }
}

fn quantiles(entries: &Entries<'_>, reader: &mut Reader<'_>) -> Option<Distribution> {
    let mut knots: BTreeMap<u32, (Duration, Range<usize>)> = BTreeMap::new();
    let before = reader.report.problems.len();
    for (name, raw) in entries.all() {
        let per_mille = reader.report.take(units::quantile(name.get_ref()), name.span());
        let value = DURATION.read(name.get_ref(), raw, reader);
        let (Some(per_mille), Some(value)) = (per_mille, value) else { continue };
        if let Some((_, first)) = knots.insert(per_mille, (value, raw.span())) {
            let problem = Problem::new("this quantile is given twice").at(name.span());
            reader.report.refuse(problem.also(first, "here as well"));
        }
    }
    if reader.report.problems.len() > before {
        return None;
    }
    for needed in [0, 1000].into_iter().filter(|needed| !knots.contains_key(needed)) {
        let message = format!("`p{}` is missing: a distribution needs `p0` and `p100`", needed / 10);
        reader.report.missing(Problem::new(message).at(entries.span.clone()));
    }
    for ((_, (low, first)), (_, (high, second))) in knots.iter().zip(knots.iter().skip(1)) {
        if high < low {
            let problem = Problem::new("a higher quantile cannot be shorter than a lower one").at(second.clone());
            reader.report.refuse(problem.also(first.clone(), "longer than this"));
        }
    }
    Some(Distribution { knots: knots.into_iter().map(|(per_mille, (value, _))| (per_mille, value)).collect() })
}

/// What joins two nodes, by number: `"n1-n2"` there and back, `"n1>n2"` one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wire {
    /// Who sends; of both ways, the lower number.
    pub from: u32,
    /// Who receives. Not the sender.
    pub to: u32,
    /// Only there.
    pub one_way: bool,
}

/// A network for each link that has its own.
pub(in crate::scenario) struct Links;

impl Kind for Links {
    type Of = BTreeMap<Wire, Network>;

    fn schema(&self, definitions: &mut Definitions<'_>) -> Json {
        let network = by_profile::<Network>().schema(definitions);
        json!({
            "type": "object",
            "patternProperties": { "^n[1-9][->]n[1-9]$": network },
            "additionalProperties": false,
        })
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<Self::Of> {
        let Some(entries) = Entries::of(raw) else { return reader.report.shape(misfit("a table", key, raw)) };
        let (nodes, mut links, mut refused) = (reader.frame.nodes, BTreeMap::new(), false);
        for (name, raw) in entries.all() {
            let network = by_profile().read(name.get_ref(), raw, reader);
            let wire = reader.report.take(name.get_ref().parse::<Wire>(), name.span());
            let (Some(network), Some(wire)) = (network, wire) else {
                refused = true;
                continue;
            };
            if let Some(node) = [wire.from, wire.to].into_iter().find(|node| *node > nodes) {
                let message = format!("there is no node `n{node}`: the cluster has {nodes}");
                let help = format!("nodes are `n1` to `n{nodes}`");
                reader.report.missing(Problem::new(message).at(name.span()).help(help));
            } else if links.insert(wire, network).is_some() {
                reader.report.refuse(Problem::new(format!("the link `{wire}` is given twice")).at(name.span()));
            }
        }
        (!refused).then_some(links)
    }

    fn toml(&self, value: &Self::Of) -> String {
        let link = |keys: Keys, (wire, network): (&Wire, &Network)| {
            keys.verbatim(&wire.to_string(), by_profile().toml(network))
        };
        value.iter().fold(Keys::default(), link).toml()
    }
}

impl fmt::Display for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, one_way } = self;
        write!(f, "n{from}{}n{to}", if *one_way { '>' } else { '-' })
    }
}

impl FromStr for Wire {
    type Err = Misread;

    fn from_str(text: &str) -> Result<Self, Misread> {
        let forms = "two nodes: `n1-n2` there and back, `n1>n2` one way";
        let node = |text: &str| match text.trim().parse() {
            Ok(Selector::Node(number)) => Some(number),
            Ok(_) | Err(_) => None,
        };
        let ends = text.split_once('>').map(|ends| (ends, true)).or(text.split_once('-').map(|ends| (ends, false)));
        let wire = ends.and_then(|((from, to), one_way)| Some((node(from)?, node(to)?, one_way)));
        match wire {
            Some((from, to, _)) if from == to => {
                Err(Misread::new(format!("there is no link from `n{from}` to itself")).help(forms))
            }
            Some((from, to, true)) => Ok(Self { from, to, one_way: true }),
            Some((from, to, false)) => Ok(Self { from: from.min(to), to: from.max(to), one_way: false }),
            None => Err(Misread::new(format!("{} is not a link", quote(text))).help(forms)),
        }
    }
}
