//! One process at a time fills a store: a month's file is read, changed and written as a whole.

use std::fs::{File, TryLockError};

use anyhow::{Context, anyhow};
use cli::WithHint;
use dataset::Store;

use crate::fetch::folder;

/// Held until the file is dropped; the system lets go of it when a process is killed.
///
/// # Errors
/// Another process that fills the store of this market and interval.
pub fn lock(store: &Store) -> anyhow::Result<File> {
    let folder = folder(store);
    std::fs::create_dir_all(&folder).with_context(|| format!("{}", folder.display()))?;
    let path = folder.join("lock");
    let file = storage::open_lock(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(anyhow!(
            "{}: another process is filling this store",
            path.display()
        )
        .hint("wait for it to end, or --set data.dir=OTHER; one `import` takes many files")),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("{}", path.display()))
        }
    }
}
