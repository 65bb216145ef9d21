//! Warnings of features and of published volatilities that are not as they were.

use crate::{Forecasts, WatchConfig};

/// Most coins that are named in one line.
const MOST_NAMED: usize = 10;

/// Says which coins' features are further from training than a watch reports, and which published
/// intervals of a volatility held other shares of the last outcomes than they ever did.
pub(crate) fn warn_of_drift(forecasts: &Forecasts, config: &WatchConfig) {
    drift_warnings(forecasts, config.drift_limit_std)
        .into_iter()
        .for_each(cli::warn);
}

fn drift_warnings(forecasts: &Forecasts, limit_std: f64) -> Vec<String> {
    let far: Vec<String> = (forecasts.coins.iter())
        .filter_map(|coin| {
            let drift = coin.drift.as_ref()?;
            let is_far = drift.std.abs() > limit_std;
            is_far.then(|| format!("{} ({} {:+.1})", coin.symbol, drift.feature, drift.std))
        })
        .collect();
    let mut warnings = Vec::new();
    if !far.is_empty() {
        let more = match far.len().saturating_sub(MOST_NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let named = far.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>();
        warnings.push(format!(
            "{} of {} coins are more than {limit_std} standard deviations from what the model knows: {}{more}",
            far.len(),
            forecasts.coins.len(),
            named.join(", ")
        ));
    }
    let Some(calibration) = &forecasts.calibration else {
        return warnings;
    };
    for coverage in calibration.drifted() {
        let Some([least, most]) = coverage.usual else {
            continue;
        };
        warnings.push(format!(
            "{:.0} % intervals held {:.1} % of the {} outcomes of the last four weeks, and {:.1} to {:.1} % in any four \
             weeks of the run's scored folds: train again, or trust them less",
            coverage.expected * 100.0,
            coverage.found * 100.0,
            calibration.outcomes,
            least * 100.0,
            most * 100.0
        ));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CoinForecast, Drift, RecentCalibration, RecentCoverage};

    fn coin(symbol: &str, std: f64) -> CoinForecast {
        CoinForecast {
            symbol: symbol.to_owned(),
            close: None,
            forecast: None,
            intervals: Vec::new(),
            volatility: None,
            refused: None,
            in_sample: false,
            drift: Some(Drift {
                feature: "lrv7".to_owned(),
                std,
            }),
        }
    }

    #[test]
    fn what_is_unusual_is_told() {
        let coverage = |expected, found| RecentCoverage {
            expected,
            found,
            usual: Some([0.7, 0.97]),
        };
        let mut forecasts = Forecasts {
            time: 0,
            closed_at: 0,
            horizon_bars: 7,
            forecaster: "har of fold 1".to_owned(),
            fold: 1,
            horizon: "7d".to_owned(),
            unit: crate::ForecastUnit::Plain,
            calibration: Some(RecentCalibration {
                from: 0,
                until: 0,
                outcomes: 100,
                coverages: vec![coverage(0.8, 0.55), coverage(0.95, 0.96)],
                realized_to_forecast: 1.4,
                high_forecast: None,
                high_realized: None,
            }),
            coins: vec![coin("AUSDT", -6.0), coin("BUSDT", 4.9)],
        };
        assert_eq!(
            drift_warnings(&forecasts, 5.0),
            [
                "1 of 2 coins are more than 5 standard deviations from what the model knows: AUSDT (lrv7 -6.0)",
                "80 % intervals held 55.0 % of the 100 outcomes of the last four weeks, and 70.0 to 97.0 % in any four \
                 weeks of the run's scored folds: train again, or trust them less",
            ]
        );
        forecasts.calibration = None;
        forecasts.coins.truncate(0);
        assert!(drift_warnings(&forecasts, 5.0).is_empty());
    }
}
