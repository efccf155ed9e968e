//! How single things are called.

use std::time::Duration;

use crate::scenario::{
    Distribution, Selector,
    units::{decimal, written},
};

/// `1.5s`
pub(super) fn time(duration: Duration) -> String {
    written(duration)
}

/// `1 client`, `16 clients`.
pub(super) fn counted(number: impl Into<u64>, noun: &str) -> String {
    match number.into() {
        1 => format!("1 {noun}"),
        many => format!("{many} {noun}s"),
    }
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Who a selector names.
pub(super) fn who(selector: Selector) -> String {
    match selector {
        Selector::Node(number) => format!("n{number}"),
        Selector::Leader => "the leader".to_owned(),
        Selector::OldLeader => "whoever led before the present leader".to_owned(),
        Selector::Follower => "one of the followers".to_owned(),
        Selector::Followers => "all followers".to_owned(),
        Selector::LeaseHolder => "whoever holds the lease".to_owned(),
        Selector::Others => "all others".to_owned(),
        Selector::Majority => "a smallest majority".to_owned(),
        Selector::Minority => "a largest minority".to_owned(),
        Selector::Learner => "one of the learners".to_owned(),
        Selector::Spare => "one of those that are no members".to_owned(),
        Selector::Any => "one of the nodes".to_owned(),
        Selector::This => "the node that this happened to".to_owned(),
        Selector::Lagging => "the follower that has applied least".to_owned(),
        Selector::CaughtUp => "the follower that has applied most".to_owned(),
        Selector::Paused => "whoever stands still".to_owned(),
        Selector::Restarted => "whoever was started again last".to_owned(),
    }
}

/// The selectors that are drawn from the seed each time.
pub(super) fn is_drawn(selector: Selector) -> bool {
    selector.is_drawn() || matches!(selector, Selector::Majority | Selector::Minority)
}

/// Both sides of a partition.
pub(super) fn sides(sides: &[Vec<Selector>; 2]) -> [String; 2] {
    sides.clone().map(|side| listed(&side.into_iter().map(who).collect::<Vec<_>>()))
}

/// `20us`, or `80us to 2ms, with a median of 125us and a p99 of 500us`.
pub(super) fn spread(distribution: &Distribution) -> String {
    let [(_, least), between @ .., (_, most)] = &distribution.knots[..] else { return String::new() };
    if least == most {
        return format!("{}, always", time(*least));
    }
    let name = |per_mille: u32| match per_mille {
        500 => "a median".to_owned(),
        _ => format!("a p{}", decimal(per_mille.into(), 1)),
    };
    let between: Vec<String> =
        between.iter().map(|(per_mille, value)| format!("{} of {}", name(*per_mille), time(*value))).collect();
    let between = if between.is_empty() { String::new() } else { format!(", with {}", listed(&between)) };
    format!("{} to {}{between}", time(*least), time(*most))
}
