//! What a forecast and its fit know: nothing later than they may.

use volatility::{LoadedModel, ResidualSource, VolatilityFit, VolatilityOptions};

use crate::support::{
    COINS, DAY_MS, DAYS, START_MS, dataset, fitted, loaded, names, of_term, options, panel,
};

/// Bits of forecasts, None where there are none.
fn bits(forecasts: &[Result<f64, String>]) -> Vec<Option<u64>> {
    let of = |forecast: &Result<f64, String>| forecast.as_ref().ok().map(|value| value.to_bits());
    forecasts.iter().map(of).collect()
}

#[test]
fn no_forecast_knows_a_later_candle() {
    let dataset = dataset(panel(0, DAYS), None);
    for name in names() {
        let loaded = loaded(&dataset, name, 0);
        for t in [130usize, 150, 190] {
            let rows: Vec<usize> = (125..=t).collect();
            let before = bits(&loaded.forecast(&panel(0, DAYS), &rows));
            let after = bits(&loaded.forecast(&panel(0, t as i64 + 1), &rows));
            assert_eq!(before, after, "{name}: a candle after {t}");
            let changed = bits(&loaded.forecast(&panel(0, t as i64), &rows));
            assert_eq!(
                before != changed,
                name != "coin_mean",
                "{name}: the candle at {t}"
            );
        }
    }
}

/// The volatility of a GARCH model is fitted to a coin's own past alone, the same live and offline, and is
/// half of the feature's variance.
#[test]
fn the_term_of_a_garch_model_knows_no_later_candle() {
    let dataset = dataset(panel(0, DAYS), None);
    let options = of_term("lgarch");
    let fit = VolatilityFit::new(&dataset, &options);
    let fitted = fit.fold(&dataset, &dataset.plan.folds[0]).unwrap();
    let loaded = LoadedModel::new(fitted, &options, &dataset.config);
    let rows: Vec<usize> = (125..=190).collect();
    let before = bits(&loaded.forecast(&panel(0, DAYS), &rows));
    assert!(before.iter().all(Option::is_some));
    assert_eq!(before, bits(&loaded.forecast(&panel(0, 191), &rows)));
    let whole = panel(0, DAYS);
    let live = bits(&loaded.forecast(&whole.stretch(0..191), &[190]));
    assert_eq!(live, before[before.len() - COINS..]);
    let variance = dataset::garch_variance(&whole, 1, 190..191)[0];
    assert_eq!(live[1], Some((variance / 2.0).to_bits()));
}

/// The fit of a fold or refit knows the candles up to its first row.
#[test]
fn no_fit_knows_a_candle_after_its_first_row() {
    let before = dataset(panel(0, DAYS), Some("30d"));
    let starts: Vec<usize> = before.plan.folds[1]
        .refits
        .iter()
        .map(|refit| refit.score.start)
        .collect();
    assert!(starts.len() > 2, "{starts:?}");
    for name in names() {
        let refits = fitted(&before, name, 1).refits;
        for (number, start) in starts.iter().enumerate() {
            let of_changed = |first: usize| {
                let changed = dataset(panel(0, first as i64), Some("30d"));
                fitted(&changed, name, 1).refits[..=number].to_vec()
            };
            assert_eq!(
                refits[..=number],
                of_changed(start + 1),
                "{name} refit {number}"
            );
            let is_fitted = !["naive", "trailing_30d", "ewma", "term"].contains(&name);
            let is_changed = refits[..=number] != of_changed(start - 3);
            assert_eq!(is_changed, is_fitted, "{name} refit {number}");
        }
    }
}

#[test]
fn a_live_forecast_has_the_bits_of_the_offline_one() {
    let dataset = dataset(panel(0, DAYS), Some("7d"));
    let fold = &dataset.plan.folds[1];
    for name in names() {
        let loaded = loaded(&dataset, name, 1);
        let rows: Vec<usize> = fold.score.clone().collect();
        let offline = bits(&loaded.forecast(&dataset.panel, &rows));
        for t in [fold.score.start, fold.score.start + 20, fold.score.end - 1] {
            let live = bits(&loaded.forecast(&dataset.panel.stretch(0..t + 1), &[t]));
            let place = (t - fold.score.start) * COINS;
            assert_eq!(live, offline[place..place + COINS], "{name} row {t}");
        }
    }
}

#[test]
fn refits_are_those_of_each_piece_alone() {
    let dataset = dataset(panel(0, DAYS), Some("30d"));
    let fold = &dataset.plan.folds[1];
    for name in names() {
        let together = fitted(&dataset, name, 1);
        assert_eq!(together.refits.len(), fold.refits.len());
        for (refit, piece) in together.refits.iter().zip(&fold.refits) {
            assert_eq!(refit.from_ms, dataset.panel.time_ms(piece.score.start));
            assert_eq!(together.refit_at(refit.from_ms), Some(refit));
        }
        assert_eq!(together.refit_at(together.refits[0].from_ms - 1), None);
    }
}

/// Residuals of training rows are those of the very fit that forecasts the scored rows. A row is forecast by
/// the candles up to it, as if the fit were from before the panel.
#[test]
fn residuals_of_training_rows_are_those_of_the_published_fit() {
    let dataset = dataset(panel(0, DAYS), None);
    let fold = &dataset.plan.folds[1];
    for name in names() {
        let own = VolatilityOptions {
            residuals: ResidualSource::Training,
            ..options(name)
        };
        let found = VolatilityFit::new(&dataset, &own)
            .out_of_block(&dataset, fold)
            .unwrap();
        let mut published = fitted(&dataset, name, 1);
        published.refits[0].from_ms = START_MS - DAY_MS;
        let loaded = LoadedModel::new(published, &own, &dataset.config);
        let rows: Vec<usize> = fold.train.clone().collect();
        let all = bits(&loaded.forecast(&dataset.panel, &rows));
        assert!(found.rows.len() > 500, "{name}: {}", found.rows.len());
        for (&(row, coin), forecast) in found.rows.iter().zip(&found.forecasts) {
            let expected = all[(row - fold.train.start) * COINS + coin];
            let found = forecast.is_finite().then(|| forecast.to_bits());
            assert_eq!(found, expected, "{name}: row {row}, coin {coin}");
        }
    }
}
