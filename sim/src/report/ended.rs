//! How a request ended: with all that was planned, or before.

use crate::words::figures::{count, counted};

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// What it is about: `run`, `variant`, `margin`, `seed`.
    pub what: &'static str,
    /// So many were judged.
    pub judged: u64,
    /// So many were asked for.
    pub planned: u64,
    /// Why there are no more, if more were asked for.
    pub why: Why,
}

/// Why a request may end early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Somebody interrupted it.
    Interrupted,
    /// So many runs failed as were to end it.
    Failures(u64),
}

impl Ended {
    /// Did it end early?
    pub fn is_early(&self) -> bool {
        self.judged < self.planned
    }

    /// `interrupted: 37 of 448 runs`, `stopped after 1 failure: 37 of 448 runs`; `None` where all were judged.
    pub fn early(&self) -> Option<String> {
        let why = match self.why {
            Why::Interrupted => "interrupted".to_owned(),
            Why::Failures(number) => format!("stopped after {}", counted(number, "failure")),
        };
        let (judged, planned) = (count(self.judged), counted(self.planned, self.what));
        self.is_early().then(|| format!("{why}: {judged} of {planned}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_judged_to_the_last_run_did_not_end_early() {
        let of = |judged, why| Ended { what: "run", judged, planned: 1_448, why }.early();
        assert_eq!(of(37, Why::Interrupted).as_deref(), Some("interrupted: 37 of 1,448 runs"));
        assert_eq!(of(37, Why::Failures(1)).as_deref(), Some("stopped after 1 failure: 37 of 1,448 runs"));
        assert_eq!([of(1_448, Why::Interrupted), of(1_448, Why::Failures(2))], [None, None]);
    }
}
