//! What a file may not say. `refused.txt` lists the rules, and for each what breaks it, with the place at which that is told between «
//! and », and the answer: a message, `^` what stands at the caret, `&` what stands at another place, `=` what helps; or that it fits.

use super::{read, refuse_file, timeline, with};
use crate::scenario::{MAX_STEPS, MAX_WORKLOADS, Verb};
use crate::words::Spelled;

const CASES: &str = include_str!("refused.txt");

/// The file in which `says` stands at a place.
fn file(place: &str, says: &str) -> String {
    match place {
        "file" => says.to_owned(),
        "top" => with(says, ""),
        "kv" => with("", says),
        "script" => with("", &format!("[[workload]]\nkind = \"script\"\n{says}")),
        "cluster" | "floors" => with("", &format!("[{place}]\n{says}")),
        "expect" => with("timeline = [{ at = \"2s..6s\", tag = \"storm\" }]", &format!("[expect]\n{says}")),
        "steps" => timeline(says),
        "at 1s" => timeline(&format!("{{ at = \"1s\", {says} }}")),
        _ => panic!("there is no place `{place}`"),
    }
}

/// What the one problem of a file says, if it is told where the marks are.
fn answer(marked: &str) -> Vec<String> {
    let text = marked.replace(['«', '»'], "");
    let Err(problems) = read(&text) else { return vec!["fits".to_owned()] };
    let found: Vec<_> = problems.iter().collect();
    let [problem] = found[..] else { return vec![format!("not one problem:\n{problems}")] };
    let place = marked.find('«').zip(marked.find('»')).map(|(start, end)| start..end - '«'.len_utf8());
    if problem.span != place {
        return vec![format!("at another place:\n{problems}")];
    }
    let line = place.map(|place| 1 + text[..place.start].matches('\n').count());
    assert_eq!(problems.line(problem), line);
    let also = problem.also.as_ref().map(|(_, label)| format!("& {label}"));
    let label = Some(&problem.label).filter(|label| !label.is_empty()).map(|label| format!("^ {label}"));
    let help = problem.help.as_ref().map(|help| format!("= {help}"));
    [Some(problem.message.clone()), label, also, help].into_iter().flatten().collect()
}

#[test]
fn each_rule_is_kept_and_told_where_it_is_broken() {
    let cases = CASES.split("\n\n").map(str::trim).filter(|case| !case.is_empty() && !case.starts_with('#'));
    let judged = cases.map(|case| {
        let (written, expected) = case.split_once('\n').expect("an answer stands below what is said");
        let (place, says) = written.split_once(": ").expect("a case begins with a place");
        let answer = answer(&file(place, &says.replace("\\n", "\n")));
        (written, answer, expected.lines().map(str::trim).collect::<Vec<_>>())
    });
    let wrong: Vec<String> = judged
        .filter(|(_, answer, expected)| answer != expected)
        .map(|(written, answer, _)| format!("{written}\n  {}", answer.join("\n  ")))
        .collect();
    assert!(wrong.is_empty(), "these are answered otherwise:\n\n{}", wrong.join("\n\n"));
}

#[test]
fn the_least_that_a_step_says_of_a_verb_is_enough() {
    for verb in Verb::all() {
        for node in [None, Some("n2")] {
            let text = timeline(&format!("{{ at = \"1s\", {verb} = {} }}", verb.least(node)));
            assert!(read(&text).is_ok(), "{text}");
        }
    }
}

#[test]
fn a_file_is_of_limited_size() {
    refuse_file(&"#".repeat((1 << 20) + 1), "the file is larger than a scenario may be (1 MiB)");
    let more: String = (0..MAX_WORKLOADS).map(|n| format!("[[workload]]\nkind = \"kv\"\nname = \"w{n}\"\n")).collect();
    let problems = read(&with("", &more)).expect_err("one workload too many");
    assert!(problems.to_string().contains("a scenario has at most 16 workloads, this has 17"), "{problems}");
    let steps = "{ at = \"1s\", heal = \"everything\" },\n".repeat(MAX_STEPS + 1);
    let problems = read(&timeline(&steps)).expect_err("one step too many");
    assert!(problems.to_string().contains("a timeline has at most 10000 steps, this has 10001"), "{problems}");
}
