//! Checks that a whole sweep never evaluated. One run may give a check nothing to look at; all scenarios together may not: it
//! would have proved nothing, and nobody would know.

use super::prelude::*;

/// How often each check was evaluated in all runs so far.
#[derive(Clone, Debug, Default)]
pub struct Idle {
    runs: u64,
    evaluated: BTreeMap<&'static str, u64>,
}

impl Idle {
    /// Counts a run.
    pub fn see(&mut self, report: &RunReport) {
        self.runs += 1;
        for (name, count) in &report.checks {
            *self.evaluated.entry(name).or_default() += count.evaluated;
        }
    }

    /// A line for each check that was never evaluated.
    pub fn lines(&self) -> Vec<String> {
        let idle = self.evaluated.iter().filter(|(_, evaluated)| **evaluated == 0);
        idle.map(|(name, _)| {
            let runs = counted(self.runs, "run");
            format!("check {name} was never evaluated in {runs}: no scenario exercises what it is about")
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn idle(evaluated: &[u64]) -> Vec<String> {
        let evaluated = ["one", "two"].into_iter().zip(evaluated.iter().copied()).collect();
        Idle { runs: 3, evaluated }.lines()
    }

    #[test]
    fn a_check_that_no_run_evaluated_is_idle() {
        assert_eq!(idle(&[0, 7]), ["check one was never evaluated in 3 runs: no scenario exercises what it is about"]);
        assert!(idle(&[1, 1]).is_empty());
    }
}
