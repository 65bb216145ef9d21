//! Features as Parquet files, for whoever models elsewhere.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use storage::{ColumnValues, ParquetFile, RowGroup, content_hash, write_parquet};

use super::{Features, block_rows};
use crate::{Error, Panel, months};

/// The key of the metadata in each file; its value is a [`FileMetadata`] as JSON.
const METADATA_KEY: &str = "quarterhour.features";

/// The metadata of a file.
#[derive(Debug, Serialize, Deserialize)]
struct FileMetadata {
    /// `features.set`.
    set: String,
    /// Version of the set's formulas.
    set_version: u32,
    /// Length of a bar.
    bar: String,
    /// SHA-256 of all that the values are computed from.
    key: String,
}

/// What [`export_features`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedFeatures {
    /// Files of all months, in order of time.
    pub files: Vec<PathBuf>,
    /// How many of them were written; the others were there.
    pub written: usize,
}

/// Writes the features of all coins at `rows` of the panel, before any normalization: one file for
/// each UTC month, `features-2024-05.parquet`, with `time` (open time of the bar), `symbol` and a
/// column a feature, NaN where unknown. A (time, coin) without a candle of its own has no row.
///
/// A file that is there and was made of the same candles by the same formulas is left as it is,
/// unless `recompute` asks for it; `report` hears of every file and whether it was written.
///
/// # Errors
/// What the system says, with the file.
pub fn export_features(
    (panel, features): (&Panel, &Features),
    rows: Range<usize>,
    dir: &Path,
    recompute: bool,
    mut report: impl FnMut(&Path, bool),
) -> Result<ExportedFeatures, Error> {
    fs::create_dir_all(dir).map_err(Error::io(dir))?;
    let (mut files, mut written) = (Vec::new(), 0);
    for (month, rows) in months(panel, rows) {
        let path = dir.join(format!("features-{month}.parquet"));
        let metadata = FileMetadata::new(panel, features, &rows);
        let is_there = !recompute && metadata.is_of(&path);
        if !is_there {
            write_month((panel, features), rows, &path, &metadata)?;
            written += 1;
        }
        report(&path, !is_there);
        files.push(path);
    }
    Ok(ExportedFeatures { files, written })
}

impl FileMetadata {
    /// Of some rows, with the key of all that they are computed from: names, version, and every
    /// candle up to the warm-up before them.
    fn new(panel: &Panel, features: &Features, rows: &Range<usize>) -> Self {
        let from = rows.start.saturating_sub(features.warm_up_bars() - 1);
        let source = format!(
            "{:?} {} {} {}",
            features.names(),
            features.set().version(),
            rows.start - from,
            panel.stretch(from..rows.end).digest()
        );
        Self {
            set: features.set().to_string(),
            set_version: features.set().version(),
            bar: panel.interval().to_string(),
            key: content_hash(source.as_bytes()),
        }
    }

    /// Whether a file is there that was made of the same.
    fn is_of(&self, path: &Path) -> bool {
        let found = ParquetFile::open(path)
            .ok()
            .and_then(|file| serde_json::from_str(file.value(METADATA_KEY)?).ok());
        found.is_some_and(|found: Self| found.key == self.key)
    }
}

fn write_month(
    (panel, features): (&Panel, &Features),
    rows: Range<usize>,
    path: &Path,
    metadata: &FileMetadata,
) -> Result<(), Error> {
    let json = serde_json::to_string(metadata).map_err(|error| Error::file(path, error))?;
    let step = block_rows(panel, features.warm_up_bars()) * rayon::current_num_threads();
    let blocks: Vec<Block> = rows
        .clone()
        .step_by(step)
        .map(|start| Block::new((panel, features), start..rows.end.min(start + step)))
        .collect();
    let names = features.names();
    let groups = blocks.iter().map(|block| block.group(panel, &names));
    Ok(write_parquet(path, groups, Some((METADATA_KEY, json)))?)
}

/// The features of some rows, one entry a (time, coin) that has a candle.
struct Block {
    times: Vec<i64>,
    coins: Vec<u32>,
    /// `[features][entries]`
    columns: Vec<Vec<f32>>,
}

impl Block {
    fn new((panel, features): (&Panel, &Features), rows: Range<usize>) -> Self {
        let matrix = features.compute(panel, rows.clone());
        let mut block = Self {
            times: Vec::new(),
            coins: Vec::new(),
            columns: vec![Vec::new(); features.len()],
        };
        for row in rows.clone() {
            for coin in (0..panel.coins()).filter(|&coin| panel.is_observed(row, coin)) {
                block.times.push(panel.time_ms(row));
                block.coins.push(coin as u32);
                let cell = matrix.cell(row - rows.start, coin);
                for (column, value) in block.columns.iter_mut().zip(cell) {
                    column.push(*value);
                }
            }
        }
        block
    }

    fn group<'a>(&'a self, panel: &'a Panel, names: &[&'static str]) -> RowGroup<'a> {
        let symbols = panel
            .symbols()
            .iter()
            .map(|symbol| symbol.as_str())
            .collect();
        let mut group: RowGroup<'a> = vec![
            ("time", ColumnValues::Times(&self.times)),
            ("symbol", ColumnValues::Texts(symbols, &self.coins)),
        ];
        let columns = names.iter().zip(&self.columns);
        group.extend(columns.map(|(name, values)| (*name, ColumnValues::Singles(values))));
        group
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use market::{Interval, Symbol};

    use super::*;
    use crate::{CandleTable, Column, FeatureSet};

    const DAY_MS: i64 = 86_400_000;

    /// Two coins on bars of a day from 2024-01-20 on; the second lacks some. From `changed` on the
    /// first one has another close.
    fn panel(days: usize, changed: usize) -> Panel {
        let interval: Interval = "1d".parse().unwrap();
        let start_ms = 1_705_708_800_000;
        let coin = |coin: usize| {
            let mut candles = CandleTable::default();
            for day in (0..days).filter(|day| coin == 0 || day % 5 != 0) {
                let mut row = [f64::NAN; Column::ALL.len()];
                let is_other = coin == 0 && day >= changed;
                row[Column::Close as usize] =
                    10.0 + (day * 7 % 11) as f64 + f64::from(u8::from(is_other));
                candles.push_row(start_ms + day as i64 * DAY_MS, row);
            }
            (Symbol::new(&format!("COIN{coin}")).unwrap(), candles)
        };
        let coins = [coin(0), coin(1)];
        let span = (start_ms, start_ms + days as i64 * DAY_MS);
        Panel::build(&coins, interval, span, 0, &[])
    }

    fn export(panel: &Panel, dir: &Path, recompute: bool) -> ExportedFeatures {
        let features = Features::all(FeatureSet::CLOSE6)
            .of_bars(panel.interval())
            .with_time();
        let rows = 0..panel.rows();
        export_features((panel, &features), rows, dir, recompute, |_, _| {}).unwrap()
    }

    #[test]
    fn a_month_is_written_once_for_the_same_candles() {
        let dir = tempfile::tempdir().unwrap();
        let before = panel(60, 60);
        let first = export(&before, dir.path(), false);
        let names: Vec<_> = first
            .files
            .iter()
            .map(|file| file.file_name().unwrap())
            .collect();
        assert_eq!(
            names,
            [
                "features-2024-01.parquet",
                "features-2024-02.parquet",
                "features-2024-03.parquet"
            ]
        );
        assert_eq!(first.written, 3);
        assert_eq!(
            export(&before, dir.path(), false).written,
            0,
            "all are there"
        );
        assert_eq!(
            export(&before, dir.path(), true).written,
            3,
            "they are asked for"
        );
        // A broken file, and one that is not there, are made again; the others are left.
        fs::write(&first.files[0], "no table").unwrap();
        fs::remove_file(&first.files[2]).unwrap();
        assert_eq!(export(&before, dir.path(), false).written, 2);
        // Candles of March change March alone.
        assert_eq!(export(&panel(60, 45), dir.path(), false).written, 1);
    }

    #[test]
    fn a_file_has_the_features_of_every_candle() {
        let dir = tempfile::tempdir().unwrap();
        let panel = panel(60, 60);
        let files = export(&panel, dir.path(), false).files;
        let features = Features::all(FeatureSet::CLOSE6)
            .of_bars(panel.interval())
            .with_time();
        let matrix = features.compute(&panel, 0..60);
        let mut rows = 0;
        for file in files {
            let file = ParquetFile::open(&file).unwrap();
            let times = file.times_ms("time").unwrap();
            let (symbols, places) = file.texts("symbol").unwrap();
            for (feature, name) in features.names().iter().enumerate() {
                let values = file.numbers(name).unwrap().unwrap();
                for ((time_ms, place), value) in times.iter().zip(&places).zip(values) {
                    let row = panel.row_of(*time_ms).unwrap();
                    let coin = usize::from(symbols[*place as usize] == "COIN1");
                    let expected = matrix.cell(row, coin)[feature];
                    assert_eq!(
                        (value as f32).to_bits(),
                        expected.to_bits(),
                        "{name} {row} {coin}"
                    );
                }
            }
            rows += times.len();
        }
        assert_eq!(rows, 60 + 48);
    }
}
