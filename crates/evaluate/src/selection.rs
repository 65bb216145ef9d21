//! The forecasts that `quantiles` and `backtest` look at: one run's, of all coins or of some.

use std::path::PathBuf;

use anyhow::bail;
use dataset::{Earned, ForecastRow, ForecastTable, format_time};
use run::{NamedTable, join};
use score::{ForecastColumn, Rows};

use crate::runs::Run;

/// A run, and which of its coins.
#[derive(Debug, Clone, clap::Args)]
pub struct Selection {
    /// Run: a folder with run.toml and forecasts.parquet
    #[arg(value_name = "RUN")]
    pub run: PathBuf,
    /// Coins to look at, such as BTCUSDT,ETHUSDT; without it all of them
    #[arg(long = "symbol", value_name = "SYMBOL", value_delimiter = ',')]
    symbols: Vec<String>,
}

impl Selection {
    /// The rows of the run's table from `since_ms` on (None: all), its forecasts on them, and what
    /// a position earns of their target.
    ///
    /// # Errors
    /// A run that cannot be read, a coin that it has no forecasts of, no forecasts since then.
    pub fn read(&self, since_ms: Option<i64>) -> anyhow::Result<(Rows, ForecastColumn, Earned)> {
        let mut run = Run::read(&self.run)?;
        if !self.symbols.is_empty() {
            run.table = self.chosen(&run)?;
        }
        if let Some(since_ms) = since_ms {
            let kept: Vec<ForecastRow> = run
                .table
                .rows()
                .iter()
                .filter(|row| row.time_ms >= since_ms)
                .cloned()
                .collect();
            if kept.is_empty() {
                bail!(
                    "{} has no forecasts from {} on, which its thresholds were judged on\n\
                     hint: `scripts/tune-thresholds {}` finds them anew",
                    run.path,
                    format_time(since_ms),
                    cli::quoted(self.run.display())
                );
            }
            run.table = ForecastTable::new(kept, &self.run)?;
        }
        let source = NamedTable {
            name: &run.name,
            run: Some(&run.path),
            table: &run.table,
        };
        let mut joined = join(&[source], run.bar_ms, run.reach_bars)?;
        let Some(forecaster) = joined.forecasters.pop() else {
            bail!("{} has no forecasts", run.path)
        };
        Ok((joined.rows, forecaster, run.target.earned()))
    }

    fn chosen(&self, run: &Run) -> anyhow::Result<ForecastTable> {
        let rows = run.table.rows();
        for symbol in &self.symbols {
            if !rows.iter().any(|row| row.symbol.as_str() == symbol) {
                let mut known: Vec<&str> = rows.iter().map(|row| row.symbol.as_str()).collect();
                known.sort_unstable();
                known.dedup();
                bail!(
                    "{} has no forecasts of {symbol}, expected one of {}\nhint: --symbol takes names as the run has them",
                    run.path,
                    known.join(", ")
                );
            }
        }
        let kept = rows.iter().filter(|row| {
            self.symbols
                .iter()
                .any(|symbol| symbol == row.symbol.as_str())
        });
        Ok(ForecastTable::new(kept.cloned().collect(), &self.run)?)
    }
}
