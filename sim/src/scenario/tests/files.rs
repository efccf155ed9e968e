use std::{fs, path::Path};

use crate::scenario::load;

/// What is said of a file with these bytes.
#[expect(clippy::disallowed_methods, reason = "what is tested is the reading of files")]
fn said_of(name: &str, bytes: &[u8]) -> String {
    let folder = std::env::temp_dir().join(format!("leasehold-scenario-{}-{name}", std::process::id()));
    fs::create_dir_all(&folder).expect("a temporary folder");
    let path = folder.join("t.toml");
    fs::write(&path, bytes).expect("a temporary file");
    let said = said_of_path(&path);
    fs::remove_dir_all(&folder).expect("the temporary folder goes");
    said
}

fn said_of_path(path: &Path) -> String {
    match load(path) {
        Ok(_) => "valid".to_owned(),
        Err(problems) => problems.iter().map(|problem| problem.message.clone()).collect::<Vec<_>>().join("; "),
    }
}

#[test]
fn a_valid_file_is_loaded() {
    assert_eq!(said_of("valid", super::with("", "").as_bytes()), "valid");
}

#[test]
fn a_missing_file_is_said_to_be_missing() {
    assert_eq!(said_of_path(Path::new("no/such/file.toml")), "there is no file `no/such/file.toml`");
}

#[test]
fn a_folder_is_not_a_scenario() {
    assert_eq!(said_of_path(&std::env::temp_dir()), "this is a folder, not a scenario file");
}

#[test]
fn bytes_that_are_not_utf8_are_placed() {
    assert_eq!(said_of("utf8", b"# ok\n# \xff"), "the file is not UTF-8: byte 7 (line 2) is 0xff");
}

#[test]
fn a_file_that_is_too_large_is_not_read() {
    assert_eq!(said_of("large", &vec![b'#'; (1 << 20) + 1]), "the file is larger than a scenario may be (1 MiB)");
}
