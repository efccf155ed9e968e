//! Names for the steps of a timeline, by which they are told of and by which their randomness is keyed.

use super::{
    Step,
    table::{Keys, Table as _},
};
use std::collections::BTreeMap;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// A name for each step. So a step keeps its name whatever lines come, go or move around it.
///
/// It is the name that the file gives the step: that step can then be changed, and draws what it drew. A step without one is called
/// by its verb and a hash of what its line says; of equal lines each further one has its number in the name.
pub fn step_names(timeline: &[Step]) -> Vec<Arc<str>> {
    let mut seen = BTreeMap::<String, u32>::new();
    let mut derived = |step: &Step| {
        let line = step.put(None, Keys::default()).inline();
        let name = format!("{}-{:06x}", step.action, xxh3_64(line.as_bytes()) >> 40);
        let times = seen.entry(line).or_default();
        *times += 1;
        if *times == 1 { name } else { format!("{name}-{times}") }
    };
    timeline.iter().map(|step| Arc::from(step.name.clone().unwrap_or_else(|| derived(step)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::parse;
    use std::path::Path;

    fn named(lines: &[&str]) -> Vec<Arc<str>> {
        let text = format!(
            "name = \"n\"\nuntil = \"9s\"\ntimeline = [\n{}\n]\n[[workload]]\nkind = \"kv\"",
            lines.join(",\n")
        );
        step_names(&parse(Path::new("n.toml"), &text).unwrap_or_else(|problems| panic!("{problems}")).timeline)
    }

    const CRASH: &str = r#"{ at = "2s", crash = { node = "@any", for = "1s" } }"#;
    const TRANSFER: &str = r#"{ at = "1s", transfer = { from = "@leader", to = "@follower" } }"#;

    #[test]
    fn a_step_keeps_its_name_whatever_stands_around_it() {
        let both = named(&[TRANSFER, CRASH]);
        assert_eq!((&both[..1], &both[1..]), (&named(&[TRANSFER])[..], &named(&[CRASH])[..]));
        assert!(both[0].starts_with("transfer-") && both[1].starts_with("crash-"), "{both:?}");
    }

    #[test]
    fn what_is_written_otherwise_and_says_the_same_has_one_name() {
        assert_eq!(named(&[r#"{ at = "1000ms", transfer = {} }"#]), named(&[TRANSFER]));
    }

    #[test]
    fn a_step_that_has_a_name_keeps_it_whatever_its_line_says() {
        let lines =
            [r#"{ at = "1s", name = "move", transfer = {} }"#, r#"{ at = "2s", name = "move", transfer = {} }"#];
        assert_eq!(lines.map(|line| named(&[line])), [["move".into()], ["move".into()]]);
    }

    #[test]
    fn equal_lines_are_told_apart() {
        let twice = named(&[CRASH, CRASH]);
        assert_eq!(*twice[1], *format!("{}-2", twice[0]));
    }
}
