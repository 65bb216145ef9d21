//! Indicators of daily candles, where their file is there.

use dataset::{Column, Features, Panel, Scheme, SplitConfig, TargetConfig, TimeSpan};
use market::Interval;

/// Every coin that has a candle of its own at t, and candles for the whole warm-up before it, has
/// all features.
#[test]
fn indicators_of_daily_candles() {
    let Some(path) = tests::shared_data("daily203-spot-1d-2021-2022.parquet") else {
        return;
    };
    let coins = crate::panel20::read(&path);
    let times = || {
        coins
            .iter()
            .flat_map(|(_, candles)| candles.open_time_ms.iter().copied())
    };
    let day: Interval = "1d".parse().unwrap();
    let range = (times().min().unwrap(), times().max().unwrap() + day.ms());
    let panel = Panel::build(&coins, day, range, 0, &Column::ALL);
    let chosen = Features::all("indicators50".parse().unwrap());
    let features = chosen.compute(&panel, 0..panel.rows());
    let names = chosen.names();
    let place = |name: &str| names.iter().position(|other| *other == name).unwrap();

    let mut complete = 0;
    for coin in 0..panel.coins() {
        let mut run = 0;
        for row in 0..panel.rows() {
            run = if panel.is_observed(row, coin) {
                run + 1
            } else {
                0
            };
            if run < chosen.warm_up_bars() {
                continue;
            }
            complete += 1;
            let cell = features.cell(row, coin);
            for (name, value) in names.iter().zip(cell) {
                assert!(
                    value.is_finite(),
                    "{} {name} at row {row}: {value}",
                    panel.symbols()[coin]
                );
            }
            // 1970-01-01 was a Thursday.
            assert_eq!(
                i64::from(cell[place("day_of_week")] as i32),
                (panel.time_ms(row) / 86_400_000 + 3) % 7
            );
            assert!((0.0..=100.0).contains(&cell[place("rsi_14")]));
        }
    }
    assert!(
        complete > 50_000,
        "{complete} of {} cells",
        panel.rows() * panel.coins()
    );

    let target = TargetConfig {
        kind: "bar".parse().unwrap(),
        horizon: TimeSpan::hours(24),
        ..TargetConfig::default()
    };
    let split = SplitConfig {
        scheme: Scheme::Rolling,
        folds: None,
        train: Some(TimeSpan::hours(200 * 24)),
        test: Some(TimeSpan::hours(30 * 24)),
        history_bars: chosen.warm_up_bars(),
        ..SplitConfig::default()
    };
    let folds = split
        .plan(
            &panel,
            &target.compute(&panel),
            target.reach_bars(panel.interval()),
        )
        .unwrap()
        .folds;
    assert!(
        folds.len() >= 5 && folds.iter().all(|fold| fold.score.len() == 30),
        "{folds:?}"
    );
}
