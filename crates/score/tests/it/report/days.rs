//! The IC a day, and orders of days.

use super::*;

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
            close: None,
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

/// A forecast of the market alone is, in units of volatility, the same for all coins: what is left
/// beside the market is rounding, and no score. Such days count as 0 and are not left out.
#[test]
fn days_without_an_own_forecast_count_as_zero() {
    let mut rows = every_fifth_minute(rows(4, 864, 4));
    let unit = |row: usize| 0.001 * (1 + row * 7 % 5) as f64;
    rows.trailing_volatility = Some((0..rows.len()).map(unit).collect());
    let network = forecaster("network", &rows, 0.6, 2);
    let mut silent = ForecastColumn {
        forecast: network.forecast.clone(),
        ..forecaster("silent", &rows, 0.6, 2)
    };
    let first_fold = 0..864 * 4;
    for row in first_fold {
        silent.forecast[row] = 0.37 * unit(row);
    }
    let report = report(&rows, &[network, silent]);
    let [network, silent, ..] = report.forecasters.as_slice() else {
        panic!("two")
    };
    assert_eq!(silent.ic_a_day_folds[0], Some(0.0));
    assert_eq!(silent.ic_a_day_folds[1..], network.ic_a_day_folds[1..]);
    // Folds of three days each.
    let mean = network.ic_a_day_folds[1..].iter().flatten().sum::<f64>() / 4.0;
    assert!((silent.value("ic_a_day").unwrap() - mean).abs() < 1e-12);
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
