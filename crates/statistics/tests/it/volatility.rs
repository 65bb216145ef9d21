//! Volatility and classes against arch and scikit-learn, by scripts/golden-volatility.py.

use golden::{assert_close, floats, integers, list, number, read, whole};
use serde_json::Value;
use statistics::classification::{
    ConfusionMatrix, auc, auc_one_vs_rest, average_precision, brier, expected_calibration_error,
    likeliest, log_loss, precision_recall_curve,
};
use statistics::garch::{Errors, Model, Parameters, backcast, fit, log_likelihood};
use statistics::model_confidence_set;

fn volatility() -> Value {
    read(include_str!("../golden/volatility.json"))
}

/// Parameters in the order of `arch`: omega, alphas, betas, degrees of freedom.
fn parameters(values: &[f64], model: &Model) -> Parameters {
    let (alpha, rest) = values[1..].split_at(model.arch_lags);
    let (beta, freedom) = rest.split_at(model.garch_lags);
    Parameters {
        omega: values[0],
        alpha: alpha.to_vec(),
        beta: beta.to_vec(),
        degrees_of_freedom: freedom.first().copied(),
    }
}

/// Each case: its name, returns, model and golden values.
fn garch_cases(golden: &Value) -> impl Iterator<Item = (String, Vec<f64>, Model, &Value)> {
    list(&golden["cases"]).iter().map(|case| {
        let series = case["series"].as_str().unwrap();
        let model = Model {
            arch_lags: whole(case, "p"),
            garch_lags: whole(case, "q"),
            errors: match case["t"].as_bool().unwrap() {
                true => Errors::StudentT,
                false => Errors::Normal,
            },
        };
        let returns = floats(&golden["series"][series]);
        (format!("{series} {model:?}"), returns, model, case)
    })
}

#[test]
fn garch_at_given_parameters_equals_that_of_arch() {
    for (name, returns, model, case) in garch_cases(&volatility()["garch"]) {
        let fixed = parameters(&floats(&case["fixed"]), &model);
        assert_close(&name, Some(backcast(&returns)), number(case, "backcast"));
        let likelihood = log_likelihood(&fixed, &returns);
        assert_close(
            &name,
            Some(likelihood),
            number(case, "fixed_log_likelihood"),
        );
        let mut before = fixed.after(&returns[..returns.len() - 1]);
        let last = before.update(&fixed, returns[returns.len() - 1]);
        assert_close(&name, Some(last), number(case, "fixed_last_variance"));
        let state = fixed.after(&returns);
        assert_eq!(state, before, "{name}");
        let ahead = fixed.variances_ahead(&state, 7);
        for (found, expected) in ahead.iter().zip(floats(&case["fixed_ahead"])) {
            assert_close(&name, Some(*found), expected);
        }
        let mean = ahead.iter().sum::<f64>() / 7.0;
        assert_close(&name, Some(fixed.mean_variance(&state, 7)), mean);
    }
}

#[test]
fn garch_fits_are_as_likely_as_those_of_arch() {
    for (name, returns, model, case) in garch_cases(&volatility()["garch"]) {
        let found = fit(&returns, &model).unwrap();
        let expected = number(case, "log_likelihood");
        assert!(
            found.log_likelihood >= expected - 1e-4,
            "{name}: {} is less likely than {expected}",
            found.log_likelihood
        );
        let again = log_likelihood(&found.parameters, &returns);
        assert_close(&name, Some(again), found.log_likelihood);
        // Where the likelihood has one maximum, it is the same one.
        if found.log_likelihood < expected + 1e-4 && model.errors == Errors::Normal {
            let arch = parameters(&floats(&case["parameters"]), &model);
            let (found, expected) = (&found.parameters, &arch);
            assert!(
                (found.omega / expected.omega - 1.0).abs() < 0.02,
                "{name}: {found:?}"
            );
            assert!(
                (found.persistence() - expected.persistence()).abs() < 0.01,
                "{name}"
            );
        }
    }
}

#[test]
fn the_model_confidence_set_equals_that_of_arch() {
    let golden = &volatility()["model_confidence_set"];
    let losses: Vec<Vec<f64>> = list(&golden["losses"]).iter().map(floats).collect();
    let draws: Vec<Vec<usize>> = list(&golden["draws"]).iter().map(integers).collect();
    let found = model_confidence_set(&losses, &draws).unwrap();
    let expected = floats(&golden["p"]);
    assert!(
        expected.iter().any(|p| *p > 0.1 && *p < 1.0),
        "{expected:?}"
    );
    for (found, expected) in found.into_iter().zip(expected) {
        assert_close("p", Some(found), expected);
    }
}

#[test]
fn scores_of_classes_equal_those_of_scikit_learn() {
    let golden = &volatility()["classes"];
    let probabilities: Vec<Vec<f64>> = list(&golden["probabilities"]).iter().map(floats).collect();
    let probabilities: Vec<&[f64]> = probabilities.iter().map(Vec::as_slice).collect();
    let truth: Vec<usize> = integers(&golden["truth"]);
    let predicted = likeliest(&probabilities);
    assert_eq!(predicted, integers::<usize>(&golden["predicted"]));
    let matrix = ConfusionMatrix::new(&truth, &predicted, 3);
    let counts: Vec<Vec<usize>> = list(&golden["confusion"]).iter().map(integers).collect();
    assert_eq!(matrix.counts(), counts);
    let expected = |name: &str| number(golden, name);
    assert_close("accuracy", matrix.accuracy(), expected("accuracy"));
    assert_close("commonest", matrix.commonest_share(), expected("commonest"));
    assert_close("macro F1", matrix.macro_f1(), expected("macro_f1"));
    for class in 0..3 {
        let of_class = |name: &str| floats(&golden[name])[class];
        assert_close("precision", matrix.precision(class), of_class("precision"));
        assert_close("recall", matrix.recall(class), of_class("recall"));
        assert_close("F1", matrix.f1(class), of_class("f1"));
    }
    let is_high: Vec<bool> = truth.iter().map(|class| *class == 2).collect();
    let high = probabilities[2];
    assert_close("AUC", auc(high, &is_high), expected("auc_high"));
    assert_close(
        "AUC",
        auc_one_vs_rest(&probabilities, &truth),
        expected("auc_ovr"),
    );
    let average = average_precision(high, &is_high);
    assert_close("average precision", average, expected("average_precision"));
    let curve = precision_recall_curve(high, &is_high);
    let golden_curve = list(&golden["curve"]);
    assert_eq!(curve.len(), golden_curve.len());
    for (point, expected) in curve.iter().zip(golden_curve) {
        let found = [point.threshold, point.precision, point.recall];
        for (found, expected) in found.into_iter().zip(floats(expected)) {
            assert_close("curve", Some(found), expected);
        }
    }
    assert_close(
        "log loss",
        log_loss(&probabilities, &truth),
        expected("log_loss"),
    );
    assert_close("Brier", brier(&probabilities, &truth), expected("brier"));
    let error = expected_calibration_error(&probabilities, &truth);
    assert_close("calibration error", error, expected("calibration_error"));
}
