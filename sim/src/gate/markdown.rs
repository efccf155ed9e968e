//! An outcome as Markdown: the summary of a step of a workflow, or a comment on a change.

use super::groups::Group;
use super::outcome::Ended;
use super::prelude::*;
use super::told::{GROUPS, MOVED, hidden};

/// So many figures that moved are shown.
const FIGURES: usize = 40;

/// What a person reads beside a change.
pub fn markdown(ended: &Ended) -> String {
    let mut lines = vec![format!("### leasehold: {} {}", ended.head(), ended.verdict()), String::new()];
    let reasons = ended.reasons();
    lines.extend((!reasons.is_empty()).then(|| format!("**{}**\n", text(&listed(&reasons)))));
    lines.push(format!("{}. Again: `{}`\n", text(&ended.runs()), ended.again()));
    let groups = |known: bool| ended.groups.iter().filter(move |group| group.known.is_some() == known);
    lines.extend(groups(false).take(GROUPS).map(|group| told(group, "new")));
    let hidden = hidden(groups(false).skip(GROUPS));
    let hidden: Vec<String> = hidden.iter().map(|words| format!("- {}", text(words))).collect();
    lines.extend((!hidden.is_empty()).then(|| format!("new too:\n\n{}\n", hidden.join("\n"))));
    lines.extend(groups(true).take(GROUPS).map(|group| told(group, "known")));
    let list = |heading: &str, all: Vec<String>| {
        let items: Vec<String> = all.iter().map(|words| format!("- {}", text(words))).collect();
        (!items.is_empty()).then(|| format!("#### {heading}\n\n{}\n", items.join("\n")))
    };
    lines.extend(list("Not run", ended.missing()));
    lines.extend(list("Known failures", ended.fates().into_iter().map(|(_, words)| words).rev().collect()));
    lines.extend(ended.idle().map(|words| format!("{}\n", text(&words))));
    lines.extend(moved(ended));
    lines.join("\n")
}

fn told(group: &Group, mark: &str) -> String {
    let mut body = vec![group.message.clone()];
    let places = [Some(group.places()), group.others()].into_iter().flatten().collect::<Vec<_>>().join("; ");
    body.extend(group.command.clone());
    body.extend(group.bundle.iter().map(|bundle| crate::report::replay(bundle)));
    format!(
        "#### {mark}: {}\n\n{}\n\n{}\n\n~~~~text\n{}\n~~~~\n",
        text(&group.headline()),
        text(&group.kind.signature),
        text(&places),
        body.join("\n")
    )
}

fn moved(ended: &Ended) -> Option<String> {
    let words = ended.moves()?;
    let rows = ended.moved_rows(FIGURES);
    let mut lines = vec![format!("#### {words}\n")];
    if !rows.is_empty() {
        lines.push(format!("| {} |", MOVED.join(" | ")));
        lines.push("|---|---|---|--:|--:|--:|--:|".to_owned());
        let row = |cells: &[String; 7]| {
            format!("| {} |", cells.iter().map(|cell| text(cell)).collect::<Vec<_>>().join(" | "))
        };
        lines.extend(rows.iter().map(row));
    }
    let more = ended.moves.moved.len() - rows.len();
    lines.extend((more > 0).then(|| format!("\nand {} more", count(more as u64))));
    lines.extend(ended.unpinned().map(|words| format!("\n{}", text(&words))));
    Some(lines.join("\n") + "\n")
}

/// Words in which nothing means anything to Markdown.
fn text(words: &str) -> String {
    let mut text = String::new();
    for c in words.chars() {
        match c {
            '<' => text.push_str("&lt;"),
            '&' => text.push_str("&amp;"),
            '|' | '*' | '_' | '`' | '[' | ']' | '#' => text.extend(['\\', c]),
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_a_check_says_is_told_as_it_is() {
        assert_eq!(super::text("n# <b> a|b & *_`"), "n\\# &lt;b> a\\|b &amp; \\*\\_\\`");
    }
}
