use std::{path::Path, time::Duration};

use proptest::prelude::*;

use super::{SAMPLE, sample};
use crate::scenario::{Bound, KeyDistribution, Metric, Seeds, parse, print, units};

/// Parses and, if it is refused, renders: neither may panic.
fn survive(text: &str) {
    let path = Path::new("scenarios/fast/transfer-under-storm.toml");
    match parse(path, text) {
        Ok(scenario) => assert!(!scenario.workloads.is_empty()),
        Err(problems) => {
            assert!(problems.iter().next().is_some());
            let _ = (problems.render(false), problems.render(true));
        }
    }
}

/// Words that a valid file is made of, and words that it is not.
const WORDS: [&str; 24] = [
    "\"",
    "[",
    "]",
    "{",
    "}",
    "=",
    ",",
    "\n",
    "..",
    "..=",
    "-1",
    "0",
    "99999999999999999999",
    "1e400",
    "nan",
    "\"5 leases\"",
    "\"@any\"",
    "\"n2\"",
    "µ",
    "\u{1F980}",
    "\r",
    "'''",
    "07:32:00",
    "true",
];

fn mutated() -> impl Strategy<Value = String> {
    let edit = (any::<prop::sample::Index>(), 0usize..24, 0usize..12);
    prop::collection::vec(edit, 1..4).prop_map(|edits| {
        edits.into_iter().fold(SAMPLE.to_owned(), |text, (at, word, cut)| {
            let start = text.floor_char_boundary(at.index(text.len()));
            let end = text.ceil_char_boundary((start + cut).min(text.len()));
            format!("{}{}{}", &text[..start], WORDS[word], &text[end..])
        })
    })
}

#[test]
fn a_space_of_two_bytes_before_an_error_does_not_panic() {
    // Found by `no_bytes_panic`.
    survive("\u{a0}\r");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        survive(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn no_text_of_toml_characters_panics(text in "[a-z0-9\"'=\\[\\]{}., \n#_-]{0,200}") {
        survive(&text);
    }

    #[test]
    fn no_mutated_file_panics(text in mutated()) {
        survive(&text);
    }

    #[test]
    fn no_word_panics(word in "\\PC{0,40}|[0-9._]{0,30}[a-z%/]{0,3}|[<>=!≥]{0,3} ?[0-9.]{0,6}(s|ms|%)?|[0-9]{0,21}\\.\\.=?[0-9]{0,21}") {
        let protocol = units::Protocol {
            election_timeout: Duration::from_secs(86_400),
            heartbeat: Duration::from_nanos(1),
            lease: None,
        };
        let _ = (units::duration(&word, Some(&protocol)), units::RATE.read(&word), units::ppm(&word), units::per_mille(&word));
        let _ = (units::quantile(&word), word.parse::<KeyDistribution>(), word.parse::<Seeds>());
        for metric in Metric::all() {
            let _ = Bound::read(&word, metric, Some(&protocol));
        }
    }

    #[test]
    fn a_key_reads_back_whatever_its_characters(begin in "[\\\\u0'\"= .#a-z\\n\\r\\t\\x00é]{0,8}|\\PC{0,8}") {
        let mut drawn = sample().expect("valid");
        drawn.cluster.groups = 2;
        drawn.cluster.routes = Some([(String::new(), Some(1)), (begin, Some(2))].into());
        let printed = print(&drawn);
        let read = parse(Path::new("scenarios/fast/transfer-under-storm.toml"), &printed);
        let read = read.map_err(|problems| problems.render(false)).map(|read| read.cluster.routes);
        prop_assert_eq!(read, Ok(drawn.cluster.routes), "{}", printed);
    }

    #[test]
    fn a_duration_reads_back_as_the_nanoseconds_it_was_written_from(nanos in 0u64..86_400_000_000_000) {
        let whole = Duration::from_nanos(nanos);
        prop_assert_eq!(units::duration(&format!("{nanos}ns"), None), Ok(whole));
        prop_assert_eq!(units::duration(&format!("{}.{:09}s", nanos / 1_000_000_000, nanos % 1_000_000_000), None), Ok(whole));
    }
}
