//! The ridge as a base: others learn what it leaves, and forecast the sum of both.

use std::borrow::Cow;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use cli::WithHint;
use dataset::{
    Base, CandleTable, Column, Config, Dataset, Fold, ForecastTable, FurtherPanel, Panel,
    PanelFold, RunDir, Targets,
};
use market::Symbol;
use run::{
    Appendix, Contribution, Drift, Embeddings, Explanation, ForecastResult, Forecaster, Piece,
    Recipe,
};
use storage::{content_hash, write_atomically};

use crate::{RidgeFit, RidgeModel, RidgeOptions};

/// The base's coefficients, beside the files of what learns the rest.
const BASE_FILE: &str = "base.json";

/// Rows that the base forecasts at once.
const ROWS_AT_ONCE: usize = 4096;

/// The recipe, or with `target.base` one whose forecasters learn what the base leaves.
///
/// # Errors
/// Too little history for any base forecast.
pub fn recipe_on_base<'a>(
    recipe: Box<dyn Recipe + 'a>,
    dataset: &Dataset,
) -> anyhow::Result<Box<dyn Recipe + 'a>> {
    match dataset.config.target.base {
        None => Ok(recipe),
        Some(Base::Ridge) => Ok(Box::new(OnRidge::new(recipe, dataset)?)),
    }
}

/// The forecaster of a folder, or with `target.base` one that adds the base's forecasts to its.
///
/// # Errors
/// The base's file is not there or broken.
pub fn forecaster_on_base(
    rest: Box<dyn Forecaster>,
    folder: &Path,
    config: &Config,
) -> anyhow::Result<Box<dyn Forecaster>> {
    match config.target.base {
        None => Ok(rest),
        Some(Base::Ridge) => Ok(Box::new(BaseAndRest::load(rest, folder)?)),
    }
}

/// A recipe whose forecasters are fitted to what a daily ridge leaves.
struct OnRidge<'a> {
    rest: Box<dyn Recipe + 'a>,
    /// Coefficients of every day.
    ridge: RidgeModel,
    /// The ridge's forecast of every row and coin; NaN where there is none.
    forecasts: Vec<f64>,
    /// The same of each further panel, by a ridge of that panel.
    further: Vec<Vec<f64>>,
}

impl<'a> OnRidge<'a> {
    fn new(rest: Box<dyn Recipe + 'a>, dataset: &Dataset) -> anyhow::Result<Self> {
        let fit = RidgeFit::beside(dataset, RidgeOptions::default())?;
        let ridge = fit.every_day(dataset);
        let forecasts = forecasts(&dataset.panel, &ridge);
        if forecasts.iter().all(|value| value.is_nan()) {
            return Err(anyhow!(
                "target.base = \"ridge\": the ridge forecasts no row, expected some to train on"
            )
            .hint("more candles: its features look two days back, and a day must lie before"));
        }
        let of_panel = |panel: &FurtherPanel| -> anyhow::Result<Vec<f64>> {
            let dataset = &panel.dataset;
            let fit = RidgeFit::beside(dataset, RidgeOptions::default())?;
            Ok(self::forecasts(&dataset.panel, &fit.every_day(dataset)))
        };
        let further = dataset.further.iter().map(of_panel);
        Ok(Self {
            rest,
            ridge,
            forecasts,
            further: further.collect::<anyhow::Result<_>>()?,
        })
    }
}

/// Targets minus a ridge's forecasts; unknown where one is.
fn left(forecasts: &[f64], targets: &Targets) -> Targets {
    let coins = targets.coins();
    let left = forecasts.iter().enumerate();
    let left = left.map(|(place, base)| targets.value(place / coins, place % coins) - base);
    Targets::new(left.collect(), coins)
}

/// The ridge's forecasts, `[rows, coins]`; NaN where there is none.
fn forecasts(panel: &Panel, ridge: &RidgeModel) -> Vec<f64> {
    let mut forecasts = Vec::with_capacity(panel.rows() * panel.coins());
    for start in (0..panel.rows()).step_by(ROWS_AT_ONCE) {
        let rows: Vec<usize> = (start..panel.rows().min(start + ROWS_AT_ONCE)).collect();
        let answers = ridge.forecast(panel, &rows).into_iter();
        forecasts.extend(answers.map(|answer| answer.unwrap_or(f64::NAN)));
    }
    forecasts
}

impl Recipe for OnRidge<'_> {
    fn forecaster(&self) -> &str {
        self.rest.forecaster()
    }

    fn fits<'b>(&self, fold: &'b Fold) -> &'b [Fold] {
        self.rest.fits(fold)
    }

    fn seeds(&self) -> u64 {
        self.rest.seeds()
    }

    fn dir(&self, run: &RunDir, fold: &Fold, seed: u64) -> PathBuf {
        self.rest.dir(run, fold, seed)
    }

    fn fit(&self, piece: &Piece<'_>) -> anyhow::Result<()> {
        let Piece { dataset, fold, .. } = piece;
        let Range { start, end } = fold.score;
        let times = dataset.panel.time_ms(start)..dataset.panel.time_ms(end);
        let text = self.ridge.of_times(times).to_json();
        write_atomically(&piece.run.fit(fold).join(BASE_FILE), text.as_bytes())?;
        let further: Vec<PanelFold<'_>> = (piece.further.iter())
            .map(|fold| PanelFold {
                place: fold.place,
                panel: fold.panel,
                fold: fold.fold.clone(),
                // One for each panel of the data set.
                targets: Cow::Owned(left(&self.further[fold.place], &fold.targets)),
            })
            .collect();
        self.rest.fit(&Piece {
            targets: &left(&self.forecasts, piece.targets),
            further: &further,
            ..piece.clone()
        })
    }

    fn load(&self, piece: &Piece<'_>) -> anyhow::Result<Box<dyn Forecaster>> {
        let rest = self.rest.load(piece)?;
        Ok(Box::new(BaseAndRest::load(
            rest,
            &piece.run.fit(piece.fold),
        )?))
    }

    fn target_std(
        &self,
        dataset: &Dataset,
        run: &RunDir,
        fold: &Fold,
    ) -> anyhow::Result<Vec<Option<f32>>> {
        self.rest.target_std(dataset, run, fold)
    }

    fn scored(&self, piece: &Piece<'_>, table: &ForecastTable) -> anyhow::Result<()> {
        self.rest.scored(piece, table)
    }

    fn publish(&self, run: &RunDir, dataset: &Dataset) -> anyhow::Result<Appendix> {
        let mut appendix = self.rest.publish(run, dataset)?;
        let last = dataset.plan.folds.last().context("a run has folds")?;
        let last = self.rest.fits(last).last().context("a fold has fits")?;
        let published = run.path().join(BASE_FILE);
        run.copy(&run.fit(last).join(BASE_FILE), &published)?;
        appendix.artifacts.push(published);
        Ok(appendix)
    }
}

/// The ridge's forecasts plus those of what learnt the rest.
#[derive(Debug)]
struct BaseAndRest {
    ridge: RidgeModel,
    rest: Box<dyn Forecaster>,
    sha256: String,
}

impl BaseAndRest {
    fn load(rest: Box<dyn Forecaster>, folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(BASE_FILE);
        let text = fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))
            .hint("put back the run's own file, or train again")?;
        let hashes = rest.sha256().to_owned() + &content_hash(text.as_bytes());
        Ok(Self {
            ridge: RidgeModel::from_json(&text, &path)?,
            rest,
            sha256: content_hash(hashes.as_bytes()),
        })
    }
}

impl Forecaster for BaseAndRest {
    /// That of the rest, whose config knows of the base.
    fn history_bars(&self) -> usize {
        self.rest.history_bars()
    }

    fn columns(&self) -> Vec<Column> {
        self.rest.columns()
    }

    fn check_columns(&self, coins: &[(Symbol, CandleTable)]) -> anyhow::Result<()> {
        self.rest.check_columns(coins)
    }

    fn fold(&self) -> Option<usize> {
        self.rest.fold()
    }

    fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Where the ridge has no forecast the rest stands alone.
    fn forecast(&self, panel: &Panel, rows: &[usize]) -> anyhow::Result<Vec<ForecastResult>> {
        let base = self.ridge.forecast(panel, rows).into_iter();
        let rest = self.rest.forecast(panel, rows)?;
        let sum = |(base, rest): (ForecastResult, ForecastResult)| {
            rest.map(|rest| base.unwrap_or(0.0) + rest)
        };
        Ok(base.zip(rest).map(sum).collect())
    }

    fn embed(&self, panel: &Panel, rows: &[usize]) -> anyhow::Result<Option<Embeddings>> {
        self.rest.embed(panel, rows)
    }

    fn drift(&self, panel: &Panel, row: usize) -> Vec<Option<Drift>> {
        self.rest.drift(panel, row)
    }

    /// What pushed the rest, and the ridge's terms beside it.
    fn explain(
        &self,
        panel: &Panel,
        row: usize,
    ) -> anyhow::Result<Option<Vec<Option<Explanation>>>> {
        let Some(rest) = self.rest.explain(panel, row)? else {
            return Ok(None);
        };
        let pairs = rest.into_iter().zip(self.ridge.explain(panel, row));
        let both = |(rest, base): (Option<Explanation>, Option<Explanation>)| {
            let mut whole = rest?;
            let of_base = base.into_iter().flat_map(|base| base.contributions);
            whole.contributions.extend(of_base.map(|one| Contribution {
                name: format!("ridge: {}", one.name),
                ..one
            }));
            Some(whole)
        };
        Ok(Some(pairs.map(both).collect()))
    }
}
