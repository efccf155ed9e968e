use super::{SAMPLE, read, timeline, with};
use crate::scenario::{MAX_PROBLEMS, Problems};

fn problems(text: &str) -> Problems {
    read(text).expect_err("refused")
}

#[test]
fn a_problem_shows_file_line_caret_what_was_meant_and_what_is_allowed() {
    let text = timeline("  { at = \"6s\", transfer = { from = \"@leeder\" } },");
    insta::assert_snapshot!(problems(&text).render(false), @r#"
    error: unknown selector `@leeder`
     --> t.toml:4:36
      |
    4 |   { at = "6s", transfer = { from = "@leeder" } },
      |                                    ^^^^^^^^^ did you mean `@leader`?
      |
      = help: allowed: `n1`, `n2`, ...; `@leader`, `@leaders`, `@old-leader`, `@follower`, `@followers`, `@lease-holder`, `@others`, `@majority`, `@minority`, `@learner`, `@spare`, `@any`, `@this`, `@lagging`, `@caught-up`, `@paused`, `@restarted`
    "#);
}

#[test]
fn a_problem_of_two_places_shows_both() {
    let text = timeline("  { at = \"1s..2s\", tag = \"a\" },\n  { at = \"3s..4s\", tag = \"a\" },");
    insta::assert_snapshot!(problems(&text).render(false), @r#"
    error: the tag `a` is given twice
     --> t.toml:5:26
      |
    4 |   { at = "1s..2s", tag = "a" },
      |                          --- first given here
    5 |   { at = "3s..4s", tag = "a" },
      |                          ^^^
    "#);
}

#[test]
fn problems_of_shape_and_of_sense_come_together_by_position() {
    let text = with(
        "seeds = \"3..1\"\ntimeline = [\n  { at = \"6s\", heel = \"everything\" },\n  { at = \"7\", heal = \"everything\" },\n]",
        "[cluster]\nnodes = 12",
    );
    insta::assert_snapshot!(problems(&text).render(false), @r#"
    error: `3..1` runs backwards; `1..3`?
     --> t.toml:3:9
      |
    3 | seeds = "3..1"
      |         ^^^^^^
      |
      = help: seeds are `1..=20`, `0..20` (20 not included), `7`, or several of these: `1,5,9..12`

    error: unknown key `heel`
     --> t.toml:5:16
      |
    5 |   { at = "6s", heel = "everything" },
      |                ^^^^ did you mean `heal`?
      |
      = help: allowed here: `at`, `every`, `jitter`, `when`, `times`, `name`, `group`, `tag`, `transfer`, `partition`, `link`, `hold`, `crash`, `pause`, `slow`, `clock`, `disk`, `membership`, `move-range`, `heal`

    error: `7` has no unit; `7s`?
     --> t.toml:6:10
      |
    6 |   { at = "7", heal = "everything" },
      |          ^^^
      |
      = help: `at` is a time, `"6s"`, or a window, `"2s..6s"`

    error: `nodes` is 1 to 9, not 12
      --> t.toml:11:9
       |
    11 | nodes = 12
       |         ^^
    "#);
}

#[test]
fn a_problem_of_the_whole_file_names_it() {
    insta::assert_snapshot!(problems("until = \"1s\"\n[[workload]]\nkind = \"kv\"").render(false), @r#"
    error: `name` is missing
    --> t.toml
     = help: it is the file's name without `.toml`: `name = "t"`
    "#);
}

#[test]
fn nothing_is_said_to_be_missing_from_a_file_that_could_not_be_read_as_a_whole() {
    let text = "nmae = \"t\"\nuntil = \"20s\"\n[workload]\nkind = \"kv\"\n[expect]\nlease-hit-rate = { storm = 1 }";
    let problems = problems(text);
    let messages: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(messages, ["unknown key `nmae`", "expected a list, found a table"]);
}

#[test]
fn at_most_twenty_problems_are_shown() {
    let text = with(&(0..30).map(|n| format!("key{n} = 1\n")).collect::<String>(), "");
    let problems = problems(&text);
    assert_eq!(problems.iter().count(), MAX_PROBLEMS);
    assert!(problems.to_string().ends_with("t.toml: these are the first 20 problems; there are more"));
}

#[test]
fn colour_is_there_only_when_asked_for() {
    let problems = problems("");
    assert!(!problems.render(false).contains('\x1b'));
    assert!(problems.render(true).contains('\x1b'));
}

#[test]
fn a_file_cannot_move_the_cursor_of_its_reader() {
    let shown = problems(&with("variant = \"a\\u001b[2J\\nb\"", "")).render(false);
    assert!(!shown.contains('\x1b'), "{shown}");
}

#[test]
fn the_sample_has_no_problems_to_show() {
    assert!(!SAMPLE.is_empty());
    assert!(super::sample().is_ok());
}

#[test]
fn a_value_that_is_refused_keeps_no_others_from_being_judged() {
    let cluster = "[cluster]\nengine = \"raft\"\nnodes = 5\nlearners = 6\nheartbeat = \"105ms\"";
    let steps = "timeline = [{ at = \"21s\", crash = { node = \"n9\", for = \"2 heartbeats\" } }]";
    let problems = problems(&with(steps, &format!("clients = 0\n{cluster}\n[claims]\nclock-drift = 2")));
    let messages: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
    let expected = [
        "this step is after the end of the run (20s)",
        "`clients` is 1 to 10000, not 0",
        "unknown engine `raft`",
        "a cluster has at most 9 nodes: `learners` can be 4 at most",
        "`heartbeat` (105ms) is not a multiple of `tick` (10ms)",
        "`2` is more than 1; a share lies between 0 and 1",
    ];
    assert_eq!(messages, expected);
}
