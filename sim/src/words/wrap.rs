//! Long lines in rows.

use console::measure_text_width;

/// `line` in rows of at most `width` characters, broken at its spaces; each row after the first begins `hang` further than the line does. A
/// word that is longer than a row stays whole. Colours have no width.
pub fn wrapped(line: &str, width: usize, hang: usize) -> Vec<String> {
    let text = line.trim_start();
    let indent = line.len() - text.len();
    let mut rows = vec![" ".repeat(indent)];
    for word in text.split(' ') {
        let row = rows.last().map_or(0, |row| measure_text_width(row));
        if row + 1 + measure_text_width(word) > width && row > indent + hang {
            rows.push(format!("{}{word}", " ".repeat(indent + hang)));
        } else if let Some(row) = rows.last_mut() {
            if !row.is_empty() && (!row.ends_with(' ') || word.is_empty()) {
                row.push(' ');
            }
            row.push_str(word);
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
    }

    #[test]
    fn a_colour_takes_no_room() {
        assert_eq!(wrapped("\u{1b}[31mFAIL:\u{1b}[0m stale read", 16, 2), ["\u{1b}[31mFAIL:\u{1b}[0m stale read"]);
    }
}
