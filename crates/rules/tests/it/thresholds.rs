//! The search for thresholds: no leak, nothing out of noise, something out of a planted signal.

use rules::{Costs, DeflateBy, Side, Thresholds, TuneOptions, Tuning, TuningProtocol, tune};
use score::ForecastColumn;

use crate::market::{COINS, HOLD, TIMES, by_chance, free, market};

/// The content of thresholds.toml, its times as milliseconds.
fn file(tuning: &Tuning) -> Thresholds {
    tuning.thresholds(|time_ms| time_ms.to_string())
}

fn traded(tuning: &Tuning) -> Vec<String> {
    file(tuning).coins.into_keys().collect()
}

/// In a market that rises, a forecast that never changes would "earn": it chose no time to.
#[test]
fn a_constant_forecast_has_no_threshold() {
    let (mut rows, forecaster) = market(0, 4);
    rows.realized
        .iter_mut()
        .for_each(|realized| *realized += 0.002);
    for constant in [0.1, -0.000_37] {
        let network = ForecastColumn {
            forecast: vec![constant; rows.len()],
            ..forecaster.clone()
        };
        for options in [
            free(),
            TuneOptions {
                calibrate: true,
                ..free()
            },
        ] {
            let tuning = tune(&rows, &network, &options).unwrap();
            assert!(traded(&tuning).is_empty(), "{tuning:?}");
        }
    }
}

#[test]
fn a_planted_signal_is_found_and_holds_later() {
    let (rows, forecaster) = market(COINS, 1);
    let by_trials = tune(&rows, &forecaster, &TuneOptions::default()).unwrap();
    assert!(!traded(&by_trials).is_empty(), "{by_trials:?}");
    let tuning = tune(&rows, &forecaster, &by_chance()).unwrap();
    assert_eq!(traded(&tuning).len(), COINS, "{tuning:?}");
    for side in tuning
        .coins
        .iter()
        .flat_map(|coin| &coin.sides)
        .filter(|side| side.threshold.is_some())
    {
        let judged = side.judged.as_ref().unwrap();
        assert!(
            judged.trades >= 10 && judged.mean.unwrap() > 0.0,
            "{judged:?}"
        );
    }
    assert!(tuning.portfolio.as_ref().unwrap().trades.interval.unwrap()[0] > 0.0);
    let file = file(&tuning);
    assert_eq!((file.protocol.as_str(), file.hold_bars), ("honest", HOLD));
    assert_eq!(
        Thresholds::from_toml(&file.to_toml().unwrap()).unwrap(),
        file
    );
}

#[test]
fn noise_gets_no_threshold_even_without_costs() {
    for seed in 1..=4 {
        let (rows, forecaster) = market(0, seed);
        let by = if seed % 2 == 0 {
            DeflateBy::Trials
        } else {
            DeflateBy::Chance
        };
        let tuning = tune(
            &rows,
            &forecaster,
            &TuneOptions {
                deflate_by: by,
                ..free()
            },
        )
        .unwrap();
        assert_eq!(traded(&tuning), Vec::<String>::new(), "seed {seed}");
        assert_eq!(tuning.portfolio, None);
    }
}

#[test]
fn costs_above_the_signal_leave_nothing() {
    let (rows, forecaster) = market(COINS, 2);
    let costs = Costs {
        fee_bps: 200.0,
        slippage_bps: 0.0,
    };
    let tuning = tune(
        &rows,
        &forecaster,
        &TuneOptions {
            costs,
            ..TuneOptions::default()
        },
    )
    .unwrap();
    assert_eq!(traded(&tuning), Vec::<String>::new());
}

#[test]
fn thresholds_do_not_see_the_span_they_are_judged_on() {
    let (rows, forecaster) = market(COINS, 3);
    let before = tune(
        &rows,
        &forecaster,
        &TuneOptions {
            calibrate: true,
            ..TuneOptions::default()
        },
    )
    .unwrap();
    let from = before.judged_ms[0];
    // Nor the returns of positions that are still open when it begins.
    assert!(before.tuned_ms[1] + (HOLD as i64) * 60_000 < from);
    let (mut changed, mut other) = (rows.clone(), forecaster);
    let purged = before.tuned_ms[1] + 1;
    for row in (0..rows.len()).filter(|&row| rows.time_ms[row] >= purged) {
        changed.realized[row] = -3.0 * rows.realized[row];
        changed.realized_delayed[row] = 0.5;
        other.forecast[row] *= -2.0;
    }
    let after = tune(
        &changed,
        &other,
        &TuneOptions {
            calibrate: true,
            ..TuneOptions::default()
        },
    )
    .unwrap();
    assert_eq!(file(&before).coins, file(&after).coins);
    assert_eq!(before.deflation, after.deflation);
    assert_ne!(before.portfolio, after.portfolio);
}

#[test]
fn a_threshold_that_loses_later_is_kept() {
    let (mut rows, forecaster) = market(COINS, 4);
    let from = 60_000 * (TIMES as i64 * 6 / 10);
    for row in 0..rows.len() {
        if rows.time_ms[row] >= from {
            rows.realized[row] = -rows.realized[row];
        }
    }
    let tuning = tune(&rows, &forecaster, &by_chance()).unwrap();
    assert_eq!(traded(&tuning).len(), COINS);
    let judged = tuning.sides().filter_map(|(_, side)| side.judged.as_ref());
    let means: Vec<f64> = judged.map(|judged| judged.mean.unwrap()).collect();
    assert!(!means.is_empty() && means.iter().all(|mean| *mean < 0.0));
}

#[test]
fn the_seed_protocol_finds_thresholds_in_noise() {
    let (rows, forecaster) = market(0, 5);
    let tuning = tune(
        &rows,
        &forecaster,
        &TuneOptions {
            protocol: TuningProtocol::Seed,
            ..free()
        },
    )
    .unwrap();
    assert!(!traded(&tuning).is_empty(), "it finds something in noise");
    let file = file(&tuning);
    assert_eq!((file.protocol.as_str(), file.judged), ("seed", None));
    // Overlapping positions are more than fit one after the other.
    let side = &tuning
        .coins
        .iter()
        .flat_map(|coin| &coin.sides)
        .find(|side| side.threshold.is_some())
        .unwrap();
    assert!(side.best().unwrap().tuned.trades > side.judged.as_ref().unwrap().trades);
}

#[test]
fn calibration_scales_the_forecast_and_changes_no_trade_of_a_straight_line() {
    let (rows, mut forecaster) = market(COINS, 6);
    let plain = tune(
        &rows,
        &forecaster,
        &TuneOptions {
            calibrate: true,
            ..TuneOptions::default()
        },
    )
    .unwrap();
    for forecast in &mut forecaster.forecast {
        *forecast *= 8.0;
    }
    let scaled = tune(
        &rows,
        &forecaster,
        &TuneOptions {
            calibrate: true,
            ..TuneOptions::default()
        },
    )
    .unwrap();
    for (plain, scaled) in plain.coins.iter().zip(&scaled.coins) {
        let (line, other) = (plain.calibration.unwrap(), scaled.calibration.unwrap());
        assert!(
            (line.slope - 1.0).abs() < 0.05,
            "the planted forecast is right as it is: {line:?}"
        );
        assert!((line.slope / 8.0 - other.slope).abs() < 1e-9);
        for (one, other) in plain.sides.iter().zip(&scaled.sides) {
            let trades = |side: &rules::SideTuning| side.best().unwrap().tuned.trades;
            assert_eq!(trades(one), trades(other));
        }
    }
}

#[test]
fn a_later_entry_takes_the_later_return() {
    let (rows, forecaster) = market(COINS, 7);
    let delayed = tune(
        &rows,
        &forecaster,
        &TuneOptions {
            entry_delay_bars: 1,
            ..free()
        },
    )
    .unwrap();
    let direct = tune(&rows, &forecaster, &free()).unwrap();
    let first = |tuning: &Tuning| tuning.coins[0].sides[0].candidates[0].tuned.clone();
    let (direct, delayed) = (first(&direct), first(&delayed));
    assert!(
        delayed.trades < direct.trades,
        "rows without a later return are left out, positions last a bar longer"
    );
    assert!(delayed.mean.unwrap() < direct.mean.unwrap());
    assert_eq!(Side::ALL.len(), 2);
}

#[test]
fn the_same_call_gives_the_same_bytes() {
    let (rows, forecaster) = market(2, 8);
    let json = || {
        serde_json::to_string(&tune(&rows, &forecaster, &TuneOptions::default()).unwrap()).unwrap()
    };
    assert_eq!(json(), json());
}

#[test]
fn too_short_a_span_is_refused() {
    let rows = crate::rows::rows(1, 20, 2);
    let forecaster = crate::rows::forecaster("network", &rows, 0.1, 1);
    assert_eq!(
        crate::told(&tune(&rows, &forecaster, &TuneOptions::default()).unwrap_err()),
        "20 forecast times: 0 are left to tune thresholds on and 8 to judge them on, expected at least 2 of each\n\
         hint: positions of 15 bars that are open where the spans meet are left out; take a run with more forecasts, or \
         another --tune-share"
    );
}
