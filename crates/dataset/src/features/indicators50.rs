//! `indicators50`: 54 indicators, returns, volatilities, volumes and calendar features.
//!
//! Indicators are TA-Lib's. What TA-Lib gives in the price's unit is taken relative to the close,
//! so that coins compare; where nothing moved or nothing was traded a ratio of zeros has the value
//! that its comment says.

use std::f64::consts::TAU;

use ta_lib::MAType;

use super::bars::{Bars, RECURSIVE_BARS, TA_LIB, one, three};
use super::group::Group;
use super::group::GroupFormula::Row;
use super::indicators::{cci, natr, rsi, stochastic};
use super::set::FeatureFormulas;
use crate::Column;

/// Period of ATR, stochastic, CCI and Williams %R; `indicators` has the same.
const PERIOD: i32 = 14;

/// Window of the Bollinger bands in bars, and their distance in standard deviations: TA-Lib's and
/// Bollinger's own.
const BOLLINGER: (i32, f64) = (20, 2.0);

/// MACD's fast, slow and signal averages in bars: the usual ones.
const MACD: (i32, i32, i32) = (12, 26, 9);

/// The set `indicators50`.
#[derive(Debug)]
pub(super) struct Indicators50;

impl FeatureFormulas for Indicators50 {
    fn name(&self) -> &'static str {
        "indicators50"
    }

    fn description(&self) -> &'static str {
        "Indicators, returns, volatilities, volumes and the calendar, by TA-Lib where it has them. What TA-Lib gives in the price's unit is taken relative to the close, so that coins compare."
    }

    fn columns(&self) -> &'static [Column] {
        use Column::{Close, High, Low, Open, Volume};
        &[Open, High, Low, Close, Volume]
    }

    fn groups(&self) -> &'static [Group] {
        &GROUPS
    }
}

/// The groups of `indicators50`.
static GROUPS: [Group; 14] = [
    Group {
        name: "rsi",
        formula: "relative strength index of 7, 14 and 21 bars",
        features: &["rsi_7", "rsi_14", "rsi_21"],
        warm_up_bars: RECURSIVE_BARS,
        compute: Row(|bars, row, out| each(out, [7, 14, 21], |period| rsi(bars, row, period))),
    },
    Group {
        name: "macd",
        formula: "MACD(12, 26, 9), its signal and their difference, each divided by the close",
        features: &["macd", "macd_signal", "macd_histogram"],
        warm_up_bars: RECURSIVE_BARS,
        compute: Row(macd),
    },
    Group {
        name: "bollinger",
        formula: "bands of 20 bars at 2 standard deviations: upper, middle and lower band / close - 1; (upper - lower) / middle; (close - lower) / (upper - lower), 0.5 where prices stood still",
        features: &[
            "bollinger_upper",
            "bollinger_middle",
            "bollinger_lower",
            "bollinger_width",
            "bollinger_position",
        ],
        warm_up_bars: 20,
        compute: Row(bollinger),
    },
    Group {
        name: "atr",
        formula: "average true range of 14 bars / close",
        features: &["atr"],
        warm_up_bars: RECURSIVE_BARS,
        compute: Row(|bars, row, out| out[0] = natr(bars, row) / 100.0),
    },
    Group {
        name: "stoch",
        formula: "slow stochastic of 14 bars, smoothed over 3 bars once (k) and twice (d)",
        features: &["stoch_k", "stoch_d"],
        warm_up_bars: 18,
        compute: Row(|bars, row, out| out.copy_from_slice(&stochastic(bars, row))),
    },
    Group {
        name: "cci",
        formula: "commodity channel index of 14 bars",
        features: &["cci"],
        warm_up_bars: 14,
        compute: Row(|bars, row, out| out[0] = cci(bars, row)),
    },
    Group {
        name: "williams_r",
        formula: "Williams %R of 14 bars",
        features: &["williams_r"],
        warm_up_bars: 14,
        compute: Row(|bars, row, out| {
            let (high, low, close) = (&bars.high, &bars.low, &bars.close);
            out[0] = one(|out| TA_LIB.core.willr(row, row, high, low, close, PERIOD, out));
        }),
    },
    Group {
        name: "averages",
        formula: "close / simple or exponential average of so many bars - 1",
        features: &[
            "sma_ratio_7",
            "sma_ratio_14",
            "sma_ratio_30",
            "sma_ratio_50",
            "ema_ratio_7",
            "ema_ratio_14",
            "ema_ratio_30",
            "ema_ratio_50",
        ],
        warm_up_bars: RECURSIVE_BARS,
        compute: Row(averages),
    },
    Group {
        name: "returns",
        formula: "close[t] / close[t - k] - 1",
        features: &["return_1", "return_3", "return_7", "return_14", "return_30"],
        warm_up_bars: 31,
        compute: Row(|bars, row, out| {
            each(out, [1, 3, 7, 14, 30], |reach| {
                bars.simple_return(row, reach)
            })
        }),
    },
    Group {
        name: "momentum",
        formula: "close[t] / close[t - k] - 1; the acceleration is `momentum_10` minus that of 10 bars before",
        features: &["momentum_10", "momentum_20", "acceleration_10"],
        warm_up_bars: 21,
        compute: Row(|bars, row, out| {
            let of_last = bars.simple_return(row, 10);
            out.copy_from_slice(&[
                of_last,
                bars.simple_return(row, 20),
                of_last - bars.simple_return(row - 10, 10),
            ]);
        }),
    },
    Group {
        name: "volatility",
        formula: "standard deviation of one-bar log returns over so many bars; the ratio is that of 7 bars / that of 30, 1 where prices stood still",
        features: &[
            "volatility_7",
            "volatility_14",
            "volatility_30",
            "volatility_ratio",
        ],
        warm_up_bars: 31,
        compute: Row(volatility),
    },
    Group {
        name: "zscores",
        formula: "(x - mean) / standard deviation over so many bars, of the close or the volume, 0 where nothing varied",
        features: &["zscore_14", "zscore_30", "volume_zscore_30"],
        warm_up_bars: 30,
        compute: Row(|bars, row, out| {
            out.copy_from_slice(&[
                zscore(&bars.close, row, 14),
                zscore(&bars.close, row, 30),
                zscore(&bars.volume, row, 30),
            ]);
        }),
    },
    Group {
        name: "volume",
        formula: "momentum: (a - b) / (a + b) of the mean volume a of so many bars and b of as many before; ratio: volume / mean; obv: gain of the on-balance volume / volume over so many bars; all 0 without trades; the correlation of one-bar log returns with volumes over 30 bars",
        features: &[
            "volume_momentum_7",
            "volume_momentum_14",
            "volume_ratio_7",
            "volume_ratio_30",
            "obv_14",
            "obv_30",
            "price_volume_correlation",
        ],
        warm_up_bars: 31,
        compute: Row(volume),
    },
    Group {
        name: "calendar",
        formula: "of the open time in UTC: day of the week from Monday = 0, month and quarter from 1, 1 on Saturday and Sunday, and sine and cosine of day and month as angles of a circle",
        features: &[
            "day_of_week",
            "month",
            "quarter",
            "is_weekend",
            "day_of_week_sin",
            "day_of_week_cos",
            "month_sin",
            "month_cos",
        ],
        warm_up_bars: 1,
        compute: Row(|bars, row, out| calendar(bars.time_ms[row], out)),
    },
];

fn each<T, const N: usize>(out: &mut [f64], arguments: [T; N], formula: impl Fn(T) -> f64) {
    for (value, argument) in out.iter_mut().zip(arguments) {
        *value = formula(argument);
    }
}

/// `numerator / denominator`, or `otherwise` where the denominator is 0.
fn ratio(numerator: f64, denominator: f64, otherwise: f64) -> f64 {
    if denominator == 0.0 {
        otherwise
    } else {
        numerator / denominator
    }
}

fn mean(values: &[f64], row: usize, window: i32) -> f64 {
    one(|out| TA_LIB.core.sma(row, row, values, window, out))
}

fn deviation(values: &[f64], row: usize, window: i32) -> f64 {
    one(|out| TA_LIB.core.stddev(row, row, values, window, 1.0, out))
}

/// MACD, signal and histogram, in parts of the close.
pub(super) fn macd(bars: &Bars, row: usize, out: &mut [f64]) {
    let (fast, slow, smoothing) = MACD;
    let values = three(|macd, signal, histogram| {
        bars.ta_lib.macd.macd(
            row,
            row,
            &bars.close,
            fast,
            slow,
            smoothing,
            macd,
            signal,
            histogram,
        )
    });
    each(out, values, |value| value / bars.close[row]);
}

/// The bands relative to the close; their width in parts of the middle; where between them the
/// close is, from 0 (lower) to 1 (upper), 0.5 where prices stood still.
pub(super) fn bollinger(bars: &Bars, row: usize, out: &mut [f64]) {
    let (window, distance) = BOLLINGER;
    let [upper, middle, lower] = three(|upper, middle, lower| {
        TA_LIB.core.bbands(
            row,
            row,
            &bars.close,
            window,
            distance,
            distance,
            MAType::SMA,
            upper,
            middle,
            lower,
        )
    });
    let close = bars.close[row];
    out.copy_from_slice(&[
        upper / close - 1.0,
        middle / close - 1.0,
        lower / close - 1.0,
        (upper - lower) / middle,
        ratio(close - lower, upper - lower, 0.5),
    ]);
}

/// The close relative to its simple and its exponential averages.
fn averages(bars: &Bars, row: usize, out: &mut [f64]) {
    const WINDOWS: [i32; 4] = [7, 14, 30, 50];
    let (simple, exponential) = out.split_at_mut(WINDOWS.len());
    let close = bars.close[row];
    each(simple, WINDOWS, |window| {
        close / mean(&bars.close, row, window) - 1.0
    });
    each(exponential, WINDOWS, |window| {
        let average = |out: &mut [f64]| bars.ta_lib.core.ema(row, row, &bars.close, window, out);
        close / one(average) - 1.0
    });
}

/// Standard deviations of one-bar log returns, and the shortest relative to the longest: 1 where
/// prices stood still.
fn volatility(bars: &Bars, row: usize, out: &mut [f64]) {
    let [short, middle, long] = [7, 14, 30].map(|window| deviation(&bars.log_return, row, window));
    out.copy_from_slice(&[short, middle, long, ratio(short, long, 1.0)]);
}

/// Standard deviations from the mean of the window; 0 where nothing varied.
fn zscore(values: &[f64], row: usize, window: i32) -> f64 {
    ratio(
        values[row] - mean(values, row, window),
        deviation(values, row, window),
        0.0,
    )
}

/// Momentum: (a - b) / (a + b) of the last bars' volume a and that of as many bars before, b.
/// Ratio: the volume relative to its mean. OBV: what on-balance volume gained over the last bars,
/// in parts of their volume. All 0 without trades. Last, the correlation of one-bar log returns
/// with volumes over 30 bars.
fn volume(bars: &Bars, row: usize, out: &mut [f64]) {
    let momentum = |window: i32| {
        let (last, before) = (
            mean(&bars.volume, row, window),
            mean(&bars.volume, row - window as usize, window),
        );
        ratio(last - before, last + before, 0.0)
    };
    let relative = |window: i32| ratio(bars.volume[row], mean(&bars.volume, row, window), 0.0);
    let correlation = one(|out| {
        TA_LIB
            .core
            .correl(row, row, &bars.log_return, &bars.volume, 30, out)
    });
    out.copy_from_slice(&[
        momentum(7),
        momentum(14),
        relative(7),
        relative(30),
        obv_gain::<15>(bars, row),
        obv_gain::<31>(bars, row),
        correlation,
    ]);
}

/// On-balance volume grows for ever, so only its change over the last `BARS` rows is a function of
/// these rows.
fn obv_gain<const BARS: usize>(bars: &Bars, row: usize) -> f64 {
    let first = row + 1 - BARS;
    let mut sums = [f64::NAN; BARS];
    match TA_LIB
        .core
        .obv(first, row, &bars.close, &bars.volume, &mut sums)
    {
        Ok(_) => ratio(
            sums[BARS - 1] - sums[0],
            bars.volume[first + 1..=row].iter().sum(),
            0.0,
        ),
        Err(_) => f64::NAN,
    }
}

/// Of the bar's open time, UTC: day of the week from Monday = 0, month from 1, quarter from 1,
/// whether it is Saturday or Sunday, and day and month as angles of a circle.
fn calendar(time_ms: i64, out: &mut [f64]) {
    let Ok(time) = jiff::Timestamp::from_millisecond(time_ms) else {
        return;
    };
    let date = time.to_zoned(jiff::tz::TimeZone::UTC).date();
    let day = f64::from(date.weekday().to_monday_zero_offset());
    let month = f64::from(date.month());
    let (day_angle, month_angle) = (TAU * day / 7.0, TAU * (month - 1.0) / 12.0);
    out.copy_from_slice(&[
        day,
        month,
        ((month - 1.0) / 3.0).floor() + 1.0,
        f64::from(u8::from(day >= 5.0)),
        day_angle.sin(),
        day_angle.cos(),
        month_angle.sin(),
        month_angle.cos(),
    ]);
}
