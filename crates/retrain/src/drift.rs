//! What is no longer as it was when the champion was fitted: features, published intervals, scores.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use dataset::{Config, Dataset, ForecastTable, RunDir, SplitConfig, TimeSpan, format_time};
use model::DeviceChoice;
use predict::{CandleSource, Checkpoint, Forecasts, History, WatchArgs, forecast_at};
use run::{Kinds, NamedTable, forecast_span, join};
use score::{Better, Quantity, daily_scores};

use crate::Period;
use crate::contest::{as_forecast, first_part};
use crate::plan::train;

const DAY_MS: i64 = 86_400_000;

/// A coin has drifted where its features are far from those of training on each of so many days.
const FEATURE_DAYS: i64 = 3;

/// Features have drifted where one of so many coins has.
const ONE_COIN_OF: usize = 5;

/// Most coins that are named.
const MOST_NAMED: usize = 5;

/// Spans of earlier days that a usual score needs.
const LEAST_SPANS: usize = 8;

/// Where drift is looked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DriftCheck<'a> {
    /// The champion's run, its shared sections, and how often it is retrained.
    pub champion: &'a Path,
    pub config: &'a Config,
    pub cadence: TimeSpan,
    /// The span that would be held back.
    pub period: &'a Period,
    pub kinds: &'a Kinds,
    pub device: DeviceChoice,
    /// Keys of `[data]` and `[universe]` that differ from the champion's.
    pub overrides: &'a [String],
}

impl DriftCheck<'_> {
    /// What has drifted, in words; empty where nothing has. All of it is known at the end of the span's
    /// candles, so that calls of the same day find the same.
    ///
    /// # Errors
    /// A run that does not load, candles that cannot be read.
    pub fn found(&self) -> anyhow::Result<Vec<String>> {
        let (_, watch) = WatchArgs::default().settings(self.champion, &[])?;
        let days = self.last_days()?;
        let mut found = Vec::new();
        found.extend(of_features(&days, watch.drift_limit_std));
        found.extend(days.last().map(of_intervals).unwrap_or_default());
        found.extend(self.of_scores()?);
        Ok(found)
    }

    /// The champion's forecasts at the end of the last days, in order of time, by the code of `predict`.
    fn last_days(&self) -> anyhow::Result<Vec<Forecasts>> {
        let checkpoint = Checkpoint::load(self.champion, None, self.overrides, self.device)?;
        let last_ms = self.period.candles_until_ms - self.config.data.interval.ms();
        let source = CandleSource::default_for(self.config, Some(last_ms));
        let at = |day: i64| {
            let at_ms = last_ms - day * DAY_MS;
            let history = History::read(source, &checkpoint, Some(at_ms), None)?;
            forecast_at(&checkpoint, &history)
        };
        (0..FEATURE_DAYS).rev().map(at).collect()
    }

    /// Says so where the champion scores worse on the span than on any as long one of its scored folds.
    fn of_scores(&self) -> anyhow::Result<Option<String>> {
        let length = TimeSpan::minutes((self.period.until_ms - self.period.from_ms) / 60_000);
        let mut config = self.config.clone();
        config.data.until = Some(format_time(self.period.candles_until_ms));
        config.split = SplitConfig {
            folds: Some(1),
            test: Some(length),
            train: Some(train(self.config, self.cadence)),
            refit_every: None,
            ..config.split
        };
        let dataset = Dataset::load(&config)?;
        let fold = dataset.plan.folds.last().context("a plan has a fold")?;
        let loaded = (self.kinds).load(self.champion, (None, None), self.overrides)?;
        let now = forecast_span(&*loaded.forecaster, &dataset, fold, self.champion)?;
        let earlier = first_part(&self.champion.join(RunDir::FORECASTS_FILE))?;
        let reach_ms = self.config.reach_bars() as i64 * self.config.data.interval.ms();
        let is_judged = |ms: i64| (self.period.from_ms..self.period.until_ms).contains(&ms);
        let is_earlier = |ms: i64| ms + reach_ms <= self.period.from_ms;
        let (quantity, now) = self.daily(now, is_judged)?;
        let (_, earlier) = self.daily(earlier, is_earlier)?;
        let (name, better) = match quantity {
            Quantity::LogVolatility => ("QLIKE", Better::Lower),
            Quantity::Return => ("IC a day", Better::Higher),
        };
        Ok(worse(&now, &earlier, better).map(|[found, least, most]| {
            format!(
                "its {name} was {found:.4} on {} days of the last {length}, and {least:.4} to {most:.4} on \
                 any as many days of its scored folds",
                now.len()
            )
        }))
    }

    /// The scores of the days of some rows of a table, in order of time.
    fn daily(
        &self,
        table: ForecastTable,
        is_wanted: impl Fn(i64) -> bool,
    ) -> anyhow::Result<(Quantity, Vec<f64>)> {
        let table = as_forecast(table.filter(|row| is_wanted(row.time_ms)), self.champion)?;
        if table.is_empty() {
            return Ok((Quantity::Return, Vec::new()));
        }
        let joined = join(&[NamedTable {
            name: "champion",
            run: None,
            table: &table,
        }])?;
        let own = joined.forecasters.first().context("a table was joined")?;
        let scores = daily_scores(&joined.rows, own);
        Ok((joined.rows.quantity, scores.into_iter().flatten().collect()))
    }
}

/// Says so where the features of many coins are further from training than a watch reports.
fn of_features(days: &[Forecasts], limit_std: f64) -> Option<String> {
    // Of each coin its drift on each day that it is known of.
    let mut coins: BTreeMap<&str, Vec<(&str, f64)>> = BTreeMap::new();
    for coin in days.iter().flat_map(|forecasts| &forecasts.coins) {
        if let Some(drift) = &coin.drift {
            let of_coin = coins.entry(&coin.symbol).or_default();
            of_coin.push((&drift.feature, drift.std));
        }
    }
    coins.retain(|_, drifts| drifts.len() == days.len());
    let is_far = |drifts: &[(&str, f64)]| drifts.iter().all(|(_, std)| std.abs() > limit_std);
    let far: Vec<String> = (coins.iter())
        .filter(|(_, drifts)| is_far(drifts))
        .filter_map(|(symbol, drifts)| {
            let (feature, std) = drifts.last()?;
            Some(format!("{symbol} ({feature} {std:+.1})"))
        })
        .collect();
    if far.is_empty() || far.len() * ONE_COIN_OF < coins.len() {
        return None;
    }
    let named = far.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>();
    let more = if far.len() > MOST_NAMED { " ..." } else { "" };
    Some(format!(
        "{} of {} coins were more than {limit_std} standard deviations from what the model knows on each of \
         the last {} days: {}{more}",
        far.len(),
        coins.len(),
        days.len(),
        named.join(", ")
    ))
}

/// Says which published intervals hold other shares of the last outcomes than they ever did.
fn of_intervals(forecasts: &Forecasts) -> Vec<String> {
    let Some(calibration) = &forecasts.calibration else {
        return Vec::new();
    };
    let in_words = |coverage: &predict::RecentCoverage| {
        let [least, most] = coverage.usual?;
        Some(format!(
            "its {:.0} % intervals held {:.1} % of the last {} outcomes, and {:.1} to {:.1} % on any as many \
             days of its scored folds",
            coverage.expected * 100.0,
            coverage.found * 100.0,
            calibration.outcomes,
            least * 100.0,
            most * 100.0
        ))
    };
    let drifted = calibration.drifted().into_iter();
    drifted.filter_map(in_words).collect()
}

/// The mean of the scores of the last days, with the lowest and the highest mean of as many days in a row
/// before, where it is worse than all of these; None where it is not, and where days are too few to say.
fn worse(now: &[f64], earlier: &[f64], better: Better) -> Option<[f64; 3]> {
    let mean = |days: &[f64]| days.iter().sum::<f64>() / days.len() as f64;
    if now.is_empty() {
        return None;
    }
    let means: Vec<f64> = earlier.windows(now.len()).map(mean).collect();
    let least = means.iter().copied().reduce(f64::min)?;
    let most = means.iter().copied().reduce(f64::max)?;
    let found = mean(now);
    let is_worse = match better {
        Better::Lower => found > most,
        Better::Higher | Better::CloserTo(_) => found < least,
    };
    (is_worse && means.len() >= LEAST_SPANS).then_some([found, least, most])
}

#[cfg(test)]
mod tests {
    use predict::{CoinForecast, Drift, ForecastUnit};

    use super::*;

    fn day(stds: [Option<f64>; 3]) -> Forecasts {
        let coin = |(place, std): (usize, &Option<f64>)| CoinForecast {
            symbol: format!("C{place}USDT"),
            close: None,
            forecast: None,
            intervals: Vec::new(),
            volatility: None,
            refused: None,
            in_sample: false,
            drift: std.map(|std| Drift {
                feature: "ret_1".to_owned(),
                std,
            }),
        };
        Forecasts {
            time: 0,
            closed_at: 0,
            horizon_bars: 15,
            forecaster: "network of fold 7".to_owned(),
            fold: 7,
            horizon: "15m".to_owned(),
            unit: ForecastUnit::BasisPoints,
            calibration: None,
            coins: stds.iter().enumerate().map(coin).collect(),
        }
    }

    #[test]
    fn features_have_drifted_where_a_fifth_of_the_coins_is_far_on_each_day() {
        let far = day([Some(-6.0), Some(1.0), None]);
        let near = day([Some(4.0), Some(1.0), Some(9.0)]);
        let found = of_features(&[far.clone(), far.clone()], 5.0);
        let expected = "1 of 2 coins were more than 5 standard deviations from what the model knows on each \
                        of the last 2 days: C0USDT (ret_1 -6.0)";
        assert_eq!(found.as_deref(), Some(expected));
        assert_eq!(of_features(&[far.clone(), near], 5.0), None);
        assert_eq!(of_features(&[far.clone(), far], 7.0), None);
        assert_eq!(of_features(&[], 5.0), None);
    }

    #[test]
    fn a_score_has_drifted_where_no_earlier_span_was_as_bad() {
        // Nine spans of two days, with means .15 to .95.
        let earlier: Vec<f64> = (1..=10).map(|day| f64::from(day) / 10.0).collect();
        let [found, least, most] = worse(&[0.1, 0.1], &earlier, Better::Higher).unwrap_or_default();
        assert!((found - 0.1).abs() < 1e-12 && (least - 0.15).abs() < 1e-12);
        assert!((most - 0.95).abs() < 1e-12);
        assert_eq!(worse(&[0.1, 0.3], &earlier, Better::Higher), None);
        assert_eq!(worse(&[0.1, 0.1], &earlier, Better::Lower), None);
        assert!(worse(&[1.0, 1.0], &earlier, Better::Lower).is_some());
        assert_eq!(
            worse(&[0.0, 0.0], &earlier[..8], Better::Higher),
            None,
            "7 spans"
        );
        assert_eq!(worse(&[], &earlier, Better::Higher), None);
    }
}
