//! The report as a whole: what is in it, and what is undefined.

use std::path::Path;

use score::{
    Estimate, ForecastColumn, METRICS, Metric, Options, Report, Rows, SHUFFLED_ORDERS, controls,
    metrics_reference, score, score_by,
};

use crate::rows::{CONTROL_NAMES, Noise, forecaster, rows};

fn report(rows: &Rows, models: &[ForecastColumn]) -> Report {
    let mut forecasters = models.to_vec();
    forecasters.extend(controls(rows));
    score(rows, &forecasters, &Options::default()).unwrap()
}

#[test]
fn a_skilled_forecaster_is_told_from_the_controls() {
    let rows = rows(3, 400, 5);
    let report = report(&rows, &[forecaster("network", &rows, 0.3, 2)]);
    let [network, zero, last_return, negated, ..] = report.forecasters.as_slice() else {
        panic!("seven")
    };
    let [low, high] = network.interval("pearson").unwrap();
    let pearson = network.value("pearson").unwrap();
    assert!(
        0.1 < low && low < pearson && pearson < high,
        "{low} {pearson} {high}"
    );
    assert_eq!(
        (
            zero.value("pearson"),
            zero.interval("pearson"),
            zero.value("rank_ic")
        ),
        (None, None, None)
    );
    assert!(
        (last_return.value("pearson").unwrap() + negated.value("pearson").unwrap()).abs() < 1e-12
    );
    // Differences: with every control that has a score, so not with zero.
    let others: Vec<&str> = report
        .differences
        .iter()
        .map(|difference| difference.b.as_str())
        .collect();
    assert_eq!(others, CONTROL_NAMES[1..]);
    let difference = &report.differences[1];
    let expected = pearson - negated.value("pearson").unwrap();
    assert!((difference.value("pearson").unwrap() - expected).abs() < 1e-12);
    assert!(difference.interval("pearson").unwrap()[0] > 0.0);
}

#[test]
fn the_same_seed_gives_the_same_report_on_any_number_of_threads() {
    let rows = rows(2, 300, 3);
    let models = [
        forecaster("network", &rows, 0.2, 2),
        forecaster("lightgbm", &rows, 0.1, 3),
    ];
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| report(&rows, &models))
    };
    assert_eq!(on(1), on(3));
}

#[test]
fn a_copy_differs_from_its_original_by_exactly_nothing() {
    let rows = rows(2, 300, 3);
    let network = forecaster("network", &rows, 0.2, 2);
    let doubled = network.forecast.iter().map(|value| 2.0 * value).collect();
    let copy = ForecastColumn {
        name: "doubled".to_owned(),
        forecast: doubled,
        ..network.clone()
    };
    let report = report(&rows, &[network, copy]);
    let [low, high] = report.differences[0].interval("pearson").unwrap();
    assert!(
        low.abs() < 1e-12 && high.abs() < 1e-12,
        "draws are not paired: {low} to {high}"
    );
}

#[test]
fn a_planted_market_forecast_has_no_neutral_score() {
    let rows = rows(2, 300, 4);
    let market = |row: usize| {
        rows.realized[row / 4 * 4..row / 4 * 4 + 4]
            .iter()
            .sum::<f64>()
    };
    let forecast = (0..rows.len()).map(market).collect();
    let report = report(
        &rows,
        &[ForecastColumn {
            name: "market".to_owned(),
            run: Some("run".to_owned()),
            forecast,
        }],
    );
    assert!(report.forecasters[0].value("pearson").unwrap() > 0.5);
    assert_eq!(
        (
            report.forecasters[0].value("neutral"),
            report.forecasters[0].interval("neutral")
        ),
        (None, None)
    );
    let undefined = ["ic", "ic_a_day", "rank_ic_delayed"];
    assert_eq!(
        undefined.map(|name| report.forecasters[0].value(name)),
        [None; 3]
    );
    assert!(report.forecasters[0].value("ic_a_day_raw").unwrap() > 0.5);
}

#[test]
fn edge_cases_are_undefined_and_never_panic() {
    let single = rows(2, 400, 1);
    let scored = report(&single, &[forecaster("network", &single, 0.2, 2)]);
    assert!(scored.forecasters[0].interval("pearson").is_some());
    assert_eq!(
        (
            scored.forecasters[0].value("neutral"),
            scored.forecasters[0].value("rank_ic")
        ),
        (None, None)
    );
    for (folds, times, coins) in [(1, 1, 1), (1, 1, 5), (3, 2, 2), (5, 20, 3)] {
        let rows = rows(folds, times, coins);
        let scored = report(&rows, &[forecaster("network", &rows, 0.2, 2)]);
        assert_eq!(
            scored.forecasters[0].interval("pearson"),
            None,
            "{folds} folds of {times} times"
        );
    }
    let mut unknown = rows(1, 400, 2);
    unknown.realized_delayed.fill(f64::NAN);
    unknown.volatility.fill(f64::NAN);
    unknown.weight.fill(0.0);
    let scored = report(&unknown, &[forecaster("network", &unknown, 0.2, 2)]);
    let network = &scored.forecasters[0];
    assert_eq!(
        (
            network.value("delayed"),
            network.value("scaled"),
            network.value("weighted")
        ),
        (None, None, None)
    );
    assert_eq!(
        (
            network.interval("delayed"),
            scored.differences[0].interval("delayed")
        ),
        (None, None)
    );
}

#[test]
fn a_fold_without_a_score_is_left_out_and_said() {
    let rows = rows(3, 300, 3);
    let mut network = forecaster("network", &rows, 0.3, 2);
    for (forecast, fold) in network.forecast.iter_mut().zip(&rows.fold) {
        if *fold == 2 {
            *forecast = 0.1;
        }
    }
    let report = report(&rows, &[network]);
    let scored = &report.forecasters[0];
    let (first, third) = (scored.folds[0].unwrap(), scored.folds[2].unwrap());
    assert_eq!(scored.folds[1], None);
    assert!((scored.value("pearson").unwrap() - (first + third) / 2.0).abs() < 1e-12);
    let last_return = &report.forecasters[2].folds;
    let expected = (first - last_return[0].unwrap() + third - last_return[2].unwrap()) / 2.0;
    assert!((report.differences[0].value("pearson").unwrap() - expected).abs() < 1e-12);
}

#[test]
fn controls_are_what_their_names_say() {
    let mut rows = rows(2, 50, 3);
    rows.controls[0].forecast[4] = f64::NAN;
    let controls = controls(&rows);
    let names: Vec<&str> = controls
        .iter()
        .map(|control| control.name.as_str())
        .collect();
    assert_eq!(names, CONTROL_NAMES);
    assert!(controls.iter().all(ForecastColumn::is_control));
    assert_eq!(controls[1].forecast[4], 0.0);
}

/// One order of days is one random number; twenty show how large a score of nothing is.
#[test]
fn shuffled_days_are_many_orders_with_a_mean_and_a_range() {
    let mut rows = rows(4, 800, 4);
    let slow = ForecastColumn {
        forecast: levels(&rows, 7),
        ..forecaster("slow", &rows, 0.0, 2)
    };
    rows.realized = levels(&rows, 8);
    let found = report(&rows, std::slice::from_ref(&slow)).shuffled.unwrap();
    assert_eq!((found.orders, found.of.as_str()), (SHUFFLED_ORDERS, "slow"));
    const { assert!(SHUFFLED_ORDERS >= 10) };
    let spread = found.spread("pearson").unwrap();
    let [low, high] = spread.range;
    assert!(
        low < spread.mean && spread.mean < high && low < 0.0 && high > 0.0,
        "{spread:?}"
    );
    assert!(spread.mean.abs() < 2.0 * spread.std, "{spread:?}");
    // Shuffled row by row the same forecasts would have a score within 2 / sqrt(12,800) of 0 nearly
    // always: orders of days keep the dependence over time, and so the size that a score of
    // nothing has.
    assert!(spread.std > 2.0 / (rows.len() as f64).sqrt(), "{spread:?}");
    let again = report(&rows, &[slow]).shuffled.unwrap();
    assert_eq!(found, again);
}

/// Values of a market of four coins that mostly stay as they are for 200 minutes.
fn levels(rows: &Rows, seed: u64) -> Vec<f64> {
    let mut noise = Noise::new(seed);
    let levels: Vec<f64> = (0..=rows.len() / 800).map(|_| noise.draw()).collect();
    (0..rows.len())
        .map(|row| levels[row / 800] + 0.1 * noise.draw())
        .collect()
}

#[test]
fn deviations_from_a_mean_are_controls_and_unknown_ones_have_no_score() {
    let mut rows = rows(2, 400, 3);
    let network = [forecaster("network", &rows, 0.3, 2)];
    let negated = rows.control("negated_deviation_60m").unwrap().to_vec();
    let known = report(&rows, &network);
    let score_of = |report: &Report, name: &str| {
        report
            .forecasters
            .iter()
            .find(|score| score.name == name)
            .cloned()
    };
    let by_hand = ForecastColumn {
        name: "by hand".to_owned(),
        run: Some("run".to_owned()),
        forecast: negated,
    };
    let mut by_hand = score(&rows, &[by_hand], &Options::default()).unwrap();
    let by_hand = by_hand.forecasters.remove(0);
    let found = score_of(&known, "negated_deviation_60m").unwrap();
    assert_eq!(
        (found.value("pearson"), found.interval("pearson")),
        (by_hand.value("pearson"), by_hand.interval("pearson"))
    );
    assert!(found.value("pearson").unwrap() > 0.05 && found.value("mae").is_some());

    // A table of an older version: no score, no error.
    let unknown = rows.controls[2..].iter_mut();
    unknown.for_each(|control| control.forecast.fill(f64::NAN));
    let old = report(&rows, &network);
    let unknown = score_of(&old, "negated_deviation_60m").unwrap();
    assert_eq!(
        (
            unknown.value("pearson"),
            unknown.value("mae"),
            unknown.value("rmse"),
            unknown.value("rank_ic")
        ),
        (None, None, None, None)
    );
    assert_eq!(
        old.forecasters[0], known.forecasters[0],
        "other scores stay"
    );
}

/// Nearly all of the covariance in one day of four, and in 2 of 54 hours.
#[test]
fn a_score_that_hangs_on_few_hours_is_told() {
    let mut rows = rows(2, 1600, 3);
    rows.time_ms
        .iter_mut()
        .for_each(|time| *time += 1_600_000_000_000 / 86_400_000 * 86_400_000);
    let even = report(&rows, &[forecaster("network", &rows, 0.5, 2)]);
    let evenly = even.forecasters[0].concentration.pearson.unwrap();
    assert!(evenly.best_day > 0.4, "two and a quarter days: {evenly:?}");
    assert!(
        evenly.best_hours < 0.1 && evenly.of_hours == 54 && evenly.hours == 1,
        "{evenly:?}"
    );

    let mut network = forecaster("network", &rows, 0.0, 2);
    for row in 1000 * 3..1060 * 3 {
        (rows.realized[row], network.forecast[row]) = (0.02, 0.02);
    }
    let narrow = report(&rows, &[network]);
    let pearson = narrow.forecasters[0].concentration.pearson.unwrap();
    assert!(
        pearson.best_day > 0.9 && pearson.best_hours > 0.5 && pearson.is_narrow(),
        "{pearson:?}"
    );
    assert_eq!(pearson.best_day_ms, 1_599_955_200_000, "2020-09-13");
    // A score below 0 has nothing to share.
    let against = ForecastColumn {
        forecast: rows.realized.iter().map(|value| -value).collect(),
        ..forecaster("against", &rows, 0.0, 2)
    };
    assert_eq!(
        report(&rows, &[against]).forecasters[0]
            .concentration
            .pearson,
        None
    );
}

#[test]
fn the_rank_ic_has_an_interval_and_a_form_entered_a_bar_later() {
    let rows = rows(3, 600, 5);
    let report = report(&rows, &[forecaster("network", &rows, 0.3, 2)]);
    let network = &report.forecasters[0];
    for (value, interval) in [
        (network.value("rank_ic"), network.interval("rank_ic")),
        (
            network.value("rank_ic_delayed"),
            network.interval("rank_ic_delayed"),
        ),
    ] {
        let (value, [low, high]) = (value.unwrap(), interval.unwrap());
        assert!(
            0.1 < low && low < value && value < high && high - low < 0.1,
            "{low} {value} {high}"
        );
    }
    // A tenth of the returns entered later are unknown: the mean is of other pairs.
    assert_ne!(network.value("rank_ic"), network.value("rank_ic_delayed"));
    let difference = &report.differences[0];
    let last_return = report
        .forecasters
        .iter()
        .find(|score| score.name == "last_return")
        .unwrap();
    assert_eq!(
        difference.value("rank_ic").unwrap(),
        network.value("rank_ic").unwrap() - last_return.value("rank_ic").unwrap()
    );
    assert!(
        difference.interval("rank_ic").unwrap()[0] > 0.0
            && difference.interval("rank_ic_delayed").is_some()
    );
    let copy = [
        forecaster("network", &rows, 0.3, 2),
        forecaster("copy", &rows, 0.3, 2),
    ];
    let ends = self::report(&rows, &copy).differences[0]
        .interval("rank_ic")
        .unwrap();
    assert_eq!(ends, [0.0, 0.0], "draws are paired");
}

/// Whatever the constant: its mean over many rows is rounded, and what is left is no spread.
#[test]
fn a_constant_forecast_has_no_score_whatever_the_constant() {
    let rows = rows(2, 3000, 4);
    for constant in [
        1.0,
        0.001,
        0.1,
        0.000_01,
        -0.000_37,
        0.000_127_104_602_619_738_46,
    ] {
        let network = ForecastColumn {
            forecast: vec![constant; rows.len()],
            ..forecaster("network", &rows, 0.0, 2)
        };
        let report = report(&rows, std::slice::from_ref(&network));
        let score = &report.forecasters[0];
        let values = [
            score.value("pearson"),
            score.value("delayed"),
            score.value("neutral"),
            score.value("delayed_neutral"),
            score.value("scaled"),
            score.value("weighted"),
        ];
        assert_eq!(values, [None; 6], "{constant}");
        let ranks = [
            score.value("rank_correlation"),
            score.value("rank_ic"),
            score.value("rank_ic_delayed"),
            score.value("ic"),
        ];
        assert_eq!(ranks, [None; 4], "{constant}");
        let intervals = [
            score.interval("pearson"),
            score.interval("scaled"),
            score.interval("neutral"),
            score.interval("rank_ic"),
        ];
        assert_eq!(intervals, [None; 4], "{constant}");
        assert!(score.coins.values().all(Option::is_none), "{constant}");
        assert_eq!(
            report.shuffled.as_ref().unwrap().spread("pearson"),
            None,
            "{constant}"
        );
    }
}

#[test]
fn json_has_the_promised_keys_and_null_for_what_is_undefined() {
    let rows = rows(3, 300, 3);
    let json =
        serde_json::to_value(report(&rows, &[forecaster("network", &rows, 0.2, 2)])).unwrap();
    assert_eq!(
        (
            json["rows"].as_u64(),
            json["times"].as_u64(),
            json["folds"].as_u64()
        ),
        (Some(2700), Some(900), Some(3))
    );
    let network = &json["forecasters"][0];
    for key in [
        "name",
        "run",
        "ic_a_day",
        "ic_a_day_raw",
        "pearson",
        "interval",
        "folds",
        "interval_day",
        "block_bars",
        "weighted",
        "scaled",
        "neutral",
        "neutral_interval",
        "delayed",
        "delayed_interval",
        "delayed_neutral",
        "delayed_neutral_interval",
        "rank_correlation",
        "ic",
        "rank_ic",
        "rank_icir",
        "mae",
        "rmse",
        "directional_accuracy",
        "coins",
    ] {
        assert!(!network[key].is_null(), "{key} is missing");
    }
    let difference = &json["differences"][0];
    for key in [
        "a",
        "b",
        "a_run",
        "delayed",
        "delayed_interval",
        "delayed_neutral",
        "delayed_neutral_interval",
        "pearson",
        "interval",
        "neutral",
        "neutral_interval",
    ] {
        assert!(!difference[key].is_null(), "{key} is missing");
    }
    assert!(difference.as_object().unwrap().contains_key("b_run"));
    let zero = &json["forecasters"][1];
    assert_eq!(zero["name"], "zero");
    assert!(zero["pearson"].is_null() && zero["interval"].is_null() && zero["run"].is_null());
}

/// Twelve days: each counts once, and differences are paired by day.
#[test]
fn days_have_an_interval_a_t_and_paired_differences() {
    let rows = every_fifth_minute(rows(4, 864, 4));
    let network = forecaster("network", &rows, 0.6, 2);
    let copy = ForecastColumn {
        forecast: network.forecast.iter().map(|value| 3.0 * value).collect(),
        ..forecaster("copy", &rows, 0.6, 2)
    };
    let report = report(&rows, &[network, copy]);
    let network = &report.forecasters[0];
    for name in ["ic_a_day", "ic_a_day_raw"] {
        let found = network.metric(name);
        let (value, [low, high]) = (found.value.unwrap(), found.interval.unwrap());
        assert!(0.1 < low && low < value && value < high, "{found:?}");
        assert!(found.t.unwrap() > 5.0 && high - low < 0.1, "{found:?}");
    }
    assert_eq!(network.value("ic_a_day_above_zero"), Some(1.0));
    let same = report.differences[0].metric("ic_a_day");
    let [low, high] = same.interval.unwrap();
    assert!(low.abs() < 1e-12 && high.abs() < 1e-12, "{same:?}");
    let control = report.differences.iter().find(|one| one.b == "last_return");
    let ahead = control.unwrap().metric("ic_a_day");
    assert!(
        ahead.interval.unwrap()[0] > 0.0 && ahead.t.unwrap() > 5.0,
        "{ahead:?}"
    );
    // A report by the day's rows alone: the mean over days is that of the days.
    let first_day = 288 * 4;
    assert_eq!(rows.time_ms[first_day], 86_400_000);
    let alone = |part: std::ops::Range<usize>| {
        let one = Rows {
            time_ms: rows.time_ms[part.clone()].to_vec(),
            symbol: rows.symbol[part.clone()].to_vec(),
            fold: rows.fold[part.clone()].to_vec(),
            realized: rows.realized[part.clone()].to_vec(),
            realized_delayed: rows.realized_delayed[part.clone()].to_vec(),
            controls: Vec::new(),
            volatility: rows.volatility[part.clone()].to_vec(),
            trailing_volatility: None,
            weight: rows.weight[part.clone()].to_vec(),
            ..rows.clone()
        };
        let forecast = forecaster("network", &rows, 0.6, 2).forecast[part].to_vec();
        let one_day = ForecastColumn {
            forecast,
            ..forecaster("network", &one, 0.6, 2)
        };
        let report = score(&one, &[one_day], &Options::default()).unwrap();
        report.forecasters[0].value("ic_a_day").unwrap()
    };
    let days = rows.len() / first_day;
    let mean = (0..days)
        .map(|day| alone(day * first_day..(day + 1) * first_day))
        .sum::<f64>()
        / days as f64;
    assert!((network.value("ic_a_day").unwrap() - mean).abs() < 1e-12);
}

/// Rows of five minutes instead of one.
fn every_fifth_minute(mut rows: Rows) -> Rows {
    rows.bar_ms *= 5;
    rows.time_ms.iter_mut().for_each(|time| *time *= 5);
    rows.reach_bars = 3;
    rows
}

/// What one coin's trailing volatility is changes that coin's weight in a day, and a constant
/// forecast divided by volatilities is no score.
#[test]
fn the_unit_of_the_ic_a_day_is_the_trailing_volatility_where_it_is_known() {
    let mut rows = every_fifth_minute(rows(2, 864, 4));
    let network = forecaster("network", &rows, 0.2, 2);
    let by = |rows: &Rows, forecast: &ForecastColumn| {
        score(rows, std::slice::from_ref(forecast), &Options::default()).unwrap()
    };
    let trained = by(&rows, &network);
    assert!(!trained.trailing_volatility);
    rows.trailing_volatility = Some(rows.volatility.clone());
    let same = by(&rows, &network);
    assert_eq!(
        same.forecasters[0].metric("ic_a_day"),
        trained.forecasters[0].metric("ic_a_day")
    );
    assert!(same.trailing_volatility);
    let unit = |row: usize| 0.001 * (1 + row * 7 % 5) as f64;
    rows.trailing_volatility = Some((0..rows.len()).map(unit).collect());
    let other = by(&rows, &network);
    assert_ne!(
        same.forecasters[0].value("ic_a_day"),
        other.forecasters[0].value("ic_a_day")
    );
    let constant = ForecastColumn {
        forecast: vec![0.001; rows.len()],
        ..network
    };
    let constant = by(&rows, &constant);
    let values = ["ic_a_day", "ic_a_day_raw"].map(|name| constant.forecasters[0].value(name));
    assert_eq!(values, [None; 2]);
}

/// A metric of one's own is scored beside the others.
#[test]
fn a_metric_outside_the_list_is_scored() {
    const LARGEST: Metric = Metric {
        name: "largest",
        title: "largest",
        legend: "the largest forecast",
        of: |sample| Estimate::point(sample.forecast().iter().copied().reduce(f64::max)),
        ..Metric::FURTHER
    };
    let rows = rows(2, 300, 3);
    let network = forecaster("network", &rows, 0.2, 2);
    let largest = network.forecast.iter().copied().reduce(f64::max);
    let metrics = [METRICS, &[LARGEST]].concat();
    let report = score_by(&metrics, &rows, &[network], &Options::default()).unwrap();
    assert_eq!(report.forecasters[0].value("largest"), largest);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["forecasters"][0]["largest"].as_f64(), largest);
}

/// The book's page of metrics is the list; `UPDATE_REFERENCE=1` writes it.
#[test]
fn the_reference_of_metrics_is_the_list() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src/reference/metrics.md");
    let expected = metrics_reference(METRICS);
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "{} is behind the list of metrics\nhint: UPDATE_REFERENCE=1 cargo test -p score --release reference",
        path.display()
    );
    let names: std::collections::BTreeSet<&str> =
        METRICS.iter().map(|metric| metric.name).collect();
    assert_eq!(names.len(), METRICS.len(), "a name is twice in the list");
}

/// Two folds of seven days: each has the mean of its own days, with an interval of these days alone.
#[test]
fn each_fold_has_its_own_ic_a_day() {
    let rows = every_fifth_minute(rows(2, 2016, 4));
    let report = report(&rows, &[forecaster("network", &rows, 0.3, 2)]);
    let network = &report.forecasters[0];
    let all = network.metric("ic_a_day");
    let folds: Vec<f64> = network.ic_a_day_folds.iter().flatten().copied().collect();
    let mean = folds.iter().sum::<f64>() / 2.0;
    assert!(folds.len() == 2 && (mean - all.value.unwrap()).abs() < 1e-12);
    let width = |[low, high]: [f64; 2]| high - low;
    for (value, ends) in folds.iter().zip(&network.ic_a_day_fold_intervals) {
        let ends = ends.unwrap();
        assert!(ends[0] < *value && *value < ends[1], "{ends:?}");
        assert!(width(ends) > width(all.interval.unwrap()), "{ends:?}");
    }
    let bar = rows.bar_ms;
    assert_eq!(
        report.fold_spans_ms,
        [[0, 2015 * bar], [2016 * bar, 4031 * bar]]
    );
    assert_eq!(
        report.forecasters[1].ic_a_day_folds,
        [None, None],
        "zero has none"
    );
}

/// A fold's interval holds its score, and is wider than that of the mean over folds.
#[test]
fn folds_and_coins_have_intervals() {
    let rows = rows(4, 600, 3);
    let report = report(&rows, &[forecaster("network", &rows, 0.3, 2)]);
    let scored = &report.forecasters[0];
    let width = |[low, high]: [f64; 2]| high - low;
    for (score, interval) in scored.folds.iter().zip(&scored.fold_intervals) {
        let (score, [low, high]) = (score.unwrap(), interval.unwrap());
        assert!(
            low < score
                && score < high
                && width([low, high]) > width(scored.interval("pearson").unwrap())
        );
    }
    assert_eq!(
        scored.coins.keys().collect::<Vec<_>>(),
        scored.coin_intervals.keys().collect::<Vec<_>>()
    );
    for (coin, interval) in &scored.coin_intervals {
        let (score, [low, high]) = (scored.coins[coin].unwrap(), interval.unwrap());
        assert!(low < score && score < high, "{coin}");
    }
    assert!(
        report.forecasters[1].coin_intervals.is_empty(),
        "controls have none"
    );
}
