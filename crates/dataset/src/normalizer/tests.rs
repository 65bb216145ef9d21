use super::*;

fn stats() -> Normalizer {
    let coin = CoinStats {
        symbol: "BTCUSDT".to_owned(),
        rows: 100,
        mean: vec![0.0, 1.0],
        std: vec![1.0, 2.0],
        knots: Vec::new(),
        target_std: Some(0.01),
        target_scale: 0.01,
        further: Vec::new(),
    };
    Normalizer {
        run: "run".to_owned(),
        fold: 1,
        feature_set: "closes12".parse().unwrap(),
        feature_version: 1,
        features: vec!["return_1".to_owned(), "return_5".to_owned()],
        fit_from_ms: 0,
        fit_until_ms: 60_000,
        clip: 10.0,
        target_center: 0.0,
        knots: Vec::new(),
        coins: vec![coin],
    }
}

fn refused(change: impl Fn(&mut Normalizer)) -> String {
    let mut stats = stats();
    change(&mut stats);
    Normalizer::from_json(&stats.to_json(), std::path::Path::new("stats.json"))
        .unwrap_err()
        .to_string()
}

/// Each of these was a panic, or forecasts of nothing.
#[test]
fn statistics_that_no_training_writes_are_refused_by_key() {
    Normalizer::from_json(&stats().to_json(), std::path::Path::new("stats.json")).unwrap();
    let said = refused(|stats| stats.clip = -10.0);
    assert_eq!(said, "stats.json: clip is -10, expected a number above 0");
    assert!(refused(|stats| stats.clip = 0.0).contains("clip is 0"));
    let short = "the number of entries in mean of BTCUSDT is 1, expected 2, one a feature";
    assert!(refused(|stats| _ = stats.coins[0].mean.pop()).contains(short));
    assert!(
        refused(|stats| stats.coins[0].std.push(1.0)).contains("entries in std of BTCUSDT is 3")
    );
    for std in [0.0, -1.0] {
        let said = refused(|stats| stats.coins[0].std[1] = std);
        assert!(
            said.contains(&format!(
                "std of BTCUSDT is {std}, expected numbers above 0"
            )),
            "{said}"
        );
    }
    assert!(
        refused(|stats| stats.coins[0].target_std = Some(-0.1))
            .contains("target_std of BTCUSDT is -0.1")
    );
    assert!(
        refused(|stats| stats.coins[0].target_scale = 0.0).contains("target_scale of BTCUSDT is 0")
    );
    // JSON has no NaN: it is written as null, which is no number.
    assert!(refused(|stats| stats.coins[0].std[0] = f32::NAN).contains("not statistics of a run"));
    let huge = stats().to_json().replace("2.0", "1e99");
    let said = Normalizer::from_json(&huge, std::path::Path::new("stats.json"))
        .unwrap_err()
        .to_string();
    assert!(
        said.contains("std of BTCUSDT is inf") || said.contains("not statistics of a run"),
        "{said}"
    );
}

/// Quantiles that are none would rank everything alike, or nothing.
#[test]
fn broken_quantiles_are_refused() {
    let knots = || vec![(0..101).map(|place| place as f32).collect(), vec![1.0; 101]];
    let mut ranked = stats();
    ranked.coins[0].knots = knots();
    let read = Normalizer::from_json(&ranked.to_json(), std::path::Path::new("stats.json"));
    assert_eq!(read.unwrap(), ranked);
    let expected =
        "knots are no quantiles, expected for each feature ascending numbers at 101 shares";
    for change in [
        (|knots| _ = knots.pop()) as fn(&mut Vec<Vec<f32>>),
        |knots| _ = knots[0].pop(),
        |knots| knots[0].reverse(),
    ] {
        let broken = || {
            let mut knots = knots();
            change(&mut knots);
            knots
        };
        let said = refused(|stats| stats.knots = broken());
        assert!(said.contains(expected), "{said}");
        let said = refused(|stats| stats.coins[0].knots = broken());
        assert!(said.contains("BTCUSDT: knots are no quantiles"), "{said}");
    }
}

/// The first feature of the first coin is the lowest of training, that of the second is its median; the
/// other feature is missing once, and has the mean over the coins there.
#[test]
fn features_are_ranked_by_the_knots_of_the_coin_or_of_all() {
    let of_all = vec![(0..101).map(|place| place as f32).collect(), vec![1.0; 101]];
    let mut ranked = stats();
    ranked.coins.push(CoinStats {
        symbol: "ETHUSDT".to_owned(),
        ..ranked.coins[0].clone()
    });
    ranked.knots = of_all;
    ranked.coins[1].knots = vec![
        (0..101).map(|place| 10.0 * place as f32).collect(),
        vec![3.0; 101],
    ];
    let features = FeatureMatrix {
        values: vec![0.0, 1.0, 500.0, f32::NAN].into(),
        coins: 2,
        per_coin: 2,
    };
    let found = ranked.apply(features);
    for (found, expected) in found.iter().zip([-5.199_337_5, 0.0, 0.0, 0.0]) {
        assert!(
            (found - expected).abs() < 1e-6,
            "{found}, expected {expected}"
        );
    }
}
