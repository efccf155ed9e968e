//! Networks: what carries messages, by name or by what it changes of one that has a name.

use std::{fmt, marker::PhantomData, str::FromStr, time::Duration};

use serde_json::{Value as Json, json};

use crate::scenario::{
    Ppm, Problem, Selector,
    profiles::{self, NETWORKS, Profile},
    table::{
        DURATION, Definitions, Entries, Entry, FLAG, Field, Key, Keys, Kind, Named, Or, Raw, Reader, SHARE, Scalar,
        Short, Special, Table, quoted, table,
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
        latency: Distribution = "latency", Or(Distribution::constant(Duration::ZERO), quantiles());
        /// The share of messages that is lost.
        loss: Ppm = "loss", Or(Ppm(0), SHARE);
        /// The share of messages that arrives twice.
        duplicate: Ppm = "duplicate", Or(Ppm(0), SHARE);
        /// Messages of one lane stay in order.
        fifo: bool = "fifo", Or(true, FLAG);
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

    /// That of the profile of this name.
    fn named(name: &str) -> Option<Self> {
        profile::<Self>(name).ok().map(Self::of)
    }

    /// That of the profile; `"NAME (changed)"` if the file gives parts of it another value.
    fn name(&mut self) -> &mut String;
}

impl Profiled for Network {
    const WHAT: &'static str = "network";
    const NAMES: &'static str = "NetworkName";
    const PROFILES: &'static [Profile] = &NETWORKS;
    const USUAL: &'static Profile = &profiles::SAME_AZ;

    fn of(Profile { name, quantiles }: &Profile) -> Self {
        let latency = Distribution::of(*quantiles);
        Self { name: (*name).to_owned(), latency, loss: Ppm(0), duplicate: Ppm(0), fifo: true }
    }

    fn name(&mut self) -> &mut String {
        &mut self.name
    }
}

/// What the name of a profile ends with of which the file overrides a part.
const CHANGED: &str = " (changed)";

/// A profile, by name, or a table that changes one.
pub(in crate::scenario) const fn by_profile<T: Profiled>() -> Short<Scalar<T>, Changed<T>> {
    Short {
        short: Scalar {
            named: T::NAMES,
            schema: |_| json!({ "enum": T::PROFILES.iter().map(|profile| profile.name).collect::<Vec<_>>() }),
            bare: false,
            read: |name, _| profile::<T>(name).map(T::of),
            write: |of| quoted(base(of).0),
        },
        long: Changed(PhantomData),
        of: |of| of,
        plain: |of| Some(of).filter(|of| base(*of).1 == **of).cloned(),
        expected: "a quoted text or a table",
        help: "",
    }
}

/// A table that changes a profile.
pub(in crate::scenario) struct Changed<T>(PhantomData<T>);

impl<T: Profiled> Kind for Changed<T> {
    type Of = T;

    fn schema(&self, definitions: &mut Definitions<'_>) -> Json {
        definitions.table::<T>()
    }

    fn read(&self, _: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<T> {
        let entries = Entries::of(raw)?;
        let base = match entries.get("base") {
            Some(raw) => by_profile::<T>().short.read("base", raw, reader),
            None => Some(T::of(T::USUAL)),
        };
        let changed = T::read(Some(base.as_ref().unwrap_or(&T::of(T::USUAL))), &entries, reader);
        let (base, mut changed) = (base?, changed?);
        if changed != base {
            changed.name().push_str(CHANGED);
        }
        Some(changed)
    }

    fn toml(&self, value: &T) -> String {
        value.put(Some(&base(value).1), Keys::default()).inline()
    }
}

/// The profile that `of` is, or changes, and its name.
fn base<T: Profiled>(of: &T) -> (String, T) {
    let name = of.clone().name().trim_end_matches(CHANGED).to_owned();
    let profile = profile::<T>(&name).unwrap_or(T::USUAL);
    (name, T::of(profile))
}

fn profile<T: Profiled>(name: &str) -> Result<&'static Profile, Misread> {
    let found = T::PROFILES.iter().find(|profile| profile.name == name);
    found.ok_or_else(|| words::unknown(T::WHAT, name, T::PROFILES.iter().map(|profile| profile.name)))
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
        vec![Key::of(name, about, by_profile::<T>().short)]
    }

    fn read(&self, _: Entry<'_>, base: Option<&String>, _: &mut Reader<'_>) -> Option<String> {
        base.cloned()
    }

    fn put(&self, key: &str, base: Option<&String>, _: &String, keys: Keys) -> Keys {
        let unusual = base.filter(|base| *base != T::USUAL.name);
        unusual.into_iter().fold(keys, |keys, base| keys.key(key, quoted(base)))
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

    /// From p0, p50, p99 and p100, in microseconds.
    pub(super) fn of(quantiles: [u64; 4]) -> Self {
        let [least, median, p99, most] = quantiles.map(Duration::from_micros);
        if least == most {
            return Self::constant(least);
        }
        Self { knots: vec![(0, least), (500, median), (990, p99), (1000, most)] }
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
pub(in crate::scenario) const fn quantiles() -> Short<Scalar<Duration>, Special<Distribution>> {
    Short {
        short: DURATION,
        long: KNOTS,
        of: Distribution::constant,
        plain: |of| Some(of.longest()).filter(|longest| *of == Distribution::constant(*longest)),
        expected: "a quoted text, a number or a table",
        help: "",
    }
}

const QUANTILES: Named<u32, Scalar<Duration>> = Named {
    named: "Quantiles",
    name: Scalar {
        named: "",
        schema: |_| json!({ "pattern": r"^p([0-9]{1,2}(\.[0-9])?|100(\.0)?)$" }),
        bare: false,
        read: |text, _| units::quantile(text),
        write: |per_mille| format!("p{}", units::decimal(u64::from(*per_mille), 1)),
    },
    value: DURATION,
};

/// A table of quantiles.
pub(in crate::scenario) const KNOTS: Special<Distribution> = Special {
    schema: |definitions| {
        let schema = QUANTILES.schema(definitions);
        definitions.named[QUANTILES.named]["required"] = json!(["p0", "p100"]);
        schema
    },
    read: |key, raw, reader| {
        let knots = QUANTILES.read(key, raw, reader)?;
        for needed in [0, 1000].into_iter().filter(|needed| !knots.contains_key(needed)) {
            let message = format!("`p{}` is missing: a distribution needs `p0` and `p100`", needed / 10);
            reader.report.missing(Problem::new(message).at(raw.span()));
        }
        for ((low, shorter), (high, longer)) in knots.iter().zip(knots.iter().skip(1)) {
            if longer < shorter {
                let place = |per_mille: &u32| {
                    let all = raw.get_ref().as_table().into_iter().flatten();
                    let mut named = all.filter(|(name, _)| units::quantile(name.get_ref()) == Ok(*per_mille));
                    named.next().map_or_else(|| raw.span(), |(_, value)| value.span())
                };
                let problem = Problem::new("a higher quantile cannot be shorter than a lower one").at(place(high));
                reader.report.refuse(problem.also(place(low), "longer than this"));
            }
        }
        Some(Distribution { knots: knots.into_iter().collect() })
    },
    write: |value| QUANTILES.toml(&value.knots.iter().copied().collect()),
};

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
pub(in crate::scenario) const LINKS: Named<Wire, Short<Scalar<Network>, Changed<Network>>> = Named {
    named: "Links",
    name: Scalar {
        named: "",
        schema: |_| json!({ "pattern": "^n[1-9][->]n[1-9]$" }),
        bare: false,
        read: |text, frame| {
            let wire: Wire = text.parse()?;
            frame.node(wire.from).and(frame.node(wire.to)).map(|_| wire)
        },
        write: Wire::to_string,
    },
    value: by_profile(),
};

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
