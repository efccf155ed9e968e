//! The exact search (Wing & Gong 1993, Lowe 2017): is there an order of some operations that respects real time, and in which each
//! does what it says it did?
//!
//! It tries every order that may be one, and remembers from where there is none. That takes exponential time at worst, and so
//! serves to cross-check what is quicker, in tests: [`zones`](super::zones) and the check `serial_order` by made-up histories, and the
//! runs of committed scenarios by a sample (the check `exact_search`). One thing is never tried twice: an operation that can take
//! effect now and changes nothing does.

use std::collections::BTreeSet;

/// Operations on something that has one state at a time.
pub(crate) trait Machine {
    /// The state.
    type State: Clone + Ord;

    /// How many operations there are.
    fn len(&self) -> usize;

    /// When an operation began, and when it ended; `None`: its outcome is unknown, it may take effect at any later time or never.
    fn span(&self, operation: usize) -> (u64, Option<u64>);

    /// The state after an operation, in which it took effect; `None`: it cannot there.
    fn after(&self, operation: usize, state: &Self::State) -> Option<Self::State>;
}

/// What has taken effect: of the operations that end, in the order of their begins, all before a place and some after it; and
/// some of those that do not end.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
struct Done {
    before: usize,
    after: Vec<usize>,
    endless: Vec<usize>,
}

struct Search<'a, M: Machine> {
    machine: &'a M,
    /// Those that end, by their begin.
    ending: Vec<usize>,
    endless: Vec<usize>,
}

/// One that is tried.
struct Attempt<S> {
    done: Done,
    state: S,
    /// What may come next, the last first.
    next: Vec<Next>,
    has_choice: bool,
}

#[derive(Clone, Copy)]
enum Next {
    Ending(usize),
    Endless(usize),
}

/// Is there an order that begins with `state`? An operation that begins when another ends overlaps it. `None`: not found in so
/// many steps.
pub(crate) fn has_order<M: Machine>(machine: &M, state: M::State, steps: usize) -> Option<bool> {
    let (mut ending, endless): (Vec<_>, Vec<_>) =
        (0..machine.len()).partition(|operation| machine.span(*operation).1.is_some());
    ending.sort_by_key(|operation| machine.span(*operation));
    Search { machine, ending, endless }.run(state, steps)
}

impl<M: Machine> Search<'_, M> {
    fn run(&self, state: M::State, steps: usize) -> Option<bool> {
        let mut tried = BTreeSet::new();
        let mut attempts = vec![self.attempt(Done::default(), state)];
        for _ in 0..steps {
            let Some(attempt) = attempts.last_mut() else { return Some(false) };
            if attempt.done.before == self.ending.len() {
                return Some(true);
            }
            let Some(next) = attempt.next.pop() else {
                attempts.pop();
                continue;
            };
            let Some(state) = self.machine.after(self.operation(next), &attempt.state) else { continue };
            let done = self.and(&attempt.done, next);
            // Where there was a choice, other choices may lead to the same.
            if !attempt.has_choice || tried.insert((done.clone(), state.clone())) {
                attempts.push(self.attempt(done, state));
            }
        }
        None
    }

    fn operation(&self, next: Next) -> usize {
        match next {
            Next::Ending(place) => self.ending[place],
            Next::Endless(place) => self.endless[place],
        }
    }

    /// Only what began before the first end of those left can come next. What changes nothing is tried first, and what ends
    /// early before what ends late or never.
    fn attempt(&self, done: Done, state: M::State) -> Attempt<M::State> {
        let mut first_end = u64::MAX;
        let mut ending = Vec::new();
        for place in (done.before..self.ending.len()).filter(|place| !done.after.contains(place)) {
            let (began, ended) = self.machine.span(self.ending[place]);
            if began > first_end {
                break;
            }
            first_end = first_end.min(ended.unwrap_or(u64::MAX));
            ending.push((ended, place));
        }
        ending.retain(|(_, place)| self.machine.span(self.ending[*place]).0 <= first_end);
        ending.sort_unstable_by(|one, other| other.cmp(one));
        let after = |next: &Next| self.machine.after(self.operation(*next), &state);
        let next = ending.iter().map(|(_, place)| Next::Ending(*place));
        let next: Vec<Next> = match next.clone().rfind(|next| after(next).as_ref() == Some(&state)) {
            Some(idle) => vec![idle],
            None => {
                let may_be = |place: &usize| self.machine.span(self.endless[*place]).0 <= first_end;
                let endless = (0..self.endless.len()).filter(|place| !done.endless.contains(place)).filter(may_be);
                endless.map(Next::Endless).chain(next).filter(|next| after(next).is_some()).collect()
            }
        };
        Attempt { done, state, has_choice: next.len() > 1, next }
    }

    fn and(&self, done: &Done, next: Next) -> Done {
        let mut done = done.clone();
        match next {
            Next::Endless(place) => insert(&mut done.endless, place),
            Next::Ending(place) => insert(&mut done.after, place),
        }
        while done.after.first() == Some(&done.before) {
            done.after.remove(0);
            done.before += 1;
        }
        done
    }
}

fn insert(sorted: &mut Vec<usize>, place: usize) {
    let at = sorted.partition_point(|other| *other < place);
    sorted.insert(at, place);
}

#[cfg(test)]
pub(crate) mod draws {
    /// Draws of a fixed sequence (splitmix64), for histories that a test makes up.
    pub(crate) struct Draws(pub(crate) u64);

    impl Draws {
        pub(crate) fn below(&mut self, bound: u64) -> u64 {
            self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
            (mixed ^ mixed >> 31) % bound
        }
    }
}
