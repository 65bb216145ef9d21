//! A panel that is read month by month, and whose arrays lie in files, has the bits of one in memory.

use std::fs;

use dataset::{Column, Config, Dataset, Panel, Scratch, TargetKind};

use crate::panels::Coins;

/// Three coins of one-minute candles around the end of a month; the second has none in the last and
/// first minutes of the months, the third begins in the second month.
fn stored(dir: &std::path::Path) -> (Config, Coins) {
    let mut config = tests::tiny();
    let month_ms = dataset::parse_time("2021-06-01").unwrap();
    config.data.simulated.start_ms = month_ms - 1000 * 60_000;
    let mut coins = tests::candles(&config);
    let is_hole = |time: i64| (month_ms - 4 * 60_000..month_ms + 4 * 60_000).contains(&time);
    coins[1].1 = coins[1].1.filter(|time| !is_hole(time));
    coins[2].1 = coins[2].1.filter(|time| time > month_ms + 300 * 60_000);
    tests::store(dir, &mut config, &coins);
    (config, coins)
}

fn whole(config: &Config, coins: &Coins) -> Panel {
    let times = || coins.iter().flat_map(|(_, candles)| &candles.open_time_ms);
    let end_ms = times().max().unwrap() + config.data.interval.ms();
    Panel::build(
        coins,
        config.data.interval,
        (*times().min().unwrap(), end_ms),
        config.data.fill_limit_bars(),
        &config.columns(),
    )
}

#[test]
fn a_panel_read_by_months_is_that_of_all_candles_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let (mut config, mut coins) = stored(dir.path());
    let panel = Dataset::load(&config).unwrap().panel;
    assert_eq!(panel.digest(), whole(&config, &coins).digest());
    let month = panel.row_of(dataset::parse_time("2021-06-01").unwrap());
    let month = month.unwrap();
    assert!(!panel.is_observed(month + 1, 1));
    let closes = [month - 5, month + 1].map(|row| panel.value(Column::Close, row, 1));
    assert_eq!(closes[0], closes[1], "carried over the end of the month");
    // Bars of five minutes out of those of one; a part of the times alone.
    config.data.resample_from = Some(config.data.interval);
    config.data.interval = "5m".parse().unwrap();
    config.data.from = Some("2021-05-31T12:03".to_owned());
    config.data.until = Some("2021-06-02T01:02".to_owned());
    let (from_ms, until_ms) = config.range_ms().unwrap();
    for (_, candles) in &mut coins {
        *candles = candles
            .filter(|time| from_ms <= time && time < until_ms)
            .resampled("1m".parse().unwrap(), config.data.interval);
    }
    let panel = Dataset::load(&config).unwrap().panel;
    assert_eq!(panel.digest(), whole(&config, &coins).digest());
}

/// Everything that has a number for each row and coin, by its bits.
fn bits(dataset: &Dataset) -> Vec<u64> {
    let fold = &dataset.plan.folds[1];
    let features = dataset.features();
    let normalizer = dataset.fit_normalizer(&features, fold, "run").unwrap();
    let matrix = normalizer.apply(features);
    let (targets, scales) = (
        dataset.fitted_targets(fold),
        dataset.target_scales(&normalizer),
    );
    let windows =
        dataset.trained_windows(&targets, fold.train.clone(), 1, &normalizer.target_std());
    let cells = (0..dataset.panel.rows())
        .flat_map(|row| (0..dataset.panel.coins()).map(move |coin| (row, coin)));
    let of_cell = |(row, coin)| {
        [
            targets.value(row, coin).to_bits(),
            u64::from(scales.at(row, coin).to_bits()),
        ]
    };
    matrix
        .iter()
        .map(|value| u64::from(value.to_bits()))
        .chain(cells.flat_map(of_cell))
        .chain(windows.counts.iter().map(|&counts| u64::from(counts)))
        .collect()
}

#[test]
fn arrays_in_files_have_the_bits_of_those_in_memory() {
    let dir = tempfile::tempdir().unwrap();
    let (stored, _) = stored(&dir.path().join("store"));
    let folder = dir.path().join("scratch");
    let scratch = Scratch::in_folder(folder.clone()).unwrap();
    let mut shuffled = stored.clone();
    shuffled.target.shuffle_seed = Some(1);
    shuffled.target.entry = dataset::Entry::NextClose;
    let mut bars = stored.clone();
    bars.target.kind = "bar".parse::<TargetKind>().unwrap();
    for config in [stored, shuffled, bars, tests::tiny()] {
        let (memory, files) = (
            Dataset::load(&config).unwrap(),
            Dataset::load_in(&config, &scratch).unwrap(),
        );
        assert_eq!(files.panel.scratch().folder(), Some(folder.as_path()));
        assert_eq!(memory.panel.digest(), files.panel.digest());
        let found = bits(&files);
        assert!(found.len() > 10 * files.panel.rows() * files.panel.coins());
        assert!(bits(&memory) == found, "{:?}", config.target);
        let left = fs::read_dir(&folder).unwrap().count();
        assert_eq!(left, 0, "files have no name even while they are used");
    }
}

#[test]
fn a_scratch_folder_that_cannot_be_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Scratch::in_folder(file.join("scratch")).unwrap_err();
    assert!(error.to_string().contains("file"), "{error}");
}
