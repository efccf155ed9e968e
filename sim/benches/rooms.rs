//! What a run's instructions go to: the rooms of the simulator, the stack, the cores, and what these ask of the standard library and the
//! allocator.
//!
//! valgrind's callgrind counts the instructions of one seed under all measures and checks. They are the same on a machine with other
//! load, so that two builds can be compared by one number each: instructions an event. A function that is nobody's own, such as `malloc`,
//! `memmove` or what is generic over a task, counts for those that called it, each by its share of what the calls took.
//!
//!     cargo bench --bench rooms [steady|chaos|peers|groups|openraft ...]

use leasehold_sim::history::Keep;
use leasehold_sim::mutant::DEFAULT;
use leasehold_sim::runner::{Spec, run};
use leasehold_sim::scenario::{self, Engine};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

/// What is run: a name, a scenario, on which engine.
const WORK: [(&str, &str, Engine); 5] = [
    ("steady", "scenarios/fast/steady.toml", Engine::RaftRs),
    ("chaos", "scenarios/slow/chaos.toml", Engine::RaftRs),
    // What `peers.sh` gives others to do, too.
    ("peers", "sim/benches/peers/peers.toml", Engine::RaftRs),
    ("groups", "sim/benches/groups.toml", Engine::RaftRs),
    ("openraft", "scenarios/fast/steady.toml", Engine::Openraft),
];

const SEED: u64 = 1;

/// How often a share is handed on from what nobody owns to whoever called it: longer chains are cut off, and what is left stays nobody's.
const HAND_ON: usize = 24;

/// `[NAME...]`: of these alone. `once NAME`: one run, which tells its events.
fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    if let [word, name] = &arguments[..]
        && word == "once"
    {
        println!("{}", once(name));
        return;
    }
    let is_any = arguments.is_empty();
    for (name, ..) in WORK.iter().filter(|(name, ..)| is_any || arguments.iter().any(|word| word == name)) {
        match counted(name) {
            Ok((events, profile)) => profile.print(name, events),
            Err(why) => return println!("{name}: {why}"),
        }
    }
}

/// Runs the first seed under all measures and checks; returns how many events there were.
fn once(name: &str) -> u64 {
    let (_, scenario, engine) = WORK.iter().find(|(work, ..)| *work == name).expect("a name of a work");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(scenario);
    let scenario = Arc::new(scenario::load(&path).expect("a valid scenario").on(*engine));
    let spec =
        Spec { scenario, seed: SEED, variant: &DEFAULT, default: None, keep: Keep::Nothing, leak: false }.drawn();
    run(&spec).events
}

/// Counts the instructions of one run, in a process of its own.
fn counted(name: &str) -> Result<(u64, Profile), String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let out = folder.join(format!("{name}.callgrind"));
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    let run = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet", &format!("--callgrind-out-file={}", out.display())])
        .arg(this)
        .args(["once", name])
        .output()
        .map_err(|error| format!("valgrind, which counts instructions, does not start: {error}"))?;
    let told = String::from_utf8_lossy(&run.stdout);
    let events = told.trim().parse().map_err(|_| format!("no run: {told}{}", String::from_utf8_lossy(&run.stderr)))?;
    let file = File::open(&out).map_err(|error| format!("valgrind wrote no {}: {error}", out.display()))?;
    Ok((events, Profile::read(BufReader::new(file)).map_err(|error| error.to_string())?))
}

/// Of each function, by its number.
#[derive(Default)]
struct Profile {
    names: BTreeMap<u32, String>,
    files: BTreeMap<u32, String>,
    /// Its own instructions, by the file that their lines are of: what is inlined stands in its own.
    own: BTreeMap<(u32, u32), u64>,
    /// Instructions of calls: by callee, by caller and the file of the call.
    calls: BTreeMap<u32, BTreeMap<(u32, u32), u64>>,
}

impl Profile {
    /// Reads callgrind's format, in which a name is written once and then told by its number.
    fn read(lines: impl BufRead) -> std::io::Result<Self> {
        let mut profile = Self::default();
        let (mut function, mut file, mut callee) = (0, 0, 0);
        let mut is_call = false;
        for line in lines.lines() {
            let line = line?;
            let Some((key, value)) =
                line.split_once('=').filter(|_| line.starts_with(|first: char| first.is_ascii_lowercase()))
            else {
                let cost = line.split(' ').nth(1).and_then(|cost| cost.parse::<u64>().ok());
                let Some(cost) = cost
                    .filter(|_| line.starts_with(['+', '-', '*', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']))
                else {
                    continue;
                };
                if std::mem::take(&mut is_call) {
                    *profile.calls.entry(callee).or_default().entry((function, file)).or_default() += cost;
                } else {
                    *profile.own.entry((function, file)).or_default() += cost;
                }
                continue;
            };
            match key {
                "fl" | "fi" | "fe" => file = number(value, &mut profile.files),
                "fn" => function = number(value, &mut profile.names),
                "cfn" => callee = number(value, &mut profile.names),
                "cfi" | "cfl" => drop(number(value, &mut profile.files)),
                "calls" => is_call = true,
                _ => {}
            }
        }
        Ok(profile)
    }

    /// Instructions by room.
    fn rooms(&self) -> BTreeMap<&str, f64> {
        let mut rooms = BTreeMap::new();
        let mut orphans: BTreeMap<u32, f64> = BTreeMap::new();
        for ((function, file), cost) in &self.own {
            self.give(*function, *file, *cost as f64, &mut rooms, &mut orphans);
        }
        for _ in 0..HAND_ON {
            for (callee, cost) in std::mem::take(&mut orphans) {
                let callers = self.calls.get(&callee);
                let all: u64 = callers.into_iter().flat_map(BTreeMap::values).sum();
                if all == 0 {
                    *rooms.entry(NOBODY).or_default() += cost;
                }
                for ((caller, file), calls) in callers.into_iter().flatten() {
                    let share = cost * *calls as f64 / all.max(1) as f64;
                    self.give(*caller, *file, share, &mut rooms, &mut orphans);
                }
            }
        }
        *rooms.entry(NOBODY).or_default() += orphans.values().sum::<f64>();
        rooms
    }

    /// Gives a cost to the room of the file, or else of the function, or else to whoever called that.
    fn give<'a>(
        &'a self,
        function: u32,
        file: u32,
        cost: f64,
        rooms: &mut BTreeMap<&'a str, f64>,
        orphans: &mut BTreeMap<u32, f64>,
    ) {
        let room = self.files.get(&file).and_then(|file| room_of_file(file));
        let room = room.or_else(|| self.names.get(&function).and_then(|name| room_of_function(name)));
        match room {
            Some(room) => *rooms.entry(room).or_default() += cost,
            None => *orphans.entry(function).or_default() += cost,
        }
    }

    /// Instructions of the functions themselves whose name is one of these.
    fn of(&self, names: &[&str]) -> f64 {
        let is_one = |function| {
            self.names.get(function).is_some_and(|name: &String| names.iter().any(|part| name.contains(part)))
        };
        self.own.iter().filter(|((function, _), _)| is_one(function)).map(|(_, cost)| *cost as f64).sum()
    }

    fn print(&self, name: &str, events: u64) {
        let all: f64 = self.own.values().map(|cost| *cost as f64).sum();
        println!(
            "{name}, seed {SEED}: {:.1} M instructions, {events} events, {:.0} an event",
            all / 1e6,
            all / events as f64
        );
        let line =
            |what: &str, cost: f64| println!("  {:>5.1} % {:>8.0}  {what}", 100.0 * cost / all, cost / events as f64);
        let mut rooms: Vec<_> = self.rooms().into_iter().collect();
        rooms.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        rooms.into_iter().for_each(|(room, cost)| line(room, cost));
        println!("  of which");
        for (what, names) in SHARED {
            line(what, self.of(names));
        }
        println!();
    }
}

/// What has no caller that is anybody's.
const NOBODY: &str = "the program's start and end";

/// What all rooms use, by parts of the names of functions.
const SHARED: [(&str, &[&str]); 2] = [
    ("allocation", &["malloc", "_int_free", "free", "realloc", "calloc", "unlink_chunk"]),
    ("copying and comparing bytes", &["memcpy", "memmove", "memset", "memcmp", "bcmp"]),
];

/// Whose a source file is; `None`: everybody's.
fn room_of_file(file: &str) -> Option<&str> {
    const CORES: [(&str, &str); 4] =
        [("/raft-0", "raft"), ("/raft-proto-", "raft"), ("/protobuf-", "raft"), ("/openraft-", "openraft")];
    if let Some((_, core)) = CORES.iter().find(|(part, _)| file.contains(part)) {
        return Some(core);
    }
    if file.contains("/registry/") || file.contains("/rustc/") {
        return None;
    }
    match file.split_once("sim/src/") {
        Some((_, room)) => Some(room_name(room.split(['/', '.']).next().unwrap_or(room))),
        None if file.contains("src/") && file.ends_with(".rs") => Some("the stack"),
        None => None,
    }
}

/// Whose a function is, by its path; `None`: everybody's.
fn room_of_function(name: &str) -> Option<&str> {
    let path = name.trim_start_matches(['<', '&']);
    match path.strip_prefix("leasehold_sim::") {
        Some(path) => Some(room_name(path.split(':').next().unwrap_or(path))),
        None if path.starts_with("leasehold::") => Some("the stack"),
        None => ["openraft", "raft"].into_iter().find(|core| path.starts_with(&format!("{core}::"))),
    }
}

/// What stands in the table for a room of the simulator.
fn room_name(room: &str) -> &str {
    match room {
        "check" | "register" => "checks and their registers",
        "verdict" => "measures",
        "workload" => "clients",
        "fault" | "lib" | "mutant" | "runner" | "scenario" | "time" | "words" => "the run: scenario, faults, assembly",
        room => room,
    }
}

/// The number of `(NUMBER) NAME`, whose name is kept.
fn number(value: &str, names: &mut BTreeMap<u32, String>) -> u32 {
    let (number, name) = value.trim_start_matches('(').split_once(')').unwrap_or((value, ""));
    let number = number.parse().unwrap_or_default();
    if !name.is_empty() {
        names.insert(number, name.trim().to_owned());
    }
    number
}
