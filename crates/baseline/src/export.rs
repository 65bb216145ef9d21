//! Tables for other programs: the matrix that the trees see, and SHAP contributions.

use std::path::Path;

use anyhow::anyhow;
use cli::WithHint;
use dataset::{Dataset, FeatureRows, TabularFeatures, WideTable};

use crate::fold::Contributions;
use crate::rows::TreeRows;

/// SHAP contributions of sampled rows.
pub(crate) const SHAP_FILE: &str = "shap.parquet";

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

/// Writes `time`, `symbol`, each feature's contribution in the target's unit, and `expected`, which
/// they add to.
pub(crate) fn contributions(
    path: &Path,
    dataset: &Dataset,
    features: &TabularFeatures,
    contributions: &[Contributions],
) -> anyhow::Result<()> {
    let mut names = features.names();
    names.push("expected".to_owned());
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut table = WideTable::new(&[], &names);
    for Contributions { row, coin, values } in contributions {
        table.push(
            dataset.panel.time_ms(*row),
            &dataset.panel.symbols()[*coin],
            &[],
            values,
        );
    }
    Ok(table.write(path)?)
}
