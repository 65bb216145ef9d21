//! What a forecast of a logarithm of volatility says of the volatility itself.

use dataset::{Config, Panel};
use rules::{AlarmCosts, ExposureOptions, ExposureRule, Outlook, is_likeliest_high};
use run::{ForecastResult, PredictionInterval, PublicationStep, PublishedVolatility};
use serde::{Deserialize, Serialize};

use crate::Checkpoint;
use crate::checkpoint::WEEK;
use crate::track_record::TrackRecord;

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
    /// Of each volatility per day in `regime.above` the probability that the one to come is above it; empty
    /// where not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub above: Vec<(f64, f64)>,
    /// How much higher it is than the same model forecast a week before, as a share; None where it
    /// could not forecast then.
    pub change_in_a_week: Option<f64>,
    /// Name of the likeliest regime; None where none is known.
    #[serde(default)]
    pub regime: Option<String>,
    /// Whether High is called: by the cut on its probability where `[regime]` has costs, else where
    /// it is the likeliest; None where no regime is known.
    #[serde(default)]
    pub is_high: Option<bool>,
    /// Whether the forecast is above 80 % of the run's earlier ones of the coin; None where these are
    /// fewer than 28.
    #[serde(default)]
    pub is_top: Option<bool>,
    /// How much of the coin to keep by each rule of `quarterhour exposure` that can be followed.
    #[serde(default)]
    pub exposures: Vec<SuggestedExposure>,
}

/// What a rule of exposure keeps of a coin that is otherwise held.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SuggestedExposure {
    /// The rule.
    pub rule: ExposureRule,
    /// Of the coin itself, as a part of a full position.
    pub coin: f64,
    /// Sold short of the hedge, in the same parts.
    pub hedge: f64,
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
            above: Vec::new(),
            change_in_a_week,
            regime: likeliest(&published.probabilities),
            is_high: None,
            is_top: None,
            exposures: Vec::new(),
        }
    }

    /// The same with what the rules of exposure keep of the coin.
    fn with_exposures(self, judgement: &Judgement<'_>, (symbol, forecast): (&str, f64)) -> Self {
        let is_high = judgement.is_high(&self.regimes);
        let is_top = judgement.is_top(symbol, forecast);
        let outlook = Outlook {
            is_high,
            is_top: is_top.unwrap_or(false),
            volatility: self.per_day,
        };
        let of_rule = |rule: ExposureRule| {
            if rule == ExposureRule::ReduceTop {
                is_top?;
            }
            let exposure = rule.exposure(&outlook, &judgement.options)?;
            Some(SuggestedExposure {
                rule,
                coin: exposure.coin,
                hedge: exposure.hedge,
            })
        };
        Self {
            is_high,
            is_top,
            exposures: ExposureRule::ALL.into_iter().filter_map(of_rule).collect(),
            ..self
        }
    }

    /// What a rule keeps of the coin; None where it cannot be followed.
    pub fn exposure(&self, rule: ExposureRule) -> Option<SuggestedExposure> {
        self.exposures.iter().find(|one| one.rule == rule).copied()
    }
}

/// Name of the likeliest regime, the first of equal ones.
fn likeliest(regimes: &[(String, f64)]) -> Option<String> {
    let best = regimes
        .iter()
        .reduce(|best, one| if one.1 > best.1 { one } else { best });
    best.map(|(name, _)| name.clone())
}

/// What forecasts of one time are held against.
struct Judgement<'a> {
    record: Option<&'a TrackRecord>,
    at_ms: i64,
    options: ExposureOptions,
    /// Least probability of High at which it is called; None: where it is the likeliest regime.
    cut: Option<f64>,
}

impl<'a> Judgement<'a> {
    fn new(config: &Config, record: Option<&'a TrackRecord>, at_ms: i64) -> anyhow::Result<Self> {
        let regime = &config.regime;
        let costs = AlarmCosts::of(regime.miss_cost, regime.alarm_cost)?;
        let cut = costs.and_then(|costs| record?.cut(costs, at_ms));
        Ok(Self {
            record,
            at_ms,
            options: ExposureOptions {
                alarm_costs: costs,
                ..ExposureOptions::default()
            },
            cut: cut.map(|cut| cut.probability),
        })
    }

    fn is_high(&self, regimes: &[(String, f64)]) -> Option<bool> {
        let probabilities: Vec<f64> = regimes
            .iter()
            .map(|(_, probability)| *probability)
            .collect();
        let (low, medium, high) = match probabilities.as_slice() {
            [low, high] => (*low, 0.0, *high),
            [low, medium, high] => (*low, *medium, *high),
            _ => return None,
        };
        match self.cut {
            Some(cut) => Some(high >= cut),
            None => is_likeliest_high([low, medium, high]),
        }
    }

    fn is_top(&self, symbol: &str, forecast: f64) -> Option<bool> {
        let share = self.options.top_share;
        self.record?.is_top(symbol, self.at_ms, forecast, share)
    }
}

/// Of each forecast the levels with the probability that the volatility is above it; none where no step
/// holds or no residuals are known.
fn probabilities_above(
    step: Option<&PublicationStep>,
    forecasts: &[(&str, f64)],
    levels: &[f64],
) -> Vec<Vec<(f64, f64)>> {
    let logs: Vec<f64> = forecasts.iter().map(|(_, forecast)| *forecast).collect();
    let mut all = vec![Vec::new(); logs.len()];
    for &level in levels {
        let above = step.and_then(|step| step.probabilities_above(&logs, level));
        for (all, above) in all.iter_mut().zip(above.unwrap_or_default()) {
            all.push((level, above));
        }
    }
    all
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
    let levels = &checkpoint.config.regime.above;
    let mut above = probabilities_above(step, &known, levels).into_iter();
    let judgement = Judgement::new(&checkpoint.config, checkpoint.record.as_ref(), at_ms)?;
    let of_coin = |(coin, (answer, before)): (usize, (&ForecastResult, &ForecastResult))| {
        let forecast = answer.as_ref().ok()?;
        let change = before
            .as_ref()
            .ok()
            .map(|before| (forecast - before).exp() - 1.0);
        let own = classes.as_ref().and_then(|all| all.get(coin)?.as_deref());
        let published = published.next()?.with_own_classes(own);
        let symbol = panel.symbols()[coin].as_str();
        let volatility = VolatilityForecast::new(&published, change.filter(|one| one.is_finite()))
            .with_exposures(&judgement, (symbol, *forecast));
        let above = above.next()?;
        let volatility = VolatilityForecast {
            above,
            ..volatility
        };
        Some((volatility, published.intervals))
    };
    let pairs = answers.iter().zip(&before).enumerate();
    Ok(pairs.map(of_coin).collect())
}
