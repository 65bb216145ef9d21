//! What a coin's forecasts beside the others' were worth on earlier folds.

use score::{FoldCalibration, ForecastColumn, ReturnPart, Rows, calibrations};

use super::marked_prices::{FoldBars, MarkedPrices};
use crate::error::Error;

/// Longest memory of forecasts: a thousand bars.
const MOST_PERSISTENT: f64 = 0.999;

/// The coins' variances of a bar's return at the time of each forecast, `[bars, coins]`; NaN where
/// they are not known.
pub(super) fn current_variances(rows: &Rows, prices: &MarkedPrices) -> Result<Vec<f64>, Error> {
    let mut variances = vec![f64::NAN; prices.bars() * prices.coins()];
    if let Some(volatility) = &rows.trailing_volatility {
        for (row, volatility) in volatility.iter().enumerate() {
            let cell = cell(rows, prices, row)?;
            variances[cell] = volatility.powi(2) / rows.reach_bars as f64;
        }
    }
    Ok(variances)
}

fn cell(rows: &Rows, prices: &MarkedPrices, row: usize) -> Result<usize, Error> {
    let coin = rows.symbol[row] as usize;
    let bar = prices.bar_of(rows.time_ms[row], &rows.symbols[coin])?;
    Ok(bar * prices.coins() + coin)
}

/// One forecaster's forecasts, and what they were worth before each fold.
pub(super) struct OwnForecasts {
    /// Forecasts minus their mean over the coins of the time, `[bars, coins]`; NaN where there is
    /// none.
    own: Vec<f64>,
    /// What is fitted before each fold, in order of the folds.
    fits: Vec<ForecastFit>,
    coins: usize,
}

/// What earlier folds say of forecasts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ForecastFit {
    /// Return over the target's reach for a forecast of 1, of all coins together; 0 where forecasts
    /// were worth nothing.
    pub slope: f64,
    /// Standard deviation of the coins' true slopes.
    pub slope_spread: f64,
    /// Share of a forecast that is left in the next bar's, 0 to 0.999.
    pub persistence: f64,
    /// The same of each coin.
    slopes: Vec<f64>,
    reach_bars: f64,
}

impl ForecastFit {
    fn new(known: &FoldCalibration, persistence: f64, reach_bars: usize) -> Self {
        let coins = 0..known.coins.len();
        Self {
            slope: known.pooled.map_or(0.0, |line| line.slope.max(0.0)),
            slope_spread: known.slope_spread,
            persistence,
            slopes: coins.map(|coin| known.slope(coin).unwrap_or(0.0)).collect(),
            reach_bars: reach_bars as f64,
        }
    }

    /// Of forecasts that fade so fast.
    #[cfg(test)]
    pub fn fading_by(fading: f64) -> Self {
        Self {
            slope: 0.0,
            slope_spread: 0.0,
            persistence: 1.0 - fading,
            slopes: Vec::new(),
            reach_bars: 1.0,
        }
    }

    /// Expected return of a bar beside the other coins; NaN where there is no forecast.
    pub fn expected(&self, coin: usize, own: f64) -> f64 {
        let slope = self.slopes.get(coin).copied().unwrap_or(0.0);
        slope * own / self.reach_bars
    }

    /// Part of a forecast that is gone a bar later.
    pub fn fading(&self) -> f64 {
        1.0 - self.persistence
    }
}

impl OwnForecasts {
    /// Fits the forecasts before each fold.
    ///
    /// # Errors
    /// Forecasts at a time without prices.
    pub fn new(
        rows: &Rows,
        forecaster: &ForecastColumn,
        prices: &MarkedPrices,
        folds: &[FoldBars],
    ) -> Result<Self, Error> {
        let coins = prices.coins();
        let unit = rows
            .trailing_volatility
            .as_ref()
            .unwrap_or(&rows.volatility);
        let mut own = vec![f64::NAN; prices.bars() * coins];
        let mut scaled = own.clone();
        let own_rows = ReturnPart::Own.of(rows, &forecaster.forecast);
        for (row, value) in own_rows.into_iter().enumerate() {
            let cell = cell(rows, prices, row)?;
            own[cell] = value;
            scaled[cell] = value / unit[row];
        }
        let known = calibrations(rows, &forecaster.forecast, ReturnPart::Own);
        let [mut lagged, mut squared] = [0.0_f64; 2];
        let mut fits = Vec::new();
        for (fold, known) in folds.iter().zip(&known) {
            let persistence = if squared > 0.0 { lagged / squared } else { 0.0 };
            let persistence = persistence.clamp(0.0, MOST_PERSISTENT);
            fits.push(ForecastFit::new(known, persistence, rows.reach_bars));
            let cells = fold.bars.start * coins..fold.bars.end * coins;
            let [xy, xx] = with_next(&scaled[cells], coins);
            lagged += xy;
            squared += xx;
        }
        Ok(Self { own, fits, coins })
    }

    /// What is fitted before a fold, by its place.
    pub fn fit(&self, fold: usize) -> &ForecastFit {
        &self.fits[fold]
    }

    /// Forecast minus the mean over coins; NaN where there is none.
    pub fn own(&self, bar: usize, coin: usize) -> f64 {
        self.own[bar * self.coins + coin]
    }
}

/// Products of values with those a row later, and their squares, where both are known.
fn with_next(scaled: &[f64], coins: usize) -> [f64; 2] {
    let later = scaled.get(coins..).unwrap_or_default();
    let pairs = scaled.iter().zip(later);
    let known = pairs.filter(|(before, after)| before.is_finite() && after.is_finite());
    known.fold([0.0; 2], |[lagged, squared], (before, after)| {
        [lagged + before * after, squared + before * before]
    })
}
