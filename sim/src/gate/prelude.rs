//! What nearly every file of the gate speaks of.

pub(super) use crate::report::{Style, title};
pub(super) use crate::scenario::gate::{Date, KnownFailure, Profile};
pub(super) use crate::scenario::{Class, Metric};
pub(super) use crate::verdict::{Measured, RunReport};
pub(super) use crate::words::figures::{count, counted, duration, listed, number};
pub(super) use std::collections::{BTreeMap, BTreeSet};
pub(super) use std::path::{Path, PathBuf};
pub(super) use std::time::Duration;
