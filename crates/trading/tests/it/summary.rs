//! What positions were worth together: golden numbers of quantstats, made by
//! scripts/golden-ledger.py.

use market::Symbol;
use rules::{Costs, Side};
use serde_json::Value;
use trading::{FEWEST_DAYS, Position, summarize, summary_table};

fn position(
    coin: i64,
    forecast_ms: i64,
    exit_ms: i64,
    prices: (f64, f64),
    fee_bps: f64,
) -> Position {
    Position {
        is_last_known: false,
        id: exit_ms + coin,
        symbol: Symbol::new(&format!("COIN{coin}USDT")).unwrap(),
        side: Side::Buy,
        forecast: 0.01,
        forecast_ms,
        entry_ms: forecast_ms,
        entry_price: Some(prices.0),
        due_ms: exit_ms,
        exit_ms: Some(exit_ms),
        exit_price: Some(prices.1),
        costs: Costs {
            fee_bps,
            slippage_bps: 0.0,
        },
        forecaster: None,
    }
}

#[test]
fn coins_that_move_together_are_one_portfolio_by_the_day_and_not_many_trades() {
    let golden: Value = serde_json::from_str(include_str!("../golden/ledger.json")).unwrap();
    let fee_bps = golden["fee_bps"].as_f64().unwrap();
    let trade = |row: &Value| {
        let (time, price) = (
            |place: usize| row[place].as_i64().unwrap(),
            |place: usize| row[place].as_f64().unwrap(),
        );
        position(time(0), time(1), time(2), (price(3), price(4)), fee_bps)
    };
    let positions: Vec<Position> = golden["trades"]
        .as_array()
        .unwrap()
        .iter()
        .map(trade)
        .collect();
    let lines = summarize(&positions);
    let all = lines.last().unwrap();
    let expected = |name: &str| golden["expected"][name].as_f64().unwrap();
    assert_eq!(
        (all.trades, all.days as u64),
        (
            positions.len(),
            golden["expected"]["days"].as_u64().unwrap()
        )
    );
    let found = [
        ("share", all.share),
        ("net", all.net),
        ("sharpe", all.sharpe),
        ("max_drawdown", all.max_drawdown),
    ];
    for (name, found) in found {
        assert!(
            (found - expected(name)).abs() < 1e-9,
            "{name} is {found}, expected {}",
            expected(name)
        );
    }
    // A loss that the same day makes good counts: the days alone hide some of it.
    assert!(all.max_drawdown < expected("max_drawdown_of_days") - 1e-6);
    // What was said when each trade counted as independent, and as made with all of the capital.
    let before = |name: &str| golden["one_after_the_other"][name].as_f64().unwrap();
    assert!(
        before("sharpe") > 2.0 * all.sharpe && before("max_drawdown") < 10.0 * all.max_drawdown
    );
    // Each coin has a capital of its own.
    let coins: f64 = lines[..lines.len() - 1].iter().map(|line| line.net).sum();
    assert!((coins / 12.0 - all.net).abs() < 1e-12 && lines[0].share == 1.0);
    assert!(summary_table(&lines).contains("each position has 8.33 % of it"));
}

#[test]
fn a_position_never_has_more_than_its_part_of_what_is_open_at_a_time() {
    let minutes = |from: i64| position(0, from * 60_000, (from + 15) * 60_000, (100.0, 101.0), 0.0);
    let one_after_the_other = summarize(&[minutes(0), minutes(15), minutes(30)]);
    assert_eq!(one_after_the_other[0].share, 1.0);
    let overlapping = summarize(&[minutes(0), minutes(5), minutes(10), minutes(15)]);
    assert!(
        (overlapping[0].share - 1.0 / 3.0).abs() < 1e-12
            && (overlapping[0].net - 0.04 / 3.0).abs() < 1e-12
    );
}

/// A day that ends where it began lost half of its capital on the way.
#[test]
fn a_fall_within_a_day_is_a_drawdown() {
    let minutes = |from: i64, price: f64| {
        position(0, from * 60_000, (from + 15) * 60_000, (100.0, price), 0.0)
    };
    let lines = summarize(&[minutes(0, 110.0), minutes(20, 50.0), minutes(40, 140.0)]);
    // 1, 1.1, 0.6, 1.0 of the day's capital.
    assert!((lines[0].max_drawdown - (0.6 / 1.1 - 1.0)).abs() < 1e-12);
    assert!((lines[0].net - 0.0).abs() < 1e-12);
}

#[test]
fn few_days_have_no_sharpe_ratio_however_many_trades() {
    let day = |day: i64, minute: i64| {
        let from = (day * 1440 + minute) * 60_000;
        position(
            0,
            from,
            from + 900_000,
            (100.0, 100.0 + (minute % 7) as f64),
            0.0,
        )
    };
    let days = |count: usize| -> Vec<Position> {
        (0..count as i64)
            .flat_map(|number| (0..40).map(move |trade| day(number, trade * 16 + number)))
            .collect()
    };
    assert!(summarize(&days(FEWEST_DAYS - 1))[0].sharpe.is_nan());
    assert!(summarize(&days(FEWEST_DAYS))[0].sharpe.is_finite());
}
