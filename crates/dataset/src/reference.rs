//! Pages of the book's reference that are made from lists: a test compares them with what is
//! committed.

use std::path::Path;

/// Compares a page of `docs/src/reference` with what the code makes; with `UPDATE_REFERENCE` set
/// the page is written.
pub(crate) fn check(page: &str, made: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src/reference");
    let path = folder.join(page);
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::write(&path, made).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == made,
        "{} is not what the lists make\n\
         hint: UPDATE_REFERENCE=1 cargo test -p dataset --release reference",
        path.display()
    );
}
