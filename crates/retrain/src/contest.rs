//! Champion and challenger on the span that neither was fitted on.

use std::path::Path;

use anyhow::{Context, anyhow};
use cli::WithHint;
use dataset::{Dataset, ForecastTable, RunDir, format_time};
use registry::{ModelVersion, Retraining, Verdict};
use run::{Kinds, NamedTable, forecast_span, join};
use score::{Better, Options, Quantity, Report, controls, score};
use serde::Serialize;

use crate::Period;

/// Names in the report.
const CHALLENGER: &str = "challenger";
const CHAMPION: &str = "champion";

/// What every forecast of volatility must beat to have skill.
const NO_SKILL: &str = "coin_mean";

/// Metrics that decide, the first that is defined.
const OF_RETURNS: [&str; 2] = ["ic_a_day", "pearson"];
const OF_VOLATILITY: [&str; 1] = ["qlike"];

/// How both scored.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Contest {
    /// The metric that decides.
    pub metric: String,
    /// Forecasts that both were scored on.
    pub rows: usize,
    /// The champion's score.
    pub champion_score: Option<f64>,
    /// The challenger's score.
    pub challenger_score: Option<f64>,
    /// Challenger minus champion, above 0 where the challenger is better.
    pub gain: Option<f64>,
    /// Its 90 % interval, from days drawn as wholes.
    pub gain_interval: Option<[f64; 2]>,
    /// Whether the challenger's own score is above zero skill.
    pub has_skill: bool,
}

impl Contest {
    /// Lets the champion forecast what the challenger was scored on, and scores both on the rows of the
    /// period that both forecast. Volatilities are compared as they are forecast, before corrections that
    /// one of the two may not have yet.
    ///
    /// # Errors
    /// A run that does not load, rows that cannot be scored.
    pub fn hold(
        (champion, challenger): (&Path, &Path),
        kinds: &Kinds,
        overrides: &[String],
        period: &Period,
    ) -> anyhow::Result<Self> {
        let (_, config) = kinds.config(challenger, overrides)?;
        let dataset = Dataset::load(&config)?;
        // An ensemble has folds before the period, which its weights are fitted on.
        let fold = dataset.plan.folds.last().context("a run has a fold")?;
        let loaded = kinds.load(champion, (None, None), overrides)?;
        let theirs = forecast_span(&*loaded.forecaster, &dataset, fold, champion)?;
        let own = first_part(&challenger.join(RunDir::FORECASTS_FILE))?;
        let in_period = |time_ms: i64| (period.from_ms..period.until_ms).contains(&time_ms);
        let [own, theirs] = [own, theirs]
            .map(|table| as_forecast(table.filter(|row| in_period(row.time_ms)), challenger));
        let (own, theirs) = (own?, theirs?);
        if own.is_empty() || theirs.is_empty() {
            return Err(anyhow!(
                "no row from {} to {} UTC is forecast by both",
                format_time(period.from_ms),
                format_time(period.until_ms)
            )
            .hint("`quarterhour audit` shows the holes of the candles; --hold-back takes a longer span"));
        }
        let named = |name, run, table| NamedTable {
            name,
            run: Some(run),
            table,
        };
        let joined = join(&[
            named(CHALLENGER, CHALLENGER, &own),
            named(CHAMPION, CHAMPION, &theirs),
        ])?;
        let mut forecasters = joined.forecasters;
        forecasters.extend(controls(&joined.rows));
        let options = Options {
            confidence: 0.9,
            block_days: 1,
            ..Options::default()
        };
        let report = score(&joined.rows, &forecasters, &options)?;
        Self::of(&report).context("the report compares both")
    }

    /// What the registry keeps of it.
    pub(crate) fn recorded(
        &self,
        champion: &ModelVersion,
        period: &Period,
        verdict: &Verdict,
        drift: &[String],
    ) -> Retraining {
        Retraining {
            champion: champion.clone(),
            held_back_ms: [period.from_ms, period.until_ms],
            metric: self.metric.clone(),
            champion_score: self.champion_score,
            challenger_score: self.challenger_score,
            gain: self.gain,
            gain_interval: self.gain_interval,
            verdict: verdict.clone(),
            drift: drift.to_vec(),
        }
    }

    /// What a report of both says.
    fn of(report: &Report) -> Option<Self> {
        let score = |name: &str| report.forecasters.iter().find(|score| score.name == name);
        let (own, theirs) = (score(CHALLENGER)?, score(CHAMPION)?);
        let difference = (report.differences.iter())
            .find(|difference| difference.a == CHALLENGER && difference.b == CHAMPION)?;
        let names: &[&str] = match report.quantity {
            Quantity::LogVolatility => &OF_VOLATILITY,
            Quantity::Return => &OF_RETURNS,
        };
        let is_defined = |name: &&&str| difference.value(name).is_some();
        let name = names.iter().find(is_defined).or(names.first())?;
        let metric = report.metrics.iter().find(|metric| metric.name == *name)?;
        let own_value = own.value(name);
        let (sign, has_skill) = match metric.better {
            Better::Lower => {
                let bound = score(NO_SKILL).and_then(|score| score.value(name));
                (
                    -1.0,
                    own_value.zip(bound).is_some_and(|(own, bound)| own < bound),
                )
            }
            Better::Higher | Better::CloserTo(_) => (1.0, own_value.is_some_and(|own| own > 0.0)),
        };
        let interval = difference.interval(name);
        Some(Self {
            metric: (*name).to_owned(),
            rows: report.rows,
            champion_score: theirs.value(name),
            challenger_score: own_value,
            gain: difference.value(name).map(|value| sign * value),
            gain_interval: interval.map(|[low, high]| {
                if sign < 0.0 {
                    [-high, -low]
                } else {
                    [low, high]
                }
            }),
            has_skill,
        })
    }
}

/// The forecasts of a run's first horizon.
pub(crate) fn first_part(path: &Path) -> anyhow::Result<ForecastTable> {
    let tables = ForecastTable::read(path)?.into_parts();
    tables.into_iter().next().context("a table has a part")
}

/// The table without what is published beside its forecasts.
pub(crate) fn as_forecast(table: ForecastTable, origin: &Path) -> anyhow::Result<ForecastTable> {
    let (metadata, mut parts) = table.into_inner();
    parts.iter_mut().for_each(|part| part.outputs.clear());
    Ok(ForecastTable::new(metadata, parts, origin)?)
}
