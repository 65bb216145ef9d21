//! Each target against its formula, and what holds for all of the list.

use market::{Interval, SimulatedConfig, Symbol, simulate};

use super::*;
use crate::{CandleTable, Column, Panel, TimeSpan};

const ROWS: usize = 40;

fn kind(name: &str) -> TargetKind {
    name.parse().unwrap()
}

fn price(row: usize, coin: usize) -> f64 {
    100.0 + ((row * (7 + 5 * coin)) % 13) as f64 + coin as f64
}

/// Two coins; the second lacks the candle of row 20.
fn panel() -> Panel {
    let coins: Vec<_> = ["BTCUSDT", "XUSDT"]
        .into_iter()
        .enumerate()
        .map(|(coin, name)| {
            let mut candles = CandleTable::default();
            for row in (0..ROWS).filter(|&row| coin == 0 || row != 20) {
                let mut values = [f64::NAN; Column::ALL.len()];
                values[Column::Close as usize] = price(row, coin);
                candles.push_row(row as i64 * 60_000, values);
            }
            (Symbol::new(name).unwrap(), candles)
        })
        .collect();
    Panel::build(
        &coins,
        "1m".parse().unwrap(),
        (0, ROWS as i64 * 60_000),
        60,
        &[],
    )
}

#[test]
fn a_return_needs_both_ends_observed() {
    let targets = TargetConfig::default().compute(&panel());
    assert!((targets.value(3, 0) - (price(18, 0) / price(3, 0) - 1.0)).abs() < 1e-12);
    assert!(
        targets.value(20, 1).is_nan(),
        "a filled candle is no beginning"
    );
    assert!(targets.value(5, 1).is_nan(), "nor an end");
    assert!(
        !targets.value(5, 0).is_nan(),
        "other coins keep their targets"
    );
    assert!(
        targets.value(ROWS - 15, 0).is_nan(),
        "the end has not come yet"
    );
}

#[test]
fn an_infinite_target_is_that_of_no_row_and_no_loss_to_the_coin() {
    let mut candles = CandleTable::default();
    for row in 0..20 {
        let mut values = [f64::NAN; Column::ALL.len()];
        values[Column::Close as usize] = 1.0;
        values[Column::Target as usize] = if row == 7 { f64::INFINITY } else { row as f64 };
        candles.push_row(row * 60_000, values);
    }
    let coins = [(Symbol::new("XUSDT").unwrap(), candles)];
    let panel = Panel::build(
        &coins,
        "1m".parse().unwrap(),
        (0, 20 * 60_000),
        60,
        &[Column::Target],
    );
    let targets = TargetConfig {
        kind: kind("provided"),
        ..TargetConfig::default()
    }
    .compute(&panel);
    assert!(targets.value(7, 0).is_nan());
    assert_eq!(
        (0..20)
            .filter(|&row| !targets.value(row, 0).is_nan())
            .count(),
        19
    );
    assert!(
        crate::target_std(&targets, 0..20)[0].is_some_and(|std| (std - 5.887).abs() < 0.001),
        "of 19 rows"
    );
}

#[test]
fn the_return_of_the_next_bar_is_from_its_open() {
    let mut candles = CandleTable::default();
    for row in (0..10).filter(|&row| row != 6) {
        let mut values = [f64::NAN; Column::ALL.len()];
        values[Column::Open as usize] = price(row, 1);
        values[Column::Close as usize] = price(row, 2);
        candles.push_row(row as i64 * 60_000, values);
    }
    let coins = [(Symbol::new("XUSDT").unwrap(), candles)];
    let panel = Panel::build(
        &coins,
        "1m".parse().unwrap(),
        (0, 600_000),
        60,
        &[Column::Open],
    );
    let config = TargetConfig {
        kind: kind("bar"),
        horizon: TimeSpan::minutes(1),
        ..TargetConfig::default()
    };
    assert_eq!(config.reach_bars(Interval::ONE_MINUTE), 1);
    let next = config.compute(&panel);
    assert!((next.value(2, 0) - (price(3, 2) / price(3, 1) - 1.0)).abs() < 1e-12);
    assert!(
        next.value(5, 0).is_nan() && next.value(6, 0).is_nan(),
        "neither a filled bar nor from one"
    );
    assert!(next.value(9, 0).is_nan(), "the end has not come yet");
    let third = TargetConfig {
        horizon: TimeSpan::minutes(3),
        ..config
    }
    .compute(&panel);
    assert!((third.value(1, 0) - (price(4, 2) / price(2, 1) - 1.0)).abs() < 1e-12);
}

#[test]
fn parts_are_of_the_coins_that_have_a_target() {
    let targets = TargetConfig::default().compute(&panel());
    let (own, market) = targets.parts();
    let mean = (targets.value(3, 0) + targets.value(3, 1)) / 2.0;
    assert_eq!((market.value(3, 0), market.value(3, 1)), (mean, mean));
    assert!((own.value(3, 1) - (targets.value(3, 1) - mean)).abs() < 1e-12);
    assert_eq!(
        (market.value(5, 0), own.value(5, 0)),
        (targets.value(5, 0), 0.0),
        "a coin alone is the market"
    );
    assert!(market.value(5, 1).is_nan() && own.value(5, 1).is_nan());
    assert!(
        market.value(ROWS - 1, 0).is_nan(),
        "nobody has a target there"
    );
}

#[test]
fn shuffled_targets_are_the_same_days_elsewhere() {
    let targets = TargetConfig::default().compute(&panel());
    let shuffled = targets.shuffled(3..23, 5, 1);
    let block = |targets: &Targets, start: usize| -> Vec<u64> {
        (start..start + 5)
            .map(|row| targets.value(row, 0).to_bits())
            .collect()
    };
    let blocks = |targets: &Targets| [3, 8, 13, 18].map(|start| block(targets, start));
    let (before, after) = (blocks(&targets), blocks(&shuffled));
    assert!(
        before
            .iter()
            .zip(&after)
            .all(|(before, after)| before != after),
        "no day stays"
    );
    assert!(before.iter().all(|day| after.contains(day)), "none is lost");
    for row in (0..3).chain(23..ROWS) {
        assert_eq!(
            targets.value(row, 0).to_bits(),
            shuffled.value(row, 0).to_bits(),
            "other rows stay"
        );
    }
}

/// What is entered a bar later reaches a bar further, so the last row of a span has none.
#[test]
fn targets_of_a_row_later_are_the_next_rows() {
    let targets = TargetConfig::default().compute(&panel());
    let later = targets.a_row_later(&[&(0..12), &(12..12), &(14..20)]);
    let mut known = 0;
    for row in 0..ROWS {
        let expected = match row {
            11 | 19 => f64::NAN,
            row => targets.value(row + 1, 0),
        };
        assert_eq!(later.value(row, 0).to_bits(), expected.to_bits(), "{row}");
        known += usize::from(!expected.is_nan());
    }
    assert!(known > 5, "{known}");
}

#[test]
fn the_residual_return_equals_its_formula() {
    let config = TargetConfig {
        kind: kind("gresearch"),
        horizon: TimeSpan::minutes(3),
        beta_window: TimeSpan::minutes(5),
        ..TargetConfig::default()
    };
    assert_eq!(config.reach_bars(Interval::ONE_MINUTE), 4);
    let targets = config.compute(&panel());
    let weight = [6.7799, 1.0];
    let log_return = |row: usize, coin: usize| {
        let gap = coin == 1 && [row, row + 1, row + 4].contains(&20);
        if gap || row + 4 >= ROWS {
            f64::NAN
        } else {
            (price(row + 4, coin) / price(row + 1, coin)).ln()
        }
    };
    let market = |row: usize| {
        let present: Vec<usize> = (0..2)
            .filter(|&coin| !log_return(row, coin).is_nan())
            .collect();
        let total: f64 = present.iter().map(|&coin| weight[coin]).sum();
        present
            .iter()
            .map(|&coin| weight[coin] * log_return(row, coin))
            .sum::<f64>()
            / total
    };
    let mean = |values: Vec<f64>| {
        let present: Vec<f64> = values.into_iter().filter(|value| !value.is_nan()).collect();
        present.iter().sum::<f64>() / present.len() as f64
    };
    for coin in 0..2 {
        for row in 0..ROWS {
            let last = || row.saturating_sub(4)..row + 1;
            let beta = mean(
                last()
                    .map(|row| market(row) * log_return(row, coin))
                    .collect(),
            ) / mean(last().map(|row| market(row) * market(row)).collect());
            let beta = if row < 4 || !beta.is_finite() {
                0.0
            } else {
                beta
            };
            let expected = log_return(row, coin) - beta * market(row);
            let found = targets.value(row, coin);
            assert!(
                found.is_nan() && expected.is_nan() || (found - expected).abs() < 1e-12,
                "{row} {coin}"
            );
        }
    }
}

/// The list names each target as it names itself, and no other.
#[test]
fn names_are_looked_up_in_the_list() {
    for kind in TargetKind::all() {
        let config = TargetConfig {
            kind,
            ..TargetConfig::default()
        };
        assert_eq!(config.init(Interval::ONE_MINUTE).name(), kind.name());
        let json = serde_json::to_string(&kind).unwrap();
        assert_eq!(json, format!("\"{kind}\""));
        assert_eq!(serde_json::from_str::<TargetKind>(&json).unwrap(), kind);
    }
    assert_eq!(
        serde_json::from_str::<TargetKind>("\"retrun\"")
            .unwrap_err()
            .to_string(),
        "unknown target `retrun`, expected one of `return`, `bar`, `gresearch`, `provided`, `volatility`, `regime`"
    );
}

/// A purge of the reach is enough: candles after it change no target.
#[test]
fn no_target_looks_further_than_its_reach() {
    let panel = |changed: usize| {
        let mut candles = CandleTable::default();
        for row in 0..ROWS {
            let mut values = [f64::NAN; Column::ALL.len()];
            let factor = if row >= changed { 1.5 } else { 1.0 };
            for (place, value) in values.iter_mut().enumerate() {
                *value = price(row, place) * factor;
            }
            candles.push_row(row as i64 * 60_000, values);
        }
        let coins = ["BTCUSDT", "XUSDT"].map(|name| (Symbol::new(name).unwrap(), candles.clone()));
        let range = (0, ROWS as i64 * 60_000);
        Panel::build(&coins, Interval::ONE_MINUTE, range, 60, &Column::ALL)
    };
    for kind in TargetKind::all() {
        let config = TargetConfig {
            kind,
            horizon: TimeSpan::minutes(3),
            beta_window: TimeSpan::minutes(5),
            ..TargetConfig::default()
        };
        let t = 20;
        let reach = config.reach_bars(Interval::ONE_MINUTE);
        let value = |changed| config.compute(&panel(changed)).value(t, 0);
        let before = value(ROWS);
        assert!(before.is_finite(), "{kind}");
        assert_eq!(value(t + reach + 1), before, "{kind}");
    }
}

/// The expected return is the best forecast of the return alone.
#[test]
fn the_oracle_of_a_simulated_market_is_of_the_return_alone() {
    let settings = SimulatedConfig {
        coins: 2,
        minutes: 500,
        ..SimulatedConfig::default()
    };
    let market = simulate(&settings, Interval::ONE_MINUTE).unwrap();
    for kind in TargetKind::all() {
        let config = TargetConfig {
            kind,
            ..TargetConfig::default()
        };
        let found = config.init(Interval::ONE_MINUTE).oracle(&market, 0, 400);
        let known = (kind.name() == "return").then(|| market.expected_return(0, 400, 15));
        assert_eq!(found, known, "{kind}");
    }
}
