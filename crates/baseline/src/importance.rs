//! What the trees use: importance of features as table and chart.

use std::path::PathBuf;

use dataset::{Dataset, Fold, RunDir, TabularFeatures, WideTable};
use page::{
    Dependence, FeatureImportance, FoldImportance, Importance, RankStability, importance_svg,
};
use storage::write_atomically;

use crate::export::{SHAP_FILE, SHAP_ROWS_FILE};
use crate::saved::read_model;
use crate::{BaselineConfig, ImportanceOf, Loaded};

/// Gain, split and SHAP of every feature in every fold.
const FOLDS_FILE: &str = "importance-folds.csv";

/// The files that are written.
pub(crate) const FILES: [&str; 5] = [
    "importance.json",
    "importance.csv",
    FOLDS_FILE,
    "importance.svg",
    SHAP_FILE,
];

/// How many features the printed line names.
const NAMED: usize = 5;

/// How many features it is shown of what their values do.
const SHOWN: usize = 3;

/// Writes `importance.json`, `importance.csv`, `importance.svg` and `shap.parquet` of the whole
/// run; also returns a line for people.
pub(crate) fn write(
    run: &RunDir,
    library: (&BaselineConfig, Loaded),
    dataset: &Dataset,
    features: &TabularFeatures,
) -> anyhow::Result<(Importance, String)> {
    let names = features.names();
    let fits: Vec<&Fold> = dataset.plan.folds.iter().flat_map(Fold::fits).collect();
    let ([gain, split], folds) = by_fold((run, dataset), library, &names)?;
    let shap = shap_of(run, fits.iter().copied())?;
    shap.write(&run.path().join(SHAP_FILE))?;
    let sizes = mean_sizes(&shap, &names);
    let mut places: Vec<usize> = (0..names.len()).collect();
    places.sort_by(|a, b| gain[*b].total_cmp(&gain[*a]));
    let feature = |&place: &usize| FeatureImportance {
        name: names[place].clone(),
        gain: gain[place],
        split: split[place],
        shap: sizes.get(place).copied(),
    };
    let table: Vec<FeatureImportance> = places.iter().map(feature).collect();
    let most: Vec<String> = table
        .iter()
        .take(NAMED)
        .map(|feature| format!("{} {:.0} %", feature.name, feature.gain * 100.0))
        .collect();
    let line = format!(
        "Most gain: {} (importance.csv has all, shap.parquet {} rows).",
        most.join(", "),
        shap.len()
    );

    write_atomically(&run.path().join("importance.csv"), csv(&table).as_bytes())?;
    let importance = Importance {
        features: table,
        folds: folds
            .into_iter()
            .map(|fold| in_order(fold, &places))
            .collect(),
        dependence: dependence(run, &fits, &shap, (&names, &sizes))?,
    };
    write_atomically(
        &run.path().join(FOLDS_FILE),
        folds_csv(&importance).as_bytes(),
    )?;
    let json = serde_json::to_string_pretty(&importance)? + "\n";
    write_atomically(&run.path().join("importance.json"), json.as_bytes())?;
    write_atomically(
        &run.path().join("importance.svg"),
        importance_svg(&importance).as_bytes(),
    )?;
    let line = line + &stability_line(&importance);
    Ok((importance, line))
}

/// The shares of gain and of splits, mean over all fits, and all three kinds in each fold.
fn by_fold(
    (run, dataset): (&RunDir, &Dataset),
    (config, library): (&BaselineConfig, Loaded),
    names: &[String],
) -> anyhow::Result<([Vec<f64>; 2], Vec<FoldImportance>)> {
    let fits: usize = dataset
        .plan
        .folds
        .iter()
        .map(|fold| fold.fits().len())
        .sum();
    let (mut gain, mut split) = (vec![0.0; names.len()], vec![0.0; names.len()]);
    let mut folds = Vec::with_capacity(dataset.plan.folds.len());
    for fold in &dataset.plan.folds {
        let mut own = FoldImportance {
            fold: fold.number,
            gain: vec![0.0; names.len()],
            split: vec![0.0; names.len()],
            shap: mean_sizes(&shap_of(run, fold.fits().iter())?, names),
        };
        for fit in fold.fits() {
            let (trees, _) = read_model(&run.fit(fit), config, library)?;
            for (sum, own, kind) in [
                (&mut gain, &mut own.gain, ImportanceOf::Gain),
                (&mut split, &mut own.split, ImportanceOf::Split),
            ] {
                for ((sum, own), share) in sum.iter_mut().zip(own).zip(trees.importance(kind)?) {
                    *sum += share / fits as f64;
                    *own += share / fold.fits().len() as f64;
                }
            }
        }
        folds.push(own);
    }
    Ok(([gain, split], folds))
}

/// The SHAP contributions of some fits, one after the other.
fn shap_of<'a>(run: &RunDir, fits: impl Iterator<Item = &'a Fold>) -> anyhow::Result<WideTable> {
    let paths = fits.map(|fit| run.fit(fit).join(SHAP_FILE));
    Ok(WideTable::concat(paths)?)
}

/// What the values of the features with the largest contributions do to forecasts; nothing where a
/// fit of an older version kept no values.
fn dependence(
    run: &RunDir,
    fits: &[&Fold],
    shap: &WideTable,
    (names, sizes): (&[String], &[f64]),
) -> anyhow::Result<Vec<Dependence>> {
    let paths: Vec<PathBuf> = fits
        .iter()
        .map(|fit| run.fit(fit).join(SHAP_ROWS_FILE))
        .collect();
    if !paths.iter().all(|path| path.exists()) {
        return Ok(Vec::new());
    }
    let rows = WideTable::concat(paths)?;
    let mut places: Vec<usize> = (0..sizes.len()).collect();
    places.sort_by(|a, b| sizes[*b].total_cmp(&sizes[*a]));
    let of = |name: &String| {
        let (values, shap) = (rows.double(name)?, shap.double(name)?);
        Dependence::new(name, values, shap)
    };
    let shown = places.into_iter().take(SHOWN);
    Ok(shown.filter_map(|place| of(&names[place])).collect())
}

/// Mean size of each feature's contributions; empty where there are none.
fn mean_sizes(shap: &WideTable, names: &[String]) -> Vec<f64> {
    let of = |name: &String| {
        let values = shap.double(name).filter(|values| !values.is_empty())?;
        Some(values.iter().map(|value| value.abs()).sum::<f64>() / values.len() as f64)
    };
    let sizes: Option<Vec<f64>> = names.iter().map(of).collect();
    sizes.unwrap_or_default()
}

/// The fold with its features at these places.
fn in_order(fold: FoldImportance, places: &[usize]) -> FoldImportance {
    let moved = |values: &[f64]| -> Vec<f64> {
        places
            .iter()
            .filter_map(|place| values.get(*place))
            .copied()
            .collect()
    };
    FoldImportance {
        fold: fold.fold,
        gain: moved(&fold.gain),
        split: moved(&fold.split),
        shap: moved(&fold.shap),
    }
}

/// How alike the ranks of consecutive folds are, mean over the pairs; empty of one fold.
fn stability_line(importance: &Importance) -> String {
    let pairs = importance.rank_stability();
    let mean = |of: fn(&RankStability) -> Option<f64>| {
        let known: Vec<f64> = pairs.iter().filter_map(of).collect();
        match known.is_empty() {
            true => "-".to_owned(),
            false => format!("{:.2}", known.iter().sum::<f64>() / known.len() as f64),
        }
    };
    match pairs.is_empty() {
        true => String::new(),
        false => format!(
            "\nRanks of features from fold to fold (Spearman, mean): gain {}, splits {}, SHAP {}.",
            mean(|pair| pair.gain),
            mean(|pair| pair.split),
            mean(|pair| pair.shap)
        ),
    }
}

fn folds_csv(importance: &Importance) -> String {
    let mut text = "fold,feature,gain,split,shap\n".to_owned();
    for fold in &importance.folds {
        for (place, feature) in importance.features.iter().enumerate() {
            let shap = fold.shap.get(place).map_or(String::new(), f64::to_string);
            let (gain, split) = (fold.gain[place], fold.split[place]);
            text += &format!("{},{},{gain},{split},{shap}\n", fold.fold, feature.name);
        }
    }
    text
}

fn csv(table: &[FeatureImportance]) -> String {
    let line = |feature: &FeatureImportance| {
        let FeatureImportance {
            name,
            gain,
            split,
            shap,
        } = feature;
        let shap = shap.map_or(String::new(), |shap| shap.to_string());
        format!("{name},{gain},{split},{shap}\n")
    };
    let lines = table.iter().map(line);
    std::iter::once("feature,gain,split,shap\n".to_owned())
        .chain(lines)
        .collect()
}
