//! What is held of a coin, given a forecast of its volatility.

use serde::{Deserialize, Serialize};

use super::options::ExposureOptions;

/// Days of a year: volatilities of forecasts are per day.
pub(super) const YEAR: f64 = 365.0;

/// A rule of exposure to coins that are otherwise held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExposureRule {
    /// Less of a coin whose likeliest class is High.
    ReduceHigh,
    /// Less of a coin whose forecast is in the top of its own earlier ones.
    ReduceTop,
    /// As much of a coin as gives the target volatility by its forecast, capped.
    VolatilityTarget,
    /// All of the coin, and a short position in the hedge beside it while it is High.
    HedgeHigh,
}

/// What is known of one coin at one time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outlook {
    /// Whether High is the likeliest class; None where there are no classes.
    pub is_high: Option<bool>,
    /// Whether the forecast is in the top of the coin's earlier ones.
    pub is_top: bool,
    /// Forecast volatility per day.
    pub volatility: f64,
}

/// What is held for one coin, as parts of a full position.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exposure {
    /// Of the coin itself.
    pub coin: f64,
    /// Sold short of the hedge.
    pub hedge: f64,
}

impl ExposureRule {
    /// Every rule, in the order of the tables.
    pub const ALL: [Self; 4] = [
        Self::ReduceHigh,
        Self::ReduceTop,
        Self::VolatilityTarget,
        Self::HedgeHigh,
    ];

    /// What a coin is held by; None where the rule needs classes that there are not.
    pub fn exposure(self, outlook: &Outlook, options: &ExposureOptions) -> Option<Exposure> {
        let reduced = |is_reduced: bool| if is_reduced { options.reduced } else { 1.0 };
        let alone = |coin: f64| Exposure { coin, hedge: 0.0 };
        Some(match self {
            Self::ReduceHigh => alone(reduced(outlook.is_high?)),
            Self::ReduceTop => alone(reduced(outlook.is_top)),
            Self::VolatilityTarget => {
                let a_year = outlook.volatility * YEAR.sqrt();
                alone((options.target_volatility / a_year).min(options.cap))
            }
            Self::HedgeHigh => Exposure {
                coin: 1.0,
                hedge: if outlook.is_high? {
                    options.hedge_ratio
                } else {
                    0.0
                },
            },
        })
    }
}
