//! A bundle's file, held to its limits. Whoever made it may have meant harm: it holds the files of a bundle and no others, each once, none
//! larger than it may be or than it says, and nothing of it is written anywhere.

use super::Part;
use crate::words::Spelled;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use zip::read::ZipFile;
use zip::{CompressionMethod, ZipArchive};

/// The most bytes that a bundle may have.
const LARGEST: u64 = 256 << 20;
/// The most bytes that a line of a file may have.
const LONGEST_LINE: u64 = 1 << 20;

/// What a bundle can be read from.
pub trait Source: Read + Seek + Send {}

impl<T: Read + Seek + Send> Source for T {}

/// The file.
pub struct Archive {
    zip: ZipArchive<Box<dyn Source>>,
    places: BTreeMap<Part, usize>,
}

impl Archive {
    /// The bundle that `source` is.
    ///
    /// # Errors
    ///
    /// It is none, or is damaged, or holds something else than a bundle does.
    pub fn open(mut source: Box<dyn Source>) -> Result<Self, String> {
        let length = source.seek(SeekFrom::End(0)).map_err(|error| error.to_string())?;
        if length > LARGEST {
            return Err(format!("not a bundle: it has {length} bytes, and {LARGEST} are the most"));
        }
        let mut zip = ZipArchive::new(source).map_err(|error| format!("not a bundle, or damaged: {error}"))?;
        if zip.has_duplicate_names() {
            return Err("not a bundle: two files in it have one name".to_owned());
        }
        let mut places = BTreeMap::new();
        for place in 0..zip.len() {
            let file = zip.by_index_raw(place).map_err(|error| format!("damaged: {error}"))?;
            let name = String::from_utf8_lossy(file.name_raw()).into_owned();
            let Ok(part) = name.parse::<Part>() else {
                return Err(format!("not a bundle: it holds {name:?}, which is no file of a bundle"));
            };
            check(part, &file)?;
            if places.insert(part, place).is_some() {
                return Err("not a bundle: two files in it have one name".to_owned());
            }
        }
        if let Some(missing) = Part::all().find(|part| !places.contains_key(part)) {
            return Err(format!("not a bundle, or damaged: there is no {missing} in it"));
        }
        if zip.has_overlapping_entries().map_err(|error| format!("damaged: {error}"))? {
            return Err("not a bundle: files in it overlap".to_owned());
        }
        Ok(Self { zip, places })
    }

    /// What a file of it says.
    ///
    /// # Errors
    ///
    /// It is damaged, larger than it may be, or not UTF-8.
    pub fn text(&mut self, part: Part) -> Result<String, String> {
        let mut text = String::new();
        let (mut file, limit) = self.file(part)?;
        file.read_to_string(&mut text).map_err(|error| format!("{part}: damaged: {error}"))?;
        if text.len() as u64 > limit { Err(lies(part)) } else { Ok(text) }
    }

    /// The lines of a file of it, one after the other, without their ends.
    ///
    /// # Errors
    ///
    /// As [`Archive::text`], in its turn, or a line is longer than any may be.
    pub fn lines(&mut self, part: Part) -> Result<impl Iterator<Item = Result<String, String>> + '_, String> {
        let (file, limit) = self.file(part)?;
        let (mut file, mut read, mut failed) = (BufReader::new(file), 0_u64, false);
        let mut next = move || {
            let mut line = Vec::new();
            let length = file.by_ref().take(LONGEST_LINE + 1).read_until(b'\n', &mut line);
            let length = length.map_err(|error| format!("{part}: damaged: {error}"))? as u64;
            read += length;
            if read > limit {
                return Err(lies(part));
            }
            if length > LONGEST_LINE {
                return Err(format!("{part}: a line has more than {LONGEST_LINE} bytes"));
            }
            if line.ends_with(b"\n") {
                line.pop();
            }
            let line = String::from_utf8(line).map_err(|_| format!("{part}: not UTF-8"))?;
            Ok((length > 0).then_some(line))
        };
        Ok(std::iter::from_fn(move || {
            let line = if failed { None } else { next().transpose() };
            failed |= matches!(line, Some(Err(_)));
            line
        }))
    }

    /// A file of it, and how much of that there is; one byte more can be read, if there is one.
    fn file(&mut self, part: Part) -> Result<(impl Read + '_, u64), String> {
        let place = self.places.get(&part).copied().unwrap_or_default();
        let file = self.zip.by_index(place).map_err(|error| format!("{part}: damaged: {error}"))?;
        let size = file.size().min(part.limit());
        Ok((file.take(size + 1), size))
    }
}

/// May a bundle hold this?
fn check(part: Part, file: &ZipFile<'_, Box<dyn Source>>) -> Result<(), String> {
    if file.encrypted() || file.is_symlink() || file.is_dir() {
        return Err(format!("not a bundle: {part} is no plain file"));
    }
    if ![CompressionMethod::Deflated, CompressionMethod::Stored].contains(&file.compression()) {
        return Err(format!("not a bundle: {part} is compressed in another way than deflate"));
    }
    if file.size() > part.limit() {
        return Err(format!("not a bundle: {part} has {} bytes, and {} are the most", file.size(), part.limit()));
    }
    Ok(())
}

fn lies(part: Part) -> String {
    format!("{part}: damaged: it is larger than it says")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::packed;
    use std::io::{Cursor, Write};
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    fn good() -> Vec<u8> {
        packed(&Part::all().map(|part| (part, format!("what {part} says\n"))).collect::<Vec<_>>()).unwrap()
    }

    fn open(bytes: Vec<u8>) -> Result<Archive, String> {
        Archive::open(Box::new(Cursor::new(bytes)))
    }

    #[track_caller]
    fn refused(bytes: Vec<u8>, words: &str) {
        let told = open(bytes).err().expect("it is refused");
        assert!(told.contains(words), "`{words}` is not in: {told}");
    }

    /// A zip whose files have these names and this content, beside those of a bundle.
    fn zip_of(names: &[&str], content: &[u8]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for name in names {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(content).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    /// With this in the place of that, wherever it stands.
    fn replaced(mut bytes: Vec<u8>, from: &[u8], to: &[u8]) -> Vec<u8> {
        let places: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(from)).collect();
        assert!(!places.is_empty());
        places.into_iter().for_each(|at| bytes[at..at + to.len()].copy_from_slice(to));
        bytes
    }

    #[test]
    fn what_was_packed_is_read_line_by_line_and_as_a_whole() {
        let mut archive = open(good()).unwrap();
        assert_eq!(archive.text(Part::Screen).unwrap(), "what screen.txt says\n");
        let lines: Vec<_> = archive.lines(Part::Events).unwrap().collect();
        assert_eq!(lines, [Ok("what events.jsonl says".to_owned())]);
    }

    #[test]
    fn names_that_lead_elsewhere_or_stand_twice_are_refused() {
        for name in ["../screen.txt", "/etc/passwd", "a/../../b", "C:\\screen.txt", "screen.txt\0", "more.txt"] {
            refused(zip_of(&[name], b"x"), "which is no file of a bundle");
        }
        // The writer makes no two files of one name.
        let twice = replaced(zip_of(&["README.md", "READMF.md"], b"x"), b"READMF.md", b"README.md");
        refused(twice, "two files in it have one name");
        refused(zip_of(&["README.md"], b"x"), "there is no screen.txt in it");
    }

    #[test]
    fn what_is_no_zip_or_only_a_part_of_one_is_refused() {
        refused(Vec::new(), "not a bundle, or damaged");
        refused(b"PK\x03\x04 and so on".to_vec(), "not a bundle, or damaged");
        let whole = good();
        for length in [whole.len() - 1, whole.len() / 2, 10] {
            refused(whole[..length].to_vec(), "damaged");
        }
    }

    #[test]
    fn a_file_that_is_larger_than_it_may_be_is_refused_before_it_is_read() {
        let bomb = zip_of(&["README.md"], &vec![0; 2 << 20]);
        assert!(bomb.len() < 10_000);
        refused(bomb, "README.md has 2097152 bytes, and 1048576 are the most");
    }

    #[test]
    fn a_file_that_is_larger_than_it_says_is_damaged() {
        let all: Vec<_> =
            Part::all().map(|part| (part, "x".repeat(if part == Part::Events { 5_000 } else { 7 }))).collect();
        let lying = replaced(packed(&all).unwrap(), &5_000_u32.to_le_bytes(), &10_u32.to_le_bytes());
        let as_text = open(lying.clone()).and_then(|mut archive| archive.text(Part::Events).map(drop));
        assert!(as_text.as_ref().is_err_and(|told| told.contains("damaged")), "{as_text:?}");
        let by_lines = all_lines(lying);
        assert!(by_lines.as_ref().is_err_and(|told| told.contains("damaged")), "{by_lines:?}");
    }

    fn all_lines(bytes: Vec<u8>) -> Result<(), String> {
        for line in open(bytes)?.lines(Part::Events)? {
            line?;
        }
        Ok(())
    }

    #[test]
    fn a_line_without_end_is_refused() {
        let long = "x".repeat(LONGEST_LINE as usize + 2);
        let all: Vec<_> =
            Part::all().map(|part| (part, if part == Part::Events { long.clone() } else { String::new() })).collect();
        let mut archive = open(packed(&all).unwrap()).unwrap();
        let first = archive.lines(Part::Events).unwrap().next();
        assert_eq!(first, Some(Err(format!("events.jsonl: a line has more than {LONGEST_LINE} bytes"))));
    }
}
