//! Wrong bundles: of a good one some bytes are others, or what one of its files says.

use super::{Fate, mutate};
use crate::bundle::{Archive, Bundle, Part, diff, packed};
use crate::report::Style;
use crate::runner::{Bundled, replay};
use crate::scenario::{Class, Scenario};
use crate::words::Spelled;
use crate::world::streams::{Stream, Streams};
use std::io::Cursor;
use std::sync::Arc;
use std::time::Duration;

/// A good bundle, to be spoilt.
pub struct Spoilt {
    whole: Vec<u8>,
    parts: Vec<(Part, String)>,
    seed: u64,
}

impl Spoilt {
    /// That of these bytes.
    ///
    /// # Errors
    ///
    /// They are no bundle.
    pub fn of(whole: Vec<u8>, seed: u64) -> Result<Self, String> {
        let mut archive = Archive::open(Box::new(Cursor::new(whole.clone())))?;
        let parts = Part::all().map(|part| Ok((part, archive.text(part)?))).collect::<Result<_, String>>()?;
        Ok(Self { whole, parts, seed })
    }

    /// The bundle as it was.
    pub fn whole(&self) -> &[u8] {
        &self.whole
    }

    /// The input of this number: half of them are spoilt as a file, and half in one part, which is packed as if nothing had happened.
    pub fn input(&self, number: u64) -> Vec<u8> {
        let mut stream = Streams::new(self.seed).stream(&["fuzz", "bundle", &number.to_string()]);
        let mut whole = self.whole.clone();
        if stream.below(2) == 0 {
            spoil(&mut whole, &self.whole, &mut stream);
            return whole;
        }
        // What a replay hangs on, more often than the rest.
        const PARTS: [Part; 7] = [
            Part::Identity,
            Part::Identity,
            Part::Scenario,
            Part::Scenario,
            Part::Streams,
            Part::Decisions,
            Part::Events,
        ];
        let part = PARTS[stream.below(PARTS.len() as u64) as usize];
        let mut parts = self.parts.clone();
        for (_, text) in parts.iter_mut().filter(|(other, _)| *other == part) {
            let mut bytes = text.clone().into_bytes();
            spoil(&mut bytes, text.as_bytes(), &mut stream);
            *text = String::from_utf8_lossy(&bytes).into_owned();
        }
        packed(&parts).unwrap_or(whole)
    }
}

fn spoil(bytes: &mut Vec<u8>, other: &[u8], stream: &mut Stream) {
    for _ in 0..=stream.below(3) {
        mutate::spoil(bytes, other, stream);
    }
}

/// Judges a bundle beside a good one; replays it for `simulated`, if that is not zero.
pub(super) fn judge(bytes: Vec<u8>, good: Vec<u8>, simulated: Duration) -> Result<Fate, String> {
    let read = |bytes| Bundle::read("spoilt".to_owned(), Box::new(Cursor::new(bytes)));
    let mut bundled = match read(bytes).and_then(Bundled::of) {
        Ok(bundled) => bundled,
        Err(words) => return refused(&words),
    };
    let mut good = read(good)?;
    match diff(&mut bundled.bundle, &mut good) {
        Ok(diff) => drop(diff.told(Style::PLAIN)),
        Err(words) => return refused(&words),
    }
    if simulated.is_zero() {
        return Ok(Fate::Valid);
    }
    let until = bundled.spec.scenario.until.min(simulated);
    bundled.spec.scenario = Arc::new(Scenario { until, ..Scenario::clone(&bundled.spec.scenario) });
    let replayed = match replay(&mut bundled, None) {
        Ok(replayed) => replayed,
        Err(words) => return refused(&words),
    };
    drop(replayed.told(Style::PLAIN));
    let panic = replayed.report.verdict.failures.iter().find(|failure| failure.class == Class::Panic);
    panic.map_or(Ok(Fate::Run), |panic| Err(format!("its run panicked: {}", panic.message)))
}

/// A refusal says of which file it speaks, and something else.
fn refused(words: &str) -> Result<Fate, String> {
    let told = words.strip_prefix("spoilt: ").is_some_and(|words| !words.trim().is_empty());
    if told { Ok(Fate::Refused) } else { Err(format!("refused without a word of what is wrong, or where: {words}")) }
}
