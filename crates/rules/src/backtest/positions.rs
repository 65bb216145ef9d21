//! From forecasts to positions.

use score::{ForecastColumn, Rows};
use statistics::timestamp_groups;

use crate::backtest::bars::{BarGrid, CoinBars};
use crate::backtest::settings::{BacktestOptions, Direction, SignalRule, Trial};
use crate::error::Error;
use crate::quantiles::bins_of;
use crate::{CoinThresholds, QuantileOptions, Scope, Side};

/// What a signal says of every row: 1 is a buy, -1 a sale, 0 nothing.
pub(super) fn signals(
    rows: &Rows,
    forecaster: &ForecastColumn,
    signal: &SignalRule,
    options: &BacktestOptions,
) -> Result<Vec<i8>, Error> {
    let by_coin = |thresholds: &dyn Fn(&str) -> CoinThresholds| {
        let coins: Vec<CoinThresholds> = rows
            .symbols
            .iter()
            .map(|symbol| thresholds(symbol))
            .collect();
        let of_row =
            |(symbol, forecast): (&u32, &f64)| match coins[*symbol as usize].side(*forecast) {
                Some(Side::Buy) => 1,
                Some(Side::Sell) => -1,
                None => 0,
            };
        rows.symbol
            .iter()
            .zip(&forecaster.forecast)
            .map(of_row)
            .collect()
    };
    match signal {
        SignalRule::Quantile { bins, bought } => {
            let options = QuantileOptions {
                bins: *bins,
                scope: options.scope,
                trailing_bars: options.trailing_bars,
                ..QuantileOptions::usual(rows)
            };
            let (bought, sold) = ((bought - 1) as u16, (bins - bought) as u16);
            let of_bin = |bin: Option<u16>| match bin {
                Some(bin) if bin == bought => 1,
                Some(bin) if bin == sold => -1,
                _ => 0,
            };
            Ok(bins_of(rows, &forecaster.forecast, &options)?
                .into_iter()
                .map(of_bin)
                .collect())
        }
        SignalRule::Threshold { bps } => {
            let threshold = bps * 1e-4;
            Ok(by_coin(&|_| CoinThresholds {
                buy: Some(threshold),
                sell: Some(-threshold),
                calibration: None,
            }))
        }
        SignalRule::Thresholds(thresholds) => Ok(by_coin(&|symbol| {
            thresholds.coins.get(symbol).copied().unwrap_or_default()
        })),
    }
}

/// Positions of every row.
pub(super) struct Positions {
    /// As parts of the whole capital.
    pub weight: Vec<f64>,
    /// As parts of a capital that this coin alone is traded with: between -1 and 1.
    pub alone: Vec<f64>,
}

impl Positions {
    /// The positions that a trial's signals lead to.
    ///
    /// Where coins are ranked among each other, the capital is spread over those held: each side
    /// has the whole of it, or half where both are held. Otherwise every coin has the same part
    /// of the capital, whether it is held or not.
    pub fn new(
        rows: &Rows,
        bars: &BarGrid,
        signals: &[i8],
        trial: &Trial,
        options: &BacktestOptions,
    ) -> Self {
        let followed: Vec<i8> = signals
            .iter()
            .map(|&signal| trial.direction.followed(signal))
            .collect();
        let is_ranked_across = options.scope == Scope::Timestamp
            && matches!(trial.signal, SignalRule::Quantile { .. });
        let mut weight = if is_ranked_across {
            spread(
                rows,
                &followed,
                if trial.direction == Direction::LongShort {
                    0.5
                } else {
                    1.0
                },
            )
        } else {
            let part = 1.0 / rows.symbols.len() as f64;
            followed
                .iter()
                .map(|&signal| f64::from(signal) * part)
                .collect()
        };
        let mut alone: Vec<f64> = followed.into_iter().map(f64::from).collect();
        if trial.hold_bars > 1 {
            for coin in &bars.coins {
                hold(coin, &mut weight, trial.hold_bars);
                hold(coin, &mut alone, trial.hold_bars);
            }
        }
        Self { weight, alone }
    }
}

/// Each side's capital in equal parts on the coins of one time.
fn spread(rows: &Rows, signals: &[i8], capital: f64) -> Vec<f64> {
    let mut weight = vec![0.0; signals.len()];
    for group in timestamp_groups(&rows.time_ms) {
        let count = |side: i8| {
            signals[group.clone()]
                .iter()
                .filter(|&&signal| signal == side)
                .count() as f64
        };
        let (bought, sold) = (count(1), count(-1));
        for row in group.clone() {
            weight[row] = match signals[row] {
                0 => 0.0,
                1 => capital / bought,
                _ => -capital / sold,
            };
        }
    }
    weight
}

/// Replaces each position by the mean of the last `bars` of the coin; a gap ends what was held
/// before it.
fn hold(coin: &CoinBars, position: &mut [f64], bars: usize) {
    let of_row: Vec<f64> = coin
        .places
        .iter()
        .map(|&place| position[place as usize])
        .collect();
    let mut first = 0;
    for row in 0..of_row.len() {
        if row > 0 && !coin.goes_on[row - 1] {
            first = row;
        }
        first = first.max((row + 1).saturating_sub(bars));
        // Summed anew each time: a running sum would never return to exactly nothing.
        let sum: f64 = of_row[first..=row].iter().sum();
        position[coin.places[row] as usize] = sum / bars as f64;
    }
}
