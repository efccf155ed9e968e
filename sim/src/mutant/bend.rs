//! Rules that are kept, but not quite: at the boundary of their condition, from the second time on, by some nodes and not by others.
//!
//! A rule is bent on the thread of a run. What it makes of its condition may depend on the process that asks: which that is, what it
//! does, and whether it was refused before, is known here ([`Situation`]), by what stands around its surroundings (`wrap::host::watched`).
//!
//! Whoever wants to know only which rules are asked, and by whom, hears of it in the same way ([`hear`]): what they decide stays as it is.

use leasehold::env::{BoxFuture, NodeId};
use leasehold::observe::{Event, Role};
#[cfg(feature = "planted")]
use leasehold::rules::Condition;
use leasehold::rules::Rule;
use parking_lot::Mutex;
#[cfg(feature = "planted")]
use std::cell::Cell;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::pin::Pin;
#[cfg(feature = "planted")]
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

/// How a rule is not quite kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bend {
    /// It always holds.
    Off,
    /// What is compared may be off by so much: entries, terms, voters, writes; of times, nanoseconds. Of a negative number: it must be
    /// better by so much.
    Slack(i64),
    /// The part of this number, from zero on, of a condition is not asked.
    Without(usize),
    /// A process that is refused by it for the first time is not refused.
    FromSecondTime,
    /// It is kept in this phase alone.
    Only(Phase),
    /// It is not kept in this phase.
    NotIn(Phase),
    /// It never holds: what it forbids now and then is forbidden for good.
    Never,
}

/// What a process does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// It leads.
    Leading,
    /// Its leadership is being handed over.
    HandingOver,
}

/// What is known of a process.
#[derive(Default)]
pub(super) struct Situation {
    /// `None`: of no process.
    #[cfg_attr(not(feature = "planted"), expect(dead_code, reason = "rules ask who they are asked by"))]
    node: Option<NodeId>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    leads: bool,
    hands_over: bool,
    /// The rules that have refused it something.
    #[cfg_attr(not(feature = "planted"), expect(dead_code, reason = "no rule is bent"))]
    refused: BTreeSet<Rule>,
}

thread_local! {
    /// The process whose task is running on this thread.
    static HERE: RefCell<Arc<Situation>> = RefCell::default();
}

impl Situation {
    /// A process of `node`, which starts: nothing is known of it yet.
    pub(super) fn of(node: NodeId) -> Self {
        #[cfg(feature = "planted")]
        STARTS.set(Some(node));
        Self { node: Some(node), ..Self::default() }
    }

    /// A task of this process.
    pub(super) fn place(self: &Arc<Self>, task: BoxFuture<()>) -> BoxFuture<()> {
        Box::pin(Placed { situation: Arc::clone(self), task })
    }

    /// The process tells this of itself.
    pub(super) fn learn(&self, event: &Event) {
        let known = &mut *self.known.lock();
        match event {
            Event::Role { role, .. } => {
                known.leads = *role == Role::Leader;
                known.hands_over &= known.leads;
            }
            Event::TransferStarted { .. } => known.hands_over = true,
            Event::TransferAborted { .. } => known.hands_over = false,
            _ => {}
        }
    }

    #[cfg(feature = "planted")]
    fn is(&self, phase: Phase) -> bool {
        let known = self.known.lock();
        match phase {
            Phase::Leading => known.leads,
            Phase::HandingOver => known.hands_over,
        }
    }

    /// It is refused by `rule`; for the first time?
    #[cfg(feature = "planted")]
    fn refused(&self, rule: Rule) -> bool {
        self.known.lock().refused.insert(rule)
    }
}

#[cfg(feature = "planted")]
impl Bend {
    fn holds(self, rule: Rule, condition: Condition) -> bool {
        let here = HERE.with_borrow(Arc::clone);
        match self {
            Bend::Off => true,
            Bend::Slack(slack) => condition.is_true_but_for(slack),
            Bend::Without(part) => condition.is_true_without(part),
            Bend::FromSecondTime => condition.is_true() || here.refused(rule),
            Bend::Only(phase) => condition.is_true() || !here.is(phase),
            Bend::NotIn(phase) => condition.is_true() || here.is(phase),
            Bend::Never => false,
        }
    }
}

/// Hears of a rule that a process of this node asks.
#[cfg(feature = "planted")]
type Listener = Rc<dyn Fn(NodeId, Rule)>;

#[cfg(feature = "planted")]
thread_local! {
    static LISTENER: RefCell<Option<Listener>> = const { RefCell::new(None) };
    /// The node that was put together last. What is asked outside of all tasks is asked as its process starts.
    static STARTS: Cell<Option<NodeId>> = const { Cell::new(None) };
}

/// In the runs that begin on this thread from here on, `listener` hears of each rule that is asked, before it is decided.
#[cfg(feature = "planted")]
pub fn hear(listener: impl Fn(NodeId, Rule) + 'static) {
    LISTENER.set(Some(Rc::new(listener)));
}

/// Does anybody on this thread hear which rules are asked?
pub(super) fn is_heard() -> bool {
    #[cfg(feature = "planted")]
    return LISTENER.with_borrow(Option::is_some);
    #[cfg(not(feature = "planted"))]
    false
}

/// Bends these rules on this thread, and switches those off.
#[cfg(feature = "planted")]
pub(super) fn begin(bent: &'static [(Rule, Bend)], off: &[Rule]) {
    let off = off.iter().map(|rule| (*rule, Bend::Off));
    let bent: Vec<_> = bent.iter().copied().chain(off).collect();
    let rules = match LISTENER.with_borrow(Clone::clone) {
        None => bent.iter().map(|(rule, bend)| (*rule, deciding(*rule, Some(*bend)))).collect(),
        Some(listener) => {
            let bend = |rule: Rule| bent.iter().find(|(bent, _)| *bent == rule).map(|(_, bend)| *bend);
            Rule::ALL.iter().map(|rule| (*rule, heard(&listener, *rule, deciding(*rule, bend(*rule))))).collect()
        }
    };
    leasehold::rules::bend(rules);
}

/// What `rule` makes of its condition, bent or not.
#[cfg(feature = "planted")]
fn deciding(rule: Rule, bend: Option<Bend>) -> leasehold::rules::Bend {
    Box::new(move |condition| bend.map_or(condition.is_true(), |bend| bend.holds(rule, condition)))
}

/// The same, heard by `listener`.
#[cfg(feature = "planted")]
fn heard(listener: &Listener, rule: Rule, decides: leasehold::rules::Bend) -> leasehold::rules::Bend {
    let listener = Rc::clone(listener);
    Box::new(move |condition| {
        if let Some(node) = HERE.with_borrow(|here| here.node).or(STARTS.get()) {
            listener(node, rule);
        }
        decides(condition)
    })
}

/// A task, and the process that it is of.
struct Placed {
    situation: Arc<Situation>,
    task: BoxFuture<()>,
}

impl Future for Placed {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let outside = HERE.replace(Arc::clone(&self.situation));
        let polled = self.task.as_mut().poll(cx);
        HERE.set(outside);
        polled
    }
}
