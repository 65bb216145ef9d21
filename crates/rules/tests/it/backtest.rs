//! What holds for every bin and every backtest.

use proptest::prelude::*;
use rules::{
    Backtest, BacktestOptions, BarReturn, CoinThresholds, Costs, Direction, Error, QuantileOptions,
    Scope, SignalRule, Thresholds, Trial, backtest, quantiles,
};
use score::{ForecastColumn, Rows};
use statistics::{quantile_bins, trailing_bins};

use crate::rows::{forecaster, rows};

fn trial(bins: usize, direction: Direction) -> Trial {
    Trial {
        signal: SignalRule::Quantile { bins, bought: bins },
        direction,
        hold_bars: 1,
    }
}

fn tested(
    rows: &Rows,
    trials: &[Trial],
    change: impl FnOnce(&mut BacktestOptions),
) -> Result<Backtest, Error> {
    let mut options = BacktestOptions::usual(rows);
    change(&mut options);
    backtest(rows, &forecaster("network", rows, 0.3, 1), trials, &options)
}

proptest! {
    #[test]
    fn a_later_forecast_moves_no_trailing_bin(
        values in prop::collection::vec(-5..5_i32, 70..200),
        changed in 65..200_usize,
        to in -9.0..9.0,
    ) {
        let mut values: Vec<f64> = values.into_iter().map(f64::from).collect();
        let before = trailing_bins(&values, 10, 80, 60);
        let changed = changed.min(values.len() - 1);
        values[changed] = to;
        let after = trailing_bins(&values, 10, 80, 60);
        prop_assert_eq!(&before[..changed], &after[..changed]);
    }

    #[test]
    fn a_higher_forecast_is_never_in_a_lower_bin(
        values in prop::collection::vec(-50..50_i32, 1..80),
        bins in 2..90_usize,
    ) {
        let values: Vec<f64> = values.into_iter().map(f64::from).collect();
        let found = quantile_bins(&values, bins);
        for (value, bin) in values.iter().zip(&found) {
            for (other, lower) in values.iter().zip(&found) {
                prop_assert!(value <= other || bin >= lower);
            }
        }
        prop_assert!(found.iter().all(|bin| usize::from(*bin) < bins));
    }

    #[test]
    fn a_higher_fee_never_earns_more(low in 0.0..20.0, more in 0.0..20.0) {
        let rows = rows(1, 120, 4);
        let net = |fee_bps: f64| {
            let found = tested(&rows, &[trial(4, Direction::LongShort)], |options| options.fee_bps = fee_bps).unwrap();
            (found.trials[0].performance.total, found.trials[0].performance.total_before_fees)
        };
        let (cheap, dear) = (net(low), net(low + more));
        prop_assert!(dear.0 <= cheap.0);
        prop_assert!((dear.1 - cheap.1).abs() < 1e-15);
    }
}

#[test]
fn long_and_short_make_longshort() {
    let rows = rows(2, 150, 5);
    let trials = Direction::ALL.map(|direction| trial(5, direction));
    let profits = |scope: Scope| {
        let of = |trial: &Trial| {
            let found = tested(&rows, std::slice::from_ref(trial), |options| {
                options.scope = scope
            })
            .unwrap();
            found
                .curve
                .gross
                .iter()
                .zip(&found.curve.traded)
                .map(|(gross, traded)| (*gross, *traded))
                .collect::<Vec<_>>()
        };
        trials.each_ref().map(of)
    };
    // Among the coins of a time each side has half of the capital; alone, a coin is either bought
    // or sold.
    for (scope, part) in [
        (Scope::Timestamp, 0.5),
        (Scope::Trailing, 1.0),
        (Scope::Date, 1.0),
    ] {
        let [long, short, both] = profits(scope);
        let mut moved = 0;
        for ((long, short), both) in long.iter().zip(&short).zip(&both) {
            assert!(
                (part * (long.0 + short.0) - both.0).abs() < 1e-15,
                "{}",
                scope.name()
            );
            assert!(
                both.1 <= part * (long.1 + short.1) + 1e-12,
                "{}",
                scope.name()
            );
            moved += usize::from(both.0 != 0.0);
        }
        assert!(moved > 100, "{}: {moved}", scope.name());
    }
}

/// Five coins of which the forecasts say exactly what the next bar brings: bin 4 against bin 2 earns
/// the fourth coin's return minus the second's, half of the capital on each side.
#[test]
fn a_bin_is_bought_against_its_opposite() {
    let returns = [0.001, 0.002, 0.004, 0.008, 0.016];
    let bars = 6;
    let of_bar = |values: [f64; 5]| (0..bars).flat_map(|_| values).collect::<Vec<f64>>();
    let rows = Rows {
        quantity: score::Quantity::Return,
        close: None,
        time_ms: (0..5 * bars).map(|row| row / 5 * 60_000).collect(),
        symbol: (0..5 * bars).map(|row| (row % 5) as u32).collect(),
        fold: vec![1; 5 * bars as usize],
        realized: of_bar(returns),
        realized_delayed: of_bar(returns),
        controls: Vec::new(),
        trailing_volatility: None,
        volatility: vec![1.0; 5 * bars as usize],
        weight: vec![1.0; 5 * bars as usize],
        symbols: ["A", "B", "C", "D", "E"].map(str::to_owned).to_vec(),
        bar_ms: 60_000,
        reach_bars: 1,
    };
    let known = ForecastColumn {
        level: None,
        name: "known".to_owned(),
        run: Some("run".to_owned()),
        forecast: of_bar(returns),
    };
    let earned = |bought: usize, direction: Direction| {
        let trial = Trial {
            signal: SignalRule::Quantile { bins: 5, bought },
            ..trial(5, direction)
        };
        let options = BacktestOptions::usual(&rows);
        let found = backtest(&rows, &known, &[trial], &options);
        found.map(|found| (found.curve.gross[0], found.trials[0].label.clone()))
    };
    let close = |bought: usize, direction: Direction, expected: f64| {
        let (gross, label) = earned(bought, direction).unwrap();
        assert!(
            (gross - expected).abs() < 1e-15,
            "{label}: {gross}, expected {expected}"
        );
        label
    };
    assert_eq!(
        close(5, Direction::LongShort, 0.5 * (0.016 - 0.001)),
        "5 bins longshort"
    );
    assert_eq!(
        close(4, Direction::LongShort, 0.5 * (0.008 - 0.002)),
        "5 bins, 4 longshort"
    );
    assert_eq!(
        close(2, Direction::LongShort, 0.5 * (0.002 - 0.008)),
        "5 bins, 2 longshort"
    );
    assert_eq!(close(4, Direction::Long, 0.008), "5 bins, 4 long");
    assert_eq!(close(4, Direction::Short, -0.002), "5 bins, 4 short");
    assert_eq!(close(3, Direction::Long, 0.004), "5 bins, 3 long");
    for (bought, direction, expected) in [
        (3, Direction::LongShort, "the middle one"),
        (6, Direction::Long, "1 to the number of bins"),
        (0, Direction::Long, "1 to the number of bins"),
    ] {
        let text = earned(bought, direction).unwrap_err().to_string();
        assert!(text.contains(expected), "{text}");
    }
}

/// One coin of five minutes: bought at the first two and the fourth.
fn five_minutes() -> (Rows, ForecastColumn) {
    let rows = Rows {
        quantity: score::Quantity::Return,
        close: None,
        time_ms: (0..5).map(|minute| minute * 60_000).collect(),
        symbol: vec![0; 5],
        fold: vec![1; 5],
        realized: vec![0.5; 5],
        realized_delayed: vec![f64::NAN; 5],
        controls: vec![ForecastColumn::control(
            "last_return",
            vec![0.9, 0.01, 0.02, 0.04, 0.08],
        )],
        trailing_volatility: None,
        volatility: vec![f64::NAN; 5],
        weight: vec![1.0; 5],
        symbols: vec!["A".to_owned()],
        bar_ms: 60_000,
        reach_bars: 15,
    };
    let forecast = vec![1e-3, 1e-3, 0.0, 1e-3, 0.0];
    (
        rows,
        ForecastColumn {
            level: None,
            name: "network".to_owned(),
            run: Some("run".to_owned()),
            forecast,
        },
    )
}

#[test]
fn five_minutes_by_hand() {
    let (rows, forecaster) = five_minutes();
    let trial = Trial {
        signal: SignalRule::Threshold { bps: 5.0 },
        direction: Direction::Long,
        hold_bars: 1,
    };
    let test = |change: &dyn Fn(&mut BacktestOptions), trial: &Trial| {
        let mut options = BacktestOptions::usual(&rows);
        change(&mut options);
        backtest(&rows, &forecaster, std::slice::from_ref(trial), &options)
            .unwrap()
            .curve
    };
    // What the next row says its last bar brought; bought at 0, sold at 2, bought at 3, sold at 4.
    let curve = test(&|_| {}, &trial);
    assert_eq!(curve.gross, [0.01, 0.02, 0.0, 0.08, 0.0]);
    assert_eq!(curve.traded, [1.0, 0.0, 1.0, 1.0, 1.0]);
    assert!((curve.equity[1] - (1.0 + 0.01 - 0.001) * 1.02).abs() < 1e-12);
    // A bar later; that of the fourth minute is not known, so its position is closed at once.
    let curve = test(&|options| options.entry_delay_bars = 1, &trial);
    assert_eq!(curve.gross, [0.02, 0.04, 0.0, 0.0, 0.0]);
    assert_eq!(curve.traded, [1.0, 0.0, 1.0, 2.0, 0.0]);
    // Each signal held for two bars, with half of the capital.
    let curve = test(
        &|_| {},
        &Trial {
            hold_bars: 2,
            ..trial.clone()
        },
    );
    assert_eq!(curve.exposure, [0.5, 1.0, 0.5, 0.5, 0.5]);
    // A target of one bar says itself what the bar brings.
    let curve = test(&|options| options.bar_return = BarReturn::Realized, &trial);
    assert_eq!(curve.gross, [0.5, 0.5, 0.0, 0.5, 0.0]);
}

#[test]
fn thresholds_of_the_file_are_each_coins_own() {
    let rows = rows(1, 200, 3);
    let thresholds = Thresholds {
        protocol: "honest".to_owned(),
        hold_bars: 15,
        entry_delay_bars: 0,
        costs: Costs::default(),
        tuned: [String::new(), String::new()],
        judged: None,
        coins: [(
            "COIN1".to_owned(),
            CoinThresholds {
                buy: Some(1e-4),
                sell: None,
                calibration: None,
            },
        )]
        .into(),
    };
    let trial = Trial {
        signal: SignalRule::Thresholds(thresholds),
        direction: Direction::LongShort,
        hold_bars: 1,
    };
    let found = tested(&rows, &[trial], |_| {}).unwrap();
    let exposure: Vec<f64> = found
        .coins
        .iter()
        .map(|coin| coin.performance.exposure)
        .collect();
    assert!(
        exposure[0] == 0.0 && exposure[1] > 0.2 && exposure[2] == 0.0,
        "{exposure:?}"
    );
    assert_eq!(
        (found.scope, found.deflated, found.overfitting),
        (None, None, None)
    );
}

#[test]
fn looking_ahead_is_measured() {
    let rows = rows(2, 900, 1);
    let options = QuantileOptions {
        scope: Scope::Date,
        ..QuantileOptions::usual(&rows)
    };
    let found = quantiles(&rows, &forecaster("network", &rows, 0.3, 1), &options).unwrap();
    let ahead = found.look_ahead.unwrap();
    assert!(
        found.looks_ahead
            && ahead.rows == 1800 - 59
            && ahead.date.is_some()
            && ahead.trailing.is_some()
    );
}

#[test]
fn what_cannot_be_ranked_or_traded_is_refused() {
    let rows = rows(1, 50, 3);
    let network = forecaster("network", &rows, 0.3, 1);
    let refused = |change: &dyn Fn(&mut QuantileOptions)| {
        let mut options = QuantileOptions {
            bins: 3,
            ..QuantileOptions::usual(&rows)
        };
        change(&mut options);
        crate::told(&quantiles(&rows, &network, &options).unwrap_err())
    };
    insta::assert_snapshot!(refused(&|options| options.bins = 4), @r"
    4 bins at scope timestamp, expected at most the number of coins, 3
    hint: `--bins 3`, or `--scope trailing` ranks each forecast among the coin's last ones
    ");
    insta::assert_snapshot!(refused(&|options| options.scope = Scope::Trailing), @r"
    none of 150 rows has enough forecasts to be ranked among at scope trailing with 3 bins
    hint: trailing needs 60 forecasts of a coin, date as many of one day, timestamp a time with as many coins as bins
    ");
    insta::assert_snapshot!(refused(&|options| options.bins = 1), @"`bins` is 1, expected 2 to 5000");
    insta::assert_snapshot!(
        refused(&|options| options.trailing_bars = 59),
        @"`trailing_bars` is 59, expected at least 60 bars: a rank among fewer says little"
    );
    let refused = |trials: &[Trial], change: &dyn Fn(&mut BacktestOptions)| {
        tested(&rows, trials, change).unwrap_err().to_string()
    };
    let one = trial(3, Direction::Long);
    insta::assert_snapshot!(
        refused(std::slice::from_ref(&one), &|options| options.fee_bps = -1.0),
        @"`fee_bps` is -1, expected basis points from 0 to 10000"
    );
    insta::assert_snapshot!(
        refused(std::slice::from_ref(&one), &|options| options.slices = 7),
        @"`slices` is 7, expected an even number from 2 to 20: time is halved in all ways"
    );
    insta::assert_snapshot!(refused(&[], &|_| {}), @"`trials` is 0, expected at least one rule to try");
    insta::assert_snapshot!(
        refused(&[Trial { hold_bars: 0, ..one.clone() }], &|_| {}),
        @"`hold_bars` is 0, expected 1 to 10000 bars"
    );
    let mut unknown = rows.clone();
    unknown.controls[0].forecast.fill(f64::NAN);
    let options = BacktestOptions::usual(&unknown);
    insta::assert_snapshot!(crate::told(&backtest(&unknown, &network, &[one], &options).unwrap_err()), @r"
    none of 150 rows has the return of the bar that it would be held over, expected `last_return` in rows one bar apart
    hint: forecasts of every bar are needed; `train` and `baseline` write them with `last_return`
    ");
}

/// One forecast for all coins of a time ranks no coins, but times.
#[test]
fn equal_forecasts_have_no_bins_and_others_keep_theirs() {
    let rows = rows(2, 300, 4);
    let of_time = |row: usize| f64::from(u32::try_from((row / 4 * 37) % 101).unwrap());
    let market = ForecastColumn {
        forecast: (0..rows.len()).map(of_time).collect(),
        ..forecaster("market", &rows, 0.0, 2)
    };
    let options = QuantileOptions {
        bins: 2,
        ..QuantileOptions::usual(&rows)
    };
    assert!(
        quantiles(&rows, &market, &options)
            .unwrap_err()
            .to_string()
            .contains("scope timestamp")
    );
    let trailing = QuantileOptions {
        scope: Scope::Trailing,
        ..options.clone()
    };
    assert!(quantiles(&rows, &market, &trailing).is_ok());
    // At every other time the coins differ.
    let half = (0..rows.len())
        .map(|row| if row / 4 % 2 == 0 { 0.1 } else { row as f64 })
        .collect();
    let half = ForecastColumn {
        forecast: half,
        ..market
    };
    let found = quantiles(&rows, &half, &options).unwrap();
    assert_eq!((found.left_out, found.quantiles[0].count), (1200, 600));
}

/// Whatever the constant: its mean over many rows is rounded, and what is left is no spread.
#[test]
fn a_constant_forecast_has_no_bins() {
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
        for scope in Scope::ALL {
            let options = QuantileOptions {
                scope,
                bins: 2,
                ..QuantileOptions::usual(&rows)
            };
            let error = quantiles(&rows, &network, &options)
                .unwrap_err()
                .to_string();
            assert!(error.contains("are equal, expected different"), "{error}");
        }
    }
}

#[test]
fn all_trials_of_a_study_deflate_the_best_rule() {
    let rows = rows(3, 900, 1);
    let trials = [
        trial(2, Direction::LongShort),
        trial(3, Direction::LongShort),
    ];
    let alone = tested(&rows, &trials, |_| {}).unwrap();
    let own: Vec<f64> = (alone.trials.iter())
        .filter_map(|trial| alone.daily_sharpe(trial))
        .collect();
    let before = alone.deflated.unwrap();
    // Its own rules are a study of their own.
    let same = alone.clone().deflated_by(2, &own).deflated.unwrap();
    assert!((same.variance / before.variance - 1.0).abs() < 1e-9);
    assert!((same.probability.unwrap() - before.probability.unwrap()).abs() < 1e-9);
    let studied = alone.deflated_by(52, &own).deflated.unwrap();
    assert_eq!((before.trials, studied.trials), (2, 52));
    let expected = statistics::expected_maximum_sharpe(52, studied.variance);
    assert_eq!(studied.expected_maximum, expected);
    assert!(expected > before.expected_maximum);
    assert!(studied.probability <= before.probability);
    // One rule of a model that was the best of 50: how far worthless ones spread is what chance gives.
    let one = tested(&rows, &trials[..1], |_| {}).unwrap();
    assert_eq!(one.deflated, None);
    let bars = one.curve.net.len() as f64;
    let deflated = one.clone().deflated_by(51, &own[..1]).deflated.unwrap();
    assert_eq!(
        (deflated.trials, deflated.variance),
        (51, 1.0 / (bars - 1.0))
    );
    assert_eq!(one.deflated_by(1, &own[..1]).deflated, None);
}
