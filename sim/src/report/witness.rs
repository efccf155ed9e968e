//! What sees the runs of a request: the report on standard output, and what is written beside it.

use super::ended::Ended;
use super::stored::Left;
use crate::verdict::RunReport;
use std::io;

/// Sees the runs of a request, in order.
pub trait Witness {
    /// Sees a run, and what it has left behind.
    ///
    /// # Errors
    ///
    /// What was seen could not be written.
    fn see(&mut self, report: &RunReport, left: &Left) -> io::Result<()>;

    /// There are no more.
    ///
    /// # Errors
    ///
    /// What was seen could not be written.
    fn finish(&mut self, ended: &Ended) -> io::Result<()>;
}
