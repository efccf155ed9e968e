//! An outcome as a screen: what may wait comes first, what does not last, where eyes rest.

use super::groups::Group;
use super::outcome::Ended;
use super::plan::Plan;
use super::prelude::*;
use super::told::{GROUPS, MOVED, SCENARIOS, hidden, real, some};
use super::{Commit, Request};
use crate::report::{Status, aligned};

/// So many figures that moved are shown.
const FIGURES: usize = 12;

/// Wide enough for a table.
const WIDTH: usize = 160;

/// What a person is shown.
pub fn screen(ended: &Ended, style: Style) -> String {
    let mut parts = vec![format!("{}\n  {}\n  again: {}", style.strong(ended.head()), ended.runs(), ended.again())];
    parts.extend(ended.idle());
    parts.extend(moved(ended, style));
    let fates = ended.fates();
    if !fates.is_empty() {
        let line =
            |(fails, words): &(bool, String)| format!("  {}", if *fails { style.bad(words) } else { words.clone() });
        let lines: Vec<String> = fates.iter().map(line).collect();
        parts.push(format!("{}\n{}", style.strong("known failures"), lines.join("\n")));
    }
    let of_known = |known: bool| ended.groups.iter().filter(move |group| group.known.is_some() == known);
    let groups = of_known(true).take(GROUPS).map(|group| told(group, style.expected("known"), style));
    parts.extend(groups);
    let hidden = hidden(of_known(false).skip(GROUPS));
    if !hidden.is_empty() {
        parts.push(format!("{} {}", style.bad("new too:"), some(hidden, SCENARIOS)));
    }
    let new: Vec<String> = of_known(false).take(GROUPS).map(|group| told(group, style.bad("NEW"), style)).collect();
    // The gravest last.
    parts.extend(new.into_iter().rev());
    let missing = ended.missing();
    if !missing.is_empty() {
        let lines: Vec<String> = missing.iter().take(SCENARIOS).map(|words| format!("  {words}")).collect();
        let more = missing.len().saturating_sub(SCENARIOS);
        let more = if more > 0 { format!("\n  and of {more} more") } else { String::new() };
        parts.push(format!("{}\n{}{more}", style.strong("not run"), lines.join("\n")));
    }
    parts.push(verdict(ended, style));
    let fitted: Vec<String> = parts.iter().map(|part| style.fit(part)).collect();
    fitted.join("\n\n")
}

fn verdict(ended: &Ended, style: Style) -> String {
    let head = format!("gate {} {}", ended.request.name, ended.verdict());
    let head = match ended.status {
        Status::AsExpected => return style.good(head),
        Status::OutOfTime | Status::Interrupted => style.expected(head),
        Status::Vacuous | Status::Failed | Status::Nondeterministic | Status::Harness => style.bad(head),
    };
    format!("{head}: {}", listed(&ended.reasons()))
}

fn told(group: &Group, mark: String, style: Style) -> String {
    let mut lines = vec![format!("{mark} {}", style.strong(group.headline()))];
    lines.push(format!("  {}", group.kind.signature));
    lines.push(format!("  {}", group.places()));
    lines.extend(group.others().map(|words| format!("  {words}")));
    lines.push(format!("  first: {}", group.message));
    lines.extend(group.command.iter().map(|command| format!("  {command}")));
    lines.extend(group.bundle.iter().map(|bundle| format!("  {}", crate::report::replay(bundle))));
    lines.join("\n")
}

fn moved(ended: &Ended, style: Style) -> Option<String> {
    let mut lines = vec![style.strong(ended.moves()?)];
    let rows = ended.moved_rows(FIGURES);
    if !rows.is_empty() {
        let table = aligned(&MOVED, &[3, 4, 5, 6], &rows, WIDTH);
        lines.extend(table.lines().map(|line| format!("  {}", line.trim_end())));
    }
    let more = ended.moves.moved.len() - rows.len();
    lines.extend((more > 0).then(|| format!("  and {} more", count(more as u64))));
    lines.extend(ended.unpinned().map(|words| format!("  {words}")));
    Some(lines.join("\n"))
}

/// What `plan` would run of `request`, before anything runs.
pub fn shown(request: &Request, plan: &Plan) -> String {
    let Request { name, profile, commit } = request;
    let mut of: BTreeMap<(String, &str), [u64; 2]> = BTreeMap::new();
    for (nth, spec) in plan.specs.iter().enumerate() {
        let [owed, more] = of.entry((title(&spec.scenario.path), spec.variant.name)).or_default();
        *(if nth < plan.owed { owed } else { more }) += 1;
    }
    let row = |((title, variant), [owed, more]): (&(String, &str), &[u64; 2])| {
        [title.clone(), (*variant).to_owned(), count(*owed), if *more > 0 { count(*more) } else { String::new() }]
    };
    let rows: Vec<[String; 4]> = of.iter().map(row).collect();
    let head = ["scenario", "variant", "runs", "more, if there is time"];
    let time = real(profile.time);
    let owed = counted(plan.owed as u64, "run");
    format!("{}\n\n{}", heading(name, commit, &owed, &time, &plan.seeds), aligned(&head, &[2, 3], &rows, WIDTH))
}

fn heading(name: &str, commit: &Commit, owed: &str, time: &str, seeds: &[u64]) -> String {
    let seeds = if seeds.is_empty() { "none".to_owned() } else { some(seeds.iter().map(u64::to_string), 20) };
    format!("gate {name}, commit {commit}: {owed} in at most {time}\nseeds of the commit: {seeds}")
}
