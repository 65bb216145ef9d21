//! What may be written where: plain files that are ours or new, and nothing else.

use std::fs::{self, File, OpenOptions};
use std::path::Path;

use crate::Error;

/// The way out where a file cannot be written to.
pub const ELSEWHERE: &str = "name another file; nothing was written";

/// Checks that `path` is free or holds a plain file, before a byte is written there.
///
/// A link would be replaced by a file, and so would a device: neither is what its name says
/// afterwards.
///
/// # Errors
/// A link, a folder, a device, a pipe or a socket, by name.
///
/// # Examples
/// ```
/// assert!(storage::check_output(std::path::Path::new("there-is-no-such-file.csv")).is_ok());
/// ```
pub fn check_output(path: &Path) -> Result<(), Error> {
    let kind = match fs::symlink_metadata(path) {
        Ok(found) => found.file_type(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::io(path)(error)),
    };
    if kind.is_file() {
        return Ok(());
    }
    let found = if kind.is_symlink() {
        "a link"
    } else if kind.is_dir() {
        "a folder"
    } else {
        "a device, a pipe or a socket"
    };
    let reason = format!("is {found}, expected a plain file or none");
    Err(Error::refused(path, reason, ELSEWHERE))
}

/// Opens a lock file, and makes it where there is none. It is never emptied or written: a lock of
/// ours is an empty file.
///
/// # Errors
/// As [`check_output`]; a file with content, which is somebody else's; what the system says.
pub fn open_lock(path: &Path) -> Result<File, Error> {
    check_output(path)?;
    let file = OpenOptions::new()
        .create(true)
        .read(true)
        .append(true)
        .open(path)
        .map_err(Error::io(path))?;
    let size = file.metadata().map_err(Error::io(path))?.len();
    if size > 0 {
        let reason = format!("holds {size} bytes, expected an empty lock file of this project");
        let hint = "it is somebody else's; name another place, where no such file is";
        return Err(Error::refused(path, reason, hint));
    }
    Ok(file)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::write_atomically;

    #[cfg(unix)]
    #[test]
    fn what_is_no_plain_file_is_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let (target, link) = (dir.path().join("target"), dir.path().join("link"));
        fs::write(&target, "theirs").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let socket = dir.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for (path, what) in [
            (&link, "is a link"),
            (&socket, "a device"),
            (&dir.path().to_owned(), "is a folder"),
        ] {
            let error = write_atomically(path, b"ours").unwrap_err();
            assert!(error.to_string().contains(what), "{error}");
            assert_eq!(error.hint().as_deref(), Some(ELSEWHERE));
            assert!(open_lock(path).unwrap_err().to_string().contains(what));
        }
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&target).unwrap(), "theirs");
        write_atomically(&target, b"ours").unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "ours");
    }

    #[test]
    fn a_foreign_lock_file_stays_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let foreign = dir.path().join("Cargo.lock");
        fs::write(&foreign, "a user's own file\n").unwrap();
        let error = open_lock(&foreign).unwrap_err().to_string();
        assert!(error.contains("holds 18 bytes"), "{error}");
        assert_eq!(fs::read_to_string(&foreign).unwrap(), "a user's own file\n");
        let ours = dir.path().join("ours.lock");
        drop(open_lock(&ours).unwrap());
        open_lock(&ours).unwrap();
    }
}
