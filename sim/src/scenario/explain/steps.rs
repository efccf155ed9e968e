//! The timeline, a sentence a step.

use crate::scenario::{Action, Chaos, Moment, Scenario, Step, When};
use crate::words::figures::{counted, exact as time, listed};

pub(super) fn told(scenario: &Scenario) -> Vec<String> {
    let mut lines = steps(scenario);
    lines.extend(scenario.chaos.as_ref().map(|it| chaos(it, scenario.cluster.groups)));
    lines
}

fn chaos(chaos: &Chaos, groups: u32) -> String {
    let Chaos { quiet, .. } = chaos;
    let faults = listed(&chaos.among(groups).map(|fault| format!("`{fault}`")).collect::<Vec<_>>());
    let groups = if groups > 1 { "how many groups, on which nodes and with which keys, " } else { "" };
    let shape = format!("Each seed draws how many nodes there are, {groups}their timing, network and disks");
    let which = format!("which of the faults {faults} exist at all, how often they act and on whom");
    format!("{shape}, and {which}. For the last {} nothing is wrong. Told of a seed with `--seed N`.", time(*quiet))
}

fn steps(scenario: &Scenario) -> Vec<String> {
    if scenario.chaos.is_some() && scenario.timeline.is_empty() {
        return Vec::new();
    }
    if scenario.timeline.iter().all(|step| matches!(step.action, Action::Tag { .. })) {
        let windows = scenario.timeline.iter().map(one);
        return ["No fault is injected.".to_owned()].into_iter().chain(windows).collect();
    }
    scenario.timeline.iter().map(one).collect()
}

fn one(step: &Step) -> String {
    let name = step.name.as_ref().map_or_else(String::new, |name| format!(" (`{name}`)"));
    let group = step.group.map_or_else(String::new, |group| format!(", in g{group}"));
    format!("{}{group}: {}{name}.", when(step.at), what(&step.action))
}

fn when(at: When) -> String {
    match at {
        When::At(at) => time(at),
        When::Window { from, to } => format!("{} to {}", time(from), time(to)),
        When::On { moment: Moment { phase, after, before }, from, to, times } => {
            let shift = match (after.is_zero(), before.is_zero()) {
                (false, _) => format!("{} after ", time(after)),
                (_, false) => format!("{} before ", time(before)),
                _ => "when ".to_owned(),
            };
            let times = if times == 1 { "once".to_owned() } else { format!("at most {times} times") };
            format!("{} to {}, {times}, {shift}{}", time(from), time(to), phase.about())
        }
        When::Every { from, to, every, jitter } => {
            let late = if jitter.is_zero() { String::new() } else { format!(", up to {} late", time(jitter)) };
            let times = counted(at.times(), "time");
            format!("{} to {}, every {}{late}, {times}", time(from), time(to), time(every))
        }
    }
}

fn what(action: &Action) -> String {
    match action {
        Action::Tag { name } => format!("the window `{name}`"),
        fault => fault.deed().map(|deed| deed.told()).unwrap_or_default(),
    }
}
