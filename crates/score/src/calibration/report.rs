//! How well forecasts are calibrated: plain values that become one JSON object, tables or charts.

use rayon::prelude::*;
use serde::Serialize;
use statistics::{ConfidenceInterval, LineFit, normal_quantile};

use super::expected::{FoldCalibration, expected_returns, lines_before};
use super::line::Calibration;
use super::pairs::{Pairs, ReturnPart};
use super::reliability::{ReliabilityBin, reliability};
use crate::rows::{ForecastColumn, Rows, check_forecasters};
use crate::{Error, Options};

/// Bins of all coins together.
const BINS: usize = 10;

/// Bins of one coin.
const COIN_BINS: usize = 5;

/// The calibration of some forecasters; what is undefined is `None`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CalibrationReport {
    /// Number of coins.
    pub coins: usize,
    /// The folds.
    pub folds: Vec<u32>,
    /// First and last time of a forecast, UTC milliseconds.
    pub span_ms: [i64; 2],
    /// Length of a bar in milliseconds.
    pub bar_ms: i64,
    /// Bars from the forecast to the last price of its target.
    pub reach_bars: usize,
    /// Confidence of the intervals.
    pub confidence: f64,
    /// One for each forecaster and part.
    pub scores: Vec<CalibrationScore>,
}

/// The calibration of one forecaster in one part.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CalibrationScore {
    /// What forecast.
    pub forecaster: String,
    /// Its run; None for a control.
    pub run: Option<String>,
    /// The part.
    pub part: ReturnPart,
    /// Realized on forecast, all coins and folds together.
    pub realized_on_forecast: Option<Line>,
    /// Realized on what was expected before it, from the second fold on: slope 1 and intercept 0
    /// where expectations are right.
    pub realized_on_expected: Option<Line>,
    /// The lines before each fold, and those after all of them.
    pub before: Vec<FoldCalibration>,
    /// Expected against realized, all coins together, lowest first.
    pub bins: Vec<ReliabilityBin>,
    /// Each coin.
    pub by_coin: Vec<CoinReliability>,
}

/// One coin of a [`CalibrationScore`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CoinReliability {
    /// Its symbol.
    pub symbol: String,
    /// Realized on forecast, of this coin alone, all folds together.
    pub realized_on_forecast: Option<Line>,
    /// The same drawn to the pooled line: what is expected after all folds.
    pub shrunk: Option<Calibration>,
    /// Expected against realized, lowest first.
    pub bins: Vec<ReliabilityBin>,
}

/// A line with the intervals of its two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Line {
    /// Change of what is realized for a change by 1.
    pub slope: f64,
    /// Its interval; None where all rows are of one day.
    pub slope_interval: Option<ConfidenceInterval>,
    /// What is realized at 0, as a plain fraction.
    pub intercept: f64,
    /// Its interval.
    pub intercept_interval: Option<ConfidenceInterval>,
}

impl Line {
    fn new(fit: LineFit, confidence: f64) -> Self {
        let errors = normal_quantile((1.0 + confidence) / 2.0);
        let around = |value: f64, error: f64| {
            let ends = [value - errors * error, value + errors * error];
            error.is_finite().then_some(ends)
        };
        Self {
            slope: fit.slope,
            slope_interval: around(fit.slope, fit.slope_error),
            intercept: fit.intercept,
            intercept_interval: around(fit.intercept, fit.intercept_error),
        }
    }
}

/// Compares what forecasters lead to expect with what was realized, entered a bar later.
///
/// # Errors
/// Inconsistent rows or forecasts, options out of range.
pub fn calibration(
    rows: &Rows,
    forecasters: &[ForecastColumn],
    options: &Options,
) -> Result<CalibrationReport, Error> {
    rows.check()?;
    check_forecasters(rows, forecasters)?;
    options.validate()?;
    let mut folds = rows.fold.clone();
    folds.dedup();
    let both = |forecaster| ReturnPart::ALL.map(|part| (forecaster, part));
    let each: Vec<(&ForecastColumn, ReturnPart)> = forecasters.iter().flat_map(both).collect();
    Ok(CalibrationReport {
        coins: rows.symbols.len(),
        folds,
        span_ms: [
            rows.time_ms.iter().copied().min().unwrap_or_default(),
            rows.time_ms.iter().copied().max().unwrap_or_default(),
        ],
        bar_ms: rows.bar_ms,
        reach_bars: rows.reach_bars,
        confidence: options.confidence,
        scores: (each.into_par_iter())
            .map(|(forecaster, part)| score(rows, forecaster, part, options))
            .collect(),
    })
}

fn score(
    rows: &Rows,
    forecaster: &ForecastColumn,
    part: ReturnPart,
    options: &Options,
) -> CalibrationScore {
    let pairs = Pairs::new(rows, &forecaster.forecast, part);
    let before = lines_before(rows, &pairs.forecast, &pairs.realized);
    let expected = expected_returns(rows, &forecaster.forecast, part, &before);
    let line = |fit: Option<LineFit>| Some(Line::new(fit?, options.confidence));
    let of_all = |lines: &[FoldCalibration]| lines.last().and_then(|all| all.pooled);
    let columns = (expected.as_slice(), pairs.realized.as_slice());
    let all_rows: Vec<usize> = (0..rows.len()).collect();
    let mut of_coin = vec![Vec::new(); rows.symbols.len()];
    for (row, coin) in rows.symbol.iter().enumerate() {
        of_coin[*coin as usize].push(row);
    }
    let coin_after = |coin: usize| before.last().and_then(|all| all.coins.get(coin)).copied();
    let by_coin = of_coin.into_par_iter().enumerate().map(|(coin, places)| {
        let after = coin_after(coin).unwrap_or_default();
        CoinReliability {
            symbol: rows.symbols[coin].clone(),
            realized_on_forecast: line(after.own),
            shrunk: after.shrunk,
            bins: reliability(rows, &places, columns, (COIN_BINS, options)),
        }
    });
    CalibrationScore {
        forecaster: forecaster.name.clone(),
        run: forecaster.run.clone(),
        part,
        realized_on_forecast: line(of_all(&before)),
        realized_on_expected: line(of_all(&lines_before(rows, &expected, &pairs.realized))),
        bins: reliability(rows, &all_rows, columns, (BINS, options)),
        by_coin: by_coin.collect(),
        before,
    }
}
