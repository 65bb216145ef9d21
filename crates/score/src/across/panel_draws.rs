//! One panel scored by its own bootstrap, with the draws kept.

use crate::common_rows::CommonRows;
use crate::error::{Error, setting};
use crate::levels::Quantity;
use crate::metrics::{Estimate, METRICS, Metric, ReportSection, Sample, SharedDraws};
use crate::options::Options;
use crate::ranks::Ranks;
use crate::report::Concentrations;
use crate::resampling::{Bootstrap, ForecasterSeries};
use crate::rows::{ForecastColumn, Rows, check_forecasters};
use crate::scoring::concentrations;
use crate::shuffled::{order_scores, shuffled_base};

/// One panel's rows, and the forecasters on them.
#[derive(Debug, Clone, Copy)]
pub struct PanelForecasts<'a> {
    /// Its name in the tables.
    pub name: &'a str,
    /// The rows that all its forecasters have.
    pub rows: &'a Rows,
    /// The first is compared with all others. The same ones in the same order on every panel.
    pub forecasters: &'a [ForecastColumn],
}

/// The metrics of the list that forecasters are compared by.
pub(super) fn compared() -> Vec<Metric> {
    METRICS
        .iter()
        .filter(|metric| metric.section == ReportSection::Scores)
        .filter(|metric| metric.quantity == Quantity::Return)
        .copied()
        .collect()
}

/// All figures of one panel, metrics in the order of [`compared`].
pub(super) struct PanelDraws {
    /// `[forecaster][metric]`.
    pub scores: Vec<Vec<Estimate>>,
    /// The same of the first forecaster's difference from each (from itself: nothing of use).
    pub differences: Vec<Vec<Estimate>>,
    /// Of the first forecaster's days in other orders, `[metric][order]`.
    pub orders: Vec<Vec<Option<f64>>>,
    /// Of the first forecaster's scores.
    pub concentration: Concentrations,
    pub fold_numbers: Vec<u32>,
    pub times: usize,
}

impl PanelDraws {
    pub fn new(panel: &PanelForecasts<'_>, place: u64, options: &Options) -> Result<Self, Error> {
        panel.rows.check()?;
        if panel.rows.quantity != Quantity::Return {
            let expected = "forecasts of returns: means over panels are of their metrics";
            return Err(setting("panel", panel.name, expected));
        }
        check_forecasters(panel.rows, panel.forecasters)?;
        let options = Options {
            seed: options.seed.wrapping_add(place),
            ..options.clone()
        };
        let common = CommonRows::new(panel.rows, &options);
        let scored = ForecasterSeries::all(&common, panel.forecasters);
        let pairs: Vec<(usize, usize)> = (1..scored.len()).map(|other| (0, other)).collect();
        let prepared = SharedDraws {
            scored: &scored,
            bootstrap: &Bootstrap::new(&common, &scored, &pairs),
            ranks: &Ranks::new(&common, panel.forecasters),
        };
        let metrics = compared();
        let samples: Vec<Sample<'_>> = panel
            .forecasters
            .iter()
            .enumerate()
            .map(|(place, forecaster)| Sample::drawn(&common, forecaster, &prepared, place))
            .collect();
        let score = |sample: &Sample<'_>| -> Vec<Estimate> {
            metrics.iter().map(|metric| (metric.of)(sample)).collect()
        };
        let difference = |other: &Sample<'_>| -> Vec<Estimate> {
            let of = |metric: &Metric| {
                let minus = metric.minus.zip(samples.first());
                minus.map(|(minus, first)| minus(first, other))
            };
            metrics
                .iter()
                .map(|metric| of(metric).unwrap_or_default())
                .collect()
        };
        Ok(Self {
            scores: samples.iter().map(score).collect(),
            differences: samples.iter().map(difference).collect(),
            orders: shuffled_base(panel.forecasters)
                .map(|base| order_scores(&common, base, &metrics))
                .unwrap_or_default(),
            concentration: scored
                .first()
                .map(|scored| concentrations(&common, scored))
                .unwrap_or_default(),
            fold_numbers: common.spans.folds.iter().map(|fold| fold.number).collect(),
            times: common.spans.times.len(),
        })
    }
}
