//! One forecast, from the simulated market and from an exchange.

use std::fs;
use std::path::Path;

use market::{Interval, Market, Symbol};
use model::DeviceChoice;
use predict::{CandleSource, Checkpoint, History};
use replay::{Exchange, Faults, ReplayConfig};

use crate::support::{html_first, into_ensemble, predict, run_predict, untrained_run};

#[test]
fn the_last_closed_candle_is_forecast() {
    let dir = tempfile::tempdir().unwrap();
    untrained_run(dir.path());
    let text = predict(dir.path(), &["--run", "run"]);
    assert_eq!(
        text.lines().filter(|line| line.starts_with("SIM")).count(),
        3,
        "{text}"
    );
    let json: serde_json::Value =
        serde_json::from_str(&predict(dir.path(), &["--run", "run", "--json"])).unwrap();
    assert_eq!(json["coins"].as_array().unwrap().len(), 3);
    assert!(json["coins"][0]["forecast"].is_f64());
    assert_eq!(
        json["closed_at"].as_i64().unwrap() - json["time"].as_i64().unwrap(),
        60_000
    );
}

/// An ensemble's forecasts are sums of its members', by weights of the market's part and of the
/// coins' own.
#[test]
fn an_ensemble_forecasts_with_its_members() {
    let dir = tempfile::tempdir().unwrap();
    let run = untrained_run(dir.path());
    into_ensemble(&run);
    let made = |run: &str| -> serde_json::Value {
        serde_json::from_str(&predict(
            dir.path(),
            &["--run", run, "--json", "--fallback", "refuse"],
        ))
        .unwrap()
    };
    let (both, member) = (made("run"), made("member"));
    assert_eq!(both["forecaster"], "ensemble of fold 2");
    assert!(
        both["coins"][0]["drift"]["feature"].is_string(),
        "the network's"
    );
    let forecasts = |json: &serde_json::Value| -> Vec<f64> {
        json["coins"]
            .as_array()
            .unwrap()
            .iter()
            .map(|coin| coin["forecast"].as_f64().unwrap())
            .collect()
    };
    let member = forecasts(&member);
    let market = member.iter().sum::<f64>() / member.len() as f64;
    for (both, member) in forecasts(&both).into_iter().zip(member) {
        assert!((both - (0.75 * market + 1.25 * (member - market))).abs() < 1e-12);
    }
    // What another fold would take is not there.
    let error = Checkpoint::load(&run, Some(1), &[], DeviceChoice::Flex)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("run has no weights of fold 1, expected one of 2"),
        "{error}"
    );
    fs::remove_file(dir.path().join("member/model.safetensors")).unwrap();
    let error = format!(
        "{:#}",
        Checkpoint::load(&run, None, &[], DeviceChoice::Flex).unwrap_err()
    );
    assert!(
        error.contains("a member of") && error.contains("member has no model.safetensors yet"),
        "{error}"
    );
}

/// Callers with `--json` share forecasts for as long as they say; a table is always new.
#[test]
fn forecasts_of_the_exchange_are_reused() {
    let dir = tempfile::tempdir().unwrap();
    untrained_run(dir.path());
    let coins = tests::candles(&tests::tiny());
    let start = format!("{}", coins[0].1.open_time_ms[2000]);
    let replay = ReplayConfig {
        start: Some(start),
        speed: 600.0,
        ..ReplayConfig::default()
    };
    let exchange = Exchange::start(Market::Spot, Interval::ONE_MINUTE, coins, &replay).unwrap();
    let time = |more: &[&str]| {
        let url = exchange.url();
        let arguments = [
            &[
                "--run",
                "run",
                "--source",
                "binance",
                "--base-url",
                &url,
                "--json",
            ],
            more,
        ]
        .concat();
        let json: serde_json::Value =
            serde_json::from_str(&predict(dir.path(), &arguments)).unwrap();
        json["time"].as_i64().unwrap()
    };
    let first = time(&[]);
    while exchange.now_ms() < first + 180_000 {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert_eq!(time(&[]), first, "from the cache");
    assert!(time(&["--cache-secs", "0"]) > first, "made anew");
    assert!(
        time(&["--fold", "7", "--cache-secs", "300"]) > first,
        "forecasts of another question are not taken"
    );
    fs::write(dir.path().join("run/last-forecasts.json"), "{").unwrap();
    assert!(time(&[]) > first, "a broken cache is none");
}

/// Where the model does not load an indicator rule answers, and says so.
#[test]
fn a_rule_answers_where_no_model_loads() {
    let dir = tempfile::tempdir().unwrap();
    let run = untrained_run(dir.path());
    fs::remove_file(run.join("model.safetensors")).unwrap();
    let json: serde_json::Value =
        serde_json::from_str(&predict(dir.path(), &["--run", "run", "--json"])).unwrap();
    assert_eq!(json["forecaster"], "indicator rule, no model");
    assert!(json["coins"][0]["forecast"].is_f64());
    assert!(predict(dir.path(), &["--run", "run"]).contains("by indicator rule, no model"));
}

/// An exchange of the tiny market at bar 2000, half a minute on, with its clock standing still.
fn exchange(faults: Faults) -> Exchange {
    let coins = tests::candles(&tests::tiny());
    let start = (coins[0].1.open_time_ms[2000] + 30_000).to_string();
    let replay = ReplayConfig {
        start: Some(start),
        speed: 0.0,
        faults,
        ..ReplayConfig::default()
    };
    Exchange::start(Market::Spot, Interval::ONE_MINUTE, coins, &replay).unwrap()
}

/// Forecasts of the exchange at `url`, by coin, and what stderr says.
fn forecasts(dir: &Path, url: &str) -> (Vec<Option<f64>>, String) {
    let arguments = [
        "--run",
        "run",
        "--source",
        "binance",
        "--base-url",
        url,
        "--json",
        "--cache-secs",
        "0",
    ];
    let output = run_predict(dir, &arguments);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    (
        json["coins"]
            .as_array()
            .unwrap()
            .iter()
            .map(|coin| coin["forecast"].as_f64())
            .collect(),
        said,
    )
}

/// A coin that the exchange does not know, or a candle of one coin that cannot be, once ended the
/// forecasts of all.
#[test]
fn one_coins_fault_is_named_and_the_others_are_forecast() {
    let dir = tempfile::tempdir().unwrap();
    untrained_run(dir.path());
    let coin = Symbol::new("SIM2USDT").unwrap();
    let times = tests::candles(&tests::tiny())[0].1.open_time_ms.clone();
    let listed = [(coin.clone(), times[2200].to_string())].into();
    let last = [(coin.clone(), vec![times[1999].to_string()])].into();
    for (faults, reason) in [
        (
            Faults {
                listed,
                ..Faults::default()
            },
            "Invalid symbol",
        ),
        (
            Faults {
                impossible: last,
                ..Faults::default()
            },
            "is 0, expected a finite price above 0",
        ),
    ] {
        let (found, said) = forecasts(dir.path(), &exchange(faults).url());
        assert_eq!(
            found.iter().map(Option::is_some).collect::<Vec<_>>(),
            [true, false, true],
            "{said}"
        );
        assert!(
            said.contains("warning: SIM2USDT is missing, the others are forecast without it: ")
                && said.contains(reason),
            "{said}"
        );
    }
    // In its history a candle that cannot be is a hole like any other, and said to be one.
    let hole = [(coin, vec![times[1990].to_string(), times[1992].to_string()])].into();
    let (found, said) = forecasts(
        dir.path(),
        &exchange(Faults {
            impossible: hole,
            ..Faults::default()
        })
        .url(),
    );
    assert!(
        found[0].is_some() && found[2].is_some() && !said.contains("is missing"),
        "{said}"
    );
    assert!(
        said.contains("SIM2USDT: 2 candles that cannot be count as missing, the first: candle at "),
        "{said}"
    );
}

/// For some seconds the exchange serves a closed candle with values that are not its last ones.
#[test]
fn a_candle_that_could_still_change_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let run = untrained_run(dir.path());
    let checkpoint = Checkpoint::load(&run, None, &[], DeviceChoice::Flex).unwrap();
    let coins = tests::candles(&tests::tiny());
    let start = (coins[0].1.open_time_ms[2000] + 100).to_string();
    let faults = Faults {
        provisional_ms: 10_000,
        ..Faults::default()
    };
    let replay = ReplayConfig {
        start: Some(start),
        speed: 10.0,
        faults,
        ..ReplayConfig::default()
    };
    let exchange =
        Exchange::start(Market::Spot, Interval::ONE_MINUTE, coins.clone(), &replay).unwrap();
    let history = History::read(
        CandleSource::Binance,
        &checkpoint,
        None,
        Some(&exchange.url()),
    )
    .unwrap();
    for ((symbol, found), (_, expected)) in history.coins.iter().zip(&coins) {
        // Coins have holes, so each has its own places.
        let place = expected.open_time_ms.binary_search(&history.at_ms).unwrap();
        let (found, expected) = (found.candle(found.len() - 1), expected.candle(place));
        assert_eq!(found.open_time_ms, history.at_ms, "{symbol}");
        assert!(
            (found.close / expected.close - 1.0).abs() < 1e-6,
            "{symbol}: {} {}",
            found.close,
            expected.close
        );
    }
}

/// A coin that got another name a while ago has the candles of both, in its first unit.
#[test]
fn candles_of_a_renamed_coin_begin_under_its_earlier_name() {
    let dir = tempfile::tempdir().unwrap();
    let run = untrained_run(dir.path());
    let mut coins = tests::candles(&tests::tiny());
    let (now_ms, renamed_ms) = (coins[0].1.open_time_ms[2000], coins[0].1.open_time_ms[1970]);
    let whole = coins[0].1.clone();
    let new = coins[0].0.clone();
    let old = Symbol::new("OLDUSDT").unwrap();
    coins[0].1 = whole.filter(|time| time >= renamed_ms);
    coins.push((old.clone(), whole.filter(|time| time < renamed_ms)));
    let events = format!(
        "[[event]]\nsymbol = \"{new}\"\nkind = \"rebrand\"\nfrom = \"{old}\"\ndate = \"{}\"\n",
        dataset::format_time(renamed_ms)
    );
    let file = dir.path().join("symbols.toml");
    fs::write(&file, events).unwrap();
    let key = format!("data.symbols_file={}", file.display());
    let checkpoint = Checkpoint::load(&run, None, &[key], DeviceChoice::Flex).unwrap();
    let replay = ReplayConfig {
        start: Some((now_ms + 100).to_string()),
        speed: 0.0,
        ..ReplayConfig::default()
    };
    let exchange = Exchange::start(Market::Spot, Interval::ONE_MINUTE, coins, &replay).unwrap();
    let url = exchange.url();
    let history = History::read(CandleSource::Binance, &checkpoint, None, Some(&url)).unwrap();
    let found = &history.coins[0].1.open_time_ms;
    let first_ms = found[0];
    assert!(first_ms < renamed_ms, "{first_ms}");
    let expected = whole.filter(|time| (first_ms..=history.at_ms).contains(&time));
    assert_eq!(*found, expected.open_time_ms);
}

/// A captive portal, a bot check: one page of HTML is no reason to give up.
#[test]
fn a_page_of_html_is_asked_again() {
    let dir = tempfile::tempdir().unwrap();
    untrained_run(dir.path());
    let exchange = exchange(Faults::default());
    let (found, said) = forecasts(dir.path(), &html_first(&exchange, 2));
    assert!(found.iter().all(Option::is_some), "{said}");
}

#[test]
fn one_wrong_answer_of_the_clock_is_outvoted() {
    let dir = tempfile::tempdir().unwrap();
    untrained_run(dir.path());
    let exchange = exchange(Faults {
        wrong_times: 1,
        ..Faults::default()
    });
    let (found, said) = forecasts(dir.path(), &exchange.url());
    assert!(found.iter().all(Option::is_some), "{said}");
}

/// The password of an address must not be in any message or file.
#[test]
fn a_password_in_the_address_is_neither_said_nor_stored() {
    let dir = tempfile::tempdir().unwrap();
    let run = untrained_run(dir.path());
    let exchange = exchange(Faults::default());
    let secret = |url: String| url.replace("http://", "http://me:sesame@");
    let arguments = |url| {
        [
            "--run",
            "run",
            "--source",
            "binance",
            "--json",
            "--base-url",
            url,
        ]
    };
    let (good, bad) = (
        secret(exchange.url()),
        secret("http://127.0.0.1:9".to_owned()),
    );
    for (url, is_right) in [(&good, true), (&bad, false)] {
        let output = run_predict(dir.path(), &arguments(url));
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.success(), is_right, "{said}");
        assert!(!said.contains("sesame"), "{said}");
    }
    for entry in fs::read_dir(run).unwrap() {
        let path = entry.unwrap().path();
        let holds_it = path.is_file()
            && fs::read(&path)
                .unwrap()
                .windows(6)
                .any(|bytes| bytes == b"sesame");
        assert!(!holds_it, "{}", path.display());
    }
}
