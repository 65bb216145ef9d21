//! The files of a run that must stay as they are.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::{Entry, Error, FileHash};

/// Files that are made again at any time or that a run's use adds to, and folders of such.
const CHANGING: [&str; 12] = [
    "card.md",
    "report",
    "ledger",
    "thresholds",
    "last-forecasts.json",
    "embeddings",
    "lock",
    "metrics.jsonl",
    "state.safetensors",
    "importance",
    "shap",
    "training.parquet",
];

/// Endings of such files: pages, charts, and what a process that fitted said.
const CHANGING_ENDS: [&str; 4] = [".html", ".svg", ".pdf", ".log"];

/// Deepest folder that is looked into: `horizon-H/fold-K/refit-N/seed-S`.
const DEEPEST: usize = 5;

/// The files of a run, in order of their paths, with their hashes; `others` are folders of runs that it
/// is made of.
///
/// # Errors
/// A folder or file that cannot be read.
pub fn hash_files(run: &Path, others: &[PathBuf]) -> Result<Vec<FileHash>, Error> {
    let mut files = Vec::new();
    collect(run, run, DEEPEST, &mut files)?;
    for other in others {
        collect(other, Path::new(""), DEEPEST, &mut files)?;
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn collect(
    folder: &Path,
    root: &Path,
    depth: usize,
    files: &mut Vec<FileHash>,
) -> Result<(), Error> {
    let failed = |error: io::Error| unreadable(folder, &error);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let (path, name) = (entry.path(), entry.file_name());
        if is_changing(&name.to_string_lossy()) {
            continue;
        }
        if path.is_dir() {
            if depth > 1 {
                collect(&path, root, depth - 1, files)?;
            }
        } else {
            let (sha256, bytes) = hash(&path).map_err(|error| unreadable(&path, &error))?;
            let path = path.strip_prefix(root).unwrap_or(&path).to_owned();
            files.push(FileHash {
                path,
                sha256,
                bytes,
            });
        }
    }
    Ok(())
}

/// Whether a file or folder of this name is made again at any time.
fn is_changing(name: &str) -> bool {
    name.starts_with('.')
        || CHANGING.iter().any(|begin| name.starts_with(begin))
        || CHANGING_ENDS.iter().any(|end| name.ends_with(end))
}

/// SHA-256 and length of a file.
fn hash(path: &Path) -> io::Result<(String, u64)> {
    let mut file = File::open(path)?;
    let (mut digest, mut bytes) = (Sha256::new(), 0);
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut buffer)?;
        let Some(part) = buffer.get(..read).filter(|part| !part.is_empty()) else {
            return Ok((format!("{:x}", digest.finalize()), bytes));
        };
        digest.update(part);
        bytes += read as u64;
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Error {
    Error::File {
        path: path.to_owned(),
        reason: error.to_string(),
        hint: None,
    }
}

impl Entry {
    /// Checks that every file is bit for bit as it was when the run was added. Files that may change are
    /// left out, also where an older version hashed them.
    ///
    /// # Errors
    /// [`Error::Changed`] with the first file that is not, and both hashes.
    pub fn verify(&self) -> Result<(), Error> {
        let is_kept = |file: &&FileHash| {
            let name = file.path.file_name().unwrap_or_default();
            !is_changing(&name.to_string_lossy())
        };
        for file in self.files.iter().filter(is_kept) {
            let path = self.run.join(&file.path);
            let found = match hash(&path) {
                Ok((sha256, _)) if sha256 == file.sha256 => continue,
                Ok((sha256, _)) => sha256,
                Err(error) => format!("none ({error})"),
            };
            return Err(Error::Changed {
                name: self.name.to_string(),
                version: self.version.to_string(),
                file: path,
                found,
                expected: file.sha256.clone(),
            });
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn what_forecasts_depend_on_is_hashed_and_what_changes_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let run = dir.path().join("run");
        fs::create_dir_all(run.join("fold-1/seed-1")).unwrap();
        let deep = "horizon-1h/fold-1/refit-1/seed-1";
        fs::create_dir_all(run.join(deep)).unwrap();
        fs::write(run.join(deep).join("weights.safetensors"), "").unwrap();
        for name in [
            "run.toml",
            "model.safetensors",
            "report.html",
            "ledger.sqlite",
            "fold-1/seed-1/weights.safetensors",
            "fold-1/seed-1/state.safetensors",
            "fold-1/seed-1/lock",
            "fit.log",
            "full-report.pdf",
            "shap-rows.parquet",
        ] {
            fs::write(run.join(name), "abc").unwrap();
        }
        let member = dir.path().join("member");
        fs::create_dir(&member).unwrap();
        fs::write(member.join("model.txt"), "").unwrap();
        let files = hash_files(&run, std::slice::from_ref(&member)).unwrap();
        let names: Vec<String> = files
            .iter()
            .map(|file| file.path.display().to_string())
            .collect();
        assert_eq!(
            names,
            [
                member.join("model.txt").display().to_string().as_str(),
                "fold-1/seed-1/weights.safetensors",
                "horizon-1h/fold-1/refit-1/seed-1/weights.safetensors",
                "model.safetensors",
                "run.toml",
            ]
        );
        // By sha256sum.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!((files[4].sha256.as_str(), files[4].bytes), (abc, 3));
    }
}
