//! From residuals of rows that a model had not seen to what its forecasts are published as.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use dataset::{Dataset, Fold, ForecastTable, PartKey, TableMetadata, TablePart};
use statistics::ResidualDistribution;

use super::blocks::OutOfBlock;
use super::edges::RegimeEdges;
use super::fitted::PublicationStep;

/// Where the residuals of a fold come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// Training rows, each forecast by a fit that did not see its block.
    OutOfBlock,
    /// Out-of-sample forecasts of earlier folds, whose targets are known before the fold begins.
    EarlierFolds,
    /// There are none.
    Nothing,
}

/// One fold's step, and where its residuals come from.
pub(super) struct FoldStep {
    pub step: PublicationStep,
    pub source: Source,
}

/// The forecasts of training rows as a table of their own, which ensembles average and whoever wants
/// to check the residuals reads.
pub(super) fn training_table(
    dataset: &Dataset,
    fold: &Fold,
    out_of_block: &OutOfBlock,
    origin: &Path,
) -> Result<ForecastTable, dataset::Error> {
    let Dataset {
        panel,
        targets,
        config,
        ..
    } = dataset;
    let mut part = TablePart::empty(PartKey::new(config));
    part.symbols = panel.symbols().to_vec();
    for (&(row, coin), &forecast) in out_of_block.rows.iter().zip(&out_of_block.forecasts) {
        let realized = targets.value(row, coin);
        if !(forecast.is_finite() && realized.is_finite()) {
            continue;
        }
        part.time_ms.push(panel.time_ms(row));
        part.symbol.push(coin as u32);
        part.fold.push(fold.number as u32);
        part.forecast.push(forecast);
        part.realized.push(realized);
        part.realized_delayed.push(f64::NAN);
        part.volatility.push(f64::NAN);
        part.trailing_volatility.push(f64::NAN);
        part.weight.push(1.0);
    }
    ForecastTable::new(TableMetadata::new(config), vec![part], origin)
}

/// What came minus what was forecast, of each row.
pub(super) fn residuals(part: &TablePart, rows: impl Iterator<Item = usize>) -> Vec<f64> {
    rows.map(|row| part.realized[row] - part.forecast[row])
        .collect()
}

/// Makes the steps of one horizon.
pub(super) struct Fitting<'a> {
    pub dataset: &'a Dataset,
    pub part: &'a TablePart,
}

impl Fitting<'_> {
    /// The step of the fold with these rows of the part; `out_of_block` is the table of its training
    /// rows, with whether it is corrected by its residuals.
    pub fn fold(
        &self,
        fold: &Fold,
        rows: Range<usize>,
        out_of_block: Option<(&TablePart, bool)>,
    ) -> FoldStep {
        let from_ms = self.dataset.panel.time_ms(fold.score.start);
        let (residuals, is_corrected, source) = match out_of_block {
            Some((part, is_corrected)) => {
                let residuals = residuals(part, 0..part.len());
                (residuals, is_corrected, Source::OutOfBlock)
            }
            None => {
                let residuals = self.earlier(from_ms, rows.start);
                let is_known = !residuals.is_empty();
                let source = match is_known {
                    true => Source::EarlierFolds,
                    false => Source::Nothing,
                };
                (residuals, is_known, source)
            }
        };
        FoldStep {
            step: self.step(fold, from_ms, residuals, is_corrected),
            source,
        }
    }

    /// The step that begins when the last target of the table is known, with the residuals of all
    /// its rows: for live forecasts alone.
    pub fn live(&self, fold: &Fold) -> Option<PublicationStep> {
        let last_ms = self.part.time_ms.iter().max()?;
        let from_ms = last_ms + self.gap_ms() + self.dataset.panel.interval().ms();
        let residuals = self.earlier(from_ms, self.part.len());
        Some(self.step(fold, from_ms, residuals, true))
    }

    /// Time from a forecast until its target is known, with the embargo.
    fn gap_ms(&self) -> i64 {
        let config = &self.dataset.config;
        let bars = config.reach_bars() + config.embargo_bars();
        bars as i64 * config.data.interval.ms()
    }

    /// The residuals of the rows before `end` whose targets are known before `from_ms`.
    fn earlier(&self, from_ms: i64, end: usize) -> Vec<f64> {
        let gap_ms = self.gap_ms();
        let is_known = |row: &usize| self.part.time_ms[*row] + gap_ms < from_ms;
        residuals(self.part, (0..end).filter(is_known))
    }

    fn step(
        &self,
        fold: &Fold,
        from_ms: i64,
        residuals: Vec<f64>,
        is_corrected: bool,
    ) -> PublicationStep {
        let residuals = ResidualDistribution::new(residuals);
        let factor = |power: f64| match &residuals {
            Some(residuals) if is_corrected => residuals.mean_exp(power),
            _ => 1.0,
        };
        let regime = &self.dataset.config.regime;
        let edges = RegimeEdges::fit(regime, &self.dataset.training_targets(fold));
        let symbols = self.dataset.panel.symbols().iter().map(ToString::to_string);
        let own = symbols
            .zip(edges.own)
            .filter_map(|(symbol, own)| Some((symbol, own?)));
        PublicationStep {
            from_ms,
            volatility_factor: factor(1.0),
            variance_factor: factor(2.0),
            residuals: residuals.map_or_else(Vec::new, |residuals| residuals.sorted().to_vec()),
            classes: regime.classes().iter().map(ToString::to_string).collect(),
            pooled_edges: edges.pooled,
            edges: own.collect::<BTreeMap<_, _>>(),
        }
    }
}
