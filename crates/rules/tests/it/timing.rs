//! Timing: against numpy's loops, and what holds whatever the market does.

use proptest::prelude::*;
use rules::{
    Prices, Saving, Side, SideSavings, TimingDecision, TimingOptions, TimingReport, TimingRule,
    timing, z_scores,
};
use score::{ForecastColumn, Rows};
use serde_json::Value;

use crate::told;

const HOUR_MS: i64 = 3_600_000;

fn golden() -> Value {
    serde_json::from_str(include_str!("../golden/timing.json")).unwrap()
}

fn floats(value: &Value) -> Vec<f64> {
    let values = value.as_array().unwrap().iter();
    values
        .map(|value| value.as_f64().unwrap_or(f64::NAN))
        .collect()
}

fn whole(value: &Value) -> Vec<i64> {
    let values = value.as_array().unwrap().iter();
    values.map(|value| value.as_i64().unwrap()).collect()
}

/// Rows at some bars and coins of a market that begins at `start_ms`.
fn rows_at(start_ms: i64, bar: &[i64], coin: &[i64], fold: &[i64]) -> Rows {
    let length = bar.len();
    let coins = coin.iter().max().map_or(0, |last| last + 1);
    Rows {
        quantity: score::Quantity::Return,
        close: None,
        time_ms: bar.iter().map(|bar| start_ms + bar * HOUR_MS).collect(),
        symbol: coin.iter().map(|coin| *coin as u32).collect(),
        fold: fold.iter().map(|fold| *fold as u32).collect(),
        realized: vec![0.0; length],
        realized_delayed: vec![f64::NAN; length],
        controls: Vec::new(),
        trailing_volatility: None,
        volatility: vec![f64::NAN; length],
        weight: vec![1.0; length],
        symbols: (0..coins).map(|coin| format!("COIN{coin}")).collect(),
        bar_ms: HOUR_MS,
        reach_bars: 3,
    }
}

fn of_run(name: &str, forecast: Vec<f64>) -> ForecastColumn {
    ForecastColumn {
        level: None,
        name: name.to_owned(),
        run: Some(format!("runs/{name}")),
        forecast,
    }
}

fn assert_saving(name: &str, found: Saving, expected: &Value) {
    let close = |found: Option<f64>, expected: f64| {
        let found = found.unwrap_or_else(|| panic!("{name} is undefined"));
        assert!(
            (found - expected).abs() <= 1e-7 * expected.abs().max(1.0),
            "{name}: {found}, {expected}"
        );
    };
    close(found.mean_bps, expected["mean"].as_f64().unwrap());
    // The t of rounding errors says nothing.
    if expected["mean"].as_f64().unwrap().abs() > 1e-6 {
        close(found.t, expected["t"].as_f64().unwrap());
    }
}

#[test]
fn savings_equal_those_of_plain_loops_in_numpy() {
    let golden = golden();
    let start_ms = golden["start_ms"].as_i64().unwrap();
    let [bar, coin, fold] = ["bar", "coin", "fold"].map(|key| whole(&golden[key]));
    let rows = rows_at(start_ms, &bar, &coin, &fold);
    let prices = Prices {
        start_ms,
        bar_ms: HOUR_MS,
        symbols: rows.symbols.clone(),
        close: floats(&golden["close"]),
        volume: Some(floats(&golden["volume"])),
        ..Prices::default()
    };
    let names = ["ridge", "other", "zero"];
    let forecasters = names.map(|name| of_run(name, floats(&golden["forecasts"][name])));
    for case in golden["cases"].as_array().unwrap() {
        let bars = case["deadline"].as_u64().unwrap() as usize;
        let options = TimingOptions {
            every_bars: case["every"].as_u64().unwrap() as usize,
            patience: case["patience"].as_f64().unwrap(),
            half_spread_bps: golden["half_spread_bps"].as_f64().unwrap(),
            ..TimingOptions::usual(vec![bars])
        };
        let report = timing(&rows, &forecasters, &prices, &options).unwrap();
        let [deadline] = report.deadlines.as_slice() else {
            panic!("one deadline")
        };
        for (score, name) in deadline.forecasters.iter().zip(names) {
            let expected = &case["scores"][name];
            let name = format!("{name} within {bars}");
            assert_eq!(
                deadline.orders,
                expected["orders"].as_u64().unwrap() as usize,
                "{name}"
            );
            assert_eq!(
                deadline.days,
                expected["saved"]["days"].as_u64().unwrap() as usize,
                "{name}"
            );
            let waited = expected["mean_bars"].as_f64().unwrap();
            assert!((score.mean_bars.unwrap() - waited).abs() < 1e-9, "{name}");
            assert_saving(&name, score.saved, &expected["saved"]);
            for (side, found) in [("buy", score.buy), ("sell", score.sell)] {
                let SideSavings {
                    twap,
                    vwap,
                    at_once,
                } = found;
                for (benchmark, found) in [("twap", twap), ("vwap", vwap), ("at_once", at_once)] {
                    let key = format!("{side} {benchmark}");
                    assert_saving(&format!("{name}, {key}"), found, &expected["sides"][&key]);
                }
            }
            for (symbol, found) in &score.coins {
                assert_saving(
                    &format!("{name}, {symbol}"),
                    *found,
                    &expected["coins"][symbol],
                );
            }
        }
    }
}

/// A market of random walks, and its rows: `[bars, coins]`.
struct Market {
    rows: Rows,
    prices: Prices,
}

fn market(steps: &[f64], coins: usize) -> Market {
    let bars = steps.len() / coins;
    let mut close = vec![100.0; bars * coins];
    for cell in coins..bars * coins {
        close[cell] = close[cell - coins] * (1.0 + 0.01 * steps[cell]);
    }
    let cells = || (0..bars as i64).flat_map(|bar| (0..coins as i64).map(move |coin| (bar, coin)));
    let (bar, coin): (Vec<i64>, Vec<i64>) = cells().unzip();
    let rows = rows_at(0, &bar, &coin, &vec![1; bars * coins]);
    let symbols = rows.symbols.clone();
    Market {
        rows,
        prices: Prices {
            start_ms: 0,
            bar_ms: HOUR_MS,
            symbols,
            close,
            ..Prices::default()
        },
    }
}

fn saved(market: &Market, forecast: Vec<f64>, options: &TimingOptions) -> TimingReport {
    timing(
        &market.rows,
        &[of_run("one", forecast)],
        &market.prices,
        options,
    )
    .unwrap()
}

fn usual() -> TimingOptions {
    TimingOptions::usual(vec![1, 6])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Equal forecasts say nothing: an order is TWAP itself.
    #[test]
    fn one_forecast_for_all_coins_saves_nothing_against_twap(
        steps in prop::collection::vec(-1.0..1.0_f64, 60 * 4),
        forecast in -1.0..1.0,
    ) {
        let market = market(&steps, 4);
        let report = saved(&market, vec![forecast; steps.len()], &usual());
        for deadline in &report.deadlines {
            let score = &deadline.forecasters[0];
            for saving in [score.saved, score.buy.twap, score.sell.twap] {
                prop_assert!(saving.mean_bps.unwrap().abs() < 1e-6, "{saving:?}");
            }
            let waited = (deadline.deadline_bars as f64 + 1.0) / 2.0;
            prop_assert!((score.mean_bars.unwrap() - waited).abs() < 1e-9);
        }
    }

    /// What the next bar brings, known beforehand, saves; and its negation costs as surely.
    #[test]
    fn the_future_itself_saves_and_its_negation_costs(
        steps in prop::collection::vec(-1.0..1.0_f64, 300 * 5),
    ) {
        let market = market(&steps, 5);
        // The fill after waiting against the fill now: close[t + 2] / close[t + 1] - 1.
        let ahead = |cell: usize| steps.get(cell + 10).copied().unwrap_or(0.0);
        let future: Vec<f64> = (0..steps.len()).map(ahead).collect();
        let options = TimingOptions { patience: 0.0, ..usual() };
        let mean = |forecast: Vec<f64>| {
            saved(&market, forecast, &options).deadlines[1].forecasters[0].saved.mean_bps.unwrap()
        };
        prop_assert!(mean(future.clone()) > 10.0);
        prop_assert!(mean(future.into_iter().map(|value| -value).collect()) < -10.0);
    }

    /// Other closes, and other forecasts, from some bar on change no order that is filled before.
    #[test]
    fn later_candles_and_forecasts_change_no_earlier_decision(
        steps in prop::collection::vec(-1.0..1.0_f64, 72 * 4),
        forecast in prop::collection::vec(-1.0..1.0_f64, 72 * 4),
        from in 30_usize..66,
    ) {
        let before = market(&steps, 4);
        let mut after = market(&steps, 4);
        let mut changed: Vec<f64> = forecast.clone();
        for (cell, value) in changed.iter_mut().enumerate().skip(from * 4) {
            after.prices.close[cell] *= 1.0 + 0.01 * (cell % 7) as f64;
            *value = -*value;
        }
        // Days of 24 bars: what arrives on the first is filled before `from`.
        let options = TimingOptions::usual(vec![5]);
        let of_first_day = |market: &Market, forecast: &[f64]| {
            let kept = |row: &usize| market.rows.time_ms[*row] < 28 * HOUR_MS;
            let kept: Vec<usize> = (0..market.rows.len()).filter(kept).collect();
            let [bar, coin] = [4, 1].map(|step| kept.iter().map(|row| (row / step) as i64).collect::<Vec<_>>());
            let coin: Vec<i64> = coin.iter().map(|row| row % 4).collect();
            let rows = rows_at(0, &bar, &coin, &vec![1; kept.len()]);
            let forecast = kept.iter().map(|row| forecast[*row]).collect();
            timing(&rows, &[of_run("one", forecast)], &market.prices, &options).unwrap()
        };
        prop_assert_eq!(of_first_day(&before, &forecast), of_first_day(&after, &changed));
        // And each decision is a function of the forecasts of its own bar.
        let rule = TimingRule::default();
        let decisions = |forecast: &[f64]| -> Vec<TimingDecision> {
            let z = forecast.chunks(4).flat_map(|time| {
                z_scores(&time.iter().copied().map(Some).collect::<Vec<_>>())
            });
            z.map(|z| rule.decide(Side::Buy, z, 3)).collect()
        };
        let (first, second) = (decisions(&forecast), decisions(&changed));
        prop_assert_eq!(&first[..from * 4], &second[..from * 4]);
    }
}

#[test]
fn what_cannot_be_timed_is_refused_by_name() {
    let steps = vec![0.5; 40 * 3];
    let whole = market(&steps, 3);
    let refused = |market: &Market, options: &TimingOptions| {
        let forecaster = of_run("one", vec![0.0; market.rows.len()]);
        told(&timing(&market.rows, &[forecaster], &market.prices, options).unwrap_err())
    };
    insta::assert_snapshot!(refused(&market(&steps[..80], 2), &usual()), @r#"
    forecasts of 2 coins, expected at least 3: timing compares a coin's forecast with those of the others at the same time
    hint: take a run of more coins
    "#);
    insta::assert_snapshot!(refused(&whole, &TimingOptions::usual(vec![40])), @r#"
    no order of 40 bars, expected one with forecasts and closes of its whole time at least
    hint: an earlier deadline, or a run with more forecasts
    "#);
    insta::assert_snapshot!(refused(&whole, &TimingOptions::usual(Vec::new())), @r#"`deadline` is nothing, expected one deadline at least"#);
    insta::assert_snapshot!(refused(&whole, &TimingOptions { patience: f64::NAN, ..usual() }), @r#"`patience` is NaN, expected a number from 0 to 100"#);
    insta::assert_snapshot!(refused(&whole, &TimingOptions { half_spread_bps: -1.0, ..usual() }), @r#"`half_spread_bps` is -1, expected basis points from 0 to 1000"#);
    let mut other = market(&steps, 3);
    other.prices.symbols[1] = "OTHER".to_owned();
    insta::assert_snapshot!(refused(&other, &usual()), @r#"
    no price of COIN1, expected a bar of each forecast
    hint: the run's candles must be where its run.toml says; `quarterhour audit` shows what the store holds
    "#);
    let mut late = market(&steps, 3);
    late.prices.start_ms = HOUR_MS;
    insta::assert_snapshot!(refused(&late, &usual()), @r#"
    no price of COIN0 in the bar that opens at 0 ms, expected a bar of each forecast
    hint: the run's candles must be where its run.toml says; `quarterhour audit` shows what the store holds
    "#);
}
