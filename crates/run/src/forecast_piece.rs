//! From a fitted piece to its out-of-sample forecasts.

use anyhow::anyhow;
use cli::WithHint;
use dataset::{
    Dataset, FoldForecasts, ForecastTable, Panel, TableMetadata, WindowSet, format_time,
};

use crate::{ForecastResult, Piece, Recipe};

/// Rows that are forecast at once, at least; or so many histories, where those are longer.
const ROWS_AT_ONCE: usize = 4096;
/// The rows before the first of a stretch are computed for it alone: a quarter of its work at most.
const HISTORIES_AT_ONCE: usize = 4;

/// Forecasts the scored rows of a piece with what its folder holds, at every horizon where the
/// target is known.
///
/// The forecaster is handed stretches of the panel, each with no more history than a live forecast
/// would have.
///
/// # Errors
/// A model that cannot be loaded or fails, or that forecasts no number where one is to be scored.
pub fn forecast_piece(recipe: &dyn Recipe, piece: &Piece<'_>) -> anyhow::Result<ForecastTable> {
    let Piece { dataset, fold, .. } = piece;
    let horizons = dataset.by_horizon();
    let mut parts = Vec::with_capacity(horizons.len());
    let mut sets = Vec::with_capacity(horizons.len());
    for dataset in &horizons {
        let target_std = recipe.target_std(dataset, piece.run, fold)?;
        sets.push(dataset.scored_windows(fold.score.clone(), &target_std));
        parts.push(Part {
            recipe,
            dataset,
            piece,
            forecasts: FoldForecasts::new(dataset, fold),
            target_std,
        });
    }
    let sets = WindowSet::aligned(sets);
    let ends = &sets[0].ends; // there is one horizon at least
    let forecaster = recipe.load(piece)?;
    let history = forecaster.history_bars();
    let bar = cli::progress_bar(&format!("{fold} scoring"), ends.len() as u64);
    let at_once = rows_at_once(history);
    for (chunk, ends) in ends.chunks(at_once).enumerate() {
        let (stretch, places) = stretch(&dataset.panel, ends, history);
        let answers = forecaster.forecast_horizons(&stretch, &places)?;
        if answers.len() != parts.len() {
            return Err(anyhow!(
                "{fold}: the model forecasts {} horizons, expected {}",
                answers.len(),
                parts.len()
            )
            .hint("was target.horizons changed since it was trained?"));
        }
        let classes = forecaster.probabilities(&stretch, &places)?;
        let start = chunk * at_once * dataset.panel.coins();
        for ((part, set), answers) in parts.iter_mut().zip(&sets).zip(answers) {
            part.push((ends, &set.counts[start..]), answers, classes.as_deref())?;
        }
        bar.set_position((chunk * at_once + ends.len()) as u64);
    }
    bar.finish_and_clear();
    let mut all = Vec::with_capacity(parts.len());
    for part in parts {
        all.extend(part.forecasts.table(&piece.dir)?.into_inner().1);
    }
    let metadata = TableMetadata::new(&dataset.config);
    Ok(ForecastTable::new(metadata, all, &piece.dir)?)
}

/// How many rows are forecast at once.
pub(crate) fn rows_at_once(history: usize) -> usize {
    ROWS_AT_ONCE.max(HISTORIES_AT_ONCE * history)
}

/// The stretch of a panel that forecasts at the rows `ends`, which are some, are a function of, and where
/// these are in it.
pub(crate) fn stretch(panel: &Panel, ends: &[usize], history: usize) -> (Panel, Vec<usize>) {
    let first = (ends[0] + 1).saturating_sub(history);
    let stretch = panel.stretch(first..ends[ends.len() - 1] + 1);
    (stretch, ends.iter().map(|end| end - first).collect())
}

/// The forecasts of one horizon.
struct Part<'a> {
    recipe: &'a dyn Recipe,
    dataset: &'a Dataset,
    piece: &'a Piece<'a>,
    target_std: Vec<Option<f32>>,
    forecasts: FoldForecasts<'a>,
}

impl Part<'_> {
    /// Adds the answers of the windows that end in `ends`, `[ends, coins]`, where they count and the
    /// recipe does not leave them out, with the probabilities of classes if the forecaster has some.
    fn push(
        &mut self,
        (ends, counts): (&[usize], &[bool]),
        answers: Vec<ForecastResult>,
        classes: Option<&[Option<Vec<f64>>]>,
    ) -> anyhow::Result<()> {
        let panel = &self.dataset.panel;
        let coins = panel.coins();
        for (place, answer) in answers
            .into_iter()
            .enumerate()
            .filter(|(place, _)| counts[*place])
        {
            let (row, coin) = (ends[place / coins], place % coins);
            match answer {
                Ok(forecast) if forecast.is_finite() => {
                    self.forecasts
                        .push((row, coin), self.target_std[coin], forecast);
                    if let Some(classes) = classes {
                        self.push_classes(classes.get(place).and_then(Option::as_deref));
                    }
                }
                Err(refusal) if self.recipe.is_left_out(&refusal) => {}
                other => {
                    return Err(anyhow!(
                        "{}: {} at {} is to be scored, but its forecast is {other:?}",
                        self.piece.fold,
                        panel.symbols()[coin],
                        format_time(panel.time_ms(row))
                    )
                    .hint("was the model trained on other candles than those in the store now?"));
                }
            }
        }
        Ok(())
    }

    /// Adds the probabilities of the classes of the row that was added last.
    fn push_classes(&mut self, probabilities: Option<&[f64]>) {
        let classes = self.dataset.config.regime.classes().iter().enumerate();
        for (place, class) in classes {
            let probability = probabilities.and_then(|all| all.get(place));
            let value = probability.copied().unwrap_or(f64::NAN);
            self.forecasts
                .push_output(&format!("probability_{class}"), value);
        }
    }
}
