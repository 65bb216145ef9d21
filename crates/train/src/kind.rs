//! How a run of networks is fitted and loaded.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use cli::{ConfigArgs, WithHint};
use dataset::{Origin, RunDir};
use linear::forecaster_on_base;
use model::{DeviceChoice, NetworkConfig, load_weights, probe, read_metadata};
use run::{Forecaster, Kind, SavedRun, TrainingSpan, model_folder};
use storage::content_hash;

use crate::command::Args;
use crate::config::{KIND, TrainingConfig, shape_of};
use crate::pieces::{of_fit, released};
use crate::saved::{SavedNetworks, read_stats};

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
            let (loaded, _) = load_weights(&network, shape_of(config), &path, &device)?;
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
        let networks = SavedNetworks::new(config, normalizer, (networks, device), sha256)?;
        forecaster_on_base(Box::new(networks), &folder, config)
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
        if run.config.split.early_stopping_share > 0.0 || training.is_warm() {
            return Ok(None);
        }
        let stats = read_stats(&run.folder()?)?;
        let reach_ms = run.config.purge_bars() as i64 * run.config.data.interval.ms();
        Ok(Some(TrainingSpan::until(
            stats.fit_from_ms,
            stats.fit_until_ms + reach_ms,
        )))
    }

    fn fit(&self, config: &ConfigArgs, run: &Path) -> anyhow::Result<()> {
        crate::run(&Args::new(config.clone(), run, self.device))
    }

    fn begin_with(&self, run: &Path) -> Option<String> {
        Some(format!("training.begin_with={:?}", run.display()))
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
