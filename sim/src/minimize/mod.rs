//! The smallest scenario that still fails in the same way, as a file that a person could have written.
//!
//! It starts from what a seed draws and works on the plan, never on its text. Passes follow each other, the cheap big cuts first, and again
//! until nothing gets smaller; each proposes candidates, plainest first, and the first of them that still fails is gone on from. A
//! candidate is printed, read and run as any file is: it counts if class and check are the same, and, of a variant, if the default passes.
//! Every step makes something smaller or rounder and nothing larger, so that there is an end; what comes out, put in again, comes out as it
//! is.
//!
//! | file      | what it holds                                                        |
//! |-----------|----------------------------------------------------------------------|
//! | `failure` | what must stay: class and check                                      |
//! | `trial`   | whether a candidate still fails so, under which seed                 |
//! | `ddmin`   | the fewest of many steps                                             |
//! | `time`    | an earlier end, earlier steps, round times                           |
//! | `steps`   | plainer faults                                                       |
//! | `setting` | a plainer cluster, plainer clients, and nothing asked that need not be |
//! | `size`    | how far it came                                                      |
//! | `file`    | what is written                                                      |

mod ddmin;
mod failure;
mod file;
mod setting;
mod size;
mod steps;
mod time;
mod trial;

#[cfg(test)]
mod testing;

#[cfg(test)]
pub(crate) use self::file::schema;
pub use self::{failure::Wanted, size::Size, trial::Cost};

use crate::history::{Fault, FaultPhase, Keep};
use crate::mutant::{DEFAULT, Variant};
use crate::runner::{Group, Spec, run};
use crate::scenario::{Class, Expect, Load, Scenario, Seeds, Step, When, print, step_names, text};
use crate::time::SimTime;
use crate::verdict::Ruling;
use ddmin::ddmin;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use trial::{Effort, Ground, Shown, Trials};

/// What is to be made smaller.
pub struct Start {
    shown: Shown,
    ground: Ground,
    /// Which seed of what has found it, as the file says.
    found: String,
}

/// What came of it.
pub struct Minimized {
    /// The file.
    pub text: String,
    /// How large it was.
    pub before: Size,
    /// How large it is.
    pub after: Size,
    /// What it took.
    pub cost: Cost,
    /// Nothing gets smaller. Without it, it was stopped before that was known.
    pub is_whole: bool,
}

impl Start {
    /// What `seed` draws of `group`, to be written to `out`, or to be named after what fails.
    ///
    /// # Errors
    ///
    /// One sentence: nothing fails, or the default does too.
    pub fn of(group: &Group, seed: u64, out: Option<&Path>) -> Result<Self, String> {
        let variant = group.variant;
        let of_variant = variant.name != DEFAULT.name;
        let known = text(&group.scenario.path).ok().as_deref().and_then(file::known_by).map(str::to_owned);
        let title = group.title();
        let name = out.and_then(Path::file_stem).map(|stem| stem.to_string_lossy().into_owned());
        let name = name.unwrap_or_else(|| match (&known, of_variant) {
            (Some(_), _) => group.scenario.name.clone(),
            (None, true) => variant.name.to_owned(),
            (None, false) => format!("{}-seed-{seed}", group.scenario.name),
        });
        let path = out.map_or_else(|| PathBuf::from(format!("{name}.toml")), Path::to_owned);
        let scenario = drawn(group, seed, name);
        let spec =
            Group { scenario: Arc::new(scenario.clone()), ..group.clone() }.under(variant).spec(seed, Keep::Nothing);
        let report = run(&spec);
        let under = format!("under seed {seed}, variant `{}`", variant.name);
        let Some(wanted) = Wanted::of(&report) else {
            return Err(match report.verdict.beyond_claims {
                Some(beyond) if report.verdict.ruling == Ruling::ExpectedUnsafe => {
                    format!("{title} fails {under} only beyond what it claims of its clocks: {beyond}")
                }
                _ => format!("nothing fails in {title} {under}"),
            });
        };
        if wanted.class == Class::Vacuous {
            return Err(format!(
                "{title} exercises too little {under} ({}): there is nothing to make smaller",
                wanted.check
            ));
        }
        let ground = Ground { variant, wanted, path };
        let is_known = known.is_some();
        let found = known.unwrap_or_else(|| file::found_by(&title, seed, of_variant.then_some(variant.name)));
        let about = if is_known { group.scenario.about.clone() } else { about(&ground.wanted, variant) };
        let mut begin = setting::grounded(Scenario { about, ..scenario });
        if of_variant {
            begin.expect.variants.insert(variant.name.to_owned(), ground.wanted.section());
        }
        let Wanted { class, check, .. } = ground.wanted.clone();
        let mut nobody = |_: Cost| {};
        let (stop, effort) = (AtomicBool::new(false), Effort { seeds: 0, warnings: usize::MAX });
        let mut trials = Trials::new(ground, 1, &stop, &mut nobody);
        // What else the file asks for the default may miss.
        let asked = [vec![begin.clone()], setting::unasked(&begin)].concat();
        let first = trials.first(seed, &asked, effort);
        let ground = trials.ground;
        let fails = format!("{title} fails {under} as {class} ({check})");
        let why = || match ground.fails_by_default(&begin) {
            None => format!("{fails}, and what it draws is refused as the file {}", ground.path.display()),
            Some(true) => format!("{fails}, and where nothing is planted something fails too: minimise that first"),
            Some(false) => format!("{fails}, which no file can expect of it: whatever else it did the default did too"),
        };
        let (_, shown) = first.ok_or_else(why)?;
        Ok(Self { shown, ground, found })
    }

    /// The same, of which the file says that it was found `by` this.
    #[must_use]
    pub fn found(self, by: &str) -> Self {
        Self { found: file::found(by), ..self }
    }

    /// The file, as large as it is.
    pub fn text(&self) -> String {
        file::written(&self.ground.path, &self.found, &self.ground.wanted, &self.shown)
    }

    /// What is seen, and when.
    pub fn told(&self) -> String {
        let failure = self.ground.wanted.found_in(&self.shown.report.verdict);
        failure.map(|failure| file::told(&self.ground.wanted, failure)).unwrap_or_default()
    }

    /// What must stay.
    pub fn wanted(&self) -> &Wanted {
        &self.ground.wanted
    }

    /// How large it is.
    pub fn size(&self) -> Size {
        Size::of(&self.shown.scenario)
    }

    /// Makes it smaller by runs on `jobs` threads, until nothing gets smaller or `stop` is set; `heard` is told how small it is, and what it
    /// has cost, after every trial. Unless it is stopped, what comes out does not depend on `jobs`.
    pub fn minimize(self, jobs: usize, stop: &AtomicBool, heard: &mut dyn FnMut(&Size, Cost)) -> Minimized {
        let before = self.size();
        let Self { shown, ground, found } = self;
        let size = Cell::new(before);
        let mut told = |cost| heard(&size.get(), cost);
        let trials = Trials::new(ground, jobs, stop, &mut told);
        let mut search = Search { best: shown, trials, size: &size };
        search.until_nothing_gets_smaller();
        let Search { best, trials: Trials { ground, cost, .. }, .. } = search;
        Minimized {
            text: file::written(&ground.path, &found, &ground.wanted, &best),
            before,
            after: Size::of(&best.scenario),
            cost,
            is_whole: !stop.load(Ordering::Relaxed),
        }
    }
}

/// What `seed` draws of the file as it is without variants, and nothing is expected to fail.
fn drawn(group: &Group, seed: u64, name: String) -> Scenario {
    let plain = Group { scenario: group.default.clone().unwrap_or_else(|| group.scenario.clone()), ..group.clone() };
    let drawn = (*plain.spec(seed, Keep::Nothing).drawn().scenario).clone();
    let expect = Expect { violation: None, variants: BTreeMap::new(), engines: BTreeMap::new(), ..drawn.expect };
    // What a load has made of rates they have in them.
    Scenario {
        name,
        seeds: Seeds::one(seed),
        variant: None,
        engines: Vec::new(),
        expect,
        load: Load::default(),
        ..drawn
    }
}

/// One sentence for people, where nobody has written one.
fn about(Wanted { check, class, .. }: &Wanted, variant: &Variant) -> String {
    match variant.name == DEFAULT.name {
        true => format!("What {check} found ({class}): it is red until that is gone."),
        false => {
            format!("{check} sees that {}.", variant.about.split_once(": ").map_or(variant.about, |(_, what)| what))
        }
    }
}

/// Beside the pinned one, so many seeds are tried: of what is tried often and costs much,
const FEW: u64 = 3;
/// of what is tried once that little is left,
const SOME: u64 = 7;
/// of steps at another time, by which everything falls out otherwise,
const MANY: u64 = 12;
/// and of fewer nodes at the end: how many a bug needs is to be known.
const MOST: u64 = 100;

/// The smallest so far, and how smaller ones are sought.
struct Search<'a> {
    best: Shown,
    trials: Trials<'a>,
    size: &'a Cell<Size>,
}

impl Search<'_> {
    fn until_nothing_gets_smaller(&mut self) {
        loop {
            let before = print(&self.best.scenario);
            self.round();
            if self.trials.stop.load(Ordering::Relaxed) || print(&self.best.scenario) == before {
                return;
            }
        }
    }

    fn round(&mut self) {
        self.end();
        self.greedy(0, setting::unasked);
        self.fewest_steps();
        self.end();
        self.greedy(FEW, setting::without);
        self.greedy(FEW, setting::fewer);
        self.greedy(SOME, setting::usual);
        self.greedy(MANY, time::shifts);
        self.end();
        self.each_step(SOME, steps::plainer);
        self.moments();
        for number in 0..self.best.scenario.workloads.len() {
            self.greedy(SOME, |scenario| setting::plainer(scenario, number));
        }
        self.each_step(SOME, time::rounded);
        self.greedy(MOST, setting::fewer);
        self.end();
        let all: Vec<Scenario> = setting::all_effective(&self.best.scenario).into_iter().collect();
        self.first(&all, self.effort(0));
    }

    /// The end just after what is seen. What lasts longer is warned of, and gets shorter later.
    fn end(&mut self) {
        loop {
            let Shown { scenario, report, .. } = &self.best;
            let over = Some(report.sim).filter(|over| *over < scenario.until);
            let ends = time::ends(scenario, over);
            if self.first(&ends, Effort { seeds: FEW, warnings: usize::MAX }).is_none() {
                return;
            }
        }
    }

    fn fewest_steps(&mut self) {
        let steps = self.best.scenario.timeline.clone();
        ddmin(steps, |selections: Vec<Vec<Step>>| {
            let of = |timeline: &Vec<Step>| Scenario { timeline: timeline.clone(), ..self.best.scenario.clone() };
            let candidates: Vec<Scenario> = selections.iter().map(of).collect();
            self.first(&candidates, self.effort(FEW))
        });
    }

    fn each_step(&mut self, seeds: u64, plainer: fn(&Scenario, usize) -> Vec<Scenario>) {
        for number in 0..self.best.scenario.timeline.len() {
            self.greedy(seeds, |scenario| plainer(scenario, number));
        }
    }

    /// Times instead of moments.
    fn moments(&mut self) {
        let acted = self.acted();
        for (number, acted) in acted {
            let candidates = steps::at_a_time(&self.best.scenario, number, acted);
            self.first(&candidates, self.effort(SOME));
        }
    }

    /// When each step that waited for a moment first acted.
    fn acted(&self) -> Vec<(usize, Duration)> {
        let timeline = &self.best.scenario.timeline;
        if !timeline.iter().any(|step| matches!(step.at, When::On { .. })) {
            return Vec::new();
        }
        let Some(read) = self.trials.ground.read(&self.best.scenario) else { return Vec::new() };
        let (names, records) = (step_names(timeline), run(&Spec { keep: Keep::All, ..read.spec }).kept);
        let faults = || records.iter().filter_map(|record| Some((record.at, record.what.fault()?)));
        let acted = |(number, name): (usize, &Arc<str>)| {
            let is_it = |fault: &Fault| fault.phase == FaultPhase::Activated && fault.step.name == *name;
            let (at, _) = faults().find(|(_, fault)| is_it(fault))?;
            Some((number, at.since(SimTime::default())))
        };
        names.iter().enumerate().filter_map(acted).collect()
    }

    /// Goes on to the first of what `plainer` proposes that still fails, then to the first of the rest, to its end. What has become possible
    /// before that the next round sees.
    fn greedy(&mut self, seeds: u64, plainer: impl Fn(&Scenario) -> Vec<Scenario>) {
        let mut tried = 0;
        loop {
            let candidates = plainer(&self.best.scenario);
            let rest = candidates.get(tried..).unwrap_or_default();
            match self.first(rest, self.effort(seeds)) {
                Some(number) => tried += number,
                None => return,
            }
        }
    }

    /// No more warnings than there are.
    fn effort(&self, seeds: u64) -> Effort {
        Effort { seeds, warnings: self.best.warnings }
    }

    /// Goes on to the first of `candidates` that still fails.
    fn first(&mut self, candidates: &[Scenario], effort: Effort) -> Option<usize> {
        let candidates: Vec<Scenario> = candidates.iter().cloned().map(setting::grounded).collect();
        let (number, shown) = self.trials.first(self.best.seed(), &candidates, effort)?;
        self.best = shown;
        self.size.set(Size::of(&self.best.scenario));
        Some(number)
    }
}
