//! What nearly everything that shows or writes a run speaks of.

pub(super) use super::ended::Ended;
pub(super) use super::object::Object;
pub(super) use super::screen::{Screen, title};
pub(super) use super::stored::{Left, Stored};
pub(super) use super::style::{Style, aligned, indented, or_dash, terminal_width};
pub(super) use super::witness::Witness;
pub(super) use crate::history::{OpKind, Record};
pub(super) use crate::scenario::{Class, Metric, Span, Unit};
pub(super) use crate::time::SimTime;
pub(super) use crate::verdict::{Failure, FaultCount, OpMeasures, Potential, Ruling, RunReport, Took, read};
pub(super) use crate::words::Spelled;
pub(super) use crate::words::figures::{count, counted, duration, number, percent, seconds};
pub(super) use leasehold::observe::RoundCause;
pub(super) use std::collections::BTreeMap;
pub(super) use std::fs::{self, File};
pub(super) use std::io::{self, BufWriter, Write};
pub(super) use std::path::{Path, PathBuf};
pub(super) use std::time::Duration;
