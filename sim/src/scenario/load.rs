//! A file's bytes and their text, with a size limit, or the one sentence that says why not.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

use super::{MAX_FILE, Problem, problem::quote};

/// The text that `bytes` are.
///
/// # Errors
///
/// There are more than [`MAX_FILE`], or they are not UTF-8.
pub(super) fn text(bytes: Vec<u8>) -> Result<String, Box<Problem>> {
    if bytes.len() > MAX_FILE {
        return Err(Box::new(too_large()));
    }
    String::from_utf8(bytes).map_err(|error| Box::new(not_utf8(error.as_bytes(), error.utf8_error().valid_up_to())))
}

/// The bytes of the file at `path`.
///
/// # Errors
///
/// The file is missing, a folder, unreadable or larger than [`MAX_FILE`].
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, Box<Problem>> {
    let about = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if about.is_dir() {
        let problem = Problem::new("this is a folder, not a scenario file");
        return Err(Box::new(problem.help("name a `.toml` file inside it")));
    }
    if about.len() > MAX_FILE as u64 {
        return Err(Box::new(too_large()));
    }
    // The size that was just read may be out of date, and is 0 for a pipe.
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    file.take(MAX_FILE as u64 + 1).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    Ok(bytes)
}

/// The refusal of a file that is larger than [`MAX_FILE`].
pub(super) fn too_large() -> Problem {
    Problem::new(format!("the file is larger than a scenario may be ({} MiB)", MAX_FILE >> 20))
}

fn unreadable(path: &Path, error: &io::Error) -> Box<Problem> {
    Box::new(match error.kind() {
        io::ErrorKind::NotFound => Problem::new(format!("there is no file {}", quote(&path.to_string_lossy()))),
        io::ErrorKind::PermissionDenied => Problem::new("the file may not be read: permission denied"),
        _ => Problem::new(format!("the file cannot be read: {error}")),
    })
}

fn not_utf8(bytes: &[u8], offset: usize) -> Problem {
    let line = 1 + bytes.iter().take(offset).filter(|byte| **byte == b'\n').count();
    let byte = bytes.get(offset).copied().unwrap_or_default();
    let problem = Problem::new(format!("the file is not UTF-8: byte {offset} (line {line}) is 0x{byte:02x}"));
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return problem.help("it looks like UTF-16; save it as UTF-8");
    }
    problem
}
