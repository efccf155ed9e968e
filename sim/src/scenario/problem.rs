//! What is wrong with a scenario file, and how that is shown: file, line, caret, what was meant, what is allowed.

use std::{
    error::Error,
    fmt,
    ops::Range,
    path::{Path, PathBuf},
};

pub(super) use crate::words::{quote, quote_all};

use crate::words::Misread;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// The most problems that are reported of one file.
pub const MAX_PROBLEMS: usize = 20;

/// One thing that is wrong with a scenario file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong, in one line.
    pub message: String,
    /// Where, in bytes of the file. `None` if the file as a whole is meant.
    pub span: Option<Range<usize>>,
    /// What stands beside the caret: usually what was meant. May be empty.
    pub label: String,
    /// What is allowed.
    pub help: Option<String>,
    /// Another place that explains this one (the first of two, the partition that never heals), and what to say there.
    pub also: Option<(Range<usize>, String)>,
}

impl Problem {
    /// A problem of the file as a whole.
    pub fn new(message: impl AsRef<str>) -> Self {
        let message = one_line(message.as_ref());
        Self { message, span: None, label: String::new(), help: None, also: None }
    }

    /// The same problem, at `span` (bytes of the file).
    #[must_use]
    pub fn at(mut self, span: Range<usize>) -> Self {
        self.span = Some(span);
        self
    }

    /// The same problem, with words beside its caret.
    #[must_use]
    pub fn label(mut self, label: impl AsRef<str>) -> Self {
        self.label = one_line(label.as_ref());
        self
    }

    /// The same problem, with a line that says what is allowed.
    #[must_use]
    pub fn help(mut self, help: impl AsRef<str>) -> Self {
        self.help = Some(one_line(help.as_ref()));
        self
    }

    /// The same problem, with a second place that explains it.
    #[must_use]
    pub fn also(mut self, span: Range<usize>, label: impl AsRef<str>) -> Self {
        self.also = Some((span, one_line(label.as_ref())));
        self
    }
}

impl Misread {
    /// As a problem of a file, at `span`.
    pub(super) fn at(self, span: Range<usize>) -> Problem {
        let problem = Problem::new(&self.message).at(span);
        let problem = match self.meant {
            Some(meant) => problem.label(format!("did you mean `{meant}`?")),
            None => problem,
        };
        match self.help {
            Some(help) => problem.help(help),
            None => problem,
        }
    }
}

/// All problems of one scenario file, or all warnings about it, by position, at most [`MAX_PROBLEMS`]. `Display` is
/// [`Problems::render`] without colour.
#[derive(Clone, Debug)]
pub struct Problems {
    path: PathBuf,
    text: String,
    lines: Lines,
    list: Vec<Problem>,
    more: bool,
    /// The file is good all the same.
    only_warnings: bool,
}

impl Problems {
    /// The problems of the file `path`, whose contents are `text`. Sorts them by position and drops those beyond
    /// [`MAX_PROBLEMS`].
    pub fn new(path: &Path, text: &str, mut list: Vec<Problem>) -> Self {
        list.sort_by_key(|problem| problem.span.as_ref().map(|span| (span.start, span.end)));
        list.dedup();
        let more = list.len() > MAX_PROBLEMS;
        list.truncate(MAX_PROBLEMS);
        let (path, text, lines) = (path.to_owned(), text.to_owned(), Lines::new(text));
        Self { path, text, lines, list, more, only_warnings: false }
    }

    /// What is odd about a file that is good. As [`Problems::new`].
    pub fn warnings(path: &Path, text: &str, list: Vec<Problem>) -> Self {
        Self { only_warnings: true, ..Self::new(path, text, list) }
    }

    /// As [`Problems::new`], each about what stands on a line (1-based).
    pub fn at_lines(path: &Path, text: &str, list: Vec<(usize, String)>) -> Self {
        let lines = Lines::new(text);
        let problem = |(line, message): (usize, String)| match lines.span(line, text) {
            Some(span) => Problem::new(message).at(span),
            None => Problem::new(message),
        };
        Self::new(path, text, list.into_iter().map(problem).collect())
    }

    /// There are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The file, as its path was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The problems, by position.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.list.iter()
    }

    /// The line (1-based) that `problem` is on. `None` if it is about the file as a whole.
    pub fn line(&self, problem: &Problem) -> Option<usize> {
        problem.span.as_ref().map(|span| self.lines.line(span.start))
    }

    /// All problems as text for a person: message, file and line, the line itself with a caret, help. Depends on
    /// nothing but its arguments; `color` adds ANSI styles.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let path = one_line(&self.path.to_string_lossy());
        let mut shown: Vec<String> =
            self.list.iter().map(|problem| renderer.render(&[self.group(problem, &path)])).collect();
        if self.more {
            let what = if self.only_warnings { "warnings" } else { "problems" };
            shown.push(format!("{path}: these are the first {MAX_PROBLEMS} {what}; there are more"));
        }
        shown.join("\n\n")
    }

    fn group<'a>(&'a self, problem: &'a Problem, path: &'a str) -> Group<'a> {
        let level = if self.only_warnings { Level::WARNING } else { Level::ERROR };
        let title = level.primary_title(problem.message.as_str());
        let mut group = match &problem.span {
            Some(span) => title.element(self.snippet(problem, span, path)),
            None => title.element(annotate_snippets::Origin::path(path)),
        };
        if let Some(help) = &problem.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        group
    }

    fn snippet<'a>(
        &'a self,
        problem: &'a Problem,
        span: &Range<usize>,
        path: &'a str,
    ) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
        let mut caret = AnnotationKind::Primary.span(self.shown(span));
        if !problem.label.is_empty() {
            caret = caret.label(problem.label.as_str());
        }
        let snippet = Snippet::source(self.text.as_str()).path(path).annotation(caret);
        match &problem.also {
            Some((span, label)) => {
                snippet.annotation(AnnotationKind::Context.span(self.shown(span)).label(label.as_str()))
            }
            None => snippet,
        }
    }

    /// `span` cut to the text, to whole characters and to its first line: a caret under twenty lines shows nothing.
    fn shown(&self, span: &Range<usize>) -> Range<usize> {
        let start = self.text.floor_char_boundary(span.start.min(self.text.len()));
        let end = self.text.ceil_char_boundary(span.end.clamp(start, self.text.len()));
        let line = self.text[start..end].lines().next().unwrap_or_default();
        start..start + line.len()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl Error for Problems {}

/// Where the lines of a text begin.
#[derive(Clone, Debug)]
pub(super) struct Lines(Vec<usize>);

impl Lines {
    pub(super) fn new(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(at, _)| at + 1).collect())
    }

    /// Where what stands on `line` (1-based) of `text` is, without the space around it and the comment after it.
    pub(super) fn span(&self, line: usize, text: &str) -> Option<Range<usize>> {
        let start = if line == 1 { 0 } else { *self.0.get(line.checked_sub(2)?)? };
        let content = text.get(start..)?.lines().next()?;
        let content = content.rsplit_once(" #").map_or(content, |(content, _)| content);
        let from = start + content.len() - content.trim_start().len();
        Some(from..from + content.trim().len())
    }

    /// The line (1-based) of the byte at `offset`.
    pub(super) fn line(&self, offset: usize) -> usize {
        1 + self.0.partition_point(|start| *start <= offset)
    }
}

/// `text` without control characters: a scenario file must not be able to move the cursor of whoever reads its
/// problems.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() }).collect()
}
