//! Earlier: the end of the run, its steps, and what lies between them.

use crate::scenario::{Action, Scenario, Step, When, down, rounder, up};
use std::time::Duration;

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// `scenario`, over at `until`: without what would come later.
pub(super) fn cut(scenario: &Scenario, until: Duration) -> Scenario {
    let mut cut = Scenario { until, ..scenario.clone() };
    cut.timeline.retain(|step| step.at.start() < until);
    for step in &mut cut.timeline {
        match &mut step.at {
            When::At(_) => {}
            When::Window { to, .. } | When::Every { to, .. } | When::On { to, .. } => *to = (*to).min(until),
        }
    }
    cut.workloads.retain(|workload| workload.from < until);
    for workload in &mut cut.workloads {
        workload.until = workload.until.filter(|end| *end < until);
    }
    cut
}

/// Of what runs last multiples.
const GRAIN: Duration = millis(100);

/// Earlier ends, the first tried first. `over`: when a run was ended by what it found; without it something is judged at the end.
pub(super) fn ends(scenario: &Scenario, over: Option<Duration>) -> Vec<Scenario> {
    let until = scenario.until;
    let mut ends: Vec<Duration> = match over {
        Some(over) => vec![up(over, GRAIN)],
        None => {
            let parts = (1..16).map(|part| down(until / 16 * part, GRAIN));
            let less = [millis(1_000), millis(500), GRAIN].map(|less| until.saturating_sub(less));
            parts.chain(less).chain(rounder(until)).collect()
        }
    };
    ends.retain(|end| *end < until && !end.is_zero());
    if over.is_none() {
        ends.sort_unstable();
    }
    ends.dedup();
    // What is rough may become round by a little more.
    ends.extend(Some(up(over.unwrap_or(until), GRAIN)).filter(|end| *end > until));
    ends.into_iter().map(|end| cut(scenario, end)).collect()
}

/// The steps, the first at an earlier time; and less time between one step and the next. What is over so much sooner ends so much sooner too;
/// or, where all steps move, half of that.
pub(super) fn shifts(scenario: &Scenario) -> Vec<Scenario> {
    const FIRST: [u64; 9] = [500, 1_000, 1_500, 2_000, 2_500, 3_000, 5_000, 8_000, 12_000];
    const BETWEEN: [Duration; 5] = [millis(0), millis(50), millis(200), millis(500), millis(1_000)];
    let starts: Vec<Duration> = scenario.timeline.iter().map(|step| step.at.start()).collect();
    let Some(first) = starts.first() else { return Vec::new() };
    let whole = FIRST.into_iter().map(millis).filter(|at| at < first).map(|at| (0, *first - at));
    let gaps = starts.windows(2).enumerate().flat_map(|(number, pair)| {
        let gap = pair[1].saturating_sub(pair[0]);
        BETWEEN.iter().filter(move |left| **left < gap).map(move |left| (number + 1, gap - *left))
    });
    let whole = whole.flat_map(|(number, by)| [(number, by, by), (number, by, by / 2)]);
    let shifts = whole.chain(gaps.map(|(number, by)| (number, by, by)));
    shifts.map(|(number, by, end)| earlier(scenario, number, by, end)).collect()
}

/// The steps from `number` on so much earlier, and the end by `end`.
fn earlier(scenario: &Scenario, number: usize, by: Duration, end: Duration) -> Scenario {
    let mut moved = scenario.clone();
    for step in moved.timeline.iter_mut().skip(number) {
        step.at = earlier_by(step.at, by);
    }
    let until = scenario.until.saturating_sub(end);
    cut(&moved, until.max(millis(10)))
}

fn earlier_by(at: When, by: Duration) -> When {
    let less = |time: Duration| time.saturating_sub(by);
    match at {
        When::At(time) => When::At(less(time)),
        When::Window { from, to } => When::Window { from: less(from), to: less(to) },
        When::Every { from, to, every, jitter } => When::Every { from: less(from), to: less(to), every, jitter },
        // It waits for what happens when it likes.
        When::On { moment, from, to, times } => When::On { moment, from: less(from), to, times },
    }
}

/// A step at rounder times.
pub(super) fn rounded(scenario: &Scenario, number: usize) -> Vec<Scenario> {
    let Some(step) = scenario.timeline.get(number) else { return Vec::new() };
    let until = scenario.until;
    let times: Vec<When> = match step.at {
        When::At(at) => rounder(at).into_iter().map(When::At).collect(),
        When::Window { from, to } => rounder(from).into_iter().map(|from| When::Window { from, to }).collect(),
        When::Every { from, to, every, jitter } => {
            let by = |from| When::Every { from, to, every, jitter };
            rounder(from).into_iter().map(by).collect()
        }
        When::On { moment, from, to, times } => {
            let whole = (Duration::ZERO, until);
            let windows = [whole, (Duration::ZERO, to), (from, until)]
                .into_iter()
                .chain(rounder(from).into_iter().map(|from| (from, to)));
            let others = windows.filter(|window| *window != (from, to));
            others.map(|(from, to)| When::On { moment, from, to, times }).collect()
        }
    };
    times.into_iter().map(|at| with(scenario, number, Step { at, ..step.clone() })).collect()
}

/// `scenario`, with `step` in the place of the one of that number.
pub(super) fn with(scenario: &Scenario, number: usize, step: Step) -> Scenario {
    let mut changed = scenario.clone();
    changed.timeline[number] = step;
    changed.timeline.sort_by_key(|step| step.at.start());
    changed
}

/// Is it a window with a name, and no fault?
pub(super) fn is_tag(step: &Step) -> bool {
    matches!(step.action, Action::Tag { .. })
}

#[cfg(test)]
mod tests {
    use super::super::testing::scenario;
    use super::*;

    const STEPS: &str = r#"
timeline = [
  { at = "2s..9s", tag = "storm" },
  { at = "4s", transfer = {} },
  { at = "5s..8s", every = "1s", pause = { node = "@any", for = "10ms" } },
  { at = "9s", heal = "everything" },
]"#;

    fn starts(scenario: &Scenario) -> Vec<u128> {
        scenario.timeline.iter().map(|step| step.at.start().as_millis()).collect()
    }

    #[test]
    fn what_comes_after_the_end_goes_and_windows_end_with_the_run() {
        let cut = cut(&scenario(STEPS, ""), millis(6_000));
        let ends: Vec<u128> = cut.timeline.iter().map(|step| step.at.end().as_millis()).collect();
        assert_eq!(
            (cut.until, starts(&cut), ends),
            (millis(6_000), vec![2_000, 4_000, 5_000], vec![6_000, 4_000, 6_000])
        );
    }

    #[test]
    fn a_run_that_was_ended_by_what_it_found_ends_just_after() {
        let of = |over: Option<u64>| -> Vec<u128> {
            ends(&scenario("", ""), over.map(millis)).iter().map(|end| end.until.as_millis()).collect()
        };
        assert_eq!(of(Some(4_321)), [4_400]);
        assert_eq!(of(Some(9_950)), [0; 0], "and in no round number that is no earlier");
        let rough = Scenario { until: millis(4_330), ..scenario("", "") };
        assert_eq!(ends(&rough, Some(millis(4_321)))[0].until, millis(4_400), "but in a round number");
        let judged = of(None);
        assert!(judged.is_sorted() && judged[0] == 600 && *judged.last().unwrap() == 9_900, "{judged:?}");
    }

    #[test]
    fn steps_come_earlier_together_and_closer_to_each_other() {
        let shifted: Vec<(Vec<u128>, u128)> =
            shifts(&scenario("timeline = [{ at = \"4s\", transfer = {} }, { at = \"5s\", heal = \"network\" }]", ""))
                .iter()
                .map(|shifted| (starts(shifted), shifted.until.as_millis()))
                .collect();
        assert_eq!(shifted[0], (vec![500, 1_500], 6_500));
        assert_eq!(shifted[1], (vec![500, 1_500], 8_250), "with more time left after them");
        assert!(shifted.contains(&(vec![4_000, 4_050], 9_050)), "{shifted:?}");
    }

    #[test]
    fn a_time_is_rounded_and_the_steps_stay_in_order() {
        let rough =
            scenario("timeline = [{ at = \"4s\", transfer = {} }, { at = \"4321ms\", heal = \"network\" }]", "");
        let rounded: Vec<Vec<u128>> = rounded(&rough, 1).iter().map(starts).collect();
        assert_eq!(rounded, [[4_000, 4_000], [4_000, 4_300], [4_000, 4_320]]);
    }
}
