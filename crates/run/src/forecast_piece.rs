//! From a fitted piece to its out-of-sample forecasts.

use anyhow::anyhow;
use cli::WithHint;
use dataset::{FoldForecasts, ForecastTable, format_time};

use crate::{Piece, Recipe};

/// Rows that are forecast at once, at least; or so many histories, where those are longer.
const ROWS_AT_ONCE: usize = 4096;
/// The rows before the first of a stretch are computed for it alone: a quarter of its work at most.
const HISTORIES_AT_ONCE: usize = 4;

/// Forecasts the scored rows of a piece with what its folder holds.
///
/// The forecaster is handed stretches of the panel, each with no more history than a live forecast
/// would have.
pub(crate) fn forecast_piece(
    recipe: &dyn Recipe,
    piece: &Piece<'_>,
) -> anyhow::Result<ForecastTable> {
    let Piece { dataset, fold, .. } = piece;
    let (panel, coins) = (&dataset.panel, dataset.panel.coins());
    let target_std = recipe.target_std(dataset, piece.run, fold)?;
    let set = dataset.scored_windows(fold.score.clone(), &target_std);
    let forecaster = recipe.load(piece)?;
    let history = forecaster.history_bars();
    let bar = cli::progress_bar(&format!("{fold} scoring"), set.len() as u64);
    let mut forecasts = FoldForecasts::new(dataset, fold);
    let at_once = ROWS_AT_ONCE.max(HISTORIES_AT_ONCE * history);
    for (chunk, (ends, counts)) in (set.ends.chunks(at_once))
        .zip(set.counts.chunks(at_once * coins))
        .enumerate()
    {
        // Chunks are never empty.
        let first = (ends[0] + 1).saturating_sub(history);
        let stretch = panel.stretch(first..ends[ends.len() - 1] + 1);
        let places: Vec<usize> = ends.iter().map(|end| end - first).collect();
        let answers = forecaster.forecast(&stretch, &places)?;
        for (place, answer) in answers
            .into_iter()
            .enumerate()
            .filter(|(place, _)| counts[*place])
        {
            let (row, coin) = (ends[place / coins], place % coins);
            match answer {
                Ok(forecast) if forecast.is_finite() => {
                    forecasts.push((row, coin), target_std[coin], forecast);
                }
                other => {
                    return Err(anyhow!(
                        "{fold}: {} at {} is to be scored, but its forecast is {other:?}",
                        panel.symbols()[coin],
                        format_time(panel.time_ms(row))
                    )
                    .hint("was the model trained on other candles than those in the store now?"));
                }
            }
        }
        bar.set_position((chunk * at_once + ends.len()) as u64);
    }
    bar.finish_and_clear();
    Ok(forecasts.table(&piece.dir)?)
}
