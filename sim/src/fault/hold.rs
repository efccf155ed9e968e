//! `hold = { messages = ["timeout-now"], for = "1.1 election-timeouts" }`: messages of these kinds are set aside as they are
//! sent; at the end they are delivered, or dropped (`then`). Other messages pass them, on the same lane too.
//!
//! Effective: there was one.

use super::link::matches;
use super::prelude::*;
use crate::scenario::Hold;
use crate::words::Leftover;
use crate::world::network;

pub(super) fn perform(act: &Act, hold: &Hold) {
    let [from, to] = act.select_ends(&hold.ends);
    let cluster = &act.injector.cluster;
    let links = cluster.links_between(&from, &to);
    if links.is_empty() {
        return act.nobody(Verb::Hold);
    }
    let deed = act.deed_of_messages(Verb::Hold, Targets::Links(from, to), How::Holds(hold.messages.clone()));
    deed.acts();
    let rule = network::Hold { matches: matches(&hold.messages, act.group), first: hold.first.map(u64::from) };
    let end = cluster.hold(&links, rule, hold.then == Leftover::Drop, deed.effective());
    let end = cluster.apart(act.group.is_some(), end);
    deed.begins(&act.injector, end, hold.lasts);
}
