//! What is written to files that are named on the command line: events of runs, and how much room they have; scenarios.

use super::prelude::*;
use leasehold_sim::report::Stored;
use leasehold_sim::runner::store_events;
use leasehold_sim::scenario;
use leasehold_sim::words::figures::counted;
use std::fs::File;
use std::io;

/// A number of bytes: `256MB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size(u64);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const UNITS: [(&str, u64); 4] = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000), ("B", 1)];
        let size = |(unit, bytes): &(&str, u64)| {
            let number: u64 = text.strip_suffix(unit)?.trim_end().parse().ok()?;
            number.checked_mul(*bytes).filter(|bytes| *bytes > 0)
        };
        let size = UNITS.iter().find_map(size);
        size.map(Self).ok_or_else(|| "a size is `500B`, `64kB`, `256MB` or `2GB`, and not zero".to_owned())
    }
}

/// A folder for events files, with a limit.
pub(super) struct Out {
    dir: PathBuf,
    per_run: u64,
    left: u64,
    /// Runs of which the first events are missing.
    shortened: u64,
    /// Runs of which all are.
    missing: u64,
}

impl Out {
    pub(super) fn new(dir: PathBuf, Size(per_run): Size, Size(left): Size) -> Self {
        Self { dir, per_run, left, shortened: 0, missing: 0 }
    }

    /// Keeps the events of `spec`'s run, on which `report` is.
    pub(super) fn store(&mut self, spec: &Spec, report: &RunReport) -> io::Result<Stored> {
        if self.left == 0 {
            self.missing += 1;
            return Ok(Stored::Nowhere);
        }
        let (stored, bytes) = store_events(spec, report, &self.dir, self.per_run.min(self.left))?;
        if matches!(stored, Stored::In { dropped: 1.., .. }) {
            self.shortened += 1;
            // What is left is too little for the next event.
            self.left = if self.left <= self.per_run { 0 } else { self.left - bytes };
        } else {
            self.left -= bytes;
        }
        Ok(stored)
    }

    /// What is missing; `None`: nothing is.
    pub(super) fn shortage(&self) -> Option<String> {
        let of = |number: u64, what: &str| (number > 0).then(|| format!("{what} of {}", counted(number, "run")));
        let missing: Vec<String> =
            [of(self.shortened, "the first events"), of(self.missing, "all events")].into_iter().flatten().collect();
        let words = missing.join(" and ");
        (!missing.is_empty()).then(|| format!("--out: no room for {words}; see --out-per-run and --out-total"))
    }
}

/// A file for a scenario, by whose name the scenario is known.
pub(super) fn new_scenario(path: &str) -> Result<PathBuf, String> {
    scenario::name_in(Path::new(path)).map(|_| PathBuf::from(path))
}

/// Writes `text` to a file, which must not be there yet, and says on standard error where it is; without one, to standard output.
pub(super) fn write_new(path: Option<&Path>, text: &str) -> Result<(), Stop> {
    let Some(path) = path else { return Ok(io::stdout().write_all(text.as_bytes())?) };
    let written = File::create_new(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| Stop::Refused(format!("error: --out {}: {error}", path.display())))?;
    eprintln!("{}", path.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_a_unit() {
        let of = |text: &str| text.parse::<Size>().ok().map(|Size(bytes)| bytes);
        assert_eq!([of("500B"), of("64kB"), of("2 GB")], [Some(500), Some(64_000), Some(2_000_000_000)]);
        assert_eq!([of("500"), of("0MB"), of("MB"), of("-1B"), of("99999999999GB")], [None; 5]);
    }
}
