//! What the trees use: importance of features as table and chart.

use dataset::{Dataset, Fold, RunDir, TabularFeatures, WideTable};
use page::{FeatureImportance, Importance, importance_svg};
use storage::write_atomically;

use crate::export::SHAP_FILE;
use crate::saved::read_model;
use crate::{ImportanceOf, Library};

/// The files that are written.
pub(crate) const FILES: [&str; 4] = [
    "importance.json",
    "importance.csv",
    "importance.svg",
    SHAP_FILE,
];

/// How many features the printed line names.
const NAMED: usize = 5;

/// Writes `importance.json`, `importance.csv`, `importance.svg` and `shap.parquet` of the whole
/// run; also returns a line for people.
pub(crate) fn write(
    run: &RunDir,
    library: &'static Library,
    dataset: &Dataset,
    features: &TabularFeatures,
) -> anyhow::Result<(Importance, String)> {
    let names = features.names();
    let fits: Vec<&Fold> = dataset.plan.folds.iter().flat_map(Fold::fits).collect();
    let (mut gain, mut split) = (vec![0.0; names.len()], vec![0.0; names.len()]);
    for fit in &fits {
        let (trees, _) = read_model(&run.fit(fit), library)?;
        for (sum, kind) in [
            (&mut gain, ImportanceOf::Gain),
            (&mut split, ImportanceOf::Split),
        ] {
            for (sum, share) in sum.iter_mut().zip(trees.importance(kind)?) {
                *sum += share / fits.len() as f64;
            }
        }
    }
    let paths = fits.iter().map(|fit| run.fit(fit).join(SHAP_FILE));
    let shap = WideTable::concat(paths)?;
    shap.write(&run.path().join(SHAP_FILE))?;
    let mean_size = |name: &str| {
        let values = shap.double(name)?;
        (!values.is_empty())
            .then(|| values.iter().map(|value| value.abs()).sum::<f64>() / values.len() as f64)
    };
    let mut table: Vec<FeatureImportance> = names
        .iter()
        .enumerate()
        .map(|(i, name)| FeatureImportance {
            name: name.clone(),
            gain: gain[i],
            split: split[i],
            shap: mean_size(name),
        })
        .collect();
    table.sort_by(|a, b| b.gain.total_cmp(&a.gain));
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
    let importance = Importance { features: table };
    let json = serde_json::to_string_pretty(&importance)? + "\n";
    write_atomically(&run.path().join("importance.json"), json.as_bytes())?;
    write_atomically(
        &run.path().join("importance.svg"),
        importance_svg(&importance).as_bytes(),
    )?;
    Ok((importance, line))
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
