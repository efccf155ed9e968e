//! The tables of a scenario file, each in the file of what it says.

mod expect;

use std::collections::BTreeMap;

pub use self::expect::*;
use super::table::{Entries, Name, Raw, Reader, Table, misfit};

/// A table for each variant; what one leaves out is as in `base`.
fn by_variant<T: Table>(
    base: Option<&T>,
    key: &str,
    raw: Raw<'_>,
    reader: &mut Reader<'_>,
) -> Option<BTreeMap<String, T>> {
    let Some(entries) = Entries::of(raw) else { return reader.report.shape(misfit("a table", key, raw)) };
    let read = entries.all().into_iter().map(|(name, raw)| {
        let of = match Entries::of(raw) {
            Some(entries) => T::read(base, &entries, reader),
            None => reader.report.shape(misfit("a table", name.get_ref(), raw)),
        };
        Some((Name("a variant's name").of(name.get_ref(), name.span(), reader)?, of?))
    });
    read.collect::<Vec<_>>().into_iter().collect()
}
