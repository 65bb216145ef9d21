//! What a run prints when it is done: its own forecasts beside the controls.

use dataset::{Config, ForecastTable};
use page::{Importance, Page, RunPart};
use rules::ExposureReport;
use score::{ForecastColumn, Options, Quantity, Report, Rows, controls, score, score_intervals};
use statistics::pearson;

use crate::join::{JoinError, NamedTable, join};
use crate::scored_candles::ScoredCandles;

/// One run's rows and their report.
#[derive(Debug, Clone)]
pub struct ScoredRun {
    /// The rows of the run's table.
    pub rows: Rows,
    /// The run's forecasts and the controls' on these rows.
    pub forecasters: Vec<ForecastColumn>,
    /// The run and the controls, scored.
    pub report: Report,
    /// What exposure by the forecasts brings, once it is asked for.
    pub exposure: Option<ExposureReport>,
}

/// Scores one table of the run `(name, path)` beside the controls. It takes the table, which is
/// large and not needed any more once its columns are made.
///
/// # Errors
/// As [`join`] and [`score`](fn@score).
pub fn score_run((name, run): (&str, &str), table: ForecastTable) -> Result<ScoredRun, JoinError> {
    let joined = join(&[NamedTable {
        name,
        run: Some(run),
        table: &table,
    }])?;
    drop(table);
    let mut forecasters = joined.forecasters;
    forecasters.extend(controls(&joined.rows));
    let options = Options::default();
    let mut report = score(&joined.rows, &forecasters, &options)?;
    report.intervals = score_intervals(&joined.rows, &joined.intervals, &options)?;
    Ok(ScoredRun {
        rows: joined.rows,
        forecasters,
        report,
        exposure: None,
    })
}

impl ScoredRun {
    /// The run with what its candles say beside the table, where there are any: what exposure by the
    /// forecasts brings, and which coins are the largest.
    pub fn with_candles(mut self, candles: Option<&ScoredCandles>) -> Self {
        if let Some(candles) = candles {
            let options = Options::default();
            self.exposure = candles.exposure(&self.rows, &self.forecasters, &options);
            self.report.largest_coins = candles.largest_coins(&self.rows);
        }
        self
    }

    /// The run's scores by name, as an experiment tracker has them; undefined ones are left out.
    pub fn headline(&self) -> Vec<(&'static str, f64)> {
        let Some(score) = self.report.forecasters.first() else {
            return Vec::new();
        };
        if self.report.quantity == Quantity::LogVolatility {
            let all = score.metrics.iter();
            return all
                .filter_map(|(metric, found)| Some((metric.name, found.value?)))
                .collect();
        }
        let low = |name: &str| score.interval(name).map(|[low, _]| low);
        let high = |name: &str| score.interval(name).map(|[_, high]| high);
        let scores = [
            ("ic_a_day", score.value("ic_a_day")),
            ("ic_a_day_t", score.metric("ic_a_day").t),
            ("ic_a_day_low", low("ic_a_day")),
            ("ic_a_day_high", high("ic_a_day")),
            ("pearson", score.value("pearson")),
            ("pearson_low", low("pearson")),
            ("pearson_high", high("pearson")),
            ("pearson_delayed", score.value("delayed")),
            ("pearson_neutral", score.value("neutral")),
            ("pearson_neutral_low", low("neutral")),
            ("pearson_neutral_high", high("neutral")),
            ("rank_ic", score.value("rank_ic")),
            ("mae", score.value("mae")),
            ("rmse", score.value("rmse")),
        ];
        scores
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect()
    }

    /// The run's score of each fold, with its name: QLIKE of volatilities, the pooled correlation of
    /// returns.
    pub fn folds(&self) -> (&'static str, &[Option<f64>]) {
        let score = self.report.forecasters.first();
        let level = score.and_then(|score| score.level.as_ref());
        match level.and_then(|level| level.folds.get("qlike")) {
            Some(folds) => ("qlike", folds),
            None => ("pearson", score.map_or(&[], |score| &score.folds)),
        }
    }

    /// What the run's own report opens with, in sentences: ahead of which control, by what interval of
    /// the difference, and what that earns.
    pub fn verdict(&self, config: &Config) -> Vec<String> {
        self.on_page(config, None, page::run_verdict)
    }

    /// The run's own report, or the part of it that is of one horizon and panel, which `title` names;
    /// `importance` is that of its features, if it says it.
    pub fn part(&self, title: &str, config: &Config, importance: Option<Importance>) -> RunPart {
        self.on_page(config, importance, |page| RunPart::new(title, page))
    }

    fn on_page<T>(
        &self,
        config: &Config,
        importance: Option<Importance>,
        make: impl FnOnce(&Page<'_>) -> T,
    ) -> T {
        let target = config.target.init(config.data.interval);
        let run = self
            .report
            .forecasters
            .first()
            .and_then(|score| score.run.clone())
            .unwrap_or_default();
        let importance: Vec<(String, Importance)> = importance
            .map(|importance| (run.clone(), importance))
            .into_iter()
            .collect();
        make(&Page {
            rows: &self.rows,
            forecasters: &self.forecasters,
            report: &self.report,
            is_return: target.earned().is_return(),
            options: &Options::default(),
            dropped: &[],
            exposure: self.exposure.as_ref(),
            importance: &importance,
            command: &format!("quarterhour report {run}"),
        })
    }

    /// For a simulated market, given what it expected of (time, symbol): how well the best possible
    /// forecaster scores.
    pub fn simulated_line(&self, expected: impl Fn(i64, &str) -> Option<f64>) -> String {
        let rows = &self.rows;
        let places: Vec<usize> = (0..rows.len()).collect();
        let best: Vec<f64> = places
            .chunk_by(|&a, &b| rows.fold[a] == rows.fold[b])
            .filter_map(|places| {
                let of_row = |&row: &usize| {
                    expected(rows.time_ms[row], &rows.symbols[rows.symbol[row] as usize])
                };
                let values: Vec<f64> = places.iter().filter_map(of_row).collect();
                pearson(&values, &rows.realized[places[0]..places[0] + places.len()])
            })
            .collect();
        format!(
            "The market is simulated, with a planted predictable part: the best possible Pearson on these rows is \
             {:+.4}, that of the true conditional expectation. It says nothing about real markets.",
            best.iter().sum::<f64>() / best.len().max(1) as f64
        )
    }
}
