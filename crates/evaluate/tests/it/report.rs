//! The report as a whole: what is in it, what is undefined, and how it looks.

use evaluate::{
    CONTROL_NAMES, FeatureImportance, Forecaster, Importance, Options, Page, Report, Rows, controls, controls_of, html,
    is_control, score,
};

use crate::rows::{forecaster, rows};

fn report(rows: &Rows, models: &[Forecaster]) -> Report {
    let mut forecasters = models.to_vec();
    forecasters.extend(controls_of(rows, &models[0], 5));
    score(rows, &forecasters, &Options::default()).unwrap()
}

#[test]
fn a_skilled_forecaster_is_told_from_the_controls() {
    let rows = rows(3, 400, 5);
    let report = report(&rows, &[forecaster("network", &rows, 0.3, 2)]);
    let [network, zero, last_return, negated, shuffled] = report.forecasters.as_slice() else { panic!("five") };
    let [low, high] = network.interval.unwrap();
    let pearson = network.pearson.unwrap();
    assert!(0.1 < low && low < pearson && pearson < high, "{low} {pearson} {high}");
    assert_eq!((zero.pearson, zero.interval, zero.rank_ic), (None, None, None));
    assert!((last_return.pearson.unwrap() + negated.pearson.unwrap()).abs() < 1e-12);
    let [low, high] = shuffled.interval.unwrap();
    assert!(low < 0.05 && high > -0.05, "{low} {high}");
    // Differences: with every control that has a score, so not with zero.
    let others: Vec<&str> = report.differences.iter().map(|difference| difference.b.as_str()).collect();
    assert_eq!(others, ["last_return", "negated_last_return", "shuffled"]);
    let difference = &report.differences[2];
    let expected = pearson - shuffled.pearson.unwrap();
    assert!((difference.pearson.unwrap() - expected).abs() < 1e-12);
    assert!(difference.interval.unwrap()[0] > 0.0);
}

#[test]
fn the_same_seed_gives_the_same_report_on_any_number_of_threads() {
    let rows = rows(2, 300, 3);
    let models = [forecaster("network", &rows, 0.2, 2), forecaster("lightgbm", &rows, 0.1, 3)];
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| report(&rows, &models))
    };
    assert_eq!(on(1), on(3));
}

#[test]
fn a_copy_differs_from_its_original_by_exactly_nothing() {
    let rows = rows(2, 300, 3);
    let network = forecaster("network", &rows, 0.2, 2);
    let doubled = network.forecast.iter().map(|value| 2.0 * value).collect();
    let copy = Forecaster { name: "doubled".to_owned(), forecast: doubled, ..network.clone() };
    let report = report(&rows, &[network, copy]);
    let [low, high] = report.differences[0].interval.unwrap();
    assert!(low.abs() < 1e-12 && high.abs() < 1e-12, "draws are not paired: {low} to {high}");
}

#[test]
fn a_planted_market_forecast_has_no_neutral_score() {
    let rows = rows(2, 300, 4);
    let market = |row: usize| rows.realized[row / 4 * 4..row / 4 * 4 + 4].iter().sum::<f64>();
    let forecast = (0..rows.len()).map(market).collect();
    let report = report(&rows, &[Forecaster { name: "market".to_owned(), run: None, forecast }]);
    assert!(report.forecasters[0].pearson.unwrap() > 0.5);
    assert_eq!((report.forecasters[0].neutral, report.forecasters[0].neutral_interval), (None, None));
    assert_eq!(report.forecasters[0].ic.timestamps, 0);
}

#[test]
fn edge_cases_are_undefined_and_never_panic() {
    let single = rows(2, 400, 1);
    let scored = report(&single, &[forecaster("network", &single, 0.2, 2)]);
    assert!(scored.forecasters[0].interval.is_some());
    assert_eq!((scored.forecasters[0].neutral, scored.forecasters[0].rank_ic), (None, None));
    for (folds, times, coins) in [(1, 1, 1), (1, 1, 5), (3, 2, 2), (5, 20, 3)] {
        let rows = rows(folds, times, coins);
        let scored = report(&rows, &[forecaster("network", &rows, 0.2, 2)]);
        assert_eq!(scored.forecasters[0].interval, None, "{folds} folds of {times} times");
        assert!(scored.table().lines().count() > 10 && scored.coins_table().contains("COIN0"));
    }
    let mut unknown = rows(1, 400, 2);
    unknown.realized_delayed.fill(f64::NAN);
    unknown.volatility.fill(f64::NAN);
    unknown.weight.fill(0.0);
    let scored = report(&unknown, &[forecaster("network", &unknown, 0.2, 2)]);
    let network = &scored.forecasters[0];
    assert_eq!((network.delayed, network.scaled, network.weighted), (None, None, None));
    assert_eq!((network.delayed_interval, scored.differences[0].delayed_interval), (None, None));
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
    let controls = controls(&rows, 9);
    let names: Vec<&str> = controls.iter().map(|control| control.name.as_str()).collect();
    assert_eq!(names, CONTROL_NAMES);
    assert!(names.iter().all(|name| is_control(name, None) && !is_control(name, Some("a run"))));
    assert_eq!(controls[1].forecast[4], 0.0);
    let network = forecaster("network", &rows, 0.2, 2);
    let shuffled = &controls_of(&rows, &network, 9)[3];
    assert_ne!(shuffled.forecast, network.forecast);
    assert_eq!(shuffled, &controls_of(&rows, &network, 9)[3]);
    // The same values in every fold and coin.
    for (fold, coin) in [(1, 0), (1, 2), (2, 1)] {
        let sorted = |forecast: &[f64]| {
            let of_coin = |row: &usize| rows.fold[*row] == fold && rows.symbol[*row] == coin;
            let mut values: Vec<f64> = (0..rows.len()).filter(of_coin).map(|row| forecast[row]).collect();
            values.sort_unstable_by(f64::total_cmp);
            values
        };
        assert_eq!(sorted(&shuffled.forecast), sorted(&network.forecast));
    }
}

#[test]
fn json_has_the_promised_keys_and_null_for_what_is_undefined() {
    let rows = rows(3, 300, 3);
    let json = serde_json::to_value(report(&rows, &[forecaster("network", &rows, 0.2, 2)])).unwrap();
    assert_eq!(
        (json["rows"].as_u64(), json["times"].as_u64(), json["folds"].as_u64()),
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
    let mut models = vec![forecaster("network", &rows, 0.3, 2), forecaster("network", &rows, 0.2, 3)];
    models.push(forecaster("an_ensemble_with_a_name_that_never_ends", &rows, 0.1, 4));
    models[1].run = Some("checkpoints/other".to_owned());
    let report = report(&rows, &models);
    let text = report.table();
    assert!(text.lines().all(|line| line.chars().count() <= 150), "{text}");
    assert!(report.coins_table().lines().all(|line| line.chars().count() <= 120));
    assert!(text.contains("network 1  ") && text.contains("network 2: checkpoints/other"), "{text}");
    assert!(!text.contains("NaN"));
    assert!(text.starts_with("Correlation of forecast and realized: 3,780 rows, 540 times, 7 coins, 9 folds\n"));
}

#[test]
fn what_a_bounce_cannot_lift_stands_first() {
    let rows = rows(3, 300, 4);
    let models = [forecaster("network", &rows, 0.3, 2), forecaster("lightgbm", &rows, 0.2, 3)];
    let report = report(&rows, &models);
    let (text, page) = (report.table(), page(&rows, &models, &[]));
    let order = ["+1 bar", "neutral +1", "Pearson", "neutral"];
    for title in ["forecaster ", "network minus "] {
        let header = text.lines().find(|line| line.starts_with(title)).unwrap();
        let words: Vec<&str> = header.split("  ").map(str::trim).filter(|word| !word.is_empty()).collect();
        let found: Vec<&str> = words[1..9].iter().copied().step_by(2).collect();
        assert_eq!(found, order, "{header}");
        assert!(words[2..9].iter().step_by(2).all(|word| *word == "95 % interval"), "{header}");
    }
    let cells: String = order.iter().map(|name| format!("<th>{name}</th><th>95 % interval</th>")).collect();
    assert!(page.contains(&format!("<tr><th></th>{cells}<th>rank IC</th></tr>")));
    assert!(page.contains(&format!("<tr><th>difference</th>{cells}</tr>")));
}

#[test]
fn coins_have_their_break_even_fee_where_it_was_asked_for() {
    let rows = rows(3, 1200, 4);
    let report = report(&rows, &[forecaster("network", &rows, 0.3, 2)]);
    assert!(report.forecasters[0].break_even.is_none() && !report.coins_table().contains("break-even"));
    let (mut forecasters, options) = (vec![forecaster("network", &rows, 0.3, 2)], Options::default());
    forecasters.extend(controls_of(&rows, &forecasters[0], 5));
    let report = report.with_break_even(&rows, &forecasters, &options).unwrap();
    let fees = report.forecasters[0].break_even.as_ref().unwrap();
    assert_eq!(fees, &evaluate::break_even(&rows, &forecasters[0], &options).unwrap());
    for coin in fees.coins.values().chain([&fees.all]) {
        let (fee, [low, high]) = (coin.fee_bps.unwrap(), coin.interval.unwrap());
        assert!(coin.trades > 10 && low < fee && fee < high && fee > 0.0, "{coin:?}");
    }
    assert_eq!(fees.all.trades, fees.coins.values().map(|coin| coin.trades).sum::<usize>());
    assert!(report.forecasters[1].break_even.is_none(), "controls have none");
    let text = report.coins_table();
    assert!(text.contains("break-even fee bps") && text.contains("all trades"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 120), "{text}");
}

/// The page of some forecasters beside the controls.
fn page(rows: &Rows, models: &[Forecaster], importance: &[(String, Importance)]) -> String {
    let options = Options::default();
    let mut forecasters = models.to_vec();
    forecasters.extend(controls_of(rows, &models[0], 1));
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
    let models = [named("network", "runs/a", 2), named("network", "runs/b", 3), named("<b>\"&", "runs/<c>", 4)];
    let importance = Importance {
        features: vec![FeatureImportance { name: "return_1".to_owned(), gain: 0.7, split: 0.6, shap: Some(1e-4) }],
    };
    let page = page(&rows, &models, &[("runs/b".to_owned(), importance)]);
    assert!(page.contains("network 1") && page.contains("network 2"), "equal names are told apart");
    assert!(page.contains("&lt;b&gt;&quot;&amp;") && !page.contains("<b>\"&"), "names are no HTML");
    assert!(page.contains("1,234 of its rows are not in every run"));
    assert_eq!(page.matches("<svg").count(), 7, "folds, coins, cumulative IC, deciles, bins, capital, importance");
    assert!(page.contains("Quantiles and capital") && page.contains("break-even"));
    for from_elsewhere in ["<script", "<link", "src=", "href=", "@import", "url("] {
        assert!(!page.contains(from_elsewhere), "{from_elsewhere}");
    }
}

#[test]
fn a_page_of_few_rows_or_constant_forecasts_is_a_page() {
    let small = rows(1, 3, 2);
    let constant = Forecaster { forecast: vec![0.1; small.len()], ..forecaster("network", &small, 0.0, 1) };
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
        assert!(low < score && score < high && width([low, high]) > width(scored.interval.unwrap()));
    }
    assert_eq!(scored.coins.keys().collect::<Vec<_>>(), scored.coin_intervals.keys().collect::<Vec<_>>());
    for (coin, interval) in &scored.coin_intervals {
        let (score, [low, high]) = (scored.coins[coin].unwrap(), interval.unwrap());
        assert!(low < score && score < high, "{coin}");
    }
    assert!(report.forecasters[1].coin_intervals.is_empty(), "controls have none");
}
