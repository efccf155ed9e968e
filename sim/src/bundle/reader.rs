//! What a bundle says.

use super::archive::Source;
use super::{Archive, Event, FORMAT, Identity, Part, decisions};
use crate::scenario::Load;
use crate::world::decisions::Decisions;
use serde_json::Value;
use std::fs::File;
use std::io::BufReader;
use std::path::{Component, Path, PathBuf};

/// A bundle in which nothing is wrong so far. Decisions and events are read when they are asked for.
pub struct Bundle {
    /// What people call it: its path.
    name: String,
    archive: Archive,
    /// Which run it is of.
    pub identity: Identity,
    /// The scenario as it was run, as the text of a file.
    pub scenario: String,
    /// The factor on the rates of open loops.
    pub load: Load,
}

impl Bundle {
    /// The bundle at `path`.
    ///
    /// # Errors
    ///
    /// There is none, or what is wrong with it, in a line that begins with the path.
    pub fn open(path: &Path) -> Result<Self, String> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|error| format!("{name}: {error}"))?;
        if file.metadata().is_ok_and(|about| !about.is_file()) {
            return Err(format!("{name}: not a file"));
        }
        Self::read(name, Box::new(BufReader::new(file)))
    }

    /// The bundle that `source` is, which people call `name`.
    ///
    /// # Errors
    ///
    /// As [`Bundle::open`].
    pub fn read(name: String, source: Box<dyn Source>) -> Result<Self, String> {
        let wrong = |words: String| format!("{name}: {words}");
        let mut archive = Archive::open(source).map_err(wrong)?;
        let identity = archive.text(Part::Identity).and_then(|text| identity(&text)).map_err(wrong)?;
        let scenario = archive.text(Part::Scenario).map_err(wrong)?;
        let load = identity.load.parse::<Load>();
        let load = load.map_err(|misread| wrong(format!("{}: load: {misread}", Part::Identity)))?;
        Ok(Self { name, archive, identity, scenario, load })
    }

    /// What people call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the scenario's file would lie: that of the same name, which is not touched.
    pub fn path(&self) -> PathBuf {
        let title = Path::new(&self.identity.scenario).with_extension("toml");
        if title.components().count() > 1 { Path::new("scenarios").join(title) } else { title }
    }

    /// The random choices of the run.
    ///
    /// # Errors
    ///
    /// They cannot have been made, or are not those that the identity speaks of.
    pub fn decisions(&mut self) -> Result<Decisions, String> {
        let Self { name, archive, identity, .. } = self;
        let streams = archive.lines(Part::Streams).and_then(decisions::read_streams);
        let made = streams.and_then(|streams| {
            let made = archive.lines(Part::Decisions).and_then(|lines| decisions::read_made(streams, lines))?;
            match made.made.len() as u64 {
                length if length == identity.decisions => Ok(made),
                length => Err(format!("{} has {length} rows, not {}", Part::Decisions, identity.decisions)),
            }
        });
        made.map_err(|words| format!("{name}: {words}"))
    }

    /// What happened, an event after the other.
    ///
    /// # Errors
    ///
    /// In its turn: a line is damaged, or is no event.
    pub fn events(&mut self) -> Result<impl Iterator<Item = Result<Event, String>> + '_, String> {
        let Self { name, archive, .. } = self;
        let name = &*name;
        let wrong = move |words: String| format!("{name}: {words}");
        let lines = archive.lines(Part::Events).map_err(wrong)?;
        let event = move |(number, line): (usize, Result<String, String>)| {
            let line = line.map_err(wrong)?;
            let no_event = |_| wrong(format!("{}: line {}: not an event", Part::Events, number + 1));
            serde_json::from_str(&line).map_err(no_event)
        };
        Ok(lines.enumerate().map(event))
    }
}

/// The identity that `text` is. Its format is looked at before anything else: another may mean anything by the rest.
fn identity(text: &str) -> Result<Identity, String> {
    let wrong = |words: String| format!("{}: {words}", Part::Identity);
    let value: Value = serde_json::from_str(text).map_err(|error| wrong(format!("damaged: {error}")))?;
    let format = value.get("format").and_then(Value::as_u64);
    match format {
        Some(format) if format == u64::from(FORMAT) => {}
        Some(format) => {
            return Err(wrong(format!("the bundle is of format {format}; this leasehold reads format {FORMAT}")));
        }
        None => return Err(wrong("it does not say of which format the bundle is".to_owned())),
    }
    let identity: Identity = serde_json::from_value(value).map_err(|error| wrong(format!("damaged: {error}")))?;
    let scenario = Path::new(&identity.scenario);
    let is_plain = scenario.components().all(|part| matches!(part, Component::Normal(_)));
    if !is_plain || !(1..=2).contains(&scenario.components().count()) {
        return Err(wrong(format!("{:?} is not the name of a scenario", identity.scenario)));
    }
    identity.check().map_err(wrong)?;
    Ok(identity)
}
