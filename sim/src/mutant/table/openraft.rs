//! What openraft leaves to who configures it, and does itself where nobody says otherwise. These are on no other engine.

use crate::mutant::{Equivalent, Harm, Kind, PLANTED, Tuning, Variant, seen};
use crate::scenario::Engine;
use leasehold::engine::openraft::{self, Account, Reads};
use leasehold::rules::Rule;
use std::time::Duration;

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
        name: "openraft-as-it-comes",
        about: "openraft as it comes: its LeaseRead answers reads, it alone says whether it can, and what became of what it has appended",
        source: "openraft 0.10.0-alpha.37: ReadPolicy::LeaseRead, ClientWriteError; scenarios/findings/README.md",
        kind: Kind::History,
        seen: seen("findings/openraft-restarted-voter", "staleness"),
        // No lease but openraft's: every read asks it.
        lease_length: |_, _| Duration::ZERO,
        tuning: Some(Tuning::Openraft(|| openraft::Tuning { reads: Reads::OwnLease, ..openraft::Tuning::default() })),
        rules_off: &[
            Rule::PromiseSurvivesRestart,
            Rule::AloneKeepsPromise,
            Rule::NothingDuringTransfer,
            Rule::InterruptedWritesAreTold,
        ],
        ..PLANTED
    },
    Variant {
        name: "openraft-asked-amid-transfer",
        about: "openraft alone refuses whoever asks for a read or a write while leadership is handed over",
        source: "openraft #1747, mended by #1749: reads kept a leader alive that could do nothing; lease-bugs LB-78",
        kind: Kind::History,
        harm: Harm::Liveness,
        only_on: Some(Engine::Openraft),
        rules_off: &[Rule::NothingDuringTransfer],
        equivalent: Some(Equivalent {
            scenario: "findings/openraft-failed-transfer",
            because: "openraft refuses by itself, and sends no heartbeat for it (RaftCore::ensure_leader_handler)",
        }),
        ..PLANTED
    },
    Variant {
        name: "openraft-pipelines",
        about: "planted: a leader sends on before it is answered, and openraft takes the answer to one request for one to a later one",
        source: "openraft: StreamState::next_request, InflightAppendQueue::drain_acked; scenarios/findings/README.md",
        seen: seen("fast/steady", "lease-base"),
        tuning: Some(Tuning::Openraft(|| openraft::Tuning {
            account: Account::Own,
            pipelines: true,
            ..openraft::Tuning::default()
        })),
        ..PLANTED
    },
];
