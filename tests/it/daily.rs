//! Indicators of daily candles, where their file is there.

use dataset::{Config, Dataset, FeatureSet, Scheme, TargetKind};

/// Every coin that has a candle of its own at t, and candles for the whole warm-up before it, has all features.
#[test]
fn indicators_of_daily_candles() {
    let Some(path) = tests::shared_data("daily203-spot-1d-2021-2022.parquet") else { return };
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::default();
    config.data.interval = "1d".parse().unwrap();
    crate::panel20::import(&path, dir.path(), config.data.interval);
    config.data.dir = dir.path().to_owned();
    config.universe.symbols = Vec::new();
    config.features.set = FeatureSet::Indicators50;
    config.features.lookback_bars = 1;
    config.target.kind = TargetKind::Bar;
    config.target.horizon_bars = 1;
    config.split.scheme = Scheme::Rolling;
    (config.split.folds, config.split.train_bars, config.split.test_bars, config.split.history_bars) =
        (0, 200, 30, 240);
    let dataset = Dataset::load(&config).unwrap();
    let (panel, features) = (&dataset.panel, dataset.features());
    let names = config.features.chosen().names();
    let place = |name: &str| names.iter().position(|other| *other == name).unwrap();

    let mut complete = 0;
    for coin in 0..panel.coins() {
        let mut run = 0;
        for row in 0..panel.rows() {
            run = if panel.is_observed(row, coin) { run + 1 } else { 0 };
            if run < config.features.chosen().warm_up_bars() {
                continue;
            }
            complete += 1;
            let cell = features.cell(row, coin);
            for (name, value) in names.iter().zip(cell) {
                assert!(value.is_finite(), "{} {name} at row {row}: {value}", panel.symbols()[coin]);
            }
            // 1970-01-01 was a Thursday.
            assert_eq!(i64::from(cell[place("day_of_week")] as i32), (panel.time_ms(row) / 86_400_000 + 3) % 7);
            assert!((0.0..=100.0).contains(&cell[place("rsi_14")]));
        }
    }
    assert!(complete > 50_000, "{complete} of {} cells", panel.rows() * panel.coins());
    assert!(dataset.plan.folds.iter().all(|fold| fold.score.len() == 30));
    assert!(dataset.plan.folds.len() >= 5, "{:?}", dataset.plan.folds);
}
