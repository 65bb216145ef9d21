//! Models, forecasts and contributions equal those of the Python package:
//! `scripts/golden-lightgbm.py`.

use std::fs;
use std::path::PathBuf;

use baseline::{BinnedTable, Booster, ImportanceOf, Library, Predict};
use serde_json::Value;

use crate::support::{json, library};

pub const ROWS: i64 = 3000;
pub const COLUMNS: i64 = 6;
pub const TRAIN: usize = 2000;
pub const VALID: usize = 2600;

/// The matrix, row-major, and the labels of the script.
pub fn matrix() -> (Vec<f32>, Vec<f32>) {
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for i in 0..ROWS {
        let is_missing = |j: i64| (i * 13 + j * 7) % 50 == 0;
        let value =
            |j: i64| ((i * 7919 + j * 104_729 + i * i * 31 + i * j * 17) % 1009) as f64 / 1009.0;
        let filled = |j: i64| {
            if is_missing(j) {
                0.0
            } else {
                f64::from(value(j) as f32)
            }
        };
        let noise = ((i * 6007) % 997) as f64 / 997.0;
        let label =
            filled(0) * filled(1) - filled(2) * 0.5 + filled(3) * filled(3) * 0.25 + noise * 0.5;
        y.push(label as f32);
        for j in 0..COLUMNS {
            let is_zero = j == 5 && i % 3 != 0;
            x.push(if is_zero {
                0.0
            } else if is_missing(j) {
                f32::NAN
            } else {
                value(j) as f32
            });
        }
    }
    (x, y)
}

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
}

pub fn rows(x: &[f32], from: usize, until: usize) -> &[f32] {
    &x[from * COLUMNS as usize..until * COLUMNS as usize]
}

/// Training and validation tables, filled in pieces.
fn tables(library: &'static Library, parameters: &str) -> (BinnedTable, BinnedTable) {
    let (x, y) = matrix();
    let sampled = BinnedTable::sampled_rows(library, TRAIN, parameters).unwrap();
    let sample: Vec<f32> = sampled
        .iter()
        .flat_map(|&row| rows(&x, row, row + 1).to_vec())
        .collect();
    let names: Vec<String> = (0..COLUMNS).map(|j| format!("feature_{j}")).collect();
    let mut train = BinnedTable::new(library, &sample, &names, TRAIN, parameters).unwrap();
    let mut valid = train.with_same_bins(VALID - TRAIN).unwrap();
    for from in (0..TRAIN).step_by(300) {
        train.push(rows(&x, from, TRAIN.min(from + 300))).unwrap();
    }
    valid.push(rows(&x, TRAIN, VALID)).unwrap();
    train.set_label(&y[..TRAIN]).unwrap();
    valid.set_label(&y[TRAIN..VALID]).unwrap();
    (train, valid)
}

pub fn numbers(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|value| value.as_f64().unwrap())
        .collect()
}

fn assert_equal(what: &str, found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!(
            (found - expected).abs() <= 1e-12,
            "{what} {place}: {found} {expected}"
        );
    }
}

/// Everything the script wrote down of one model.
fn check(booster: &Booster, library: &'static Library, expected: &Value, name: &str) {
    let (x, _) = matrix();
    let best = expected["best_iteration"].as_u64().unwrap() as usize;
    let model = fs::read_to_string(golden(&format!("{name}.txt"))).unwrap();
    let found = booster.to_model(best).unwrap();
    let differs = model
        .lines()
        .zip(found.lines())
        .find(|(model, found)| model != found);
    assert!(model == found, "the model differs: {differs:?}");
    let values = booster
        .predict(rows(&x, VALID, ROWS as usize), Predict::Value, Some(best))
        .unwrap();
    assert_equal("forecasts", &values, &numbers(&expected["predictions"]));
    let contributions = booster
        .predict(
            rows(&x, VALID, VALID + 5),
            Predict::Contributions,
            Some(best),
        )
        .unwrap();
    let wanted: Vec<f64> = expected["contributions"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(numbers)
        .collect();
    assert_equal("contributions", &contributions, &wanted);
    // Once read from its text, as Python does after training: the text has fewer digits of the
    // gains.
    let read = Booster::from_model(library, &model).unwrap();
    assert_eq!(
        read.predict(rows(&x, VALID, ROWS as usize), Predict::Value, None)
            .unwrap(),
        values
    );
    for (kind, name) in [(ImportanceOf::Gain, "gain"), (ImportanceOf::Split, "split")] {
        assert_equal(
            name,
            &read.importance(kind, None).unwrap(),
            &numbers(&expected[name]),
        );
    }
}

#[test]
fn models_are_those_of_the_python_package() {
    let Some(library) = library() else { return };
    let expected = json(&golden("lightgbm.json"));
    let (_, y) = matrix();
    assert_eq!(
        y.iter().map(|&y| f64::from(y)).sum::<f64>(),
        expected["target_sum"].as_f64().unwrap(),
        "other labels"
    );
    for name in ["plain", "drawn"] {
        let expected = &expected[name];
        let parameters = expected["parameters"].as_str().unwrap();
        let (train, valid) = tables(library, parameters);
        let mut booster = Booster::new(train, Some(valid), None, parameters).unwrap();
        for l2 in numbers(&expected["l2"]) {
            booster.update().unwrap();
            assert_equal("l2", &[booster.validation_metric().unwrap()], &[l2]);
        }
        let last: f64 = {
            let (forecasts, (_, y)) = (booster.validation_forecasts().unwrap(), matrix());
            let errors = forecasts
                .iter()
                .zip(&y[TRAIN..VALID])
                .map(|(f, &y)| (f - f64::from(y)).powi(2));
            errors.sum::<f64>() / (VALID - TRAIN) as f64
        };
        assert_equal(
            "validation forecasts",
            &[last],
            &numbers(&expected["l2"])[booster.iterations().unwrap() - 1..],
        );
        check(&booster, library, expected, name);
    }
}

#[test]
fn continued_models_are_those_of_the_python_package() {
    let Some(library) = library() else { return };
    let (x, _) = matrix();
    let expected = &json(&golden("lightgbm.json"))["continued"];
    let first =
        Booster::from_model(library, &fs::read_to_string(golden("first.txt")).unwrap()).unwrap();
    let parameters = expected["parameters"].as_str().unwrap();
    let (mut train, mut valid) = tables(library, parameters);
    train
        .set_init_score(
            &first
                .predict(rows(&x, 0, TRAIN), Predict::RawScore, None)
                .unwrap(),
        )
        .unwrap();
    valid
        .set_init_score(
            &first
                .predict(rows(&x, TRAIN, VALID), Predict::RawScore, None)
                .unwrap(),
        )
        .unwrap();
    let mut booster = Booster::new(train, Some(valid), Some(&first), parameters).unwrap();
    for l2 in numbers(&expected["l2"]) {
        booster.update().unwrap();
        assert_equal("l2", &[booster.validation_metric().unwrap()], &[l2]);
    }
    assert_eq!(booster.iterations().unwrap(), 35, "20 trees and 15 more");
    check(&booster, library, expected, "continued");
}

#[test]
fn what_does_not_fit_is_an_error() {
    let Some(library) = library() else { return };
    let parameters = "objective=regression verbosity=-1 metric=l2";
    let (mut train, mut valid) = tables(library, parameters);
    assert!(
        train
            .push(&[0.0; 6])
            .unwrap_err()
            .to_string()
            .contains("row 2001 of a table for 2000 rows")
    );
    assert!(
        valid
            .set_label(&[0.0; 6])
            .unwrap_err()
            .to_string()
            .contains("6 values of `label` for 600 of 600 rows")
    );
    assert!(Booster::from_model(library, "no model").is_err());
    let mut booster = Booster::new(train, Some(valid), None, parameters).unwrap();
    booster.update().unwrap();
    assert!(booster.predict(&[0.0; 7], Predict::Value, None).is_err());
    assert!(
        booster
            .predict(&[], Predict::Value, None)
            .unwrap()
            .is_empty()
    );
    let (train, valid) = tables(library, "verbosity=-1");
    assert!(Booster::new(train, Some(valid), None, "objective=nonsense verbosity=-1").is_err());
}
