//! Tables for other programs: the matrix that the trees see, and SHAP contributions.

use std::path::Path;

use anyhow::anyhow;
use cli::WithHint;
use dataset::{Dataset, FeatureRows, TabularFeatures, WideTable};

use crate::fold::Contributions;
use crate::rows::TreeRows;

/// SHAP contributions of sampled rows.
pub(crate) const SHAP_FILE: &str = "shap.parquet";

/// The features of the same rows, in the folder of each fit.
pub(crate) const SHAP_ROWS_FILE: &str = "shap-rows.parquet";

/// Writes every row that any fold can use: `time`, `symbol`, the features as f32, and `target`.
pub(crate) fn matrix(path: &Path, dataset: &Dataset, features: &FeatureRows) -> anyhow::Result<()> {
    let panel = &dataset.panel;
    let everyone = vec![Some(1.0); panel.coins()];
    let set = dataset.fitted_windows(&dataset.targets, 0..panel.rows(), &everyone);
    let rows = TreeRows {
        dataset,
        features,
        set,
    };
    let names = features.features().names();
    let mut table = WideTable::new(&names, &["target"]);
    rows.for_each_chunk(|chunk| {
        for (&(row, coin), values) in chunk
            .cells
            .iter()
            .zip(chunk.values.chunks_exact(names.len()))
        {
            let target = dataset.targets.value(row, coin);
            table.push(
                panel.time_ms(row),
                &panel.symbols()[coin],
                values,
                &[target],
            );
        }
        Ok(())
    })?;
    if table.is_empty() {
        return Err(anyhow!("no row has a target and all features")
            .hint("`quarterhour audit` shows the holes"));
    }
    table.write(path)?;
    cli::note(format!(
        "{} rows of {} features are in {}",
        table.len(),
        names.len(),
        path.display()
    ));
    Ok(())
}

/// Writes into a folder `time`, `symbol`, each feature's contribution in the target's unit, and
/// `expected`, which they add to; and the features of the same rows.
pub(crate) fn contributions(
    folder: &Path,
    dataset: &Dataset,
    features: &TabularFeatures,
    contributions: &[Contributions],
) -> anyhow::Result<()> {
    let names = features.names();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let with_expected: Vec<&str> = names.iter().copied().chain(["expected"]).collect();
    let mut values = WideTable::new(&[], &with_expected);
    let mut rows = WideTable::new(&[], &names);
    for one in contributions {
        let symbol = &dataset.panel.symbols()[one.coin];
        let time_ms = dataset.panel.time_ms(one.row);
        values.push(time_ms, symbol, &[], &one.values);
        rows.push(time_ms, symbol, &[], &one.features);
    }
    values.write(&folder.join(SHAP_FILE))?;
    Ok(rows.write(&folder.join(SHAP_ROWS_FILE))?)
}
