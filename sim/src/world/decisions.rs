//! The decision log: every random choice of a run, by the name of its stream.
//!
//! A [`Ledger`] stands behind the streams of a run that is asked for its choices, or that is to repeat those of another. The n-th number of a
//! stream is its decision n, also where a restarted process has begun the stream anew. What was asked is a bound: the choice is below
//! it. A replay takes a choice from the log where the stream has made one of that number and bound; where it has none, the seed decides.

use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// The bound of a number that may be any of 64 bits.
pub const ANY: u64 = 0;

/// A log has no more than so many decisions, the first of its run.
pub const MOST: usize = 1 << 24;

/// One random choice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Decision {
    /// The number of its stream in [`Decisions::streams`].
    pub stream: u32,
    /// What was asked: a number below this; [`ANY`]: any of 64 bits.
    pub bound: u64,
    /// What was drawn.
    pub value: u64,
}

/// The random choices of a run, in the order in which they were made.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Decisions {
    /// The names of the streams, in the order in which they were first asked.
    pub streams: Vec<String>,
    /// The choices.
    pub made: Vec<Decision>,
    /// Was there no room for more? Then it does not say that the run made no more.
    pub is_full: bool,
}

/// One choice, as people are told of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Choice {
    /// The name of its stream.
    pub stream: String,
    /// How many the stream has made before it.
    pub ordinal: u64,
    /// What was asked, as in [`Decision::bound`].
    pub bound: u64,
    /// What was drawn; `None`: that says nothing here.
    pub value: Option<u64>,
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stream, ordinal, bound, value } = self;
        write!(f, "{stream} #{ordinal}")?;
        match *bound {
            ANY => f.write_str(", any number")?,
            bound => write!(f, ", below {bound}")?,
        }
        value.map_or(Ok(()), |value| write!(f, ": {value}"))
    }
}

impl Decisions {
    /// The choice of this number; `None`: there are not so many.
    pub fn choice(&self, number: usize) -> Option<Choice> {
        let Decision { stream, bound, value } = *self.made.get(number)?;
        let ordinal = self.made[..number].iter().filter(|other| other.stream == stream).count() as u64;
        Some(Choice { stream: self.name(stream).to_owned(), ordinal, bound, value: Some(value) })
    }

    /// The number of the first choice that is another, or that only one of both has made; `None`: both have made the same.
    pub fn first_difference(&self, other: &Self) -> Option<usize> {
        let same = |(one, two): (&Decision, &Decision)| {
            (one.bound, one.value) == (two.bound, two.value) && self.name(one.stream) == other.name(two.stream)
        };
        let alike = self.made.iter().zip(&other.made).take_while(|both| same(*both)).count();
        (alike < self.made.len().max(other.made.len())).then_some(alike)
    }

    /// Without those of the streams whose names begin with `purpose`: what they decided is known in another way.
    pub fn without(mut self, purpose: &str) -> Self {
        let is_of: Vec<bool> = self.streams.iter().map(|name| name.split('/').next() == Some(purpose)).collect();
        self.made.retain(|made| !is_of.get(made.stream as usize).copied().unwrap_or_default());
        self
    }

    fn name(&self, stream: u32) -> &str {
        usize::try_from(stream).ok().and_then(|number| self.streams.get(number)).map_or("", String::as_str)
    }
}

/// Where a replay stopped asking what the log tells.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Departure {
    /// The number of the decision, from 0.
    pub number: u64,
    /// The log's; `None`: it has no more.
    pub logged: Option<Choice>,
    /// What is asked today; `None`: the run has ended, and asked no more.
    pub asked: Option<Choice>,
}

/// How far a replay went as the log has it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Agreement {
    /// How many decisions the log has.
    pub logged: u64,
    /// How many of them were asked for today too, by name, number and bound.
    pub matched: u64,
    /// The first that was not, or not in its turn.
    pub departure: Option<Departure>,
}

/// What stands behind the streams of a run. A handle: clones are the same.
#[derive(Clone, Debug)]
pub struct Ledger(Arc<Mutex<Book>>);

#[derive(Debug)]
struct Book {
    /// The streams that were asked, by name.
    numbers: BTreeMap<String, u32>,
    made: Decisions,
    /// How many each has made.
    ordinals: Vec<u64>,
    log: Option<Log>,
    /// So many are recorded.
    most: usize,
}

/// A log that is replayed.
#[derive(Debug)]
struct Log {
    decisions: Decisions,
    /// Its decisions by stream: their places.
    of: BTreeMap<String, Vec<usize>>,
    /// The stream of the log for each of today's.
    streams: Vec<Option<(u32, Vec<usize>)>>,
    next: usize,
    matched: u64,
    departure: Option<Departure>,
}

impl Ledger {
    /// Records what is drawn.
    pub fn recording() -> Self {
        Self::of(None, MOST)
    }

    fn of(log: Option<Log>, most: usize) -> Self {
        let (numbers, made, ordinals) = (BTreeMap::new(), Decisions::default(), Vec::new());
        Self(Arc::new(Mutex::new(Book { numbers, made, ordinals, log, most })))
    }

    /// Gives what `log` has, and records nothing.
    pub fn replaying(log: Decisions) -> Self {
        let mut of: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (place, decision) in log.made.iter().enumerate() {
            of.entry(log.name(decision.stream).to_owned()).or_default().push(place);
        }
        let log = Log { decisions: log, of, streams: Vec::new(), next: 0, matched: 0, departure: None };
        Self::of(Some(log), MOST)
    }

    /// What was recorded so far; it is forgotten here.
    pub fn take(&self) -> Decisions {
        std::mem::take(&mut self.0.lock().made)
    }

    /// How far the run, which is over, went as the log has it.
    pub fn agreement(&self) -> Agreement {
        let book = self.0.lock();
        let Some(log) = &book.log else { return Agreement::default() };
        let rest = || {
            let logged = log.decisions.choice(log.next)?;
            Some(Departure { number: log.next as u64, logged: Some(logged), asked: None })
        };
        let departure = log.departure.clone().or_else(rest);
        Agreement { logged: log.decisions.made.len() as u64, matched: log.matched, departure }
    }

    /// The number of a stream.
    pub(super) fn stream(&self, name: &str) -> u32 {
        let mut book = self.0.lock();
        let Book { numbers, made, ordinals, log, .. } = &mut *book;
        if let Some(number) = numbers.get(name) {
            return *number;
        }
        let number = ordinals.len() as u32;
        numbers.insert(name.to_owned(), number);
        made.streams.push(name.to_owned());
        ordinals.push(0);
        if let Some(log) = log {
            let own = log.decisions.streams.iter().position(|other| other == name).map(|number| number as u32);
            log.streams.push(own.zip(log.of.get(name).cloned()));
        }
        number
    }

    /// What a stream gives that was asked for a number below `bound`, where its seed has `value`.
    pub(super) fn decide(&self, stream: u32, bound: u64, value: u64) -> u64 {
        let mut book = self.0.lock();
        let Book { made, ordinals, log, most, .. } = &mut *book;
        let ordinal = ordinals[stream as usize];
        ordinals[stream as usize] += 1;
        match log {
            None => {
                made.is_full = made.made.len() + 1 >= *most;
                if made.made.len() < *most {
                    made.made.push(Decision { stream, bound, value });
                }
                value
            }
            Some(log) if log.decisions.is_full && log.next == log.decisions.made.len() => {
                log.find((stream, ordinal, bound)).unwrap_or(value)
            }
            Some(log) => log.decide(&made.streams, (stream, ordinal, bound)).unwrap_or(value),
        }
    }
}

impl Log {
    /// What the log has of this stream, number and bound.
    fn decide(&mut self, names: &[String], (stream, ordinal, bound): (u32, u64, u64)) -> Option<u64> {
        let own = self.streams[stream as usize].as_ref();
        if self.departure.is_none() {
            let next = self.decisions.made.get(self.next);
            let is_next =
                next.is_some_and(|next| next.bound == bound && own.is_some_and(|(own, _)| *own == next.stream));
            if is_next {
                self.next += 1;
            } else {
                let asked = Choice { stream: names[stream as usize].clone(), ordinal, bound, value: None };
                let (number, logged) = (self.next as u64, self.decisions.choice(self.next));
                self.departure = Some(Departure { number, logged, asked: Some(asked) });
            }
        }
        self.find((stream, ordinal, bound))
    }

    fn find(&mut self, (stream, ordinal, bound): (u32, u64, u64)) -> Option<u64> {
        let own = self.streams[stream as usize].as_ref();
        let place = own.and_then(|(_, places)| places.get(usize::try_from(ordinal).ok()?).copied())?;
        let decision = self.decisions.made[place];
        let is_asked = decision.bound == bound;
        self.matched += u64::from(is_asked);
        is_asked.then_some(decision.value)
    }
}

#[cfg(test)]
mod tests {
    use super::super::streams::Streams;
    use super::*;

    /// Draws of two streams, of one of them anew in between.
    fn draw(streams: &Streams, bounds: [u64; 4]) -> Vec<u64> {
        let (mut a, mut b) = (streams.stream(&["a"]), streams.stream(&["b", "of it"]));
        let mut drawn = vec![a.below(bounds[0]), b.number(), a.below(bounds[1])];
        drawn.push(streams.stream(&["a"]).below(bounds[2]));
        drawn.push(b.below(bounds[3]));
        drawn
    }

    const BOUNDS: [u64; 4] = [1_000, 2_000, 3_000, 4_000];

    fn recorded(seed: u64, bounds: [u64; 4]) -> (Vec<u64>, Decisions) {
        let ledger = Ledger::recording();
        let drawn = draw(&Streams::new(seed).kept_in(&ledger), bounds);
        (drawn, ledger.take())
    }

    fn replayed(log: &Decisions, seed: u64, bounds: [u64; 4]) -> (Vec<u64>, Agreement) {
        let ledger = Ledger::replaying(log.clone());
        (draw(&Streams::new(seed).kept_in(&ledger), bounds), ledger.agreement())
    }

    #[test]
    fn who_asks_for_the_choices_of_a_run_changes_none() {
        let (drawn, log) = recorded(7, BOUNDS);
        assert_eq!(drawn, draw(&Streams::new(7), BOUNDS));
        assert_eq!(log.streams, ["a", "b/of it"]);
        assert_eq!(log.made.iter().map(|it| it.value).collect::<Vec<_>>(), drawn);
        let told = log.choice(3).unwrap().to_string();
        assert_eq!(told, format!("a #2, below 3000: {}", drawn[3]));
        assert!(log.choice(1).unwrap().to_string().starts_with("b/of it #0, any number: "));
        assert_eq!(log.choice(5), None);
        assert_eq!(log.without("b").made.iter().map(|it| it.stream).collect::<Vec<_>>(), [0; 3]);
    }

    #[test]
    fn a_replay_gives_what_the_log_has_whatever_the_seed() {
        let (drawn, log) = recorded(7, BOUNDS);
        let (again, agreement) = replayed(&log, 8, BOUNDS);
        assert_eq!(again, drawn);
        assert_eq!(agreement, Agreement { logged: 5, matched: 5, departure: None });
    }

    #[test]
    fn a_replay_departs_where_something_else_is_asked_and_goes_on_by_names() {
        let (drawn, log) = recorded(7, BOUNDS);
        let (again, agreement) = replayed(&log, 7, [1_000, 2_001, 3_000, 4_000]);
        assert_eq!([&again[..2], &again[3..]].concat(), [&drawn[..2], &drawn[3..]].concat());
        assert_eq!(again[2], draw(&Streams::new(7), [1_000, 2_001, 3_000, 4_000])[2], "where the log has nothing");
        let Agreement { logged, matched, departure: Some(departure) } = agreement else { panic!("no departure") };
        assert_eq!((logged, matched, departure.number), (5, 4, 2));
        let told = [departure.logged, departure.asked].map(|choice| choice.unwrap().to_string());
        assert_eq!(told, [format!("a #1, below 2000: {}", drawn[2]), "a #1, below 2001".to_owned()]);
    }

    #[test]
    fn a_replay_that_asks_for_more_or_for_less_than_the_log_has_departs_too() {
        let (_, log) = recorded(7, BOUNDS);
        let shorter = Decisions { made: log.made[..4].to_vec(), ..log.clone() };
        let departure = replayed(&shorter, 7, BOUNDS).1.departure.unwrap();
        assert_eq!((departure.number, departure.logged), (4, None));
        let mut longer = log;
        longer.made.push(longer.made[0]);
        let agreement = replayed(&longer, 7, BOUNDS).1;
        let departure = agreement.departure.unwrap();
        assert_eq!((agreement.matched, departure.number, departure.asked), (5, 5, None));
    }

    #[test]
    fn a_log_that_is_full_says_nothing_of_what_came_after() {
        let ledger = Ledger::of(None, 3);
        let drawn = draw(&Streams::new(7).kept_in(&ledger), BOUNDS);
        let log = ledger.take();
        assert!(log.made.len() == 3 && log.is_full);
        let ledger = Ledger::replaying(log);
        assert_eq!(draw(&Streams::new(7).kept_in(&ledger), BOUNDS), drawn, "then the seed decides");
        assert_eq!(ledger.agreement(), Agreement { logged: 3, matched: 3, departure: None });
    }

    #[test]
    fn two_logs_differ_first_where_a_stream_a_bound_or_a_value_does() {
        let (_, log) = recorded(7, BOUNDS);
        let changed = |change: fn(&mut Decisions)| {
            let mut other = log.clone();
            change(&mut other);
            [log.first_difference(&other), other.first_difference(&log)]
        };
        assert_eq!(changed(|_| ()), [None; 2]);
        assert_eq!(changed(|log| log.made[2].value ^= 1), [Some(2); 2]);
        assert_eq!(changed(|log| log.made[1].bound = 5), [Some(1); 2]);
        assert_eq!(changed(|log| log.streams[1].push('x')), [Some(1); 2]);
        assert_eq!(changed(|log| log.made.truncate(4)), [Some(4); 2]);
    }
}
