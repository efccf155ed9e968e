//! Runs as tests ask for them: of a committed scenario, of one that a test writes, or of a plain one of which a test says what is
//! different, and no more.

#![allow(dead_code, reason = "every program of tests has its own copy, and uses a part of it")]

use leasehold_sim::history::Keep;
use leasehold_sim::mutant::DEFAULT;
use leasehold_sim::runner::{Group, Places, Spec, Wish, resolve, run};
use leasehold_sim::scenario::{self, Scenario, Seeds};
use leasehold_sim::verdict::RunReport;
use std::fs::{self, File};
use std::io::Write;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the harness is a folder of the repository")
}

/// Compares a screen with `snapshots/screen__NAME.snap`.
#[track_caller]
pub(crate) fn pinned(name: &str, screen: &str) {
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(root().join("snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(format!("screen__{name}"), screen));
}

/// What is run of a committed scenario under a variant; `None`: under its own.
pub(crate) fn committed(scenario: &str, variant: Option<&str>) -> Group {
    let cwd = std::env::current_dir().expect("a working folder");
    let places = Places { cwd, roots: vec![root().join("scenarios")] };
    let variants = variant.into_iter().map(str::to_owned).collect();
    asked(&Wish { scenarios: vec![scenario.to_owned()], variants, ..Wish::default() }, &places)
}

/// What is run of the file `name` with this text under a variant, or under its own; of these seeds, or of its own.
pub(crate) fn written(name: &str, text: &str, variant: Option<&str>, seeds: Option<Seeds>) -> Group {
    let path = file(name, text);
    let places = Places::around(path.parent().unwrap_or(root()));
    let scenarios = vec![path.to_string_lossy().into_owned()];
    let variants = variant.into_iter().map(str::to_owned).collect();
    asked(&Wish { scenarios, seeds, variants, ..Wish::default() }, &places)
}

fn asked(wish: &Wish, places: &Places) -> Group {
    resolve(wish, places).unwrap_or_else(|refusals| panic!("{}", refusals.render(false))).groups.remove(0)
}

fn file(name: &str, text: &str) -> PathBuf {
    // One folder a test: they run at the same time.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{:?}", std::thread::current().id()));
    fs::create_dir_all(&folder).expect("a folder for tests");
    let path = folder.join(name).with_extension("toml");
    File::create(&path).and_then(|mut file| file.write_all(text.as_bytes())).expect("a file in it");
    path
}

/// The scenario `name` with this text.
pub(crate) fn parsed(name: &str, text: &str) -> Arc<Scenario> {
    let parsed = scenario::parse(&Path::new(name).with_extension("toml"), text);
    Arc::new(parsed.unwrap_or_else(|problems| panic!("{problems}")))
}

/// A run of it on the stack as it is, which keeps all that happened.
pub(crate) fn spec(scenario: &Arc<Scenario>, seed: u64) -> Spec {
    Spec { scenario: Arc::clone(scenario), seed, variant: &DEFAULT, default: None, keep: Keep::All, leak: false }
}

/// A scenario of these parts, to be run on the stack as it is.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a> {
    until: &'a str,
    timeline: &'a str,
    cluster: &'a str,
    load: &'a str,
}

impl<'a> Given<'a> {
    /// So much simulated time with this load of gets and puts: the lines of a `[[workload]]` of kind `kv`.
    pub(crate) fn load(until: &'a str, load: &'a str) -> Self {
        Self { until, timeline: "", cluster: "", load }
    }

    /// The steps, a line each.
    pub(crate) fn steps(self, timeline: &'a str) -> Self {
        Self { timeline, ..self }
    }

    /// The lines of `[cluster]`.
    pub(crate) fn cluster(self, cluster: &'a str) -> Self {
        Self { cluster, ..self }
    }

    /// The first seed's run, with all that happened.
    pub(crate) fn run(self) -> RunReport {
        self.run_seeds(1..=1).remove(0)
    }

    /// The runs of these seeds.
    pub(crate) fn run_seeds(self, seeds: RangeInclusive<u64>) -> Vec<RunReport> {
        let Self { until, timeline, cluster, load } = self;
        let text = format!(
            "name = \"given\"\nuntil = \"{until}\"\ntimeline = [\n{timeline}\n]\n[cluster]\n{cluster}\n\
             [[workload]]\nkind = \"kv\"\n{load}\n"
        );
        let scenario = parsed("given", &text);
        seeds.map(|seed| run(&spec(&scenario, seed))).collect()
    }
}
