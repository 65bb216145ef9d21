//! Groups of features, gaps and bars in which nothing happens.

use dataset::{CandleTable, Column, Config, FeatureConfig, FeatureSet, Features, Panel};
use market::{Interval, Symbol};

use crate::told;

/// The sets whose features can be chosen by groups.
fn sets() -> [FeatureSet; 2] {
    ["indicators", "indicators50"].map(|name| name.parse().unwrap())
}

fn config(set: FeatureSet, groups: &[&str]) -> Config {
    let groups = groups.iter().map(|&group| group.to_owned()).collect();
    Config {
        features: FeatureConfig {
            set,
            groups,
            ..FeatureConfig::default()
        },
        ..Config::default()
    }
}

/// A coin whose prices move, with candles at the minutes that `has` names.
fn panel(rows: i64, has: impl Fn(i64) -> bool, is_flat: bool, fill_limit_bars: usize) -> Panel {
    let mut candles = CandleTable::default();
    for minute in (0..rows).filter(|&minute| has(minute)) {
        let (open, close) = if is_flat {
            (5.0, 5.0)
        } else {
            (5.0 + (minute % 7) as f64, 5.0 + (minute % 11) as f64)
        };
        let mut row = [f64::NAN; Column::ALL.len()];
        let spread = if is_flat { 0.0 } else { 1.0 };
        row[..4].copy_from_slice(&[
            open,
            open.max(close) + spread,
            open.min(close) - spread,
            close,
        ]);
        row[Column::Volume as usize] = if is_flat {
            0.0
        } else {
            1.0 + (minute % 13) as f64
        };
        candles.push_row(minute * 60_000, row);
    }
    let coins = [(Symbol::new("AUSDT").unwrap(), candles)];
    Panel::build(
        &coins,
        Interval::ONE_MINUTE,
        (0, rows * 60_000),
        fill_limit_bars,
        &Column::ALL,
    )
}

#[test]
fn groups_choose_features_in_the_order_of_the_set() {
    let chosen = config("indicators".parse().unwrap(), &["natr", "bop", "stoch"])
        .features
        .chosen(market::Interval::ONE_MINUTE);
    assert_eq!(chosen.names(), ["bop", "stoch_k", "stoch_d", "natr"]);
    assert_eq!((chosen.len(), chosen.warm_up_bars()), (4, 240));
    let chosen = config("indicators".parse().unwrap(), &["returns", "bop"])
        .features
        .chosen(market::Interval::ONE_MINUTE);
    assert_eq!((chosen.len(), chosen.warm_up_bars()), (11, 10));
    assert_eq!(
        config("indicators".parse().unwrap(), &[])
            .features
            .chosen(market::Interval::ONE_MINUTE)
            .len(),
        19
    );
    assert_eq!(
        config("indicators50".parse().unwrap(), &[])
            .features
            .chosen(market::Interval::ONE_MINUTE)
            .len(),
        54
    );
}

#[test]
fn a_chosen_group_has_the_bits_that_it_has_among_all() {
    let panel = panel(400, |_| true, false, 60);
    let all = Features::all("indicators50".parse().unwrap());
    let whole = all.compute(&panel, 0..400);
    let chosen = config(
        "indicators50".parse().unwrap(),
        &["averages", "macd", "volume"],
    )
    .features
    .chosen(market::Interval::ONE_MINUTE);
    let part = chosen.compute(&panel, 0..400);
    for (place, name) in chosen.names().iter().enumerate() {
        let place_in_all = all.names().iter().position(|other| other == name).unwrap();
        for row in 239..400 {
            assert_eq!(
                part.cell(row, 0)[place].to_bits(),
                whole.cell(row, 0)[place_in_all].to_bits(),
                "{name} {row}"
            );
        }
    }
}

#[test]
fn wrong_groups_are_refused_with_the_list() {
    let error = |set, groups: &[&str]| told(&config(set, groups).validate().unwrap_err());
    let errors = [
        error("indicators".parse().unwrap(), &["bop", "boop"]),
        error("indicators".parse().unwrap(), &["bop", "bop"]),
        error("ohlcv8".parse().unwrap(), &["bop"]),
    ];
    insta::assert_snapshot!(errors.join("\n"), @r"
    features.groups = boop: expected each once, of indicators: returns, bop, cci, mfi, rsi, stochrsi, stoch, natr
    hint: change it in the config file or with --set features.groups=VALUE
    features.groups = bop: expected each once, of indicators: returns, bop, cci, mfi, rsi, stochrsi, stoch, natr
    hint: change it in the config file or with --set features.groups=VALUE
    features.groups = bop: expected [], as ohlcv8 has no groups
    hint: change it in the config file or with --set features.groups=VALUE
    ");
    assert!(
        config("indicators50".parse().unwrap(), &["calendar"])
            .validate()
            .is_ok()
    );
}

#[test]
fn a_filled_bar_is_a_bar_without_trades_and_a_hole_makes_its_rows_unknown() {
    let is_hole = |minute: i64| (300..310).contains(&minute);
    for set in sets() {
        let features = Features::all(set);
        let is_known = |panel: &Panel| -> Vec<bool> {
            let matrix = features.compute(panel, 0..900);
            (0..900)
                .map(|row| matrix.cell(row, 0).iter().all(|value| !value.is_nan()))
                .collect()
        };
        let filled = is_known(&panel(900, |minute| !is_hole(minute), false, 60));
        assert_eq!(
            filled,
            (0..900).map(|row| row >= 239).collect::<Vec<_>>(),
            "{set}: filled bars hide nothing"
        );
        let holed = is_known(&panel(900, |minute| !is_hole(minute), false, 0));
        let expected = |row: usize| (239..300).contains(&row) || row >= 310 + 239;
        assert_eq!(
            holed,
            (0..900).map(expected).collect::<Vec<_>>(),
            "{set}: no indicator looks across a hole"
        );
    }
}

#[test]
fn bars_in_which_nothing_happens_have_all_features() {
    let panel = panel(300, |_| true, true, 60);
    for set in sets() {
        let features = Features::all(set);
        let matrix = features.compute(&panel, 0..300);
        for (name, value) in features.names().iter().zip(matrix.cell(299, 0)) {
            assert!(value.is_finite(), "{set}: {name} is {value}");
        }
    }
}
