//! Features on disk, under the hash of all that they are computed from.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use storage::{content_hash, write_with};

use super::{FeatureMatrix, TabularFeatures};
use crate::{Error, Panel};

/// The rows of a panel's features: read from a file where one is kept, else computed as they are
/// asked for.
///
/// The file's name is the hash of the features' names and version and of every value of the panel:
/// other candles, another universe or another formula have another file. It holds `[rows, coins,
/// features]` as 32-bit floats.
#[derive(Debug)]
pub struct FeatureRows {
    features: TabularFeatures,
    file: Option<(PathBuf, File)>,
}

impl FeatureRows {
    /// Rows that are computed each time they are asked for.
    pub fn computed(features: TabularFeatures) -> Self {
        Self {
            features,
            file: None,
        }
    }

    /// Rows kept in a file in `dir`: computed and written where it is not there, or where
    /// `recompute` asks for it.
    ///
    /// Returns whether they were there.
    ///
    /// # Errors
    /// What the system says, with the file.
    pub fn kept(
        features: TabularFeatures,
        panel: &Panel,
        dir: &Path,
        recompute: bool,
    ) -> Result<(Self, bool), Error> {
        let key = content_hash(
            format!(
                "{:?} {} {}",
                features.names(),
                features.version(),
                panel.digest()
            )
            .as_bytes(),
        );
        let path = dir.join(format!("{key}.f32"));
        let bytes = 4 * (panel.rows() * panel.coins() * features.names().len()) as u64;
        let is_there = !recompute && fs::metadata(&path).is_ok_and(|found| found.len() == bytes);
        if !is_there {
            fs::create_dir_all(dir).map_err(Error::io(dir))?;
            write_with(&path, |file| {
                write_rows(&features, panel, file).map_err(Error::io(&path))
            })?;
        }
        let file = File::open(&path).map_err(Error::io(&path))?;
        Ok((
            Self {
                features,
                file: Some((path, file)),
            },
            is_there,
        ))
    }

    /// What they are rows of.
    pub fn features(&self) -> &TabularFeatures {
        &self.features
    }

    /// The features of all coins at `rows` of the panel, the one that they were made for.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn read(&self, panel: &Panel, rows: Range<usize>) -> Result<FeatureMatrix, Error> {
        let Some((path, file)) = &self.file else {
            return Ok(self.features.compute(panel, rows));
        };
        let mut matrix =
            FeatureMatrix::zeroed(rows.len(), panel.coins(), self.features.names().len());
        let mut bytes = vec![0; 4 * matrix.values.len()];
        let offset = 4 * (rows.start * matrix.channels()) as u64;
        let mut file: &File = file;
        file.seek(SeekFrom::Start(offset))
            .and_then(|_| file.read_exact(&mut bytes))
            .map_err(Error::io(path))?;
        for (value, bytes) in matrix.values.iter_mut().zip(bytes.as_chunks::<4>().0) {
            *value = f32::from_le_bytes(*bytes);
        }
        Ok(matrix)
    }
}

fn write_rows(
    features: &TabularFeatures,
    panel: &Panel,
    file: &mut dyn Write,
) -> std::io::Result<()> {
    let step = features.chunk_rows(panel).max(1);
    for start in (0..panel.rows()).step_by(step) {
        let matrix = features.compute(panel, start..panel.rows().min(start + step));
        let bytes: Vec<u8> = matrix
            .values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        file.write_all(&bytes)?;
    }
    Ok(())
}
