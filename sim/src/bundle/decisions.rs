//! The decision log as text: the streams' names, a JSON string a line, and the choices, a row of three numbers each.

use super::Part;
use crate::world::decisions::{ANY, Decision, Decisions, MOST};
use std::io::{self, Write};

/// The first row.
const HEAD: &str = "stream,bound,value";
/// Streams that a log may have: no run has so many.
const MOST_STREAMS: usize = 1 << 18;

pub(super) fn write_streams(decisions: &Decisions, out: &mut impl Write) -> io::Result<()> {
    decisions.streams.iter().try_for_each(|name| writeln!(out, "{}", serde_json::to_string(name)?))
}

pub(super) fn write_made(decisions: &Decisions, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{HEAD}")?;
    let mut row = |Decision { stream, bound, value }: &Decision| writeln!(out, "{stream},{bound},{value}");
    decisions.made.iter().try_for_each(&mut row)
}

/// The names of the streams.
pub(super) fn read_streams(lines: impl Iterator<Item = Result<String, String>>) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    for (number, line) in lines.enumerate() {
        if number == MOST_STREAMS {
            return Err(format!("{}: more than {MOST_STREAMS} streams", Part::Streams));
        }
        let line = line?;
        let name = serde_json::from_str(&line);
        names.push(name.map_err(|_| {
            format!("{}: line {}: not the name of a stream as a JSON string", Part::Streams, number + 1)
        })?);
    }
    Ok(names)
}

/// The choices of these `streams`.
pub(super) fn read_made(
    streams: Vec<String>,
    mut lines: impl Iterator<Item = Result<String, String>>,
) -> Result<Decisions, String> {
    let head = lines.next().transpose()?;
    if head.as_deref() != Some(HEAD) {
        return Err(format!("{}: line 1: not `{HEAD}`", Part::Decisions));
    }
    let mut made = Vec::new();
    for (number, line) in lines.enumerate() {
        if number == MOST {
            return Err(format!("{}: more than {MOST} decisions", Part::Decisions));
        }
        let decision = decision(&line?, streams.len());
        made.push(decision.map_err(|words| format!("{}: line {}: {words}", Part::Decisions, number + 2))?);
    }
    Ok(Decisions { streams, is_full: made.len() == MOST, made })
}

fn decision(line: &str, streams: usize) -> Result<Decision, String> {
    let mut numbers = line.split(',').map(str::parse::<u64>);
    let mut number = || numbers.next().and_then(Result::ok);
    let (Some(stream), Some(bound), Some(value), None) = (number(), number(), number(), number()) else {
        return Err("not three whole numbers".to_owned());
    };
    let known = u32::try_from(stream).ok().filter(|number| (*number as usize) < streams);
    let stream = known.ok_or_else(|| format!("stream {stream} of {streams}"))?;
    // Whoever draws relies on it.
    if bound != ANY && value >= bound {
        return Err(format!("{value} is not below its bound {bound}"));
    }
    Ok(Decision { stream, bound, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(names: &str, made: &str) -> Result<Decisions, String> {
        let lines = |text: &str| text.lines().map(|line| Ok(line.to_owned())).collect::<Vec<_>>().into_iter();
        read_made(read_streams(lines(names))?, lines(made))
    }

    #[test]
    fn a_log_is_read_as_it_was_written() {
        let made = [(0, ANY, u64::MAX), (1, 5, 4), (0, 1, 0)];
        let made = made.map(|(stream, bound, value)| Decision { stream, bound, value }).to_vec();
        let log = Decisions {
            streams: vec!["a\nb".to_owned(), "network/n1>n2 heartbeat, \"x\"".to_owned()],
            made,
            is_full: false,
        };
        let (mut names, mut rows) = (Vec::new(), Vec::new());
        write_streams(&log, &mut names).unwrap();
        write_made(&log, &mut rows).unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        assert_eq!(read(&text(names), &text(rows)), Ok(log));
    }

    #[test]
    fn a_choice_that_cannot_have_been_made_is_refused() {
        for (rows, words) in [
            ("stream,value\n", "line 1: not `stream,bound,value`"),
            ("", "line 1: not `stream,bound,value`"),
            ("stream,bound,value\n0,5,5", "line 2: 5 is not below its bound 5"),
            ("stream,bound,value\n0,0,5\n1,0,5", "line 3: stream 1 of 1"),
            ("stream,bound,value\n0,0", "line 2: not three whole numbers"),
            ("stream,bound,value\n0,0,1,2", "line 2: not three whole numbers"),
            ("stream,bound,value\n0,0,18446744073709551616", "line 2: not three whole numbers"),
        ] {
            assert_eq!(read("\"a\"", rows), Err(format!("decisions.csv: {words}")));
        }
        assert_eq!(read("a", "").unwrap_err(), "streams.jsonl: line 1: not the name of a stream as a JSON string");
    }
}
