//! Longer candles are made of whole sets of shorter ones and of nothing else.

use dataset::{CandleReader, CandleTable, Column, Config, Store};
use market::{Interval, Market, Symbol};
use proptest::prelude::*;

use crate::told;

const MINUTE: i64 = 60_000;

fn interval(name: &str) -> Interval {
    name.parse().unwrap()
}

/// A made-up candle of a minute: all columns but the given target.
fn candle(minute: i64) -> [f64; Column::ALL.len()] {
    let noise =
        |a: i64, modulus: i64| ((minute * minute * a + minute * 7919) % 10_007 % modulus) as f64;
    let (open, close) = (1000.0 + noise(31, 89), 1000.0 + noise(37, 83));
    let (high, low) = (
        open.max(close) + noise(41, 7),
        open.min(close) - noise(43, 5),
    );
    [
        open,
        high,
        low,
        close,
        noise(47, 500),
        noise(53, 900),
        noise(59, 40),
        noise(61, 200),
        noise(67, 300),
        f64::NAN,
        noise(71, 700) + 1.0,
        noise(73, 600) + 1.0,
    ]
}

fn table(minutes: impl Iterator<Item = i64>) -> CandleTable {
    let mut table = CandleTable::default();
    minutes.for_each(|minute| table.push_row(minute * MINUTE, candle(minute)));
    table
}

fn bits(table: &CandleTable) -> Vec<Vec<u64>> {
    Column::ALL
        .iter()
        .map(|&column| {
            table
                .column(column)
                .iter()
                .map(|value| value.to_bits())
                .collect()
        })
        .collect()
}

proptest! {
    #[test]
    fn resampled_candles_equal_those_made_by_hand(
        missing in prop::collection::btree_set(0i64..300, 0..12), start in 0i64..40, name in prop::sample::select(vec!["3m", "5m", "15m", "30m", "1h"]),
    ) {
        let to = interval(name);
        let minutes = to.ms() / MINUTE;
        let found = table((start..300).filter(|minute| !missing.contains(minute))).resampled(Interval::ONE_MINUTE, to);
        let mut expected = CandleTable::default();
        for bar in 0..300 / minutes {
            let parts: Vec<i64> = (bar * minutes..(bar + 1) * minutes).collect();
            if parts.iter().any(|minute| *minute < start || missing.contains(minute)) {
                continue;
            }
            let column = |column: Column| parts.iter().map(move |&minute| candle(minute)[column as usize]);
            let mut row = [f64::NAN; Column::ALL.len()];
            row[Column::Open as usize] = candle(parts[0])[Column::Open as usize];
            row[Column::High as usize] = column(Column::High).fold(f64::MIN, f64::max);
            row[Column::Low as usize] = column(Column::Low).fold(f64::MAX, f64::min);
            for last in [Column::Close, Column::MarketCap, Column::CirculatingSupply] {
                row[last as usize] = candle(parts[parts.len() - 1])[last as usize];
            }
            for sum in [Column::Volume, Column::QuoteVolume, Column::Count, Column::TakerBuyVolume, Column::TakerBuyQuoteVolume] {
                row[sum as usize] = column(sum).sum();
            }
            expected.push_row(bar * to.ms(), row);
        }
        prop_assert_eq!(&found.open_time_ms, &expected.open_time_ms);
        prop_assert_eq!(bits(&found), bits(&expected));
    }
}

#[test]
fn a_value_that_a_part_lacks_is_unknown() {
    let mut minutes = CandleTable::default();
    for minute in 0..6 {
        let mut row = candle(minute);
        if minute == 4 {
            row[Column::High as usize] = f64::NAN;
            row[Column::MarketCap as usize] = f64::NAN;
        }
        minutes.push_row(minute * MINUTE, row);
    }
    let bars = minutes.resampled(Interval::ONE_MINUTE, interval("3m"));
    assert_eq!(bars.open_time_ms, [0, 3 * MINUTE]);
    assert!(!bars.column(Column::High)[0].is_nan() && bars.column(Column::High)[1].is_nan());
    assert!(!bars.column(Column::Low)[1].is_nan());
    assert_eq!(
        bars.column(Column::MarketCap)[1],
        candle(5)[Column::MarketCap as usize],
        "of a size the last one counts"
    );
    assert!(!bars.has(Column::Target));
}

/// Every interval up to a day, out of a store that holds minutes alone.
#[test]
fn a_store_of_minutes_is_read_in_any_interval() {
    let dir = tempfile::tempdir().unwrap();
    let symbol = Symbol::new("AUSDT").unwrap();
    let minutes = table(10..3000);
    Store::new(dir.path(), Market::Spot, Interval::ONE_MINUTE)
        .append(&symbol, &minutes, false)
        .unwrap();
    let mut config = Config::default();
    config.data.dir = dir.path().to_owned();
    config.data.resample_from = Some(Interval::ONE_MINUTE);
    for interval in Interval::ALL {
        config.data.interval = interval;
        config.target.horizon = dataset::TimeSpan::of_bars(1, interval);
        config.validate().unwrap();
        let reader = CandleReader::new(&config.data).unwrap();
        let candles = reader
            .read(&symbol, &Column::ALL, i64::MIN, i64::MAX)
            .unwrap();
        let (first, end) = (
            (10 * MINUTE + interval.ms() - 1) / interval.ms(),
            3000 * MINUTE / interval.ms(),
        );
        assert_eq!(candles.len() as i64, end - first, "{interval}");
        assert_eq!(
            candles.open_time_ms.first(),
            Some(&(first * interval.ms())),
            "{interval}"
        );
        assert_eq!(
            reader.last_ms(&symbol).unwrap(),
            candles.open_time_ms.last().copied(),
            "{interval}"
        );
        let until = reader
            .read(&symbol, &Column::ALL, 0, 2 * interval.ms() + MINUTE)
            .unwrap();
        assert!(
            until
                .open_time_ms
                .iter()
                .all(|time| *time < 2 * interval.ms()),
            "{interval}: whole candles only"
        );
    }
}

#[test]
fn intervals_that_do_not_divide_are_refused() {
    let error = |interval_: &str, from: &str, source| {
        let mut config = Config::default();
        config.data.interval = interval(interval_);
        config.data.resample_from = Some(interval(from));
        config.target.horizon = dataset::TimeSpan::hours(1);
        config.data.source = source;
        told(&config.validate().unwrap_err())
    };
    let errors = [
        error("5m", "3m", dataset::Source::Store),
        error("1m", "15m", dataset::Source::Store),
        error("15m", "1m", dataset::Source::Simulated),
    ];
    insta::assert_snapshot!(errors.join("\n"), @r"
    data.resample_from = 3m: expected an interval that divides data.interval = 5m: 1m, 5m
    hint: change it in the config file or with --set data.resample_from=VALUE
    data.resample_from = 15m: expected an interval that divides data.interval = 1m: 1m
    hint: change it in the config file or with --set data.resample_from=VALUE
    data.resample_from = 1m: expected no such key, as the simulated market makes candles of any interval
    hint: change it in the config file or with --set data.resample_from=VALUE
    ");
}

/// A store of days of these coins, three candles each with one close and a volume of 8, read with these events.
fn reader_of(dir: &std::path::Path, coins: &[(&str, i64, f64)], events: &str) -> CandleReader {
    let mut config = Config::default();
    config.data.dir = dir.to_owned();
    config.data.interval = interval("1d");
    let store = Store::new(dir, Market::Spot, config.data.interval);
    for &(name, first, close) in coins {
        let mut candles = CandleTable::default();
        for day in first..first + 3 {
            let mut row = [f64::NAN; Column::ALL.len()];
            row[..5].copy_from_slice(&[close, close, close, close, 8.0]);
            candles.push_row(day * DAY, row);
        }
        store
            .append(&Symbol::new(name).unwrap(), &candles, false)
            .unwrap();
    }
    let file = dir.join("symbols.toml");
    std::fs::write(&file, events).unwrap();
    config.data.symbols_file = Some(file);
    CandleReader::new(&config.data).unwrap()
}

const DAY: i64 = 1440 * MINUTE;

/// A coin is under its earlier name where the store has none of its later ones, and in the list once.
#[test]
fn a_coin_whose_new_name_is_not_stored_keeps_the_old_one() {
    let events = "[[event]]\nsymbol = \"BUSDT\"\nkind = \"rebrand\"\nfrom = \"AUSDT\"\ndate = \"1970-01-04\"\n\
                  [[event]]\nsymbol = \"CUSDT\"\nkind = \"rebrand\"\nfrom = \"BUSDT\"\ndate = \"1970-01-07\"";
    for (stored, expected) in [
        (vec!["AUSDT"], vec!["AUSDT"]),
        (vec!["AUSDT", "BUSDT"], vec!["BUSDT"]),
        (vec!["AUSDT", "CUSDT"], vec!["CUSDT"]),
        (vec!["AUSDT", "BUSDT", "DUSDT"], vec!["BUSDT", "DUSDT"]),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let coins: Vec<_> = stored.iter().map(|name| (*name, 0, 1.0)).collect();
        let found = reader_of(dir.path(), &coins, events).symbols().unwrap();
        let found: Vec<&str> = found.iter().map(Symbol::as_str).collect();
        assert_eq!(found, expected, "{stored:?}");
    }
}

/// One old unit became 10 new ones on the second day, and the coin got its new name on the fourth: all
/// its closes are in the old unit.
#[test]
fn a_new_name_is_in_the_unit_of_the_earlier_ones() {
    let events = "[[event]]\nsymbol = \"AUSDT\"\nkind = \"redenomination\"\nfactor = 10\ndate = \"1970-01-02\"\n\
                  [[event]]\nsymbol = \"AUSDT\"\nkind = \"delisting\"\ndate = \"1970-01-04\"\n\
                  [[event]]\nsymbol = \"BUSDT\"\nkind = \"rebrand\"\nfrom = \"AUSDT\"\ndate = \"1970-01-04\"\n\
                  [[event]]\nsymbol = \"BUSDT\"\nkind = \"redenomination\"\nfactor = 2\ndate = \"1970-01-06\"";
    let dir = tempfile::tempdir().unwrap();
    let coins = [("AUSDT", 0, 5.0), ("BUSDT", 3, 5.0)];
    let reader = reader_of(dir.path(), &coins, events);
    let new = Symbol::new("BUSDT").unwrap();
    let columns = [Column::Close, Column::Volume];
    let read = |from| reader.read(&new, &columns, from, i64::MAX).unwrap();
    let found = read(i64::MIN);
    let close = [5.0, 50.0, 50.0, 50.0, 50.0, 100.0];
    assert_eq!(found.column(Column::Close), close);
    assert_eq!(found.column(Column::Volume), [8.0, 0.8, 0.8, 0.8, 0.8, 0.4]);
    assert_eq!(
        read(4 * DAY).column(Column::Close),
        &close[4..],
        "wherever the reading begins"
    );
    let mut own = CandleTable::default();
    own.push_row(4 * DAY, {
        let mut row = [f64::NAN; Column::ALL.len()];
        row[..5].copy_from_slice(&[5.0, 5.0, 5.0, 5.0, 8.0]);
        row
    });
    // Live, of each name what the exchange serves.
    let of_name = |name: &Symbol| {
        let is_new = *name == new;
        Ok::<_, dataset::Error>(if is_new {
            own.clone()
        } else {
            CandleTable::default()
        })
    };
    let live = reader.events().joined(&new, &of_name).unwrap();
    assert_eq!(live.column(Column::Close), [50.0], "as it is read live");
}
