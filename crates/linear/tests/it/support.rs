//! The candles of `scripts/golden-relative.py` as a data set.

use dataset::{CandleTable, Column, Config, Dataset, FeatureSet, Fold, Panel, SplitPlan, TimeSpan};
use linear::RidgeOptions;
use market::{Interval, Symbol};

pub const BARS: i64 = 1500;
pub const START_MS: i64 = 1_704_067_200_000;
pub const BAR_MS: i64 = 300_000;
pub const COINS: usize = 5;

/// Bars that carry a price forward at most.
pub const FILL_BARS: usize = 12;

fn has_candle(t: i64, coin: i64) -> bool {
    let is_listed = coin != 4 || t >= 200;
    let is_out = coin == 3 && ((640..645).contains(&t) || (700..730).contains(&t));
    is_listed && !is_out
}

/// The bars from `first` on; from bar `changed` on, coin 1 has other prices and volumes.
pub fn panel(first: i64, changed: i64) -> Panel {
    let noise = |t: i64, coin: i64, a: i64, b: i64, modulus: i64| {
        (t * t * (a + 2 * coin) + t * (b + 11 * coin)) % 10_007 % modulus
    };
    let of_coin = |coin: i64| {
        let mut candles = CandleTable::default();
        let mut open = 100_000 * (coin + 1);
        for t in 0..BARS {
            let of_all = (noise(t, 0, 7919, 104_729, 201) - 100) * (coin + 1);
            let close = open + of_all + noise(t, coin, 613, 17, 401) - 200;
            let high = open.max(close) + noise(t, coin, 31, 17, 97);
            let low = open.min(close) - noise(t, coin, 37, 5, 89);
            let factor = if coin == 1 && t >= changed {
                1.0 + (t % 7) as f64 / 100.0
            } else {
                1.0
            };
            let mut row = [f64::NAN; Column::ALL.len()];
            let prices = [open, high, low, close].map(|ticks| factor * ticks as f64 / 100.0);
            row[..4].copy_from_slice(&prices);
            row[Column::Volume as usize] = factor * noise(t, coin, 101, 11, 5000) as f64;
            if has_candle(t, coin) {
                candles.push_row(START_MS + t * BAR_MS, row);
            }
            open = close;
        }
        (Symbol::new(&format!("COIN{coin}USDT")).unwrap(), candles)
    };
    let coins: Vec<_> = (0..COINS as i64).map(of_coin).collect();
    let span = (START_MS + first * BAR_MS, START_MS + BARS * BAR_MS);
    let interval: Interval = "5m".parse().unwrap();
    Panel::build(&coins, interval, span, FILL_BARS, &Column::ALL)
}

/// The panel's data set with its last days as the scored ones.
pub fn dataset(panel: Panel) -> Dataset {
    let mut config = Config::default();
    config.universe.symbols = panel.symbols().to_vec();
    config.data.interval = panel.interval();
    config.data.fill_limit = TimeSpan::of_bars(FILL_BARS, panel.interval());
    config.features.set = FeatureSet::RELATIVE;
    config.features.lookback_bars = 1;
    config.target.horizon = TimeSpan::minutes(15);
    let fit = |refit: Option<usize>, score: std::ops::Range<usize>| Fold {
        number: 1,
        refit,
        train: 0..score.start - 3,
        stop: score.start - 3..score.start - 3,
        score,
        refits: Vec::new(),
    };
    let day =
        |(refit, start): (usize, usize)| fit(Some(refit), start..panel.rows().min(start + 288));
    let fold = Fold {
        refits: (1..)
            .zip((864..panel.rows()).step_by(288))
            .map(day)
            .collect(),
        ..fit(None, 864..panel.rows())
    };
    let mut dataset = Dataset::of_panel(config, panel);
    dataset.plan = SplitPlan { folds: vec![fold] };
    dataset
}

/// The options of `scripts/golden-ridge.py`.
pub fn options() -> RidgeOptions {
    RidgeOptions {
        half_life_days: 2.0,
        penalty: 50.0,
        market_penalty: 20.0,
        market_trust: 20.0,
    }
}
