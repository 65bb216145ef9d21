//! `train --dry-run`: what a run would do, without doing it.

use std::fmt::Write;
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use cli::WithHint;
use dataset::{Dataset, Fold, PanelFold, format_time, target_std};
use model::{
    FORECAST_BATCH, GradientsParams, Loss, Module, Network, OpenDevice, Tensor, Windows,
    clip_grad_norm, forecast, in_pool, masked_loss,
};
use run::BLOCKS;
use terminal::Table;

use crate::config::TrainConfig;
use crate::residuals::Residuals;

/// What a row of the forecast table takes in memory, without its controls.
const BYTES_A_FORECAST: usize = 64;

/// Prints rows per fold with what is dropped and why, parameters, memory and estimated time.
#[expect(clippy::too_many_lines, reason = "one report, from top to bottom")]
pub fn print(config: &TrainConfig, dataset: &Dataset, device: &OpenDevice) -> anyhow::Result<()> {
    let (panel, features) = (&dataset.panel, dataset.features());
    let lookback = config.shared.features.lookback_bars;
    let mut text = format!(
        "{} coins, {} bars of {} from {} to {}, {} features a coin ({})\n\n",
        panel.coins(),
        panel.rows(),
        panel.interval(),
        format_time(panel.time_ms(0)),
        format_time(panel.time_ms(panel.rows().saturating_sub(1))),
        features.per_coin(),
        config.shared.features.set,
    );
    let mut table = Table::new([
        "fold",
        "scored from",
        "until",
        "train",
        "stop",
        "score",
        "kept",
        "no target",
        "new coin",
        "bad window",
    ]);
    let (mut steps, mut scored, mut kept, mut settled) = (0, 0, 0, 0);
    let mut first_windows = None;
    for fold in dataset.plan.folds.iter().flat_map(Fold::fits) {
        let normalizer = dataset.fit_normalizer(&features, fold, "dry-run")?;
        let target_std = normalizer.target_std();
        let fitted = |rows: &Range<usize>, stride| {
            dataset.trained_windows(&dataset.targets, rows.clone(), stride, &target_std)
        };
        let (train, stop) = (
            fitted(&fold.train, config.training.stride),
            fitted(&fold.stop, 1),
        );
        let score = dataset.scored_windows(fold.score.clone(), &target_std);
        let dropped = score.dropped;
        let mut sizes = vec![(train.len(), panel.coins())];
        sizes.extend(further_sizes(config, dataset, fold));
        let span = [fold.score.start, fold.score.end].map(|row| format_time(panel.time_ms(row)));
        let counts = [
            sizes.iter().map(|(windows, _)| windows).sum(),
            stop.len(),
            score.len(),
            dropped.kept(),
            dropped.no_target,
            dropped.unknown_coin,
            dropped.bad_window,
        ];
        let cells = span
            .into_iter()
            .chain(counts.map(|count| count.to_string()));
        let name = match fold.refit {
            None => fold.number.to_string(),
            Some(refit) => format!("{}/{refit}", fold.number),
        };
        table.push(&name, cells);
        steps += config.steps(&sizes);
        scored += score.len();
        kept += dropped.kept();
        settled += dropped.settled;
        if first_windows.is_none() && !train.is_empty() {
            first_windows = Some((normalizer, train));
        }
    }
    text += &table.render();
    writeln!(
        text,
        "\ntrain, stop, score: windows. kept: (time, coin) pairs that are scored. Not kept: no target (a candle at t or at\n\
         the target's end was not observed), new coin (no training rows), bad window (too many filled minutes)."
    )?;
    for panel in &dataset.further {
        writeln!(
            text,
            "train counts the windows of [[panel]] {} too: {} coins, {} bars of {}.",
            panel.name,
            panel.dataset.panel.coins(),
            panel.dataset.panel.rows(),
            panel.dataset.panel.interval()
        )?;
    }
    if settled > 0 {
        writeln!(
            text,
            "Nor are {settled} pairs of coins whose close had not moved for a day (universe.score_settled)."
        )?;
    }
    let (normalizer, train) = first_windows
        .context("no fold has a training window")
        .hint("fewer folds (split.folds), a shorter features.lookback_bars, or more candles")?;
    let (coins, channels) = (features.coins(), features.channels());
    let matrix = Arc::new(normalizer.apply(features));
    let windows = Windows::new(matrix, channels, lookback, &device.device);
    let network = config
        .network
        .init(config.shape(), &device.device.clone().autodiff())?;
    let parameters = network.num_params();

    let batch: Vec<usize> = (0..config.batch_windows(coins))
        .map(|i| train.ends[i % train.len()])
        .collect();
    // As a training is.
    let timed = || time_of_a_step(config, network, &windows, &batch);
    let (network, step_secs) = in_pool(&device.device, timed)?;
    let began = Instant::now();
    forecast(
        &network,
        &windows,
        &batch[..batch.len().min(FORECAST_BATCH)],
        &mut |_| {},
    )?;
    let forecast_secs = began.elapsed().as_secs_f64() / FORECAST_BATCH as f64;

    let seeds = config.training.seeds as f64;
    // A block's network has three quarters of the rows of its fold's, or fewer.
    let (networks, of_blocks) = match config.training.residuals {
        Residuals::EarlierFolds => (1.0, String::new()),
        Residuals::Blocks => (1.0 + BLOCKS as f64 * 0.75, format!(", and {BLOCKS} blocks")),
    };
    let steps_secs = steps as f64 * networks * step_secs;
    let total_secs = seeds * (steps_secs + scored as f64 * forecast_secs);
    writeln!(text, "\ndevice      {}", device.name)?;
    writeln!(text, "parameters  {parameters}")?;
    text += &memory(config, dataset, kept);
    writeln!(
        text,
        "time        about {:.1} minutes: {} seeds x ({steps} steps of {:.0} ms{of_blocks} + {scored} windows to score at {:.1} ms)",
        total_secs / 60.0,
        config.training.seeds,
        step_secs * 1e3,
        forecast_secs * 1e3
    )?;
    cli::print(&text)?;
    Ok(())
}

/// The network after a few steps on one batch, and the seconds of the fastest: the first one also
/// compiles kernels and warms caches.
fn time_of_a_step(
    config: &TrainConfig,
    mut network: Network,
    windows: &Windows,
    batch: &[usize],
) -> anyhow::Result<(Network, f64)> {
    let mut optimizer = config.optimizer.adamw().init()?;
    let mut step_secs = f64::INFINITY;
    for _ in 0..4 {
        let began = Instant::now();
        let input = windows.batch(batch)?.autodiff();
        let precision = config.training.precision.precision();
        let forecasts = precision.autocast(|| network.forward(input));
        let zeros = Tensor::zeros(forecasts.dims(), &network.device());
        let ones = zeros.clone().add_scalar(1.0);
        let loss = masked_loss(Loss::L1, forecasts, zeros, ones);
        let grads = GradientsParams::from_grads(loss.backward(), &network);
        let (grads, norm) = clip_grad_norm(&network, grads, 1.0);
        network = optimizer.step(1e-6, network, grads);
        norm.try_into_data().context("the device failed")?;
        step_secs = step_secs.min(began.elapsed().as_secs_f64());
    }
    Ok((network.valid(), step_secs))
}

/// What a run of so many scored pairs of a time and a coin keeps in memory, beside what a step takes,
/// and in files.
fn memory(config: &TrainConfig, dataset: &Dataset, pairs: usize) -> String {
    let shared = &config.shared;
    let further = dataset.further.iter().map(|panel| &panel.dataset);
    let sizes = std::iter::once(dataset).chain(further).map(|dataset| {
        let (rows, coins) = (dataset.panel.rows(), dataset.panel.coins());
        let horizons = shared.target.all_horizons().len();
        let cells = (rows * coins) as u64;
        // Whether there is a candle, what is missing in its window, and whether it counts.
        (
            shared.array_bytes(rows, coins),
            cells * (3 + horizons as u64),
        )
    });
    let (arrays, windows) = sizes.fold((0, 0), |sum, size| (sum.0 + size.0, sum.1 + size.1));
    let controls = shared.target.init(shared.data.interval).controls().len();
    let forecasts = (pairs * (BYTES_A_FORECAST + controls * size_of::<f64>())) as u64;
    let [arrays, windows, forecasts] = [arrays, windows, forecasts].map(|bytes| bytes >> 20);
    let rest = format!("{windows} MiB of windows and {forecasts} MiB of forecasts");
    match dataset.panel.scratch().folder() {
        None => format!(
            "memory      {arrays} MiB of candles, features and targets, which --scratch DIR keeps in files, {rest}\n"
        ),
        Some(folder) => format!(
            "memory      {rest}\ndisk        {arrays} MiB of candles, features and targets in {}\n",
            folder.display()
        ),
    }
}

/// Windows and coins of each further panel that a fold learns from.
fn further_sizes(config: &TrainConfig, dataset: &Dataset, fold: &Fold) -> Vec<(usize, usize)> {
    let size = |rows: &PanelFold<'_>| {
        let (panel, train) = (&rows.panel.dataset, rows.fold.train.clone());
        let std = target_std(&panel.targets, train.clone());
        let windows = panel.trained_windows(&rows.targets, train, config.training.stride, &std);
        (windows.len(), panel.panel.coins())
    };
    dataset.further_folds(fold).iter().map(size).collect()
}
