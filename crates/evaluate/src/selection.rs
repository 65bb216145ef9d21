//! The forecasts that `quantiles` and `backtest` look at: one run's, of all coins or of some.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{anyhow, bail};
use cli::WithHint;
use dataset::{ForecastTable, Payoff, RunDir, format_time};
use run::{NamedTable, join};
use score::{ForecastColumn, Rows};
use serde_json::{Value, json};

use crate::part::PartArgs;
use crate::runs::EvaluatedRun;

/// A run, and which of its coins.
#[derive(Debug, Clone, clap::Args)]
pub struct RunSelection {
    /// Run: a folder with run.toml and forecasts.parquet
    #[arg(value_name = "RUN", value_parser = registry::run_folder)]
    pub run: PathBuf,
    /// Coins to look at, such as BTCUSDT,ETHUSDT; without it all of them
    #[arg(long = "symbol", value_name = "SYMBOL", value_delimiter = ',')]
    symbols: Vec<String>,
    #[command(flatten)]
    part: PartArgs,
}

impl RunSelection {
    /// The name of the run's folder.
    pub fn name(&self) -> String {
        RunDir::new(self.run.clone()).name()
    }

    /// What is chosen of the run, as a part of a trial's setting.
    pub fn setting(&self) -> Value {
        json!({
            "symbols": self.symbols,
            "horizon": self.part.horizon.map(|horizon| horizon.to_string()),
            "panel": self.part.panel,
        })
    }

    /// The rows of the run's table from `since_ms` on (None: all), its forecasts on them, and what
    /// a position earns of their target.
    ///
    /// # Errors
    /// A run that cannot be read, a coin that it has no forecasts of, no forecasts since then.
    pub fn read(&self, since_ms: Option<i64>) -> anyhow::Result<(Rows, ForecastColumn, Payoff)> {
        let run = EvaluatedRun::read(&self.run, &self.part)?;
        let mut table = run.only_table()?.clone();
        if !self.symbols.is_empty() {
            table = self.chosen(table)?;
        }
        if let Some(since_ms) = since_ms {
            table = table.filter(|row| row.time_ms >= since_ms);
            if table.is_empty() {
                return Err(anyhow!(
                    "{} has no forecasts from {} on, which its thresholds were judged on",
                    run.path,
                    format_time(since_ms)
                )
                .hint(format!(
                    "`quarterhour thresholds {}` finds them anew",
                    cli::quoted(self.run.display())
                )));
            }
        }
        let source = NamedTable {
            name: &run.name,
            run: Some(&run.path),
            table: &table,
        };
        let mut joined = join(&[source])?;
        let Some(forecaster) = joined.forecasters.pop() else {
            bail!("{} has no forecasts", run.path)
        };
        Ok((joined.rows, forecaster, run.target.earned()))
    }

    fn chosen(&self, table: ForecastTable) -> anyhow::Result<ForecastTable> {
        let known: BTreeSet<String> = table.rows().map(|row| row.symbol.to_string()).collect();
        if let Some(symbol) = self.symbols.iter().find(|symbol| !known.contains(*symbol)) {
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            return Err(anyhow!(
                "{} has no forecasts of {symbol}, expected one of {}",
                self.run.display(),
                known.join(", ")
            )
            .with_hint(|| {
                cli::did_you_mean(symbol, &known)
                    .unwrap_or_else(|| "--symbol takes names as the run has them".to_owned())
            }));
        }
        let is_chosen = |symbol: &str| self.symbols.iter().any(|chosen| chosen == symbol);
        Ok(table.filter(|row| is_chosen(row.symbol.as_str())))
    }
}
