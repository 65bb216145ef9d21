//! A feature set outside the list: where a close lies among the last ones. As a file in
//! `src/features/` with a line in `list.rs` it would be one that `features.set` can name.

use std::ops::Range;

use dataset::{CandleTable, Column, Feature, FeatureFormulas, FeatureSet, Features, Panel};
use market::{Interval, Symbol};

/// Place of the close between the lowest (0) and the highest (1) close of the last bars.
#[derive(Debug)]
struct Channel;

const BARS: usize = 4;

impl FeatureFormulas for Channel {
    fn name(&self) -> &'static str {
        "channel"
    }
    fn columns(&self) -> &'static [Column] {
        &[Column::Close]
    }
    fn description(&self) -> &'static str {
        "Where a close lies among the last ones."
    }
    fn features(&self) -> &'static [Feature] {
        const PLACE: Feature = Feature::new("place", "(close - lowest) / (highest - lowest)");
        &[PLACE]
    }
    fn warm_up_bars(&self, _interval: Interval) -> usize {
        BARS
    }
    fn of_coin(&self, panel: &Panel, coin: usize, rows: Range<usize>) -> Vec<Vec<f64>> {
        let place = |row: usize| {
            if row + 1 < BARS {
                return f64::NAN;
            }
            let closes = panel.series(Column::Close, coin, row + 1 - BARS..row + 1);
            let low = closes.iter().copied().fold(f64::INFINITY, f64::min);
            let high = closes.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            (closes[BARS - 1] - low) / (high - low)
        };
        vec![rows.map(place).collect()]
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut candles = CandleTable::default();
    for (minute, close) in [10.0, 12.0, 8.0, 11.0, 12.0].into_iter().enumerate() {
        let mut row = [f64::NAN; Column::ALL.len()];
        row[Column::Close as usize] = close;
        candles.push_row(minute as i64 * 60_000, row);
    }
    let coins = [(Symbol::new("BTCUSDT")?, candles)];
    let panel = Panel::build(&coins, Interval::ONE_MINUTE, (0, 300_000), 0, &[]);
    let found = Features::all(FeatureSet::of(&Channel)).compute(&panel, 0..5);
    let places: Vec<f32> = (0..5).map(|row| found.cell(row, 0)[0]).collect();
    assert_eq!(places[3..], [0.75, 1.0]);
    println!("{}: {places:?}", Channel.features()[0].name);
    Ok(())
}
