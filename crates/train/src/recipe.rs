//! The network as a way to get a forecaster from the past.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use dataset::{Dataset, Fold, RunDir};
use model::{OpenDevice, Windows, load_weights};
use run::{Appendix, Forecaster, Piece, Recipe};
use storage::{content_hash, write_atomically};

use crate::config::TrainConfig;
use crate::pieces::{WEIGHTS_FILE, model_file, piece_folder};
use crate::saved::{SavedNetworks, read_stats};
use crate::training::Training;

/// Trains networks as a config says.
#[derive(Debug)]
pub struct NetworkRecipe {
    /// The run's configuration, with the universe spelled out.
    pub config: TrainConfig,
    /// Where it trains.
    pub device: OpenDevice,
    /// Whether a training that was broken off goes on.
    pub resume: bool,
}

impl Recipe for NetworkRecipe {
    fn forecaster(&self) -> &str {
        &self.config.run.forecaster
    }

    fn seeds(&self) -> u64 {
        self.config.training.seeds
    }

    fn dir(&self, run: &RunDir, fold: &Fold, seed: u64) -> PathBuf {
        piece_folder(run, fold, seed)
    }

    fn fit(&self, piece: &Piece<'_>) -> anyhow::Result<()> {
        let Piece {
            dataset, fold, run, ..
        } = piece;
        // Computed for each piece, and normalized in place: a year of 20 coins is 336 MB, and a
        // second's work.
        let features = dataset.features();
        let channels = features.channels();
        let normalizer = dataset.fit_normalizer(&features, fold, &run.name())?;
        let stats = normalizer.to_json();
        let stats_file = run.fit(fold).join(RunDir::STATS_FILE);
        write_atomically(&stats_file, stats.as_bytes())?;
        let matrix = Arc::new(normalizer.apply(features));
        let lookback = self.config.shared.features.lookback_bars;
        let training = Training {
            config: &self.config,
            piece,
            normalizer: &normalizer,
            scales: &dataset.target_scales(&normalizer),
            stats_hash: &content_hash(stats.as_bytes()),
            windows: &Windows::new(matrix, channels, lookback, &self.device.device),
            device: &self.device.device,
        };
        training.train(self.resume)
    }

    fn load(&self, piece: &Piece<'_>) -> anyhow::Result<Box<dyn Forecaster>> {
        let normalizer = read_stats(&piece.run.fit(piece.fold))?;
        let shared = &self.config.shared;
        let (network, _) = load_weights(
            &self.config.network,
            shared.universe.symbols.len(),
            shared.chosen_features().len(),
            shared.features.lookback_bars,
            &piece.dir.join(WEIGHTS_FILE),
            &self.device.device,
        )?;
        Ok(Box::new(SavedNetworks {
            config: shared.clone(),
            normalizer,
            networks: vec![network],
            device: self.device.device.clone(),
            sha256: String::new(),
        }))
    }

    fn target_std(
        &self,
        _dataset: &Dataset,
        run: &RunDir,
        fold: &Fold,
    ) -> anyhow::Result<Vec<Option<f32>>> {
        Ok(read_stats(&run.fit(fold))?.target_std())
    }

    fn publish(&self, run: &RunDir, dataset: &Dataset) -> anyhow::Result<Appendix> {
        let fits = dataset.plan.folds.last().context("a run has folds")?.fits();
        let last = fits.last().context("a fold has fits")?;
        let stats = run.fit(last).join(RunDir::STATS_FILE);
        let mut artifacts = vec![run.path().join(RunDir::STATS_FILE)];
        for seed in 1..=self.seeds() {
            let weights = piece_folder(run, last, seed).join(WEIGHTS_FILE);
            run.copy(&weights, &model_file(run, seed))?;
            artifacts.push(model_file(run, seed));
        }
        run.copy(&stats, &artifacts[0])?;
        if let Some(published) = run.published_stats() {
            run.copy(&stats, &published)?;
        }
        let one_seed = "Seeds: 1; --set training.seeds=N averages several and shows their spread.";
        Ok(Appendix {
            texts: (self.seeds() == 1)
                .then(|| one_seed.to_owned())
                .into_iter()
                .collect(),
            importance: None,
            artifacts,
            next: format!(
                "`cargo run -p predict --release -- --run {}` forecasts",
                cli::quoted(run.path().display())
            ),
        })
    }
}
