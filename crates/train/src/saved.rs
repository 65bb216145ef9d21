//! Saved networks with what belongs to them, and how a run's are loaded.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow};
use cli::WithHint;
use dataset::{
    CandleTable, Column, Config, Eligibility, Normalizer, Origin, Panel, RunDir, TargetScales,
    check_columns,
};
use market::Symbol;
use model::{
    Device, DeviceChoice, Network, NetworkConfig, Windows, forecast, load_weights, probe,
    read_metadata,
};
use run::{Drift, ForecastResult, Forecaster, Kind, SavedRun, TrainingSpan, model_folder};
use storage::content_hash;

use crate::config::{KIND, TrainingConfig};
use crate::drift::drifts;
use crate::pieces::{of_fit, released};

/// Why a coin that training did not see has no forecast.
const UNKNOWN_COIN: &str = "the coin had no training rows in which its target varies";

/// The networks of one fold, one a seed; their forecasts are averaged.
#[derive(Debug)]
pub struct SavedNetworks {
    pub(crate) config: Config,
    /// Statistics of the training rows.
    pub(crate) normalizer: Normalizer,
    pub(crate) networks: Vec<Network>,
    pub(crate) device: Device,
    pub(crate) sha256: String,
}

impl Forecaster for SavedNetworks {
    fn history_bars(&self) -> usize {
        self.config.history_bars()
    }

    fn columns(&self) -> Vec<Column> {
        self.config.columns()
    }

    fn check_columns(&self, coins: &[(Symbol, CandleTable)]) -> anyhow::Result<()> {
        Ok(check_columns(&self.config, coins)?)
    }

    fn fold(&self) -> Option<usize> {
        Some(self.normalizer.fold)
    }

    fn sha256(&self) -> &str {
        &self.sha256
    }

    fn forecast(&self, panel: &Panel, rows: &[usize]) -> anyhow::Result<Vec<ForecastResult>> {
        let (config, coins) = (&self.config, panel.coins());
        let eligibility = Eligibility::of(panel, &config.features);
        let features = config.chosen_features().compute(panel, 0..panel.rows());
        let channels = features.channels();
        let matrix = Arc::new(self.normalizer.apply(features));
        let windows = Windows::new(
            matrix,
            channels,
            config.features.lookback_bars,
            &self.device,
        );
        let scales = TargetScales::new(config, self.normalizer.target_scales(), panel);
        let mut sums = vec![0.0; rows.len() * coins];
        for network in &self.networks {
            let outputs = forecast(network, &windows, rows, &mut |_| {})?;
            for (place, (sum, output)) in sums.iter_mut().zip(outputs).enumerate() {
                *sum += scales.in_unit_of_target(rows[place / coins], place % coins, output);
            }
        }
        let answer = |(place, sum): (usize, f64)| {
            let (row, coin) = (rows[place / coins], place % coins);
            let unknown = (!self.normalizer.knows(coin)).then(|| UNKNOWN_COIN.to_owned());
            match unknown.or_else(|| eligibility.refusal(row, coin)) {
                Some(refusal) => Err(refusal),
                None => Ok(sum / self.networks.len() as f64),
            }
        };
        Ok(sums.into_iter().enumerate().map(answer).collect())
    }

    fn drift(&self, panel: &Panel, row: usize) -> Vec<Option<Drift>> {
        let lookback = self.config.features.lookback_bars;
        let rows = (row + 1).saturating_sub(lookback)..row + 1;
        let features = self.config.chosen_features().compute(panel, rows);
        drifts(&features, &self.normalizer, lookback)
    }
}

/// Runs of `train`.
#[derive(Debug, Clone, Copy)]
pub struct NetworkKind {
    /// Where they forecast.
    pub device: DeviceChoice,
}

impl Kind for NetworkKind {
    fn name(&self) -> &'static str {
        KIND
    }

    fn load(&self, run: &SavedRun<'_>) -> anyhow::Result<Box<dyn Forecaster>> {
        let device = self.device.open()?;
        if let Some(note) = &device.note {
            cli::note(note);
        }
        let (device, config) = (device.device, run.config);
        let network: NetworkConfig = run.table.section("network")?;
        let (folder, paths) = (run.folder()?, weights(run)?);
        let stats_path = folder.join(RunDir::STATS_FILE);
        let normalizer = read_stats(&folder)?;
        normalizer.check(&config.chosen_features(), &config.universe.symbols)?;
        let stats_hash = file_hash(&stats_path)?;
        let (coins, features) = (
            config.universe.symbols.len(),
            config.chosen_features().len(),
        );
        let (mut networks, mut hashes) = (Vec::new(), Vec::new());
        for path in paths {
            let metadata = read_metadata(&path)?;
            match Origin::from_metadata(&metadata) {
                Some(origin) => origin.check(config, (KIND, &network), &path)?,
                None => cli::note(format!(
                    "{} was made by an older version and does not say with which config: nobody \
                     would notice if run.toml had been changed since",
                    path.display()
                )),
            }
            let lookback = config.features.lookback_bars;
            let (loaded, _) = load_weights(&network, coins, features, lookback, &path, &device)?;
            let expected = metadata.get("stats_sha256").map_or("none", String::as_str);
            if expected != stats_hash {
                return Err(anyhow!(
                    "{} was trained with statistics of SHA-256 {expected}, but {} has {stats_hash}",
                    path.display(),
                    stats_path.display()
                )
                .hint("put back the run's own stats.json, or train again"));
            }
            probe(&loaded, &path)?;
            networks.push(loaded);
            hashes.push(file_hash(&path)?);
        }
        // Of one file its own hash, as sha256sum prints it.
        let sha256 = match hashes.as_slice() {
            [one] => one.clone(),
            all => content_hash(all.concat().as_bytes()),
        };
        Ok(Box::new(SavedNetworks {
            config: config.clone(),
            normalizer,
            networks,
            device,
            sha256,
        }))
    }

    /// What the weights' files say; for those of older versions the statistics, where early
    /// stopping looked at nothing.
    fn seen(&self, run: &SavedRun<'_>) -> anyhow::Result<Option<TrainingSpan>> {
        let of_file = |path: &PathBuf| -> anyhow::Result<Option<TrainingSpan>> {
            let origin = Origin::from_metadata(&read_metadata(path)?);
            Ok(origin.as_ref().map(TrainingSpan::from))
        };
        let weights = weights(run)?;
        let all: Option<Vec<TrainingSpan>> =
            weights.iter().map(of_file).collect::<anyhow::Result<_>>()?;
        if let Some(seen) = all.and_then(|all| all.into_iter().reduce(TrainingSpan::joined)) {
            return Ok(Some(seen));
        }
        let training: TrainingConfig = run.table.section("training")?;
        let is_warm = training.warm_start.is_some();
        if run.config.split.early_stopping_share > 0.0 || is_warm {
            return Ok(None);
        }
        let stats = read_stats(&run.folder()?)?;
        let reach_ms = run.config.reach_bars() as i64 * run.config.data.interval.ms();
        Ok(Some(TrainingSpan::until(
            stats.fit_from_ms,
            stats.fit_until_ms + reach_ms,
        )))
    }

    /// A fold that lacks seeds is still in training.
    fn folds(&self, path: &Path) -> anyhow::Result<Vec<usize>> {
        let seeds = released(path).map_or(0, |weights| weights.len());
        let is_whole = |fold: usize| {
            let weights =
                model_folder(path, Some(fold), None).and_then(|folder| of_fit(path, fold, &folder));
            weights.is_ok_and(|weights| seeds == 0 || weights.len() == seeds)
        };
        let entries =
            fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))?;
        let number = |entry: fs::DirEntry| -> Option<usize> {
            entry
                .file_name()
                .to_str()?
                .strip_prefix("fold-")?
                .parse()
                .ok()
        };
        Ok(entries
            .flatten()
            .filter_map(number)
            .filter(|&fold| is_whole(fold))
            .collect())
    }
}

/// The statistics in a folder.
pub(crate) fn read_stats(folder: &Path) -> anyhow::Result<Normalizer> {
    let path = folder.join(RunDir::STATS_FILE);
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Normalizer::from_json(&text, &path)?)
}

/// The weights of a fold or refit, or those that the run released.
fn weights(run: &SavedRun<'_>) -> anyhow::Result<Vec<PathBuf>> {
    match run.fold {
        None => released(run.path),
        Some(fold) => of_fit(run.path, fold, &run.folder()?),
    }
}

fn file_hash(path: &Path) -> anyhow::Result<String> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(content_hash(&bytes))
}
