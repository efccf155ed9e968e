//! The refusal of a word: what was probably meant, and what is allowed.

use std::{error::Error, fmt};

/// Why a word of a scenario (or of the command line) could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misread {
    /// What is wrong.
    pub message: String,
    /// The word that was probably meant.
    pub meant: Option<String>,
    /// What is allowed.
    pub help: Option<String>,
    /// It may be wrong only because something else could not be read.
    pub lacks: bool,
}

impl Misread {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), meant: None, help: None, lacks: false }
    }

    pub(crate) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// As one that follows from what is not there.
    pub(crate) fn lacking(self) -> Self {
        Self { lacks: true, ..self }
    }
}

impl fmt::Display for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(meant) = &self.meant {
            write!(f, "; did you mean `{meant}`?")?;
        }
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

impl Error for Misread {}

/// The refusal of a word that is not among `allowed`; `what` says what they are.
pub(crate) fn unknown<T: fmt::Display>(what: &str, word: &str, allowed: impl IntoIterator<Item = T>) -> Misread {
    let allowed: Vec<String> = allowed.into_iter().map(|word| word.to_string()).collect();
    let meant = nearest(word, allowed.iter().map(String::as_str)).map(str::to_owned);
    let unknown = Misread::new(format!("unknown {what} {}", quote(word)));
    Misread { meant, ..unknown }.help(format!("allowed: {}", quote_all(&allowed)))
}

/// As [`unknown`], of a set too large to be shown: the `few` that are nearest are, and `where_all` are.
pub(crate) fn unknown_of_many(what: &str, word: &str, all: Vec<String>, few: usize, where_all: &str) -> Misread {
    let meant = nearest(word, all.iter().map(String::as_str)).map(str::to_owned);
    let mut nearest = all;
    nearest.sort_by_cached_key(|name| strsim::damerau_levenshtein(&normal(word), &normal(name)));
    nearest.truncate(few);
    let unknown = Misread::new(format!("unknown {what} {}", quote(word)));
    Misread { meant, ..unknown }.help(format!("nearest: {}; {where_all}", quote_all(&nearest)))
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
pub(super) fn normal(word: &str) -> String {
    word.trim().trim_start_matches('@').to_lowercase().replace(['_', ' '], "-")
}

/// What `text` is in kebab-case, if it can be.
pub(crate) fn kebab(text: &str) -> Option<String> {
    Some(normal(text)).filter(|text| is_kebab(text))
}

/// `text` is words of lower-case letters and digits, joined by single hyphens.
pub(crate) fn is_kebab(text: &str) -> bool {
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    text.split('-').all(is_word)
}

/// `word` between backticks, short enough for a message.
pub(crate) fn quote(word: &str) -> String {
    const LONGEST: usize = 60;
    match word.char_indices().nth(LONGEST) {
        Some((cut, _)) => format!("`{}…`", &word[..cut]),
        None => format!("`{word}`"),
    }
}

/// `` `a`, `b`, `c` ``
pub(crate) fn quote_all<T: fmt::Display>(words: impl IntoIterator<Item = T>) -> String {
    let quoted: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}
