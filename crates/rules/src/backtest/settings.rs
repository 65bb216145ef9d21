//! Settings of a backtest: the rule, whatever is tried, and what every trial shares.

use score::Rows;
use serde::{Deserialize, Serialize};

use crate::error::{Error, setting};
use crate::quantiles::MOST_BINS;
use crate::{QuantileOptions, Scope, Thresholds};

/// The rule that says from its forecast when a coin is held.
#[derive(Debug, Clone, PartialEq)]
pub enum SignalRule {
    /// One of so many bins is bought, its opposite sold.
    Quantile {
        /// Number of bins.
        bins: usize,
        /// The bin that is bought, from 1, the lowest forecasts, to `bins`, the highest. Its
        /// opposite is as far from the other end: the lowest bin where the highest is bought.
        bought: usize,
    },
    /// Forecasts of at least so many basis points are bought, of at most as many below 0 sold.
    Threshold {
        /// Basis points, above 0.
        bps: f64,
    },
    /// Each coin by its own thresholds, those of `thresholds.toml`.
    Thresholds(Thresholds),
}

/// Which of the signals are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Buys alone.
    Long,
    /// Sales alone.
    Short,
    /// Both.
    LongShort,
}

impl Direction {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Long, Self::Short, Self::LongShort];

    /// `long`, `short` or `longshort`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Long => "long",
            Self::Short => "short",
            Self::LongShort => "longshort",
        }
    }

    /// The direction of that name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|direction| direction.name() == name)
    }

    /// The position that a signal (1, 0 or -1) leads to.
    pub(crate) fn followed(self, signal: i8) -> i8 {
        match self {
            Self::Long => signal.max(0),
            Self::Short => signal.min(0),
            Self::LongShort => signal,
        }
    }
}

/// One rule that is tried.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    /// The rule that says when a coin is held.
    pub signal: SignalRule,
    /// Which of the signals are followed.
    pub direction: Direction,
    /// Bars that a signal is held for: the position is the mean of the last so many signals. 1:
    /// decided anew every bar.
    pub hold_bars: usize,
}

/// Where the return of a bar comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BarReturn {
    /// The row's own realized value: targets that reach over one bar.
    Realized,
    /// `last_return` of the coin's next row: from close to close.
    NextRow,
}

/// What all trials share.
#[derive(Debug, Clone, PartialEq)]
pub struct BacktestOptions {
    /// Quantile signals: what a forecast is ranked against.
    pub scope: Scope,
    /// Scope `trailing`: forecasts that one is ranked among.
    pub trailing_bars: usize,
    /// The fee of a fill, in basis points of its value; a position has two fills.
    pub fee_bps: f64,
    /// 0: a position earns the bar that opens when its forecast is known, 1: the bar after.
    pub entry_delay_bars: usize,
    /// Where the return of a bar comes from.
    pub bar_return: BarReturn,
    /// Slices of time that the probability of overfitting takes apart, even, 2 to 20.
    pub slices: usize,
}

impl BacktestOptions {
    /// The usual scope, 10 basis points a fill, no delay, 16 slices.
    pub fn usual(rows: &Rows) -> Self {
        let QuantileOptions {
            scope,
            trailing_bars,
            ..
        } = QuantileOptions::usual(rows);
        Self {
            scope,
            trailing_bars,
            fee_bps: 10.0,
            entry_delay_bars: 0,
            bar_return: if rows.reach_bars == 1 {
                BarReturn::Realized
            } else {
                BarReturn::NextRow
            },
            // As in the paper: 12,870 ways to halve the time.
            slices: 16,
        }
    }

    /// Refuses what cannot be simulated.
    ///
    /// # Errors
    /// Names the setting that is out of its range.
    pub fn validate(&self) -> Result<(), Error> {
        if !(0.0..10_000.0).contains(&self.fee_bps) {
            return Err(setting(
                "fee_bps",
                self.fee_bps,
                "basis points from 0 to 10000",
            ));
        }
        if self.entry_delay_bars > 1 {
            return Err(setting("entry_delay_bars", self.entry_delay_bars, "0 or 1"));
        }
        if !(2..=20).contains(&self.slices) || self.slices % 2 == 1 {
            return Err(setting(
                "slices",
                self.slices,
                "an even number from 2 to 20: time is halved in all ways",
            ));
        }
        Ok(())
    }
}

impl Trial {
    /// Refuses a rule that says nothing.
    ///
    /// # Errors
    /// Names the setting that is out of its range.
    pub fn validate(&self) -> Result<(), Error> {
        match &self.signal {
            SignalRule::Quantile { bins, .. } if !(2..=MOST_BINS).contains(bins) => {
                return Err(setting("bins", bins, "2 to 5000"));
            }
            SignalRule::Quantile { bins, bought } if !(1..=*bins).contains(bought) => {
                return Err(setting("quantile", bought, "1 to the number of bins"));
            }
            SignalRule::Quantile { bins, bought }
                if self.direction != Direction::Long && 2 * bought == bins + 1 =>
            {
                let expected = "another than the middle one, which has no opposite to sell";
                return Err(setting("quantile", bought, expected));
            }
            SignalRule::Threshold { bps } if !(*bps > 0.0 && bps.is_finite()) => {
                return Err(setting("threshold_bps", bps, "basis points above 0"));
            }
            _ => {}
        }
        if !(1..=10_000).contains(&self.hold_bars) {
            return Err(setting("hold_bars", self.hold_bars, "1 to 10000 bars"));
        }
        Ok(())
    }

    /// The rule in a few words, which tell trials apart.
    pub fn label(&self) -> String {
        let signal = match &self.signal {
            SignalRule::Quantile { bins, bought } if bought == bins => format!("{bins} bins"),
            SignalRule::Quantile { bins, bought } => format!("{bins} bins, {bought}"),
            SignalRule::Threshold { bps } => format!("{bps} bp"),
            SignalRule::Thresholds(_) => "thresholds.toml".to_owned(),
        };
        let hold = if self.hold_bars == 1 {
            String::new()
        } else {
            format!(", {} bars", self.hold_bars)
        };
        format!("{signal} {}{hold}", self.direction.name())
    }
}
