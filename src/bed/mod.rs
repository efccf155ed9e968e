//! The test bed: what runs on it runs on a clock, a network and disks that a test moves by hand.
//!
//! Time stands still until a test lets it run; messages arrive at once and in order; every run of a test is the same. What a test
//! can do is a method of [`Bed`]; what it sees are events and messages. What runs there is [`Software`]: engines alone, for the kit
//! that holds them to their contract ([`engine::conformance`](crate::engine::conformance)), or whole nodes, for the scripts of
//! `src/tests`.

#![cfg_attr(
    not(test),
    expect(dead_code, reason = "the scripts of src/tests do to a cluster what the kit has no need of")
)]

mod bus;
mod disk;
mod host;
mod machines;
mod sight;
mod signal;
mod trouble;
mod world;

/// Panics, without the words on the terminal of a panic that nobody has asked for.
pub(crate) fn panic(why: &'static str) -> ! {
    std::panic::resume_unwind(Box::new(why))
}

#[cfg(test)]
pub(crate) use bus::{Fate, What};
#[cfg(all(test, feature = "openraft"))]
pub(crate) use disk::TestDisk;
pub(crate) use host::env_of;
#[cfg(all(test, feature = "openraft"))]
pub(crate) use host::{Surroundings, TestHost};
pub(crate) use machines::{Bed, Machine, Pending, Process, Software};
#[cfg(all(test, feature = "openraft"))]
pub(crate) use world::World;
