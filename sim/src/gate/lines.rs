//! An outcome as JSON lines, an object each: `about` says what of. `docs/metrics.md` says what the fields mean.

use super::fate::Fate;
use super::groups::Group;
use super::moved::Moved;
use super::outcome::Ended;
use super::prelude::*;
use super::signature::Kind;
use crate::report::{FORMAT, Object};
use crate::scenario::Unit;

/// One object a line: failures, known failures, figures that moved, what was not run, and last the verdict.
pub fn json_lines(ended: &Ended) -> String {
    let mut lines: Vec<Object> = ended.groups.iter().map(failure).collect();
    lines.extend(ended.known.iter().map(|(entry, fate)| known(entry, *fate)));
    lines.extend(ended.moves.moved.iter().map(moved));
    lines.extend(ended.not_run.iter().map(not_run));
    lines.push(verdict(ended));
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn about(what: &str) -> Object {
    Object::default().with("format", FORMAT).with("about", what)
}

fn failure(group: &Group) -> Object {
    about("failure")
        .with("known", group.known.is_some())
        .with("class", group.kind.class.map(|class| class.to_string()))
        .with("check", &group.kind.check)
        .with("variant", &group.kind.variant)
        .with("signature", &group.kind.signature)
        .with("runs", group.runs)
        .with("scenarios", &group.scenarios)
        .with("seeds", &group.seeds)
        .with("always_amid", group.always_amid().collect::<Vec<_>>())
        .with("beside", group.beside.iter().map(beside).collect::<Vec<_>>())
        .with("message", &group.message)
        .with("command", &group.command)
        .with("bundle", group.bundle.as_ref().map(|path| path.display().to_string()))
}

fn beside((kind, runs): (&Kind, &u64)) -> Object {
    let class = kind.class.map(|class| class.to_string());
    Object::default()
        .with("class", class)
        .with("check", &kind.check)
        .with("signature", &kind.signature)
        .with("runs", runs)
}

fn known(entry: &KnownFailure, fate: Fate) -> Object {
    let (fate, runs) = match fate {
        Fate::Seen(runs) => ("seen", Some(runs)),
        Fate::Unseen(runs) => ("unseen", Some(runs)),
        Fate::Gone(runs) => ("gone", Some(runs)),
        Fate::Expired => ("expired", None),
    };
    about("known")
        .with("class", entry.class.to_string())
        .with("check", &entry.check)
        .with("variant", &entry.variant)
        .with("signature", &entry.signature)
        .with("scenario", &entry.scenario)
        .with("reason", &entry.reason)
        .with("link", &entry.link)
        .with("expires", entry.expires.to_string())
        .with("line", entry.line)
        .with("fate", fate)
        .with("runs", runs)
}

fn moved(moved: &Moved) -> Object {
    // Latencies in milliseconds, as everywhere.
    let factor = if moved.metric.unit() == Unit::Seconds { 1e3 } else { 1.0 };
    let of = |value: Option<f64>| value.map(|value| (value * factor * 1e6).round() / 1e6);
    let value = |figure: Option<Measured>| of(figure.map(|figure| figure.value));
    about("moved")
        .with("run", &moved.run)
        .with("window", &moved.window)
        .with("figure", moved.metric.to_string())
        .with("pinned", value(moved.pinned))
        .with("now", value(moved.now))
        .with("at_least", moved.now.is_some_and(|now| now.at_least))
        .with("by", of(moved.by()))
        .with("share", moved.share().map(|share| (share * 1e6).round() / 1e6))
        .with("worse", moved.is_worse())
}

fn not_run(([title, variant], [missing, all]): &([String; 2], [u64; 2])) -> Object {
    about("not-run").with("scenario", title).with("variant", variant).with("runs", missing).with("owed", all)
}

fn verdict(ended: &Ended) -> Object {
    about("verdict")
        .with("profile", &ended.request.name)
        .with("commit", ended.request.commit.to_string())
        .with("today", ended.today.to_string())
        .with("seeds", &ended.seeds)
        .with("runs", ended.judged)
        .with("owed", ended.owed)
        .with("verdict", ended.verdict())
        .with("reasons", ended.reasons())
        .with("exit", ended.status.code())
        .with("idle", &ended.idle)
        .with("moved", ended.moves.moved.len())
        .with("moved_little", ended.moves.little)
        .with("not_moved", ended.moves.same)
        .with("unpinned", &ended.moves.unpinned)
        .with("again", ended.again())
}
