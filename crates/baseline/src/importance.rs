//! What the trees use: importance of features as table and chart.

use std::fmt::Write;

use dataset::{Dataset, RunDir, TabularFeatures, WideTable, write_atomically};
use serde::Serialize;

use crate::export::SHAP_FILE;
use crate::saved::read_model;
use crate::{Importance, Library};

/// The files that are written.
pub(crate) const FILES: [&str; 3] = ["importance.json", "importance.csv", SHAP_FILE];

/// How many features the printed line names.
const NAMED: usize = 5;

/// The content of `importance.json`.
#[derive(Debug, Serialize)]
struct Table {
    features: Vec<Feature>,
}

/// One feature, most gain first.
#[derive(Debug, Clone, Serialize)]
struct Feature {
    name: String,
    /// Share of the loss that all splits saved, mean over folds.
    gain: f64,
    /// Share of the splits, mean over folds.
    split: f64,
    /// Mean absolute SHAP contribution over the sampled rows, in the target's unit.
    shap: Option<f64>,
}

/// Writes `importance.json`, `importance.csv` and `shap.parquet` of the whole run, and returns a line for people.
pub(crate) fn write(
    run: &RunDir,
    library: &'static Library,
    dataset: &Dataset,
    features: &TabularFeatures,
) -> anyhow::Result<String> {
    let names = features.names();
    let folds = &dataset.plan.folds;
    let (mut gain, mut split) = (vec![0.0; names.len()], vec![0.0; names.len()]);
    for fold in folds {
        let (model, _) = read_model(&run.fold(fold.number), library)?;
        for (sum, kind) in [(&mut gain, Importance::Gain), (&mut split, Importance::Split)] {
            let values = model.importance(kind, None)?;
            let total: f64 = values.iter().sum();
            for (sum, value) in sum.iter_mut().zip(values) {
                *sum += if total > 0.0 { value / total / folds.len() as f64 } else { 0.0 };
            }
        }
    }
    let paths = folds.iter().map(|fold| run.fold(fold.number).join(SHAP_FILE));
    let shap = WideTable::concat(paths)?;
    shap.write(&run.path().join(SHAP_FILE))?;
    let mean_size = |name: &str| {
        let values = shap.double(name)?;
        (!values.is_empty()).then(|| values.iter().map(|value| value.abs()).sum::<f64>() / values.len() as f64)
    };
    let mut table: Vec<Feature> = names
        .iter()
        .enumerate()
        .map(|(i, name)| Feature { name: name.clone(), gain: gain[i], split: split[i], shap: mean_size(name) })
        .collect();
    table.sort_by(|a, b| b.gain.total_cmp(&a.gain));
    let most: Vec<String> =
        table.iter().take(NAMED).map(|feature| format!("{} {:.0} %", feature.name, feature.gain * 100.0)).collect();
    let line = format!("Most gain: {} (importance.csv has all, shap.parquet {} rows).", most.join(", "), shap.len());

    let mut csv = "feature,gain,split,shap\n".to_owned();
    for Feature { name, gain, split, shap } in &table {
        writeln!(csv, "{name},{gain},{split},{}", shap.map_or(String::new(), |shap| shap.to_string()))?;
    }
    write_atomically(&run.path().join("importance.csv"), csv.as_bytes())?;
    let json = serde_json::to_string_pretty(&Table { features: table })? + "\n";
    write_atomically(&run.path().join("importance.json"), json.as_bytes())?;
    Ok(line)
}
