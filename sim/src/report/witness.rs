//! What sees the runs of a request: the report on standard output, and what is written beside it.

use super::ended::Ended;
use super::stored::Stored;
use crate::verdict::RunReport;
use std::io;

/// Sees the runs of a request, in order.
pub trait Witness {
    /// Sees a run, and where its events are.
    ///
    /// # Errors
    ///
    /// What was seen could not be written.
    fn see(&mut self, report: &RunReport, events: Option<&Stored>) -> io::Result<()>;

    /// There are no more.
    ///
    /// # Errors
    ///
    /// What was seen could not be written.
    fn finish(&mut self, ended: &Ended) -> io::Result<()>;
}
