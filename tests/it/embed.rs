//! What `embed` writes is the same wherever a window stands: offline and live.

use std::path::{Path, PathBuf};

use clap::Parser;
use dataset::{CandleTable, ForecastTable};
use market::{Interval, Market, Symbol};
use replay::{Exchange, ReplayConfig};
use storage::ParquetFile;

const MINUTE: i64 = 60_000;

/// Vectors by (time, symbol, seed), and whether the network has seen the time.
type Vectors = std::collections::BTreeMap<(i64, String, u32), (u32, Vec<u32>)>;

fn train(dir: &Path, set: &[&str]) -> (PathBuf, Vec<(Symbol, CandleTable)>) {
    let mut config = tests::tiny();
    let coins = tests::candles(&config);
    tests::store(&dir.join("data"), &mut config, &coins);
    std::fs::write(dir.join("tiny.toml"), tests::TINY).unwrap();
    let paths = ["tiny.toml", "run", "data"].map(|name| dir.join(name).display().to_string());
    let [config, run, data] = &paths;
    let data = format!("data.dir={data}");
    let mut arguments = vec![
        "train", "--device", "flex", "--config", config, "--run", run,
    ];
    for key in [&["data.source=store", "training.steps=8", &data], set].concat() {
        arguments.extend(["--set", key]);
    }
    let _drawing = crate::drawing();
    train::run(&train::Args::parse_from(arguments)).unwrap();
    (dir.join("run"), coins)
}

fn embed(run: &Path, out: &Path, extra: &[&str]) -> Vectors {
    let paths = [run, out].map(|path| path.display().to_string());
    let fixed = ["embed", &paths[0], "--out", &paths[1], "--device", "flex"];
    let arguments = fixed.into_iter().chain(extra.iter().copied());
    {
        let _drawing = crate::drawing();
        predict::EmbedArgs::parse_from(arguments).run().unwrap();
    }
    let mut vectors = Vectors::new();
    for file in std::fs::read_dir(out).unwrap() {
        let file = ParquetFile::open(&file.unwrap().path()).unwrap();
        let width = file
            .names()
            .filter(|name| name.starts_with("embedding_"))
            .count();
        assert_eq!(width, 16, "mean and last of the last stage's 8 channels");
        let columns: Vec<Vec<f64>> = (0..width)
            .map(|place| {
                file.numbers(&format!("embedding_{place}"))
                    .unwrap()
                    .unwrap()
            })
            .collect();
        let (times, seeds) = (file.times_ms("time").unwrap(), file.counts("seed").unwrap());
        let in_sample = file.counts("in_sample").unwrap();
        let (names, places) = file.texts("symbol").unwrap();
        for row in 0..file.rows() {
            let vector = columns.iter().map(|column| (column[row] as f32).to_bits());
            let name = names[places[row] as usize].clone();
            let value = (in_sample[row], vector.collect());
            vectors.insert((times[row], name, seeds[row]), value);
        }
    }
    vectors
}

#[test]
fn a_window_has_the_same_vector_offline_and_live() {
    let dir = tempfile::tempdir().unwrap();
    let (run, coins) = train(dir.path(), &["training.seeds=2"]);
    let offline = embed(&run, &dir.path().join("all"), &[]);
    // Every row that is scored has a vector of each network, out of sample in the last fold.
    let table = ForecastTable::read(&run.join("forecasts.parquet")).unwrap();
    assert!(table.len() > 1000);
    for row in table.rows() {
        for seed in [1, 2] {
            let key = (row.time_ms, row.symbol.to_string(), seed);
            let (in_sample, _) = &offline[&key];
            assert_eq!(*in_sample, u32::from(row.fold == 1), "{key:?}");
        }
    }
    let one = |seed: u32| {
        offline
            .iter()
            .find(|(key, _)| key.2 == seed)
            .unwrap()
            .1
            .1
            .clone()
    };
    assert_ne!(one(1), one(2), "two networks");

    let at_ms = table.rows().last().unwrap().time_ms;
    let still = ReplayConfig {
        start: Some((at_ms + MINUTE + 30_000).to_string()),
        speed: 0.0,
        ..ReplayConfig::default()
    };
    let exchange = Exchange::start(Market::Spot, Interval::ONE_MINUTE, coins, &still).unwrap();
    let url = exchange.url();
    let extra = ["--source", "binance", "--base-url", &url];
    let live = embed(&run, &dir.path().join("live"), &extra);
    assert!(live.len() >= 4, "coins of two networks");
    for (key, vector) in &live {
        assert_eq!(key.0, at_ms);
        assert_eq!(&offline[key], vector, "{key:?}");
    }

    // A span has the vectors of the whole.
    let from = dataset::format_time(at_ms - 9 * MINUTE);
    let span = embed(
        &run,
        &dir.path().join("span"),
        &["--from", &from, "--fold", "2"],
    );
    assert!(span.keys().all(|key| key.0 >= at_ms - 9 * MINUTE));
    assert!(
        span.iter()
            .all(|(key, vector)| offline.get(key) == Some(vector))
    );
}

/// A stack over all channels has one vector for all coins.
#[test]
fn a_stack_has_one_vector_a_window() {
    let dir = tempfile::tempdir().unwrap();
    let (run, _) = train(dir.path(), &["network.mixing=stacked"]);
    let vectors = embed(&run, &dir.path().join("all"), &[]);
    assert!(vectors.len() > 1000 && vectors.keys().all(|key| key.1 == "all"));
    let args = predict::EmbedArgs::parse_from(["embed", "nowhere"]);
    assert!(args.run().is_err());
}
