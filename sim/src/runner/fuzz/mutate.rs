//! Ways to spoil a file.

use crate::world::streams::Stream;
use std::ops::Range;

/// Values that somebody writes once, and that every limit must answer.
const EXTREMES: [&str; 30] = [
    "0",
    "-1",
    "1",
    "9",
    "255",
    "4000000000",
    "9223372036854775807",
    "99999999999999999999",
    "1e400",
    "nan",
    "inf",
    "true",
    "\"\"",
    "[]",
    "{}",
    "\"0s\"",
    "\"1ns\"",
    "\"24h\"",
    "\"900000h\"",
    "\"0.001/s\"",
    "\"1000000/s\"",
    "\"1e12/s\"",
    "\"100%\"",
    "\"0s..24h\"",
    "\"zipf(10)\"",
    "\"@any\"",
    "\"n1\"",
    "\"1000000 election-timeouts\"",
    "1979-05-27",
    "\"\\u0000\"",
];

/// Spoils `bytes` in one place. `other` is a file to take parts from.
pub(super) fn spoil(bytes: &mut Vec<u8>, other: &[u8], stream: &mut Stream) {
    match stream.below(12) {
        0 => flip_a_bit(bytes, stream),
        1 => truncate(bytes, stream),
        2 => swap_lines(bytes, stream),
        3 => repeat_or_drop_a_line(bytes, stream),
        4 => insert_a_line(bytes, other, stream),
        5 => replace(bytes, EXTREMES[index(EXTREMES.len(), stream)].as_bytes(), is_value, stream),
        6 => replace_by_another(bytes, other, is_value, stream),
        7 => replace_by_another(bytes, other, is_word, stream),
        8..=10 => replace_by_one_alike(bytes, other, stream),
        _ => change_a_digit(bytes, stream),
    }
}

/// A position below `length`; 0 if there is none.
fn index(length: usize, stream: &mut Stream) -> usize {
    usize::try_from(stream.below(length as u64)).unwrap_or_default()
}

fn flip_a_bit(bytes: &mut [u8], stream: &mut Stream) {
    let (at, bit) = (index(bytes.len(), stream), stream.below(8));
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 1 << bit;
    }
}

fn truncate(bytes: &mut Vec<u8>, stream: &mut Stream) {
    bytes.truncate(index(bytes.len(), stream));
}

fn change_a_digit(bytes: &mut [u8], stream: &mut Stream) {
    let digits: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at].is_ascii_digit()).collect();
    if !digits.is_empty() {
        bytes[digits[index(digits.len(), stream)]] = b'0' + stream.below(10) as u8;
    }
}

fn lines(bytes: &[u8]) -> Vec<Vec<u8>> {
    bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

fn swap_lines(bytes: &mut Vec<u8>, stream: &mut Stream) {
    let mut lines = lines(bytes);
    if !lines.is_empty() {
        let (one, other) = (index(lines.len(), stream), index(lines.len(), stream));
        lines.swap(one, other);
        *bytes = lines.concat();
    }
}

fn repeat_or_drop_a_line(bytes: &mut Vec<u8>, stream: &mut Stream) {
    let mut lines = lines(bytes);
    if !lines.is_empty() {
        let at = index(lines.len(), stream);
        let line = lines.remove(at);
        if stream.below(2) == 0 {
            lines.splice(at..at, [line.clone(), line]);
        }
        *bytes = lines.concat();
    }
}

fn insert_a_line(bytes: &mut Vec<u8>, other: &[u8], stream: &mut Stream) {
    let (mut lines, others) = (lines(bytes), lines(other));
    if !others.is_empty() {
        let at = index(lines.len() + 1, stream);
        lines.insert(at, others[index(others.len(), stream)].clone());
        *bytes = lines.concat();
    }
}

/// Replaces a token that is `of` the kind.
fn replace(bytes: &mut Vec<u8>, by: &[u8], of: fn(&[u8]) -> bool, stream: &mut Stream) {
    let places = tokens(bytes, of);
    if !places.is_empty() {
        let place = places[index(places.len(), stream)].clone();
        bytes.splice(place, by.iter().copied());
    }
}

fn replace_by_another(bytes: &mut Vec<u8>, other: &[u8], of: fn(&[u8]) -> bool, stream: &mut Stream) {
    let others = tokens(other, of);
    if !others.is_empty() {
        let by = other[others[index(others.len(), stream)].clone()].to_vec();
        replace(bytes, &by, of, stream);
    }
}

/// Replaces a value by one that differs from it in digits only: most likely still a good file, that says something else.
fn replace_by_one_alike(bytes: &mut Vec<u8>, other: &[u8], stream: &mut Stream) {
    let without_digits =
        |token: &[u8]| token.iter().copied().filter(|byte| !byte.is_ascii_digit()).collect::<Vec<u8>>();
    let places = tokens(bytes, is_value);
    if places.is_empty() {
        return;
    }
    let place = places[index(places.len(), stream)].clone();
    let shape = without_digits(&bytes[place.clone()]);
    let alike = |of: &[u8]| {
        let all = tokens(of, is_value).into_iter().map(|place| of[place].to_vec());
        all.filter(|token| without_digits(token) == shape).collect::<Vec<_>>()
    };
    let candidates = [alike(other), alike(bytes)].concat();
    let by = candidates[index(candidates.len(), stream)].clone();
    bytes.splice(place, by);
}

/// A number, or a quoted text.
fn is_value(token: &[u8]) -> bool {
    token.first().is_some_and(|byte| byte.is_ascii_digit() || *byte == b'"')
}

/// A key or a word of TOML.
fn is_word(token: &[u8]) -> bool {
    token.first().is_some_and(u8::is_ascii_alphabetic)
}

/// Where the quoted texts and the words of a file stand that are `of` the kind; comments have none.
fn tokens(bytes: &[u8], of: fn(&[u8]) -> bool) -> Vec<Range<usize>> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = bytes.get(at) {
        let rest = &bytes[at + 1..];
        let length = match first {
            b'#' => rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()),
            b'"' => rest.iter().position(|byte| *byte == b'"').map_or(rest.len(), |end| end + 1),
            byte if is_part(byte) => rest.iter().take_while(|byte| is_part(byte)).count(),
            _ => 0,
        };
        let token = at..at + 1 + length;
        if of(&bytes[token.clone()]) {
            tokens.push(token.clone());
        }
        at = token.end;
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::streams::Streams;

    #[test]
    fn tokens_are_keys_and_values_without_comments() {
        let text = br#"a-b = "x y" # c = 1
d = 10_000"#;
        let of = |kind| tokens(text, kind).into_iter().map(|place| String::from_utf8_lossy(&text[place]).into_owned());
        assert_eq!(of(is_value).collect::<Vec<_>>(), ["\"x y\"", "10_000"]);
        assert_eq!(of(is_word).collect::<Vec<_>>(), ["a-b", "d"]);
    }

    #[test]
    fn nothing_is_spoilt_without_end_and_all_of_it_may_go() {
        for seed in 0..500 {
            let mut stream = Streams::new(seed).stream(&["spoil"]);
            let mut bytes = Vec::new();
            spoil(&mut bytes, b"", &mut stream);
            let mut bytes = b"a = 1\nb = \"2".to_vec();
            (0..20).for_each(|_| spoil(&mut bytes, b"c = [3]", &mut stream));
            assert!(bytes.len() < 1_000, "{}", bytes.len());
        }
    }
}
