//! Tables, pages, files and charts of thresholds, bins and backtests.

use page::{
    backtest_coins_csv, backtest_csv, backtest_svg, backtest_table, quantiles_csv, quantiles_svg,
    quantiles_table, thresholds_conclusion, thresholds_html, thresholds_svg, thresholds_table,
    thresholds_warnings,
};
use rules::{
    BacktestOptions, Direction, QuantileOptions, Scope, SignalRule, Trial, TuneOptions,
    TuningProtocol, backtest, quantiles, tune,
};
use score::ForecastColumn;

use crate::market::{COINS, TIMES, by_chance, free, market};
use crate::rows::{forecaster, rows};

#[test]
fn page_and_charts_hold_every_coin() {
    let (rows, forecaster) = market(3, 9);
    let tuning = tune(&rows, &forecaster, &TuneOptions::default()).unwrap();
    let page = thresholds_html(&tuning, "quarterhour thresholds <run>");
    assert_eq!(page.matches("<svg").count(), COINS);
    assert!(page.contains("quarterhour thresholds &lt;run&gt;") && page.contains("COIN5 sell"));
    for coin in &tuning.coins {
        let svg = thresholds_svg(coin, tuning.min_trades);
        assert!(
            svg.contains("mean profit of a trade (bp)") && !svg.contains("NaN"),
            "{}",
            coin.symbol
        );
    }
    let table = thresholds_table(&tuning);
    assert!(
        table.lines().all(|line| line.chars().count() <= 120),
        "{table}"
    );
}

#[test]
fn what_was_found_is_said_plainly() {
    let (rows, forecaster) = market(COINS, 1);
    let found = tune(&rows, &forecaster, &by_chance()).unwrap();
    assert_eq!(thresholds_conclusion(&found), "Every coin has a threshold.");
    assert!(thresholds_warnings(&found).is_empty());
    let (rows, forecaster) = market(0, 1);
    let none = tune(&rows, &forecaster, &free()).unwrap();
    assert_eq!(
        thresholds_conclusion(&none),
        "No coin has a threshold that is credibly above costs (6 coins tried)."
    );
}

#[test]
fn thresholds_that_lost_later_are_warned_of() {
    let (mut rows, forecaster) = market(COINS, 4);
    let from = 60_000 * (TIMES as i64 * 6 / 10);
    for row in 0..rows.len() {
        if rows.time_ms[row] >= from {
            rows.realized[row] = -rows.realized[row];
        }
    }
    let found = tune(&rows, &forecaster, &by_chance()).unwrap();
    let warnings = thresholds_warnings(&found).join("\n");
    assert!(
        warnings.contains("lost on the span they were judged on: COIN0 buy, COIN0 sell"),
        "{warnings}"
    );
}

#[test]
fn the_seed_protocol_says_that_it_is_optimistic() {
    let (rows, forecaster) = market(0, 5);
    let options = TuneOptions {
        protocol: TuningProtocol::Seed,
        ..free()
    };
    let found = tune(&rows, &forecaster, &options).unwrap();
    let warnings = thresholds_warnings(&found);
    assert!(
        warnings[0].starts_with("protocol seed is optimistic"),
        "{warnings:?}"
    );
    assert!(
        thresholds_table(&found)
            .contains("The same thresholds on the last part of the span they were tuned on")
    );
}

#[test]
fn tables_files_and_charts_say_the_same() {
    let rows = rows(2, 300, 5);
    let network = forecaster("network", &rows, 0.3, 1);
    let options = QuantileOptions {
        bins: 5,
        ..QuantileOptions::usual(&rows)
    };
    let bins = quantiles(&rows, &network, &options).unwrap();
    assert_eq!(quantiles_csv(&bins).lines().count(), 6);
    assert_eq!(
        bins.quantiles.iter().map(|one| one.count).sum::<usize>(),
        rows.len()
    );
    let table = quantiles_table(&bins);
    assert!(
        table.lines().all(|line| line.chars().count() <= 118),
        "{table}"
    );
    assert!(quantiles_svg(&bins).starts_with("<svg role=\"img\""));
    let trials = [Direction::Long, Direction::LongShort].map(|direction| Trial {
        signal: SignalRule::Quantile { bins: 5, bought: 5 },
        direction,
        hold_bars: 1,
    });
    let found = backtest(&rows, &network, &trials, &BacktestOptions::usual(&rows)).unwrap();
    assert_eq!(backtest_csv(&found).lines().count(), 601);
    assert_eq!(
        backtest_coins_csv(&found).lines().count(),
        6,
        "five coins, one day"
    );
    let table = backtest_table(&found);
    assert!(
        table.lines().all(|line| line.chars().count() <= 118),
        "{table}"
    );
    assert!(
        table.contains("Probability of backtest overfitting"),
        "{table}"
    );
    assert!(backtest_svg(&found).starts_with("<svg role=\"img\""));
    let last = found.curve.equity.last().copied().unwrap();
    assert!((last - 1.0 - found.trials[found.best].performance.total).abs() < 1e-12);
}

#[test]
fn looking_ahead_and_rows_without_bins_are_said() {
    let one = rows(2, 900, 1);
    let options = QuantileOptions {
        scope: Scope::Date,
        ..QuantileOptions::usual(&one)
    };
    let found = quantiles(&one, &forecaster("network", &one, 0.3, 1), &options).unwrap();
    let table = quantiles_table(&found);
    assert!(
        table.contains("Scope date looks ahead within the day"),
        "{table}"
    );
    // At every other time all coins have one forecast.
    let rows = rows(2, 300, 4);
    let forecast = (0..rows.len())
        .map(|row| if row / 4 % 2 == 0 { 0.1 } else { row as f64 })
        .collect();
    let half = ForecastColumn {
        forecast,
        ..forecaster("half", &rows, 0.0, 2)
    };
    let options = QuantileOptions {
        bins: 2,
        ..QuantileOptions::usual(&rows)
    };
    let table = quantiles_table(&quantiles(&rows, &half, &options).unwrap());
    assert!(table.contains("with one forecast for all coins"), "{table}");
}
