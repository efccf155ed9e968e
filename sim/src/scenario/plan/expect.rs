//! What must come of a run: bounds, floors, and the class of failure that a negative scenario asks for.

use crate::scenario::Metric;
use crate::words::Class;

/// What must be true of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expect {
    /// Bounds on metrics, in file order.
    pub bounds: Vec<Expectation>,
    /// The scenario is negative: it passes only if the run fails in this way.
    pub violation: Option<Class>,
}

/// A bound on a metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// What is bounded.
    pub metric: Metric,
    /// The tag of the window it is measured in; `None`: the whole run.
    pub window: Option<String>,
    /// The bound.
    pub bound: Bound,
    /// The line of the file (1-based).
    pub line: usize,
}

/// What a file expects when it runs under another variant.
#[derive(Clone, Debug, PartialEq)]
pub struct VariantExpect {
    /// How the run fails; `None`: it passes.
    pub class: Option<Class>,
    /// Bounds on metrics, in file order.
    pub bounds: Vec<Expectation>,
    /// The line of the file (1-based).
    pub line: usize,
}

/// A comparison with a number.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// The comparison.
    pub op: Op,
    /// In the metric's unit ([`Metric::unit`]).
    pub value: f64,
    /// As it was written: `>= 0.97`.
    pub text: String,
}

impl Bound {
    /// The measured `value`, in the metric's unit, is within the bound.
    pub fn holds(&self, value: f64) -> bool {
        match self.op {
            Op::Lt => value < self.value,
            Op::Le => value <= self.value,
            Op::Eq => value == self.value,
            Op::Ge => value >= self.value,
            Op::Gt => value > self.value,
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

/// A count that the run must reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Floor {
    /// What is counted.
    pub metric: Metric,
    /// How many there must be.
    pub least: u64,
    /// The line of the file (1-based).
    pub line: usize,
}
