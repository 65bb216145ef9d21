//! `volatility`: what forecasters of volatility have been given, in groups.

use statistics::{BarPrices, garman_klass, parkinson, rogers_satchell};

use super::bars::RECURSIVE_BARS;
use super::group::GroupFormula::{Row, Series};
use super::group::{CoinInMarket, Group, OptionalGroup};
use super::indicators::{natr, rsi};
use super::indicators50::{bollinger, macd};
use super::market_series::{WINDOWS, turnover};
use super::moments::{Moments, trailing_minimum};
use super::set::FeatureFormulas;
use super::variances::{CoinVariances, DAYS, FLOOR};
use super::volatility_optional::OPTIONAL;
use crate::Column;

/// Days of the lags of a return.
const RETURN_LAGS: [usize; 3] = [1, 2, 3];

/// Days of the lags of a volatility.
const VOLATILITY_LAGS: [usize; 3] = [1, 3, 7];

/// The period of RSI and true range, in bars.
const PERIOD: i32 = 14;

/// The set `volatility`.
#[derive(Debug)]
pub(super) struct Volatility;

impl FeatureFormulas for Volatility {
    fn name(&self) -> &'static str {
        "volatility"
    }

    fn description(&self) -> &'static str {
        "What forecasters of volatility have been given: realized and range volatilities, the shape of \
         returns, lags, indicators, the market and turnover. Windows are days and have as many bars as \
         fit the interval, but those of the indicators are bars. Returns and holes are as in `har_range`. \
         What stood still has a skewness, kurtosis and correlation of 0."
    }

    fn columns(&self) -> &'static [Column] {
        use Column::{Close, High, Low, Open, Volume};
        &[Open, High, Low, Close, Volume]
    }

    fn groups(&self) -> &'static [Group] {
        &GROUPS
    }

    fn optional_groups(&self) -> &'static [OptionalGroup] {
        &OPTIONAL
    }
}

/// The groups of `volatility`.
static GROUPS: [Group; 15] = [
    Group {
        name: "realized",
        formula: "ln of the volatility per day over 1, 7 and 30 days by squared returns",
        features: &["lrv1", "lrv7", "lrv30"],
        warm_up_bars: 31,
        compute: Series(|at| log_volatilities(at.coin, &at.coin.squared_returns())),
    },
    Group {
        name: "parkinson",
        formula: "the same by ln(high / low)^2 / (4 ln 2)",
        features: &["lpk1", "lpk7", "lpk30"],
        warm_up_bars: 31,
        compute: Series(|at| of_ranges(at.coin, parkinson)),
    },
    Group {
        name: "garman_klass",
        formula: "the same by 0.5 ln(high / low)^2 - (2 ln 2 - 1) ln(close / open)^2",
        features: &["lgk1", "lgk7", "lgk30"],
        warm_up_bars: 31,
        compute: Series(|at| of_ranges(at.coin, garman_klass)),
    },
    Group {
        name: "rogers_satchell",
        formula: "the same by ln(high / close) ln(high / open) + ln(low / close) ln(low / open)",
        features: &["lrs1", "lrs7", "lrs30"],
        warm_up_bars: 31,
        compute: Series(|at| of_ranges(at.coin, rogers_satchell)),
    },
    Group {
        name: "yang_zhang",
        formula: "ln of the volatility per day over 7 and 30 days by Yang and Zhang: the variance of ln(open / close before), k times that of ln(close / open) and 1 - k times the mean by Rogers and Satchell, k = 0.34 / (1.34 + (n + 1) / (n - 1)) of n bars",
        features: &["lyz7", "lyz30"],
        warm_up_bars: 31,
        compute: Series(yang_zhang),
    },
    Group {
        name: "candle",
        formula: "of the bar: log return, its size, (high - low) / close and (close - open) / open",
        features: &["log_return", "absolute_return", "range", "body"],
        warm_up_bars: 2,
        compute: Series(candle),
    },
    Group {
        name: "returns",
        formula: "mean, sample standard deviation, lowest, highest, skewness and excess kurtosis of the one-bar log returns of 7, 14 and 30 days",
        features: &[
            "return_mean_7",
            "return_std_7",
            "return_min_7",
            "return_max_7",
            "return_skew_7",
            "return_kurtosis_7",
            "return_mean_14",
            "return_std_14",
            "return_min_14",
            "return_max_14",
            "return_skew_14",
            "return_kurtosis_14",
            "return_mean_30",
            "return_std_30",
            "return_min_30",
            "return_max_30",
            "return_skew_30",
            "return_kurtosis_30",
        ],
        warm_up_bars: 31,
        compute: Series(returns),
    },
    Group {
        name: "lags",
        formula: "`return_std_7` of 1, 3 and 7 days before, and `log_return` of 1, 2 and 3 days before",
        features: &[
            "return_std_7_lag_1",
            "return_std_7_lag_3",
            "return_std_7_lag_7",
            "log_return_lag_1",
            "log_return_lag_2",
            "log_return_lag_3",
        ],
        warm_up_bars: 15,
        compute: Series(lags),
    },
    Group {
        name: "atr",
        formula: "average true range of 14 bars / close",
        features: &["atr_14"],
        warm_up_bars: RECURSIVE_BARS,
        compute: Row(|bars, row, out| out[0] = natr(bars, row) / 100.0),
    },
    Group {
        name: "bollinger",
        formula: "(upper - lower) / middle of bands of 20 bars at 2 standard deviations",
        features: &["bollinger_width"],
        warm_up_bars: 20,
        compute: Row(|bars, row, out| {
            let mut bands = [f64::NAN; 5];
            bollinger(bars, row, &mut bands);
            out[0] = bands[3];
        }),
    },
    Group {
        name: "rsi",
        formula: "relative strength index of 14 bars",
        features: &["rsi_14"],
        warm_up_bars: RECURSIVE_BARS,
        compute: Row(|bars, row, out| out[0] = rsi(bars, row, PERIOD)),
    },
    Group {
        name: "macd",
        formula: "MACD(12, 26, 9), its signal and their difference, each divided by the close",
        features: &["macd", "macd_signal", "macd_histogram"],
        warm_up_bars: RECURSIVE_BARS,
        compute: Row(macd),
    },
    Group {
        name: "bitcoin",
        formula: "correlation of the one-bar log returns of 7, 14 and 30 days with those of the coin whose symbol begins with BTC; with the market's mean return where there is none",
        features: &[
            "bitcoin_correlation_7",
            "bitcoin_correlation_14",
            "bitcoin_correlation_30",
        ],
        warm_up_bars: 31,
        compute: Series(bitcoin),
    },
    Group {
        name: "market",
        formula: "mean over the coins of `log_return`, and of `return_std_7`, `_14` and `_30`; the coin's own minus the latter",
        features: &[
            "market_return",
            "market_std_7",
            "market_std_14",
            "market_std_30",
            "std_spread_7",
            "std_spread_14",
            "std_spread_30",
        ],
        warm_up_bars: 31,
        compute: Series(market),
    },
    Group {
        name: "volume",
        formula: "ln(1 + volume x close) of the bar, ln(1 + its mean) over 7, 14 and 30 days, and the coin's place by the mean of 30 days, from 0 (the coin with the least) to 1",
        features: &[
            "turnover",
            "turnover_7",
            "turnover_14",
            "turnover_30",
            "turnover_rank",
        ],
        warm_up_bars: 31,
        compute: Series(volume),
    },
];

fn log_volatilities(coin: &CoinVariances, variances: &[f64]) -> Vec<Vec<f64>> {
    DAYS.map(|days| coin.log_volatility(variances, days, FLOOR))
        .to_vec()
}

fn of_ranges(coin: &CoinVariances, formula: fn(BarPrices) -> f64) -> Vec<Vec<f64>> {
    let variances: Vec<f64> = coin.prices().into_iter().map(formula).collect();
    log_volatilities(coin, &variances)
}

fn yang_zhang(at: &CoinInMarket) -> Vec<Vec<f64>> {
    let (coin, prices) = (at.coin, at.coin.prices());
    let closes = coin.series(Column::Close);
    let before = std::iter::once(&f64::NAN).chain(&closes);
    let jumps: Vec<f64> = (prices.iter().zip(before))
        .map(|(bar, close)| (bar.open / close).ln())
        .collect();
    let moves: Vec<f64> = (prices.iter())
        .map(|bar| (bar.close / bar.open).ln())
        .collect();
    let inside: Vec<f64> = prices.into_iter().map(rogers_satchell).collect();
    let of_window = |days: usize| {
        let bars = coin.bars(days);
        let n = bars as f64;
        let k = 0.34 / (1.34 + (n + 1.0) / (n - 1.0));
        let [jumps, moves] = [&jumps, &moves].map(|values| Moments::of(coin, values, bars).std());
        let inside = coin.mean(&inside, bars);
        let variance =
            |row: usize| jumps[row].powi(2) + k * moves[row].powi(2) + (1.0 - k) * inside[row];
        let variances: Vec<f64> = (0..inside.len()).map(variance).collect();
        coin.log_per_day(&variances, FLOOR)
    };
    [7, 30].map(of_window).to_vec()
}

fn candle(at: &CoinInMarket) -> Vec<Vec<f64>> {
    let (coin, prices) = (at.coin, at.coin.prices());
    let of = |formula: fn(&BarPrices) -> f64| prices.iter().map(formula).collect();
    vec![
        coin.returns.clone(),
        coin.returns.iter().map(|value| value.abs()).collect(),
        of(|bar| (bar.high - bar.low) / bar.close),
        of(|bar| (bar.close - bar.open) / bar.open),
    ]
}

fn returns(at: &CoinInMarket) -> Vec<Vec<f64>> {
    let (coin, values) = (at.coin, &at.coin.returns);
    let opposite: Vec<f64> = values.iter().map(|value| -value).collect();
    let of_window = |days: usize| {
        let bars = coin.bars(days);
        let moments = Moments::of(coin, values, bars);
        let mean = moments.mean();
        // Where the window is not known, neither are its ends.
        let known = |ends: Vec<f64>, sign: f64| -> Vec<f64> {
            let pairs = ends.iter().zip(&mean);
            pairs
                .map(|(end, mean)| if mean.is_nan() { f64::NAN } else { sign * end })
                .collect()
        };
        let lowest = known(trailing_minimum(values, bars), 1.0);
        let highest = known(trailing_minimum(&opposite, bars), -1.0);
        let (std, skew, kurtosis) = (moments.std(), moments.skew(), moments.kurtosis());
        [mean, std, lowest, highest, skew, kurtosis]
    };
    WINDOWS.into_iter().flat_map(of_window).collect()
}

fn lags(at: &CoinInMarket) -> Vec<Vec<f64>> {
    let coin = at.coin;
    // The shortest window's.
    let std = &at.market.deviations[0][at.place];
    let volatilities = VOLATILITY_LAGS.map(|days| coin.earlier(std, days));
    let returns = RETURN_LAGS.map(|days| coin.earlier(&coin.returns, days));
    volatilities.into_iter().chain(returns).collect()
}

fn bitcoin(at: &CoinInMarket) -> Vec<Vec<f64>> {
    let pairs = at.coin.returns.iter().zip(&at.market.leader);
    // Only what both have.
    let (own, leader): (Vec<f64>, Vec<f64>) = pairs
        .map(|(own, leader)| match own.is_nan() || leader.is_nan() {
            true => (f64::NAN, f64::NAN),
            false => (*own, *leader),
        })
        .unzip();
    let products: Vec<f64> = own.iter().zip(&leader).map(|(a, b)| a * b).collect();
    let of_window = |days: usize| {
        let bars = at.coin.bars(days);
        let n = bars as f64;
        let [own, leader] = [&own, &leader].map(|values| Moments::of(at.coin, values, bars));
        let (own_mean, leader_mean) = (own.mean(), leader.mean());
        let (own_std, leader_std) = (own.std(), leader.std());
        let product = at.coin.mean(&products, bars);
        let correlation = |row: usize| {
            let covariance = (product[row] - own_mean[row] * leader_mean[row]) * n / (n - 1.0);
            let scale = own_std[row] * leader_std[row];
            // NaN where the window is not known.
            if scale == 0.0 {
                0.0
            } else {
                (covariance / scale).clamp(-1.0, 1.0)
            }
        };
        (0..product.len()).map(correlation).collect()
    };
    WINDOWS.map(of_window).to_vec()
}

fn market(at: &CoinInMarket) -> Vec<Vec<f64>> {
    let market = at.market;
    let spread = |window: usize| -> Vec<f64> {
        let own = market.deviations[window][at.place].iter();
        own.zip(&market.mean_deviation[window])
            .map(|(own, mean)| own - mean)
            .collect()
    };
    std::iter::once(market.mean_return.clone())
        .chain(market.mean_deviation.iter().cloned())
        .chain([0, 1, 2].map(spread))
        .collect()
}

fn volume(at: &CoinInMarket) -> Vec<Vec<f64>> {
    let turnover = turnover(at.coin);
    let logs = |values: Vec<f64>| values.iter().map(|value| value.ln_1p()).collect();
    let of_window = |days: usize| logs(at.coin.mean(&turnover, at.coin.bars(days)));
    let windows = WINDOWS.map(of_window);
    let rank = at.market.turnover_rank[at.place].clone();
    std::iter::once(logs(turnover.clone()))
        .chain(windows)
        .chain([rank])
        .collect()
}
