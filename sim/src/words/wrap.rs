//! Long lines in rows.

use console::measure_text_width;

/// `line` in rows of at most `width` characters, broken at its spaces; each row after the first begins `hang` further than the line does. A
/// word that is longer than a row stays whole. Colours have no width.
pub fn wrapped(line: &str, width: usize, hang: usize) -> Vec<String> {
    let text = line.trim_start();
    let indent = line.len() - text.len();
    let mut rows: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match rows.last_mut() {
            None => rows.push(" ".repeat(indent) + word),
            Some(row) if measure_text_width(row) + 1 + measure_text_width(word) <= width => {
                row.push(' ');
                row.push_str(word);
            }
            // The gap between two rows is gap enough.
            Some(_) if word.is_empty() => {}
            Some(_) => rows.push(" ".repeat(indent + hang) + word),
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_broken_at_spaces_and_hangs() {
        assert_eq!(wrapped("  one two three four", 12, 2), ["  one two", "    three", "    four"]);
        assert_eq!(wrapped("one two", 80, 4), ["one two"]);
        assert_eq!(wrapped("abcdefghijkl mnopqrstuvwx", 6, 2), ["abcdefghijkl", "  mnopqrstuvwx"], "words stay whole");
        assert_eq!(wrapped("", 6, 2), [""]);
        assert_eq!(wrapped("  GET 5ms   PUT  7ms", 80, 2), ["  GET 5ms   PUT  7ms"], "gaps stay");
        assert_eq!(wrapped("GET 5ms   PUT", 9, 2), ["GET 5ms  ", "  PUT"]);
    }

    #[test]
    fn a_colour_takes_no_room() {
        assert_eq!(wrapped("\u{1b}[31mFAIL:\u{1b}[0m stale read", 16, 2), ["\u{1b}[31mFAIL:\u{1b}[0m stale read"]);
    }
}
