//! What a valid scenario is: plain data, as its tables declare it, with the defaults of what a file leaves out, the limits of what it
//! may ask, and the rules of what fits together.
//!
//! | file       | what it holds                                                          |
//! |------------|------------------------------------------------------------------------|
//! | `file`     | the whole file: what stands above its tables, reading and printing     |
//! | `timeline` | when a step acts                                                       |
//! | `cluster`  | nodes, Raft's times, and what variants change                          |
//! | `network`  | networks and links, profiles, distributions                            |
//! | `hardware` | disk, processor, lanes                                                 |
//! | `claims`   | `[claims]` and `[checks]`                                              |
//! | `chaos`    | what a scenario leaves to the seed                                     |
//! | `workload` | what clients do                                                        |
//! | `expect`   | `[expect]` and `[floors]`                                              |
//! | `size`     | how much a run may ask of the machine                                  |
//!
//! Simulated time is [`Duration`](std::time::Duration) since the start of the run, exact to the nanosecond.

mod chaos;
mod claims;
mod cluster;
mod expect;
mod file;
mod hardware;
mod network;
mod size;
mod timeline;
mod workload;

use std::{collections::BTreeMap, marker::PhantomData};

use serde_json::{Map, Value as Json, json};

pub(super) use self::file::{keys, read};
pub use self::{
    chaos::*, claims::*, cluster::*, expect::*, file::*, hardware::*, network::*, size::*, timeline::*, workload::*,
};
use super::table::{
    Definitions, Entries, Keys as Put, Kind, Raw, Reader, Table, VARIANT, Value as _, every, inner, misfit,
};

/// A table for each variant.
struct ByVariant<T>(&'static str, PhantomData<T>);

/// `named` is what the JSON Schema calls it.
const fn by_variant<T: Table>(named: &'static str) -> ByVariant<T> {
    ByVariant(named, PhantomData)
}

impl<T: Table> ByVariant<T> {
    /// What one leaves out is as in `base`.
    fn read_over(
        &self,
        base: Option<&T>,
        key: &str,
        raw: Raw<'_>,
        reader: &mut Reader<'_>,
    ) -> Option<BTreeMap<String, T>> {
        let Some(entries) = Entries::of(raw) else { return reader.report.shape(misfit("a table", key, raw)) };
        let read = entries.all().into_iter().map(|(name, raw)| {
            let of = inner().read_over(base, name.get_ref(), raw, reader);
            let name = reader.report.take((VARIANT.read)(name.get_ref(), None), name.span());
            Some((name?, of?))
        });
        Some(every(read)?.into_iter().collect())
    }
}

impl<T: Table> Kind for ByVariant<T> {
    type Of = BTreeMap<String, T>;

    fn schema(&self, definitions: &mut Definitions<'_>) -> Json {
        definitions.named(self.0, |definitions| {
            let of = definitions.table::<T>();
            let tables: Map<String, Json> =
                definitions.variants.iter().map(|name| ((*name).to_owned(), of.clone())).collect();
            json!({ "type": "object", "properties": tables, "additionalProperties": false })
        })
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<Self::Of> {
        self.read_over(None, key, raw, reader)
    }

    fn toml(&self, value: &Self::Of) -> String {
        let tables = value.iter();
        tables.fold(Put::default(), |keys, (name, of)| keys.key(name, of.put(None, Put::default()))).toml()
    }
}
