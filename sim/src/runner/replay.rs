//! A bundle's run again: what it drew is given to it by name.

use super::run::{CHAOS, run_drawing};
use super::{Bundled, Defaults, Spec};
use crate::bundle::Replayed;
use crate::history::{Keep, Observer};
use crate::world::decisions::Ledger;

/// Runs `bundled` again, seen by `beside` too.
///
/// # Errors
///
/// What is wrong with the bundle's decisions.
pub fn replay(bundled: &mut Bundled, beside: Option<Box<dyn Observer>>) -> Result<Replayed, String> {
    let Bundled { bundle, spec, .. } = bundled;
    // What chaos drew stands in the scenario.
    let log = bundle.decisions()?.without(CHAOS);
    let ledger = Ledger::replaying(log.clone());
    let streams = || spec.streams();
    let defaults = Defaults::of([&*spec]);
    let mut report = defaults.run_drawing(spec, &streams().kept_in(&ledger), beside);
    if let Some(moment) = report.moment() {
        let around = Spec { keep: Keep::Around(moment), ..spec.clone() };
        let streams = streams().kept_in(&Ledger::replaying(log));
        report.kept = run_drawing(&around, &streams, []).kept;
    }
    Ok(Replayed { was: bundle.identity.clone(), report, agreement: ledger.agreement() })
}
