//! Bad input: a message that names the thing, what was found, what was expected and the way out.

use std::fs;

use dataset::{CandleTable, Column, Store};
use market::{Interval, Market, Symbol};

#[test]
fn bad_input_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    fs::write(path("tiny.toml"), tests::TINY).unwrap();
    fs::write(path("unknown-key.toml"), "[target]\nhorizn = \"15m\"\n").unwrap();
    fs::write(
        path("unknown-section.toml"),
        "[tarjet]\nhorizon = \"15m\"\n",
    )
    .unwrap();
    fs::write(path("wrong-type.toml"), "[target]\nhorizon = \"long\"\n").unwrap();
    fs::write(path("old-key.toml"), "[target]\nhorizon_bars = 15\n").unwrap();
    fs::write(path("no-toml.toml"), "horizon: 15m\n").unwrap();
    let closes = Store::new(&path("closes"), Market::Spot, Interval::ONE_MINUTE);
    let broken = Store::new(&path("broken"), Market::Spot, Interval::ONE_MINUTE);
    for name in ["AUSDT", "BUSDT"] {
        let mut candles = CandleTable::default();
        for minute in 0..50 {
            let mut row = [f64::NAN; Column::ALL.len()];
            row[Column::Close as usize] = 1.0 + minute as f64;
            candles.push_row(minute * 60_000, row);
        }
        for store in [&closes, &broken] {
            store
                .append(&Symbol::new(name).unwrap(), &candles, false)
                .unwrap();
        }
    }
    fs::write(
        path("broken/candles/spot/1m/BUSDT/1970-01.parquet"),
        b"PAR1 but not really",
    )
    .unwrap();

    let mut said = tests::Transcript::new(env!("CARGO_BIN_EXE_train"), dir.path());
    said.refused("no such config", &["--config", "none.toml"]);
    said.refused("no TOML", &["--config", "no-toml.toml"]);
    said.refused("unknown key", &["--config", "unknown-key.toml"]);
    said.refused("unknown section", &["--config", "unknown-section.toml"]);
    said.refused("wrong type", &["--config", "wrong-type.toml"]);
    said.refused("a key of an older version", &["--config", "old-key.toml"]);
    let old = ["--set", "data.interval=5m", "--set", "split.train_bars=288"];
    said.refused("an override of an older version", &old);
    said.refused("0 for nothing", &["--set", "training.steps=0"]);
    said.refused("override without a value", &["--set", "target.horizon"]);
    said.refused("horizon 0", &["--set", "target.horizon=0m"]);
    said.refused("horizon without a unit", &["--set", "target.horizon=15"]);
    said.refused(
        "half a bar",
        &["--set", "data.interval=5m", "--set", "target.horizon=7m"],
    );
    said.refused(
        "a part of one coin alone",
        &[
            "--set",
            "universe.symbols=[\"BTCUSDT\"]",
            "--set",
            "target.fit=parts",
        ],
    );
    said.refused(
        "a coin twice",
        &["--set", "universe.symbols=[\"BTCUSDT\", \"BTCUSDT\"]"],
    );
    said.refused(
        "no symbol",
        &["--set", "universe.symbols=[\"btc/usdt\", \"ETHUSDT\"]"],
    );
    for key in [
        "network.head_width=1099511627776",
        "network.blocks_per_stage=4096",
        "network.stages=[4096, 4096, 4096, 4096, 4096, 4096]",
        "training.seeds=1000000000",
        "training.steps=9000000000000000000",
        "training.stop_windows=9000000000000000000",
        "target.horizon=9000000000000000000m",
        "split.folds=1000000000",
        "split.embargo=36525d",
        "data.fill_limit=36000d",
    ] {
        said.refused("an absurd number", &["--set", key]);
    }
    said.refused("even kernel", &["--set", "network.kernel=4"]);
    said.refused("no such encoder", &["--set", "network.encoder=rnn"]);
    let lstm = ["--set", "network.encoder=lstm", "--set"];
    said.refused(
        "no layers",
        &[&lstm[..], &["network.lstm.layers=0"]].concat(),
    );
    said.refused(
        "unknown key of an encoder",
        &[&lstm[..], &["network.lstm.depth=2"]].concat(),
    );
    said.refused(
        "everything dropped",
        &[&lstm[..], &["network.dropout=1.0"]].concat(),
    );
    said.refused(
        "kernel 0",
        &[
            "--set",
            "network.encoder=tcn",
            "--set",
            "network.tcn.kernel=0",
        ],
    );
    let of_parts = [
        "--set",
        "training.loss=gaussian",
        "--set",
        "target.fit=parts",
    ];
    said.refused("a loss of no parts", &of_parts);
    said.refused("QLIKE of returns", &["--set", "training.loss=qlike"]);
    said.refused("a scale of no loss", &["--set", "network.log_scale=true"]);
    said.refused(
        "a skip that is off",
        &["--set", "network.linear_skip_bars=1"],
    );
    said.refused("blocks of returns", &["--set", "training.residuals=blocks"]);
    said.refused("learning rate 0", &["--set", "optimizer.learning_rate=0"]);
    said.refused("share above 1", &["--set", "features.max_filled_share=1.5"]);
    said.refused("no such device", &["--device", "tpu"]);
    said.refused("empty store", &[]);
    said.refused("all of an empty store", &["--set", "universe.symbols=[]"]);
    let closes = [
        "--set",
        "data.dir=closes",
        "--set",
        "universe.symbols=[]",
        "--set",
    ];
    said.refused(
        "missing columns",
        &[&closes[..], &["features.set=kline8"]].concat(),
    );
    said.refused(
        "too little time",
        &[&closes[..], &["features.set=close6"]].concat(),
    );
    let provided = ["features.set=close6", "--set", "target.kind=provided"];
    said.refused("no provided target", &[&closes[..], &provided].concat());
    let range = ["data.from=2021-01-01", "--set", "features.set=close6"];
    said.refused(
        "a coin without candles in the range",
        &[&closes[..], &range].concat(),
    );
    said.refused(
        "range backwards",
        &[
            "--set",
            "data.from=2021-01-02",
            "--set",
            "data.until=2021-01-01",
        ],
    );
    let broken = [
        "--set",
        "data.dir=broken",
        "--set",
        "universe.symbols=[]",
        "--set",
        "features.set=close6",
    ];
    said.refused("corrupt Parquet", &broken);
    let tiny = ["--config", "tiny.toml", "--device", "flex", "--run", "run"];
    said.refused("fold out of range", &[&tiny[..], &["--fold", "9"]].concat());
    said.refused("seed out of range", &[&tiny[..], &["--seed", "2"]].concat());
    said.refused("nothing to resume", &["--resume", "--run", "nowhere"]);
    said.refused("nothing to gather", &[&tiny[..], &["--gather"]].concat());
    fs::create_dir(path("run")).unwrap();
    fs::write(path("run/run.toml"), "[run]\n[target]\nhorizon_bars = 30\n").unwrap();
    said.refused("begun with another config", &tiny);
    insta::assert_snapshot!("errors", said.text);
}

#[test]
fn panels_that_cannot_be_learnt_from_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, panels: &str| {
        let text = format!("{}{panels}", tests::TINY);
        fs::write(dir.path().join(name), text).unwrap();
    };
    write("one.toml", "[[panel]]\nname = \"old\"\ndir = \"nowhere\"\n");
    write("nameless.toml", "[[panel]]\ndir = \"nowhere\"\n");
    write(
        "twice.toml",
        "[[panel]]\nname = \"old\"\n[[panel]]\nname = \"old\"\n",
    );
    write("table.toml", "[panel]\nname = \"old\"\n");
    write(
        "unknown.toml",
        "[[panel]]\nname = \"old\"\nmarkt = \"spot\"\n",
    );
    let refused = |arguments: &[&str], expected: &str| {
        let mut said = tests::Transcript::new(env!("CARGO_BIN_EXE_train"), dir.path());
        said.refused(expected, arguments);
        // The transcript's first line repeats what was expected.
        let text = said.text.split_once('\n').map_or("", |(_, text)| text);
        assert!(text.contains(expected), "{text}");
        assert!(text.contains("hint: "), "{text}");
    };
    let other_name = "expected a name that no other [[panel]] section has";
    refused(&["--config", "nameless.toml"], other_name);
    refused(&["--config", "twice.toml"], other_name);
    refused(
        &["--config", "table.toml"],
        "`panel` is no list of sections, expected [[panel]]",
    );
    refused(&["--config", "unknown.toml"], "unknown field `markt`");
    let of_one = |keys: &[&str], expected: &str| {
        let keys = keys.iter().flat_map(|key| ["--set", key]);
        let arguments: Vec<&str> = ["--config", "one.toml"].into_iter().chain(keys).collect();
        refused(&arguments, expected);
    };
    of_one(
        &["panel.odl.market=spot"],
        "found no [[panel]] of the name `odl`, expected one of old",
    );
    of_one(&["panel.dir=other"], "found no [[panel]] of the name ``");
    of_one(
        &["panel.old.interval=1h"],
        "[[panel]] old: target.horizon = 15m: expected a multiple of data.interval = 1h",
    );
    of_one(
        &["target.kind=gresearch", "panel.old.interval=5m"],
        "[[panel]] old: panel.interval = 5m",
    );
    of_one(
        &["panel.old.symbols=[\"BTCUSDT\"]"],
        "[[panel]] old: universe.symbols = BTCUSDT",
    );
    of_one(&["panel.old.from=soon"], "[[panel]] old: data.from = soon");
    of_one(
        &["network.mixing=stacked"],
        "network.mixing = \"stacked\" has a channel for each coin of one panel",
    );
    of_one(
        &["target.horizons=[\"15m\", \"1h\"]"],
        "expected no such key beside [[panel]] sections",
    );
    of_one(
        &["panel.old.market=futures"],
        "[[panel]] old: no 1m futures candles of any symbol in nowhere",
    );
}

/// Asking for a GPU where there is none is an error; where there is one there is nothing to test.
#[test]
fn a_gpu_that_is_not_there_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("tiny.toml"), tests::TINY).unwrap();
    if model::DeviceChoice::Gpu.open().is_ok() {
        eprintln!("skipped: this machine has a GPU");
        return;
    }
    let mut said = tests::Transcript::new(env!("CARGO_BIN_EXE_train"), dir.path());
    said.refused("no GPU", &["--config", "tiny.toml", "--device", "gpu"]);
    assert!(said.text.contains("hint: "), "{}", said.text);
}
