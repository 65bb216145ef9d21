//! Tables of version 1, which knew one horizon of returns and said nothing of themselves: the one
//! place that turns them into tables as they are now.

use std::path::Path;

use cli::ConfigTable;
use storage::ParquetFile;

use super::read_part::read_part;
use super::{ForecastTable, PartKey, TableMetadata, TablePart};
use crate::trailing_volatility::TrailingVolatility;
use crate::{Column, Config, Error, Panel, RunDir, format_time};

/// Values that differ by less are the same but for rounding.
const SAME_VALUE: f64 = 1e-9;

/// A piece of a run lies so many folders below its run.toml at most: `fold-K/seed-S/`.
const DEEPEST: usize = 3;

/// Reads a table of version 1 with the metadata of its run's config.
pub(super) fn read(path: &Path, columns: &ParquetFile) -> Result<ForecastTable, Error> {
    let config = run_config(path)?;
    let metadata = TableMetadata::new(&config);
    let part = read_part(path, columns, PartKey::new(&config), &metadata.controls)?;
    ForecastTable::new(metadata, vec![part.without_unknown()], path)
}

/// The config of the run that a table lies in.
fn run_config(path: &Path) -> Result<Config, Error> {
    let absolute = std::path::absolute(path).map_err(Error::io(path))?;
    let folders = absolute.ancestors().skip(1).take(DEEPEST);
    let files = folders.map(|folder| folder.join(RunDir::CONFIG_FILE));
    let Some(found) = files.into_iter().find(|file| file.exists()) else {
        let name = RunDir::CONFIG_FILE;
        let reason = format!(
            "is a table of version 1, which does not say what it forecasts, and there is no {name} beside it"
        );
        let hint =
            format!("put it back into the folder of its run, or copy the run's {name} beside it");
        return Err(Error::refused(path, reason, &hint));
    };
    let config = ConfigTable::read(&found).and_then(|table| table.parse());
    config.map_err(|error| Error::file(&found, format!("{error:#}")))
}

impl ForecastTable {
    /// Returns true when a control, the trailing volatility or the close is known nowhere: older
    /// tables lack them.
    pub fn lacks_columns(&self) -> bool {
        let controls = &self.metadata().controls;
        // Returns are told in units of it, volatilities are not.
        let has_trailing = !self.metadata().task().is_of_volatility();
        let is_unknown = |values: &[f64]| values.iter().all(|value| value.is_nan());
        self.parts().iter().any(|part| {
            (has_trailing && is_unknown(&part.trailing_volatility))
                || (self.metadata().has_closes() && part.close.is_none())
                || !controls
                    .iter()
                    .all(|control| part.controls.contains_key(&control.name))
        })
    }

    /// The table with the controls, trailing volatilities and closes of the candles that its config names,
    /// which must be those that its forecasts were made from.
    ///
    /// # Errors
    /// Candles that are not there; a row that they lack, or where a control that the table knows is
    /// another; `origin` names the table.
    pub fn with_columns_of(self, config: &Config, origin: &Path) -> Result<Self, Error> {
        let panel = Panel::of_closes(config)?;
        let (metadata, parts) = self.into_inner();
        let has_closes = metadata.has_closes();
        let filled = |part| filled((part, has_closes), config, &panel, origin);
        let parts = parts.into_iter().map(filled).collect::<Result<_, _>>()?;
        Self::new(metadata, parts, origin)
    }
}

fn filled(
    (mut part, has_closes): (TablePart, bool),
    config: &Config,
    panel: &Panel,
    origin: &Path,
) -> Result<TablePart, Error> {
    let cells: Vec<(usize, usize)> = (0..part.len())
        .map(|row| cell(&part, row, panel, origin))
        .collect::<Result<_, _>>()?;
    for control in config.target.init(config.data.interval).controls() {
        let name = control.column.name.clone();
        let values = control.values(panel, 0..panel.rows());
        let found = cells
            .iter()
            .map(|(row, coin)| values[row * panel.coins() + coin]);
        let found: Vec<f64> = found.collect();
        if let Some(known) = part.controls.get(&name) {
            check_same(&part, (&name, known), &found, origin)?;
        }
        part.controls.insert(name, found);
    }
    let trailing = TrailingVolatility::new(panel, 0..panel.rows());
    let reach_bars = part.key.reach.bars(config.data.interval);
    let at = |(row, coin): &(usize, usize)| trailing.at(*row, *coin, reach_bars);
    part.trailing_volatility = cells.iter().map(at).collect();
    if has_closes {
        let close = |(row, coin): &(usize, usize)| panel.value(Column::Close, *row, *coin);
        part.close = Some(cells.iter().map(close).collect());
    }
    Ok(part)
}

/// The row and coin of a panel that a row of the table is of.
fn cell(
    part: &TablePart,
    row: usize,
    panel: &Panel,
    origin: &Path,
) -> Result<(usize, usize), Error> {
    let symbol = part.symbol_of(row);
    let coin = panel.symbols().iter().position(|other| other == symbol);
    panel.row_of(part.time_ms[row]).zip(coin).ok_or_else(|| {
        let time = format_time(part.time_ms[row]);
        let reason = format!("{symbol} at {time} is not among the store's candles");
        Error::file(origin, reason)
    })
}

/// Refuses candles that say something else than the table.
fn check_same(
    part: &TablePart,
    (name, known): (&str, &[f64]),
    found: &[f64],
    origin: &Path,
) -> Result<(), Error> {
    let differs = |(found, expected): (&f64, &f64)| {
        (found - expected).abs() > SAME_VALUE || (found.is_nan() && !expected.is_nan())
    };
    match found.iter().zip(known).position(differs) {
        None => Ok(()),
        Some(row) => {
            let (symbol, time) = (part.symbol_of(row), format_time(part.time_ms[row]));
            let reason = format!(
                "{symbol} at {time}: {name} is {} by the store, {} by the table",
                found[row], known[row]
            );
            Err(Error::file(origin, reason))
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// A table of one row whose trailing volatility is not known.
    fn table(target: &str) -> ForecastTable {
        let mut config = Config::default();
        config.target.kind = target.parse().unwrap();
        config.data.interval = "1d".parse().unwrap();
        let metadata = TableMetadata::new(&config);
        let mut part = TablePart::empty(PartKey::new(&config));
        part.symbols = vec!["BTCUSDT".parse().unwrap()];
        part.symbol = vec![0];
        part.fold = vec![1];
        part.time_ms = vec![0];
        part.forecast = vec![0.1];
        part.realized = vec![0.2];
        part.realized_delayed = vec![0.2];
        part.volatility = vec![0.3];
        part.trailing_volatility = vec![f64::NAN];
        part.weight = vec![1.0];
        part.close = metadata.has_closes().then(|| vec![100.0]);
        for control in &metadata.controls {
            part.controls.insert(control.name.clone(), vec![0.0]);
        }
        ForecastTable::new(metadata, vec![part], Path::new("table")).unwrap()
    }

    #[test]
    fn returns_need_a_trailing_volatility_and_volatilities_have_none() {
        assert!(table("return").lacks_columns());
        assert!(!table("volatility").lacks_columns());
    }
}
