//! Changing any candle after t changes nothing at t.

use std::sync::Arc;

use dataset::{
    CandleTable, Column, Config, Eligibility, FeatureSet, Features, Panel, TabularFeatures,
    TargetScale, TargetScales,
};
use market::Interval;
use model::{DeviceChoice, NetworkConfig, NetworkShape, Windows, forecast};
use proptest::prelude::*;

const MINUTE: i64 = 60_000;

/// The simulated candles with a market cap and a supply, which change from bar to bar.
fn sized_candles(config: &Config) -> Vec<(market::Symbol, CandleTable)> {
    let mut coins = tests::candles(config);
    for (place, (_, candles)) in coins.iter_mut().enumerate() {
        let row = |index: usize| {
            let mut values = Column::ALL.map(|column| candles.value(column, index));
            let supply = (place + 1) as f64 * 1e6 + index as f64;
            values[Column::CirculatingSupply as usize] = supply;
            values[Column::MarketCap as usize] = supply * values[Column::Close as usize];
            (candles.open_time_ms[index], values)
        };
        *candles = (0..candles.len()).map(row).collect();
    }
    coins
}

/// What happens to a candle after t.
#[derive(Debug, Clone, Copy)]
enum Change {
    Scale(f64),
    Drop,
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![(0.5..2.0).prop_map(Change::Scale), Just(Change::Drop)]
}

/// Every feature set with its optional groups, as it is and with statistics over windows, with and
/// without the time.
fn features() -> impl Strategy<Value = TabularFeatures> {
    let sets = prop::sample::select(FeatureSet::all().collect::<Vec<_>>());
    let lookbacks = prop_oneof![Just(vec![]), Just(vec![7, 30])];
    (sets, lookbacks, any::<bool>()).prop_map(|(set, lookbacks, has_time)| {
        // As if each bar had 15 minutes: two days of them are few enough for these panels. What looks
        // back on a month or more is taken as of bars of a day.
        let [short, long] = ["15m", "1d"]
            .map(|bars| Features::with_optional_groups(set).of_bars(bars.parse().unwrap()));
        let features = if short.warm_up_bars() <= 300 {
            short
        } else {
            long
        };
        let features = if has_time {
            features.with_time()
        } else {
            features
        };
        TabularFeatures::new(features, &lookbacks)
    })
}

/// The candles, with those of `coin` changed from open time `from_ms` on.
fn changed(
    coins: &[(market::Symbol, CandleTable)],
    coin: usize,
    from_ms: i64,
    change: Change,
) -> Vec<(market::Symbol, CandleTable)> {
    let mut result = coins.to_vec();
    let candles = &coins[coin].1;
    let mut table = CandleTable::default();
    for row in 0..candles.len() {
        let time_ms = candles.open_time_ms[row];
        let mut values = Column::ALL.map(|column| candles.value(column, row));
        if time_ms >= from_ms {
            let Change::Scale(factor) = change else {
                continue;
            };
            values.iter_mut().for_each(|value| *value *= factor);
        }
        table.push_row(time_ms, values);
    }
    result[coin].1 = table;
    result
}

fn panel(config: &Config, coins: &[(market::Symbol, CandleTable)], rows: i64) -> Panel {
    let start = config.data.simulated.start_ms;
    Panel::build(
        coins,
        config.data.interval,
        (start, start + rows * MINUTE),
        60,
        &Column::ALL,
    )
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

    #[test]
    fn features_know_nothing_after_their_row(
        features in features(), before_end in 20usize..300, coin in 0usize..3, change in change(),
    ) {
        let (config, rows) = long_enough(&features);
        let t = rows - before_end;
        let coins = sized_candles(&config);
        let start = config.data.simulated.start_ms;
        let before = features.compute(&panel(&config, &coins, rows as i64), 0..rows);
        let changed = changed(&coins, coin, start + (t as i64 + 1) * MINUTE, change);
        let after = features.compute(&panel(&config, &changed, rows as i64), 0..rows);
        for row in 0..=t {
            for coin in 0..3 {
                prop_assert_eq!(bits(before.cell(row, coin)), bits(after.cell(row, coin)), "row {} of {:?}", row, features);
            }
        }
    }

    #[test]
    fn features_know_nothing_before_their_warm_up(features in features(), before_end in 180usize..260) {
        // The fill may reach 60 bars further back than the warm-up.
        let (config, rows) = long_enough(&features);
        let t = rows - before_end;
        let coins = sized_candles(&config);
        let start = config.data.simulated.start_ms;
        let whole = features.compute(&panel(&config, &coins, rows as i64), 0..rows);
        let first = t + 1 - features.warm_up_bars() - 60;
        let grid = (start + first as i64 * MINUTE, start + rows as i64 * MINUTE);
        let part = Panel::build(&coins, config.data.interval, grid, 60, &Column::ALL);
        let part = features.compute(&part, 0..part.rows());
        // Many rows, because sums in another order differ in the bits of few.
        for row in t..rows {
            for coin in 0..3 {
                prop_assert_eq!(bits(whole.cell(row, coin)), bits(part.cell(row - first, coin)), "row {} of {:?}", row, features);
            }
        }
    }

    #[test]
    fn features_are_the_same_whichever_rows_are_asked_for(features in features(), from in 0usize..600, rows in 1usize..300) {
        let config = small();
        let panel = panel(&config, &sized_candles(&config), 600);
        let until = (from + rows).min(600);
        let (whole, part) = (features.compute(&panel, 0..600), features.compute(&panel, from..until));
        for row in from..until {
            for coin in 0..3 {
                prop_assert_eq!(bits(whole.cell(row, coin)), bits(part.cell(row - from, coin)), "row {} of {:?}", row, features);
            }
        }
    }

    /// A candle of 5 minutes is known once its last minute is, and so are the features of its row.
    #[test]
    fn features_of_resampled_candles_know_nothing_after_their_row(
        features in features(), t in 1300i64..2000, coin in 0usize..3, change in change(),
    ) {
        let mut config = small();
        config.data.simulated.minutes = 2500;
        let minutes = sized_candles(&config);
        let start = config.data.simulated.start_ms;
        let five: Interval = "5m".parse().unwrap();
        let compute = |minutes: &[(market::Symbol, CandleTable)]| {
            let resampled: Vec<_> = minutes
                .iter()
                .map(|(symbol, candles)| (symbol.clone(), candles.resampled(Interval::ONE_MINUTE, five)))
                .collect();
            let panel = Panel::build(&resampled, five, (start, start + 2500 * MINUTE), 12, &Column::ALL);
            features.compute(&panel, 0..panel.rows())
        };
        let (before, after) = (compute(&minutes), compute(&changed(&minutes, coin, start + (t + 1) * MINUTE, change)));
        prop_assert_eq!(start % five.ms(), 0);
        for row in 0..((t + 1) / 5) as usize {
            for coin in 0..3 {
                prop_assert_eq!(bits(before.cell(row, coin)), bits(after.cell(row, coin)), "row {} of {:?}", row, features);
            }
        }
    }

    #[test]
    fn forecasts_know_nothing_after_their_row(t in 400i64..580, coin in 0usize..3, change in change()) {
        let config = small();
        let coins = sized_candles(&config);
        let start = config.data.simulated.start_ms;
        let before = forecast_at(&config, &panel(&config, &coins, 600), t as usize);
        let changed = changed(&coins, coin, start + (t + 1) * MINUTE, change);
        let after = forecast_at(&config, &panel(&config, &changed, 600), t as usize);
        prop_assert_eq!(before, after);
    }
}

/// Three simulated coins over as many rows as the features' warm-up and some more: ten hours at least.
fn long_enough(features: &TabularFeatures) -> (Config, usize) {
    let mut config = small();
    let rows = (features.warm_up_bars() + 360).max(600);
    config.data.simulated.minutes = rows;
    (config, rows)
}

/// Three simulated coins over ten hours.
pub fn small() -> Config {
    let mut config = tests::tiny();
    config.data.simulated.minutes = 600;
    config.data.simulated.outage_every_minutes = Some(250);
    config.normalize.target = TargetScale::Trailing;
    config
}

/// Bits of the forecasts of an untrained network at `row`, and which coins are eligible.
fn forecast_at(config: &Config, panel: &Panel, row: usize) -> (Vec<u32>, Vec<bool>) {
    let device = DeviceChoice::Flex.open().unwrap().device;
    let features = config
        .features
        .chosen(config.data.interval)
        .compute(panel, 0..panel.rows());
    let eligibility = Eligibility::of(panel, &config.features);
    let targets = config.target.compute(panel);
    let normalizer = dataset::Normalizer::fit(
        &config.normalize,
        &config.features.chosen(config.data.interval),
        &dataset::TrainingRows {
            panel,
            features: &features,
            targets: &targets,
            train: 250..380,
        },
        ("test", 1),
    )
    .unwrap();
    let _drawing = crate::drawing();
    device.seed(1);
    let network = NetworkConfig {
        stem_width: 8,
        stages: vec![8],
        blocks_per_stage: 1,
        ..NetworkConfig::default()
    };
    let network = network
        .init(
            NetworkShape::new(3, features.per_coin(), config.features.lookback_bars),
            &device,
        )
        .unwrap();
    let channels = features.channels();
    let matrix = Arc::new(normalizer.apply(features));
    let windows = Windows::new(matrix, channels, config.features.lookback_bars, &device);
    let scales = TargetScales::new(config, normalizer.target_scales(), panel);
    let mut outputs = forecast(&network, &windows, &[row], &mut |_| {}).unwrap();
    outputs
        .iter_mut()
        .enumerate()
        .for_each(|(coin, output)| *output *= scales.at(row, coin));
    (
        bits(&outputs),
        (0..3).map(|coin| eligibility.is(row, coin)).collect(),
    )
}
