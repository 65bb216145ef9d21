//! What a network learns from in one panel: the run's own, or a further one.

use std::ops::Range;
use std::sync::Arc;

use dataset::{Dataset, Fit, Fold, Normalizer, TargetScales, Targets, WindowSet};
use model::{Device, Tensor, TensorData, Windows, masked_loss, parts_loss};

use crate::config::TrainConfig;

/// A panel with what a fold makes of its training rows.
#[derive(Debug)]
pub(crate) struct TrainingPanel<'a> {
    dataset: &'a Dataset,
    targets: &'a Targets,
    /// Statistics of the panel's own training rows.
    pub normalizer: Normalizer,
    /// What targets are divided by.
    pub scales: TargetScales,
    /// Normalized features on the device.
    pub windows: Windows,
}

impl<'a> TrainingPanel<'a> {
    /// Fits statistics to the training rows of `fold`, and normalizes the features of all rows.
    ///
    /// # Errors
    /// As [`Dataset::fit_normalizer`].
    pub fn new(
        (dataset, fold): (&'a Dataset, &Fold),
        targets: &'a Targets,
        run: &str,
        device: &Device,
    ) -> anyhow::Result<Self> {
        // Computed for each piece, and normalized in place: a year of 20 coins is 336 MB, and a
        // second's work.
        let features = dataset.features();
        let channels = features.channels();
        let normalizer = dataset.fit_normalizer(&features, fold, run)?;
        let matrix = Arc::new(normalizer.apply(features));
        let lookback = dataset.config.features.lookback_bars;
        Ok(Self {
            dataset,
            targets,
            scales: dataset.target_scales(&normalizer),
            normalizer,
            windows: Windows::new(matrix, channels, lookback, device),
        })
    }

    /// Number of coins.
    pub fn coins(&self) -> usize {
        self.dataset.panel.coins()
    }

    /// The windows to fit to that end in `rows`, every `stride` rows.
    pub fn window_set(&self, rows: Range<usize>, stride: usize) -> WindowSet {
        let target_std = self.normalizer.target_std();
        self.dataset
            .trained_windows(self.targets, rows, stride, &target_std)
    }

    /// Some windows of a set, `[windows, coins * features, lookback]`.
    ///
    /// # Errors
    /// As [`Windows::batch`].
    pub fn batch(&self, set: &WindowSet, picked: &[usize]) -> anyhow::Result<Tensor<3>> {
        let ends: Vec<usize> = picked.iter().map(|&window| set.ends[window]).collect();
        Ok(self.windows.batch(&ends)?)
    }

    /// The target of a coin at a row.
    pub fn target(&self, row: usize, coin: usize) -> f64 {
        self.targets.value(row, coin)
    }

    /// The loss, `[1]`, of the network's forecasts `[windows, coins]` for some windows of a set, in
    /// units of the scales.
    pub fn loss(
        &self,
        config: &TrainConfig,
        forecast: Tensor<2>,
        set: &WindowSet,
        picked: &[usize],
    ) -> Tensor<1> {
        let coins = self.coins();
        let (mut targets, mut mask, mut scales) = (Vec::new(), Vec::new(), Vec::new());
        for &window in picked {
            for coin in 0..coins {
                let counts = set.counts[window * coins + coin];
                let scale = self.scales.at(set.ends[window], coin);
                let target = self.target(set.ends[window], coin) / f64::from(scale);
                targets.push(if counts { target as f32 } else { 0.0 });
                mask.push(f32::from(u8::from(counts)));
                scales.push(scale);
            }
        }
        let device = self.windows.device().clone().autodiff();
        let tensor = |values: Vec<f32>| {
            Tensor::from_data(TensorData::new(values, [picked.len(), coins]), &device)
        };
        let (target, mask) = (tensor(targets), tensor(mask));
        let training = &config.training;
        match config.shared.target.fit {
            Fit::Whole => masked_loss(training.loss, forecast, target, mask),
            Fit::Parts => parts_loss(
                training.loss,
                forecast,
                target,
                mask,
                tensor(scales),
                training.market_weight,
            ),
        }
    }
}
