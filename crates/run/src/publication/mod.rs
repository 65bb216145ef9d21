//! What forecasts of a logarithm of volatility are published as: the volatility and the variance
//! that they stand for, intervals, and probabilities of regimes. Fitted once where the pieces of a
//! run meet, the same offline and live.
//!
//! All of it comes from residuals of rows that the model had not seen. A recipe that is refitted
//! cheaply forecasts its training rows block by block ([`training_blocks`]); for others the
//! out-of-sample forecasts of earlier folds serve, of which the first fold has none.

mod blocks;
mod edges;
mod fit;
mod fitted;

use std::ops::Range;
use std::path::Path;

use dataset::{Config, Dataset, Fold, ForecastTable, RunDir, TablePart};
use score::AboveForecast;

use fit::{Fitting, FoldStep, Source, training_table};
use fitted::{PublishedNumbers, SavedPublications};

pub use blocks::{BLOCKS, OutOfBlock, TrainingBlock, training_blocks};
pub use edges::RegimeEdges;
pub use fitted::{Publication, PublicationStep, PublishedVolatility};

/// The table of a fold's training rows, each forecast out of its block, in the folder of the fold.
pub const TRAINING_FILE: &str = "training.parquet";

/// Where the residuals of a fold come from: a recipe's [`out_of_block`](crate::Recipe::out_of_block),
/// or an ensemble's members. None has those of earlier folds.
pub type ResidualSource<'a> = dyn Fn(&Dataset, &Fold) -> anyhow::Result<Option<OutOfBlock>> + 'a;

/// The table with what its forecasts are published as, and the files that a live forecast has the
/// same from; nothing changes where the target is not the logarithm of a volatility.
///
/// # Errors
/// What `out_of_block` says, what the system says.
pub fn with_publication(
    table: ForecastTable,
    dataset: &Dataset,
    run: &RunDir,
    out_of_block: &ResidualSource<'_>,
) -> anyhow::Result<ForecastTable> {
    if !is_of_volatility(&dataset.config) {
        return Ok(table);
    }
    let (metadata, mut parts) = table.into_inner();
    let horizons = dataset.by_horizon();
    // Of each fold, and of the run, those of all horizons.
    let mut of_folds: Vec<(u32, Vec<Publication>)> = Vec::new();
    let mut of_run = Vec::new();
    for part in &mut parts {
        let is_its =
            |at: &&std::borrow::Cow<'_, Dataset>| at.config.target.horizon == part.key.horizon;
        let Some(dataset) = horizons.iter().find(is_its) else {
            continue;
        };
        let steps = steps(part, dataset, run, out_of_block)?;
        add_outputs(part, &dataset.config, &steps)?;
        let publication = |steps| Publication {
            horizon: part.key.horizon,
            steps,
        };
        if let Some((fold, last)) = steps.last() {
            let live = match last.source {
                Source::OutOfBlock => None,
                Source::EarlierFolds | Source::Nothing => Fitting { dataset, part }.live(fold),
            };
            let steps = std::iter::once(last.step.clone()).chain(live);
            of_run.push(publication(steps.collect()));
        }
        for (fold, step) in steps {
            let number = fold.number as u32;
            let publication = publication(vec![step.step]);
            match of_folds.iter_mut().find(|(known, _)| *known == number) {
                Some((_, horizons)) => horizons.push(publication),
                None => of_folds.push((number, vec![publication])),
            }
        }
    }
    for (number, horizons) in of_folds {
        SavedPublications { horizons }.write(&run.fold(number as usize))?;
    }
    SavedPublications { horizons: of_run }.write(run.path())?;
    Ok(ForecastTable::new(metadata, parts, run.path())?)
}

/// What a live forecast of a run's model is published as; None where the target is not the
/// logarithm of a volatility. `fold` is the fold asked for.
pub(crate) fn load(
    run: &Path,
    fold: Option<usize>,
    config: &Config,
) -> anyhow::Result<Option<Publication>> {
    if !is_of_volatility(config) {
        return Ok(None);
    }
    let folder = match fold {
        None => run.to_owned(),
        Some(fold) => RunDir::new(run.to_owned()).fold(fold),
    };
    SavedPublications::read(&folder, config.target.horizon).map(Some)
}

/// Whether the target is the logarithm of a volatility.
pub(crate) fn is_of_volatility(config: &Config) -> bool {
    config
        .target
        .init(config.data.interval)
        .task()
        .is_of_volatility()
}

/// The step of each fold of a part, in order of time.
fn steps<'a>(
    part: &TablePart,
    dataset: &'a Dataset,
    run: &RunDir,
    out_of_block: &ResidualSource<'_>,
) -> anyhow::Result<Vec<(&'a Fold, FoldStep)>> {
    let fitting = Fitting { dataset, part };
    let mut steps = Vec::new();
    let mut without = Vec::new();
    for (number, rows) in folds_of(part) {
        let Some(fold) = dataset
            .plan
            .folds
            .iter()
            .find(|fold| fold.number as u32 == number)
        else {
            continue;
        };
        let training = match out_of_block(dataset, fold)? {
            None => None,
            Some(found) => {
                let path = run.fold(fold.number).join(TRAINING_FILE);
                let table = training_table(dataset, fold, &found, &path)?;
                table.write(&path)?;
                Some((table, found.is_corrected))
            }
        };
        let training = training.as_ref();
        let own = training
            .and_then(|(table, is_corrected)| Some((table.parts().first()?, *is_corrected)));
        let step = fitting.fold(fold, rows, own);
        if step.source == Source::Nothing {
            without.push(number.to_string());
        }
        steps.push((fold, step));
    }
    if !without.is_empty() {
        cli::note(format!(
            "{}: no residuals of rows before fold {}: its volatilities are published as they are \
             forecast, without intervals and probabilities",
            part.key,
            without.join(", ")
        ));
    }
    Ok(steps)
}

/// The folds of a part with their rows.
fn folds_of(part: &TablePart) -> Vec<(u32, Range<usize>)> {
    let mut start = 0;
    let chunks = part.fold.chunk_by(|one, next| one == next);
    let of_chunk = |chunk: &[u32]| {
        let rows = start..start + chunk.len();
        start = rows.end;
        // Chunks are never empty.
        (chunk[0], rows)
    };
    chunks.map(of_chunk).collect()
}

/// Adds the columns of what the forecasts say; NaN where it is not known.
fn add_outputs(
    part: &mut TablePart,
    config: &Config,
    steps: &[(&Fold, FoldStep)],
) -> anyhow::Result<()> {
    let classes = config.regime.classes();
    let mut names = vec!["volatility_mean".to_owned(), "variance_mean".to_owned()];
    for coverage in fitted::COVERAGES {
        let percent = (coverage * 100.0).round();
        names.extend([format!("lower_{percent}"), format!("upper_{percent}")]);
    }
    names.extend((1..classes.len()).map(|edge| format!("regime_edge_{edge}")));
    names.extend(classes.iter().map(|class| format!("probability_{class}")));
    let levels = &config.regime.above;
    let of_classes = names.len();
    names.extend(
        levels
            .iter()
            .map(|level| format!("{}{level}", AboveForecast::COLUMN)),
    );
    let mut columns = vec![vec![f64::NAN; part.len()]; names.len()];
    for (number, rows) in folds_of(part) {
        let Some((_, step)) = steps.iter().find(|(fold, _)| fold.number as u32 == number) else {
            continue;
        };
        let step = &step.step;
        for (&level, column) in levels.iter().zip(&mut columns[of_classes..]) {
            if let Some(above) = step.probabilities_above(&part.forecast[rows.clone()], level) {
                column[rows.clone()].copy_from_slice(&above);
            }
        }
        let residuals = step.distribution();
        for row in rows {
            let symbol = part.symbol_of(row).as_str();
            let numbers = step.numbers(residuals.as_ref(), symbol, part.forecast[row]);
            for (column, value) in columns.iter_mut().zip(numbers.values(classes.len())) {
                column[row] = value;
            }
        }
    }
    for (name, column) in names.into_iter().zip(columns) {
        // A forecaster that learns classes has probabilities of its own.
        let is_own = name.starts_with("probability_") && part.outputs.contains_key(&name);
        if !is_own {
            part.outputs.insert(name, column);
        }
    }
    Ok(())
}

impl PublishedNumbers<'_> {
    /// The numbers in the order of the table's columns, NaN where unknown, for so many classes.
    fn values(&self, classes: usize) -> impl Iterator<Item = f64> + '_ {
        let or_unknown = |known: Option<&f64>| known.copied().unwrap_or(f64::NAN);
        let bounds = self.bounds.iter();
        let bounds = bounds.flat_map(|bounds| bounds.unwrap_or([f64::NAN; 2]));
        [self.volatility, self.variance]
            .into_iter()
            .chain(bounds)
            .chain((0..classes - 1).map(move |place| or_unknown(self.edges.get(place))))
            .chain((0..classes).map(move |place| or_unknown(self.probabilities.get(place))))
    }
}
