//! Scores of volatility against numpy, scipy and scikit-learn on a made panel.

use score::{ForecastColumn, METRICS, Metric, Options, Quantity, Report, Score, controls, score};

use crate::volatilities::{COINS, har, rows};

fn report() -> Report {
    let rows = rows();
    let mut forecasters = vec![har()];
    forecasters.extend(controls(&rows));
    score(&rows, &forecasters, &Options::default()).unwrap()
}

#[track_caller]
fn close(found: Option<f64>, expected: f64) {
    let found = found.unwrap_or(f64::NAN);
    assert!(
        (found - expected).abs() < 1e-9,
        "{found}, expected {expected}"
    );
}

/// Ends of an interval from other random numbers: within 15 % of its width.
#[track_caller]
fn ends_close(found: Option<[f64; 2]>, [low, high]: [f64; 2]) {
    let [found_low, found_high] = found.unwrap();
    let room = 0.15 * (high - low);
    assert!(
        (found_low - low).abs() < room && (found_high - high).abs() < room,
        "{found_low} to {found_high}, expected {low} to {high}"
    );
}

fn check(score: &Score, expected: &[(&str, f64, Option<[f64; 2]>)]) {
    for (name, value, ends) in expected {
        println!("{} {name}", score.name);
        close(score.value(name), *value);
        if let Some(ends) = ends {
            ends_close(score.interval(name), *ends);
        }
    }
}

#[test]
fn levels_are_scored_as_numpy_does() {
    let report = report();
    check(
        &report.forecasters[0],
        &[
            ("qlike", 0.18522333082605955, Some([0.17792, 0.19265])),
            ("r2", 0.3183587931871602, Some([0.2882, 0.34903])),
            (
                "spearman_per_day",
                0.39108333333333334,
                Some([0.36092, 0.4255]),
            ),
            ("top20_hit", 0.405, Some([0.35494, 0.455])),
            (
                "volatility_rmse",
                0.017273161319642117,
                Some([0.01666, 0.01795]),
            ),
            (
                "volatility_mae",
                0.01440278099245736,
                Some([0.01394, 0.01492]),
            ),
            (
                "volatility_mape",
                0.28113054073432514,
                Some([0.27213, 0.29099]),
            ),
            ("r2_market", 0.7736678624432886, Some([0.74725, 0.79121])),
            ("r2_neutral", 0.11708208733909653, Some([0.08639, 0.15677])),
            ("r2_within_coin", 0.2138169243083582, None),
            ("spearman", 0.5679175168469702, Some([0.54866, 0.58775])),
            ("calibration_slope", 1.0594770661220907, None),
            ("calibration_intercept", -0.0018313492854604206, None),
            ("coverage_80", 0.6811111111111111, Some([0.66389, 0.6989])),
            ("width_80", 0.7, None),
        ],
    );
    check(
        &report.forecasters[1],
        &[
            ("qlike", 0.6414048583008379, Some([0.59367, 0.70984])),
            ("r2", -0.45777241574681615, Some([-0.56319, -0.39244])),
            (
                "spearman_per_day",
                -0.00908333333333334,
                Some([-0.06659, 0.053]),
            ),
            ("top20_hit", 0.23, Some([0.1825, 0.2775])),
            (
                "volatility_rmse",
                0.0252603157463161,
                Some([0.02429, 0.02662]),
            ),
            ("r2_within_coin", -0.5788561431924459, None),
        ],
    );
    let naive = &report.forecasters[1];
    assert_eq!(
        report.forecasters.len(),
        2,
        "a control that is known nowhere is left out"
    );
    for unknown in ["coverage_80", "coverage_95"] {
        assert_eq!(naive.value(unknown), None, "{unknown}");
    }
    // It says the class of the last days with all but a ten thousandth for each other one.
    let right = naive.value("accuracy").unwrap();
    let least = 1e-4_f64;
    let expected = -right * (1.0 - 2.0 * least).ln() - (1.0 - right) * least.ln();
    close(naive.value("log_loss"), expected);
}

#[test]
fn classes_are_scored_as_scikit_learn_does() {
    let report = report();
    let har = &report.forecasters[0];
    check(
        har,
        &[
            ("accuracy", 0.5205555555555555, Some([0.49667, 0.54333])),
            (
                "accuracy_gain",
                0.5205555555555555 - 0.3844444444444444,
                None,
            ),
            ("macro_f1", 0.39648552376242563, Some([0.38047, 0.41082])),
            ("auc_ovr", 0.6318072455353, None),
            ("auc_high", 0.7123877669157949, None),
            ("average_precision", 0.4976224582131621, None),
            ("log_loss", 1.0202195147380733, Some([1.00335, 1.03797])),
            ("brier", 0.611781624744467, Some([0.59991, 0.62447])),
            ("ece", 0.059481031954713694, None),
        ],
    );
    for name in ["auc_high", "auc_ovr", "average_precision"] {
        let (value, [low, high]) = (har.value(name).unwrap(), har.interval(name).unwrap());
        assert!(
            low < value && value < high && high - low < 0.1,
            "{name}: {low} to {high}"
        );
    }
    let regimes = har.level.as_ref().unwrap().regimes.as_ref().unwrap();
    assert_eq!(
        regimes.confusion,
        [[568, 0, 124], [285, 0, 192], [262, 0, 369]]
    );
    let [low, medium, high] = regimes.classes.as_slice() else {
        panic!("three classes")
    };
    assert_eq!((low.rows, medium.rows, high.rows), (692, 477, 631));
    close(low.precision, 0.5094170403587444);
    close(low.recall, 0.8208092485549133);
    close(Some(low.f1), 0.628666297731046);
    close(low.auc, 0.7148901316750484);
    assert_eq!(
        (medium.precision, medium.recall, medium.f1),
        (None, Some(0.0), 0.0)
    );
    close(high.precision, 0.5386861313868613);
    let bin = &high.reliability[1];
    assert_eq!((high.reliability.len(), bin.rows), (5, 463));
    close(Some(bin.probability), 0.2461114200096241);
    close(Some(bin.share), 0.2267818574514039);
    assert!(bin.interval.is_some());
    // By scikit-learn's precision_recall_curve: where 5, 50 and 100 % of High are found first.
    assert_eq!(high.precision_recall.len(), 20);
    for (place, threshold, precision, recall) in [
        (
            0,
            0.5661790203309385,
            0.42105263157894735,
            0.05071315372424723,
        ),
        (
            9,
            0.39899084012585273,
            0.5337837837837838,
            0.5007923930269413,
        ),
        (19, 0.13909715636317932, 0.3685747663551402, 1.0),
    ] {
        let call = &high.precision_recall[place];
        close(Some(call.threshold), threshold);
        close(Some(call.precision), precision);
        close(Some(call.recall), recall);
    }
}

#[test]
fn probabilities_above_levels_are_scored() {
    let mut rows = rows();
    let report = report();
    let har = &report.forecasters[0];
    check(
        har,
        &[
            ("above_brier", 0.17609474003955583, None),
            ("above_log_loss", 0.5221556910191038, None),
            ("above_ece", 0.051580726835195434, None),
        ],
    );
    for name in ["above_brier", "above_log_loss", "above_ece"] {
        let (value, [low, high]) = (har.value(name).unwrap(), har.interval(name).unwrap());
        assert!(low < high && value < high, "{name}: {low} to {high}");
        assert_eq!(
            report.forecasters[1].value(name),
            None,
            "a control has none"
        );
    }
    let [first, second] = har.level.as_ref().unwrap().above.as_slice() else {
        panic!("two levels")
    };
    assert_eq!((first.level, first.rows), (0.05, 1800));
    close(Some(first.share), 0.515);
    close(Some(first.brier), 0.2028411536527717);
    close(Some(first.brier_of_share), 0.515 * 0.485);
    close(Some(first.log_loss), 0.5905975795386224);
    close(Some(first.ece), 0.057741518103264056);
    close(first.auc, 0.756422755788852);
    assert_eq!((second.level, second.rows), (0.07, 1799), "one is unknown");
    close(Some(second.brier), 0.14933345904801137);
    close(Some(second.ece), 0.054038152450571);
    close(second.auc, 0.7869660019179482);
    let counts: Vec<usize> = second.reliability.iter().map(|bin| bin.rows).collect();
    assert_eq!(counts, [383, 581, 413, 220, 135, 67]);
    assert!(second.reliability[0].interval.is_some());

    // Where nobody publishes such probabilities, there is nothing of them in the report.
    rows.controls.truncate(1);
    let alone = score(&rows, &controls(&rows), &Options::default()).unwrap();
    let json = serde_json::to_string(&alone).unwrap();
    assert!(!json.contains("above"), "{json}");
}

#[test]
fn volatilities_are_told_in_detail() {
    let report = report();
    let level = report.forecasters[0].level.as_ref().unwrap();
    close(level.folds["qlike"][0], 0.18780369026524432);
    close(level.folds["qlike"][1], 0.1826429713868748);
    let [first, .., last] = level.bins.as_slice() else {
        panic!("bins")
    };
    assert_eq!((level.bins.len(), first.rows, last.rows), (10, 180, 180));
    close(Some(first.forecast), 0.03629036554389342);
    close(Some(first.realized), 0.03616117384233814);
    close(Some(last.realized), 0.07452799622993032);
    let coin = &level.coins[3];
    assert_eq!((coin.symbol.as_str(), coin.rows), ("COIN3", 200));
    close(Some(coin.realized), 0.04366606647838217);
    close(Some(coin.forecast), 0.04328203312622312);
    close(Some(coin.qlike), 0.18468633384616434);
    close(Some(coin.rmse), 0.013669953672911395);
    close(coin.r2, 0.2371996798209749);
    close(coin.spearman, 0.5043666091652292);
    close(coin.accuracy, 0.535);
    close(coin.auc_high, 0.7685088633993743);
    assert_eq!(coin.errors.len(), 5);
    close(Some(coin.errors[0][1]), -0.483041398235487);
    close(Some(coin.errors[2][1]), -0.05380209595518138);
    close(Some(coin.errors[4][1]), 0.4804404909383088);
    let of = |share: f64| {
        level
            .errors
            .iter()
            .find(|[at, _]| *at == share)
            .map(|[_, value]| *value)
    };
    close(of(0.01), -0.5791766823503737);
    close(of(0.5), -0.03492592799107719);
    close(of(0.99), 0.5628727503916405);
}

#[test]
fn forecasters_are_compared_on_the_same_days() {
    let report = report();
    let [difference] = report.differences.as_slice() else {
        panic!("one difference")
    };
    assert_eq!(
        (difference.a.as_str(), difference.b.as_str()),
        ("har", "naive")
    );
    close(
        difference.value("qlike"),
        0.18522333082605955 - 0.6414048583008379,
    );
    ends_close(difference.interval("qlike"), [-0.52341, -0.41094]);
    ends_close(difference.interval("r2"), [0.71738, 0.8614]);
    ends_close(difference.interval("spearman_per_day"), [0.34433, 0.45917]);
    ends_close(difference.interval("top20_hit"), [0.125, 0.225]);
    close(difference.qlike_t, -20.822263343816346);
    let p = |place: usize| report.forecasters[place].level.as_ref().unwrap().mcs_p;
    assert_eq!(p(0), Some(1.0));
    assert!(p(1).unwrap() < 0.01);
}

/// An oracle knows what comes: it is scored, and no candidate.
#[test]
fn an_oracle_is_no_candidate() {
    let rows = rows();
    let oracle = ForecastColumn {
        name: "oracle".to_owned(),
        forecast: rows.realized.clone(),
        level: None,
        ..har()
    };
    let report = score(&rows, &[har(), oracle], &Options::default()).unwrap();
    let p = |place: usize| report.forecasters[place].level.as_ref().unwrap().mcs_p;
    assert_eq!((p(0), p(1)), (Some(1.0), None));
    assert!(report.forecasters[1].value("qlike").unwrap().abs() < 1e-12);
}

#[test]
fn json_has_the_keys_of_volatilities_alone() {
    let json = serde_json::to_value(report()).unwrap();
    let har = json["forecasters"][0].as_object().unwrap();
    for key in [
        "qlike",
        "qlike_interval",
        "r2",
        "spearman_per_day",
        "top20_hit",
        "mcs_p",
        "folds",
        "bins",
        "confusion",
        "classes",
        "coins",
        "coverage_80_interval",
    ] {
        assert!(har.contains_key(key), "{key} is missing");
    }
    for key in [
        "ic_a_day",
        "price_rmse",
        "delayed",
        "concentration",
        "coin_intervals",
    ] {
        assert!(!har.contains_key(key), "{key} is of returns");
    }
    assert!(json["differences"][0]["qlike_t"].is_f64());
    let naive = json["forecasters"][1].as_object().unwrap();
    assert!(naive["coverage_80"].is_null() && naive.contains_key("confusion"));
}

/// A control that is unknown in a row has the mean of the others at that time there.
#[test]
fn controls_have_no_holes() {
    let mut rows = rows();
    for row in 0..3 {
        rows.controls[0].forecast[row] = f64::NAN;
    }
    let found = controls(&rows);
    let of_time = &rows.controls[0].forecast[3..COINS];
    let mean = of_time.iter().sum::<f64>() / of_time.len() as f64;
    close(Some(found[0].forecast[0]), mean);
    assert_eq!(found[0].forecast[3..], rows.controls[0].forecast[3..]);
}

/// Two classes have one edge, and no row is Medium.
#[test]
fn two_classes_are_scored_as_two() {
    let rows = rows();
    let mut har = har();
    let regimes = har.level.as_mut().unwrap().regimes.as_mut().unwrap();
    regimes.classes = 2;
    regimes.edges[0] = regimes.edges[1].clone();
    let [low, medium, _] = &mut regimes.probability;
    low.iter_mut()
        .zip(medium.iter_mut())
        .for_each(|(low, medium)| {
            *low += std::mem::take(medium);
        });
    let report = score(&rows, &[har], &Options::default()).unwrap();
    let scored = &report.forecasters[0];
    let regimes = scored.level.as_ref().unwrap().regimes.as_ref().unwrap();
    let names: Vec<&str> = regimes.classes.iter().map(|class| class.name).collect();
    assert_eq!(names, ["Low", "High"]);
    let mean = regimes.classes.iter().map(|class| class.f1).sum::<f64>() / 2.0;
    close(scored.value("macro_f1"), mean);
    close(scored.value("auc_high"), 0.7123877669157949);
    close(scored.value("auc_ovr"), 0.7123877669157949);
}

/// Few days have values without intervals, and no place in a confidence set.
#[test]
fn few_days_have_no_intervals() {
    let rows = rows();
    let options = Options {
        block_days: 60,
        ..Options::default()
    };
    let report = score(&rows, &[har()], &options).unwrap();
    let har = &report.forecasters[0];
    assert!(har.value("qlike").is_some() && har.interval("qlike").is_none());
    assert_eq!(har.level.as_ref().unwrap().mcs_p, None);
}

#[test]
fn volatilities_below_zero_are_refused() {
    let rows = rows();
    let mut har = har();
    har.level.as_mut().unwrap().variance[5] = -1.0;
    let error = score(&rows, &[har], &Options::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "column `variance_mean of har`, row 5 (time 0 ms, COIN5): found -1, expected a number above 0"
    );
}

/// Every metric of volatility has a value or an interval that is of volatility alone.
#[test]
fn metrics_are_of_one_quantity() {
    let of = |quantity: Quantity| {
        METRICS
            .iter()
            .filter(move |metric| metric.quantity == quantity)
    };
    let report = report();
    let shown: Vec<&str> = report.metrics.iter().map(|metric| metric.name).collect();
    let expected: Vec<&str> = of(Quantity::LogVolatility)
        .map(|metric| metric.name)
        .collect();
    assert_eq!(shown, expected);
    let has_minus = |metric: &&Metric| metric.minus.is_some();
    assert_eq!(of(Quantity::LogVolatility).find(has_minus), None);
}
