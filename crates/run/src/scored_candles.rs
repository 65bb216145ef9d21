//! What the candles of a run say beside its table.

use dataset::{Config, Panel};
use rules::{AlarmCosts, ExposureOptions, ExposureReport, exposure};
use score::{ForecastColumn, Options, Rows};

use crate::exposure::next_returns;
use crate::largest::largest_coins;
use crate::publication::is_of_volatility;

/// Closes and volumes of the candles that forecasts of volatility were made of. They say what a table does
/// not: what exposure by the forecasts brings, and which coins are the largest.
#[derive(Debug)]
pub struct ScoredCandles {
    panel: Panel,
    /// What mistakes about High cost by the run's config.
    alarm_costs: Option<AlarmCosts>,
}

impl ScoredCandles {
    /// Reads them; None of returns, and where the candles are not there any more.
    pub fn read(config: &Config) -> Option<Self> {
        if !is_of_volatility(config) {
            return None;
        }
        Some(Self {
            panel: Panel::of_closes_and_volumes(config).ok()?,
            alarm_costs: AlarmCosts::of(config.regime.miss_cost, config.regime.alarm_cost).ok()?,
        })
    }

    /// The rules of exposure by these forecasters, at the usual settings and the config's costs of mistakes
    /// about High; None where they cannot be followed.
    pub fn exposure(
        &self,
        rows: &Rows,
        forecasters: &[ForecastColumn],
        bootstrap: &Options,
    ) -> Option<ExposureReport> {
        let options = ExposureOptions {
            alarm_costs: self.alarm_costs,
            bootstrap: bootstrap.clone(),
            ..ExposureOptions::default()
        };
        let returns = next_returns(&self.panel, rows);
        exposure(rows, forecasters, &returns, &options).ok()
    }

    /// Names of the ten coins with the largest turnover over the scored days, largest first; none where the
    /// candles have no volumes.
    pub fn largest_coins(&self, rows: &Rows) -> Vec<String> {
        largest_coins(&self.panel, rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn returns_need_no_candles_beside_their_table() {
        assert!(ScoredCandles::read(&Config::default()).is_none());
    }
}
