//! Boosted trees as a way to get a forecaster from the past.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use cli::WithHint;
use dataset::{Dataset, FeatureRows, Fit, Fold, ForecastTable, RunDir};
use run::{Appendix, Forecaster, OutOfBlock, Piece, Recipe};
use serde_json::json;
use statistics::pearson;
use storage::write_atomically;
use tracking::Tracker;

use crate::classes::ClassLevels;
use crate::fold::FoldTraining;
use crate::part::TargetPart;
use crate::record::FoldRecord;
use crate::saved::{SavedModel, read_model};
use crate::tree_grower::TreeMetrics;
use crate::{BaselineConfig, Loaded, StoppingProtocol, TreeKind, export, importance, mlflow};

/// Which fold scored best, for those who ask for it by `predict --fold`.
const BEST_FILE: &str = "best-fold.json";

/// Its trees, for MLflow.
const BEST_FOLDER: &str = "best-fold";

/// One line a round: what early stopping looked at.
const METRICS_FILE: &str = "metrics.jsonl";

/// Grows trees as a config says.
#[derive(Debug)]
pub(crate) struct TreeRecipe {
    /// The run's configuration, with the universe spelled out.
    pub config: BaselineConfig,
    pub library: Loaded,
    /// What the trees see of each row.
    pub features: FeatureRows,
    /// The same of each further panel.
    pub further: Vec<FeatureRows>,
    /// Rounds to add to the trees that are there; None grows them from nothing.
    pub continue_rounds: Option<usize>,
}

impl Recipe for TreeRecipe {
    fn forecaster(&self) -> &str {
        &self.config.run.forecaster
    }

    fn fit(&self, piece: &Piece<'_>) -> anyhow::Result<()> {
        let growth = self.config.trees.growth();
        let (protocol, shap_rows) = (growth.protocol, growth.shap_rows);
        let all_rounds = growth.rounds;
        let training = FoldTraining {
            config: &self.config,
            growth,
            library: self.library,
            dataset: piece.dataset,
            features: &self.features,
            fold: piece.fold,
            targets: piece.targets,
            further: piece
                .further
                .iter()
                // One for each panel of the data set.
                .map(|fold| (fold, &self.further[fold.place]))
                .collect(),
            block: None,
            interrupted: piece.interrupted,
        };
        let rounds = match protocol {
            StoppingProtocol::Blocks => {
                let of = (piece.dataset, piece.fold, piece.targets);
                self.best_rounds(of, piece.interrupted)?
            }
            StoppingProtocol::Honest | StoppingProtocol::Seed => all_rounds,
        };
        let trained = match self.continue_rounds {
            None => training.train(None, rounds)?,
            Some(rounds) => {
                let (trees, record) = read_model(&piece.dir, &self.config, self.library)?;
                training.train(Some((&trees, &record)), rounds)?
            }
        };
        if let Some(tracker) = piece.tracker {
            track_curve(tracker, piece.fold, &trained.metrics);
        }
        let shap = training.contributions(&trained, shap_rows)?;
        export::contributions(&piece.dir, piece.dataset, self.features.features(), &shap)?;
        let line = |line: &TreeMetrics| Ok(serde_json::to_string(line)? + "\n");
        let metrics: String = trained
            .metrics
            .iter()
            .map(line)
            .collect::<anyhow::Result<_>>()?;
        write_atomically(&piece.dir.join(METRICS_FILE), metrics.as_bytes())?;
        for (part, model) in &trained.models {
            let file = self.config.kind().model_file(*part);
            write_atomically(&piece.dir.join(file), model.as_bytes())?;
        }
        let empty = trained.record.classes.iter().flat_map(ClassLevels::empty);
        for class in empty {
            cli::warn(format!(
                "{}: no training row is of the class {class}, which so is forecast with next to no \
                 probability; other regime.quantiles or fewer folds (split.folds) give it some",
                piece.fold
            ));
        }
        trained.record.write(&piece.dir, self.config.kind())
    }

    fn load(&self, piece: &Piece<'_>) -> anyhow::Result<Box<dyn Forecaster>> {
        let model = SavedModel::load(&piece.dir, &self.config, self.library)?;
        Ok(Box::new(model))
    }

    fn target_std(
        &self,
        dataset: &Dataset,
        run: &RunDir,
        fold: &Fold,
    ) -> anyhow::Result<Vec<Option<f32>>> {
        Ok(self
            .record(&run.fit(fold))?
            .target_std_of(dataset.panel.symbols()))
    }

    fn out_of_block(
        &self,
        dataset: &Dataset,
        run: &RunDir,
        fold: &Fold,
    ) -> anyhow::Result<Option<OutOfBlock>> {
        // A fold has a fit at least.
        let first = fold.fits().first().unwrap_or(fold);
        let record = self.record(&run.fit(first))?;
        self.forecast_blocks((dataset, fold), record.best_iteration)
    }

    fn scored(&self, piece: &Piece<'_>, table: &ForecastTable) -> anyhow::Result<()> {
        let record = FoldRecord {
            scored_pearson: pooled_pearson(table),
            ..self.record(&piece.dir)?
        };
        record.write(&piece.dir, self.config.kind())?;
        let score = record.scored_pearson;
        cli::note(format!(
            "{}: {} of {} trees, {} rows in {:.1} s, Pearson {}",
            piece.fold,
            record.trees(),
            record.rounds + record.market.map_or(0, |market| market.rounds),
            record.train_rows,
            record.train_secs,
            score.map_or("-".to_owned(), |score| format!("{score:+.4}")),
        ));
        if let Some(tracker) = piece.tracker {
            let outcome = [
                ("fold_trees", record.best_iteration as f64),
                ("fold_secs", record.train_secs),
            ];
            tracker.metrics(record.fold as u64, &outcome);
        }
        Ok(())
    }

    fn publish(&self, run: &RunDir, dataset: &Dataset) -> anyhow::Result<Appendix> {
        let fits: Vec<&Fold> = dataset.plan.folds.iter().flat_map(Fold::fits).collect();
        let of_fit = |fit: &&Fold| self.record(&run.fit(fit));
        let records: Vec<FoldRecord> = fits.iter().map(of_fit).collect::<anyhow::Result<_>>()?;
        let last = run.fit(fits.last().context("a run has folds")?);
        let files = self.model_files();
        for file in &files {
            run.copy(&last.join(file), &run.path().join(file))?;
        }
        let has_refits = self.config.shared.split.refit_every.is_some();
        let best = match has_refits {
            // The best of many short pieces is luck.
            true => None,
            false => write_best(run, &records, self.config.kind())?,
        };
        let (importance, top) = importance::write(
            run,
            (&self.config, self.library),
            dataset,
            self.features.features(),
        )?;
        let mut artifacts: Vec<PathBuf> = files
            .iter()
            .copied()
            .chain(best.map(|_| BEST_FILE))
            .chain(importance::FILES)
            .map(|file| run.path().join(file))
            .collect();
        for fit in &fits {
            artifacts.extend(mlflow::describe(&run.fit(fit), self.config.kind())?);
        }
        if let Some(fold) = best {
            let folder = run.path().join(BEST_FOLDER);
            for file in &files {
                run.copy(&run.fold(fold).join(file), &folder.join(file))?;
            }
            artifacts.extend(mlflow::describe(&folder, self.config.kind())?);
        }
        let path = cli::quoted(run.path().display());
        Ok(Appendix {
            texts: vec![self.trees_line(&records), top],
            importance: Some(importance),
            artifacts,
            next: format!(
                "`quarterhour predict --run {path}` forecasts with the last {} \
                 model{}",
                if has_refits { "refit's" } else { "fold's" },
                best.map_or(String::new(), |fold| format!(
                    " (the best on its own test fold, {fold}, only by --fold {fold})"
                ))
            ),
        })
    }
}

impl TreeRecipe {
    /// The files of a fold that `predict` loads.
    fn model_files(&self) -> Vec<&'static str> {
        let kind = self.config.kind();
        let market = match self.config.shared.target.fit {
            Fit::Whole => None,
            Fit::Parts | Fit::ScaledParts => Some(kind.model_file(TargetPart::Market)),
        };
        let own = [kind.model_file(TargetPart::Own)].into_iter();
        own.chain(market).chain([kind.record_file()]).collect()
    }

    /// The record in a fold's folder.
    fn record(&self, folder: &Path) -> anyhow::Result<FoldRecord> {
        let kind = self.config.kind();
        match FoldRecord::read(folder, kind)? {
            Some(record) => Ok(record),
            None => Err(
                anyhow!("{} has no {}", folder.display(), kind.record_file())
                    .hint("--retrain trains the folds anew"),
            ),
        }
    }

    fn trees_line(&self, records: &[FoldRecord]) -> String {
        let trees: Vec<String> = records.iter().map(FoldRecord::trees).collect();
        let of_what = match self.config.shared.split.refit_every {
            None => "fold",
            Some(_) => "refit",
        };
        let of_parts = match self.config.shared.target.fit {
            Fit::Parts | Fit::ScaledParts => " (of the coins' own parts + of the market's)",
            Fit::Whole => "",
        };
        let growth = self.config.trees.growth();
        let stopped = match (growth.patience(), growth.protocol) {
            (_, StoppingProtocol::Blocks) => {
                "their number had the least error over four blocks of the training time"
            }
            (None, _) => "there was no early stopping",
            (_, StoppingProtocol::Honest) => {
                "early stopping looked at the end of the training time"
            }
            (_, StoppingProtocol::Seed) => {
                "early stopping looked at THE SCORED FOLD ITSELF, so the score is optimistic"
            }
        };
        format!(
            "Trees of each {of_what}{of_parts}: {}; {stopped}.",
            trees.join(" ")
        )
    }
}

/// Tells a tracker of a fit's curve by round.
fn track_curve(tracker: &Tracker, fold: &Fold, curve: &[TreeMetrics]) {
    for line in curve {
        let of_part = match line.part.is_whole() {
            true => String::new(),
            false => format!("{}-", line.part.name()),
        };
        let name = |of: &str| format!("{}/{of_part}{of}", fold.dir());
        let (l2, score) = (name("l2"), name("score"));
        let values = [(l2.as_str(), line.l2), (score.as_str(), line.score)];
        let known: Vec<(&str, f64)> = values
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect();
        tracker.metrics(line.iteration as u64, &known);
    }
}

/// Labels the fold that scored best, and returns it; None where no fold has a score.
fn write_best(
    run: &RunDir,
    records: &[FoldRecord],
    kind: TreeKind,
) -> anyhow::Result<Option<usize>> {
    let scored = records
        .iter()
        .filter_map(|record| Some((record.fold, record.scored_pearson?)));
    let Some((fold, pearson)) = scored.max_by(|a, b| a.1.total_cmp(&b.1)) else {
        return Ok(None);
    };
    let label = json!({
        "fold": fold,
        "pearson": pearson,
        "model": format!("fold-{fold}/{}", kind.model_file(TargetPart::Own)),
        "note": "selected on its own test fold: the score says nothing about the future, and \
         nothing uses this model unless it is asked for",
    });
    let text = serde_json::to_string_pretty(&label)? + "\n";
    write_atomically(&run.path().join(BEST_FILE), text.as_bytes())?;
    Ok(Some(fold))
}

/// Pearson over all rows of a fold.
fn pooled_pearson(table: &ForecastTable) -> Option<f64> {
    let (forecast, realized): (Vec<f64>, Vec<f64>) =
        table.rows().map(|row| (row.forecast, row.realized)).unzip();
    pearson(&forecast, &realized)
}
