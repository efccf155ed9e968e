//! One register, judged from what was read and written: by [`zones`] while its history happens, and by an `exact` search.

pub(crate) mod exact;
pub mod zones;

use exact::Machine;
use zones::{Kind, Value};

/// A register, by what happened to it.
pub(crate) struct Register<'a>(pub(crate) &'a [zones::Operation]);

impl Machine for Register<'_> {
    type State = Value;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn span(&self, operation: usize) -> (u64, Option<u64>) {
        let zones::Operation { began, ended, .. } = self.0[operation];
        (began, ended)
    }

    fn after(&self, operation: usize, value: &Value) -> Option<Value> {
        let zones::Operation { kind, ended, .. } = &self.0[operation];
        let holds = |expected: &Value| expected == value;
        match kind {
            Kind::Read(read) => holds(read).then_some(*value),
            Kind::Write(written) => Some(*written),
            Kind::Update(_, written) if ended.is_none() => Some(*written),
            Kind::Cas(expected, written) | Kind::Update(expected, written) => holds(expected).then_some(*written),
            Kind::Refused(expected, found) => (holds(found) && expected != found).then_some(*value),
        }
    }
}
