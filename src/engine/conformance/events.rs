//! What the sink is told: of each event of the contract's table, that it is, and when.

use super::checked::{Checked, holds};
use super::group::Group;
use super::kit::{Kit, Test};
use super::setup::{ELECTION, HEARTBEAT, STALL, STRANGER, TICK};
use super::stands::{self, Stands};
use super::trace::Told;
use crate::engine::{Config, MembershipChange};
use crate::env::{Lane, NodeId, Point};
use crate::observe::Event;
use crate::wire::Kind;

/// Is it such an event?
type Is = fn(&Event) -> bool;

/// One event of the table: what brings it about, and at which node.
struct Row {
    name: &'static str,
    is: Is,
    happens: fn(&Kit) -> Stands,
}

macro_rules! rows {
    ($($name:literal $event:pat => $happens:expr,)+) => {
        &[$(Row { name: $name, is: |event| matches!(event, $event), happens: $happens }),+]
    };
}

const ROWS: &[Row] = rows! {
    "opened" Event::Opened { .. } => stands::restarted,
    "role" Event::Role { .. } => stands::leader,
    "voted" Event::Voted { .. } => stands::leader,
    "appended" Event::Appended { .. } => stands::leader,
    "change_appended" Event::ChangeAppended { .. } => changed,
    "applied" Event::Applied { .. } => stands::leader,
    "caught_up" Event::CaughtUp { .. } => stands::leader,
    "membership" Event::Membership { .. } => changed,
    "campaigned_amid_change" Event::CampaignedAmidChange { .. } => campaigned_amid_change,
    "quorum_checked" Event::QuorumChecked { .. } => |kit| {
        let (mut group, node) = stands::leader(kit)?;
        group.run(2 * ELECTION);
        Ok((group, node))
    },
    "round_started" Event::RoundStarted { .. } => read,
    "round_ended" Event::RoundEnded { confirmed: true, .. } => read,
    "round_given_up" Event::RoundEnded { confirmed: false, .. } => |kit| {
        let (mut group, node) = stands::leader(kit)?;
        group.hold_all(Kind::HeartbeatResponse);
        let round = group.engine(1).read_index(crate::observe::RoundCause::LeaseMiss);
        let host = std::sync::Arc::clone(&group.process(1).host);
        group.begin(async move { crate::env::timeout(&*host, TICK, round).await.map(|_| ()) });
        group.run(2 * TICK);
        Ok((group, node))
    },
    "transfer_started" Event::TransferStarted { .. } => stands::handing_over,
    "transfer_aborted" Event::TransferAborted { .. } => stands::suspended,
    "timeout_now_sent" Event::TimeoutNowSent { .. } => stands::handing_over,
    "stale_timeout_now" Event::StaleTimeoutNow => |kit| {
        let (mut group, _) = stands::handing_over(kit)?;
        group.until("the transfer is given up", |group| group.status(1).transferee.is_none())?;
        group.write(1, b"moves on")?;
        group.live();
        group.release();
        Ok((group, 2))
    },
    "vote_withheld" Event::VoteWithheld { .. } => |kit| {
        let mut group = kit.led(3)?;
        group.run(ELECTION);
        group.cut(1, 3);
        group.hold(Kind::PreVote, 3, 2);
        group.hold(Kind::Vote, 3, 2);
        group.run(3 * ELECTION);
        group.crash(1);
        group.crash(2);
        group.restart(2).map_err(|error| error.to_string())?;
        group.release();
        Ok((group, 2))
    },
    "snapshot_taken" Event::SnapshotTaken { .. } => |kit| snapshot(kit, 1),
    "log_compacted" Event::LogCompacted { .. } => |kit| snapshot(kit, 1),
    "snapshot_sent" Event::SnapshotSent { .. } => |kit| snapshot(kit, 1),
    "snapshot_restored" Event::SnapshotRestored { .. } => |kit| snapshot(kit, 3),
    "snapshot_unanswered" Event::SnapshotUnanswered { .. } => |kit| {
        let mut group = away(kit)?;
        group.heal();
        group.drop(Kind::Snapshot, 1, 3);
        group.run(3 * ELECTION);
        Ok((group, 1))
    },
    "inbox_full" Event::InboxFull { lane: Lane::Heartbeat } => |kit| {
        let mut group = kit.group_with(3, |config| Config { heartbeat_inbox: 1, ..config })?;
        group.elect(1)?;
        group.live();
        group.hold_at(2, Point::Stepped);
        group.run(6 * HEARTBEAT);
        Ok((group, 2))
    },
    "disk_stalled" Event::DiskStalled { .. } => |kit| {
        let (mut group, node) = stands::stalled(kit)?;
        group.run(STALL);
        Ok((group, node))
    },
    "stopped" Event::Stopped { .. } => stands::stopped,
};

fn read(kit: &Kit) -> Stands {
    let (mut group, node) = stands::leader(kit)?;
    let round = group.read(1);
    group.succeeded("a round", &round)?;
    Ok((group, node))
}

fn changed(kit: &Kit) -> Stands {
    let (mut group, node) = stands::leader(kit)?;
    let change = group.change(1, MembershipChange::AddLearner(NodeId(STRANGER)));
    group.succeeded("a change of membership", &change)?;
    Ok((group, node))
}

/// `n2` has a change in its log that it does not know to be committed, and hears nobody.
fn campaigned_amid_change(kit: &Kit) -> Stands {
    let mut group = kit.led(3)?;
    group.live();
    group.hold_all(Kind::AppendResponse);
    group.change(1, MembershipChange::Demote(NodeId(3)));
    group.run(TICK);
    group.isolate(2);
    group.run(3 * ELECTION);
    Ok((group, 2))
}

/// `n3` is away while the log is cut.
fn away(kit: &Kit) -> Checked<Group> {
    let mut group = kit.compacting(5)?;
    group.elect(1)?;
    group.isolate(3);
    (0..30).try_for_each(|number| group.write(1, &[number]).map(|_| ()))?;
    Ok(group)
}

fn snapshot(kit: &Kit, node: u64) -> Stands {
    let mut group = away(kit)?;
    group.heal();
    group.run(2 * ELECTION);
    Ok((group, node))
}

/// The events of the table, by name.
#[cfg(test)]
pub(crate) fn kinds() -> Vec<(String, Is)> {
    ROWS.iter().map(|row| (name(row), row.is)).collect()
}

fn name(row: &Row) -> String {
    format!("the_sink_is_told_{}", row.name)
}

pub(super) fn tests() -> Vec<Test> {
    let test = |row: &'static Row| Test {
        name: name(row),
        holds: "the sink is told, from the engine's loop and in the order in which things happen".to_owned(),
        source: "engine::Engine, the table of events",
        run: Box::new(move |kit| is_told(kit, row)),
    };
    ROWS.iter().map(test).collect()
}

fn is_told(kit: &Kit, row: &Row) -> Checked {
    let (group, node) = (row.happens)(kit)?;
    let told = group.count(node, 0, |told| matches!(told, Told::Event(event) if (row.is)(event)));
    holds(told > 0, || format!("n{node} did not tell it"))
}
