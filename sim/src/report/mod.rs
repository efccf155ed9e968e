//! What people and programs read about runs. Reads [`crate::verdict::RunReport`]s and nothing else; never runs anything.
//!
//! What is shown is built as values first; how it is written, as text or as JSON, is another file's.
//!
//! | file       | what it writes                                                                       |
//! |------------|--------------------------------------------------------------------------------------|
//! | `console`  | the text report of a whole request, as its runs come in                              |
//! | `screen`   | what is shown of one run, as values: verdict, command, story, timeline               |
//! | `text`     | a screen as text                                                                     |
//! | `timeline` | the events around a moment, as values                                                |
//! | `sheet`    | a timeline as text: one column a node                                                |
//! | `event`    | one event on one line: what an events file, `verify` and a bug report quote          |
//! | `events`   | events files                                                                         |
//! | `stored`   | what a run leaves behind, and where                                                  |
//! | `tally`    | many runs of one scenario and variant in a few numbers; medians                      |
//! | `compare`  | several variants side by side, and where the time of a script goes                   |
//! | `jsonl`    | one JSON object a run                                                                |
//! | `object`   | what one JSON object is made of                                                      |
//! | `margin`   | how far from unsafe a scenario is                                                    |
//! | `junit`    | JUnit XML, for what shows test results                                               |
//! | `github`   | annotations and the summary of a step of a GitHub workflow                           |
//! | `behaviour`| what a snapshot keeps of a run, and back                                             |
//! | `summary`  | one JSON object about all runs                                                       |
//! | `witness`  | what these three have in common                                                      |
//! | `idle`     | checks that a whole sweep never evaluated                                            |
//! | `matrix`   | variants against checks                                                              |
//! | `coverage` | what scenarios meet, in which situations                                             |
//! | `list`     | the tables of `leasehold list` and of `docs/`                                        |
//! | `totals`   | the verdict of a whole request: what failed where                                    |
//! | `progress` | how far a long request is                                                            |
//! | `ended`    | how a request ended: with all of its runs, or before                                 |
//! | `status`   | what a run means for the exit status                                                 |
//! | `style`    | colour, and aligned tables                                                           |

mod behaviour;
mod compare;
mod console;
mod coverage;
mod ended;
mod event;
mod events;
mod github;
mod idle;
mod jsonl;
mod junit;
mod list;
mod margin;
mod matrix;
mod object;
mod prelude;
mod progress;
mod screen;
mod sheet;
mod status;
mod stored;
mod style;
mod summary;
mod tally;
mod text;
mod timeline;
mod totals;
mod witness;

pub(crate) use event::key;
pub(crate) use jsonl::FORMAT;
pub(crate) use object::Object;

pub use self::{
    behaviour::{Figures, behaviour},
    compare::comparison,
    console::{Console, JsonLines},
    coverage::{coverage_lines, coverage_table},
    ended::{Ended, Why},
    event::{Told, event_line, told_of},
    events::{EventsFile, file_name, run_name},
    github::Github,
    idle::Idle,
    jsonl::json_line,
    junit::Junit,
    list::{Listing, check_list, fault_list, metric_list, moment_list, selector_list, variant_list},
    margin::{margin_head, margin_json, margin_lines, write_scenario},
    matrix::{matrix_line, matrix_table},
    progress::{Effort, Progress},
    screen::{FOLDERS, Head, Screen, command, replay, title},
    sheet::WIDTH,
    status::Status,
    stored::{Left, Stored},
    style::{Style, aligned},
    summary::Summary,
    tally::{Figure, Planned, Tally},
    timeline::{ROWS, Row, Timeline},
    witness::Witness,
};
