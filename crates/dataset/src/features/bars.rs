//! One coin's candles as indicators see them, and TA-Lib's answer for a single row of them.

use std::ops::Range;
use std::sync::LazyLock;

use market::Interval;
use ta_lib::{Core, FuncUnstId, OutRange, RetCode};

use crate::{Column, Panel};

/// How many rows, its own included, an indicator without an end to its memory is computed from.
///
/// Measured on 5,000 made-up bars, what is older moves no indicator by more than a two thousandth
/// of its own standard deviation; `golden.rs` states it feature by feature. Four hours of minutes,
/// as the other sets have.
pub(super) const RECURSIVE_BARS: usize = 240;

/// The same of bars of a day: 240 of them would be eight months of every coin's life. What is older
/// moves the ratio to the average of 50 days by a tenth of its own standard deviation at most, and all
/// others by less than half of that; `golden.rs` states it.
const RECURSIVE_DAYS: usize = 120;

const DAY_MS: i64 = 86_400_000;

/// How many rows, its own included, a group's features are at most a function of, on bars of that
/// length, where it is `warm_up_bars` on bars of a minute.
pub(super) fn warm_up_on(interval: Interval, warm_up_bars: usize) -> usize {
    match warm_up_bars {
        RECURSIVE_BARS if interval.ms() >= DAY_MS => RECURSIVE_DAYS,
        bars => bars,
    }
}

/// One coin's candles at some rows of a panel.
///
/// A filled bar is a bar without trades: it opens, stays and closes at the last close, and its
/// volume is 0.
pub(crate) struct Bars {
    pub open: Vec<f64>,
    pub high: Vec<f64>,
    pub low: Vec<f64>,
    pub close: Vec<f64>,
    pub volume: Vec<f64>,
    /// `ln(close[t] / close[t - 1])`; 0 at the first row, which no formula reads.
    pub log_return: Vec<f64>,
    /// Open times, UTC milliseconds.
    pub time_ms: Vec<i64>,
    /// TA-Lib with the memory that indicators have on bars of this length.
    pub ta_lib: &'static TaLib,
    known: Vec<usize>,
}

impl Bars {
    /// The coin at `rows`; indicators have the memory that they have on bars of `interval`.
    pub(super) fn of(panel: &Panel, coin: usize, rows: Range<usize>, interval: Interval) -> Self {
        let series = |column| panel.series(column, coin, rows.clone());
        let [open, high, low, close] =
            [Column::Open, Column::High, Column::Low, Column::Close].map(series);
        let mut volume = series(Column::Volume);
        for (volume, row) in volume.iter_mut().zip(rows.clone()) {
            if !panel.is_observed(row, coin) {
                *volume = 0.0;
            }
        }
        let mut run = 0;
        let known = (0..close.len())
            .map(|row| {
                let is_known = [&open, &high, &low, &close, &volume]
                    .iter()
                    .all(|series| series[row].is_finite());
                run = if is_known { run + 1 } else { 0 };
                run
            })
            .collect();
        let returns = close.windows(2).map(|pair| (pair[1] / pair[0]).ln());
        let log_return = std::iter::once(0.0)
            .chain(returns)
            .take(close.len())
            .collect();
        let time_ms = rows.map(|row| panel.time_ms(row)).collect();
        Self {
            open,
            high,
            low,
            close,
            volume,
            log_return,
            time_ms,
            ta_lib: match interval.ms() >= DAY_MS {
                true => &OF_DAYS,
                false => &TA_LIB,
            },
            known,
        }
    }

    /// How many rows in a row, up to this one, have all their values.
    pub(super) fn known_bars(&self, row: usize) -> usize {
        self.known[row]
    }

    /// `close[t] / close[t - bars] - 1`.
    pub(super) fn simple_return(&self, row: usize, bars: usize) -> f64 {
        self.close[row] / self.close[row - bars] - 1.0
    }
}

/// TA-Lib with as many bars before its first output as make an indicator a function of exactly its
/// last bars.
///
/// TA-Lib calls them the unstable period. An indicator asked for one row begins its recursion that
/// long before it, wherever the history starts, so that a row has the same bits live as offline.
pub(crate) struct TaLib {
    /// For all but MACD.
    pub core: Core,
    /// For MACD, whose average of averages counts its unstable period twice.
    pub macd: Core,
}

/// Longest period of RSI, of the true range and of an average in any set, in bars before the row.
const LONGEST: [(FuncUnstId, usize); 3] = [
    (FuncUnstId::RSI, 21),
    (FuncUnstId::NATR, 14),
    (FuncUnstId::EMA, 49),
];

/// Bars that MACD(12, 26, 9) needs without any unstable period, its own not counted.
const MACD_BARS: usize = 33;

pub(super) static TA_LIB: LazyLock<TaLib> = LazyLock::new(|| TaLib::of(RECURSIVE_BARS));

/// On bars of a day.
static OF_DAYS: LazyLock<TaLib> = LazyLock::new(|| TaLib::of(RECURSIVE_DAYS));

impl TaLib {
    /// Of indicators that are a function of so many bars.
    fn of(bars: usize) -> Self {
        let unstable = |period: usize| (bars - 1 - period) as u32;
        let core = LONGEST
            .iter()
            .fold(Core::builder(), |builder, &(function, longest)| {
                builder.unstable_period(function, unstable(longest))
            });
        let macd = Core::builder().unstable_period(FuncUnstId::EMA, unstable(MACD_BARS) / 2);
        // Only a period of a hundred million bars is refused; golden values would tell.
        TaLib {
            core: core.build().unwrap_or_default(),
            macd: macd.build().unwrap_or_default(),
        }
    }
}

/// The one value of a function of TA-Lib that is asked for one row; NaN where it has none.
pub(super) fn one(function: impl FnOnce(&mut [f64]) -> Result<OutRange, RetCode>) -> f64 {
    let mut value = [f64::NAN];
    match function(&mut value) {
        Ok(OutRange { count: 1, .. }) => value[0],
        _ => f64::NAN,
    }
}

/// [`one`], of a function with two outputs.
pub(super) fn two(
    function: impl FnOnce(&mut [f64], &mut [f64]) -> Result<OutRange, RetCode>,
) -> [f64; 2] {
    let mut second = [f64::NAN];
    let first = one(|first| function(first, &mut second));
    [first, second[0]]
}

/// [`one`], of a function with three outputs.
pub(super) fn three(
    function: impl FnOnce(&mut [f64], &mut [f64], &mut [f64]) -> Result<OutRange, RetCode>,
) -> [f64; 3] {
    let mut third = [f64::NAN];
    let [first, second] = two(|first, second| function(first, second, &mut third));
    [first, second, third[0]]
}
