//! `clock = { node = "@leader", rate = "+500ppm", for = "5s" }`: a node's clock goes wrong: `rate`, `slew`, `step`, `freeze`,
//! `fail`.

use std::time::Duration;

use super::{
    Deed, Fault,
    nodes::Victims,
    told::{all, are_many, drawn, lasting},
};
use crate::scenario::{
    Claims, ClockHarm, Drift, Jump, Problem, Selector,
    chaos::{Dice, STALLS, Steps, chance, pick},
    explain::words::time,
    problem::quote_all,
    table::{DRIFT, Entries, Flag, Held, JUMP, Maybe, Or, Positive, Reader, Said, only_one, table},
};

/// What may be wrong with a clock.
const HARMS: [&str; 5] = ["rate", "slew", "step", "freeze", "fail"];

table! {
    /// As it is written.
    pub(in crate::scenario) struct Written {
        /// Whose clock.
        nodes: Vec<Selector> = "node", Victims { verb: "clock", example: "rate = \"+500ppm\"" };
        /// It runs so much too fast (`+500ppm`) or too slow (`-2%`).
        rate: Option<Drift> = "rate", Maybe(DRIFT);
        /// It runs so much faster or slower than it does by itself, as NTP slews a clock.
        slew: Option<Drift> = "slew", Maybe(DRIFT);
        /// The wall clock jumps: `+3s`, `-150ms`.
        step: Option<Jump> = "step", Maybe(JUMP);
        /// It stands still while the process runs; at the end the wall clock jumps.
        freeze: bool = "freeze", Or(false, Said);
        /// It cannot be read.
        fail: bool = "fail", Or(false, Said);
        /// Of a `step`: the monotonic clock jumps too (beyond what the stack may assume of a clock).
        monotonic: bool = "monotonic", Or(false, Flag);
        /// For how long; without it, until a `heal`. Not of a `step`.
        lasts: Option<Duration> = "for", Maybe(Positive);
    }
}

/// Nodes whose clocks go wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockFault {
    /// Who. Never empty.
    pub nodes: Vec<Selector>,
    /// How.
    pub harm: ClockHarm,
    /// For how long; `None`: until they are healed. Always `None` of a step, which is over at once.
    pub lasts: Option<Duration>,
}

impl Held for ClockFault {
    const NAMED: &'static str = "ClockFault";
    type Written = Written;

    fn keys_fit(entries: &Entries<'_>, reader: &mut Reader<'_>) -> Option<()> {
        let none = Problem::new("nothing is wrong with this clock").help(format!("say what is: {}", quote_all(HARMS)));
        let only = only_one(&HARMS, entries, reader, none, |one, other| {
            Problem::new(format!("one thing is wrong with a clock at a time, here `{one}` and `{other}`"))
                .label("move this to a step of its own")
        });
        if entries.get("step").is_none() && entries.get("monotonic").is_some() {
            let problem = Problem::new("`monotonic` says which clock a `step` moves").at(entries.place("monotonic"));
            reader.report.refuse(problem.help("`rate`, `slew` and `freeze` concern the monotonic clock anyway"));
        }
        if entries.get("step").is_some() && entries.get("for").is_some() {
            let problem = Problem::new("a `step` is over at once").at(entries.place("for"));
            reader.report.refuse(problem.help("for a clock that jumps back later write another step"));
        }
        only
    }

    fn of(written: Written, _: &Entries<'_>, _: &mut Reader<'_>) -> Option<Self> {
        let Written { nodes, rate, slew, step, freeze, fail, monotonic, lasts } = written;
        let step = step.map(|by| ClockHarm::Step { by, monotonic });
        let harm = rate.map(ClockHarm::Rate).or(slew.map(ClockHarm::Slew)).or(step);
        let harm = harm.or(freeze.then_some(ClockHarm::Freeze)).or(fail.then_some(ClockHarm::Fail))?;
        Some(Self { nodes, harm, lasts })
    }

    fn written(&self) -> Written {
        let (nodes, lasts) = (self.nodes.clone(), self.lasts);
        let (mut rate, mut slew, mut step, mut monotonic, mut freeze, mut fail) = Default::default();
        match self.harm {
            ClockHarm::Rate(by) => rate = Some(by),
            ClockHarm::Slew(by) => slew = Some(by),
            ClockHarm::Step { by, monotonic: both } => (step, monotonic) = (Some(by), both),
            ClockHarm::Freeze => freeze = true,
            ClockHarm::Fail => fail = true,
        }
        Written { nodes, rate, slew, step, freeze, fail, monotonic, lasts }
    }
}

impl Deed for ClockFault {
    fn victims(&self) -> Option<&[Selector]> {
        Some(&self.nodes)
    }

    fn lasts(&self) -> Option<Option<Duration>> {
        (!matches!(self.harm, ClockHarm::Step { .. })).then_some(self.lasts)
    }

    /// It does where the nodes' own rates, drawn from the seed, leave no room.
    fn may_leave(&self, claims: &Claims) -> bool {
        let half = claims.clock_drift.0 / 2;
        match self.harm {
            ClockHarm::Rate(Drift(ppm)) => ppm.unsigned_abs() > half,
            ClockHarm::Slew(_) => true,
            ClockHarm::Step { by, monotonic } => monotonic && by.by > claims.clock_step,
            ClockHarm::Freeze => self.lasts.is_none_or(|lasts| lasts > claims.clock_step),
            ClockHarm::Fail => false,
        }
    }

    fn told(&self) -> String {
        let nodes = &self.nodes;
        let (clock, verb, is) = if are_many(nodes) { ("clocks", "", "are") } else { ("clock", "s", "is") };
        let lasting = lasting(self.lasts);
        let what = match self.harm {
            ClockHarm::Rate(by) => format!("run{verb} {} {lasting}", drift(by, "too fast", "too slow")),
            ClockHarm::Slew(by) => format!("{is} slewed {lasting}, to run {}", drift(by, "faster", "slower")),
            ClockHarm::Step { by, monotonic: false } => format!("jump{verb}, read as a wall clock, {}", jump(by)),
            ClockHarm::Step { by, monotonic: true } => {
                format!("jump{verb}, as wall and as monotonic clock, {}", jump(by))
            }
            ClockHarm::Freeze => format!("stand{verb} still {lasting}, while processes run"),
            ClockHarm::Fail => format!("cannot be read {lasting}"),
        };
        format!("the {clock} of {} {what}{}", all(nodes), drawn(nodes))
    }
}

fn drift(Drift(ppm): Drift, fast: &str, slow: &str) -> String {
    format!("{} ppm {}", ppm.unsigned_abs(), if ppm < 0 { slow } else { fast })
}

fn jump(Jump { back, by }: Jump) -> String {
    format!("{} by {}", if back { "back" } else { "forward" }, time(by))
}

impl Fault for ClockFault {
    const ABOUT: &'static str = "Makes a clock go wrong.";
    const DOES: &'static str = "makes clocks go wrong: rate, slew, step, freeze, fail";
    const EFFECTIVE_IF: &'static str = "a process read a clock that would have shown something else";

    fn shortest(node: Option<&str>) -> String {
        format!("{{ node = \"{}\", step = \"+1s\" }}", node.unwrap_or("@leader"))
    }

    /// Wall clocks do as they like; monotonic ones stay within what is claimed of two clocks, half of it each.
    fn drawn<D: Dice>(steps: &mut Steps<'_, D>) -> Self {
        let harm = match steps.dice.below(4) {
            0 | 1 => ClockHarm::Step { by: drawn_jump(steps), monotonic: false },
            2 => ClockHarm::Rate(drawn_drift(steps)),
            _ => ClockHarm::Fail,
        };
        let lasts = if matches!(harm, ClockHarm::Step { .. }) { None } else { steps.lasting(&STALLS) };
        Self { nodes: steps.nodes(), harm, lasts }
    }
}

/// The least that NTP steps by, a leap second, a node 4 min 37 s ahead, ntpd's bound, a virtual machine eight hours off.
fn drawn_jump<D: Dice>(steps: &mut Steps<'_, D>) -> Jump {
    let by = steps.millis(&[130, 500, 1_000, 1_000, 10_000, 277_000, 600_000, 28_800_000]);
    Jump { back: chance(&mut steps.dice, 50), by }
}

/// Half of what is claimed of two clocks, or a quarter.
fn drawn_drift<D: Dice>(steps: &mut Steps<'_, D>) -> Drift {
    let half = i32::try_from(steps.claims.clock_drift.0 / 2).unwrap_or(i32::MAX);
    let by = pick(&mut steps.dice, &[half, half, half / 2]).max(1);
    Drift(if chance(&mut steps.dice, 50) { by } else { -by })
}
