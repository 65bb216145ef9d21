//! `quarterhour evaluate cadence`: every cadence is scored on the same rows, and fitted once.

use std::fs;
use std::path::Path;

use dataset::ForecastTable;
use serde_json::Value;

use crate::quarterhour;

fn cadence(dir: &Path, every: &str) -> Result<Value, String> {
    let output = quarterhour("evaluate")
        .args(["cadence", "--config", "tiny.toml", "--fit-with", "train"])
        .args(["--every", every, "--dir", "cadence", "--json"])
        .current_dir(dir)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    match output.status.success() {
        true => Ok(serde_json::from_slice(&output.stdout).unwrap()),
        false => Err(said),
    }
}

#[test]
fn cadences_are_scored_on_the_same_rows_and_fitted_once() {
    let dir = tempfile::tempdir().unwrap();
    let text = tests::TINY
        .replace("folds = 2", "folds = 2\nearly_stopping_share = 0.0")
        .replace("steps = 24", "steps = 2\nselection = \"last\"");
    fs::write(dir.path().join("tiny.toml"), text).unwrap();
    let report = cadence(dir.path(), "12h,never").unwrap();
    assert_eq!(report["measure"], "ic_a_day");
    let of = |place: usize, key: &str| report["cadences"][place][key].clone();
    assert_eq!(of(1, "fits"), 1);
    assert!(of(0, "fits").as_u64().unwrap() >= 3, "{report}");
    // The last cadence is what the others are compared with.
    assert_eq!(of(1, "minus_last"), 0.0);
    let (score, never) = (
        of(0, "score").as_f64().unwrap(),
        of(1, "score").as_f64().unwrap(),
    );
    let minus = of(0, "minus_last").as_f64().unwrap();
    assert!((score - never - minus).abs() < 1e-12, "{report}");
    let rows = |run: &str| {
        let path = dir
            .path()
            .join("cadence")
            .join(run)
            .join("forecasts.parquet");
        let table = ForecastTable::read(&path).unwrap();
        let keys = table
            .rows()
            .map(|row| (row.time_ms, row.symbol.to_string()));
        keys.collect::<Vec<_>>()
    };
    assert_eq!(rows("every-12h"), rows("every-never"));

    let written = |run: &str| {
        let path = dir
            .path()
            .join("cadence")
            .join(run)
            .join("forecasts.parquet");
        fs::metadata(path).unwrap().modified().unwrap()
    };
    let before = written("every-12h");
    assert_eq!(cadence(dir.path(), "12h,never").unwrap(), report);
    assert_eq!(written("every-12h"), before);

    let said = cadence(dir.path(), "often").unwrap_err();
    assert!(
        said.contains("--every often: \"often\" is no length of time"),
        "{said}"
    );
}
