//! Joining, filling and flags.

use super::*;

const MINUTE: i64 = 60_000;

fn candles(minutes: &[(i64, f64)]) -> CandleTable {
    let mut table = CandleTable::default();
    for &(minute, close) in minutes {
        let mut row = [f64::NAN; Column::ALL.len()];
        row[..5].copy_from_slice(&[close, close + 1.0, close - 1.0, close, 7.0]);
        table.push_row(minute * MINUTE, row);
    }
    table
}

fn panel(coins: &[(&str, &[(i64, f64)])], fill_limit_bars: usize) -> Panel {
    let coins: Vec<_> = coins
        .iter()
        .map(|(name, rows)| (Symbol::new(name).unwrap(), candles(rows)))
        .collect();
    let times = || coins.iter().flat_map(|(_, candles)| &candles.open_time_ms);
    let (from, until) = (*times().min().unwrap(), *times().max().unwrap() + 1);
    let columns = [Column::Open, Column::High, Column::Low, Column::Volume];
    Panel::build(
        &coins,
        "1m".parse().unwrap(),
        (from, until),
        fill_limit_bars,
        &columns,
    )
}

#[test]
fn coins_are_joined_by_time_not_by_position() {
    let panel = panel(
        &[
            ("AUSDT", &[(10, 1.0), (12, 3.0)]),
            ("BUSDT", &[(11, 20.0), (12, 30.0)]),
        ],
        60,
    );
    assert_eq!(panel.rows(), 3);
    assert_eq!(panel.value(Column::Close, 2, 0), 3.0);
    assert_eq!(panel.value(Column::Close, 2, 1), 30.0);
    assert!(
        panel.value(Column::Close, 0, 1).is_nan(),
        "a coin has no price before its first candle"
    );
    assert_eq!(panel.row_of(12 * MINUTE), Some(2));
    assert_eq!(panel.row_of(12 * MINUTE + 1), None);
    assert_eq!(panel.row_of(9 * MINUTE), None);
}

#[test]
fn the_order_of_candles_does_not_matter() {
    let sorted = panel(
        &[
            ("AUSDT", &[(3, 1.0), (5, 2.0), (9, 3.0)]),
            ("BUSDT", &[(4, 7.0), (9, 8.0)]),
        ],
        2,
    );
    let shuffled = panel(
        &[
            ("AUSDT", &[(9, 3.0), (3, 1.0), (5, 2.0)]),
            ("BUSDT", &[(9, 8.0), (4, 7.0)]),
        ],
        2,
    );
    for coin in 0..2 {
        let closes = |panel: &Panel| {
            panel
                .series(Column::Close, coin, 0..panel.rows())
                .iter()
                .map(|c| c.to_bits())
                .collect::<Vec<_>>()
        };
        assert_eq!(closes(&sorted), closes(&shuffled));
    }
}

#[test]
fn filling_is_bounded_and_flagged() {
    let panel = panel(&[("AUSDT", &[(0, 5.0), (5, 6.0)])], 2);
    let closes = panel.series(Column::Close, 0, 0..6);
    assert_eq!(&closes[..3], &[5.0, 5.0, 5.0]);
    assert!(closes[3].is_nan() && closes[4].is_nan());
    assert_eq!(
        (0..6)
            .map(|row| panel.is_observed(row, 0))
            .collect::<Vec<_>>(),
        [true, false, false, false, false, true]
    );
    assert_eq!(
        panel.value(Column::High, 1, 0),
        5.0,
        "a filled bar has no range"
    );
    assert!(
        panel.value(Column::Volume, 1, 0).is_nan(),
        "volume of a filled bar is unknown, not 0"
    );
}
