//! The rules of `[[workload]]`.

use std::{collections::BTreeMap, ops::Range, time::Duration};

use toml::Spanned;

use crate::scenario::{
    Count, KeyDistribution, Keys, MAX_BURST, MAX_CLIENTS, MAX_KEYS, MAX_SCRIPT_READS, MAX_WORKLOADS, Misread, Mix,
    Pace, Problem, ScriptReads, Target, Workload, WorkloadKind,
    schema::{self, Or, Quantity, Text, Whole},
    table::{Frame, Report},
    units,
};
use crate::words;

/// The kinds of workloads.
pub(in crate::scenario) const KINDS: [&str; 2] = ["kv", "script"];

/// The workloads, and where each stands.
pub(super) fn workloads(
    raw: Vec<Spanned<schema::Workload>>,
    frame: &Frame,
    report: &mut Report,
) -> Vec<(Workload, Range<usize>)> {
    if raw.is_empty() {
        let help = "write at least `[[workload]]` and, below it, `kind = \"kv\"`";
        report.missing(Problem::new("no workload: nothing reads or writes").help(help));
    }
    if let Some(workload) = raw.get(MAX_WORKLOADS) {
        let message = format!("a scenario has at most {MAX_WORKLOADS} workloads, this has {}", raw.len());
        report.refuse(Problem::new(message).at(workload.span()));
        return Vec::new();
    }
    let mut names = BTreeMap::new();
    let placed = raw.into_iter().map(|workload| (workload.span(), workload));
    placed.filter_map(|(place, workload)| Some((one(workload, &mut names, frame, report)?, place))).collect()
}

fn one(
    raw: Spanned<schema::Workload>,
    names: &mut BTreeMap<String, Range<usize>>,
    frame: &Frame,
    report: &mut Report,
) -> Option<Workload> {
    let span = raw.span();
    let raw = raw.into_inner();
    let kind_word = raw.kind.as_ref().map(|kind| kind.get_ref().clone());
    let kind_span = raw.kind.as_ref().map(Spanned::span);
    let kind = kind(raw.kind, raw.mix, raw.reads_per_script, span.clone(), report);
    let name = match raw.name {
        Some(name) => Some(name.span()).zip(report.kebab("a workload's name", name)),
        None => kind_span.zip(kind_word),
    };
    let name = name.and_then(|(span, name)| unique(name, span, names, report));
    let (from, until) = span_of_time(raw.from, raw.until, frame, report);
    let protocol = frame.protocol.as_ref();
    let workload = Workload {
        name: name.unwrap_or_default(),
        kind: kind?,
        clients: report.whole("clients", raw.clients, 1, MAX_CLIENTS).unwrap_or(Workload::CLIENTS),
        keys: keys(raw.keys, report),
        pace: pace(raw.rate, raw.burst, raw.think, frame, report),
        deadline: report.positive("deadline", raw.deadline, protocol).unwrap_or(Workload::DEADLINE),
        to: report.word(raw.to).unwrap_or(Target::Any),
        from,
        until,
    };
    Some(workload)
}

fn kind(
    kind: Option<Text>,
    mix: Option<Spanned<schema::Mix>>,
    reads: Option<Spanned<Or<schema::ScriptReads>>>,
    workload: Range<usize>,
    report: &mut Report,
) -> Option<WorkloadKind> {
    let Some(kind) = kind else {
        let problem = Problem::new("this workload has no `kind`").at(workload);
        report.missing(problem.help(
            "`kind = \"kv\"`: single reads and writes; `kind = \"script\"`: reads and one write checked against them",
        ));
        return None;
    };
    let misplaced = |key: &str, span: Range<usize>, of: &str| {
        Problem::new(format!("`{key}` is for workloads of kind `{of}`"))
            .at(span)
            .also(kind.span(), "this is another kind")
    };
    match kind.get_ref().as_str() {
        "kv" => {
            if let Some(reads) = reads {
                report.refuse(misplaced("reads-per-script", reads.span(), "script"));
            }
            Some(WorkloadKind::Kv { mix: mix.map_or_else(|| Some(Mix::default()), |mix| shares(mix, report))? })
        }
        "script" => {
            if let Some(mix) = mix {
                report.refuse(misplaced("mix", mix.span(), "kv"));
            }
            Some(WorkloadKind::Script { reads: script_reads(reads, report).unwrap_or(ScriptReads::constant(1)) })
        }
        word => {
            report.refuse(words::unknown("kind", word, KINDS).at(kind.span()));
            None
        }
    }
}

/// `7`, or `{ calls = "5..=7", each = "1..=7" }`.
fn script_reads(raw: Option<Spanned<Or<schema::ScriptReads>>>, report: &mut Report) -> Option<ScriptReads> {
    let raw = raw?;
    let span = raw.span();
    let (calls, each) = match raw.into_inner() {
        Or::Word(number) => {
            let help = "say how many: `reads-per-script = 7`, or `{ calls = \"5..=7\", each = 4 }`";
            let reads = report.take(plain_count(&number.0, "reads", help), span.clone());
            let reads = reads.map(|reads| Spanned::new(span.clone(), reads));
            let reads = report.whole("reads-per-script", reads, 1, MAX_SCRIPT_READS)?;
            (Count::constant(1), Count::constant(reads))
        }
        Or::Table(schema::ScriptReads { calls, each }) => {
            let mut count = |count| report.scalar(count, units::count_of).unwrap_or(Count::constant(1));
            (count(calls), count(each))
        }
    };
    if u64::from(calls.most) * u64::from(each.most) > u64::from(MAX_SCRIPT_READS) {
        let message =
            format!("`reads-per-script` is at most {MAX_SCRIPT_READS}, not {} times {}", calls.most, each.most);
        report.refuse(Problem::new(message).at(span));
    }
    Some(ScriptReads { calls, each })
}

fn shares(raw: Spanned<schema::Mix>, report: &mut Report) -> Option<Mix> {
    let span = raw.span();
    let schema::Mix { get, put, cas, update } = raw.into_inner();
    let before = report.problems.len();
    let mut share = |share| report.scalar(share, units::per_mille).unwrap_or(0);
    let mix = Mix { get: share(get), put: share(put), cas: share(cas), update: share(update) };
    if report.problems.len() > before {
        return None;
    }
    let sum = mix.get + mix.put + mix.cas + mix.update;
    if sum != 1000 {
        let message = format!("the mix adds up to {}, not to 1", f64::from(sum) / 1000.0);
        report.missing(Problem::new(message).at(span).help("`mix = { get = 0.7, put = 0.2, cas = 0.1 }`"));
        return None;
    }
    Some(mix)
}

fn unique(
    name: String,
    span: Range<usize>,
    names: &mut BTreeMap<String, Range<usize>>,
    report: &mut Report,
) -> Option<String> {
    if let Some(first) = names.get(&name) {
        let problem =
            Problem::new(format!("two workloads are called `{name}`")).at(span).also(first.clone(), "the first");
        report.refuse(problem.help("a workload is called after its kind; two of one kind need a `name`"));
        return None;
    }
    names.insert(name.clone(), span);
    Some(name)
}

/// Where a workload begins and ends.
fn span_of_time(
    from: Option<Quantity>,
    until: Option<Quantity>,
    frame: &Frame,
    report: &mut Report,
) -> (Duration, Option<Duration>) {
    let from_span = from.as_ref().map(Spanned::span);
    let until_span = until.as_ref().map(Spanned::span);
    let from = report.moment(from, frame.protocol.as_ref()).unwrap_or_default();
    let until = report.moment(until, frame.protocol.as_ref());
    let run = frame.until;
    if let Some(span) = until_span.clone().filter(|_| until.is_some_and(|until| until > run)) {
        report.refuse(Problem::new(format!("the workload ends after the run ({run:?})")).at(span));
    } else if let Some(span) = from_span.or(until_span).filter(|_| from >= until.unwrap_or(run)) {
        let end = until.unwrap_or(run);
        report.refuse(Problem::new(format!("the workload ends ({end:?}) before it begins ({from:?})")).at(span));
    }
    (from, until)
}

fn pace(
    rate: Option<Quantity>,
    burst: Option<Whole>,
    think: Option<Quantity>,
    frame: &Frame,
    report: &mut Report,
) -> Pace {
    if let (None, Some(burst)) = (&rate, &burst) {
        report.missing(Problem::new("`burst` without `rate`").at(burst.span()).help("say how often: `rate = \"7/s\"`"));
    }
    let burst = report.whole("burst", burst, 1, MAX_BURST).unwrap_or(1);
    if let (Some(rate), Some(think)) = (&rate, &think) {
        let problem = Problem::new("`rate` and `think` cannot both be given").at(think.span());
        let help = "`rate` sends at fixed times, answered or not; `think` waits after each answer";
        report.refuse(problem.also(rate.span(), "the rate").help(help));
    }
    if let Some(per_second_milli) = report.scalar(rate, units::rate) {
        return Pace::Open { per_second_milli, burst };
    }
    let think = report.duration(think, frame.protocol.as_ref());
    think.map_or_else(Pace::default, |think| Pace::Closed { think })
}

/// `keys = 8`, or a table that says more.
fn keys(raw: Option<Spanned<Or<schema::Keys>>>, report: &mut Report) -> Keys {
    let default = Keys::default();
    let Some(raw) = raw else { return default };
    let span = raw.span();
    let raw = match raw.into_inner() {
        Or::Word(count) => {
            let help = "say how many: `keys = 8`, or `keys = { count = 8, distribution = \"zipf(1.1)\" }`";
            let count = report.take(plain_count(&count.0, "keys", help), span.clone());
            let count = count.map(|count| Spanned::new(span, count));
            return Keys { count: report.whole("keys", count, 1, MAX_KEYS).unwrap_or(default.count), ..default };
        }
        Or::Table(table) => table,
    };
    Keys {
        count: report.whole("count", raw.count, 1, MAX_KEYS).unwrap_or(default.count),
        distribution: key_distribution(raw.distribution, report).unwrap_or(default.distribution),
        prefix: raw.prefix.and_then(|prefix| report.kebab("a prefix", prefix)).unwrap_or(default.prefix),
    }
}

fn plain_count(text: &str, what: &str, help: &str) -> Result<i64, Misread> {
    text.parse().map_err(|_| Misread::new(format!("{what} are a number or a table")).help(help))
}

fn key_distribution(text: Option<Text>, report: &mut Report) -> Option<KeyDistribution> {
    let text = text?;
    report.take(units::key_distribution(text.get_ref()), text.span())
}
