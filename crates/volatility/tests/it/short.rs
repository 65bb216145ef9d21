//! Bars shorter than a day, one scored row a day: terms, folds, coefficients and forecasts against numpy, by
//! `scripts/golden-volatility-intraday.py`.

use golden::{floats, integers, list, whole};
use volatility::{LoadedModel, VolatilityFit, VolatilityOptions};

use crate::support::{
    COINS, SHORT_BARS, fitted, loaded, names, of_term, options, short_dataset, short_dataset_ahead,
    short_panel,
};

fn values() -> serde_json::Value {
    golden::read(include_str!("../golden/intraday.json"))
}

fn assert_near(name: &str, found: f64, expected: f64) {
    let tolerance = 1e-8 * expected.abs().max(1e-3);
    let is_near = (found - expected).abs() < tolerance;
    assert!(is_near, "{name}: {found}, golden {expected}");
}

#[test]
fn terms_equal_numpy() {
    let dataset = short_dataset(short_panel(SHORT_BARS));
    let golden = values();
    let rows: Vec<usize> = integers(&golden["rows"]);
    for (name, expected) in golden["terms"].as_object().unwrap() {
        let options = of_term(name);
        let fit = VolatilityFit::new(&dataset, &options);
        let fitted = fit.fold(&dataset, &dataset.plan.folds[0]).unwrap();
        let loaded = LoadedModel::new(fitted, &options, &dataset.config);
        let known = dataset.plan.folds[0].score.start;
        let wanted: Vec<usize> = rows.iter().copied().filter(|row| *row >= known).collect();
        let found = loaded.forecast(&dataset.panel, &wanted);
        let skipped = rows.len() - wanted.len();
        let expected = list(expected)[skipped..].iter().flat_map(floats);
        assert_eq!(found.len(), wanted.len() * COINS);
        for (found, expected) in found.into_iter().zip(expected) {
            match found {
                Ok(found) => assert_near(name, found, expected),
                Err(_) => assert!(expected.is_nan(), "{name}: unknown, golden {expected}"),
            }
        }
    }
}

/// As a bar of a day past the jump ratio has no return, a day with such a bar has none of its candle.
#[test]
fn a_day_within_which_a_price_jumps_is_unknown() {
    let plain = short_panel(SHORT_BARS);
    let returns = dataset::log_returns(&plain, 0, 0..plain.rows());
    let largest = returns
        .iter()
        .fold(0.0, |largest, r| f64::max(largest, r.abs()));
    let limit = 0.9 * largest;
    let dataset = short_dataset(plain.with_jump_ratio(limit.exp()));
    let is_jump = |row: &usize| returns[*row].abs() > limit;
    let known = dataset.plan.folds[0].score.start;
    let rows: Vec<usize> = (known..dataset.panel.rows()).collect();
    assert!(rows.iter().any(is_jump), "the test has a jump");
    for name in ["day_lrv1", "day_lpk1", "day_lgk1"] {
        let options = of_term(name);
        let fit = VolatilityFit::new(&dataset, &options);
        let fitted = fit.fold(&dataset, &dataset.plan.folds[0]).unwrap();
        let loaded = LoadedModel::new(fitted, &options, &dataset.config);
        let found = loaded.forecast(&dataset.panel, &rows);
        for (&row, found) in rows.iter().zip(found.chunks_exact(COINS)) {
            let has_jump = (row - 11..=row).any(|row| is_jump(&row));
            assert_eq!(found[0].is_err(), has_jump, "{name} at row {row}");
        }
    }
}

/// Of earlier days, or weeks, the bars that are as far after the same time as those to be forecast: two bars of the
/// next 4 hours. Of the next 2 days they end two days ago at the latest.
#[test]
fn the_same_hours_of_earlier_days_are_those_to_be_forecast() {
    let panel = short_panel(SHORT_BARS);
    let returns: Vec<Vec<f64>> = (0..COINS)
        .map(|coin| dataset::log_returns(&panel, coin, 0..panel.rows()))
        .collect();
    let row = 743;
    for (every, horizon, ahead) in [("4h", "4h", 2), ("1d", "2d", 24)] {
        let dataset = short_dataset_ahead(short_panel(SHORT_BARS), every, horizon);
        for (name, period, count) in [("lsame7", 12, 7), ("lsame22", 12, 22), ("lsame3w", 84, 3)] {
            let options = of_term(name);
            let fit = VolatilityFit::new(&dataset, &options);
            let fitted = fit.fold(&dataset, &dataset.plan.folds[0]).unwrap();
            let loaded = LoadedModel::new(fitted, &options, &dataset.config);
            let first = if ahead > period { 2 } else { 1 };
            let last = first + count - 1;
            assert_eq!(loaded.history_bars(), period * last + 1);
            let found = loaded.forecast(&dataset.panel, &[row]);
            let live = loaded.forecast(&dataset.panel.stretch(0..row + 1), &[row]);
            assert_eq!(found, live, "{name} {horizon}: a candle after the row");
            for (coin, found) in found.into_iter().enumerate() {
                let of_span = |ago: usize| {
                    let bars = (1..=ahead).map(|bar| returns[coin][row + bar - period * ago]);
                    let variance = bars.map(|r| r * r).sum::<f64>() * 12.0 / ahead as f64;
                    variance.sqrt().ln()
                };
                let spans: Vec<f64> = (first..=last).map(of_span).collect();
                let known: Vec<f64> = spans.into_iter().filter(|span| !span.is_nan()).collect();
                let expected = known.iter().sum::<f64>() / known.len() as f64;
                // A tenth of the spans may be unknown.
                match (count - known.len()) * 10 > count {
                    true => assert!(found.is_err(), "{name} {horizon}, coin {coin}"),
                    false => assert_near(name, found.unwrap(), expected),
                }
            }
        }
    }
}

#[test]
fn parts_equal_numpy() {
    let dataset = short_dataset(short_panel(SHORT_BARS));
    for (place, golden) in list(&values()["folds"]).iter().enumerate() {
        let fold = &dataset.plan.folds[place];
        assert_eq!(
            (fold.score.start, fold.score.end, fold.refits.len()),
            (
                whole(golden, "first"),
                whole(golden, "end"),
                whole(golden, "refits")
            )
        );
        let fitted = fitted(&dataset, "parts", place);
        let loaded = loaded(&dataset, "parts", place);
        for golden in list(&golden["fitted"]) {
            let from_ms = dataset.panel.time_ms(whole(golden, "first"));
            let refit = fitted.refit_at(from_ms).unwrap();
            assert_eq!(
                (refit.from_ms, refit.rows),
                (from_ms, whole(golden, "rows"))
            );
            let expected = floats(&golden["coefficients"]);
            assert_eq!(refit.parameters.shared.len(), expected.len());
            for (number, expected) in refit.parameters.shared.iter().zip(expected) {
                assert_near(&number.name, number.value, expected);
            }
            let found = loaded.forecast(&dataset.panel, &[whole(golden, "row")]);
            for (found, expected) in found.into_iter().zip(floats(&golden["forecast"])) {
                match found {
                    Ok(found) => assert_near("parts", found, expected),
                    Err(_) => assert!(expected.is_nan()),
                }
            }
        }
    }
}

/// A scored row closes at midnight, and no others are scored, fitted to or counted in folds.
#[test]
fn one_row_a_day_counts() {
    let dataset = short_dataset(short_panel(SHORT_BARS));
    let closes = |row: &usize| (row + 1).is_multiple_of(12);
    let all = [Some(1.0); COINS];
    for fold in &dataset.plan.folds {
        let scored = dataset.scored_windows(fold.score.clone(), &all);
        assert!(!scored.is_empty() && scored.ends.iter().all(closes));
        let fitted = dataset.fitted_windows(&dataset.targets, fold.train.clone(), &all);
        assert!(!fitted.is_empty() && fitted.ends.iter().all(closes));
        let trained = dataset.trained_windows(&dataset.targets, fold.train.clone(), 1, &all);
        assert!(trained.len() > 10 * fitted.len());
    }
    assert!(
        dataset
            .usable_cells(0..SHORT_BARS as usize)
            .all(|(row, _)| closes(&row))
    );
}

/// A forecast at any time, scored or not, has the bits that it has with less history and without what
/// comes after.
#[test]
fn forecasts_of_short_bars_know_nothing_later() {
    let dataset = short_dataset(short_panel(SHORT_BARS));
    let bits = |loaded: &LoadedModel, panel: &dataset::Panel, rows: &[usize]| -> Vec<Option<u64>> {
        let forecasts = loaded.forecast(panel, rows).into_iter();
        forecasts
            .map(|value| value.ok().map(f64::to_bits))
            .collect()
    };
    let of_hours = short_dataset_ahead(short_panel(SHORT_BARS), "4h", "4h");
    let parts_of_hours = ("parts", &of_hours);
    for (name, dataset) in names().map(|name| (name, &dataset)).chain([parts_of_hours]) {
        let loaded = loaded(dataset, name, 0);
        let first = dataset.plan.folds[0].score.start;
        for t in [first, first + 5, first + 40] {
            let rows: Vec<usize> = (first..=t).collect();
            let before = bits(&loaded, &dataset.panel, &rows);
            let later = bits(&loaded, &short_panel(t as i64 + 1), &rows);
            assert_eq!(before, later, "{name}: a candle after {t}");
            let live = bits(&loaded, &dataset.panel.stretch(0..t + 1), &[t]);
            assert_eq!(before[before.len() - COINS..], live, "{name} at {t}");
        }
    }
}

/// No fit knows a candle after its first row.
#[test]
fn fits_of_short_bars_know_nothing_later() {
    let before = short_dataset(short_panel(SHORT_BARS));
    let starts: Vec<usize> = before.plan.folds[0]
        .refits
        .iter()
        .map(|refit| refit.score.start)
        .collect();
    for name in ["parts", "log_har", "har", "coin_mean"] {
        let refits = fitted(&before, name, 0).refits;
        for number in [0, 1, starts.len() - 1] {
            let changed = short_dataset(short_panel(starts[number] as i64 + 1));
            let after = fitted(&changed, name, 0).refits;
            assert_eq!(refits[..=number], after[..=number], "{name} refit {number}");
        }
        let changed = short_dataset(short_panel(starts[1] as i64 - 20));
        assert_ne!(refits, fitted(&changed, name, 0).refits, "{name}");
    }
}

/// Residuals of training rows are those of one fit to all of them.
#[test]
fn residuals_may_be_those_of_the_fit_itself() {
    let dataset = short_dataset(short_panel(SHORT_BARS));
    let fold = &dataset.plan.folds[1];
    let own = VolatilityOptions {
        residuals: volatility::ResidualSource::Training,
        ..options("log_har")
    };
    let found = VolatilityFit::new(&dataset, &own)
        .out_of_block(&dataset, fold)
        .unwrap();
    let left: Vec<f64> = (found.rows.iter().zip(&found.forecasts))
        .map(|(&(row, coin), forecast)| dataset.targets.value(row, coin) - forecast)
        .filter(|left| left.is_finite())
        .collect();
    let mean = left.iter().sum::<f64>() / left.len() as f64;
    assert!(
        left.len() > 100 && mean.abs() < 1e-10,
        "{mean}, of least squares with a constant"
    );
    let blocks = VolatilityFit::new(&dataset, &options("log_har"))
        .out_of_block(&dataset, fold)
        .unwrap();
    assert_ne!(found.forecasts, blocks.forecasts);
}
