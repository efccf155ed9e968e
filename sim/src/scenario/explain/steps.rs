//! The timeline, a sentence a step.

use std::time::Duration;

use super::words::{counted, is_drawn, listed, sides, time, who};
use crate::scenario::{
    Action, Crash, Cut, MembershipChange, Moment, Partition, Pause, PausedClock, Scenario, Selector, Step, When,
};

pub(super) fn told(scenario: &Scenario) -> Vec<String> {
    if scenario.timeline.iter().all(|step| matches!(step.action, Action::Tag { .. })) {
        let windows = scenario.timeline.iter().map(one);
        return ["No fault is injected.".to_owned()].into_iter().chain(windows).collect();
    }
    scenario.timeline.iter().map(one).collect()
}

fn one(step: &Step) -> String {
    format!("{}: {}.", when(step.at), what(&step.action))
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
        Action::Transfer { from, to } => {
            format!("{} is asked to hand leadership to {}{}", who(*from), who(*to), drawn(&[*from, *to]))
        }
        Action::Partition(partition) => cut(partition),
        Action::Crash(Crash { node, lasts }) => {
            let back = match lasts {
                Some(lasts) => format!("started again {} later on what its disk had synced", time(*lasts)),
                None => "stays down until something heals it".to_owned(),
            };
            format!("the process of {} is killed, and {back}{}", who(*node), drawn(&[*node]))
        }
        Action::Pause(Pause { node, lasts, clock }) => {
            let many = *node == Selector::Followers;
            let (stands, clock) = match (many, clock) {
                (false, PausedClock::Running) => ("stands", "its clock goes on"),
                (false, PausedClock::Frozen) => ("stands", "its clock stands still too"),
                (true, PausedClock::Running) => ("stand", "their clocks go on"),
                (true, PausedClock::Frozen) => ("stand", "their clocks stand still too"),
            };
            format!("{} {stands} still {}; {clock}{}", who(*node), lasting(*lasts), drawn(&[*node]))
        }
        Action::Membership(change) => format!("the leader is asked to {}{}", changed(change), drawn(&change.named())),
        Action::Heal => "whatever lasts is over: every partition, pause and downtime".to_owned(),
    }
}

fn changed(change: &MembershipChange) -> String {
    let all = |nodes: &[Selector]| listed(&nodes.iter().copied().map(who).collect::<Vec<_>>());
    match change {
        MembershipChange::AddLearner(node) => format!("add {} as a learner", who(*node)),
        MembershipChange::Promote(node) => format!("give {} a vote", who(*node)),
        MembershipChange::Demote(node) => format!("make a learner of {}", who(*node)),
        MembershipChange::Remove(node) => format!("remove {}", who(*node)),
        MembershipChange::Joint { add, remove } => {
            let add = (!add.is_empty()).then(|| format!("give a vote to {}", all(add)));
            let remove = (!remove.is_empty()).then(|| format!("remove {}", all(remove)));
            let parts: Vec<String> = add.into_iter().chain(remove).collect();
            format!("{}, by a joint configuration", listed(&parts))
        }
    }
}

fn cut(partition: &Partition) -> String {
    let [first, second] = sides(partition);
    let apart = if partition.one_way {
        format!("{first} cannot reach {second}, but hears them")
    } else {
        format!("{first} and {second} cannot reach each other")
    };
    let fate = match partition.how {
        Cut::Drop => "what is sent meanwhile is lost",
        Cut::Hold => "what is sent meanwhile arrives afterwards",
        Cut::Flight => "what is sent meanwhile is lost, and so is what is under way",
    };
    let drawn = drawn(&partition.sides.concat());
    format!("{} {apart}; {fate}{drawn}", lasting(partition.lasts))
}

fn lasting(lasts: Option<Duration>) -> String {
    lasts.map_or_else(|| "until something heals it".to_owned(), |lasts| format!("for {}", time(lasts)))
}

fn drawn(selectors: &[Selector]) -> &'static str {
    if selectors.iter().any(|selector| is_drawn(*selector)) { " (who, the seed says)" } else { "" }
}
