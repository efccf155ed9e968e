//! What openraft leaves to who configures it, and does itself where nobody says otherwise. These are on no other engine.

use crate::mutant::{Kind, PLANTED, Tuning, Variant, seen};
use leasehold::engine::openraft::{self, Account};
use leasehold::rules::Rule;

/// openraft's own account of what a quorum has acknowledged renews the lease.
const OWN_ACCOUNT: Option<Tuning> =
    Some(Tuning::Openraft(|| openraft::Tuning { account: Account::Own, ..openraft::Tuning::default() }));

pub(super) const VARIANTS: &[Variant] = &[
    Variant {
        name: "openraft-own-lease",
        about: "openraft's own account of what a quorum has acknowledged renews the lease, which lasts for an election timeout, as its own does",
        source: "openraft: ReadPolicy::LeaseRead goes by last_quorum_acked and the longest election timeout, without a margin for clocks",
        kind: Kind::History,
        seen: seen("fast/steady", "timing"),
        lease_length: |election_timeout, _| election_timeout,
        tuning: OWN_ACCOUNT,
        ..PLANTED
    },
    Variant {
        name: "openraft-lease-reads",
        about: "openraft by itself: its own lease, for which neither who starts again nor the last voter has promised anything",
        source: "openraft: ReadPolicy::LeaseRead; StorageHelper::get_initial_state, RaftCore::handle_tick_election; scenarios/findings/README.md",
        kind: Kind::History,
        seen: seen("findings/openraft-restarted-voter", "staleness"),
        lease_length: |election_timeout, _| election_timeout,
        tuning: OWN_ACCOUNT,
        rules_off: &[Rule::PromiseSurvivesRestart, Rule::AloneKeepsPromise],
        ..PLANTED
    },
    Variant {
        name: "openraft-pipelines",
        about: "planted: a leader sends on before it is answered, and openraft takes the answer to one request for one to a later one",
        source: "openraft: StreamState::next_request, InflightAppendQueue::drain_acked; scenarios/findings/README.md",
        seen: seen("fast/steady", "lease-base"),
        tuning: Some(Tuning::Openraft(|| openraft::Tuning { account: Account::Own, pipelines: true })),
        ..PLANTED
    },
];
