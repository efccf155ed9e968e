//! The timeline, a sentence a step.

use std::time::Duration;

use super::words::{counted, listed, sides, time};
use crate::scenario::{
    Action, Chaos, ClockFault, ClockHarm, Crash, Cut, DiskFault, DiskHarm, DiskOperation, Drift, Ends, Heal, Healed,
    Hold, Jump, Leftover, Link, MembershipChange, MessageKind, Moment, Partition, Pause, Paused, PausedClock, Point,
    Ppm, Scenario, Selector, Shape, Slow, Step, Tail, When,
    units::{decimal, written_bandwidth},
};

pub(super) fn told(scenario: &Scenario) -> Vec<String> {
    let mut lines = steps(scenario);
    lines.extend(scenario.chaos.as_ref().map(chaos));
    lines
}

fn chaos(Chaos { faults, quiet }: &Chaos) -> String {
    let faults = listed(&faults.iter().map(|fault| format!("`{fault}`")).collect::<Vec<_>>());
    let shape = "Each seed draws how many nodes there are, their timing, network and disks";
    let which = format!("which of the faults {faults} exist at all, how often they act and on whom");
    format!("{shape}, and {which}. For the last {} nothing is wrong. Told of a seed with `--seed N`.", time(*quiet))
}

fn steps(scenario: &Scenario) -> Vec<String> {
    if scenario.chaos.is_some() && scenario.timeline.is_empty() {
        return Vec::new();
    }
    if scenario.timeline.iter().all(|step| matches!(step.action, Action::Tag { .. })) {
        let windows = scenario.timeline.iter().map(one);
        return ["No fault is injected.".to_owned()].into_iter().chain(windows).collect();
    }
    scenario.timeline.iter().map(one).collect()
}

fn one(step: &Step) -> String {
    format!("{}: {}.", when(step.at), what(&step.action))
}

fn when(at: When) -> String {
    match at {
        When::At(at) => time(at),
        When::Window { from, to } => format!("{} to {}", time(from), time(to)),
        When::On { moment: Moment { phase, after, before }, from, to, times } => {
            let shift = match (after.is_zero(), before.is_zero()) {
                (false, _) => format!("{} after ", time(after)),
                (_, false) => format!("{} before ", time(before)),
                _ => "when ".to_owned(),
            };
            let times = if times == 1 { "once".to_owned() } else { format!("at most {times} times") };
            format!("{} to {}, {times}, {shift}{}", time(from), time(to), phase.about())
        }
        When::Every { from, to, every, jitter } => {
            let late = if jitter.is_zero() { String::new() } else { format!(", up to {} late", time(jitter)) };
            let times = counted(at.times(), "time");
            format!("{} to {}, every {}{late}, {times}", time(from), time(to), time(every))
        }
    }
}

fn what(action: &Action) -> String {
    match action {
        Action::Tag { name } => format!("the window `{name}`"),
        Action::Transfer { from, to } => {
            format!("{} is asked to hand leadership to {}{}", from.called(), to.called(), drawn(&[*from, *to]))
        }
        Action::Partition(partition) => cut(partition),
        Action::Crash(crash) => killed(crash),
        Action::Pause(of) => pause(of),
        Action::Link(of) => link(of),
        Action::Hold(of) => hold(of),
        Action::Slow(Slow { nodes, factor, lasts }) => {
            let takes = format!("all work of {} takes {factor} times as long", all(nodes));
            format!("{} {takes}{}", lasting(*lasts), drawn(nodes))
        }
        Action::Membership(change) => format!("the leader is asked to {}{}", changed(change), drawn(&change.named())),
        Action::Clock(clock) => wrong_clock(clock),
        Action::Disk(disk) => wrong_disk(disk),
        Action::Heal(of) => heal(of),
    }
}

fn pause(Pause { nodes, lasts, clock, at, what }: &Pause) -> String {
    let many = are_many(nodes);
    let stands = if many { "stand" } else { "stands" };
    let clock = match (what, many, clock) {
        (Paused::Task, _, _) => "the rest of the process goes on",
        (Paused::Process, false, PausedClock::Running) => "its clock goes on",
        (Paused::Process, false, PausedClock::Frozen) => "its clock stands still too",
        (Paused::Process, true, PausedClock::Running) => "their clocks go on",
        (Paused::Process, true, PausedClock::Frozen) => "their clocks stand still too",
    };
    let (who, lasting, drawn) = (all(nodes), lasting(*lasts), drawn(nodes));
    match (at, what) {
        (None, _) => format!("{who} {stands} still {lasting}; {clock}{drawn}"),
        (Some(at), Paused::Process) => {
            format!("{who} {stands} still {lasting}, from the moment that a task is {}; {clock}{drawn}", reached(*at))
        }
        (Some(at), Paused::Task) => {
            format!("the next task of {who} that is {} stands still {lasting}; {clock}{drawn}", reached(*at))
        }
    }
}

fn killed(Crash { nodes, lasts, tail }: &Crash) -> String {
    let left = match tail {
        Tail::Lost => "what its disk had synced",
        Tail::Kept => "all that it had written, synced or not",
        Tail::Torn => "what its disk had synced and some of what it had not, cut at any byte",
        Tail::Scattered => "what its disk had synced and some sectors of what it had not",
    };
    let back = match lasts {
        Some(Duration::ZERO) => format!("started again at once on {left}"),
        Some(lasts) => format!("started again {} later on {left}", time(*lasts)),
        None if *tail == Tail::Lost => "stays down until something heals it".to_owned(),
        None => format!("stays down until something heals it, then to start on {left}"),
    };
    format!("the process of {} is killed, and {back}{}", all(nodes), drawn(nodes))
}

fn wrong_clock(ClockFault { nodes, harm, lasts }: &ClockFault) -> String {
    let (many, whose) = (are_many(nodes), all(nodes));
    let (clock, verb, is) = if many { ("clocks", "", "are") } else { ("clock", "s", "is") };
    let (lasting, drawn) = (lasting(*lasts), drawn(nodes));
    let what = match harm {
        ClockHarm::Rate(by) => format!("run{verb} {} {lasting}", drift(*by, "too fast", "too slow")),
        ClockHarm::Slew(by) => format!("{is} slewed {lasting}, to run {}", drift(*by, "faster", "slower")),
        ClockHarm::Step { by, monotonic: false } => format!("jump{verb}, read as a wall clock, {}", jump(*by)),
        ClockHarm::Step { by, monotonic: true } => format!("jump{verb}, as wall and as monotonic clock, {}", jump(*by)),
        ClockHarm::Freeze => format!("stand{verb} still {lasting}, while processes run"),
        ClockHarm::Fail => format!("cannot be read {lasting}"),
    };
    format!("the {clock} of {whose} {what}{drawn}")
}

fn drift(Drift(ppm): Drift, fast: &str, slow: &str) -> String {
    format!("{} ppm {}", ppm.unsigned_abs(), if ppm < 0 { slow } else { fast })
}

fn jump(Jump { back, by }: Jump) -> String {
    format!("{} by {}", if back { "back" } else { "forward" }, time(by))
}

fn wrong_disk(DiskFault { nodes, harm, lasts }: &DiskFault) -> String {
    let lasting = lasting(*lasts);
    let what = match harm {
        DiskHarm::Fsync(takes) => format!("each fsync takes {} {lasting}", time(*takes)),
        DiskHarm::Slow(times) => format!("each fsync takes {times} times longer {lasting}"),
        DiskHarm::Stall => format!("no fsync returns {lasting}"),
        DiskHarm::Fail(DiskOperation::Append) => format!("every write fails {lasting}"),
        DiskHarm::Fail(DiskOperation::Sync) => {
            format!("every fsync fails {lasting}, and what it failed for is not durable")
        }
        DiskHarm::Fail(DiskOperation::Read) => format!("files cannot be read {lasting}, so that no process can start"),
        DiskHarm::Full => format!("there is no room {lasting}"),
    };
    let disk = if are_many(nodes) { "disks" } else { "disk" };
    format!("on the {disk} of {} {what}{}", all(nodes), drawn(nodes))
}

/// Who these are together.
fn all(nodes: &[Selector]) -> String {
    listed(&nodes.iter().copied().map(Selector::called).collect::<Vec<_>>())
}

fn are_many(nodes: &[Selector]) -> bool {
    nodes.len() > 1 || nodes.iter().any(|node| node.is_many())
}

fn changed(change: &MembershipChange) -> String {
    match change {
        MembershipChange::AddLearner(node) => format!("add {} as a learner", node.called()),
        MembershipChange::Promote(node) => format!("give {} a vote", node.called()),
        MembershipChange::Demote(node) => format!("make a learner of {}", node.called()),
        MembershipChange::Remove(node) => format!("remove {}", node.called()),
        MembershipChange::Joint { add, remove } => {
            let add = (!add.is_empty()).then(|| format!("give a vote to {}", all(add)));
            let remove = (!remove.is_empty()).then(|| format!("remove {}", all(remove)));
            let parts: Vec<String> = add.into_iter().chain(remove).collect();
            format!("{}, by a joint configuration", listed(&parts))
        }
    }
}

/// Where in the code a task is.
fn reached(at: Point) -> &'static str {
    match at {
        Point::Appended => "between appending to the log and its fsync",
        Point::Persisted => "between the log's fsync and sending what promises it",
        Point::Sent => "between sending and applying",
        Point::Applied => "between applying and publishing that",
        Point::Published => "between publishing a commit and answering who waits for it",
        Point::LeaseChecked => "between the lease's check and reading the store",
        Point::IndexConfirmed => "between a confirmed ReadIndex round and reading the store",
    }
}

fn link(link: &Link) -> String {
    let what = match (link.lane, &link.messages[..]) {
        (None, []) => "messages".to_owned(),
        (Some(lane), []) => format!("messages on the {} lane", lane.name()),
        (_, kinds) => format!("messages of the kind {}", kinds_listed(kinds)),
    };
    let wrongs = [
        (link.loss > Ppm(0)).then(|| format!("{} of them are lost", percent(link.loss))),
        (link.delay > Duration::ZERO).then(|| format!("they arrive {} late", time(link.delay))),
        (link.jitter > Duration::ZERO).then(|| format!("they arrive up to {} later still", time(link.jitter))),
        (link.duplicate > Ppm(0)).then(|| format!("{} arrive twice", percent(link.duplicate))),
        link.reorder.then(|| "they may overtake one another".to_owned()),
        (link.stall > Ppm(0)).then(|| {
            format!(
                "{} are lost on the wire and sent again after 200ms or more, and the rest waits",
                percent(link.stall)
            )
        }),
        link.bandwidth.map(|bandwidth| format!("no more than {} leave", written_bandwidth(bandwidth))),
        link.queue.map(|queue| format!("no more than {queue} may wait to leave")),
    ];
    let wrongs: Vec<String> = wrongs.into_iter().flatten().collect();
    let (between, drawn) = between(&link.ends);
    format!("{} something is wrong with {what} {between}: {}{drawn}", lasting(link.lasts), listed(&wrongs))
}

fn hold(hold: &Hold) -> String {
    let (between, drawn) = between(&hold.ends);
    let kinds = kinds_listed(&hold.messages);
    let what = match hold.first {
        None => format!("messages of the kind {kinds} {between} are held back"),
        Some(1) => format!("the first message of the kind {kinds} {between} is held back"),
        Some(first) => format!("the first {first} messages of the kind {kinds} {between} are held back"),
    };
    let then = match hold.then {
        Leftover::Deliver => "then delivered",
        Leftover::Drop => "then dropped",
    };
    format!("{} {what}, {then}; others pass{drawn}", lasting(hold.lasts))
}

fn kinds_listed(kinds: &[MessageKind]) -> String {
    kinds.iter().map(|kind| format!("`{kind}`")).collect::<Vec<_>>().join(" or ")
}

/// On which links, and whether the seed says so.
fn between(ends: &Ends) -> (String, &'static str) {
    let between = match (&ends.from[..], &ends.to[..]) {
        ([], []) => "between all nodes".to_owned(),
        (from, []) => format!("from {} to everybody", all(from)),
        ([], to) => format!("from everybody to {}", all(to)),
        (from, to) => format!("from {} to {}", all(from), all(to)),
    };
    (between, drawn(&[&ends.from[..], &ends.to].concat()))
}

fn percent(share: Ppm) -> String {
    format!("{} %", decimal(share.0.into(), 4))
}

fn heal(Heal { what, messages }: &Heal) -> String {
    let over = match what {
        Healed::Everything => "whatever lasts is over: every fault of the network, of a process, a clock or a disk",
        Healed::Network => "every fault of the network is over",
        Healed::Processes => "every downtime, pause and slowness is over, and every fault of a clock or disk",
    };
    match messages {
        Leftover::Drop if what.network() => format!("{over}; messages that were held or late are dropped"),
        Leftover::Deliver => format!("{over}; messages that were held or late still arrive"),
        Leftover::Drop => over.to_owned(),
    }
}

fn cut(partition: &Partition) -> String {
    let apart = match &partition.shape {
        Shape::Sides(sides) => two_sides(sides, partition.one_way),
        Shape::Bridge(node) if partition.one_way => {
            format!("one half of the nodes cannot reach the other, but hears it; {} reaches all", node.called())
        }
        Shape::Bridge(node) => format!("two halves of the nodes cannot reach each other; both reach {}", node.called()),
        Shape::Ring => "the nodes are a ring, in which each reaches its two neighbours only".to_owned(),
    };
    let fate = match partition.how {
        Cut::Drop => "what is sent meanwhile is lost",
        Cut::Hold => "what is sent meanwhile arrives afterwards",
        Cut::Flight => "what is sent meanwhile is lost, and so is what is under way",
    };
    let halves = matches!(partition.shape, Shape::Bridge(_));
    let drawn = if halves { " (who, the seed says)" } else { drawn(&partition.shape.selectors()) };
    format!("{} {apart}; {fate}{drawn}", lasting(partition.lasts))
}

fn two_sides(both: &[Vec<Selector>; 2], one_way: bool) -> String {
    let [first, second] = sides(both);
    if one_way {
        format!("{first} cannot reach {second}, but hears them")
    } else {
        format!("{first} and {second} cannot reach each other")
    }
}

fn lasting(lasts: Option<Duration>) -> String {
    lasts.map_or_else(|| "until something heals it".to_owned(), |lasts| format!("for {}", time(lasts)))
}

fn drawn(selectors: &[Selector]) -> &'static str {
    if selectors.iter().any(|selector| selector.is_of_the_seed()) { " (who, the seed says)" } else { "" }
}
