//! Trees in MLflow's own format: a file `MLmodel` beside them, which `mlflow.lightgbm.load_model`
//! opens with its folder.

use std::path::{Path, PathBuf};

use storage::write_atomically;

use crate::lightgbm::VERSION;
use crate::part::{MARKET_FILE, MODEL_FILE};

/// What MLflow looks for in the folder of a model.
const DESCRIPTION_FILE: &str = "MLmodel";

/// The folder of the market's trees within that of a fold: a folder is one model.
const MARKET_FOLDER: &str = "market";

/// Describes the trees of a folder to MLflow, those of the market in a folder of their own with a
/// copy of their file; returns all files that a server needs.
///
/// # Errors
/// What the system says.
pub(crate) fn describe(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = describe_one(folder, MODEL_FILE)?;
    let market = folder.join(MARKET_FILE);
    if market.exists() {
        let own = folder.join(MARKET_FOLDER);
        write_atomically(&own.join(MARKET_FILE), &std::fs::read(&market)?)?;
        files.extend(describe_one(&own, MARKET_FILE)?);
    }
    Ok(files)
}

fn describe_one(folder: &Path, file: &str) -> anyhow::Result<Vec<PathBuf>> {
    let text = format!(
        "flavors:\n  lightgbm:\n    code: null\n    data: {file}\n    lgb_version: {VERSION}\n    \
         model_class: lightgbm.basic.Booster\n  python_function:\n    data: {file}\n    \
         loader_module: mlflow.lightgbm\n"
    );
    let description = folder.join(DESCRIPTION_FILE);
    write_atomically(&description, text.as_bytes())?;
    Ok(vec![description, folder.join(file)])
}
