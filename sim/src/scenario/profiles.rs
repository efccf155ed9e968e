//! Networks and disks that have a name.
//!
//! Network figures are one way, half of measured round trips (reference/lease-bugs.md §5: same AZ 0.25 ms; across AZs
//! 0.3-1.5 ms typical with spikes of 12 ms; across regions tens of ms, here a near pair). Links keep the order of a
//! lane, because a lane is one TCP stream. Disks write what a volume is sold with: an NVMe drive of a server 1 GB/s or more (here the
//! least), a cloud volume 125 MB/s (AWS EBS gp3, without extra pay).

/// A network, or a disk, that has a name.
#[derive(Debug)]
pub(super) struct Profile {
    pub name: &'static str,
    /// p0, p50, p99 and p100 of the time it takes, in microseconds.
    pub quantiles: [u64; 4],
    /// Of a disk: bytes a second; `None`: any number takes no time of its own.
    pub bandwidth: Option<u64>,
}

const fn network(name: &'static str, quantiles: [u64; 4]) -> Profile {
    Profile { name, quantiles, bandwidth: None }
}

const fn disk(name: &'static str, quantiles: [u64; 4], bandwidth: u64) -> Profile {
    Profile { name, quantiles, bandwidth: Some(bandwidth) }
}

const LOOPBACK: Profile = network("loopback", [20, 20, 20, 20]);
pub(super) const SAME_AZ: Profile = network("same-az", [80, 125, 500, 2_000]);
const CROSS_AZ: Profile = network("cross-az", [150, 400, 1_500, 6_000]);
const CROSS_REGION: Profile = network("cross-region", [9_000, 10_000, 12_000, 20_000]);

pub(super) const NVME: Profile = disk("nvme", [60, 100, 600, 5_000], 1_000_000_000);
const CLOUD_SSD: Profile = disk("cloud-ssd", [400, 700, 3_000, 10_000], 125_000_000);
const INSTANT: Profile = Profile { name: "instant", quantiles: [0, 0, 0, 0], bandwidth: None };

/// The profiles of networks.
pub(super) const NETWORKS: [Profile; 4] = [LOOPBACK, SAME_AZ, CROSS_AZ, CROSS_REGION];
/// The profiles of disks.
pub(super) const DISKS: [Profile; 3] = [NVME, CLOUD_SSD, INSTANT];
