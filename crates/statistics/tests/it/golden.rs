//! Golden numbers of numpy, scipy, pandas, arch, quantstats and empyrical, made by
//! scripts/golden-evaluate.py, scripts/golden-backtest.py, scripts/golden-thresholds.py and
//! scripts/golden-prices.py; and of MAPIE, made by scripts/golden-intervals.py.

use golden::{assert_close, assert_exact, floats, list, number, read, whole};
use serde_json::Value;
use statistics::{
    AdaptiveCoverage, conformal_quantile, deflated_sharpe_ratio, diebold_mariano,
    expected_maximum_sharpe, max_drawdown, normal_cdf, normal_quantile, optimal_block_length,
    pearson, probabilistic_sharpe_ratio, quantile_bins, rolling_z_score, sharpe_ratio,
    sortino_ratio, spearman, student_t_p_value, trailing_bins, weighted_pearson,
};

fn backtest() -> Value {
    read(include_str!("../../../rules/tests/golden/backtest.json"))
}

fn thresholds() -> Value {
    read(include_str!("../../../rules/tests/golden/thresholds.json"))
}

#[test]
fn correlations_equal_those_of_numpy_and_scipy() {
    let golden = read(include_str!("../golden/statistics.json"));
    let column = |name: &str| floats(&golden["rows"][name]);
    let (forecast, realized, weights) = (column("forecast"), column("realized"), column("weight"));
    let folds = column("fold");
    let split = folds.iter().position(|fold| *fold == 2.0).unwrap();
    for (fold, range) in [0..split, split..folds.len()].into_iter().enumerate() {
        let (x, y, weight) = (
            &forecast[range.clone()],
            &realized[range.clone()],
            &weights[range],
        );
        let expected = |name: &str| golden["expected"][name][fold].as_f64().unwrap();
        assert_exact("pearson", pearson(x, y), expected("folds"));
        assert_exact(
            "weighted",
            weighted_pearson(x, y, weight),
            expected("weighted"),
        );
        assert_exact("spearman", spearman(x, y), expected("rank_correlation"));
    }
}

#[test]
fn block_lengths_equal_those_of_arch() {
    let golden = read(include_str!("../golden/block_length.json"));
    for case in golden.as_array().unwrap() {
        let expected = case["stationary"].as_f64().unwrap();
        let found = optimal_block_length(&floats(&case["series"])).unwrap();
        assert!(
            (found - expected).abs() < 1e-9,
            "{}: {found}, expected {expected}",
            case["name"]
        );
    }
}

#[test]
fn bins_equal_those_of_pandas() {
    for case in list(&backtest()["bins"]["whole"]) {
        let expected: Vec<u16> = list(&case["expected"])
            .iter()
            .map(|bin| bin.as_u64().unwrap() as u16)
            .collect();
        assert_eq!(
            quantile_bins(&floats(&case["values"]), whole(case, "bins")),
            expected
        );
    }
    for case in list(&backtest()["bins"]["trailing"]) {
        let expected: Vec<Option<u16>> = list(&case["expected"])
            .iter()
            .map(|bin| bin.as_u64().map(|bin| bin as u16))
            .collect();
        let found = trailing_bins(
            &floats(&case["values"]),
            whole(case, "bins"),
            whole(case, "window"),
            60,
        );
        assert_eq!(found, expected);
    }
}

#[test]
fn rolling_scores_equal_those_of_pandas() {
    let golden = &backtest()["z_score"];
    let found = rolling_z_score(
        &floats(&golden["values"]),
        whole(golden, "window"),
        whole(golden, "least"),
    );
    for (place, (found, expected)) in found.iter().zip(floats(&golden["expected"])).enumerate() {
        assert_eq!(found.is_nan(), expected.is_nan(), "{place}");
        assert!(
            found.is_nan() || (found - expected).abs() < 1e-6,
            "{place}: {found}, expected {expected}"
        );
    }
}

#[test]
fn ratios_equal_those_of_quantstats() {
    let golden = &backtest()["performance"];
    let returns = floats(&golden["returns"]);
    assert_close(
        "sharpe",
        Some(sharpe_ratio(&returns, 365.0)),
        number(golden, "sharpe"),
    );
    assert_close(
        "sortino",
        Some(sortino_ratio(&returns, 365.0)),
        number(golden, "sortino"),
    );
    assert_close(
        "drawdown",
        Some(max_drawdown(&returns)),
        number(golden, "max_drawdown"),
    );
    // With the sample moments that quantstats takes.
    let (skewness, kurtosis) = (number(golden, "skewness"), number(golden, "kurtosis"));
    let found = probabilistic_sharpe_ratio(
        sharpe_ratio(&returns, 1.0),
        0.0,
        returns.len(),
        skewness,
        kurtosis,
    );
    assert_close(
        "probabilistic",
        Some(found),
        number(golden, "probabilistic"),
    );
}

#[test]
fn the_normal_distribution_equals_that_of_scipy() {
    let golden = &thresholds()["normal"];
    for (z, expected) in floats(&golden["z"]).into_iter().zip(floats(&golden["cdf"])) {
        let found = normal_cdf(z);
        assert!(
            (found / expected - 1.0).abs() < 1e-12,
            "cdf({z}) is {found}, expected {expected}"
        );
    }
    for (probability, expected) in floats(&golden["probability"])
        .into_iter()
        .zip(floats(&golden["quantile"]))
    {
        let found = normal_quantile(probability);
        let difference = (found - expected).abs();
        assert!(
            difference < 1e-12 * expected.abs().max(1.0),
            "quantile({probability}) is {found}, expected {expected}"
        );
    }
}

#[test]
fn ratios_and_drawdown_equal_those_of_empyrical() {
    for case in thresholds()["performance"].as_array().unwrap() {
        let (returns, periods) = (floats(&case["returns"]), number(case, "periods_per_year"));
        assert_close(
            "sharpe",
            Some(sharpe_ratio(&returns, periods)),
            number(case, "sharpe"),
        );
        assert_close(
            "sortino",
            Some(sortino_ratio(&returns, periods)),
            number(case, "sortino"),
        );
        assert_close(
            "max_drawdown",
            Some(max_drawdown(&returns)),
            number(case, "max_drawdown"),
        );
    }
}

#[test]
fn deflated_sharpe_ratios_equal_the_published_example_and_scipy() {
    let golden = thresholds();
    let cases = golden["deflated"].as_array().unwrap();
    for case in cases {
        let (trials, variance) = (whole(case, "trials"), number(case, "variance"));
        let expected_maximum = expected_maximum_sharpe(trials, variance);
        assert_close(
            "expected_maximum",
            Some(expected_maximum),
            number(case, "expected_maximum"),
        );
        let deflated = deflated_sharpe_ratio(
            number(case, "sharpe"),
            whole(case, "observations"),
            number(case, "skewness"),
            number(case, "kurtosis"),
            trials,
            variance,
        );
        assert_close("deflated", Some(deflated), number(case, "deflated"));
    }
    // Bailey and López de Prado print SR0 0.1132 and DSR 0.9004.
    assert_eq!(
        format!(
            "{:.4} {:.4}",
            number(&cases[0], "expected_maximum"),
            number(&cases[0], "deflated")
        ),
        "0.1132 0.9004"
    );
}

#[test]
fn tests_of_equal_losses_equal_those_of_statsmodels_and_scipy() {
    let golden = read(include_str!("../golden/diebold_mariano.json"));
    for case in list(&golden["cases"]) {
        let test = diebold_mariano(&floats(&case["differences"]), whole(case, "steps")).unwrap();
        assert_close("t", Some(test.t), number(case, "t"));
        assert_close("p", Some(test.p), number(case, "p"));
    }
    for case in list(&golden["distribution"]) {
        let case = floats(case);
        let found = student_t_p_value(case[0], case[1]);
        assert!(
            (found - case[2]).abs() <= 1e-11 * case[2],
            "{found}, {case:?}"
        );
    }
}

#[test]
fn conformal_widths_equal_those_of_mapie() {
    let golden = read(include_str!("../../../score/tests/golden/intervals.json"));
    let quantiles = &golden["quantiles"];
    let errors = floats(&quantiles["errors"]);
    let widths = floats(&quantiles["half_widths"]);
    for (coverage, expected) in floats(&quantiles["coverage"]).into_iter().zip(widths) {
        assert_exact(
            "half width",
            conformal_quantile(&errors, coverage),
            expected,
        );
    }
    let golden = &golden["adaptive"];
    let sizes = |name: &str| floats(&golden[name]).into_iter().map(f64::abs);
    let mut known: Vec<f64> = sizes("known").collect();
    known.sort_unstable_by(f64::total_cmp);
    let mut adaptive = AdaptiveCoverage::new(number(golden, "coverage"), number(golden, "step"));
    let steps = list(&golden["steps"]);
    assert_eq!(steps.len(), 40);
    for (error, expected) in sizes("new").zip(steps) {
        assert_exact("asked", Some(adaptive.current()), number(expected, "asked"));
        let half = adaptive.half_width(&known);
        assert_exact("half width", half, number(expected, "half_width"));
        adaptive.update(f64::from(u8::from(error > half.unwrap())));
    }
}
