//! What a metric is compared with.

use crate::scenario::prelude::*;
use crate::scenario::units::Protocol;
use crate::scenario::{Metric, Unit};

/// A comparison with a number, or with two: `1..=2`.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// The comparison.
    pub op: Op,
    /// In the metric's unit ([`Metric::unit`]).
    pub value: f64,
    /// The other end of a range.
    pub upper: Option<(Op, f64)>,
    /// As it was written: `>= 0.97`.
    pub text: String,
}

/// Its value is a number that was written, never NaN.
impl Eq for Bound {}

impl Bound {
    /// The measured `value`, in the metric's unit, is within the bound.
    pub fn holds(&self, value: f64) -> bool {
        let upper = self.upper.is_none_or(|(op, most)| op.holds(value, most));
        self.op.holds(value, self.value) && upper
    }

    /// What a value must not exceed, if there is such.
    pub fn most(&self) -> Option<f64> {
        match self.op {
            Op::Lt | Op::Le | Op::Eq => Some(self.value),
            Op::Ge | Op::Gt => self.upper.map(|(_, most)| most),
        }
    }

    /// As it was written; a plain number without quotes.
    pub(super) fn toml(&self) -> String {
        let number: Option<i64> = self.text.parse().ok().filter(|number: &i64| number.to_string() == self.text);
        number.map_or_else(|| quoted(&self.text), |number| number.to_string())
    }

    /// In a sentence: `>= 0.97`, `== 0`, `within 1..=2`.
    pub fn asked(&self) -> String {
        let before = match self.op {
            _ if self.upper.is_some() => "within ",
            Op::Eq if !self.text.starts_with('=') => "== ",
            Op::Lt | Op::Le | Op::Eq | Op::Ge | Op::Gt => "",
        };
        format!("{before}{}", self.text)
    }
}

impl Op {
    fn holds(self, value: f64, other: f64) -> bool {
        match self {
            Op::Lt => value < other,
            Op::Le => value <= other,
            Op::Eq => value == other,
            Op::Ge => value >= other,
            Op::Gt => value > other,
        }
    }
}

crate::words::words! {
    /// A comparison. A bound without one means `==`.
    pub enum Op: "operator" {
        /// `<`
        Lt = "<",
        /// `<=`
        Le = "<=",
        /// `==`
        Eq = "==",
        /// `>=`
        Ge = ">=",
        /// `>`
        Gt = ">",
    }
}

impl Bound {
    /// A bound on `metric`: `>= 0.97`, `<= 3 election-timeouts`, `0`.
    pub(in crate::scenario) fn read(text: &str, metric: Metric, protocol: Option<&Protocol>) -> Result<Self, Misread> {
        let written = text.trim();
        if let Some(ends) = ends(written) {
            return range(written, ends, metric, protocol);
        }
        let (op, operand) = split_operator(written)?;
        let value = value(written, op, operand, metric, protocol)?;
        if op == Op::Lt && value == 0.0 {
            return Err(Misread::new(format!("`{metric} {written}` can never hold: `{metric}` is never negative")));
        }
        Ok(Bound { op, value, upper: None, text: written.to_owned() })
    }
}

/// A bound on both sides: `1..=2`, `0.1..0.2`.
fn range(
    text: &str,
    (least, most, inclusive): (&str, &str, bool),
    metric: Metric,
    protocol: Option<&Protocol>,
) -> Result<Bound, Misread> {
    let forms = "a bound on both sides is `1..=2`, or `0.1..0.2` without its upper end";
    let upper = if inclusive { Op::Le } else { Op::Lt };
    if least.is_empty() || most.is_empty() {
        return Err(Misread::new(format!("{} lacks an end", quote(text))).help(forms));
    }
    let value = |operand| value(text, Op::Ge, operand, metric, protocol);
    let (low, high) = (value(least)?, value(most)?);
    if high < low || (high == low && upper == Op::Lt) {
        return Err(Misread::new(format!("{} is empty: nothing lies in it", quote(text))).help(forms));
    }
    Ok(Bound { op: Op::Ge, value: low, upper: Some((upper, high)), text: text.to_owned() })
}

fn value(written: &str, op: Op, operand: &str, metric: Metric, protocol: Option<&Protocol>) -> Result<f64, Misread> {
    if operand.starts_with('-') {
        return Err(Misread::new(format!("{} is negative; `{metric}` never is", quote(operand))));
    }
    Ok(match metric.unit() {
        Unit::Seconds if metric == Metric::RECOVERY => units::moment(operand, protocol)?.as_nanos() as f64 / 1e9,
        Unit::Seconds => units::duration(operand, protocol)?.as_nanos() as f64 / 1e9,
        Unit::Ratio => ratio(written, operand, op, metric)?,
        Unit::Per => Decimal::parse(operand.strip_suffix("/s").unwrap_or(operand))
            .ok_or_else(|| not_a(operand, "number").help("a bound is an operator and a number: `<= 0.5`"))?
            .to_f64(),
        Unit::Count => count(operand)?.to_f64(),
    })
}

fn split_operator(text: &str) -> Result<(Op, &str), Misread> {
    let is_operator = |c: char| "<>=!≤≥~".contains(c);
    let operand = text.trim_start_matches(is_operator);
    let meant = match &text[..text.len() - operand.len()] {
        "" => return Ok((Op::Eq, operand.trim_start())),
        "=>" | "≥" => Some(">="),
        "=<" | "≤" => Some("<="),
        "=" => Some("=="),
        operator => match Op::spelled(operator) {
            Ok(op) => return Ok((op, operand.trim_start())),
            Err(_) => None,
        },
    };
    let operator = &text[..text.len() - operand.len()];
    let unknown = words::unknown("operator", operator, Op::WORDS.iter().map(|(_, word)| word));
    Err(Misread { meant: meant.map(str::to_owned), ..unknown })
}

fn ratio(written: &str, operand: &str, op: Op, metric: Metric) -> Result<f64, Misread> {
    let number = match Decimal::split(operand) {
        Some((number, "%")) => number.shifted(2),
        Some((number, "")) => number,
        _ => return Err(not_a(operand, "ratio").help("a ratio is `0.97` or `97%`")),
    };
    let value = number.to_f64();
    let above = value > 1.0 || (value == 1.0 && op == Op::Gt);
    if above {
        let verdict = if matches!(op, Op::Lt | Op::Le) { "always holds" } else { "can never hold" };
        return Err(Misread::new(format!("`{metric} {written}` {verdict}: a ratio lies between 0 and 1"))
            .help("a ratio is `0.97` or `97%`"));
    }
    Ok(value)
}

fn count(operand: &str) -> Result<Decimal, Misread> {
    let forms = "a bound on a count is an operator and a whole number: `== 0`, `>= 3`";
    let number = Decimal::parse(operand).ok_or_else(|| not_a(operand, "number").help(forms))?;
    match number.times(1) {
        Some((_, true)) => Ok(number),
        _ => Err(not_a(operand, "whole number").help(forms)),
    }
}
