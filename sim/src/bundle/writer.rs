//! A bundle that is being written. What happened goes into it as it comes, while the run is made again.

use super::clients::Clients;
use super::{Event, Identity, Part, decisions};
use crate::history::Record;
use crate::report::{Left, Screen, Stored, Style, json_line};
use crate::verdict::RunReport;
use crate::words::Spelled;
use crate::world::decisions::Decisions;
use std::io::{self, BufWriter, Cursor, Seek, Write};
use std::path::Path;
use std::time::Duration;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// Files that are put into a zip, one after the other.
struct Pack<W: Write + Seek> {
    zip: BufWriter<ZipWriter<W>>,
}

impl<W: Write + Seek> Pack<W> {
    fn new(out: W) -> Self {
        Self { zip: BufWriter::new(ZipWriter::new(out)) }
    }

    fn begin(&mut self, part: Part) -> io::Result<()> {
        self.zip.flush()?;
        // Zip's first moment: when it was written is no part of a run.
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default())
            .unix_permissions(0o644);
        Ok(self.zip.get_mut().start_file(part.name(), options)?)
    }

    fn part(&mut self, part: Part, text: &str) -> io::Result<()> {
        self.begin(part)?;
        self.zip.write_all(text.as_bytes())
    }

    fn finish(self) -> io::Result<W> {
        let zip = self.zip.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(zip.finish()?)
    }
}

/// A file that has these parts, whatever they say: what a bundle would be of which somebody has changed a part.
///
/// # Errors
///
/// There is no room for it.
pub fn packed(parts: &[(Part, String)]) -> io::Result<Vec<u8>> {
    let mut pack = Pack::new(Cursor::new(Vec::new()));
    parts.iter().try_for_each(|(part, text)| pack.part(*part, text))?;
    Ok(pack.finish()?.into_inner())
}

/// What a bundle says beside what happens.
pub struct Contents<'a> {
    /// The run, as it was judged.
    pub report: &'a RunReport,
    /// The scenario as it was run, as the text of a file.
    pub scenario: String,
    /// So many events are kept at most, the last of the run.
    pub most_events: u64,
}

/// The bundle.
pub struct Writer<W: Write + Seek> {
    pack: Pack<W>,
    report: RunReport,
    clients: Clients,
    /// The first events, which are left out.
    skip: u64,
    seen: u64,
    failed: Option<io::Error>,
}

impl<W: Write + Seek> Writer<W> {
    /// Begins a bundle in `out`.
    ///
    /// # Errors
    ///
    /// What the file system says.
    pub fn new(out: W, contents: &Contents<'_>) -> io::Result<Self> {
        // The same run has the same bytes, however long it took and wherever its file is.
        let report = RunReport { wall: Duration::ZERO, cpu: Duration::ZERO, ..contents.report.clone() };
        let skip = report.events.saturating_sub(contents.most_events);
        let events = Stored::In { path: Path::new(Part::Events.name()).to_owned(), dropped: skip };
        let screen = Screen::of(&report, &Left { events: Some(events), bundle: None }).full(Style::PLAIN);
        let clients = Clients::new(report.keys.clone());
        let mut writer = Self { pack: Pack::new(out), report, clients, skip, seen: 0, failed: None };
        let readme = writer.readme();
        writer.pack.part(Part::Readme, &readme)?;
        writer.pack.part(Part::Screen, &format!("{screen}\n"))?;
        writer.pack.part(Part::Scenario, &contents.scenario)?;
        let verdict = format!("{}\n", json_line(&writer.report, &Left::default()));
        writer.pack.part(Part::Verdict, &verdict)?;
        writer.pack.begin(Part::Events)?;
        Ok(writer)
    }

    /// Takes an event. What the file system says against it is told at the end.
    pub fn take(&mut self, record: &Record) {
        self.clients.take(record);
        self.seen += 1;
        if self.seen <= self.skip || self.failed.is_some() {
            return;
        }
        let line = serde_json::to_string(&Event::of(record, &self.report.keys)).map_err(io::Error::other);
        self.failed = line.and_then(|line| writeln!(self.pack.zip, "{line}")).err();
    }

    /// Ends it, with the random choices that the run has made, and gives back where it was written to.
    ///
    /// # Errors
    ///
    /// What the file system says, or has said.
    pub fn finish(mut self, made: &Decisions) -> io::Result<W> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let history = std::mem::replace(&mut self.clients, Clients::new(Vec::new())).lines();
        self.pack.part(Part::History, &history)?;
        self.pack.begin(Part::Streams)?;
        decisions::write_streams(made, &mut self.pack.zip)?;
        self.pack.begin(Part::Decisions)?;
        decisions::write_made(made, &mut self.pack.zip)?;
        let identity = Identity::of(&self.report, self.skip.min(self.seen), made.made.len() as u64);
        self.pack.part(Part::Identity, &format!("{}\n", serde_json::to_string_pretty(&identity)?))?;
        self.pack.finish()
    }

    fn readme(&self) -> String {
        let identity = Identity::of(&self.report, 0, 0);
        let failed = identity.failed.iter().map(|failed| format!("\n{}\n", failed.message));
        let failed: String = failed
            .chain(identity.failed.iter().flat_map(|failed| &failed.story).map(|line| format!("\n    {line}")))
            .collect();
        let parts: String = Part::all().map(|part| format!("| `{part}` | {} |\n", part.about())).collect();
        format!(
            "# {run}: {outcome}\n{failed}\n\n## See it again\n\nWith any leasehold of the same sources, wherever this file lies:\n\n    \
             leasehold replay FILE\n\nIn a clone of the repository, at the commit that `identity.json` names:\n\n    {command}\n\nIt was run by \
             {built}.\n\n## What is in it\n\n| file | what it holds |\n|---|---|\n{parts}\nPlain text; `unzip -p FILE events.jsonl | \
             jq -r 'select(.about == \"lease\") | [.at_ns, .who, .what] | @tsv'` tells of its leases.\n",
            run = identity.run(),
            outcome = identity.outcome(),
            command = identity.command,
            built = identity.built.words(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::Bundle;
    use crate::history::testing::Events;

    #[test]
    fn of_a_run_with_more_events_than_there_is_room_for_the_last_are_kept() {
        let events = Events::default().hit(1, 1).hit(2, 1).hit(3, 1);
        let report = RunReport { scenario: "s".to_owned(), path: "s.toml".into(), events: 3, ..RunReport::default() };
        let contents = Contents { report: &report, scenario: String::new(), most_events: 2 };
        let mut writer = Writer::new(Cursor::new(Vec::new()), &contents).unwrap();
        events.records().iter().for_each(|record| writer.take(record));
        let bytes = writer.finish(&Decisions::default()).unwrap();
        let mut bundle = Bundle::read("s".to_owned(), Box::new(bytes)).unwrap_or_else(|words| panic!("{words}"));
        assert_eq!((bundle.identity.events, bundle.identity.events_left_out), (3, 1));
        let times: Vec<_> = bundle.events().unwrap().map(|event| event.unwrap().at_ns).collect();
        assert_eq!(times, [2_000_000, 3_000_000]);
    }
}
