//! Networks and disks that have a name.
//!
//! Network figures are one way, half of measured round trips (reference/lease-bugs.md §5: same AZ 0.25 ms; across AZs
//! 0.3-1.5 ms typical with spikes of 12 ms; across regions tens of ms, here a near pair). Links keep the order of a
//! lane, because a lane is one TCP stream.

/// A distribution that has a name.
#[derive(Debug)]
pub(super) struct Profile {
    pub name: &'static str,
    /// p0, p50, p99 and p100, in microseconds.
    pub quantiles: [u64; 4],
}

const LOOPBACK: Profile = Profile { name: "loopback", quantiles: [20, 20, 20, 20] };
pub(super) const SAME_AZ: Profile = Profile { name: "same-az", quantiles: [80, 125, 500, 2_000] };
const CROSS_AZ: Profile = Profile { name: "cross-az", quantiles: [150, 400, 1_500, 6_000] };
const CROSS_REGION: Profile = Profile { name: "cross-region", quantiles: [9_000, 10_000, 12_000, 20_000] };

pub(super) const NVME: Profile = Profile { name: "nvme", quantiles: [60, 100, 600, 5_000] };
const CLOUD_SSD: Profile = Profile { name: "cloud-ssd", quantiles: [400, 700, 3_000, 10_000] };
const INSTANT: Profile = Profile { name: "instant", quantiles: [0, 0, 0, 0] };

/// The profiles of networks.
pub(super) const NETWORKS: [Profile; 4] = [LOOPBACK, SAME_AZ, CROSS_AZ, CROSS_REGION];
/// The profiles of disks.
pub(super) const DISKS: [Profile; 3] = [NVME, CLOUD_SSD, INSTANT];
