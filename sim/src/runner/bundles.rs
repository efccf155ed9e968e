//! Bundles: which runs leave one, and what is run of one.

use super::request::{Group, find_finder, read_at};
use super::run::rerun_drawing;
use super::{Spec, revisit};
use crate::bundle::{Bundle, Contents, EXTENSION, Writer};
use crate::history::{Keep, Observer, Record};
use crate::report::{run_name, title};
use crate::scenario::{Class, Scenario, Seeds, print};
use crate::verdict::RunReport;
use crate::words::words;
use crate::world::decisions::Ledger;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Cursor, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

words! {
    /// Which runs leave a bundle.
    #[derive(Default)]
    pub enum Leaves: "choice of runs that leave a bundle" {
        /// Those that are not as expected, the first few of each kind.
        #[default] Failures = "failures",
        /// All.
        Always = "always",
        /// None.
        Never = "never",
    }
}

/// So many runs that are not as expected leave a bundle, of those that fail in the same way.
const FEW: u32 = 3;

/// So many events of a run are kept at most, the last.
const MOST_EVENTS: u64 = 1_000_000;

/// A way to fail: of a scenario, under a variant, with the first failure's class and check.
type Kind = (PathBuf, String, Option<(Class, String)>);

/// A folder of bundles.
pub struct Bundles {
    folder: PathBuf,
    leaves: Leaves,
    /// How many of each kind there are.
    kept: BTreeMap<Kind, u32>,
}

impl Bundles {
    /// In `folder`, which is made when it is needed.
    pub fn new(folder: PathBuf, leaves: Leaves) -> Self {
        Self { folder, leaves, kept: BTreeMap::new() }
    }

    /// Makes the bundle of `spec`'s run, on which `report` is, if that leaves one; returns where it is.
    ///
    /// # Errors
    ///
    /// What the file system says.
    pub fn keep(&mut self, spec: &Spec, report: &RunReport) -> io::Result<Option<PathBuf>> {
        if !self.wants(report) {
            return Ok(None);
        }
        fs::create_dir_all(&self.folder)?;
        let path = self.folder.join(format!("{}.{EXTENSION}", run_name(report)));
        // Who finds it finds all of it; another process may write the bundle of the same run.
        let part = path.with_extension(format!("{}.part", std::process::id()));
        let mut file = write(spec, report, BufWriter::new(File::create(&part)?))?;
        file.flush()?;
        fs::rename(&part, &path)?;
        Ok(Some(path))
    }

    fn wants(&mut self, report: &RunReport) -> bool {
        match self.leaves {
            Leaves::Never => false,
            Leaves::Always => true,
            Leaves::Failures if report.verdict.as_expected => false,
            Leaves::Failures => {
                let first = report.verdict.failures.first().map(|failure| (failure.class, failure.check.clone()));
                let kept = self.kept.entry((report.path.clone(), report.under(), first)).or_default();
                *kept += 1;
                *kept <= FEW
            }
        }
    }
}

/// Writes the bundle of `spec`'s run, on which `report` is, to `out`, and gives that back. The run is made again for it.
///
/// # Errors
///
/// What `out` says.
pub fn write<W: Write + Seek + Send + 'static>(spec: &Spec, report: &RunReport, out: W) -> io::Result<W> {
    let mut report = report.clone();
    if report.kept.is_empty() {
        revisit(&mut report, spec);
    }
    let ledger = Ledger::recording();
    let writer = Writer::new(out, &Contents { report: &report, scenario: as_run(spec), most_events: MOST_EVENTS })?;
    let writer = Arc::new(Mutex::new(Some(writer)));
    rerun_drawing(spec, &spec.streams().kept_in(&ledger), Box::new(Seen(Arc::clone(&writer))));
    let writer = writer.lock().take();
    writer.expect("nobody else takes it").finish(&ledger.take())
}

/// The bundle of `spec`'s run, on which `report` is, in memory; people call it as the run.
///
/// # Errors
///
/// It could not be made.
pub fn in_memory(spec: &Spec, report: &RunReport) -> Result<Bundle, String> {
    let name = format!("{}, variant {}, seed {}", title(&report.path), report.under(), report.seed);
    let bytes = write(spec, report, Cursor::new(Vec::new())).map_err(|error| format!("{name}: {error}"))?;
    Bundle::read(name, Box::new(bytes))
}

/// The scenario of a run, as the text of a file: with what the seed drew, and what its file says of every variant.
fn as_run(spec: &Spec) -> String {
    let whole = spec.default.as_ref().unwrap_or(&spec.scenario);
    let drawn = Spec { scenario: Arc::clone(whole), ..spec.clone() }.drawn().scenario;
    print(&Scenario { seeds: Seeds::one(spec.seed), ..(*drawn).clone() })
}

struct Seen<W: Write + Seek>(Arc<Mutex<Option<Writer<W>>>>);

impl<W: Write + Seek + Send> Observer for Seen<W> {
    fn record(&mut self, record: &Record) -> bool {
        if let Some(writer) = self.0.lock().as_mut() {
            writer.take(record);
        }
        true
    }
}

/// What a bundle gives to run.
pub struct Bundled {
    /// The bundle.
    pub bundle: Bundle,
    /// Its scenario, as it was drawn, under its variant.
    pub group: Group,
    /// Its run.
    pub spec: Spec,
    /// What failed first; `None`: nothing.
    pub failed: Option<(Class, String)>,
}

impl Bundled {
    /// The bundle at `path`.
    ///
    /// # Errors
    ///
    /// In a line that begins with the path: what is wrong with it, or what it needs that this leasehold has not.
    pub fn open(path: &Path) -> Result<Self, String> {
        Self::of(Bundle::open(path)?)
    }

    /// That of a bundle.
    ///
    /// # Errors
    ///
    /// As [`Bundled::open`].
    pub fn of(bundle: Bundle) -> Result<Self, String> {
        let wrong = |words: String| format!("{}: {words}", bundle.name());
        let identity = &bundle.identity;
        let failed = identity.class().map_err(wrong)?.zip(identity.failed.as_ref().map(|failed| failed.check.clone()));
        failed.iter().try_for_each(|(_, check)| find_finder(check)).map_err(wrong)?;
        let group = read_at(&bundle.path(), &bundle.scenario, &identity.variant, bundle.load);
        let group = group.map_err(|words| {
            let is_missing = identity.built.planted && !cfg!(feature = "planted");
            let why = "\nthe bundle's leasehold was built with the feature `planted`, this one is not: some variants are not in it";
            wrong(words + if is_missing { why } else { "" })
        })?;
        let spec = group.spec(identity.seed, Keep::Nothing);
        Ok(Self { bundle, group, spec, failed })
    }
}
