//! Named streams of random numbers.
//!
//! A stream's key is a hash of the run's seed and the stream's name. So a run that draws once more for `client 3` draws the
//! same as before for `n1>n2 heartbeat`.

use super::decisions::{ANY, Ledger};
use parking_lot::Mutex;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_128_with_seed;

/// All streams of one run. A handle: clones know the same.
#[derive(Clone, Debug)]
pub struct Streams {
    seed: u64,
    /// The names of those that were asked for.
    named: Arc<Mutex<BTreeSet<Vec<String>>>>,
    /// Who records or gives what is drawn, if anybody does.
    ledger: Option<Ledger>,
}

/// One stream.
#[derive(Clone, Debug)]
pub struct Stream {
    rng: ChaCha8Rng,
    /// Who is told what is drawn, and by which number it knows the stream.
    ledger: Option<(Ledger, u32)>,
}

impl Streams {
    /// The streams of a seed.
    pub fn new(seed: u64) -> Self {
        Self { seed, named: Arc::default(), ledger: None }
    }

    /// The same, with a ledger that is told what is drawn from here on, and may give it.
    pub fn kept_in(self, ledger: &Ledger) -> Self {
        Self { ledger: Some(ledger.clone()), ..self }
    }

    /// The stream of this name, from its beginning. A name is a path: purpose first, then the entity.
    pub fn stream(&self, name: &[&str]) -> Stream {
        self.named.lock().insert(name.iter().map(|part| (*part).to_owned()).collect());
        let ledger = self.ledger.as_ref().map(|ledger| (ledger.clone(), ledger.stream(&name.join("/"))));
        Stream { ledger, ..self.seeded(name) }
    }

    /// The first numbers of each stream that was asked for, by its name: `network/n1>n2 heartbeat`.
    pub fn first(&self, count: usize) -> BTreeMap<String, Vec<u64>> {
        let first = |name: &Vec<String>| {
            let mut stream = self.seeded(&name.iter().map(String::as_str).collect::<Vec<_>>());
            (name.join("/"), (0..count).map(|_| stream.number()).collect())
        };
        self.named.lock().iter().map(first).collect()
    }

    fn seeded(&self, name: &[&str]) -> Stream {
        let mut bytes = Vec::with_capacity(64);
        for part in name {
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        let mut key = [0; 32];
        key[..16].copy_from_slice(&xxh3_128_with_seed(&bytes, self.seed).to_le_bytes());
        bytes.push(1);
        key[16..].copy_from_slice(&xxh3_128_with_seed(&bytes, self.seed).to_le_bytes());
        Stream { rng: ChaCha8Rng::from_seed(key), ledger: None }
    }
}

impl Stream {
    /// A number.
    pub fn number(&mut self) -> u64 {
        let number = self.rng.next_u64();
        self.decided(ANY, number)
    }

    /// A number below `bound`; 0 if `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        // Multiply and shift (Lemire): its bias, below 2^-32 for the bounds used here, is of no account in a simulation.
        let number = ((u128::from(self.rng.next_u64()) * u128::from(bound)) >> 64) as u64;
        self.decided(bound.max(1), number)
    }

    fn decided(&self, bound: u64, number: u64) -> u64 {
        match &self.ledger {
            None => number,
            Some((ledger, stream)) => ledger.decide(*stream, bound, number),
        }
    }

    /// True in `millionths` of a million cases. Draws nothing for 0.
    pub fn chance(&mut self, millionths: u32) -> bool {
        millionths > 0 && self.below(1_000_000) < u64::from(millionths)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_of_one_name_are_equal_and_of_two_names_differ() {
        let streams = Streams::new(7);
        let first = |name: &[&str]| streams.stream(name).number();
        assert_eq!(first(&["net", "n1>n2"]), first(&["net", "n1>n2"]));
        assert_ne!(first(&["net", "n1>n2"]), first(&["net", "n2>n1"]));
        assert_ne!(first(&["a", "bc"]), first(&["ab", "c"]));
        assert_ne!(first(&["net"]), Streams::new(8).stream(&["net"]).number());
    }

    #[test]
    fn the_streams_of_a_run_are_listed_with_what_they_draw_first() {
        let streams = Streams::new(7);
        let mut link = streams.clone().stream(&["net", "n1>n2"]);
        let drawn = vec![link.number(), link.number()];
        assert_eq!(streams.first(2), BTreeMap::from([("net/n1>n2".to_owned(), drawn)]));
    }

    #[test]
    fn a_draw_below_a_bound_stays_below_it_and_reaches_all() {
        let mut stream = Streams::new(1).stream(&["below"]);
        let mut seen = [0; 5];
        (0..1000).for_each(|_| seen[stream.below(5) as usize] += 1);
        assert!(seen.iter().all(|&count| count > 150), "{seen:?}");
    }

    #[test]
    fn chance_is_about_what_it_says() {
        let mut stream = Streams::new(1).stream(&["chance"]);
        let hits = (0..100_000).filter(|_| stream.chance(10_000)).count();
        assert!((900..1100).contains(&hits), "{hits}");
        assert!(!stream.chance(0));
    }
}
