//! What nearly every command speaks of.

pub(super) use super::{
    Format, Selection, Stop, cores, fresh_process, interrupt, knobs, on, positive, refuse, under, warn,
};
pub(super) use clap::Args;
pub(super) use leasehold_sim::history::Keep;
pub(super) use leasehold_sim::report::{Ended, Status, Style, Why};
pub(super) use leasehold_sim::runner::{Places, Spec, Wish};
pub(super) use leasehold_sim::scenario::Engine;
pub(super) use leasehold_sim::verdict::RunReport;
pub(super) use std::io::{self, BufWriter, Write};
pub(super) use std::num::NonZeroUsize;
pub(super) use std::path::{Path, PathBuf};
pub(super) use std::str::FromStr;
pub(super) use std::sync::atomic::Ordering;
