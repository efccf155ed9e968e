//! Scenarios for unit tests.

use crate::scenario::{self, Scenario};
use std::path::Path;

/// Ten seconds with a storm from 2 s to 6 s and a workload of each kind; `text` is its end, from line 12 on.
pub(crate) fn scenario(text: &str) -> Scenario {
    with_timeline("", text)
}

/// The same with more steps in its timeline; `steps` takes no line of its own if it is empty.
pub(crate) fn with_timeline(steps: &str, text: &str) -> Scenario {
    let file = format!(
        r#"name = "run"
until = "10s"
timeline = [{steps}
  {{ at = "2s..6s", tag = "storm" }},
]
[[workload]]
kind = "kv"
mix = {{ get = 0.5, put = 0.5 }}

[[workload]]
kind = "script"
{text}"#
    );
    match scenario::parse(Path::new("run.toml"), &file) {
        Ok(scenario) => scenario,
        Err(problems) => panic!("{problems}"),
    }
}
