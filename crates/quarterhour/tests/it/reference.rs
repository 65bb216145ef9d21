//! The committed schema and the book's reference of the config are what the code makes.

use std::fs;
use std::path::Path;

use crate::quarterhour;

/// Compares what a command prints with a file of the project; with `UPDATE_REFERENCE` set the file
/// is written.
fn check(path: &str, arguments: &[&str]) {
    let output = quarterhour("schema").args(arguments).output().unwrap();
    assert!(output.status.success());
    let made = String::from_utf8(output.stdout).unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path);
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        fs::write(&path, made).unwrap();
        return;
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == made,
        "{} is not what the code makes\n\
         hint: UPDATE_REFERENCE=1 cargo test -p quarterhour --release reference",
        path.display()
    );
}

#[test]
fn the_schema_is_up_to_date() {
    check("configs/schema.json", &[]);
}

#[test]
fn the_page_of_the_book_is_up_to_date() {
    check("docs/src/reference/config.md", &["--markdown"]);
}
