//! Whatever a file may say.

use std::{path::PathBuf, time::Duration};

use proptest::{
    collection::{btree_map, vec},
    option,
    prelude::*,
    sample::subsequence,
};

use super::{
    WIDE,
    clients::{named, workloads},
    cluster::clusters,
    durations,
    expected::{bounds, floors, section},
    seeds, shares,
    steps::{actions, times},
    words,
};
use crate::scenario::{
    Action, Chaos, Checks, Claims, Class, Engine, EngineExpect, Expect, FORMAT, Heal, Healed, Leftover, Load, Ppm,
    Scenario, Seeds, Step, When, units::Protocol,
};
use crate::words::Spelled;

const UNTIL: Duration = WIDE.until;

/// A scenario in the file `t.toml` that the validator has nothing against. Lines are 0.
pub(in crate::scenario) fn scenarios() -> impl Strategy<Value = Scenario> {
    let tags = subsequence(vec!["a", "storm", "9-lives"], 0..=3);
    let parts =
        (tags, vec((times(&WIDE), actions(&WIDE)), 0..8), clusters(&WIDE), vec(workloads(&WIDE), 1..4), any::<Head>());
    parts.prop_flat_map(|(tags, steps, mut cluster, workloads, head)| {
        if let Some(engine) = head.engines.first()
            && !head.engines.contains(&cluster.engine)
        {
            cluster.engine = *engine;
        }
        let protocol =
            Protocol { election_timeout: cluster.election_timeout, heartbeat: cluster.heartbeat, lease: cluster.lease };
        let windows: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        let sections = btree_map("[a-z]{1,6}(-[0-9]{1,3})?", section(windows.clone(), protocol), 0..3);
        let on_engine = (".{1,9}", section(windows.clone(), protocol))
            .prop_map(|(because, section)| EngineExpect { because, section });
        let on_engines = btree_map(words::<Engine>(), btree_map("[a-z]{1,6}", on_engine, 1..3), 0..3);
        let expect = (bounds(windows.clone(), protocol), option::of(words::<Class>()), sections, on_engines, floors());
        let timeline = timeline(windows, steps);
        expect.prop_map(move |(bounds, violation, variants, engines, floors)| Scenario {
            name: "t".to_owned(),
            about: head.about.clone(),
            path: PathBuf::from("t.toml"),
            seeds: head.seeds.clone(),
            until: UNTIL,
            variant: head.variant.clone(),
            engines: head.engines.clone(),
            timeline: timeline.clone(),
            chaos: head.chaos.clone(),
            cluster: cluster.clone(),
            claims: Claims { clock_drift: head.drift, clock_step: head.step },
            format: FORMAT,
            checks: Checks { record_only: head.record_only.clone() },
            workloads: named(&workloads),
            load: Load::default(),
            expect: Expect { bounds, violation, variants, engines },
            floors,
        })
    })
}

#[derive(Clone, Debug)]
struct Head {
    about: String,
    seeds: Seeds,
    variant: Option<String>,
    engines: Vec<Engine>,
    drift: Ppm,
    step: Duration,
    record_only: Vec<String>,
    chaos: Option<Chaos>,
}

impl Arbitrary for Head {
    type Parameters = ();
    type Strategy = BoxedStrategy<Self>;

    fn arbitrary_with((): ()) -> BoxedStrategy<Self> {
        let checks = subsequence(vec!["one-lease", "staleness", "x"], 0..=3).prop_shuffle();
        let engines = subsequence(Engine::all().collect::<Vec<_>>(), 0..=2);
        let variant = (option::of("[a-z0-9]{1,9}(-[a-z0-9]{1,9}){0,2}"), engines);
        let step = prop_oneof![Just(Duration::ZERO), durations(UNTIL)];
        let faults = subsequence(Chaos::all().collect::<Vec<_>>(), 1..=10);
        let chaos = option::of((faults, durations(UNTIL / 2)).prop_map(|(faults, quiet)| Chaos { faults, quiet }));
        ("\\PC{0,30}|[\\x00-\\x7f]{0,12}", seeds(), variant, (shares(WIDE.share), step), checks, chaos)
            .prop_map(|(about, seeds, (variant, engines), (drift, step), checks, chaos)| Self {
                chaos,
                about,
                seeds,
                variant,
                engines,
                drift,
                step,
                record_only: checks.into_iter().map(str::to_owned).collect(),
            })
            .boxed()
    }
}

/// The tags, the steps, and a heal at the very end, so that recovery may be expected whatever there is.
fn timeline(tags: Vec<String>, steps: Vec<(When, Action)>) -> Vec<Step> {
    let second = |n: usize| Duration::from_secs(n as u64);
    let window = |n: usize| When::Window { from: second(n), to: UNTIL - second(n) };
    let tags = tags.into_iter().enumerate().map(|(n, name)| (window(n), Action::Tag { name }));
    let everything = Heal { what: Healed::Everything, messages: Leftover::Drop };
    let last = (When::At(UNTIL), Action::Heal(everything));
    // There is one group: a step is about it, or says nothing.
    let group = |action: &Action| matches!(action, Action::Transfer(_) | Action::Link(_)).then_some(1);
    let mut timeline: Vec<Step> = tags
        .chain(steps)
        .chain([last])
        .map(|(at, action)| Step { line: 0, name: None, group: group(&action), at, action })
        .collect();
    timeline.sort_by_key(|step| step.at.start());
    timeline
}
