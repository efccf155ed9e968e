//! Networks: what carries messages, by name or by what it changes of one that has a name.

use super::distribution::{Distribution, quantiles};
use crate::scenario::Selector;
use crate::scenario::prelude::*;
use crate::scenario::profiles::{self, NETWORKS, Profile};

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

    fn of(Profile { name, quantiles, bandwidth: _ }: &Profile) -> Self {
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
