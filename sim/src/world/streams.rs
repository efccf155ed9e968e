//! Named streams of random numbers.
//!
//! A stream's key is a hash of the run's seed and the stream's name. So a run that draws once more for `client 3` draws the
//! same as before for `n1>n2 heartbeat`.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use xxhash_rust::xxh3::xxh3_128_with_seed;

/// All streams of one run.
#[derive(Clone, Copy, Debug)]
pub struct Streams {
    seed: u64,
}

/// One stream.
#[derive(Clone, Debug)]
pub struct Stream {
    rng: ChaCha8Rng,
}

impl Streams {
    /// The streams of a seed.
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The stream of this name, from its beginning. A name is a path: purpose first, then the entity.
    pub fn stream(&self, name: &[&str]) -> Stream {
        let mut bytes = Vec::with_capacity(64);
        for part in name {
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        let mut key = [0; 32];
        key[..16].copy_from_slice(&xxh3_128_with_seed(&bytes, self.seed).to_le_bytes());
        bytes.push(1);
        key[16..].copy_from_slice(&xxh3_128_with_seed(&bytes, self.seed).to_le_bytes());
        Stream { rng: ChaCha8Rng::from_seed(key) }
    }
}

impl Stream {
    /// A number.
    pub fn number(&mut self) -> u64 {
        self.rng.next_u64()
    }

    /// A number below `bound`; 0 if `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        // Multiply and shift (Lemire): its bias, below 2^-32 for the bounds used here, is of no account in a simulation.
        ((u128::from(self.number()) * u128::from(bound)) >> 64) as u64
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
