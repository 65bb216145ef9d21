//! What a forecast of a logarithm of volatility says of the volatility itself.

use dataset::Panel;
use run::{ForecastResult, PredictionInterval, PublishedVolatility};
use serde::{Deserialize, Serialize};

use crate::Checkpoint;
use crate::checkpoint::WEEK;

/// Days of a year: coins trade on all of them.
pub(crate) const DAYS_A_YEAR: f64 = 365.0;

/// The volatility that a coin is forecast to have over the horizon.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VolatilityForecast {
    /// Expected volatility per day, as a share of the price.
    pub per_day: f64,
    /// The same per year of 365 days.
    pub per_year: f64,
    /// Expected variance per day.
    pub variance_per_day: f64,
    /// Prediction intervals of the volatility per day; empty where none are known.
    pub intervals: Vec<PredictionInterval>,
    /// Volatility per day at which each regime but the first begins; empty where not known.
    pub regime_edges: Vec<f64>,
    /// Probability of each regime, from low to high; empty where not known.
    pub regimes: Vec<(String, f64)>,
    /// How much higher it is than the same model forecast a week before, as a share; None where it
    /// could not forecast then.
    pub change_in_a_week: Option<f64>,
}

impl VolatilityForecast {
    fn new(published: &PublishedVolatility, change_in_a_week: Option<f64>) -> Self {
        let level = |interval: &PredictionInterval| PredictionInterval {
            coverage: interval.coverage,
            lower: interval.lower.exp(),
            upper: interval.upper.exp(),
        };
        Self {
            per_day: published.volatility,
            per_year: published.volatility * DAYS_A_YEAR.sqrt(),
            variance_per_day: published.variance,
            intervals: published.intervals.iter().map(level).collect(),
            regime_edges: published.edges.iter().map(|edge| edge.exp()).collect(),
            regimes: published.probabilities.clone(),
            change_in_a_week,
        }
    }
}

/// A volatility, and the intervals around the forecast in the unit of the target.
type LevelAndIntervals = (VolatilityForecast, Vec<PredictionInterval>);

/// What the answers at the last row of a panel say of each coin's volatility, with the intervals in
/// the unit of the target; None for a coin without a forecast, and where the target is another. In
/// sample, and before the time that the run's publication is for, a forecast has no interval and no
/// regime.
pub(crate) fn volatilities(
    checkpoint: &Checkpoint,
    panel: &Panel,
    at_ms: i64,
    answers: &[ForecastResult],
) -> anyhow::Result<Vec<Option<LevelAndIntervals>>> {
    let Some(publication) = &checkpoint.publication else {
        return Ok(vec![None; answers.len()]);
    };
    let row = panel.rows() - 1;
    let before = match row.checked_sub(WEEK.bars(panel.interval())) {
        Some(before) => checkpoint.forecaster.forecast(panel, &[before])?,
        None => vec![Err(String::new()); answers.len()],
    };
    let classes = checkpoint.forecaster.probabilities(panel, &[row])?;
    let coins = panel.symbols().iter().zip(answers);
    let known: Vec<(&str, f64)> = coins
        .filter_map(|(symbol, answer)| Some((symbol.as_str(), *answer.as_ref().ok()?)))
        .collect();
    let step = publication
        .step_at(at_ms)
        .filter(|_| !checkpoint.is_in_sample);
    let mut published = match step {
        Some(step) => step.publish_all(&known),
        None => known
            .iter()
            .map(|(_, forecast)| PublishedVolatility::as_it_is(*forecast))
            .collect(),
    }
    .into_iter();
    let of_coin = |(coin, (answer, before)): (usize, (&ForecastResult, &ForecastResult))| {
        let forecast = answer.as_ref().ok()?;
        let change = before
            .as_ref()
            .ok()
            .map(|before| (forecast - before).exp() - 1.0);
        let own = classes.as_ref().and_then(|all| all.get(coin)?.as_deref());
        let published = published.next()?.with_own_classes(own);
        let volatility = VolatilityForecast::new(&published, change.filter(|one| one.is_finite()));
        Some((volatility, published.intervals))
    };
    let pairs = answers.iter().zip(&before).enumerate();
    Ok(pairs.map(of_coin).collect())
}
