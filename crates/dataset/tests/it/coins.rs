//! Coins that stop: settled ones are not scored, delisted ones are trained on as long as they
//! trade.

use dataset::{CandleTable, Column, Config, Dataset, Store, target_std};
use market::Symbol;

const MINUTE: i64 = 60_000;
const DAY: i64 = 1440;

/// Close and volume of coin `coin` at a minute, moving without end.
fn moving(minute: i64, coin: i64) -> (f64, f64) {
    (100.0 + ((minute * (7 + 5 * coin)) % 13) as f64, 5.0)
}

/// A store of six days: two coins that trade throughout, and `DEADUSDT` as `dead` has it.
fn dataset(
    dir: &std::path::Path,
    score_settled: bool,
    dead: impl Fn(i64) -> Option<(f64, f64)>,
) -> Dataset {
    let mut config = Config::default();
    config.data.dir = dir.to_owned();
    config.universe.symbols = ["AUSDT", "BUSDT", "DEADUSDT"]
        .map(|name| Symbol::new(name).unwrap())
        .to_vec();
    config.universe.score_settled = score_settled;
    config.features.set = "closes12".parse().unwrap();
    config.features.lookback_bars = 60;
    config.split.folds = Some(2);
    let store = Store::new(dir, config.data.market, config.data.interval);
    for (coin, symbol) in config.universe.symbols.iter().enumerate() {
        let mut table = CandleTable::default();
        for minute in 0..6 * DAY {
            let found = if coin == 2 {
                dead(minute)
            } else {
                Some(moving(minute, coin as i64))
            };
            if let Some((close, volume)) = found {
                let mut row = [f64::NAN; Column::ALL.len()];
                row[Column::Close as usize] = close;
                row[Column::Volume as usize] = volume;
                table.push_row(minute * MINUTE, row);
            }
        }
        store.append(symbol, &table, true).unwrap();
    }
    Dataset::load(&config).unwrap()
}

#[test]
fn a_settled_coin_is_scored_only_when_asked() {
    let dir = tempfile::tempdir().unwrap();
    // The last fold is days 4 and 5: the coin rests from the end of day 2.
    let dead = |minute: i64| {
        Some(if minute < 3 * DAY {
            moving(minute, 2)
        } else {
            (100.0, 0.0)
        })
    };
    for (score_settled, expected) in [(false, 0), (true, 1)] {
        let dataset = dataset(dir.path(), score_settled, dead);
        let fold = dataset.plan.folds.last().unwrap();
        let std = target_std(&dataset.targets, fold.train.clone());
        let set = dataset.scored_windows(fold.score.clone(), &std);
        let scored = set
            .counts
            .iter()
            .skip(2)
            .step_by(3)
            .filter(|&&counts| counts)
            .count();
        let all = set
            .counts
            .iter()
            .step_by(3)
            .filter(|&&counts| counts)
            .count();
        assert_eq!(scored, expected * all, "DEADUSDT of {all} rows");
        assert_eq!(set.dropped.settled, (1 - expected) * all);
        assert_eq!(
            set.dropped.to_string().contains("of settled coins"),
            !score_settled,
            "{}",
            set.dropped
        );
    }
}

#[test]
fn a_delisted_coin_trains_until_it_goes() {
    let dir = tempfile::tempdir().unwrap();
    let dataset = dataset(dir.path(), false, |minute| {
        (minute < 3 * DAY).then(|| moving(minute, 2))
    });
    let fold = dataset.plan.folds.last().unwrap();
    let std = target_std(&dataset.targets, fold.train.clone());
    assert!(std[2].is_some());
    let trained = dataset.trained_windows(&dataset.targets, fold.train.clone(), 1, &std);
    let rows: Vec<usize> = (0..trained.len())
        .filter(|place| trained.counts[place * 3 + 2])
        .map(|place| trained.ends[place])
        .collect();
    // Its last target ends with its last candle.
    let last = 3 * DAY as usize - 1 - 15;
    assert_eq!(rows.last(), Some(&last));
    assert!(rows.len() > last - 200, "{} rows", rows.len());
    let score = dataset.scored_windows(fold.score.clone(), &std);
    assert!(score.counts.iter().skip(2).step_by(3).all(|counts| !counts));
    assert_eq!(
        (score.dropped.unknown_coin, score.dropped.settled),
        (0, 0),
        "{}",
        score.dropped
    );
}
