//! How single things are called.

use crate::scenario::{Distribution, units::decimal};

pub(super) use crate::words::figures::counted;
pub(in crate::scenario) use crate::words::figures::exact as time;

/// `a`, `a and b`, `a, b and c`.
pub(in crate::scenario) fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
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
