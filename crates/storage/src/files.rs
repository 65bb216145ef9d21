//! Files that appear whole or not at all.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::{Error, check_output};

/// Bytes that are gathered before they are written.
const BUFFER_BYTES: usize = 1 << 17;

/// A write is done in seconds; a temporary file that is older was left by a process that was
/// killed.
const ABANDONED: Duration = Duration::from_secs(60);

/// Writes a file under a temporary name beside it, syncs it and renames it into place.
///
/// # Errors
/// As [`check_output`]; what the system says, with the path.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    write_with(path, |file| file.write_all(bytes).map_err(Error::io(path)))
}

/// SHA-256 of some bytes, in lowercase hexadecimal: how a model file names the statistics it
/// belongs to.
pub fn content_hash(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

/// As [`write_atomically`], of what `write` puts into the file. What it writes is gathered, so that many small
/// pieces cost no more than one.
///
/// # Errors
/// As [`write_atomically`]; what `write` returns.
pub fn write_with<E: From<Error>>(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<(), E>,
) -> Result<(), E> {
    check_output(path)?;
    // The parent of a bare file name is the empty path.
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(Error::io(folder))?;
    let mut builder = tempfile::Builder::new();
    // Readable by whom the umask allows, as any file; a temporary file is its owner's alone by
    // default.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder).map_err(Error::io(folder))?;
    let mut buffered = BufWriter::with_capacity(BUFFER_BYTES, file.as_file_mut());
    write(&mut buffered)?;
    buffered.flush().map_err(Error::io(path))?;
    drop(buffered);
    file.as_file().sync_all().map_err(Error::io(path))?;
    file.persist(path)
        .map_err(|error| Error::io(path)(error.error))?;
    // The rename itself is durable only once the folder is synced.
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(synced.map_err(Error::io(folder))?)
}

/// Removes the temporary files in `folder` that a killed process left; a folder that is not there
/// is empty.
///
/// # Errors
/// A folder that cannot be read, a file that cannot be removed.
pub fn remove_abandoned(folder: &Path) -> Result<(), Error> {
    for path in list(folder)? {
        let is_temporary = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with(".tmp"));
        let age = fs::metadata(&path)
            .and_then(|file| file.modified())
            .ok()
            .and_then(|time| time.elapsed().ok());
        if is_temporary && age.is_some_and(|age| age > ABANDONED) {
            fs::remove_file(&path).map_err(Error::io(&path))?;
        }
    }
    Ok(())
}

/// Paths of what is in a folder, in no order; one that is not there is empty.
///
/// # Errors
/// A folder that cannot be read.
pub fn list(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    match fs::read_dir(folder) {
        Ok(entries) => entries
            .map(|entry| entry.map(|entry| entry.path()).map_err(Error::io(folder)))
            .collect(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(Error::io(folder)(error)),
    }
}
