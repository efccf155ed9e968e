//! `move-range = { from = "k5", until = "k6", group = "g2" }`: a node is asked to move a range of keys to another group, and if that comes to
//! nothing another, until it is done or there is no time left.
//!
//! Effective: the range was released by one group and adopted by the other. Refused: nobody could do it in time, or a key of the range
//! had been written.

use super::prelude::*;
use super::selector::group;
use crate::scenario::{MoveRange, Selector};
use crate::time::SimTime;
use leasehold::env::GroupId;
use leasehold::error::Error;
use leasehold::node::Node;
use leasehold::request::KeyRange;
use leasehold::routes::Move;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;

/// For so long a node is asked, before another is.
const PATIENCE: Duration = Duration::from_millis(500);

pub(super) fn perform(act: &Act, asked: &MoveRange) {
    let MoveRange { from, until, group: to, via, within } = asked.clone();
    let range = KeyRange { from, to: until };
    let deed = act.deed(Verb::MoveRange, Targets::Nobody, How::Moves { range: range.clone(), to: group(Some(to)) });
    deed.acts();
    let end = act.injector.cluster.world().now().after(within);
    let again = Act::new(&act.injector, act.step.clone(), act.group, act.this);
    let progress = Mutex::new(Progress { from: None, over: false, last: None });
    Arc::new(Moving { act: again, deed, range, to: group(Some(to)), via, end, progress }).ask();
}

/// A move that is under way.
struct Moving {
    act: Act,
    deed: super::Deed,
    range: KeyRange,
    to: GroupId,
    via: Selector,
    end: SimTime,
    progress: Mutex<Progress>,
}

struct Progress {
    /// The group that has the range: whoever is asked again is told the same, and finishes what has been begun.
    from: Option<GroupId>,
    over: bool,
    /// What the last who was asked answered.
    last: Option<Error>,
}

impl Moving {
    /// Asks a node, and after a while another.
    fn ask(self: Arc<Self>) {
        let cluster = self.act.injector.cluster.clone();
        let (world, now) = (cluster.world().clone(), cluster.world().now());
        if self.progress.lock().over {
            return;
        }
        if now >= self.end {
            let last = self.progress.lock().last.clone();
            return self.deed.cannot_act(last.map(Evidence::Error));
        }
        if let Some(node) = self.act.select(self.via).first().copied() {
            let moving = Arc::clone(&self);
            cluster.on_node(node, move |node| async move {
                let Some(from) = moving.from(&node) else { return };
                let asked = Move { range: moving.range.clone(), from, to: moving.to };
                moving.answered(node.move_range(asked, PATIENCE).await);
            });
        }
        world.call_at(now.after(PATIENCE), move || self.ask());
    }

    /// The group that has the range, by what the first who was asked knows. `None`: nobody has, or the right one already.
    fn from(&self, node: &Node) -> Option<GroupId> {
        let mut progress = self.progress.lock();
        if progress.from.is_none() {
            progress.from = node.route(&self.range.from).owner;
        }
        if progress.from == Some(self.to) && !progress.over {
            progress.over = true;
            self.deed.cannot_act(Some(Evidence::Already));
        }
        progress.from.filter(|_| !progress.over)
    }

    fn answered(&self, answer: Result<u64, Error>) {
        let mut progress = self.progress.lock();
        if progress.over {
            return;
        }
        match answer {
            Ok(version) => {
                progress.over = true;
                self.deed.is_effective(Some(Evidence::Version(version)));
            }
            Err(error @ (Error::RangeInUse { .. } | Error::Invalid(_))) => {
                progress.over = true;
                self.deed.cannot_act(Some(Evidence::Error(error)));
            }
            Err(error) => {
                // It has moved before, and the node that was asked first did not know.
                if let Error::StaleRoute(route) = &error {
                    progress.from = route.owner;
                }
                progress.last = Some(error);
            }
        }
    }
}
