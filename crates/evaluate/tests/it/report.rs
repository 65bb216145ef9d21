//! The report as a whole: what is in it, what is undefined, and how it looks.

use evaluate::{
    CONTROL_NAMES, FeatureImportance, Forecaster, Importance, Options, Page, QuantileOptions,
    Report, Rows, SHUFFLED_ORDERS, controls, html, is_control, score,
};

use crate::rows::{Noise, forecaster, rows};

fn report(rows: &Rows, models: &[Forecaster]) -> Report {
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
    let [low, high] = network.interval.unwrap();
    let pearson = network.pearson.unwrap();
    assert!(
        0.1 < low && low < pearson && pearson < high,
        "{low} {pearson} {high}"
    );
    assert_eq!(
        (zero.pearson, zero.interval, zero.rank_ic),
        (None, None, None)
    );
    assert!((last_return.pearson.unwrap() + negated.pearson.unwrap()).abs() < 1e-12);
    // Differences: with every control that has a score, so not with zero.
    let others: Vec<&str> = report
        .differences
        .iter()
        .map(|difference| difference.b.as_str())
        .collect();
    assert_eq!(others, CONTROL_NAMES[1..]);
    let difference = &report.differences[1];
    let expected = pearson - negated.pearson.unwrap();
    assert!((difference.pearson.unwrap() - expected).abs() < 1e-12);
    assert!(difference.interval.unwrap()[0] > 0.0);
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
    let copy = Forecaster {
        name: "doubled".to_owned(),
        forecast: doubled,
        ..network.clone()
    };
    let report = report(&rows, &[network, copy]);
    let [low, high] = report.differences[0].interval.unwrap();
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
        &[Forecaster {
            name: "market".to_owned(),
            run: None,
            forecast,
        }],
    );
    assert!(report.forecasters[0].pearson.unwrap() > 0.5);
    assert_eq!(
        (
            report.forecasters[0].neutral,
            report.forecasters[0].neutral_interval
        ),
        (None, None)
    );
    assert_eq!(report.forecasters[0].ic.timestamps, 0);
}

#[test]
fn edge_cases_are_undefined_and_never_panic() {
    let single = rows(2, 400, 1);
    let scored = report(&single, &[forecaster("network", &single, 0.2, 2)]);
    assert!(scored.forecasters[0].interval.is_some());
    assert_eq!(
        (scored.forecasters[0].neutral, scored.forecasters[0].rank_ic),
        (None, None)
    );
    for (folds, times, coins) in [(1, 1, 1), (1, 1, 5), (3, 2, 2), (5, 20, 3)] {
        let rows = rows(folds, times, coins);
        let scored = report(&rows, &[forecaster("network", &rows, 0.2, 2)]);
        assert_eq!(
            scored.forecasters[0].interval, None,
            "{folds} folds of {times} times"
        );
        assert!(scored.table().lines().count() > 10 && scored.coins_table().contains("COIN0"));
    }
    let mut unknown = rows(1, 400, 2);
    unknown.realized_delayed.fill(f64::NAN);
    unknown.volatility.fill(f64::NAN);
    unknown.weight.fill(0.0);
    let scored = report(&unknown, &[forecaster("network", &unknown, 0.2, 2)]);
    let network = &scored.forecasters[0];
    assert_eq!(
        (network.delayed, network.scaled, network.weighted),
        (None, None, None)
    );
    assert_eq!(
        (
            network.delayed_interval,
            scored.differences[0].delayed_interval
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
    assert!((scored.pearson.unwrap() - (first + third) / 2.0).abs() < 1e-12);
    let last_return = &report.forecasters[2].folds;
    let expected = (first - last_return[0].unwrap() + third - last_return[2].unwrap()) / 2.0;
    assert!((report.differences[0].pearson.unwrap() - expected).abs() < 1e-12);
    assert!(report.table().contains("network: no score in 1 of 3 folds"));
}

#[test]
fn controls_are_what_their_names_say() {
    let mut rows = rows(2, 50, 3);
    rows.last_return[4] = f64::NAN;
    let controls = controls(&rows);
    let names: Vec<&str> = controls
        .iter()
        .map(|control| control.name.as_str())
        .collect();
    assert_eq!(names, CONTROL_NAMES);
    assert!(
        names
            .iter()
            .all(|name| is_control(name, None) && !is_control(name, Some("a run")))
    );
    assert_eq!(controls[1].forecast[4], 0.0);
}

/// One order of days is one random number; twenty show how large a score of nothing is.
#[test]
fn shuffled_days_are_many_orders_with_a_mean_and_a_range() {
    let mut rows = rows(4, 800, 4);
    let slow = Forecaster {
        forecast: levels(&rows, 7),
        ..forecaster("slow", &rows, 0.0, 2)
    };
    rows.realized = levels(&rows, 8);
    let found = report(&rows, std::slice::from_ref(&slow)).shuffled.unwrap();
    assert_eq!((found.orders, found.of.as_str()), (SHUFFLED_ORDERS, "slow"));
    const { assert!(SHUFFLED_ORDERS >= 10) };
    let spread = found.pearson.unwrap();
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
    let text = report(&rows, &[forecaster("network", &rows, 0.3, 2)]).table();
    assert!(text.contains("shuffled, 20 orders"), "{text}");
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
    let hour = rows.deviations[1].clone().unwrap();
    let known = report(&rows, &network);
    let score_of = |report: &Report, name: &str| {
        report
            .forecasters
            .iter()
            .find(|score| score.name == name)
            .cloned()
    };
    let negated: Vec<f64> = hour.iter().map(|value| -value).collect();
    let by_hand = Forecaster {
        name: "by hand".to_owned(),
        run: None,
        forecast: negated,
    };
    let mut by_hand = score(&rows, &[by_hand], &Options::default()).unwrap();
    let by_hand = by_hand.forecasters.remove(0);
    let found = score_of(&known, "negated_deviation_60m").unwrap();
    assert_eq!(
        (found.pearson, found.interval),
        (by_hand.pearson, by_hand.interval)
    );
    assert!(found.pearson.unwrap() > 0.05 && found.mae.is_some());

    // A table of an older version: no score, no error, and a note that says why.
    rows.deviations = [const { None }; 3];
    let old = report(&rows, &network);
    let unknown = score_of(&old, "negated_deviation_60m").unwrap();
    assert_eq!(
        (unknown.pearson, unknown.mae, unknown.rmse, unknown.rank_ic),
        (None, None, None, None)
    );
    let text = old.table();
    assert!(
        text.contains("older version") && text.contains("negated_deviation_240m"),
        "{text}"
    );
    assert!(!known.table().contains("older version"));
    assert_eq!(
        old.forecasters[0], known.forecasters[0],
        "other scores stay"
    );

    // An hour's mean of hours is the close itself.
    rows.bar_ms = 3_600_000;
    rows.time_ms.iter_mut().for_each(|time| *time *= 60);
    let hourly = report(&rows, &network);
    assert!(score_of(&hourly, "negated_deviation_60m").is_none());
    assert!(score_of(&hourly, "negated_deviation_240m").is_some());
    assert!(
        hourly
            .table()
            .contains("the close itself: negated_deviation_30m, negated_deviation_60m.")
    );
}

/// Nearly all of the covariance in one day of four, and in 2 of 54 hours.
#[test]
fn a_score_that_hangs_on_few_hours_is_said_to() {
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
    assert_eq!(
        dataset::format_time(pearson.best_day_ms),
        "2020-09-13 00:00"
    );
    let text = narrow.table();
    assert!(
        text.contains("warning: more than a third of network's covariance"),
        "{text}"
    );
    assert!(text.contains("in 2020-09-13"), "{text}");
    // A score below 0 has nothing to share.
    let against = Forecaster {
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
        (network.rank_ic, network.rank_ic_interval),
        (network.rank_ic_delayed, network.rank_ic_delayed_interval),
    ] {
        let (value, [low, high]) = (value.unwrap(), interval.unwrap());
        assert!(
            0.1 < low && low < value && value < high && high - low < 0.1,
            "{low} {value} {high}"
        );
    }
    // A tenth of the returns entered later are unknown: the mean is of other pairs.
    assert_ne!(network.rank_ic, network.rank_ic_delayed);
    let difference = &report.differences[0];
    let last_return = report
        .forecasters
        .iter()
        .find(|score| score.name == "last_return")
        .unwrap();
    assert_eq!(
        difference.rank_ic.unwrap(),
        network.rank_ic.unwrap() - last_return.rank_ic.unwrap()
    );
    assert!(
        difference.rank_ic_interval.unwrap()[0] > 0.0
            && difference.rank_ic_delayed_interval.is_some()
    );
    let copy = [
        forecaster("network", &rows, 0.3, 2),
        forecaster("copy", &rows, 0.3, 2),
    ];
    let ends = self::report(&rows, &copy).differences[0]
        .rank_ic_interval
        .unwrap();
    assert_eq!(ends, [0.0, 0.0], "draws are paired");
    assert!(
        report
            .table()
            .contains("network minus negated_deviation_240m")
    );
}

/// What beats every control is read off the intervals of differences.
#[test]
fn beating_every_control_is_said_where_the_intervals_say_it() {
    let rows = rows(3, 600, 5);
    let ahead = report(&rows, &[forecaster("network", &rows, 0.6, 2)]).table();
    let versions = "in: +1 bar, neutral +1, Pearson, neutral, rank IC +1, rank IC.";
    assert!(ahead.replace('\n', " ").contains(versions), "{ahead}");
    assert!(
        !ahead.contains("not shown to beat") && !ahead.contains("is behind"),
        "{ahead}"
    );
    // The deviation from the four-hour mean knows .3 of what comes, this one nothing.
    let behind = report(&rows, &[forecaster("network", &rows, 0.0, 2)]).table();
    assert!(
        behind.contains("network is shown to beat every control in no column."),
        "{behind}"
    );
    let text = behind.replace('\n', " ");
    assert!(
        text.contains("network is behind, by the interval of the difference: +1 bar (negated_"),
        "{behind}"
    );
    assert!(
        text.contains("no higher than the best of 20 shuffled orders in:"),
        "{behind}"
    );
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
        let network = Forecaster {
            forecast: vec![constant; rows.len()],
            ..forecaster("network", &rows, 0.0, 2)
        };
        let report = report(&rows, std::slice::from_ref(&network));
        let score = &report.forecasters[0];
        let values = [
            score.pearson,
            score.delayed,
            score.neutral,
            score.delayed_neutral,
            score.scaled,
            score.weighted,
        ];
        assert_eq!(values, [None; 6], "{constant}");
        let ranks = [
            score.rank_correlation,
            score.rank_ic,
            score.rank_ic_delayed,
            score.ic.mean,
        ];
        assert_eq!(ranks, [None; 4], "{constant}");
        let intervals = [
            score.interval,
            score.scaled_interval,
            score.neutral_interval,
            score.rank_ic_interval,
        ];
        assert_eq!(intervals, [None; 4], "{constant}");
        assert!(score.coins.values().all(Option::is_none), "{constant}");
        assert_eq!(
            report.shuffled.as_ref().unwrap().pearson,
            None,
            "{constant}"
        );
        assert!(
            report
                .table()
                .contains("No score in any fold (constant forecast or too few rows): network")
        );
        let options = Options::default();
        let fees = evaluate::break_even(&rows, &network, &options).unwrap();
        assert_eq!((fees.all.fee_bps, fees.all.trades), (None, 0), "{constant}");
        for scope in evaluate::Scope::ALL {
            let options = QuantileOptions {
                scope,
                bins: 2,
                ..QuantileOptions::usual(&rows)
            };
            let error = evaluate::quantiles(&rows, &network, &options)
                .unwrap_err()
                .to_string();
            assert!(error.contains("are equal, expected different"), "{error}");
        }
    }
}

/// One forecast for all coins of a time ranks no coins, but times.
#[test]
fn equal_forecasts_have_no_bins_and_others_keep_theirs() {
    let rows = rows(2, 300, 4);
    let of_time = |row: usize| f64::from(u32::try_from((row / 4 * 37) % 101).unwrap());
    let market = Forecaster {
        forecast: (0..rows.len()).map(of_time).collect(),
        ..forecaster("market", &rows, 0.0, 2)
    };
    let options = QuantileOptions {
        bins: 2,
        ..QuantileOptions::usual(&rows)
    };
    assert!(
        evaluate::quantiles(&rows, &market, &options)
            .unwrap_err()
            .to_string()
            .contains("scope timestamp")
    );
    let trailing = QuantileOptions {
        scope: evaluate::Scope::Trailing,
        ..options.clone()
    };
    assert!(evaluate::quantiles(&rows, &market, &trailing).is_ok());
    // At every other time the coins differ.
    let half = (0..rows.len())
        .map(|row| if row / 4 % 2 == 0 { 0.1 } else { row as f64 })
        .collect();
    let half = Forecaster {
        forecast: half,
        ..market
    };
    let found = evaluate::quantiles(&rows, &half, &options).unwrap();
    assert_eq!((found.left_out, found.quantiles[0].count), (1200, 600));
    assert!(
        found.table().contains("with one forecast for all coins"),
        "{}",
        found.table()
    );
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

#[test]
fn tables_fit_a_terminal() {
    let rows = rows(9, 60, 7);
    let mut models = vec![
        forecaster("network", &rows, 0.3, 2),
        forecaster("network", &rows, 0.2, 3),
    ];
    models.push(forecaster(
        "an_ensemble_with_a_name_that_never_ends",
        &rows,
        0.1,
        4,
    ));
    models[1].run = Some("checkpoints/other".to_owned());
    let report = report(&rows, &models);
    let text = report.table();
    assert!(
        text.lines().all(|line| line.chars().count() <= 150),
        "{text}"
    );
    assert!(
        report
            .coins_table()
            .lines()
            .all(|line| line.chars().count() <= 120)
    );
    assert!(
        text.contains("network 1  ") && text.contains("network 2: checkpoints/other"),
        "{text}"
    );
    assert!(!text.contains("NaN"));
    assert!(text.starts_with(
        "Correlation of forecast and realized: 3,780 rows, 540 times, 7 coins, 9 folds\n"
    ));
}

#[test]
fn what_a_bounce_cannot_lift_stands_first() {
    let rows = rows(3, 300, 4);
    let models = [
        forecaster("network", &rows, 0.3, 2),
        forecaster("lightgbm", &rows, 0.2, 3),
    ];
    let report = report(&rows, &models);
    let (text, page) = (report.table(), page(&rows, &models, &[]));
    let order = ["+1 bar", "neutral +1", "Pearson", "neutral"];
    for title in ["forecaster ", "network minus "] {
        let header = text.lines().find(|line| line.starts_with(title)).unwrap();
        let words: Vec<&str> = header
            .split("  ")
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .collect();
        let found: Vec<&str> = words[1..9].iter().copied().step_by(2).collect();
        assert_eq!(found, order, "{header}");
        assert!(
            words[2..9]
                .iter()
                .step_by(2)
                .all(|word| *word == "95 % interval"),
            "{header}"
        );
    }
    let cells: String = order
        .iter()
        .map(|name| format!("<th>{name}</th><th>95 % interval</th>"))
        .collect();
    assert!(page.contains(&format!("<tr><th></th>{cells}<th>rank IC</th></tr>")));
    assert!(page.contains(&format!("<tr><th>difference</th>{cells}</tr>")));
}

#[test]
fn coins_have_their_break_even_fee_where_it_was_asked_for() {
    let rows = rows(3, 1200, 4);
    let report = report(&rows, &[forecaster("network", &rows, 0.3, 2)]);
    assert!(
        report.forecasters[0].break_even.is_none() && !report.coins_table().contains("break-even")
    );
    let (mut forecasters, options) = (
        vec![forecaster("network", &rows, 0.3, 2)],
        Options::default(),
    );
    forecasters.extend(controls(&rows));
    let report = report
        .with_break_even(&rows, &forecasters, &options)
        .unwrap();
    let fees = report.forecasters[0].break_even.as_ref().unwrap();
    assert_eq!(
        fees,
        &evaluate::break_even(&rows, &forecasters[0], &options).unwrap()
    );
    for coin in fees.coins.values().chain([&fees.all]) {
        let (fee, [low, high]) = (coin.fee_bps.unwrap(), coin.interval.unwrap());
        assert!(
            coin.trades > 10 && low < fee && fee < high && fee > 0.0,
            "{coin:?}"
        );
    }
    assert_eq!(
        fees.all.trades,
        fees.coins.values().map(|coin| coin.trades).sum::<usize>()
    );
    assert!(
        report.forecasters[1].break_even.is_none(),
        "controls have none"
    );
    let text = report.coins_table();
    assert!(
        text.contains("break-even fee bps") && text.contains("all trades"),
        "{text}"
    );
    assert!(
        text.lines().all(|line| line.chars().count() <= 120),
        "{text}"
    );
}

/// The page of some forecasters beside the controls.
fn page(rows: &Rows, models: &[Forecaster], importance: &[(String, Importance)]) -> String {
    let options = Options::default();
    let mut forecasters = models.to_vec();
    forecasters.extend(controls(rows));
    let report = score(rows, &forecasters, &options).unwrap();
    let (dropped, command) = ([("runs/b".to_owned(), 1234)], "evaluate runs/a");
    html(&Page {
        rows,
        forecasters: &forecasters,
        report: &report,
        options: &options,
        dropped: &dropped,
        importance,
        command,
    })
}

#[test]
fn the_page_needs_nothing_else_and_takes_names_as_text() {
    let rows = rows(3, 300, 4);
    let named = |name: &str, run: &str, seed| Forecaster {
        name: name.to_owned(),
        run: Some(run.to_owned()),
        ..forecaster("network", &rows, 0.2, seed)
    };
    let models = [
        named("network", "runs/a", 2),
        named("network", "runs/b", 3),
        named("<b>\"&", "runs/<c>", 4),
    ];
    let importance = Importance {
        features: vec![FeatureImportance {
            name: "return_1".to_owned(),
            gain: 0.7,
            split: 0.6,
            shap: Some(1e-4),
        }],
    };
    let page = page(&rows, &models, &[("runs/b".to_owned(), importance)]);
    assert!(
        page.contains("network 1") && page.contains("network 2"),
        "equal names are told apart"
    );
    assert!(
        page.contains("&lt;b&gt;&quot;&amp;") && !page.contains("<b>\"&"),
        "names are no HTML"
    );
    assert!(page.contains("1,234 of its rows are not in every run"));
    assert_eq!(
        page.matches("<svg").count(),
        7,
        "folds, coins, cumulative IC, deciles, bins, capital, importance"
    );
    assert!(page.contains("Quantiles and capital") && page.contains("break-even"));
    for from_elsewhere in ["<script", "<link", "src=", "href=", "@import", "url("] {
        assert!(!page.contains(from_elsewhere), "{from_elsewhere}");
    }
}

#[test]
fn a_page_of_few_rows_or_constant_forecasts_is_a_page() {
    let small = rows(1, 3, 2);
    let constant = Forecaster {
        forecast: vec![0.1; small.len()],
        ..forecaster("network", &small, 0.0, 1)
    };
    assert!(page(&small, &[constant], &[]).contains("</html>"));
    let many = rows(2, 120, 60);
    let page = page(&many, &[forecaster("network", &many, 0.1, 1)], &[]);
    assert!(page.contains("the best and the worst 20 of 60 coins"));
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
            low < score && score < high && width([low, high]) > width(scored.interval.unwrap())
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
