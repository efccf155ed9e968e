//! Distributions of durations and sizes.

use crate::scenario::prelude::*;
use crate::scenario::units;

/// A distribution, as a table of quantiles; linear between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distribution<T = Duration> {
    /// (per mille, quantile): the first strictly ascending from 0 to 1000, the second never descending.
    pub knots: Vec<(u32, T)>,
}

impl<T: Copy> Distribution<T> {
    /// Always `value`.
    pub fn constant(value: T) -> Self {
        Self { knots: vec![(0, value), (1000, value)] }
    }
}

impl Distribution {
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

impl Distribution<Bytes> {
    /// The largest there is, in bytes.
    pub fn largest(&self) -> u64 {
        self.knots.last().map_or(0, |(_, Bytes(largest))| *largest)
    }
}

/// What a distribution may be of.
pub(in crate::scenario) trait Quantity: Copy + Ord + 'static {
    /// One value.
    const ONE: Scalar<Self>;
    /// What the JSON Schema calls a table of its quantiles.
    const QUANTILES: &'static str;
    /// What a value is that is less than another, and what the other is.
    const COMPARED: [&'static str; 2];
}

impl Quantity for Duration {
    const ONE: Scalar<Self> = DURATION;
    const QUANTILES: &'static str = "Quantiles";
    const COMPARED: [&'static str; 2] = ["shorter", "longer"];
}

impl Quantity for Bytes {
    const ONE: Scalar<Self> = SIZE;
    const QUANTILES: &'static str = "SizeQuantiles";
    const COMPARED: [&'static str; 2] = ["smaller", "larger"];
}

/// A constant (`"1ms"`), or a table of quantiles (`{ p0 = "1ms", p100 = "2ms" }`).
pub(in crate::scenario) const fn quantiles<T: Quantity>() -> Short<Scalar<T>, Knots<T>> {
    Short {
        short: T::ONE,
        long: Knots(PhantomData),
        of: Distribution::constant,
        plain: |of| {
            of.knots.last().map(|(_, last)| *last).filter(|last| of.knots == Distribution::constant(*last).knots)
        },
        expected: "a quoted text, a number or a table",
        help: "",
    }
}

/// A table of quantiles.
pub(in crate::scenario) struct Knots<T>(PhantomData<T>);

impl<T: Quantity> Knots<T> {
    const TABLE: Named<u32, Scalar<T>> = Named {
        named: T::QUANTILES,
        name: Scalar {
            named: "",
            schema: |_| json!({ "pattern": r"^p([0-9]{1,2}(\.[0-9])?|100(\.0)?)$" }),
            bare: false,
            read: |text, _| units::quantile(text),
            write: |per_mille| format!("p{}", units::decimal(u64::from(*per_mille), 1)),
        },
        value: T::ONE,
    };
}

impl<T: Quantity> Kind for Knots<T> {
    type Of = Distribution<T>;

    fn schema(&self, definitions: &mut Definitions<'_>) -> Json {
        let schema = Self::TABLE.schema(definitions);
        definitions.named[T::QUANTILES]["required"] = json!(["p0", "p100"]);
        schema
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<Self::Of> {
        let knots: BTreeMap<u32, T> = Self::TABLE.read(key, raw, reader)?;
        for needed in [0, 1000].into_iter().filter(|needed| !knots.contains_key(needed)) {
            let message = format!("`p{}` is missing: a distribution needs `p0` and `p100`", needed / 10);
            reader.report.missing(Problem::new(message).at(raw.span()));
        }
        for ((low, less), (high, more)) in knots.iter().zip(knots.iter().skip(1)) {
            if more < less {
                let place = |per_mille: &u32| {
                    let all = raw.get_ref().as_table().into_iter().flatten();
                    let mut named = all.filter(|(name, _)| units::quantile(name.get_ref()) == Ok(*per_mille));
                    named.next().map_or_else(|| raw.span(), |(_, value)| value.span())
                };
                let [is_less, is_more] = T::COMPARED;
                let problem = Problem::new(format!("a higher quantile cannot be {is_less} than a lower one"));
                reader.report.refuse(problem.at(place(high)).also(place(low), format!("{is_more} than this")));
            }
        }
        Some(Distribution { knots: knots.into_iter().collect() })
    }

    fn toml(&self, value: &Self::Of) -> String {
        Self::TABLE.toml(&value.knots.iter().copied().collect())
    }
}
