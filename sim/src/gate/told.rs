//! An outcome in words: what is told, in which order, and how much of it. How it is set, as a screen or as Markdown, is another file's.

use super::fate::Fate;
use super::groups::Group;
use super::outcome::Ended;
use super::prelude::*;
use crate::report::Status;

/// So many kinds of failure are told in full.
pub(super) const GROUPS: usize = 6;
/// So many scenarios of each, and of what was not run.
pub(super) const SCENARIOS: usize = 6;
/// So many seeds of each.
const SEEDS: usize = 5;

/// `a, b and 3 more`.
pub(super) fn some(all: impl IntoIterator<Item = String>, most: usize) -> String {
    let all: Vec<String> = all.into_iter().collect();
    match all.len().checked_sub(most).filter(|more| *more > 0) {
        Some(more) => format!("{} and {more} more", all[..most].join(", ")),
        None => all.join(", "),
    }
}

/// Real time, in whole units: `48s`, `12m`, `3h 20m`.
pub(super) fn real(time: Duration) -> String {
    let minutes = time.as_secs() / 60;
    match (minutes / 60, minutes % 60) {
        (0, 0..3) => duration(time),
        (0, minutes) => format!("{minutes}m"),
        (hours, 0) => format!("{hours}h"),
        (hours, minutes) => format!("{hours}h {minutes}m"),
    }
}

/// Groups for which there is no room: how many kinds of each class, check and variant.
pub(super) fn hidden<'a>(groups: impl Iterator<Item = &'a Group>) -> Vec<String> {
    let mut of: BTreeMap<(String, &str), u64> = BTreeMap::new();
    groups.for_each(|group| *of.entry((group.kind.name(), &group.kind.variant)).or_default() += 1);
    let told = |((name, variant), kinds): (&(String, &str), &u64)| {
        format!("{} of {name}, variant {variant}", counted(*kinds, "kind"))
    };
    of.iter().map(told).collect()
}

impl Ended {
    /// What was gated: `gate nightly, commit 1f0c9a7e55b6`.
    pub(super) fn head(&self) -> String {
        format!("gate {}, commit {}", self.request.name, self.request.commit)
    }

    /// The command that runs the same again.
    pub(super) fn again(&self) -> String {
        format!("leasehold gate {} --commit {}", self.request.name, self.request.commit)
    }

    /// How many runs there were, in how long, with which seeds.
    pub(super) fn runs(&self) -> String {
        let (took, time) = (real(self.took), real(self.request.profile.time));
        let more = if self.more > 0 {
            format!(", {} of them because there was time", count(self.more))
        } else {
            String::new()
        };
        let seeds = match &self.seeds[..] {
            [] => "no seed is drawn from the commit".to_owned(),
            seeds => format!("seeds of the commit: {}", some(seeds.iter().map(u64::to_string), SEEDS)),
        };
        format!("{}{more}, in {took} of {time}; {seeds}", counted(self.judged, "run"))
    }

    /// The verdict in a word or two.
    pub(super) fn verdict(&self) -> &'static str {
        match self.status {
            Status::AsExpected => "passes",
            Status::OutOfTime => "is incomplete",
            Status::Interrupted => "was interrupted",
            Status::Vacuous | Status::Failed | Status::Nondeterministic | Status::Harness => "fails",
        }
    }

    /// Why; empty where all is well.
    pub(super) fn reasons(&self) -> Vec<String> {
        let fates = |is: fn(Fate) -> bool| self.known.iter().filter(|(_, fate)| is(*fate)).count() as u64;
        let new = self.groups.iter().filter(|group| group.known.is_none()).count() as u64;
        let (expired, gone) = (fates(|fate| fate == Fate::Expired), fates(|fate| matches!(fate, Fate::Gone(_))));
        let missing = self.owed.saturating_sub(self.judged);
        let no_time = if self.status == Status::Interrupted { "nobody waited" } else { "there was no time" };
        let reasons = [
            (new, format!("{} of failure", counted(new, "new kind"))),
            (expired, format!("{} expired", counted(expired, "known failure"))),
            (gone, format!("{} gone", counted(gone, "known failure"))),
            (missing, format!("{no_time} for {} of {}", count(missing), counted(self.owed, "run"))),
        ];
        reasons.into_iter().filter(|(number, _)| *number > 0).map(|(_, words)| words).collect()
    }

    /// What became of the known failures, a line each, those that fail the gate last.
    pub(super) fn fates(&self) -> Vec<(bool, String)> {
        let mut told: Vec<(bool, String)> =
            self.known.iter().map(|(entry, fate)| (fate.fails(), of_known(entry, *fate))).collect();
        told.sort_by_key(|(fails, _)| *fails);
        told
    }

    /// What was owed and not run, in a line each scenario and variant.
    pub(super) fn missing(&self) -> Vec<String> {
        let of = |([title, variant], [missing, all]): &([String; 2], [u64; 2])| {
            format!("{title}, variant {variant}: {} of {}", count(*missing), counted(*all, "run"))
        };
        self.not_run.iter().map(of).collect()
    }

    /// How much moved, in a line; `None`: nothing is pinned of what was run.
    pub(super) fn moves(&self) -> Option<String> {
        let moves = &self.moves;
        let number = moves.moved.len() as u64;
        if number + moves.little + moves.same == 0 {
            return None;
        }
        let worse = moves.moved.iter().filter(|moved| moved.is_worse()).count();
        let how = if number > 0 { format!(", {worse} for the worse") } else { String::new() };
        let of = counted(number, "figure");
        Some(format!(
            "{of} moved against the pins{how}; {} moved little, {} did not",
            count(moves.little),
            count(moves.same)
        ))
    }

    /// What moved: run, window, figure, pinned, now, by how much, and that as a share.
    pub(super) fn moved_rows(&self, most: usize) -> Vec<[String; 7]> {
        let shown =
            |figure: Option<Measured>, metric| figure.map_or_else(|| "-".to_owned(), |figure| figure.shown(metric));
        let row = |moved: &super::Moved| {
            let [pinned, now] = [moved.pinned, moved.now].map(|figure| shown(figure, moved.metric));
            [
                moved.run.clone(),
                moved.window.clone(),
                moved.metric.to_string(),
                pinned,
                now,
                moved.told_by(),
                moved.told_share(),
            ]
        };
        self.moves.moved.iter().take(most).map(row).collect()
    }

    /// Where drawn seeds showed nothing.
    pub(super) fn idle(&self) -> Option<String> {
        let of = self.idle.iter().map(|(title, runs)| format!("{title} ({})", count(*runs)));
        let runs = counted(self.idle.values().sum::<u64>(), "run");
        (!self.idle.is_empty())
            .then(|| format!("{runs} at a drawn seed met less than the floors ask for: {}", some(of, SCENARIOS)))
    }

    /// Runs of which nothing is pinned.
    pub(super) fn unpinned(&self) -> Option<String> {
        let runs = self.moves.unpinned.iter().cloned();
        (!self.moves.unpinned.is_empty()).then(|| format!("not pinned: {}", some(runs, SCENARIOS)))
    }
}

/// The columns of what moved.
pub(super) const MOVED: [&str; 7] = ["run", "window", "figure", "pinned", "now", "by", ""];

fn of_known(entry: &KnownFailure, fate: Fate) -> String {
    let KnownFailure { class, check, scenario, reason, link, expires, line, .. } = entry;
    let place = scenario.as_ref().map_or_else(String::new, |scenario| format!(" in {scenario}"));
    let what = format!("{class} ({check}){place}, line {line}");
    let why = format!("{reason} {link}");
    match fate {
        Fate::Seen(runs) => format!("{what}: seen in {}, known until {expires}. {why}", counted(runs, "run")),
        Fate::Unseen(runs) => format!("{what}: not seen in {}: remove it? {why}", counted(runs, "run")),
        Fate::Gone(runs) => {
            format!("{what}: not seen in {}: it is cured, or is another now: remove it. {why}", counted(runs, "run"))
        }
        Fate::Expired => format!("{what}: was to be cured by {expires}: cure it, or say until when it may wait. {why}"),
    }
}

impl Group {
    /// `stale-read (staleness), variant long-lease: 7 runs`
    pub(super) fn headline(&self) -> String {
        format!("{}, variant {}: {}", self.kind.name(), self.kind.variant, counted(self.runs, "run"))
    }

    /// Where, at which seeds, and which verbs acted in all of its runs.
    pub(super) fn places(&self) -> String {
        let scenarios = self.scenarios.iter().map(|(title, runs)| format!("{title} ({})", count(*runs)));
        let mut words = vec![format!("in {}", some(scenarios, SCENARIOS))];
        if !self.seeds.is_empty() {
            words.push(format!("seeds {}", some(self.seeds.iter().map(u64::to_string), SEEDS)));
        }
        let verbs: Vec<String> = self.always_amid().map(str::to_owned).collect();
        if !verbs.is_empty() {
            let each = if self.runs == 1 { "it" } else { "each" };
            words.push(format!("{} acted in {each}", listed(&verbs)));
        }
        words.join("; ")
    }

    /// What else failed in its runs; `None`: nothing.
    pub(super) fn others(&self) -> Option<String> {
        let others = self.beside.iter().map(|(kind, runs)| format!("{} ({})", kind.name(), count(*runs)));
        (!self.beside.is_empty()).then(|| format!("beside it {}", some(others, SCENARIOS)))
    }
}
