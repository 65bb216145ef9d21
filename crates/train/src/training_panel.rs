//! What a network learns from in one panel: the run's own, or a further one.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use dataset::{Dataset, Fit, PanelFold, TargetScales, Targets, WindowSet};
use model::{
    Device, Loss, Tensor, TensorData, Windows, at_horizon, gaussian_loss, masked_loss,
    mean_over_horizons, parts_loss,
};

use crate::config::TrainConfig;

/// A panel with what a fold makes of its training rows.
#[derive(Debug)]
pub(crate) struct TrainingPanel<'a> {
    /// Candles and which windows can be used.
    pub dataset: &'a Dataset,
    /// What is learnt at each horizon; of a further panel there is one.
    pub horizons: Vec<HorizonTargets<'a>>,
    /// Features on the device, normalized by the panel's own training rows.
    pub windows: Windows,
}

/// What a network says of windows: its outputs, `[windows, coins * horizons]`, and the logarithms of
/// their errors' standard deviations where it has them.
pub(crate) type NetworkOutputs = (Tensor<2>, Option<Tensor<2>>);

/// What a network learns at one horizon.
#[derive(Debug)]
pub(crate) struct HorizonTargets<'a> {
    /// The targets, of every row and coin.
    pub targets: Cow<'a, Targets>,
    /// What they are divided by.
    pub scales: TargetScales,
    /// Standard deviation of each coin's targets in the training rows; None for a coin without any,
    /// which is not learnt.
    pub target_std: Vec<Option<f32>>,
}

impl<'a> TrainingPanel<'a> {
    /// A further panel, with statistics of its own training rows.
    ///
    /// # Errors
    /// As [`Dataset::fit_normalizer`].
    pub fn further(rows: &'a PanelFold<'_>, run: &str, device: &Device) -> anyhow::Result<Self> {
        let dataset = &rows.panel.dataset;
        let features = dataset.features();
        let channels = features.channels();
        let normalizer = dataset.fit_normalizer(&features, &rows.fold, run)?;
        let matrix = Arc::new(normalizer.apply(features));
        let lookback = dataset.config.features.lookback_bars;
        let horizon = HorizonTargets {
            targets: Cow::Borrowed(&*rows.targets),
            scales: dataset.target_scales(&normalizer),
            target_std: normalizer.target_std(),
        };
        Ok(Self {
            dataset,
            horizons: vec![horizon],
            windows: Windows::new(matrix, channels, lookback, device),
        })
    }

    /// Number of coins.
    pub fn coins(&self) -> usize {
        self.dataset.panel.coins()
    }

    /// The windows to fit to that end in any of `rows`, every `stride` rows, one set a horizon (at
    /// least one); all sets have the same ends.
    pub fn window_sets(&self, rows: &[Range<usize>], stride: usize) -> Vec<WindowSet> {
        let set = |horizon: &HorizonTargets<'_>| {
            let (targets, std) = (&horizon.targets, &horizon.target_std);
            let of = |rows: &Range<usize>| {
                self.dataset
                    .trained_windows(targets, rows.clone(), stride, std)
            };
            rows.iter()
                .map(of)
                .fold(WindowSet::default(), WindowSet::followed_by)
        };
        WindowSet::aligned(self.horizons.iter().map(set).collect())
    }

    /// Returns true where some windows end in `fitted` and some others, that are forecast, in `held`.
    pub fn has_windows(&self, fitted: &[Range<usize>], held: &Range<usize>) -> bool {
        let std = &self.horizons[0].target_std; // there is one horizon at least
        !self.window_sets(fitted, 1)[0].is_empty()
            && !self.dataset.scored_windows(held.clone(), std).is_empty()
    }

    /// The loss, `[1]`, of what the network says of some windows of the sets of each horizon: the mean
    /// over horizons, each in units of its own scales.
    pub fn loss(
        &self,
        config: &TrainConfig,
        (outputs, log_scale): NetworkOutputs,
        sets: &[WindowSet],
        picked: &[usize],
    ) -> Tensor<1> {
        let horizons = self.horizons.len();
        mean_over_horizons(outputs, horizons, |place, forecast| {
            let of_place = |all: &Tensor<2>| at_horizon(all.clone(), horizons, place);
            let said = (forecast, log_scale.as_ref().map(of_place));
            self.loss_at(config, (place, said), &sets[place], picked)
        })
    }

    /// The loss of the forecasts of one horizon, `[windows, coins]`.
    fn loss_at(
        &self,
        config: &TrainConfig,
        (place, (forecast, log_scale)): (usize, NetworkOutputs),
        set: &WindowSet,
        picked: &[usize],
    ) -> Tensor<1> {
        let (coins, horizon) = (self.coins(), &self.horizons[place]);
        let (mut targets, mut mask, mut scales) = (Vec::new(), Vec::new(), Vec::new());
        for &window in picked {
            for coin in 0..coins {
                let counts = set.counts[window * coins + coin];
                let row = set.ends[window];
                let scale = horizon.scales.at(row, coin);
                let target = horizon.targets.value(row, coin);
                let target = horizon.scales.in_unit_of_outputs(row, coin, target);
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
        let unit = match (config.shared.target.fit, log_scale) {
            (Fit::Whole, Some(log_scale)) => {
                return gaussian_loss(forecast, log_scale, target, mask);
            }
            (Fit::Whole, None) if training.loss == Loss::Qlike => {
                let unit = tensor(scales);
                return masked_loss(Loss::Qlike, forecast * unit.clone(), target * unit, mask);
            }
            (Fit::Whole, None) => return masked_loss(training.loss, forecast, target, mask),
            (Fit::Parts, _) => tensor(scales),
            (Fit::ScaledParts, _) => mask.ones_like(),
        };
        let market_weight = training.market_weight;
        parts_loss(training.loss, forecast, target, mask, unit, market_weight)
    }
}
