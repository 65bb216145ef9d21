//! A fold's model on disk, and how a run forecasts live.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use cli::WithHint;
use dataset::{CandleTable, Column, Config, Eligibility, Panel, TabularFeatures, check_columns};
use market::Symbol;
use run::{Drift, Explanation, ForecastResult, Forecaster, RowForecaster};
use storage::content_hash;

use crate::part::TargetPart;
use crate::record::FoldRecord;
use crate::rows::RowChunk;
use crate::tree_library::TreeModel;
use crate::trees::{Trees, target_scales};
use crate::{BaselineConfig, Loaded};

/// Why a coin that training did not see has no forecast.
pub(crate) const UNKNOWN_COIN: &str = "the coin had no training rows in which its target varies";

/// Over how many bars features are averaged before they are compared with training: a network's
/// window, but short of it so that nothing more need be fetched.
const DRIFT_BARS: usize = 60;

/// A trained model that forecasts single times.
#[derive(Debug)]
pub struct SavedModel {
    pub(crate) trees: Trees,
    pub(crate) record: FoldRecord,
    pub(crate) features: TabularFeatures,
    pub(crate) config: Config,
    sha256: String,
}

impl SavedModel {
    /// Loads the model in a folder: a run's, a fold's or a refit's.
    ///
    /// # Errors
    /// No library; a run that is not finished; files that are broken or belong to other features.
    pub fn load(folder: &Path, config: &BaselineConfig, library: Loaded) -> anyhow::Result<Self> {
        let kind = config.kind();
        let model_file = kind.model_file(TargetPart::Own);
        let record_file = folder.join(kind.record_file());
        let (trees, record) = read_model(folder, config, library)?;
        let features = config.features();
        let (found, expected) = (trees.coins.features()?, features.names().len());
        if found != expected {
            return Err(anyhow!(
                "{} was trained on {found} features, but the run's config has \
                 {expected}",
                folder.join(model_file).display()
            )
            .hint("put back the run's own run.toml, or train again"));
        }
        check_trained(&record, config, &folder.join(model_file))?;
        match &record.origin {
            Some(origin) => config.trees.check(origin, &config.shared, &record_file)?,
            None => cli::note(format!(
                "{} was made by an older version and does not say with which config: nobody would notice if run.toml had \
                 been changed since",
                record_file.display()
            )),
        }
        trees.probe(folder, expected)?;
        let hash = |file: &str| -> anyhow::Result<String> {
            let path = folder.join(file);
            Ok(content_hash(&fs::read(&path).with_context(|| {
                format!("cannot read {}", path.display())
            })?))
        };
        let sha256 = match trees.market {
            None => hash(model_file)?,
            Some(_) => {
                let market = hash(kind.model_file(TargetPart::Market))?;
                content_hash((hash(model_file)? + &market).as_bytes())
            }
        };
        Ok(Self {
            trees,
            record,
            features,
            config: config.shared.clone(),
            sha256,
        })
    }

    /// What `of` says of each row of a chunk, `[rows, coins]`, or why a coin has no forecast.
    pub(crate) fn answers<T>(
        &self,
        (panel, rows): (&Panel, &[usize]),
        std: &[Option<f32>],
        of: impl Fn(&RowChunk<'_>) -> anyhow::Result<Vec<T>>,
    ) -> anyhow::Result<Vec<Result<T, String>>> {
        let coins = panel.coins();
        let eligibility = Eligibility::at(panel, &self.config.features, rows);
        let mut answers = Vec::with_capacity(rows.len() * coins);
        for rows in rows.chunks(self.features.chunk_rows(panel)) {
            let (first, last) = (rows[0], rows[rows.len() - 1]); // chunks are never empty
            let matrix = self.features.compute(panel, first..last + 1);
            let refusal = |row: usize, coin: usize| {
                let unknown = std[coin].is_none().then(|| UNKNOWN_COIN.to_owned());
                unknown.or_else(|| eligibility.refusal(row, coin))
            };
            let refusals: Vec<Option<String>> = rows
                .iter()
                .flat_map(|&row| (0..coins).map(move |coin| refusal(row, coin)))
                .collect();
            let cells: Vec<(usize, usize)> = (refusals.iter().enumerate())
                .filter(|(_, refusal)| refusal.is_none())
                .map(|(place, _)| (rows[place / coins], place % coins))
                .collect();
            let cell = |&(row, coin): &(usize, usize)| matrix.cell(row - first, coin);
            let values: Vec<f32> = cells.iter().flat_map(cell).copied().collect();
            let chunk = RowChunk {
                values: &values,
                cells: &cells,
            };
            let mut found = of(&chunk)?.into_iter();
            answers.extend(refusals.into_iter().map(|refusal| {
                match refusal {
                    Some(refusal) => Err(refusal),
                    None => found
                        .next()
                        .ok_or_else(|| "the trees gave no forecast".to_owned()),
                }
            }));
        }
        Ok(answers)
    }

    /// The feature of every coin whose mean over the last `bars` up to `row` is furthest from
    /// training, with its distance in standard deviations; None where nothing is known.
    fn furthest(&self, panel: &Panel, row: usize, bars: usize) -> Vec<Option<(String, f64)>> {
        let matrix = self
            .features
            .compute(panel, (row + 1).saturating_sub(bars)..row + 1);
        let names = self.features.names();
        let of_coin = |(coin, symbol): (usize, &Symbol)| {
            let stats = self.record.features.get(symbol.as_str())?;
            let distance = |feature: usize| {
                let values =
                    (0..matrix.rows()).map(|row| f64::from(matrix.cell(row, coin)[feature]));
                let known: Vec<f64> = values.filter(|value| !value.is_nan()).collect();
                let mean = known.iter().sum::<f64>() / known.len() as f64;
                let (trained_mean, std) = (stats.mean[feature]?, stats.std[feature]?);
                Some((mean - f64::from(trained_mean)) / f64::from(std))
                    .filter(|distance| distance.is_finite())
            };
            let known = (0..names.len().min(stats.mean.len()).min(stats.std.len()))
                .filter_map(|index| Some((index, distance(index)?)));
            let furthest = known.max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
            furthest.map(|(index, distance)| (names[index].clone(), distance))
        };
        panel.symbols().iter().enumerate().map(of_coin).collect()
    }
}

impl Forecaster for SavedModel {
    fn history_bars(&self) -> usize {
        let own = self.features.warm_up_bars() + self.config.data.fill_limit_bars();
        self.config.history_bars().max(own)
    }

    fn columns(&self) -> Vec<Column> {
        self.config.columns()
    }

    fn check_columns(&self, coins: &[(Symbol, CandleTable)]) -> anyhow::Result<()> {
        Ok(check_columns(&self.config, coins)?)
    }

    fn fold(&self) -> Option<usize> {
        Some(self.record.fold)
    }

    /// Of two files, that of their hashes one after the other.
    fn sha256(&self) -> &str {
        &self.sha256
    }

    fn forecast(&self, panel: &Panel, rows: &[usize]) -> anyhow::Result<Vec<ForecastResult>> {
        let std = self.record.target_std_of(panel.symbols());
        let scales = target_scales(&self.config, &std, panel);
        self.answers((panel, rows), &std, |chunk| match &self.record.classes {
            None => self.trees.forecasts(chunk, &scales, self.config.target.fit),
            Some(classes) => {
                let probabilities = self.trees.probabilities(chunk.values)?;
                Ok(classes.levels(panel.symbols(), chunk.cells, &probabilities))
            }
        })
    }

    fn probabilities(
        &self,
        panel: &Panel,
        rows: &[usize],
    ) -> anyhow::Result<Option<Vec<Option<Vec<f64>>>>> {
        let Some(classes) = &self.record.classes else {
            return Ok(None);
        };
        let std = self.record.target_std_of(panel.symbols());
        let answers = self.answers((panel, rows), &std, |chunk| {
            let probabilities = self.trees.probabilities(chunk.values)?;
            let rows = probabilities.chunks_exact(classes.classes.len().max(1));
            Ok(rows.map(<[f64]>::to_vec).collect())
        })?;
        Ok(Some(answers.into_iter().map(Result::ok).collect()))
    }

    fn drift(&self, panel: &Panel, row: usize) -> Vec<Option<Drift>> {
        let drift = |(feature, std)| Drift { feature, std };
        let furthest = self.furthest(panel, row, DRIFT_BARS);
        furthest
            .into_iter()
            .map(|furthest| furthest.map(drift))
            .collect()
    }

    fn explain(
        &self,
        panel: &Panel,
        row: usize,
    ) -> anyhow::Result<Option<Vec<Option<Explanation>>>> {
        self.explanations(panel, row).map(Some)
    }

    fn by_rows(&self) -> Option<&dyn RowForecaster> {
        Some(self)
    }
}

/// Refuses a config of other coins or classes than the model in `file` was trained on.
fn check_trained(record: &FoldRecord, config: &BaselineConfig, file: &Path) -> anyhow::Result<()> {
    // Market-relative features are of these coins together.
    let mut universe: Vec<&str> = config
        .shared
        .universe
        .symbols
        .iter()
        .map(Symbol::as_str)
        .collect();
    universe.sort_unstable();
    let trained: Vec<&str> = record.target_std.keys().map(String::as_str).collect();
    if universe != trained {
        return Err(anyhow!(
            "{} was trained on {}, but the universe is {}",
            file.display(),
            trained.join(" "),
            universe.join(" ")
        )
        .hint("leave universe.symbols as the run has it"));
    }
    let classes = record.classes.as_ref().map(|levels| levels.classes.len());
    if classes != config.classes() {
        return Err(anyhow!(
            "{} was trained on {} classes, but the run's config has {}",
            file.display(),
            classes.unwrap_or(0),
            config.classes().unwrap_or(0)
        )
        .hint("put back the run's own run.toml, or train again"));
    }
    Ok(())
}

/// A folder's trees with their record.
pub(crate) fn read_model(
    folder: &Path,
    config: &BaselineConfig,
    library: Loaded,
) -> anyhow::Result<(Trees, FoldRecord)> {
    let kind = config.kind();
    let file = kind.model_file(TargetPart::Own);
    let path: PathBuf = folder.join(file);
    let record = FoldRecord::read(folder, kind)?;
    let (true, Some(record)) = (path.exists(), record) else {
        return Err(anyhow!(
            "{} has no {file} with its {} yet",
            folder.display(),
            kind.record_file()
        )
        .hint(
            "`quarterhour baseline --config FILE --run RUN` trains the folds that \
             are missing",
        ));
    };
    let read = |part: TargetPart| -> anyhow::Result<Box<dyn TreeModel>> {
        let path = folder.join(kind.model_file(part));
        let text = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let text = checked(text, &record, &path, library)?;
        let model = library.library().read(&text);
        model.with_context(|| format!("{}: not a model", path.display()))
    };
    let market = record
        .market
        .map(|_| read(TargetPart::Market))
        .transpose()?;
    Ok((
        Trees {
            coins: read(TargetPart::Own)?,
            market,
        },
        record,
    ))
}

/// A model's text, if it is the one that was trained, by its hash, and whole: a library's own
/// reader trusts it blindly.
fn checked(
    text: Vec<u8>,
    record: &FoldRecord,
    path: &Path,
    library: Loaded,
) -> anyhow::Result<String> {
    let hint =
        "put back the run's own file, or train again (`quarterhour baseline --retrain --fold K`)";
    let found = content_hash(&text);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let expected = record.sha256.get(&*name);
    if let Some(expected) = expected.filter(|&expected| *expected != found) {
        return Err(anyhow!(
            "{} has SHA-256 {found}, but {} beside it names {expected}: it is damaged or of another training",
            path.display(),
            library.kind().record_file()
        )
        .hint(hint));
    }
    let text = String::from_utf8(text)
        .ok()
        .with_context(|| format!("{} is no text", path.display()))
        .hint(hint)?;
    // Also where the hash fits: whoever made the file could have written that too.
    library
        .library()
        .check(&text)
        .map_err(|reason| anyhow!("{} is no whole model: {reason}", path.display()))
        .hint(hint)?;
    Ok(text)
}
