//! Plainer steps: when one acts, and what it does.

use super::time::{is_tag, with};
use crate::scenario::{Moment, Scenario, Step, When};
use std::time::Duration;

/// What is plainer than the step of this number by one thing, the plainest first.
pub(super) fn plainer(scenario: &Scenario, number: usize) -> Vec<Scenario> {
    let Some(step) = scenario.timeline.get(number).filter(|step| !is_tag(step)) else { return Vec::new() };
    let unnamed = step.name.is_some().then(|| Step { name: None, ..step.clone() });
    let of_none = step.group.is_some().then(|| Step { group: None, ..step.clone() });
    let at = times(step.at).into_iter().map(|at| Step { at, ..step.clone() });
    let does = step.action.plainer().into_iter().map(|action| Step { action, ..step.clone() });
    let steps = unnamed.into_iter().chain(of_none).chain(at).chain(does);
    steps.map(|step| with(scenario, number, step)).collect()
}

fn times(at: When) -> Vec<When> {
    match at {
        When::At(_) | When::Window { .. } => Vec::new(),
        When::Every { from, to, every, jitter } => {
            let evenly = (!jitter.is_zero()).then_some(When::Every { from, to, every, jitter: Duration::ZERO });
            [When::At(from)].into_iter().chain(evenly).collect()
        }
        When::On { moment, from, to, times } => {
            let phase = Moment { after: Duration::ZERO, before: Duration::ZERO, ..moment };
            let once = (times > 1).then_some(When::On { moment, from, to, times: 1 });
            let exactly = (moment != phase).then_some(When::On { moment: phase, from, to, times });
            once.into_iter().chain(exactly).collect()
        }
    }
}

/// The step of this number at a time instead of at a moment of the protocol: when it acted, in numbers as round as may be.
pub(super) fn at_a_time(scenario: &Scenario, number: usize, acted: Duration) -> Vec<Scenario> {
    let Some(step) = scenario.timeline.get(number).filter(|step| matches!(step.at, When::On { .. })) else {
        return Vec::new();
    };
    let times = crate::scenario::rounder(acted).into_iter().chain([acted]);
    times.map(|at| with(scenario, number, Step { at: When::At(at), ..step.clone() })).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{lines, scenario};
    use super::*;

    fn of(step: &str) -> Vec<String> {
        plainer(&scenario(&format!("timeline = [{step}]"), ""), 0).iter().flat_map(lines).collect()
    }

    #[test]
    fn a_fault_is_shortened_and_hits_one_node_in_the_usual_way() {
        let plainer = of(r#"{ at = "2s", crash = { node = ["n1", "@old-leader"], for = "700ms", tail = "torn" } }"#);
        insta::assert_snapshot!(plainer.join("\n"), @r#"
        { at = "2s", crash = { node = ["n1", "@old-leader"], for = "700ms" } }
        { at = "2s", crash = { node = "n1", for = "700ms", tail = "torn" } }
        { at = "2s", crash = { node = "@old-leader", for = "700ms", tail = "torn" } }
        { at = "2s", crash = { node = ["n1", "@old-leader"], for = "0s", tail = "torn" } }
        { at = "2s", crash = { node = ["n1", "@old-leader"], tail = "torn" } }
        { at = "2s", crash = { node = ["n1", "@old-leader"], for = "150ms", tail = "torn" } }
        { at = "2s", crash = { node = ["n1", "@old-leader"], for = "300ms", tail = "torn" } }
        { at = "2s", crash = { node = ["n1", "@old-leader"], for = "500ms", tail = "torn" } }
        "#);
    }

    #[test]
    fn a_moment_is_exact_and_comes_once_and_a_repeated_step_acts_once() {
        let moment = of(r#"{ when = "election + 5ms", at = "1s..9s", times = 3, heal = "everything" }"#);
        insta::assert_snapshot!(moment.join("\n"), @r#"
        { when = "election + 5ms", at = "1s..9s", heal = "everything" }
        { when = "election", at = "1s..9s", times = 3, heal = "everything" }
        "#);
        let repeated = of(r#"{ at = "1s..9s", every = "1s", jitter = "10ms", heal = "everything" }"#);
        insta::assert_snapshot!(repeated.join("\n"), @r#"
        { at = "1s", heal = "everything" }
        { at = "1s..9s", every = "1s", heal = "everything" }
        "#);
    }

    #[test]
    fn a_moment_becomes_the_time_at_which_it_came() {
        let scenario = scenario(r#"timeline = [{ when = "election", at = "1s..9s", transfer = {} }]"#, "");
        let times: Vec<String> =
            at_a_time(&scenario, 0, Duration::from_micros(1_234_500)).iter().flat_map(lines).collect();
        assert_eq!(times[0], r#"{ at = "1s", transfer = {} }"#);
        assert_eq!(times.last().unwrap(), r#"{ at = "1.2345s", transfer = {} }"#);
    }
}
