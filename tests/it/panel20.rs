//! The known figures of the 20-coin panel, where its file is there.

use std::path::Path;

use dataset::{CandleTable, Column, Config, Dataset, Store};
use market::{Interval, Market, Symbol};
use storage::{Cell, ForeignTable};

/// Folds begin where `data/README.md` beside the file says, and the copied last return scores what
/// it says.
#[test]
fn folds_and_control_of_the_20_coin_panel() {
    let Some(path) = tests::shared_data("panel20-spot-1m-2021.parquet") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path(), Market::Spot, Interval::ONE_MINUTE);
    for (symbol, candles) in read(&path) {
        store.append(&symbol, &candles, false).unwrap();
    }
    let mut config = Config::default();
    config.data.dir = dir.path().to_owned();
    config.universe.symbols = Vec::new();
    let dataset = Dataset::load(&config).unwrap();

    let starts: Vec<i64> = dataset
        .plan
        .folds
        .iter()
        .map(|fold| dataset.panel.time_ms(fold.score.start))
        .collect();
    assert_eq!(
        starts,
        [
            1617783000000,
            1618240800000,
            1618698600000,
            1619169900000,
            1619649180000,
            1620106980000,
            1620564780000
        ]
    );
    let end = dataset.panel.time_ms(dataset.plan.folds[6].score.end);
    assert!(end <= 1621023000000, "{end}");

    let scores: Vec<f64> = dataset
        .plan
        .folds
        .iter()
        .map(|fold| last_return_score(&dataset, fold))
        .collect();
    let expected = [
        -0.0189, -0.0143, -0.0006, -0.0168, -0.0304, -0.0082, -0.0042,
    ];
    for (score, expected) in scores.iter().zip(expected) {
        assert!((score - expected).abs() < 0.004, "{scores:?}");
    }
    let mean = scores.iter().sum::<f64>() / 7.0;
    assert!((mean + 0.0133).abs() < 0.002, "{mean}");
}

fn last_return_score(dataset: &Dataset, fold: &dataset::Fold) -> f64 {
    let (mut forecast, mut realized) = (Vec::new(), Vec::new());
    for row in fold.score.clone() {
        for coin in 0..dataset.panel.coins() {
            let (last, target) = (
                dataset.panel.last_return(row, coin),
                dataset.targets.value(row, coin),
            );
            if !target.is_nan() && !last.is_nan() {
                forecast.push(last);
                realized.push(target);
            }
        }
    }
    statistics::pearson(&forecast, &realized).unwrap()
}

/// The coins of a file of long candles, whose columns have our own names.
pub fn read(path: &Path) -> Vec<(Symbol, CandleTable)> {
    let table = ForeignTable::read_parquet(path, |names| (0..names.len()).collect()).unwrap();
    let place = |name: &str| table.names.iter().position(|other| other == name);
    let (time_at, symbol_at) = (place("open_time").unwrap(), place("symbol").unwrap());
    let places = Column::ALL.map(|column| place(column.name()));
    let mut coins: std::collections::BTreeMap<Symbol, CandleTable> = Default::default();
    let mut cells = Vec::new();
    for row in 0..table.rows() {
        table.row(row, &mut cells);
        let (Cell::Integer(time), Cell::Text(symbol)) = (cells[time_at], cells[symbol_at]) else {
            panic!("row {row}")
        };
        let values = places.map(|place| match place.map(|place| cells[place]) {
            Some(Cell::Integer(value)) => value as f64,
            Some(Cell::Number(value)) => value,
            _ => f64::NAN,
        });
        coins
            .entry(Symbol::new(symbol).unwrap())
            .or_default()
            .push_row(time, values);
    }
    coins.into_iter().collect()
}
