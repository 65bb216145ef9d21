//! A run's saved networks with the statistics that belong to them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use cli::ConfigTable;
use dataset::{Config, Normalizer, content_hash};
use model::{Device, NetworkConfig, ResNet1d, load_weights};

/// What a forecast is computed with.
#[derive(Debug)]
pub struct Checkpoint {
    /// The run's shared sections, with the overrides that may differ live.
    pub config: Config,
    /// Statistics of the training rows.
    pub normalizer: Normalizer,
    /// One network a seed; their forecasts are averaged.
    pub networks: Vec<ResNet1d>,
}

impl Checkpoint {
    /// Loads a run: its last fold, or the fold asked for.
    ///
    /// `overrides` may say where candles come from (`data.*`) and name the universe; everything else is the run's.
    ///
    /// # Errors
    /// A run that is not there or not finished, statistics of another run or universe, weights that do not fit.
    pub fn load(run: &Path, fold: Option<usize>, overrides: &[String], device: &Device) -> anyhow::Result<Self> {
        let config_path = run.join("run.toml");
        if !config_path.exists() {
            bail!(
                "{} is no run: it has no run.toml\nhint: `cargo run -p train --release` makes one; ls checkpoints/ \
                 shows those there are",
                run.display()
            );
        }
        if let Some(text) = overrides.iter().find(|text| !(text.starts_with("data.") || text.starts_with("universe.")))
        {
            return Err(cli::usage(anyhow!(
                "--set {text}: expected a key of [data] or [universe]; the rest is part of the run\n\
                 hint: train a new run to change it"
            )));
        }
        let mut table = ConfigTable::read(&config_path)?;
        table.apply(overrides)?;
        let config: Config = table.parse()?;
        config.validate().map_err(cli::usage)?;
        let network: NetworkConfig = table.section("network")?;

        let (stats_path, weights) = match fold {
            None => (run.join("stats.json"), released(run)?),
            Some(fold) => (run.join(format!("fold-{fold}/stats.json")), of_fold(run, fold)?),
        };
        let stats = fs::read_to_string(&stats_path).with_context(|| format!("cannot read {}", stats_path.display()))?;
        let normalizer = Normalizer::from_json(&stats, &stats_path)?;
        normalizer.check(config.features.set, &config.universe.symbols)?;
        let hash = content_hash(stats.as_bytes());
        let (coins, features) = (config.universe.symbols.len(), config.features.set.names().len());
        let mut networks = Vec::with_capacity(weights.len());
        for path in weights {
            let (loaded, metadata) =
                load_weights(&network, coins, features, config.features.lookback_bars, &path, device)?;
            let expected = metadata.get("stats_sha256").map_or("none", String::as_str);
            if expected != hash {
                bail!(
                    "{} was trained with statistics of SHA-256 {expected}, but {} has {hash}\n\
                     hint: put back the run's own stats.json, or train again",
                    path.display(),
                    stats_path.display()
                );
            }
            networks.push(loaded);
        }
        Ok(Self { config, normalizer, networks })
    }
}

/// The weights that the run released, one file a seed.
fn released(run: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let first = run.join("model.safetensors");
    if !first.exists() {
        bail!(
            "{} has no model.safetensors yet\nhint: `cargo run -p train --release -- --resume --run {}` finishes the run",
            run.display(),
            run.display()
        );
    }
    let others = (2..).map(|seed| run.join(format!("model-seed-{seed}.safetensors"))).take_while(|path| path.exists());
    Ok([first].into_iter().chain(others).collect())
}

/// The weights of one fold, one file a seed.
fn of_fold(run: &Path, fold: usize) -> anyhow::Result<Vec<PathBuf>> {
    let of_seed = |seed: u64| run.join(format!("fold-{fold}/seed-{seed}/weights.safetensors"));
    let weights: Vec<PathBuf> = (1..).map(of_seed).take_while(|path| path.exists()).collect();
    if weights.is_empty() {
        bail!("{} has no weights of fold {fold}\nhint: ls {} shows the folds there are", run.display(), run.display());
    }
    Ok(weights)
}
