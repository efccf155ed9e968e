//! What a gate asks: the runs of each of its profiles, and the failures that are known. Two files of their own, read as a scenario is.
//!
//! | file       | what it holds                                     |
//! |------------|---------------------------------------------------|
//! | `profiles` | which scenarios, with which seeds, in how long    |
//! | `known`    | failures that keep nobody from landing, and until when |
//! | `date`     | days                                              |

mod date;
mod known;
mod profiles;

pub use self::{
    date::Date,
    known::{KnownFailure, KnownFailures},
    profiles::{Asked, MAX_DRAWN, Profile, Profiles},
};

use crate::scenario::prelude::*;
use crate::scenario::{MAX_FILE, Problems, load, read};
use std::path::Path;

/// The profiles of the file `path`, whose contents are `text`.
///
/// # Errors
///
/// All that is wrong with it.
pub fn profiles(path: &Path, text: &str) -> Result<Profiles, Problems> {
    file(Known::default(), path, text)
}

/// The known failures of the file `path`, whose contents are `text`; `known` says which variants and checks there are.
///
/// # Errors
///
/// All that is wrong with it.
pub fn known_failures(known: Known, path: &Path, text: &str) -> Result<KnownFailures, Problems> {
    file(known, path, text)
}

/// The file `path`, whose contents are `text`, as one table.
fn file<T: Table>(known: Known, path: &Path, text: &str) -> Result<T, Problems> {
    let refuse = |problems| Err(Problems::new(path, text, problems));
    if text.len() > MAX_FILE {
        return refuse(vec![load::too_large()]);
    }
    let tree = match read::read(text) {
        Ok(tree) => tree,
        Err(problems) => return refuse(problems),
    };
    let (mut frame, mut report) = (Frame { known, ..Frame::default() }, Report::new(text, Vec::new()));
    let read = T::read(None, &Entries::root(&tree), &mut Reader { frame: &mut frame, report: &mut report });
    read.filter(|_| report.problems.is_empty()).map_or_else(|| refuse(report.finish()), Ok)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Class;

    /// What is wrong with this as a file of profiles, or of known failures.
    fn refused<T>(read: impl Fn(&Path, &str) -> Result<T, Problems>, text: &str) -> String {
        match read(Path::new("gate.toml"), text) {
            Ok(_) => panic!("accepted: {text}"),
            Err(problems) => problems.to_string(),
        }
    }

    /// Compares with `snapshots/screen__gate-refused-NAME.snap`.
    fn pinned(name: &str, words: &str) {
        let mut settings = insta::Settings::new();
        settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("../snapshots"));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(format!("screen__gate-refused-{name}"), words));
    }

    #[test]
    fn a_profile_says_what_it_runs_and_how_long_that_may_take() {
        let text = "[profile.nightly]\nabout = \"All.\"\ntime = \"90m\"\nunseen-after = 50\n\
                    runs = [{ of = [\"fast\"], seeds = 3 }, { of = [\"slow/chaos\"], pinned = false, seeds = 10, most = 500 }]";
        let read = profiles(Path::new("gate.toml"), text).unwrap_or_else(|problems| panic!("{problems}"));
        let nightly = &read.profiles["nightly"];
        assert_eq!((nightly.time, nightly.unseen_after), (Duration::from_secs(5_400), Some(50)));
        let asked = |asked: &Asked| (asked.of.join(" "), asked.pinned, asked.seeds, asked.most);
        let asked: Vec<_> = nightly.runs.iter().map(asked).collect();
        let chaos = ("slow/chaos".to_owned(), false, 10, Some(500));
        assert_eq!(asked, [("fast".to_owned(), true, 3, None), chaos]);
    }

    #[test]
    fn what_a_profile_cannot_mean_is_refused_where_it_stands() {
        let text = "[profile.nightly]\ntme = \"1h\"\ntime = \"0s\"\n\
                    runs = [{ of = [\"fast\"], pinned = false }, { of = [\"slow\"], seeds = 9, most = 3 }]\n\
                    [profile.soak]\nruns = [{ seeds = 1_000_000 }]";
        pinned("profiles", &refused(profiles, text));
    }

    #[test]
    fn a_known_failure_has_a_reason_a_link_and_an_end() {
        let text = "[[known]]\nclass = \"liveness\"\ncheck = \"recovers\"\nscenario = \"slow/*\"\nreason = \"Slow disks.\"\n\
                    link = \"https://example.org/7\"\nexpires = 2027-02-28";
        let read = known_failures(Known::default(), Path::new("known.toml"), text);
        let known = &read.unwrap_or_else(|problems| panic!("{problems}")).known[0];
        assert_eq!(
            (known.class, known.check.as_str(), known.variant.as_str()),
            (Class::Liveness, "recovers", "default")
        );
        assert_eq!((known.expires.to_string(), known.line), ("2027-02-28".to_owned(), 1));
        assert_eq!(["slow/chaos", "fast/slow-apply"].map(|title| known.is_of(title)), [true, false]);
    }

    #[test]
    fn what_a_known_failure_cannot_mean_is_refused_where_it_stands() {
        let text = "[[known]]\nclass = \"livenes\"\ncheck = \"Recovers\"\nreason = \" \"\nlink = \"ask me\"\nexpires = \"2027-02-29\"\n\
                    [[known]]\nclass = \"liveness\"\ncheck = \"recovers\"\nreason = \"It is.\"\nlink = \"https://example.org/7\"\n\
                    expires = \"tomorrow\"\nseeds = 4";
        let read = |path: &Path, text: &str| known_failures(Known::default(), path, text);
        pinned("known", &refused(read, text));
        let lacking = "[[known]]\nclass = \"liveness\"\ncheck = \"recovers\"\nreason = \"It is.\"\nlink = \"https://example.org/7\"\n\
                       expires = 2027-02-28";
        pinned("lacking", &refused(read, lacking));
    }

    #[test]
    fn a_day_that_there_is_not_is_not_asked_to_stand_in_quotes() {
        let read = |path: &Path, text: &str| known_failures(Known::default(), path, text);
        let words = refused(read, "[[known]]\nexpires = 2027-02-30");
        assert!(words.contains("a day is a year, a month and a day of it") && !words.contains("in quotes"), "{words}");
    }
}
