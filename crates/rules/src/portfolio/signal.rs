//! From forecasts to expected returns and to the positions that they ask for.

use score::{ForecastColumn, Rows};
use statistics::timestamp_groups;

use super::covariance::Covariances;
use super::market::{FoldBars, Market};
use crate::error::Error;

/// Trailing volatilities at which a return is clipped, as in the IC a day.
const MOST: f64 = 5.0;

/// Longest memory of forecasts: a thousand bars.
const MOST_PERSISTENT: f64 = 0.999;

/// The coins' variances of a bar's return at the time of each forecast, `[bars, coins]`; NaN where
/// they are not known.
pub(super) fn current_variances(rows: &Rows, market: &Market) -> Result<Vec<f64>, Error> {
    let mut variances = vec![f64::NAN; market.bars() * market.coins()];
    if let Some(volatility) = &rows.trailing_volatility {
        for (row, volatility) in volatility.iter().enumerate() {
            let cell = cell(rows, market, row)?;
            variances[cell] = volatility.powi(2) / rows.reach_bars as f64;
        }
    }
    Ok(variances)
}

fn cell(rows: &Rows, market: &Market, row: usize) -> Result<usize, Error> {
    let coin = rows.symbol[row] as usize;
    let bar = market.bar_of(rows.time_ms[row], &rows.symbols[coin])?;
    Ok(bar * market.coins() + coin)
}

/// One forecaster's forecasts, what they were worth on earlier folds, and what to hold for them.
pub(super) struct Signal {
    /// Forecasts minus their mean over the coins of the time, `[bars, coins]`; NaN where there is
    /// none.
    own: Vec<f64>,
    /// Positions of the best own forecast for its risk, at a slope of 1, `[bars, coins]`.
    aims: Vec<f64>,
    /// What is fitted before each fold, in order of the folds.
    fits: Vec<Fit>,
    coins: usize,
}

/// What earlier folds say of forecasts.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Fit {
    /// Expected return of a bar for a forecast of 1; 0 where forecasts were worth nothing.
    pub slope: f64,
    /// Share of a forecast that is left in the next bar's, 0 to 0.999.
    pub persistence: f64,
}

/// Sums over a fold's rows.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    /// Forecast times return, forecast squared.
    with_return: [f64; 2],
    /// Forecast times the one before it, the one before it squared.
    with_next: [f64; 2],
}

impl Sums {
    fn add(&mut self, other: &Self) {
        for (sum, value) in self.with_return.iter_mut().zip(other.with_return) {
            *sum += value;
        }
        for (sum, value) in self.with_next.iter_mut().zip(other.with_next) {
            *sum += value;
        }
    }

    fn fit(&self, reach_bars: usize) -> Fit {
        let [xy, xx] = self.with_return;
        let [lagged, squared] = self.with_next;
        let slope = if xx > 0.0 { xy / xx } else { 0.0 };
        let persistence = if squared > 0.0 { lagged / squared } else { 0.0 };
        Fit {
            slope: slope.max(0.0) / reach_bars as f64,
            persistence: persistence.clamp(0.0, MOST_PERSISTENT),
        }
    }
}

impl Signal {
    /// Fits the forecasts before each fold, and finds the positions that they ask for.
    ///
    /// # Errors
    /// Forecasts at a time without prices.
    pub fn new(
        rows: &Rows,
        forecaster: &ForecastColumn,
        market: &Market,
        folds: &[FoldBars],
        risk: &Risk<'_>,
    ) -> Result<Self, Error> {
        let (own, sums) = own_parts(rows, forecaster, market, folds)?;
        let mut before = Sums::default();
        let mut fits = Vec::new();
        for sums in &sums {
            fits.push(before.fit(rows.reach_bars));
            before.add(sums);
        }
        let aims = risk.aims(&own, market, folds);
        Ok(Self {
            own,
            aims,
            fits,
            coins: market.coins(),
        })
    }

    /// What is fitted before a fold, by its place.
    pub fn fit(&self, fold: usize) -> Fit {
        self.fits[fold]
    }

    /// Forecast minus the mean over coins; NaN where there is none.
    pub fn own(&self, bar: usize, coin: usize) -> f64 {
        self.own[bar * self.coins + coin]
    }

    /// Position of the best own forecast for its risk, at a slope of 1.
    pub fn aim(&self, bar: usize, coin: usize) -> f64 {
        self.aims[bar * self.coins + coin]
    }
}

/// Forecasts minus their mean over the coins of the time, and the sums of each fold.
fn own_parts(
    rows: &Rows,
    forecaster: &ForecastColumn,
    market: &Market,
    folds: &[FoldBars],
) -> Result<(Vec<f64>, Vec<Sums>), Error> {
    let coins = market.coins();
    let mut own = vec![f64::NAN; market.bars() * coins];
    let mut scaled = own.clone();
    let mut sums = vec![Sums::default(); folds.len()];
    let unit = rows
        .trailing_volatility
        .as_ref()
        .unwrap_or(&rows.volatility);
    for group in timestamp_groups(&rows.time_ms) {
        let fold = rows.fold[group.start];
        let Some(fold) = folds.iter().position(|one| one.fold == fold) else {
            break; // Later folds are not asked for.
        };
        let forecast = mean(&forecaster.forecast[group.clone()]);
        let realized = mean(&rows.realized_delayed[group.clone()]);
        for row in group {
            let cell = cell(rows, market, row)?;
            own[cell] = forecaster.forecast[row] - forecast;
            scaled[cell] = own[cell] / unit[row];
            let (x, y) = (
                scaled[cell],
                (rows.realized_delayed[row] - realized) / unit[row],
            );
            // The return ends at this bar, and nothing of the next fold may be in it.
            let ends = cell / coins + 1 + rows.reach_bars;
            let is_purged = folds
                .get(fold + 1)
                .is_some_and(|next| ends > next.bars.start);
            if x.is_finite() && y.is_finite() && !is_purged {
                sums[fold].with_return[0] += x * y.clamp(-MOST, MOST);
                sums[fold].with_return[1] += x * x;
            }
        }
    }
    for (sums, fold) in sums.iter_mut().zip(folds) {
        let cells = fold.bars.start * coins..fold.bars.end * coins;
        sums.with_next = with_next(&scaled[cells], coins);
    }
    Ok((own, sums))
}

/// Mean of the values that are known.
fn mean(values: &[f64]) -> f64 {
    let known = || values.iter().filter(|value| value.is_finite());
    known().sum::<f64>() / known().count() as f64
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

/// How coins move, which positions are sized by.
pub(super) struct Risk<'a> {
    /// Of each day.
    pub covariances: &'a Covariances,
    /// Of each bar and coin.
    pub current: &'a [f64],
}

impl Risk<'_> {
    /// The positions that own forecasts ask for at each bar of the folds.
    fn aims(&self, own: &[f64], market: &Market, folds: &[FoldBars]) -> Vec<f64> {
        let coins = market.coins();
        let mut aims = vec![0.0; own.len()];
        let mut residual = vec![0.0; coins];
        for bar in folds.iter().flat_map(|fold| fold.bars.clone()) {
            let covariance = self.covariances.of_day(market.day(bar));
            let cells = bar * coins..(bar + 1) * coins;
            for (coin, (residual, current)) in residual
                .iter_mut()
                .zip(&self.current[cells.clone()])
                .enumerate()
            {
                *residual = covariance.residual_now(coin, *current);
            }
            covariance.markowitz(&own[cells.clone()], &residual, &mut aims[cells]);
        }
        aims
    }
}
