//! The network as a way to get a forecaster from the past.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use dataset::{Dataset, Fold, Normalizer, RunDir};
use model::{OpenDevice, Windows, load_weights};
use run::{Appendix, Forecaster, OutOfBlock, Piece, Recipe};
use storage::{content_hash, write_atomically};

use crate::blocks::{out_of_block, train_blocks};
use crate::config::TrainConfig;
use crate::pieces::{WEIGHTS_FILE, model_file, piece_folder};
use crate::residuals::Residuals;
use crate::saved::{SavedNetworks, of_horizon, read_stats};
use crate::training::Training;
use crate::training_panel::{HorizonTargets, TrainingPanel};

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
        let by_horizon = dataset.by_horizon();
        let (name, device) = (run.name(), &self.device.device);
        let own = TrainingPanel {
            dataset,
            horizons: horizons(piece, &by_horizon, &normalizer)?,
            windows: Windows::new(matrix, channels, lookback, device),
        };
        let further: Vec<TrainingPanel<'_>> = (piece.further.iter())
            .map(|rows| TrainingPanel::further(rows, &name, device))
            .collect::<anyhow::Result<_>>()?;
        let training = Training {
            config: &self.config,
            piece,
            rows: std::slice::from_ref(&fold.train),
            name: format!("{fold} seed {}", piece.seed),
            own: &own,
            further: &further,
            run_name: &normalizer.run,
            stats_hash: &content_hash(stats.as_bytes()),
            device,
        };
        training.train(self.resume)?;
        // Residuals are those of a fold, and so of its first refit.
        let is_first = fold.refit.is_none_or(|refit| refit == 1);
        if self.config.training.residuals == Residuals::Blocks && is_first {
            train_blocks(self, &training, self.resume)?;
        }
        Ok(())
    }

    fn load(&self, piece: &Piece<'_>) -> anyhow::Result<Box<dyn Forecaster>> {
        let normalizer = read_stats(&piece.run.fit(piece.fold))?;
        let shared = &self.config.shared;
        let (network, _) = load_weights(
            &self.config.network,
            self.config.shape(),
            &piece.dir.join(WEIGHTS_FILE),
            &self.device.device,
        )?;
        let networks = (vec![network], self.device.device.clone());
        Ok(Box::new(SavedNetworks::new(
            shared,
            normalizer,
            networks,
            String::new(),
        )?))
    }

    fn target_std(
        &self,
        dataset: &Dataset,
        run: &RunDir,
        fold: &Fold,
    ) -> anyhow::Result<Vec<Option<f32>>> {
        let stats = read_stats(&run.fit(fold))?;
        let horizon = dataset.config.target.horizon;
        let stats = of_horizon(&stats, &self.config.shared.target, horizon)?;
        Ok(stats.target_std())
    }

    fn out_of_block(
        &self,
        dataset: &Dataset,
        run: &RunDir,
        fold: &Fold,
    ) -> anyhow::Result<Option<OutOfBlock>> {
        if self.config.training.residuals == Residuals::EarlierFolds {
            return Ok(None);
        }
        // A fold has a fit at least.
        let first = fold.fits().first().unwrap_or(fold);
        let folder = |seed| piece_folder(run, first, seed);
        let seeds: Vec<PathBuf> = (1..=self.seeds()).map(folder).collect();
        out_of_block(&seeds, dataset, &run.fit(first))
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
                "`quarterhour predict --run {}` forecasts",
                cli::quoted(run.path().display())
            ),
        })
    }
}

/// What a network learns at each horizon of a piece.
fn horizons<'a>(
    piece: &'a Piece<'_>,
    by_horizon: &'a [Cow<'_, Dataset>],
    normalizer: &Normalizer,
) -> anyhow::Result<Vec<HorizonTargets<'a>>> {
    let all = &piece.dataset.config.target;
    let of = |dataset: &'a Cow<'_, Dataset>| -> anyhow::Result<HorizonTargets<'a>> {
        let horizon = dataset.config.target.horizon;
        let stats = of_horizon(normalizer, all, horizon)?;
        Ok(HorizonTargets {
            targets: match by_horizon.len() {
                1 => Cow::Borrowed(piece.targets),
                _ => dataset.fitted_targets(piece.fold),
            },
            scales: dataset.target_scales(&stats),
            target_std: stats.target_std(),
        })
    };
    by_horizon.iter().map(of).collect()
}
