//! XGBoost's models, forecasts and contributions equal those of its Python package:
//! `scripts/golden-xgboost.py`.

use std::fs;
use std::path::PathBuf;

use baseline::{ImportanceOf, Predict, RowFeed, XgbBooster, XgbLibrary, XgbTable};
use serde_json::Value;

use crate::golden::{COLUMNS, ROWS, TRAIN, VALID, matrix, numbers, rows};
use crate::support::json;

fn library() -> Option<&'static XgbLibrary> {
    tests::available(XgbLibrary::open())
}

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
}

/// Rows in pieces of 300.
struct Pieces<'a> {
    rows: &'a [f32],
    next: usize,
}

impl RowFeed for Pieces<'_> {
    fn columns(&self) -> usize {
        COLUMNS as usize
    }

    fn restart(&mut self) {
        self.next = 0;
    }

    fn next_rows(&mut self) -> anyhow::Result<Option<&[f32]>> {
        let piece = self.rows.chunks(300 * COLUMNS as usize).nth(self.next);
        self.next += 1;
        Ok(piece)
    }
}

fn names() -> Vec<String> {
    (0..COLUMNS).map(|j| format!("feature_{j}")).collect()
}

fn tables(library: &'static XgbLibrary, y: &[f32]) -> (XgbTable, XgbTable) {
    let (x, _) = matrix();
    let table = |from: usize, until: usize, like: Option<&XgbTable>| {
        let rows = rows(&x, from, until);
        let mut feed = Pieces { rows, next: 0 };
        let mut table = XgbTable::new(library, &mut feed, &names(), (64, 2), like).unwrap();
        table.set_label(&y[from..until]).unwrap();
        table
    };
    let train = table(0, TRAIN, None);
    let valid = table(TRAIN, VALID, Some(&train));
    (train, valid)
}

fn assert_near(what: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
        let most = tolerance * expected.abs().max(1.0);
        assert!(
            (found - expected).abs() <= most,
            "{what} {place}: {found} {expected}"
        );
    }
}

/// Everything the script wrote down of one model.
fn check(booster: &XgbBooster, library: &'static XgbLibrary, expected: &Value, name: &str) {
    let (x, _) = matrix();
    let model = fs::read_to_string(golden(&format!("xgboost-{name}.json"))).unwrap();
    let rounds = expected["rounds"].as_u64().unwrap() as usize;
    let own: Value = serde_json::from_str(&booster.to_model(rounds).unwrap()).unwrap();
    let theirs: Value = serde_json::from_str(&model).unwrap();
    assert_eq!(
        own["learner"]["gradient_booster"],
        theirs["learner"]["gradient_booster"]
    );
    let read = XgbBooster::from_model(library, &model).unwrap();
    for booster in [booster, &read] {
        let rest = rows(&x, VALID, ROWS as usize);
        let found = booster.predict(rest, Predict::Value, None).unwrap();
        // The library computes in 32 bits, and reading numbers from JSON may change the last of 64.
        let single =
            |values: Vec<f64>| values.iter().map(|&value| value as f32).collect::<Vec<_>>();
        let wanted = numbers(&expected["predictions"]);
        assert!(single(found) == single(wanted), "forecasts of {name}");
        let few = rows(&x, VALID, VALID + 5);
        let found = booster.predict(few, Predict::Contributions, None).unwrap();
        assert_near(
            "contributions",
            &found,
            &numbers(&expected["contributions"]),
            1e-6,
        );
        for (kind, name) in [(ImportanceOf::Split, "split"), (ImportanceOf::Gain, "gain")] {
            let found = booster.importance(kind).unwrap();
            assert_near(name, &found, &numbers(&expected[name]), 1e-6);
        }
    }
}

/// Grows trees as Python did, and looks at the validation rows after each round.
fn grow(expected: &Value, y: &[f32], first: Option<&str>, name: &str) {
    let Some(library) = library() else { return };
    let (train, valid) = tables(library, y);
    let parameters = expected["parameters"].as_str().unwrap();
    let mut booster = XgbBooster::new(train, Some(valid), first, parameters).unwrap();
    for loss in numbers(&expected["curve"]) {
        booster.update().unwrap();
        let (labels, forecasts) = booster.validation().unwrap();
        let count = labels.len() as f64;
        let pairs = labels
            .iter()
            .zip(forecasts.chunks(forecasts.len() / labels.len()));
        let found = match expected["metric"].as_str().unwrap() {
            "rmse" => {
                let squares = pairs.map(|(&y, said)| (said[0] - f64::from(y)).powi(2));
                (squares.sum::<f64>() / count).sqrt()
            }
            _ => -pairs.map(|(&y, said)| said[y as usize].ln()).sum::<f64>() / count,
        };
        assert!((found - loss).abs() < 1e-6, "{name}: {found} {loss}");
    }
    check(&booster, library, expected, name);
}

#[test]
fn models_of_xgboost_are_those_of_its_python_package() {
    let all = json(&golden("xgboost.json"));
    let (_, y) = matrix();
    grow(&all["plain"], &y, None, "plain");
    grow(&all["drawn"], &y, None, "drawn");
    let first = fs::read_to_string(golden("xgboost-plain.json")).unwrap();
    grow(&all["continued"], &y, Some(&first), "continued");
}

#[test]
fn classes_of_xgboost_are_those_of_its_python_package() {
    let expected = &json(&golden("xgboost.json"))["classes"];
    let edges = numbers(&expected["edges"]);
    let above = |y: f32, edge: f64| f32::from(u8::from(f64::from(y) > edge));
    let (_, y) = matrix();
    let classes: Vec<f32> = y
        .iter()
        .map(|&y| above(y, edges[0]) + above(y, edges[1]))
        .collect();
    grow(expected, &classes, None, "classes");
}

#[test]
fn the_first_rounds_are_a_model_too() {
    let Some(library) = library() else { return };
    let (x, y) = matrix();
    let (train, valid) = tables(library, &y);
    let parameters = "objective=reg:squarederror tree_method=hist max_bin=64 nthread=2 verbosity=0";
    let mut booster = XgbBooster::new(train, Some(valid), None, parameters).unwrap();
    (0..5).for_each(|_| booster.update().unwrap());
    let few = rows(&x, VALID, VALID + 5);
    let first = XgbBooster::from_model(library, &booster.to_model(3).unwrap()).unwrap();
    assert_eq!(first.rounds().unwrap(), 3);
    assert_eq!(
        first.predict(few, Predict::Value, None).unwrap(),
        booster.predict(few, Predict::Value, Some(3)).unwrap()
    );
}

#[test]
fn what_xgboost_cannot_use_is_an_error() {
    let Some(library) = library() else { return };
    struct Broken;
    impl RowFeed for Broken {
        fn columns(&self) -> usize {
            2
        }
        fn restart(&mut self) {}
        fn next_rows(&mut self) -> anyhow::Result<Option<&[f32]>> {
            anyhow::bail!("row 7 is gone")
        }
    }
    let names = ["a".to_owned(), "b".to_owned()];
    let error = XgbTable::new(library, &mut Broken, &names, (64, 1), None).unwrap_err();
    assert_eq!(error.to_string(), "row 7 is gone");
    let error = XgbBooster::from_model(library, "no model")
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("XGBoost: ") && !error.contains("Stack"),
        "{error}"
    );
    let (_, y) = matrix();
    let (train, valid) = tables(library, &y);
    let mut booster =
        XgbBooster::new(train, Some(valid), None, "objective=nonsense verbosity=0").unwrap();
    assert!(
        booster
            .update()
            .unwrap_err()
            .to_string()
            .contains("nonsense")
    );
}
