//! `indicators`: candle returns and the indicators of an earlier LightGBM pipeline, all with period
//! 14.
//!
//! Indicators are TA-Lib's; parameters that have no period of 14 are TA-Lib's defaults.

use ta_lib::MAType;

use super::bars::{Bars, RECURSIVE_BARS, TA_LIB, one, two};
use super::group::Group;
use super::group::GroupFormula::Row;
use super::set::FeatureFormulas;
use crate::Column;

/// Period of all indicators, in bars.
const PERIOD: i32 = 14;

/// Bars over which the slow stochastic is averaged, once for k and once more for d.
const SLOW: i32 = 3;

/// Bars that the StochRSI compares the RSI with, and over which its d is averaged.
const STOCHRSI: (i32, i32) = (5, 3);

/// The set `indicators`.
#[derive(Debug)]
pub(super) struct Indicators;

impl FeatureFormulas for Indicators {
    fn name(&self) -> &'static str {
        "indicators"
    }

    fn description(&self) -> &'static str {
        "Candle returns and TA-Lib's indicators with a period of 14 bars, as an earlier LightGBM pipeline had them. What has no period of 14 has TA-Lib's default."
    }

    fn columns(&self) -> &'static [Column] {
        use Column::{Close, High, Low, Open, Volume};
        &[Open, High, Low, Close, Volume]
    }

    fn groups(&self) -> &'static [Group] {
        &GROUPS
    }
}

/// The groups of `indicators`.
static GROUPS: [Group; 8] = [
    Group {
        name: "returns",
        formula: "`ret1` = close / open - 1 of the bar, `retk` = close[t] / open[t - k + 1] - 1",
        features: &[
            "ret1", "ret2", "ret3", "ret4", "ret5", "ret6", "ret7", "ret8", "ret9", "ret10",
        ],
        warm_up_bars: 10,
        compute: Row(|bars, row, out| {
            for (earlier, value) in out.iter_mut().enumerate() {
                *value = bars.close[row] / bars.open[row - earlier] - 1.0;
            }
        }),
    },
    Group {
        name: "bop",
        formula: "balance of power, (close - open) / (high - low)",
        features: &["bop"],
        warm_up_bars: 1,
        compute: Row(|bars, row, out| out[0] = bop(bars, row)),
    },
    Group {
        name: "cci",
        formula: "commodity channel index of 14 bars",
        features: &["cci"],
        warm_up_bars: 14,
        compute: Row(|bars, row, out| out[0] = cci(bars, row)),
    },
    Group {
        name: "mfi",
        formula: "money flow index of 14 bars",
        features: &["mfi"],
        warm_up_bars: 15,
        compute: Row(|bars, row, out| out[0] = mfi(bars, row)),
    },
    Group {
        name: "rsi",
        formula: "relative strength index of 14 bars",
        features: &["rsi"],
        warm_up_bars: RECURSIVE_BARS,
        compute: Row(|bars, row, out| out[0] = rsi(bars, row, PERIOD)),
    },
    Group {
        name: "stochrsi",
        formula: "stochastic of the RSI of 14 bars over 5 bars, and its mean over 3",
        features: &["stochrsi_k", "stochrsi_d"],
        warm_up_bars: RECURSIVE_BARS,
        compute: Row(|bars, row, out| {
            let (compared, averaged) = STOCHRSI;
            out.copy_from_slice(&two(|k, d| {
                bars.ta_lib.core.stochrsi(
                    row,
                    row,
                    &bars.close,
                    PERIOD,
                    compared,
                    averaged,
                    MAType::SMA,
                    k,
                    d,
                )
            }));
        }),
    },
    Group {
        name: "stoch",
        formula: "slow stochastic of 14 bars, smoothed over 3 bars once (k) and twice (d)",
        features: &["stoch_k", "stoch_d"],
        warm_up_bars: 18,
        compute: Row(|bars, row, out| out.copy_from_slice(&stochastic(bars, row))),
    },
    Group {
        name: "natr",
        formula: "average true range of 14 bars, in percent of the close",
        features: &["natr"],
        warm_up_bars: RECURSIVE_BARS,
        compute: Row(|bars, row, out| out[0] = natr(bars, row)),
    },
];

/// Balance of power: `(close - open) / (high - low)`.
fn bop(bars: &Bars, row: usize) -> f64 {
    one(|out| {
        TA_LIB.core.bop(
            row,
            row,
            &bars.open,
            &bars.high,
            &bars.low,
            &bars.close,
            out,
        )
    })
}

fn mfi(bars: &Bars, row: usize) -> f64 {
    one(|out| {
        TA_LIB.core.mfi(
            row,
            row,
            &bars.high,
            &bars.low,
            &bars.close,
            &bars.volume,
            PERIOD,
            out,
        )
    })
}

pub(super) fn cci(bars: &Bars, row: usize) -> f64 {
    one(|out| {
        TA_LIB
            .core
            .cci(row, row, &bars.high, &bars.low, &bars.close, PERIOD, out)
    })
}

pub(super) fn rsi(bars: &Bars, row: usize, period: i32) -> f64 {
    one(|out| bars.ta_lib.core.rsi(row, row, &bars.close, period, out))
}

/// Slow k and slow d.
pub(super) fn stochastic(bars: &Bars, row: usize) -> [f64; 2] {
    let (high, low, close) = (&bars.high, &bars.low, &bars.close);
    two(|k, d| {
        TA_LIB.core.stoch(
            row,
            row,
            high,
            low,
            close,
            PERIOD,
            SLOW,
            MAType::SMA,
            SLOW,
            MAType::SMA,
            k,
            d,
        )
    })
}

/// Average true range in percent of the close.
pub(super) fn natr(bars: &Bars, row: usize) -> f64 {
    one(|out| {
        bars.ta_lib
            .core
            .natr(row, row, &bars.high, &bars.low, &bars.close, PERIOD, out)
    })
}
