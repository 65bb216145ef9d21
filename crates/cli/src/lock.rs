//! Work that one process at a time does.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, anyhow};

use crate::WithHint;

/// A lock that is held until it is dropped; the system lets go of it when the process ends, however
/// it ends.
#[derive(Debug)]
pub struct FileLock {
    _file: File,
}

/// Takes the lock `path`, made with its folder where it is not there; `Err` in the result names who
/// holds it.
///
/// The file stays when the lock is let go: removing it would let two processes hold two files of
/// one name.
///
/// # Errors
/// A file that cannot be made or locked.
pub fn hold(path: &Path) -> anyhow::Result<Result<FileLock, String>> {
    let failed = || format!("cannot lock {}", path.display());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(failed)?;
    }
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path);
    let mut file = file.with_context(failed)?;
    match file.try_lock() {
        Ok(()) => {
            let mut found = String::new();
            let read = (&file).take(200).read_to_string(&mut found);
            if read.is_err() || !(found.is_empty() || found.starts_with("process ")) {
                let reason = "is somebody else's file, expected a lock of this project";
                return Err(anyhow!("{} {reason}", path.display()).hint("move it away"));
            }
            file.seek(SeekFrom::Start(0)).with_context(failed)?;
            // Who holds it is for people; the lock itself does not depend on it.
            let named = file
                .set_len(0)
                .and_then(|()| writeln!(file, "process {} on {}", std::process::id(), host()));
            named.with_context(failed)?;
            Ok(Ok(FileLock { _file: file }))
        }
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let read = file
                .seek(SeekFrom::Start(0))
                .and_then(|_| (&file).take(200).read_to_string(&mut holder));
            let is_named = read.is_ok() && !holder.trim().is_empty();
            Ok(Err(if is_named {
                holder.trim().to_owned()
            } else {
                "another process".to_owned()
            }))
        }
        Err(TryLockError::Error(error)) => Err(error).with_context(failed),
    }
}

/// Takes the lock `path` as [`hold`] does, and waits while another process holds it: for work of
/// moments.
///
/// # Errors
/// As [`hold`].
pub fn wait_for(path: &Path) -> anyhow::Result<FileLock> {
    /// Pause between two tries.
    const NAP: Duration = Duration::from_millis(10);
    loop {
        match hold(path)? {
            Ok(lock) => return Ok(lock),
            Err(_holder) => std::thread::sleep(NAP),
        }
    }
}

/// This machine's name.
fn host() -> String {
    let of_file = std::fs::read_to_string("/proc/sys/kernel/hostname")
        .or_else(|_| std::fs::read_to_string("/etc/hostname"));
    let name = of_file.ok().or_else(|| {
        std::env::var("HOSTNAME")
            .or_else(|_| std::env::var("COMPUTERNAME"))
            .ok()
    });
    name.map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .unwrap_or("this machine".to_owned())
}
