//! Failures that are known.

use super::date::{DATE, Date};
use crate::scenario::prelude::*;
use crate::words::Class;

table! {
    /// The failures that are known.
    pub struct KnownFailures: Default {
        /// One each: `[[known]]`.
        known: Vec<KnownFailure> = "known", Or(Vec::new(), KNOWN);
    }
}

table! {
    /// A failure that is known: while it is, it fails no gate. It stands for its own class, check and variant, and for no other.
    pub struct KnownFailure {
        /// Its class.
        class: Class = "class", Needed(
            word::<Class>(),
            "this known failure has no `class`",
            "`class = \"liveness\"`: what the gate says of it");
        /// The check that finds it, or the metric whose bound does not hold.
        check: String = "check", Needed(
            FINDER,
            "this known failure has no `check`",
            "`check = \"recovers\"`: what the gate says in brackets");
        /// Its words, but for what differs from seed to seed, as the gate shows them.
        signature: Option<String> = "signature", Maybe(SAID_OF_IT);
        /// The scenarios in which it is known: `slow/chaos`, `fast/*`.
        scenario: Option<String> = "scenario", Maybe(PATTERN);
        /// The variant under which it is known. Default `default`.
        variant: String = "variant", Or("default".to_owned(), SECTION);
        /// Why it is not cured yet.
        reason: String = "reason", Needed(
            SAID_OF_IT,
            "this known failure has no `reason`",
            "say why it is not cured yet, for who meets it next");
        /// Where its cure is worked on.
        link: String = "link", Needed(
            LINK,
            "this known failure has no `link`",
            "say where its cure is worked on: `link = \"https://...\"`");
        /// The last day on which it is known.
        expires: Date = "expires", Needed(
            DATE,
            "this known failure never ends",
            "say until when it may wait, that day included: `expires = 2027-02-28`");
        /// The line of the file (1-based).
        line: usize = "", LINE;
    }
    wrong |known, _given, _frame| {
        lacking "" if known.signature.is_none() && known.scenario.is_none() =>
            "this known failure would hide everything that the check finds",
            "say which it is by `signature`, as the gate shows it, or where it is known by `scenario`; or by both";
    }
}

impl KnownFailure {
    /// Is it known in the scenario of this title?
    pub fn is_of(&self, title: &str) -> bool {
        self.scenario.as_ref().is_none_or(|pattern| matches(pattern, title))
    }
}

/// Is `title` of the form `pattern`, in which each `*` is any text?
fn matches(pattern: &str, title: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == title };
    let Some(mut left) = title.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some((_, after)) = left.split_once(part) else { return false };
        left = after;
    }
    left.ends_with(last)
}

/// A sentence; nothing is none.
const SAID_OF_IT: Scalar<String> = Scalar {
    read: |text, _| match text.trim() {
        "" => Err(Misread::new("nothing is said here")),
        text => Ok(text.to_owned()),
    },
    ..TEXT
};

const PATTERN: Scalar<String> = Scalar {
    read: |text, _| {
        let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-/*".contains(c);
        if !text.is_empty() && text.chars().all(is_part) {
            return Ok(text.to_owned());
        }
        let help =
            "scenarios are named as `leasehold list scenarios` has them, each `*` is any text: `slow/chaos`, `fast/*`";
        Err(not_a(text, "pattern of scenarios").help(help))
    },
    ..TEXT
};

const LINK: Scalar<String> = Scalar {
    read: |text, _| {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or_default();
        if rest.is_empty() || rest.contains(char::is_whitespace) {
            return Err(not_a(text, "link").help("a link begins with `https://`"));
        }
        Ok(text.to_owned())
    },
    ..TEXT
};

const KNOWN: Special<Vec<KnownFailure>> = Special {
    schema: |definitions| json!({ "type": "array", "items": definitions.table::<KnownFailure>() }),
    read: |key, raw, reader| {
        every(items_of(key, raw, reader)?.into_iter().map(|item| inner::<KnownFailure>().read("known", item, reader)))
    },
    write: |value| list_of(value, |known| inner().toml(known)),
};

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_is_any_text() {
        let all = |pattern: &str, titles: [&str; 3]| titles.map(|title| matches(pattern, title));
        assert_eq!(all("fast/*", ["fast/steady", "slow/fast/x", "fast/"]), [true, false, true]);
        assert_eq!(
            all("*/s-*-storm", ["fast/s-08-conflict-storm", "fast/storm", "a/s-b-storm-x"]),
            [true, false, false]
        );
        assert_eq!(all("slow/chaos", ["slow/chaos", "slow/chaos-2", "chaos"]), [true, false, false]);
        assert_eq!(all("a*a", ["a", "aa", "aba"]), [false, true, true]);
    }
}
