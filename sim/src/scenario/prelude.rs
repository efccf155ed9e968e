//! What every table of the file is declared with: kinds of values, where they stand, and what is wrong with them.

pub(super) use super::{
    Bytes, Ppm, Problem,
    problem::quote_all,
    table::*,
    units::{self, Decimal, decimal, ends, not_a, written},
};
pub(super) use crate::words::{self, Misread, Spelled, quote};
pub(super) use serde_json::{Value as Json, json};
pub(super) use std::{collections::BTreeMap, fmt, marker::PhantomData, ops::Range, str::FromStr, time::Duration};
