//! `clock = { node = "@leader", rate = "+500ppm", for = "5s" }`: a node's clock goes wrong: `rate`, `slew`, `step`, `freeze`,
//! `fail`.

use super::prelude::*;

table! {
    /// Nodes whose clocks go wrong.
    pub struct ClockFault {
        /// Whose clock.
        nodes: Vec<Selector> = "node", WHOM;
        /// How.
        harm: ClockHarm = "", among::<ClockHarm>();
        /// For how long; without it, until a `heal`. Not of a `step`.
        lasts: Option<Duration> = "for", Maybe(POSITIVE);
    }
    wrong |clock, given, _frame| {
        refused "monotonic" if given.has("monotonic") && !given.has("step") =>
            "`monotonic` says which clock a `step` moves", "`rate`, `slew` and `freeze` concern the monotonic clock anyway";
        refused "for" if clock.lasts.is_some() && given.has("step") => "a `step` is over at once",
            "for a clock that jumps back later write another step";
    }
}

choice! {
    ClockHarm, "ClockHarm";
    none = "nothing is wrong with this clock", "say what is: ";
    several = "one thing is wrong with a clock at a time, here", "move one of them to a step of its own";
    /// It runs so much too fast (`+500ppm`) or too slow (`-2%`).
    "rate", DRIFT => Rate(by);
    /// It runs so much faster or slower than it does by itself, as NTP slews a clock.
    "slew", DRIFT => Slew(by);
    /// The wall clock jumps: `+3s`, `-150ms`.
    "step", JUMP => Step {
        by,
        /// Of a `step`: the monotonic clock jumps too (beyond what the stack may assume of a clock).
        monotonic = "monotonic", Or(false, FLAG)
    };
    /// It stands still while the process runs; at the end the wall clock jumps.
    "freeze", SAID => Freeze;
    /// It cannot be read.
    "fail", SAID => Fail;
}

impl Deed for ClockFault {
    fn scope(&self) -> Scope {
        let scope = Scope::of_each(&self.nodes);
        if matches!(self.harm, ClockHarm::Step { .. }) { scope } else { scope.lasting(self.lasts) }
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

    /// Wall clocks do as they like; monotonic ones stay within what is claimed of two clocks, half of it each.
    fn drawn(steps: &mut Steps<'_>) -> Self {
        let harm = match steps.dice.below(4) {
            0 | 1 => ClockHarm::Step { by: drawn_jump(steps), monotonic: false },
            2 => ClockHarm::Rate(drawn_drift(steps)),
            _ => ClockHarm::Fail,
        };
        let lasts = if matches!(harm, ClockHarm::Step { .. }) { None } else { steps.lasting(&STALLS) };
        Self { nodes: steps.nodes(), harm, lasts }
    }

    fn plainer(&self) -> Vec<Self> {
        let harms = match self.harm {
            ClockHarm::Step { by, monotonic } => {
                let steps = units::shorter(by.by).into_iter().map(|time| Jump { by: time, ..by });
                steps.map(|by| ClockHarm::Step { by, monotonic }).collect()
            }
            ClockHarm::Rate(_) | ClockHarm::Slew(_) | ClockHarm::Freeze | ClockHarm::Fail => Vec::new(),
        };
        [
            each(self, harms, |it, harm| it.harm = harm),
            each(self, fewer(&self.nodes), |it, nodes| it.nodes = nodes),
            each(self, shorter(self.lasts), |it, lasts| it.lasts = lasts),
        ]
        .concat()
    }
}

fn drift(Drift(ppm): Drift, fast: &str, slow: &str) -> String {
    format!("{} ppm {}", ppm.unsigned_abs(), if ppm < 0 { slow } else { fast })
}

fn jump(Jump { back, by }: Jump) -> String {
    format!("{} by {}", if back { "back" } else { "forward" }, time(by))
}

/// The least that NTP steps by, a leap second, a node 4 min 37 s ahead, ntpd's bound, a virtual machine eight hours off.
fn drawn_jump(steps: &mut Steps<'_>) -> Jump {
    let by = steps.millis(&[130, 500, 1_000, 1_000, 10_000, 277_000, 600_000, 28_800_000]);
    Jump { back: steps.dice.chance(50), by }
}

/// Half of what is claimed of two clocks, or a quarter.
fn drawn_drift(steps: &mut Steps<'_>) -> Drift {
    let half = i32::try_from(steps.claims.clock_drift.0 / 2).unwrap_or(i32::MAX);
    let by = steps.dice.pick(&[half, half, half / 2]).max(1);
    Drift(if steps.dice.chance(50) { by } else { -by })
}
