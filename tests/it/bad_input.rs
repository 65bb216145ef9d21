//! Odd coins: what appears or dies in mid-panel, never trades, has no market cap, or cannot be fitted.
//! Each is left out or stands back by itself, and no run and no score is lost.

use std::collections::BTreeSet;
use std::path::Path;

use clap::Parser;
use dataset::{CandleTable, Column, Config, Dataset, ForecastTable, Store};
use market::{Interval, Market, Symbol};
use run::{NamedTable, join};
use score::Options;

const DAY_MS: i64 = 86_400_000;
const DAYS: i64 = 420;
/// LATEUSDT is listed on this day.
const LISTED: i64 = 330;
/// DEADUSDT has its last candle on this day.
const LAST: i64 = 280;

/// A coin's candles: returns of up to 3 % whose size goes up and down, or only up.
fn candles(number: i64, days: std::ops::Range<i64>, is_growing: bool) -> CandleTable {
    let mut close: f64 = 100.0;
    let mut candle = |day: i64| {
        let size = if is_growing {
            0.0003 * (0.01 * day as f64).exp()
        } else {
            0.03 * (1.0 + 0.5 * (day as f64 / 10.0).sin())
        };
        let open = close;
        close *= (size * ((day * day * (number + 1)) as f64).sin()).exp();
        // One coin doubles early on and falls back, and nothing is as wild again.
        close *= match (number, day) {
            (1, 60) => 2.0,
            (1, 61) => 0.5,
            _ => 1.0,
        };
        let mut row = [f64::NAN; Column::ALL.len()];
        row[..5].copy_from_slice(&[
            open,
            open.max(close) * 1.01,
            open.min(close) * 0.99,
            close,
            7.0,
        ]);
        row[Column::MarketCap as usize] = 1e6 * close;
        (day * DAY_MS, row)
    };
    let all: CandleTable = (0..DAYS).map(&mut candle).collect();
    all.filter(|time| days.contains(&(time / DAY_MS)))
}

/// The candles with one value in a whole column.
fn with_column(candles: &CandleTable, column: Column, value: f64) -> CandleTable {
    let row = |index: usize| {
        let mut values = Column::ALL.map(|column| candles.value(column, index));
        values[column as usize] = value;
        (candles.open_time_ms[index], values)
    };
    (0..candles.len()).map(row).collect()
}

fn coins() -> Vec<(Symbol, CandleTable)> {
    let whole = |number| candles(number, 0..DAYS, false);
    [
        ("BTCUSDT", whole(0)),
        ("ETHUSDT", whole(1)),
        ("GROWUSDT", candles(2, 0..DAYS, true)),
        ("LATEUSDT", candles(3, LISTED..DAYS, false)),
        ("DEADUSDT", candles(4, 0..LAST + 1, false)),
        ("QUIETUSDT", with_column(&whole(5), Column::Volume, 0.0)),
        ("NOCAPUSDT", with_column(&whole(6), Column::MarketCap, 0.0)),
    ]
    .map(|(name, candles)| (Symbol::new(name).unwrap(), candles))
    .into()
}

fn stored(dir: &Path) {
    let day: Interval = "1d".parse().unwrap();
    let store = Store::new(dir, Market::Spot, day);
    for (symbol, candles) in coins() {
        store.append(&symbol, &candles, false).unwrap();
    }
}

/// Volatilities of all coins of the store, a week ahead.
fn volatilities(dir: &Path) -> Config {
    let mut config = Config::default();
    config.data.dir = dir.to_owned();
    config.data.interval = "1d".parse().unwrap();
    config.universe.symbols = Vec::new();
    config.features.set = "volatility".parse().unwrap();
    config.features.lookback_bars = 1;
    config.target.kind = "volatility".parse().unwrap();
    config.target.horizon = "7d".parse().unwrap();
    config.split.folds = Some(2);
    config.split.history_bars = 30;
    config
}

/// GARCH of all of them, with a class that is empty in every fold.
#[test]
fn odd_coins_cost_no_run_and_no_score() {
    let dir = tempfile::tempdir().unwrap();
    stored(&dir.path().join("data"));
    let run = dir.path().join("run");
    let mut arguments = vec!["volatility".to_owned()];
    arguments.extend(["--run".to_owned(), run.display().to_string()]);
    let dir_key = format!("data.dir={}", dir.path().join("data").display());
    for key in [
        dir_key.as_str(),
        "data.interval=1d",
        "data.fill_limit=0m",
        "universe.symbols=[]",
        "target.kind=volatility",
        "target.horizon=7d",
        "features.set=har_range",
        "features.lookback_bars=1",
        "split.folds=2",
        "split.history_bars=30",
        "split.early_stopping_share=0",
        "volatility.model=garch",
        "regime.edges=pooled",
        "regime.quantiles=[0.5, 0.99999]",
    ] {
        arguments.extend(["--set".to_owned(), key.to_owned()]);
    }
    volatility::run(&volatility::Args::parse_from(arguments)).unwrap();

    let table = ForecastTable::read(&run.join("forecasts.parquet")).unwrap();
    let part = &table.parts()[0];
    for row in table.rows() {
        assert!(row.forecast.is_finite() && row.realized.is_finite());
        let day = row.time_ms / DAY_MS;
        let is_alive = match row.symbol.as_str() {
            "LATEUSDT" => day >= LISTED + 30,
            "DEADUSDT" => day <= LAST - 7,
            _ => true,
        };
        assert!(is_alive, "{} on day {day}", row.symbol);
    }
    for (name, values) in &part.outputs {
        assert!(values.iter().all(|value| value.is_finite()), "{name}");
    }
    let scored: BTreeSet<&str> = table.rows().map(|row| row.symbol.as_str()).collect();
    for name in ["LATEUSDT", "DEADUSDT", "QUIETUSDT", "NOCAPUSDT", "GROWUSDT"] {
        assert!(scored.contains(name), "{name} is not scored");
    }

    // Those without a fit of their own are counted, by the reason.
    let model = std::fs::read_to_string(run.join("volatility.json")).unwrap();
    for reason in ["with fewer than 100 returns", "alpha + beta is 1"] {
        assert!(
            model.contains(&format!("\"{reason}\": 1")),
            "{reason}: {model}"
        );
    }

    let named = NamedTable {
        name: "garch",
        run: Some("run"),
        table: &table,
    };
    let joined = join(&[named]).unwrap();
    let report = score::score(&joined.rows, &joined.forecasters, &Options::default()).unwrap();
    let own = &report.forecasters[0];
    for metric in ["qlike", "accuracy", "log_loss", "brier"] {
        let value = own.value(metric);
        assert!(value.is_some_and(f64::is_finite), "{metric}: {value:?}");
    }
    // Nobody can say how much is found of a class that never came.
    let level = own.level.as_ref().unwrap();
    let classes = &level.regimes.as_ref().unwrap().classes;
    let high = classes.iter().find(|class| class.name == "High").unwrap();
    assert_eq!((high.rows, high.recall), (0, None));
}

/// A coin whose market cap is 0 or missing has no features that need it, and the others have theirs.
#[test]
fn a_market_cap_of_0_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    stored(dir.path());
    let mut config = volatilities(dir.path());
    config.features.with = vec!["market_cap".to_owned()];
    let dataset = Dataset::load(&config).unwrap();
    let features = dataset.features();
    let names = config.chosen_features().names();
    let place = |name: &str| names.iter().position(|known| *known == name).unwrap();
    let row = 250;
    let coin = |name: &str| {
        let mut symbols = dataset.panel.symbols().iter();
        symbols.position(|symbol| symbol.as_str() == name).unwrap()
    };
    let of = |name: &str, feature: &str| features.cell(row, coin(name))[place(feature)];
    for feature in ["market_cap", "market_cap_rank", "turnover_to_cap_7"] {
        assert!(of("NOCAPUSDT", feature).is_nan(), "{feature}");
        assert!(of("BTCUSDT", feature).is_finite(), "{feature}");
    }
    assert!(!dataset.eligibility.is(row, coin("NOCAPUSDT")));
    assert!(dataset.eligibility.is(row, coin("BTCUSDT")));
    // Volume x close / market cap is 7 / 10^6 on every day, by `candles`.
    let share = 7.0e-6;
    for feature in ["turnover_to_cap", "turnover_to_cap_7", "turnover_to_cap_30"] {
        let found = f64::from(of("BTCUSDT", feature));
        assert!((found / share - 1.0).abs() < 1e-6, "{feature} is {found}");
    }
    assert_eq!(of("QUIETUSDT", "turnover_to_cap"), 0.0);
    // Ranks are among the coins whose market cap is known: from 0 to 1.
    let ranks: Vec<f32> = (0..dataset.panel.coins())
        .map(|coin| features.cell(row, coin)[place("market_cap_rank")])
        .filter(|rank| !rank.is_nan())
        .collect();
    assert_eq!(
        ranks.len(),
        5,
        "LATE is not listed yet, NOCAP has none: {ranks:?}"
    );
    assert!(ranks.contains(&0.0) && ranks.contains(&1.0), "{ranks:?}");
}

/// Without the column there is an error that names it, before anything is computed.
#[test]
fn a_group_without_its_column_is_refused() {
    let mut config = tests::tiny();
    config.features.set = "volatility".parse().unwrap();
    config.features.with = vec!["supply".to_owned()];
    let error = Dataset::load(&config).unwrap_err().to_string();
    assert!(error.ends_with("have no circulating_supply"), "{error}");
    config.features.with = vec!["cap".to_owned()];
    let error = Dataset::load(&config).unwrap_err().to_string();
    assert!(
        error
            .contains("features.with = cap: expected each once, of volatility: market_cap, supply"),
        "{error}"
    );
}

/// The earlier pipeline sorted rows by coin and cut folds by row, which splits coins and not time. Here
/// every training row of every coin, with the reach of its target, lies before every scored row.
#[test]
fn folds_cut_time_and_not_coins() {
    let dir = tempfile::tempdir().unwrap();
    stored(dir.path());
    let dataset = Dataset::load(&volatilities(dir.path())).unwrap();
    let reach = dataset.config.purge_bars();
    assert_eq!(reach, 7);
    for fold in &dataset.plan.folds {
        let rows = |rows: &std::ops::Range<usize>| -> Vec<(usize, usize)> {
            dataset.usable_cells(rows.clone()).collect()
        };
        let (train, score) = (rows(&fold.train), rows(&fold.score));
        let last = train.iter().map(|(row, _)| row + reach).max().unwrap();
        let first = score.iter().map(|(row, _)| *row).min().unwrap();
        assert!(last < first, "{last} {first}");
        let coins = |cells: &[(usize, usize)]| -> BTreeSet<usize> {
            cells.iter().map(|(_, coin)| *coin).collect()
        };
        assert!(coins(&train).intersection(&coins(&score)).count() >= 5);
    }
}

#[test]
fn a_ranking_that_reaches_into_scored_time_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    stored(dir.path());
    let mut config = volatilities(dir.path());
    config.universe.quote = Some("USDT".to_owned());
    config.universe.top = Some(3);
    let dataset = Dataset::load(&config).unwrap();
    // In the first 90 days LATEUSDT has no candle, and QUIETUSDT no volume.
    let left_out: Vec<&str> = (dataset.left_out.iter())
        .map(|one| one.symbol.as_str())
        .collect();
    assert!(
        left_out.contains(&"LATEUSDT") && left_out.contains(&"QUIETUSDT"),
        "{left_out:?}"
    );
    assert_eq!(dataset.panel.coins(), 3);
    // What a run keeps names the coins, and no rule: it is the same however the store grows.
    assert_eq!(dataset.config.universe.symbols.len(), 3);
    assert_eq!(dataset.config.universe.quote, None);
    dataset.config.validate().unwrap();

    config.universe.ranked_over = "300d".parse().unwrap();
    let error = Dataset::load(&config).unwrap_err().to_string();
    assert!(
        error.starts_with(
            "universe.ranked_over = 300d: expected a time that ends before the first scored row"
        ),
        "{error}"
    );
}

/// A coin that is called another name is one coin, and a fork is a price move.
#[test]
fn symbols_are_read_as_their_file_says() {
    let dir = tempfile::tempdir().unwrap();
    stored(dir.path());
    let path = dir.path().join("symbols.toml");
    // DEADUSDT is QUIETUSDT from day 150 on; what it has itself from then on is not read.
    let text = "[[event]]\nsymbol = \"QUIETUSDT\"\nkind = \"rebrand\"\nfrom = \"DEADUSDT\"\ndate = \"1970-05-31\"\n\
                [[event]]\nsymbol = \"BTCUSDT\"\nkind = \"delisting\"\ndate = \"1970-10-28\"\n\
                [[event]]\nsymbol = \"ETHUSDT\"\nkind = \"redenomination\"\ndate = \"1970-05-31\"\nfactor = 10\n";
    std::fs::write(&path, text).unwrap();
    let mut config = volatilities(dir.path());
    let before = Dataset::load(&config).unwrap();
    config.data.symbols_file = Some(path);
    let after = Dataset::load(&config).unwrap();
    let coin = |dataset: &Dataset, name: &str| {
        let mut symbols = dataset.panel.symbols().iter();
        symbols.position(|symbol| symbol.as_str() == name)
    };
    assert_eq!(
        coin(&after, "DEADUSDT"),
        None,
        "it is no coin of its own any more"
    );
    let close = |dataset: &Dataset, name: &str, row: usize| {
        let coin = coin(dataset, name).unwrap();
        dataset.panel.value(Column::Close, row, coin)
    };
    assert_eq!(
        close(&after, "QUIETUSDT", 149),
        close(&before, "DEADUSDT", 149)
    );
    assert_eq!(
        close(&after, "QUIETUSDT", 150),
        close(&before, "QUIETUSDT", 150)
    );
    assert_eq!(
        close(&after, "ETHUSDT", 149),
        close(&before, "ETHUSDT", 149)
    );
    assert_eq!(
        close(&after, "ETHUSDT", 150),
        10.0 * close(&before, "ETHUSDT", 150)
    );
    let bitcoin = coin(&after, "BTCUSDT").unwrap();
    assert!(after.panel.is_observed(299, bitcoin) && !after.panel.is_observed(300, bitcoin));
}
