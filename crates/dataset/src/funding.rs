//! Funding rates on disk: `funding/<market>/<SYMBOL>.parquet` beside `candles/`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use market::{FundingRate, Symbol};
use storage::{ColumnValues, ParquetFile, write_parquet};

use crate::{Error, Store};

impl Store {
    /// The funding rates of a symbol, in order of time; none where none are stored.
    ///
    /// # Errors
    /// A file that is broken.
    pub fn funding(&self, symbol: &Symbol) -> Result<Vec<FundingRate>, Error> {
        let path = self.funding_file(symbol);
        if !path.exists() {
            return Ok(Vec::new());
        }
        let file = ParquetFile::open(&path)?;
        let times = file.times_ms("time")?;
        let rates = file.numbers("rate")?.unwrap_or_default();
        let pairs = || times.iter().zip(&rates);
        let found: Vec<FundingRate> = pairs()
            .filter_map(|(time, rate)| FundingRate::checked(*time, *rate))
            .collect();
        let is_whole = found.len() == times.len()
            && found.is_sorted_by(|before, after| before.time_ms < after.time_ms);
        if !is_whole {
            return Err(Error::refused(
                &path,
                "its times and rates are no funding rates in order of time",
                "remove the file and download again",
            ));
        }
        Ok(found)
    }

    /// Adds funding rates of a symbol, over those of the same times; nothing that the store has is
    /// lost. Returns how many are new or others than before.
    ///
    /// # Errors
    /// A file that is broken or cannot be written.
    pub fn add_funding(&self, symbol: &Symbol, rates: &[FundingRate]) -> Result<usize, Error> {
        let stored = self.funding(symbol)?;
        let mut known: BTreeMap<i64, f64> =
            stored.iter().map(|one| (one.time_ms, one.rate)).collect();
        let changed = rates
            .iter()
            .filter(|one| known.insert(one.time_ms, one.rate) != Some(one.rate))
            .count();
        if changed > 0 {
            let (times, rates): (Vec<i64>, Vec<f64>) = known.into_iter().unzip();
            let columns = vec![
                ("time", ColumnValues::Integers(&times)),
                ("rate", ColumnValues::Numbers(&rates)),
            ];
            write_parquet(&self.funding_file(symbol), std::iter::once(columns), None)?;
        }
        Ok(changed)
    }

    fn funding_file(&self, symbol: &Symbol) -> PathBuf {
        self.dir()
            .join("funding")
            .join(self.market().to_string())
            .join(format!("{symbol}.parquet"))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use market::{Interval, Market};

    use super::*;

    #[test]
    fn rates_are_added_in_order_and_none_is_lost() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path(), Market::Futures, Interval::ONE_MINUTE);
        let symbol = Symbol::new("BTCUSDT").unwrap();
        let rate = |hours: i64, rate: f64| FundingRate {
            time_ms: hours * 3_600_000,
            rate,
        };
        assert_eq!(store.funding(&symbol).unwrap(), []);
        assert_eq!(
            store
                .add_funding(&symbol, &[rate(16, 2e-4), rate(8, 1e-4)])
                .unwrap(),
            2
        );
        assert_eq!(
            store
                .add_funding(&symbol, &[rate(16, 2e-4), rate(24, -1e-4)])
                .unwrap(),
            1
        );
        assert_eq!(store.add_funding(&symbol, &[rate(24, -1e-4)]).unwrap(), 0);
        let found = store.funding(&symbol).unwrap();
        assert_eq!(found, [rate(8, 1e-4), rate(16, 2e-4), rate(24, -1e-4)]);
    }
}
