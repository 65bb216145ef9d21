//! The file of coefficients, and what is refused.

use std::path::Path;

use linear::{RidgeFit, RidgeModel, RidgeOptions};

use crate::support::{BARS, dataset, options, panel};

fn fitted() -> RidgeModel {
    let dataset = dataset(panel(0, BARS));
    RidgeFit::fit(&dataset, &dataset.plan.folds[0], options()).unwrap()
}

#[test]
fn a_file_is_read_as_it_was_written() {
    let fitted = fitted();
    let read = RidgeModel::from_json(&fitted.to_json(), Path::new("ridge.json")).unwrap();
    assert_eq!(read, fitted);
}

#[test]
fn a_file_that_no_fit_writes_is_refused() {
    let json = fitted().to_json();
    let refused = |from: &str, to: &str| {
        let text = json.replacen(from, to, 1);
        assert_ne!(text, json, "{from}");
        RidgeModel::from_json(&text, Path::new("ridge.json"))
            .unwrap_err()
            .to_string()
    };
    let format = refused("\"format\": 1", "\"format\": 2");
    assert_eq!(format, "ridge.json: format is 2, expected 1");
    let version = refused("\"feature_version\": 1", "\"feature_version\": 9");
    assert!(
        version.starts_with("ridge.json: feature_version is 9, expected 1"),
        "{version}"
    );
    let feature = refused("\"return_8h\"", "\"mood\"");
    assert!(feature.contains("a term's feature is mood"), "{feature}");
    let short = refused("\"own\": [", "\"own\": [0.5,");
    assert!(short.contains("is 27 and 6, expected 26 and 6"), "{short}");
    assert!(refused("\"refits\": [", "\"refits\": [],\n\"more\": [").contains("JSON is"));
}

#[test]
fn what_cannot_be_fitted_is_refused() {
    let mut dataset = dataset(panel(0, BARS));
    let mut fold = dataset.plan.folds[0].clone();
    let bad = RidgeOptions {
        penalty: 0.0,
        ..options()
    };
    let option = RidgeFit::fit(&dataset, &fold, bad).unwrap_err().to_string();
    assert!(
        option.starts_with("ridge.penalty is 0, expected a number above 0"),
        "{option}"
    );
    fold.score = 100..200;
    fold.refits.clear();
    let early = RidgeFit::fit(&dataset, &fold, options())
        .unwrap_err()
        .to_string();
    assert!(
        early.starts_with("fold 1: no row before 2024-01-01"),
        "{early}"
    );
    dataset.config.features.set = "ohlcv8".parse().unwrap();
    let set = RidgeFit::fit(&dataset, &fold, options())
        .unwrap_err()
        .to_string();
    assert!(
        set.starts_with("features.set is ohlcv8, expected relative"),
        "{set}"
    );
}

#[test]
fn rows_before_the_first_refit_have_a_reason() {
    let forecasts = fitted().forecast(&panel(0, BARS), &[863, 864]);
    let reason = forecasts[0].as_ref().unwrap_err();
    assert!(
        reason.starts_with("no coefficients are fitted for 2024-01-03"),
        "{reason}"
    );
    assert!(forecasts[5].is_ok());
}
