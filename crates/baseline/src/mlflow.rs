//! Trees in MLflow's own format: a file `MLmodel` beside them, which `mlflow.lightgbm.load_model`
//! or `mlflow.xgboost.load_model` opens with its folder.

use std::path::{Path, PathBuf};

use storage::write_atomically;

use crate::TreeKind;
use crate::lightgbm::VERSION;
use crate::part::TargetPart;
use crate::xgboost::VERSION as XGBOOST_VERSION;

/// What MLflow looks for in the folder of a model.
const DESCRIPTION_FILE: &str = "MLmodel";

/// The folder of the market's trees within that of a fold: a folder is one model.
const MARKET_FOLDER: &str = "market";

/// Describes the trees of a folder to MLflow, those of the market in a folder of their own with a
/// copy of their file; returns all files that a server needs.
///
/// # Errors
/// What the system says.
pub(crate) fn describe(folder: &Path, kind: TreeKind) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = describe_one(folder, kind.model_file(TargetPart::Own), kind)?;
    let file = kind.model_file(TargetPart::Market);
    let market = folder.join(file);
    if market.exists() {
        let own = folder.join(MARKET_FOLDER);
        write_atomically(&own.join(file), &std::fs::read(&market)?)?;
        files.extend(describe_one(&own, file, kind)?);
    }
    Ok(files)
}

fn describe_one(folder: &Path, file: &str, kind: TreeKind) -> anyhow::Result<Vec<PathBuf>> {
    let name = kind.name();
    let own = match kind {
        TreeKind::LightGbm => {
            format!("lgb_version: {VERSION}\n    model_class: lightgbm.basic.Booster\n")
        }
        TreeKind::XgBoost => format!(
            "model_class: xgboost.core.Booster\n    model_format: json\n    \
             xgb_version: {XGBOOST_VERSION}\n"
        ),
    };
    let text = format!(
        "flavors:\n  {name}:\n    code: null\n    data: {file}\n    {own}  \
         python_function:\n    data: {file}\n    loader_module: mlflow.{name}\n"
    );
    let description = folder.join(DESCRIPTION_FILE);
    write_atomically(&description, text.as_bytes())?;
    Ok(vec![description, folder.join(file)])
}
