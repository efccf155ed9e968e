//! How the closed sets of words of a scenario are spelled, and what was meant by a word that is in none of them.

use std::{fmt, str::FromStr};

use super::{
    Action, Calls, Class, Cut, DiskOperation, Drift, Engine, FaultName, Healed, InnerReads, Jump, LaneName, Leftover,
    MessageKind, Op, Paused, PausedClock, Phase, Point, Renewal, Selector, ShapeName, Tail, Target, Wire,
    problem::{quote, quote_all},
    units::{Misread, written},
};

/// A closed set of words: the one place where each is spelled.
pub(super) trait Spelled: Copy + PartialEq + Sized + 'static {
    /// What the set is of, for messages: `"class"`.
    const WHAT: &'static str;
    /// Every member and its word.
    const WORDS: &'static [(Self, &'static str)];

    /// The word for this member.
    fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(member, _)| *member == self).map_or("", |(_, word)| word)
    }

    /// The member that `text` spells.
    fn spelled(text: &str) -> Result<Self, Misread> {
        let member = Self::WORDS.iter().find(|(_, word)| *word == text).map(|(member, _)| *member);
        member.ok_or_else(|| unknown(Self::WHAT, text, Self::WORDS.iter().map(|(_, word)| word)))
    }
}

macro_rules! spelled {
    ($($set:ty, $what:literal, { $($member:ident = $word:literal),* $(,)? })*) => {$(
        impl Spelled for $set {
            const WHAT: &'static str = $what;
            const WORDS: &'static [(Self, &'static str)] = &[$((Self::$member, $word)),*];
        }

        impl fmt::Display for $set {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }

        impl FromStr for $set {
            type Err = Misread;

            fn from_str(text: &str) -> Result<Self, Misread> {
                Self::spelled(text)
            }
        }
    )*};
}

spelled! {
    Class, "class", {
        Nondeterminism = "nondeterminism",
        Panic = "panic",
        StaleRead = "stale-read",
        LostWrite = "lost-write",
        RaftInvariant = "raft-invariant",
        LeaseInvariant = "lease-invariant",
        Liveness = "liveness",
        Expectation = "expectation",
        Vacuous = "vacuous",
    }
    Op, "operator", { Le = "<=", Ge = ">=", Eq = "==", Lt = "<", Gt = ">" }
    Engine, "engine", { RaftRs = "raft-rs" }
    Renewal, "renewal", { Acks = "acks", ReadIndex = "read-index" }
    Calls, "kind of calls", { Stream = "stream", Unary = "unary" }
    InnerReads, "fence", { Snapshot = "snapshot", Lease = "lease", ReadIndex = "read-index" }
    Cut, "way to cut", { Drop = "drop", Hold = "hold", Flight = "cut" }
    PausedClock, "clock of a pause", { Running = "running", Frozen = "frozen" }
    Phase, "phase of the protocol", {
        LeaseBegin = "lease.begin",
        LeaseExtension = "lease.extension",
        LeaseExpiry = "lease.expiry",
        LeaseEnd = "lease.end",
        Election = "election",
        CaughtUp = "caught-up",
        StepDown = "step-down",
        CheckQuorum = "check-quorum",
        TransferStart = "transfer.start",
        TransferAbort = "transfer.abort",
        TimeoutNowSent = "timeout-now.sent",
        TimeoutNowReceived = "timeout-now.received",
        WriteAcknowledged = "write.acknowledged",
        Crash = "crash",
        Restart = "restart",
    }
    DiskOperation, "operation of a disk", { Append = "append", Sync = "sync", Read = "read" }
    Tail, "tail of a file", { Lost = "lost", Kept = "kept", Torn = "torn", Scattered = "scattered" }
    FaultName, "fault that chaos can draw", {
        Transfer = "transfer",
        Partition = "partition",
        Link = "link",
        Hold = "hold",
        Crash = "crash",
        Pause = "pause",
        Slow = "slow",
        Clock = "clock",
        Disk = "disk",
        Membership = "membership",
    }
    Paused, "thing to pause", { Process = "process", Task = "task" }
    Point, "point of the code", {
        Appended = "appended",
        Persisted = "persisted",
        Sent = "sent",
        Applied = "applied",
        Published = "published",
        LeaseChecked = "lease-checked",
        IndexConfirmed = "index-confirmed",
    }
    ShapeName, "shape", { Bridge = "bridge", Ring = "ring" }
    LaneName, "lane", { Heartbeat = "heartbeat", Bulk = "bulk", Request = "request" }
    MessageKind, "kind of message", {
        Heartbeat = "heartbeat",
        HeartbeatResponse = "heartbeat-response",
        Append = "append",
        AppendResponse = "append-response",
        Snapshot = "snapshot",
        PreVote = "pre-vote",
        PreVoteResponse = "pre-vote-response",
        Vote = "vote",
        ForcedVote = "forced-vote",
        VoteResponse = "vote-response",
        TimeoutNow = "timeout-now",
        Request = "request",
        Reply = "reply",
    }
    Leftover, "fate", { Deliver = "deliver", Drop = "drop" }
    Healed, "thing to heal", { Everything = "everything", Network = "network", Processes = "processes" }
    Target, "target", { Any = "@any", Leader = "@leader" }
}

impl FaultName {
    /// Every fault that chaos can draw.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::WORDS.iter().map(|(fault, _)| *fault)
    }
}

impl Phase {
    /// Every phase.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::WORDS.iter().map(|(phase, _)| *phase)
    }
}

impl Selector {
    const ROLES: [(Self, &'static str); 16] = [
        (Self::Leader, "@leader"),
        (Self::OldLeader, "@old-leader"),
        (Self::Follower, "@follower"),
        (Self::Followers, "@followers"),
        (Self::LeaseHolder, "@lease-holder"),
        (Self::Others, "@others"),
        (Self::Majority, "@majority"),
        (Self::Minority, "@minority"),
        (Self::Learner, "@learner"),
        (Self::Spare, "@spare"),
        (Self::Any, "@any"),
        (Self::This, "@this"),
        (Self::Lagging, "@lagging"),
        (Self::CaughtUp, "@caught-up"),
        (Self::Paused, "@paused"),
        (Self::Restarted, "@restarted"),
    ];

    /// Every role, as it is written.
    pub(super) fn roles() -> impl Iterator<Item = Self> {
        Self::ROLES.iter().map(|(role, _)| *role)
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Self::ROLES.iter().find(|(role, _)| role == self) {
            Some((_, word)) => f.write_str(word),
            None => match self {
                Self::Node(number) => write!(f, "n{number}"),
                _ => Ok(()),
            },
        }
    }
}

impl FromStr for Selector {
    type Err = Misread;

    fn from_str(text: &str) -> Result<Self, Misread> {
        if let Some((role, _)) = Self::ROLES.iter().find(|(_, word)| *word == text) {
            return Ok(*role);
        }
        if let Some(number) = text.strip_prefix('n').filter(|number| is_plain_number(number)) {
            return number
                .parse()
                .map(Self::Node)
                .map_err(|_| Misread::new(format!("there is no node {}", quote(text))));
        }
        let words = || Self::ROLES.iter().map(|(_, word)| *word);
        let allowed = format!("allowed: `n1`, `n2`, ...; {}", quote_all(words()));
        let unknown = unknown("selector", text, words());
        Err(Misread { help: Some(allowed), meant: by_number(text).or(unknown.meant.clone()), ..unknown })
    }
}

impl fmt::Display for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, one_way } = self;
        write!(f, "n{from}{}n{to}", if *one_way { '>' } else { '-' })
    }
}

impl FromStr for Wire {
    type Err = Misread;

    fn from_str(text: &str) -> Result<Self, Misread> {
        let forms = "two nodes: `n1-n2` there and back, `n1>n2` one way";
        let node = |text: &str| match text.trim().parse() {
            Ok(Selector::Node(number)) => Some(number),
            Ok(_) | Err(_) => None,
        };
        let ends = text.split_once('>').map(|ends| (ends, true)).or(text.split_once('-').map(|ends| (ends, false)));
        let wire = ends.and_then(|((from, to), one_way)| Some((node(from)?, node(to)?, one_way)));
        match wire {
            Some((from, to, _)) if from == to => {
                Err(Misread::new(format!("there is no link from `n{from}` to itself")).help(forms))
            }
            Some((from, to, true)) => Ok(Self { from, to, one_way: true }),
            Some((from, to, false)) => Ok(Self { from: from.min(to), to: from.max(to), one_way: false }),
            None => Err(Misread::new(format!("{} is not a link", quote(text))).help(forms)),
        }
    }
}

/// `n1` for `N1`, `node1`, `node-1` and `1`.
fn by_number(text: &str) -> Option<String> {
    let word = normal(text);
    let number = word.strip_prefix("node").or(word.strip_prefix('n')).unwrap_or(&word).trim_start_matches('-');
    is_plain_number(number).then(|| format!("n{number}"))
}

fn is_plain_number(text: &str) -> bool {
    !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty()
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:+}ppm", self.0)
    }
}

impl fmt::Display for Jump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.back { '-' } else { '+' }, written(self.by))
    }
}

impl fmt::Display for Action {
    /// The verb: `partition`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.fault().unwrap_or("tag"))
    }
}

/// The refusal of a word that is not among `allowed`; `what` says what they are.
pub(super) fn unknown<T: fmt::Display>(what: &str, word: &str, allowed: impl IntoIterator<Item = T>) -> Misread {
    let allowed: Vec<String> = allowed.into_iter().map(|word| word.to_string()).collect();
    Misread {
        message: format!("unknown {what} {}", quote(word)),
        meant: nearest(word, allowed.iter().map(String::as_str)).map(str::to_owned),
        help: Some(format!("allowed: {}", quote_all(&allowed))),
    }
}

/// As [`unknown`], of a set too large to be shown: the `few` that are nearest are, and `where_all` are.
pub(super) fn unknown_of_many(what: &str, word: &str, all: Vec<String>, few: usize, where_all: &str) -> Misread {
    let meant = nearest(word, all.iter().map(String::as_str)).map(str::to_owned);
    let mut nearest = all;
    nearest.sort_by_cached_key(|name| strsim::damerau_levenshtein(&normal(word), &normal(name)));
    nearest.truncate(few);
    Misread {
        message: format!("unknown {what} {}", quote(word)),
        meant,
        help: Some(format!("nearest: {}; {where_all}", quote_all(&nearest))),
    }
}

/// The one of `candidates` that a person who wrote `word` most likely meant, if any is likely.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const LONGEST: usize = 64;
    let candidates: Vec<&str> = candidates.into_iter().collect();
    let word = normal(word);
    if word.is_empty() || word.len() > LONGEST {
        return None;
    }
    let close = word.chars().count().div_ceil(3);
    let by_edits = candidates
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, &normal(candidate)), candidate))
        .filter(|(edits, _)| *edits <= close)
        .min_by_key(|(edits, _)| *edits);
    let by_habit = || candidates.iter().find(|candidate| HABITS.contains(&(&word, candidate)));
    by_edits.map(|(_, candidate)| candidate).or_else(by_habit).or_else(|| by_part(&word, &candidates)).copied()
}

/// `election` for `election-timeout`, `hit-rate` for `lease-hit-rate`: many edits, yet no doubt. At the start, the first;
/// elsewhere the only one.
fn by_part<'c, 'a>(word: &str, candidates: &'c [&'a str]) -> Option<&'c &'a str> {
    if word.len() <= 2 {
        return None;
    }
    let inside = |candidate: &&&str| format!("-{}-", normal(candidate)).contains(&format!("-{word}-"));
    let mut parts = candidates.iter().filter(inside);
    let only = parts.next().filter(|_| parts.next().is_none());
    candidates.iter().find(|candidate| normal(candidate).starts_with(word)).or(only)
}

/// What other harnesses and everyday speech call it, and what it is called here.
const HABITS: [(&str, &str); 34] = [
    ("kill", "crash"),
    ("restart", "crash"),
    ("bounce", "crash"),
    ("stop", "pause"),
    ("suspend", "pause"),
    ("freeze", "pause"),
    ("skew", "clock"),
    ("time", "clock"),
    ("drift", "rate"),
    ("jump", "step"),
    ("fdatasync", "fsync"),
    ("write", "append"),
    ("isolate", "partition"),
    ("throttle", "slow"),
    ("degrade", "link"),
    ("latency", "delay"),
    ("rate", "bandwidth"),
    ("limit", "queue"),
    ("times", "first"),
    ("cut", "partition"),
    ("split", "partition"),
    ("reconfigure", "membership"),
    ("conf-change", "membership"),
    ("snapshot-every", "compact-after"),
    ("duration", "for"),
    ("lasts", "for"),
    ("period", "every"),
    ("window", "tag"),
    ("timeout", "deadline"),
    ("threads", "clients"),
    ("freeze", "frozen"),
    ("all", "everything"),
    ("read", "get"),
    ("write", "put"),
];

/// Without what people get wrong most: case, `_` for `-`, a forgotten `@`.
fn normal(word: &str) -> String {
    word.trim().trim_start_matches('@').to_lowercase().replace(['_', ' '], "-")
}

/// What `text` is in kebab-case, if it can be.
pub(super) fn kebab(text: &str) -> Option<String> {
    Some(normal(text)).filter(|text| is_kebab(text))
}

/// `text` is words of lower-case letters and digits, joined by single hyphens.
pub(super) fn is_kebab(text: &str) -> bool {
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    text.split('-').all(is_word)
}
