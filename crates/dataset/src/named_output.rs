//! What a file that a person names on the command line may replace.

use std::fs;
use std::path::Path;

use storage::{ELSEWHERE, check_output};

use crate::{Error, RunDir};

/// As [`check_output`], for a file that a person names on the command line: one that is there is
/// replaced only where it has the extension of what is written (`html`, `csv`, ...) and is not one
/// of a run's own files.
///
/// # Errors
/// As [`check_output`]; a file of another kind, a file that belongs to a run.
pub fn check_named_output(path: &Path, extension: &str) -> Result<(), Error> {
    check_output(path)?;
    if !path.exists() {
        return Ok(());
    }
    let has_extension = path
        .extension()
        .is_some_and(|found| found.eq_ignore_ascii_case(extension));
    let size = fs::metadata(path).map_err(Error::io(path))?.len();
    if !has_extension && size > 0 {
        let reason = format!(
            "is there and its name does not end in .{extension}, so it may be something else"
        );
        let hint =
            format!("name a new file, or one that ends in .{extension}; nothing was written");
        return Err(Error::refused(path, reason, &hint));
    }
    if RunDir::owns(path) {
        let reason = "belongs to the run in that folder";
        return Err(Error::refused(path, reason, ELSEWHERE));
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_another_kind_is_not_replaced_by_a_report() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        check_named_output(&path("new"), "html").unwrap();
        for name in ["notes.txt", "page.html", "forecasts.parquet"] {
            fs::write(path(name), "theirs").unwrap();
        }
        let error = check_named_output(&path("notes.txt"), "html")
            .unwrap_err()
            .to_string();
        assert!(error.contains("does not end in .html"), "{error}");
        check_named_output(&path("page.html"), "html").unwrap();
        check_named_output(&path("forecasts.parquet"), "parquet").unwrap();
        fs::write(path(RunDir::CONFIG_FILE), "").unwrap();
        let error = check_named_output(&path("forecasts.parquet"), "parquet")
            .unwrap_err()
            .to_string();
        assert!(error.contains("belongs to the run"), "{error}");
    }
}
