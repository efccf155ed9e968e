//! Planted bugs: each must be seen, and each check must see one.
//!
//! | case                         | what it does                                                                              |
//! |------------------------------|-------------------------------------------------------------------------------------------|
//! | `planted receipt-time-base`  | runs the variant's scenario, seed by seed, until something tells; fails with its story if nothing does |
//! | `no check kills nothing`     | over all of these                                                                           |
//! | `snapshot matrix`            | compares what saw what, and at which seed, with `snapshots/matrix.snap`                     |
//!
//! That the default variant shows nothing in the same scenarios is a case of `sim/tests/scenarios/`; the whole matrix, chaos and
//! the default included, is `leasehold matrix`.

use leasehold_sim::mutant::{Kind, variants};
use leasehold_sim::runner::Places;
use leasehold_sim::runner::matrix::{Search, Target, dead_checks, targets};
use leasehold_sim::verdict::Row;
use libtest_mimic::{Arguments, Failed, Trial};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

fn main() {
    let arguments = Arguments::from_args();
    let root = repository();
    std::env::set_current_dir(&root).unwrap_or_else(|error| panic!("{}: {error}", root.display()));
    let places = Places { roots: vec![root.join("scenarios")], cwd: root };
    let guilty: Vec<_> = variants().filter(|variant| variant.kind != Kind::Default).collect();
    let targets = targets(&guilty, &places, None).unwrap_or_else(|refusals| panic!("{}", refusals.render(false)));
    let cells: Vec<Arc<Cell>> = targets.into_iter().map(|target| Arc::new(Cell::new(target))).collect();
    let mut trials: Vec<Trial> = cells.iter().map(|cell| planted(Arc::clone(cell))).collect();
    let (dead, pinned) = (cells.clone(), cells);
    trials.push(Trial::test("no check kills nothing", move || none_is_dead(&dead)));
    trials.push(Trial::test("snapshot matrix", move || snapshot(&pinned)));
    libtest_mimic::run(&arguments, trials).exit()
}

fn repository() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}

/// A variant, and its row: made once, by whichever case comes first.
struct Cell {
    target: Target,
    row: OnceLock<Row>,
}

impl Cell {
    fn new(target: Target) -> Self {
        Self { target, row: OnceLock::new() }
    }

    fn row(&self) -> &Row {
        self.row.get_or_init(|| self.target.row(Search::GATE))
    }
}

fn planted(cell: Arc<Cell>) -> Trial {
    let name = format!("planted {}", cell.target.variant().name);
    Trial::test(name, move || cell.row().complaint().map_or(Ok(()), |story| Err(Failed::from(story))))
}

fn none_is_dead(cells: &[Arc<Cell>]) -> Result<(), Failed> {
    let rows: Vec<Row> = cells.iter().map(|cell| cell.row().clone()).collect();
    let dead = dead_checks(&rows);
    if dead.is_empty() { Ok(()) } else { Err(Failed::from(dead.join("\n"))) }
}

/// A detection by another check than the table says is no failure: it is told here.
fn snapshot(cells: &[Arc<Cell>]) -> Result<(), Failed> {
    let mut told = String::new();
    for row in cells.iter().map(|cell| cell.row()) {
        let (name, seen) = (row.variant.name, row.variant.seen);
        let by = row.first().map_or("nothing".to_owned(), |first| format!("{} at seed {}", first.by, first.seed));
        let scenario = row.variant.scenario().unwrap_or("no scenario");
        let instead = seen.filter(|_| row.by_another()).map_or(String::new(), |seen| format!(", not {}", seen.by));
        let checks = row.checks.iter().copied().collect::<Vec<_>>().join(" ");
        // A String does not refuse text.
        let _ = writeln!(told, "{name}: {scenario}, {by}{instead}; in all: {checks}");
    }
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(repository().join("snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_description("what is seen of each planted bug; `cargo insta review` after a change that is meant");
    // insta reports by panicking, and libtest-mimic takes a panic for a failure.
    settings.bind(|| insta::assert_snapshot!("matrix", told));
    Ok(())
}
