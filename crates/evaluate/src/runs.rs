//! Runs on disk, as far as scoring, tuning and backtests need them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use cli::{ConfigTable, WithHint};
use dataset::{Config, Earned, ForecastTable, Panel, RunConfig, RunDir, Target};
use page::Importance;
use run::{Joined, NamedTable, join};

/// A run as far as scoring and tuning need it.
pub struct Run {
    /// The folder.
    pub path: String,
    /// What forecast.
    pub name: String,
    /// Its forecasts.
    pub table: ForecastTable,
    /// Length of a bar in milliseconds.
    pub bar_ms: i64,
    /// Bars from a forecast to the last price its target uses.
    pub reach_bars: usize,
    /// What the forecasts are of.
    pub target: Box<dyn Target>,
    /// Where its candles come from, and the rest of what forecasters share.
    config: Config,
    /// The importance of its features, if it says it.
    pub importance: Option<Importance>,
}

impl Run {
    /// Reads a run's folder.
    ///
    /// # Errors
    /// A folder that is no run, a run without forecasts, files that cannot be read.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let not_a_run = || format!("{} is no run", path.display());
        let config_path = path.join("run.toml");
        if !config_path.exists() {
            let of_runs = || {
                "a run is a folder with run.toml and forecasts.parquet, such as checkpoints/NAME"
                    .to_owned()
            };
            let hint = RunDir::did_you_mean(path).unwrap_or_else(of_runs);
            return Err(anyhow!(not_a_run()).hint(hint));
        }
        let config_table = ConfigTable::read(&config_path)?;
        let run: RunConfig = config_table.section("run")?;
        let config: Config = config_table.parse()?;
        let forecasts = path.join("forecasts.parquet");
        if !forecasts.exists() {
            return Err(
                anyhow!("{} has no forecasts.parquet yet", path.display()).hint(format!(
                    "`cargo run -p train --release -- --resume --run {}` finishes it",
                    cli::quoted(path.display())
                )),
            );
        }
        Ok(Self {
            path: path.display().to_string(),
            name: if run.forecaster.is_empty() {
                "unnamed".to_owned()
            } else {
                run.forecaster
            },
            table: ForecastTable::read(&forecasts)?,
            bar_ms: config.data.interval.ms(),
            reach_bars: config.reach_bars(),
            target: config.target.init(config.data.interval),
            config,
            importance: read_importance(&path.join("importance.json"))?,
        })
    }

    /// The run with the deviations that a table of an older version lacks, from the candles that it
    /// was made of; where they are not there any more it stays as it is, and a note says why.
    fn with_deviations(self) -> Self {
        if !self.table.lacks_deviations(self.bar_ms) {
            return self;
        }
        let panel = Panel::of_closes(&self.config);
        let table = panel.and_then(|panel| {
            self.table
                .clone()
                .with_deviations(&panel, self.reach_bars, Path::new(&self.path))
        });
        match table {
            Ok(table) => Self { table, ..self },
            Err(error) => {
                cli::note(format!(
                    "{}: forecasts.parquet is of an older version, without the deviations from a mean and the \
                     trailing volatility, and the candles that it was made of are not there: {error}",
                    self.path
                ));
                error.hint().iter().for_each(cli::hint);
                self
            }
        }
    }

    /// Whether a position between two prices earns what is forecast.
    pub fn is_return(&self) -> bool {
        matches!(
            self.target.earned(),
            Earned::FromClose | Earned::FromNextOpen
        )
    }
}

/// Runs that are scored together.
pub struct Runs {
    /// At least one; all forecast as far ahead, in bars of one length.
    pub all: Vec<Run>,
}

impl Runs {
    /// Reads runs, of each the wanted folds alone; all of them where `folds` is empty.
    ///
    /// # Errors
    /// As [`Run::read`]; runs of different intervals or reach; folds that a run does not have.
    pub fn read(paths: &[PathBuf], folds: &[usize]) -> anyhow::Result<Self> {
        let read = |path: &PathBuf| {
            let run = Run::read(path)?.with_deviations();
            Ok(Run {
                table: of_folds(run.table, folds, &run.path)?,
                ..run
            })
        };
        let all: Vec<Run> = paths.iter().map(read).collect::<anyhow::Result<_>>()?;
        let Some(first) = all.first() else {
            bail!("no runs, expected at least one folder")
        };
        if let Some(other) = all
            .iter()
            .find(|run| (run.bar_ms, run.reach_bars) != (first.bar_ms, first.reach_bars))
        {
            return Err(anyhow!(
                "{} forecasts {} bars of {} ms ahead, {} does {} of {} ms; expected one \
                 interval and reach",
                other.path,
                other.reach_bars,
                other.bar_ms,
                first.path,
                first.reach_bars,
                first.bar_ms
            )
            .hint("compare runs of one [data] and [target] section"));
        }
        Ok(Self { all })
    }

    /// The rows that all of them have; says how many are left out.
    ///
    /// # Errors
    /// As [`join`].
    pub fn join(&self) -> anyhow::Result<Joined> {
        let Some(first) = self.all.first() else {
            bail!("no runs, expected at least one folder")
        };
        let sources: Vec<NamedTable<'_>> = self
            .all
            .iter()
            .map(|run| NamedTable {
                name: &run.name,
                run: Some(&run.path),
                table: &run.table,
            })
            .collect();
        let joined = join(&sources, first.bar_ms, first.reach_bars)?;
        for (run, &dropped) in self.all.iter().zip(&joined.dropped) {
            if dropped > 0 {
                cli::note(format!(
                    "{dropped} rows of {} are not in every run and are not scored",
                    run.path
                ));
            }
        }
        Ok(joined)
    }
}

/// The rows of the wanted folds; all of them where `wanted` is empty. `origin` names the table.
///
/// # Errors
/// A usage error where a wanted fold is not there.
pub fn of_folds(
    table: ForecastTable,
    wanted: &[usize],
    origin: &str,
) -> anyhow::Result<ForecastTable> {
    if wanted.is_empty() {
        return Ok(table);
    }
    let present: BTreeSet<usize> = table.rows().iter().map(|row| row.fold as usize).collect();
    if let Some(missing) = wanted.iter().find(|fold| !present.contains(fold)) {
        let present: Vec<String> = present.iter().map(usize::to_string).collect();
        return Err(cli::usage(
            anyhow!(
                "{origin} has no fold {missing}, expected folds among {}",
                present.join(", ")
            )
            .hint("`--folds` takes such as 1-3 or 1,3; without it all folds are scored"),
        ));
    }
    let rows = table
        .rows()
        .iter()
        .filter(|row| wanted.contains(&(row.fold as usize)))
        .cloned()
        .collect();
    Ok(ForecastTable::new(rows, Path::new(origin))?)
}

/// The importance of features, of runs that say it.
fn read_importance(path: &Path) -> anyhow::Result<Option<Importance>> {
    if !path.exists() {
        return Ok(None);
    }
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let importance = serde_json::from_str(&text)
        .with_context(|| format!("{}: no importance of features", path.display()))?;
    Ok(Some(importance))
}
