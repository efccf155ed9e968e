//! `hold = { messages = ["timeout-now"], for = "1.1 election-timeouts" }`: messages of these kinds are set aside as they are
//! sent; at the end they are delivered, or dropped (`then`). Other messages pass them, on the same lane too.
//!
//! Effective: there was one.

use super::{Act, Active, Harm, Injector, link::matches, names, record};
use crate::history::FaultPhase;
use crate::scenario::{Hold, Leftover};
use crate::world::network::{self, RuleId};

pub(super) const VERB: &str = "hold";

pub(super) fn perform(act: &Act, hold: &Hold) {
    let [from, to] = act.select_ends(&hold.ends);
    let cluster = &act.injector.cluster;
    let links = cluster.links_between(&from, &to);
    if links.is_empty() {
        act.record(VERB, FaultPhase::Refused, "nobody answers to the selectors of one end");
        return;
    }
    let kinds = hold.messages.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    act.record(VERB, FaultPhase::Activated, &format!("{kinds}, {} > {}", names(&from), names(&to)));
    let rule = network::Hold { matches: matches(&hold.messages), first: hold.first.map(u64::from) };
    let rule = cluster.hold(act.step, VERB, &links, rule);
    act.injector.begin(Active { step: act.step, harm: Harm::Hold(rule, hold.then) }, hold.lasts);
}

pub(super) fn end(injector: &Injector, step: u32, rule: RuleId, then: Leftover) {
    if then == Leftover::Drop {
        injector.cluster.drop_held(rule);
    }
    injector.cluster.lift(rule);
    record(&injector.cluster, step, VERB, FaultPhase::Ended, "messages pass again");
}
