//! Runs on disk, as far as scoring, tuning and backtests need them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use cli::{ConfigTable, WithHint};
use dataset::{
    Config, FeatureSet, ForecastTable, Panel, PartKey, RunConfig, RunDir, Source, Store, Target,
};
use market::Symbol;
use page::Importance;
use run::{JoinedRows, NamedTable, ScoredCandles, join};

use crate::part::PartArgs;

/// A run as far as scoring and tuning need it.
pub struct EvaluatedRun {
    /// The folder.
    pub path: String,
    /// What forecast.
    pub name: String,
    /// Its forecasts, one table for each horizon and panel that is looked at; at least one.
    pub tables: Vec<ForecastTable>,
    /// What the forecasts are of.
    pub target: Box<dyn Target>,
    /// Where its candles come from, and the rest of what forecasters share.
    config: Config,
    /// The importance of its features, if it says it.
    pub importance: Option<Importance>,
}

impl EvaluatedRun {
    /// Reads a run's folder: the forecasts of the wanted horizons and panels.
    ///
    /// # Errors
    /// A folder that is no run, a run without forecasts or without the wanted ones, files that
    /// cannot be read.
    pub fn read(path: &Path, wanted: &PartArgs) -> anyhow::Result<Self> {
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
                    "`quarterhour train --resume --run {}` finishes it",
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
            tables: wanted.chosen(
                ForecastTable::read(&forecasts)?,
                &path.display().to_string(),
            )?,
            target: config.target.init(config.data.interval),
            config,
            importance: read_importance(&path.join("importance.json"))?,
        })
    }

    /// The only table of a run of one horizon and panel.
    ///
    /// # Errors
    /// A run of several, by their names.
    pub fn only_table(&self) -> anyhow::Result<&ForecastTable> {
        match self.tables.as_slice() {
            [table] => Ok(table),
            tables => {
                let keys: Vec<String> = self.keys().map(ToString::to_string).collect();
                let error = anyhow!(
                    "{} has forecasts of {} horizons and panels ({}), expected one",
                    self.path,
                    tables.len(),
                    keys.join("; ")
                );
                Err(cli::usage(error.hint("--horizon and --panel choose one")))
            }
        }
    }

    /// The horizons and panels of its tables.
    fn keys(&self) -> impl Iterator<Item = &PartKey> {
        (self.tables.iter()).flat_map(|table| table.parts().iter().map(|part| &part.key))
    }

    /// The run with the controls and trailing volatilities that a table of an older version lacks,
    /// from the candles that it was made of; where they are not there any more it stays as it is,
    /// and a note says why.
    fn with_all_columns(self) -> Self {
        if !self.tables.iter().any(ForecastTable::lacks_columns) {
            return self;
        }
        let filled = |table: &ForecastTable| {
            table
                .clone()
                .with_columns_of(&self.config, Path::new(&self.path))
        };
        match self.tables.iter().map(filled).collect::<Result<_, _>>() {
            Ok(tables) => Self { tables, ..self },
            Err(error) => {
                cli::note(format!(
                    "{}: forecasts.parquet is of an older version, without some controls or the trailing \
                     volatility, and the candles that it was made of are not there: {error}",
                    self.path
                ));
                error.hint().iter().for_each(cli::hint);
                self
            }
        }
    }

    /// Closes and volumes of the candles that its forecasts were made of.
    ///
    /// # Errors
    /// Candles that are not there any more.
    pub fn prices(&self) -> Result<Panel, dataset::Error> {
        Panel::of_closes_and_volumes(&self.config)
    }

    /// Opens, highs, lows and closes of the candles that its forecasts were made of.
    ///
    /// # Errors
    /// Candles that are not there any more.
    pub fn candles(&self) -> Result<Panel, dataset::Error> {
        let mut config = self.config.clone();
        config.features.set = FeatureSet::HAR_RANGE;
        Panel::of_config(&config)
    }

    /// What its candles say beside the tables; None of returns, and where they are not there any more.
    pub fn scored_candles(&self) -> Option<ScoredCandles> {
        ScoredCandles::read(&self.config)
    }

    /// What mistakes about High cost, as its config says: of a miss and of a false alarm.
    pub fn regime_costs(&self) -> (Option<f64>, Option<f64>) {
        let regime = &self.config.regime;
        (regime.miss_cost, regime.alarm_cost)
    }

    /// The funding rates that are stored of each of these coins, none where a coin has none: times in
    /// UTC milliseconds, and what a long position pays, as a fraction of its value.
    ///
    /// # Errors
    /// A file that is broken.
    pub fn funding(&self, symbols: &[Symbol]) -> Result<Vec<Vec<(i64, f64)>>, dataset::Error> {
        let data = &self.config.data;
        if data.source == Source::Simulated {
            return Ok(vec![Vec::new(); symbols.len()]);
        }
        let store = Store::new(&data.dir, data.market, data.interval);
        let of_coin = |symbol: &Symbol| {
            let rates = store.funding(symbol)?;
            Ok(rates.iter().map(|one| (one.time_ms, one.rate)).collect())
        };
        symbols.iter().map(of_coin).collect()
    }

    /// Whether a position between two prices earns what is forecast.
    pub fn is_return(&self) -> bool {
        self.target.earned().is_return()
    }
}

/// Runs that are scored together.
pub struct Runs {
    /// At least one.
    pub all: Vec<EvaluatedRun>,
    /// The horizons and panels that all of them have: the place of each run's table.
    parts: Vec<Vec<usize>>,
}

impl Runs {
    /// Reads runs, of each the wanted horizons, panels and folds alone; all of them where `folds` is
    /// empty.
    ///
    /// # Errors
    /// As [`EvaluatedRun::read`]; runs of different intervals or reach; folds that a run does not have.
    pub fn read(paths: &[PathBuf], folds: &[usize], wanted: &PartArgs) -> anyhow::Result<Self> {
        let read = |path: &PathBuf| {
            let run = EvaluatedRun::read(path, wanted)?.with_all_columns();
            let tables = run.tables.into_iter();
            let tables = tables.map(|table| of_folds(table, folds, &run.path));
            Ok(EvaluatedRun {
                tables: tables.collect::<anyhow::Result<_>>()?,
                ..run
            })
        };
        let all: Vec<EvaluatedRun> = paths.iter().map(read).collect::<anyhow::Result<_>>()?;
        let parts = shared_parts(&all)?;
        Ok(Self { all, parts })
    }

    /// Refuses runs of which a position between two prices does not earn what is forecast.
    ///
    /// # Errors
    /// The first such run with its target, and `hint`.
    pub fn check_returns(&self, hint: &str) -> anyhow::Result<()> {
        match self.all.iter().find(|run| !run.is_return()) {
            None => Ok(()),
            Some(run) => {
                let (path, target) = (&run.path, run.target.name());
                let error = anyhow!("{path} forecasts {target}, expected returns of a price");
                Err(error.hint(hint))
            }
        }
    }

    /// The horizons and panels that all of them have, at least one.
    pub fn parts(&self) -> &[Vec<usize>] {
        &self.parts
    }

    /// The only horizon and panel.
    ///
    /// # Errors
    /// Runs of several, by their names.
    pub fn only_part(&self) -> anyhow::Result<&[usize]> {
        if let [part] = self.parts.as_slice() {
            return Ok(part);
        }
        for run in &self.all {
            run.only_table()?;
        }
        bail!("no runs, expected at least one folder")
    }

    /// The horizon and panel of one of the [`parts`](Self::parts), as the first run names them.
    pub fn key(&self, part: &[usize]) -> Option<&PartKey> {
        self.all.first()?.keys().nth(*part.first()?)
    }

    /// The rows of one of the [`parts`](Self::parts) that all of them have; says how many are left
    /// out.
    ///
    /// # Errors
    /// As [`join`].
    pub fn join(&self, part: &[usize]) -> anyhow::Result<JoinedRows> {
        let tables = self.all.iter().zip(part);
        let joined = self.join_tables(tables.map(|(run, place)| &run.tables[*place]))?;
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

    /// Returns true when some run was trained on the coin, in whatever panel.
    pub fn is_trained(&self, coin: &str) -> bool {
        self.all.iter().any(|run| run.config.is_trained(coin))
    }

    /// As [`join`](Self::join), of the coins that some run was trained on, or of the others.
    ///
    /// # Errors
    /// As [`join`].
    pub fn join_coins(&self, part: &[usize], trained: bool) -> anyhow::Result<JoinedRows> {
        let of_run = |(run, place): (&EvaluatedRun, &usize)| {
            let table = run.tables[*place].clone();
            table.filter(|row| self.is_trained(row.symbol.as_str()) == trained)
        };
        let tables: Vec<ForecastTable> = self.all.iter().zip(part).map(of_run).collect();
        self.join_tables(tables.iter())
    }

    fn join_tables<'a>(
        &'a self,
        tables: impl Iterator<Item = &'a ForecastTable>,
    ) -> anyhow::Result<JoinedRows> {
        let named = |(run, table): (&'a EvaluatedRun, &'a ForecastTable)| NamedTable {
            name: &run.name,
            run: Some(&run.path),
            table,
        };
        let sources: Vec<NamedTable<'_>> = self.all.iter().zip(tables).map(named).collect();
        Ok(join(&sources)?)
    }
}

/// The horizons and panels that all runs have. The names do not matter where each has one.
fn shared_parts(all: &[EvaluatedRun]) -> anyhow::Result<Vec<Vec<usize>>> {
    let Some(first) = all.first() else {
        bail!("no runs, expected at least one folder")
    };
    let place_in = |run: &EvaluatedRun, key: &PartKey| {
        if all.iter().all(|run| run.tables.len() == 1) {
            return Some(0);
        }
        let same = |other: &PartKey| (&other.panel, other.horizon) == (&key.panel, key.horizon);
        run.keys().position(same)
    };
    let of_key = |key| {
        all.iter()
            .map(|run| place_in(run, key))
            .collect::<Option<Vec<usize>>>()
    };
    let parts: Vec<Vec<usize>> = first.keys().filter_map(of_key).collect();
    if parts.is_empty() {
        return Err(
            anyhow!("no horizon and panel is in every run, expected one at least")
                .hint("compare runs of one [data] and [target] section"),
        );
    }
    let ahead = |run: &EvaluatedRun, place: usize| {
        let table = &run.tables[place];
        let bar = table.metadata().bar;
        let reach = table
            .parts()
            .first()
            .map_or(0, |part| part.key.reach.bars(bar));
        (reach, bar.ms())
    };
    for part in &parts {
        let of_first = ahead(first, part[0]);
        for (run, place) in all.iter().zip(part) {
            let found = ahead(run, *place);
            if found != of_first {
                return Err(anyhow!(
                    "{} forecasts {} bars of {} ms ahead, {} does {} of {} ms; expected one \
                     interval and reach",
                    run.path,
                    found.0,
                    found.1,
                    first.path,
                    of_first.0,
                    of_first.1
                )
                .hint("compare runs of one [data] and [target] section"));
            }
        }
    }
    Ok(parts)
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
    let present: BTreeSet<usize> = table.rows().map(|row| row.fold as usize).collect();
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
    Ok(table.filter(|row| wanted.contains(&(row.fold as usize))))
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
