//! Candles go into the store and come out the same.

use dataset::{CandleTable, Column, Store};
use market::{Interval, Market, Symbol};
use proptest::prelude::*;

fn table(minutes: &[i64]) -> CandleTable {
    let mut table = CandleTable::default();
    for &minute in minutes {
        let mut row = [f64::NAN; Column::ALL.len()];
        row[Column::Close as usize] = 1.0 + minute as f64;
        row[Column::Volume as usize] = minute as f64 / 3.0;
        table.push_row(minute * 60_000, row);
    }
    table
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..Default::default() })]

    /// Whatever the order and the overlap, what comes out is sorted, complete and once.
    #[test]
    fn appending_in_any_order_is_idempotent(
        minutes in prop::collection::btree_set(0i64..100_000, 1..50).prop_map(|set| set.into_iter().collect::<Vec<_>>()).prop_shuffle(),
        cut in 0usize..50,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path(), Market::Spot, Interval::ONE_MINUTE);
        let symbol = Symbol::new("AUSDT").unwrap();
        let cut = cut.min(minutes.len());
        let first = store.append(&symbol, &table(&minutes[..cut]), false).unwrap();
        let second = store.append(&symbol, &table(&minutes), false).unwrap();
        prop_assert_eq!((first, second), (cut, minutes.len() - cut));
        prop_assert_eq!(store.append(&symbol, &table(&minutes), false).unwrap(), 0);

        let mut sorted = minutes.clone();
        sorted.sort_unstable();
        let read = store.read(&symbol, &Column::ALL, i64::MIN, i64::MAX).unwrap();
        prop_assert_eq!(&read.open_time_ms, &sorted.iter().map(|minute| minute * 60_000).collect::<Vec<_>>());
        let expected = table(&sorted);
        prop_assert_eq!(read.column(Column::Close), expected.column(Column::Close));
        prop_assert_eq!(read.column(Column::Volume), expected.column(Column::Volume));
        prop_assert!(!read.has(Column::Open));
    }
}

/// A candle that differs from the stored one is refused, and taken with `replace`.
#[test]
fn a_conflict_names_the_candle() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path(), Market::Spot, Interval::ONE_MINUTE);
    let symbol = Symbol::new("AUSDT").unwrap();
    store.append(&symbol, &table(&[1, 2]), false).unwrap();
    let mut other = CandleTable::default();
    let mut row = [f64::NAN; Column::ALL.len()];
    row[Column::Close as usize] = 9.0;
    other.push_row(120_000, row);
    let error = store
        .append(&symbol, &other, false)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("AUSDT at 1970-01-01 00:02: close is 9, but the store has 3"),
        "{error}"
    );
    store.append(&symbol, &other, true).unwrap();
    assert_eq!(
        store
            .read(&symbol, &[Column::Close], 0, i64::MAX)
            .unwrap()
            .column(Column::Close),
        [2.0, 9.0]
    );
}

/// New candles come, other values take the place of old ones, and nothing that the store has is
/// lost.
#[test]
fn merging_takes_what_the_source_has_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path(), Market::Spot, Interval::ONE_MINUTE);
    let symbol = Symbol::new("AUSDT").unwrap();
    // Minute 44,640 is the first of February 1970.
    let mut stored = table(&[1, 2, 3, 4, 44_640]);
    let mut with_target = [f64::NAN; Column::ALL.len()];
    (
        with_target[Column::Close as usize],
        with_target[Column::Target as usize],
    ) = (6.0, 0.5);
    stored.push_row(5 * 60_000, with_target);
    store.append(&symbol, &stored, false).unwrap();

    let mut new = table(&[2, 5, 6]);
    let mut other = [f64::NAN; Column::ALL.len()];
    other[Column::Close as usize] = 9.0;
    new.push_row(4 * 60_000, other);
    let merged = store.merge(&symbol, &new).unwrap();
    // Minute 5 has got a volume, minute 4 another close; the source has no minute 3.
    assert_eq!((merged.added, merged.changed), (1, 2));
    let read = store
        .read(&symbol, &Column::ALL, i64::MIN, i64::MAX)
        .unwrap();
    assert_eq!(
        read.open_time_ms,
        [1, 2, 3, 4, 5, 6, 44_640].map(|minute| minute * 60_000)
    );
    assert_eq!(read.column(Column::Close)[3..5], [9.0, 6.0]);
    assert_eq!(
        read.column(Column::Target)[4],
        0.5,
        "what the source lacks stays"
    );
    assert_eq!(
        store.merge(&symbol, &new).unwrap(),
        dataset::Replaced::default(),
        "once is enough"
    );
    assert_eq!(
        store.merge(&symbol, &table(&[])).unwrap(),
        dataset::Replaced::default()
    );
}
