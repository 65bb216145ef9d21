//! The candles of `scripts/golden-volatility-models.py` as a data set.

use dataset::{CandleTable, Column, Config, Dataset, FeatureSet, Panel, TimeSpan};
use market::{Interval, Symbol};
use volatility::{LoadedModel, ModelKind, VolatilityFit, VolatilityModel, VolatilityOptions};

pub const DAYS: i64 = 300;
pub const START_MS: i64 = 1_609_459_200_000;
pub const DAY_MS: i64 = 86_400_000;
pub const COINS: usize = 6;

/// The days from `first` on; from day `changed` on, coin 1 has other prices.
pub fn panel(first: i64, changed: i64) -> Panel {
    let of_coin = |coin: i64| {
        let noise = |t: i64, a: i64, b: i64, modulus: i64| {
            (t * t * (a + 2 * coin) + t * (b + 11 * coin)) % 10_007 % modulus
        };
        let mut candles = CandleTable::default();
        let mut open = 1_000_000;
        for t in 0..DAYS {
            let size = 30 + 60 * (t / 25 % 3) + noise(t, 53, 7, 40);
            let close = open + (noise(t, 613, 17, 401) - 200) * size;
            let high = open.max(close) + noise(t, 31, 17, 97) * size;
            let low = open.min(close) - noise(t, 37, 5, 89) * size;
            let jump = if coin == 2 && t >= 150 { 8 } else { 1 };
            let change = if coin == 1 && t >= changed {
                1.0 + (t % 7) as f64 / 50.0
            } else {
                1.0
            };
            let is_listed = (coin != 4 || t >= 60) && !(coin == 3 && (120..125).contains(&t));
            let mut row = [f64::NAN; Column::ALL.len()];
            let prices =
                [open, high, low, close].map(|ticks| change * (ticks * jump) as f64 / 100.0);
            row[..4].copy_from_slice(&prices);
            row[Column::Volume as usize] = 1.0;
            if is_listed {
                candles.push_row(START_MS + t * DAY_MS, row);
            }
            open = close;
        }
        (Symbol::new(&format!("COIN{coin}USDT")).unwrap(), candles)
    };
    let coins: Vec<_> = (0..COINS as i64).map(of_coin).collect();
    let span = (START_MS + first * DAY_MS, START_MS + DAYS * DAY_MS);
    let interval: Interval = "1d".parse().unwrap();
    Panel::build(&coins, interval, span, 0, &Column::ALL)
}

/// Bars of two hours of the candles of `scripts/golden-volatility-intraday.py`.
pub const SHORT_BARS: i64 = 1080;

/// These candles; from bar `changed` on, coin 1 has other prices.
pub fn short_panel(changed: i64) -> Panel {
    let interval: Interval = "2h".parse().unwrap();
    let of_coin = |coin: i64| {
        let noise = |t: i64, a: i64, b: i64, modulus: i64| {
            (t * t * (a + 2 * coin) + t * (b + 11 * coin)) % 10_007 % modulus
        };
        let mut candles = CandleTable::default();
        let mut open = 10_000_000;
        for t in 0..SHORT_BARS {
            let size = (30 + 60 * (t / 250 % 3) + noise(t, 53, 7, 40)) * (2 + coin);
            let close = open + (noise(t, 613, 17, 401) - 200) * size;
            let high = open.max(close) + noise(t, 31, 17, 97) * size;
            let low = open.min(close) - noise(t, 37, 5, 89) * size;
            let is_changed = coin == 1 && t >= changed;
            let change = match is_changed {
                true => 1.0 + (t % 7) as f64 / 50.0,
                false => 1.0,
            };
            let mut row = [f64::NAN; Column::ALL.len()];
            let prices = [open, high, low, close].map(|ticks| change * ticks as f64 / 100.0);
            row[..4].copy_from_slice(&prices);
            row[Column::Volume as usize] = 1.0;
            if !(coin == 3 && (700..703).contains(&t)) {
                candles.push_row(START_MS + t * interval.ms(), row);
            }
            open = close;
        }
        (Symbol::new(&format!("COIN{coin}USDT")).unwrap(), candles)
    };
    let coins: Vec<_> = (0..COINS as i64).map(of_coin).collect();
    let span = (START_MS, START_MS + SHORT_BARS * interval.ms());
    Panel::build(&coins, interval, span, 0, &Column::ALL)
}

/// These candles as a data set whose days are scored at midnight, a day ahead, with a fit a day.
pub fn short_dataset(panel: Panel) -> Dataset {
    short_dataset_ahead(panel, "1d", "1d")
}

/// The same, scored so often and so far ahead.
pub fn short_dataset_ahead(panel: Panel, every: &str, horizon: &str) -> Dataset {
    let mut config = config(&panel);
    config.features.set = FeatureSet::HAR_INTRADAY;
    config.target.horizon = horizon.parse().unwrap();
    config.split.score_every = Some(every.parse().unwrap());
    config.split.refit_every = Some("1d".parse().unwrap());
    config.split.history_bars = 22 * 12 + 11;
    planned(config, panel)
}

/// The config of the golden values: two folds of a third of the usable days each.
pub fn config(panel: &Panel) -> Config {
    let mut config = Config::default();
    config.universe.symbols = panel.symbols().to_vec();
    config.universe.score_settled = true;
    config.data.interval = panel.interval();
    config.data.fill_limit = TimeSpan::ZERO;
    config.features.set = FeatureSet::HAR_RANGE;
    config.features.lookback_bars = 1;
    config.target.kind = "volatility".parse().unwrap();
    config.target.horizon = "7d".parse().unwrap();
    config.split.folds = Some(2);
    config.split.history_bars = 30;
    config.split.early_stopping_share = 0.0;
    config
}

/// The panel's data set with its folds.
pub fn dataset(panel: Panel, refit_every: Option<&str>) -> Dataset {
    let mut config = config(&panel);
    config.split.refit_every = refit_every.map(|every| every.parse().unwrap());
    planned(config, panel)
}

fn planned(config: Config, panel: Panel) -> Dataset {
    let mut dataset = Dataset::of_panel(config, panel);
    let purge = dataset.config.purge_bars();
    let plan = dataset
        .config
        .split
        .plan(&dataset.panel, &dataset.targets, purge);
    dataset.plan = plan.unwrap();
    dataset
}

/// The options of a model by its name.
pub fn options(name: &str) -> VolatilityOptions {
    VolatilityOptions {
        model: name.parse().unwrap(),
        ..VolatilityOptions::default()
    }
}

/// The options of a past volatility as it is.
pub fn of_term(name: &str) -> VolatilityOptions {
    VolatilityOptions {
        terms: vec![name.to_owned()],
        ..options("term")
    }
}

/// The names of all models.
pub fn names() -> impl Iterator<Item = &'static str> {
    ModelKind::all().map(ModelKind::name)
}

/// What a model is fitted to in a fold, by its place.
pub fn fitted(dataset: &Dataset, name: &str, fold: usize) -> VolatilityModel {
    let fit = VolatilityFit::new(dataset, &options(name));
    fit.fold(dataset, &dataset.plan.folds[fold]).unwrap()
}

/// The same as what forecasts.
pub fn loaded(dataset: &Dataset, name: &str, fold: usize) -> LoadedModel {
    let fitted = fitted(dataset, name, fold);
    LoadedModel::new(fitted, &options(name), &dataset.config)
}
