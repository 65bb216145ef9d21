//! `quarterhour import` of what other programs wrote: nothing lost, nothing changed, nothing taken for
//! what it is not.

use std::fs;
use std::path::Path;

use dataset::{CandleTable, Column, Store};
use market::{Interval, Market, Symbol};

use crate::quarterhour;

/// 2024-01-01T00:00Z in seconds.
const START: i64 = 1_704_067_200;
const NAMES: &str = "open_time,symbol,open,high,low,close,volume\n";

/// Exit code, stdout and stderr.
fn import(dir: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = quarterhour("import");
    let output = command.args(arguments).current_dir(dir).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// stderr of an import that goes well.
fn taken(dir: &Path, arguments: &[&str]) -> String {
    let (code, _, stderr) = import(dir, arguments);
    assert_eq!(code, 0, "{arguments:?}: {stderr}");
    stderr
}

/// stderr of an import that is refused, and leaves no candle behind.
fn refused(dir: &Path, arguments: &[&str]) -> String {
    let (code, _, stderr) = import(dir, arguments);
    assert_eq!(code, 1, "{arguments:?} was taken: {stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    assert!(
        !dir.join("data/candles").exists(),
        "{arguments:?} left something behind"
    );
    stderr
}

fn stored(dir: &Path, interval: &str, symbol: &str) -> CandleTable {
    let store = Store::new(
        &dir.join("data"),
        Market::Spot,
        interval.parse::<Interval>().unwrap(),
    );
    store
        .read(
            &Symbol::new(symbol).unwrap(),
            &Column::ALL,
            i64::MIN,
            i64::MAX,
        )
        .unwrap()
}

fn columns(table: &CandleTable) -> Vec<&'static str> {
    Column::ALL
        .into_iter()
        .filter(|&column| table.has(column))
        .map(Column::name)
        .collect()
}

/// `rows` rows of a file, `step` seconds apart.
fn rows(rows: i64, step: i64, row: impl Fn(i64) -> String) -> String {
    (0..rows)
        .map(|index| row(START + index * step) + "\n")
        .collect()
}

const ALL: [&str; 9] = [
    "open",
    "high",
    "low",
    "close",
    "volume",
    "quote_volume",
    "count",
    "taker_buy_volume",
    "taker_buy_quote_volume",
];

/// Every form by its file's name, what is in it, the coin it is of, and the columns that must be in
/// the store.
#[test]
fn columns_of_other_programs_are_taken_by_their_names() {
    let kline = |s: i64| {
        format!(
            "[{s}000,\"2\",\"3\",\"1\",\"2.5\",\"10\",{}999,\"20\",5,\"4\",\"8\",\"0\"]",
            s + 59
        )
    };
    let python_binance = "open_time,symbol,open,high,low,close,volume,close_time,quote_asset_volume,number_of_trades,\
                          taker_buy_base_asset_volume,taker_buy_quote_asset_volume,ignore\n";
    let archive = |s: i64| format!("{s}000,BTCUSDT,2,3,1,2.5,10,{}999,20,5,4,8,0", s + 59);
    let forms: Vec<(&str, String, &str, Vec<&str>)> = vec![
        (
            "python.csv",
            format!("{python_binance}{}", rows(3, 60, archive)),
            "BTCUSDT",
            ALL.to_vec(),
        ),
        (
            "capitals.csv",
            format!(
                "Date,Symbol,Open,HIGH,Low,Close,Volume\n{}",
                rows(3, 60, |s| format!("{s},BTCUSDT,2,3,1,2.5,10"))
            ),
            "BTCUSDT",
            ALL[..5].to_vec(),
        ),
        (
            // As CryptoDataDownload has it: the newest row first.
            "Binance_BTCUSDT_minute.csv",
            format!(
                "https://www.CryptoDataDownload.com\nUnix,Date,Symbol,Open,High,Low,Close,Volume BTC,Volume USDT,tradecount\n{}",
                (0..3)
                    .rev()
                    .map(|i| format!(
                        "{}000,2024-01-01 00:0{i}:00,BTC/USDT,2,3,1,2.5,10,20,5\n",
                        START + i * 60
                    ))
                    .collect::<String>()
            ),
            "BTCUSDT",
            ALL[..7].to_vec(),
        ),
        (
            "train.csv",
            format!(
                "timestamp,Asset_ID,Count,Open,High,Low,Close,Volume,VWAP,Target\n{}",
                rows(3, 60, |s| format!("{s},1,5.0,2,3,1,2.5,10,2.2,-0.004"))
            ),
            "BTCUSD",
            vec!["open", "high", "low", "close", "volume", "count", "target"],
        ),
        (
            "BTC_USDT-1m.json",
            format!(
                "[{},[{}000,2,3,1,2.5,10.0]]",
                rows(2, 60, |s| format!("[{s}000,2,3,1,2.5,10]"))
                    .trim()
                    .replace('\n', ","),
                START + 120
            ),
            "BTCUSDT",
            ALL[..5].to_vec(),
        ),
        (
            "BTCUSDT-1m-rest.json",
            format!("[{}]", rows(3, 60, kline).trim().replace('\n', ",")),
            "BTCUSDT",
            ALL.to_vec(),
        ),
        (
            "ETHUSDT-1m-thirteen.json",
            format!(
                "[{}]",
                rows(3, 60, |s| kline(s).replace("\"0\"]", "\"0\",\"new\"]"))
                    .trim()
                    .replace('\n', ",")
            ),
            "ETHUSDT",
            ALL.to_vec(),
        ),
        (
            "objects.json",
            format!(
                "[{}]",
                rows(3, 60, |s| format!(
                    "{{\"Symbol\":\"BTCUSDT\",\"Time\":{s},\"Close\":2.5,\"volume\":\"10\"}}"
                ))
                .trim()
                .replace('\n', ",")
            ),
            "BTCUSDT",
            vec!["close", "volume"],
        ),
        (
            "BTCUSDT-1m-ccxt.csv",
            rows(3, 60, |s| format!("{s}000,2,3,1,2.5,10")),
            "BTCUSDT",
            ALL[..5].to_vec(),
        ),
        (
            "iso.csv",
            format!(
                "{NAMES}{}",
                (0..3)
                    .map(|i| format!("2024-01-01 00:0{i}:00+00:00,BTCUSDT,2,3,1,2.5,10\n"))
                    .collect::<String>()
            ),
            "BTCUSDT",
            ALL[..5].to_vec(),
        ),
    ];
    for (name, text, symbol, expected) in forms {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(name), text).unwrap();
        let stderr = taken(dir.path(), &[name]);
        let table = stored(dir.path(), "1m", symbol);
        assert_eq!(
            table.open_time_ms,
            [0, 60, 120].map(|s| (START + s) * 1000),
            "{name}"
        );
        assert_eq!(columns(&table), expected, "{name}");
        let value = |column| table.value(column, 1);
        assert_eq!(
            (value(Column::Close), value(Column::Volume)),
            (2.5, 10.0),
            "{name}"
        );
        if table.has(Column::QuoteVolume) {
            assert_eq!(
                (value(Column::QuoteVolume), value(Column::Count)),
                (20.0, 5.0),
                "{name}"
            );
        }
        let noted = match name {
            "train.csv" => Some("column not taken: VWAP"),
            "Binance_BTCUSDT_minute.csv" => Some("column not taken: Date"),
            "ETHUSDT-1m-thirteen.json" => Some("column not taken: number 13"),
            _ => None,
        };
        match noted {
            Some(noted) => assert!(stderr.contains(noted), "{name}: {stderr}"),
            None => assert!(!stderr.contains("not taken"), "{name}: {stderr}"),
        }
    }
}

#[test]
fn daily_files_say_what_they_leave_out() {
    let dir = tempfile::tempdir().unwrap();
    let day = |s: i64| {
        format!(
            "{},BTC-USD,2,3,1,2.5,10,77",
            dataset::format_time(s * 1000).split(' ').next().unwrap()
        )
    };
    fs::write(
        dir.path().join("daily.csv"),
        format!(
            "date,symbol,open,high,low,close,volume,Market Cap\n{}",
            rows(5, 86_400, day)
        ),
    )
    .unwrap();
    let stderr = taken(dir.path(), &["daily.csv"]);
    assert!(
        stderr.contains("daily.csv: column not taken: Market Cap"),
        "{stderr}"
    );
    assert_eq!(stored(dir.path(), "1d", "BTCUSD").len(), 5);
}

#[test]
fn candles_of_other_lengths_are_never_taken_for_minutes() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| fs::write(dir.path().join(name), text).unwrap();
    let long = |s: i64| format!("{s}000,BTCUSDT,2,3,1,2.5,10");
    let archive =
        |length: i64| move |s: i64| format!("{s}000,2,3,1,2.5,10,{}999,20,5,4,8,0", s + length - 1);
    const WEEK: i64 = 7 * 86_400;
    write("weekly.csv", format!("{NAMES}{}", rows(50, WEEK, long)));
    write("few-weeks.csv", format!("{NAMES}{}", rows(2, WEEK, long)));
    // A file of weeks whose name says days, with close times and without.
    write("BTCUSDT-1d-2024-01.csv", rows(4, WEEK, archive(WEEK)));
    write(
        "BTCUSDT-1d-2024-02.csv",
        rows(4, WEEK, |s| format!("{s}000,2,3,1,2.5,10")),
    );
    write("BTCUSDT-1d-2024-03.csv", rows(1, WEEK, archive(WEEK)));
    for name in ["1w", "1s", "3d", "1mo"] {
        write(
            &format!("BTCUSDT-{name}-2024-01.csv"),
            rows(4, WEEK, archive(WEEK)),
        );
        let stderr = refused(dir.path(), &[&format!("BTCUSDT-{name}-2024-01.csv")]);
        let said = format!("candles of {name} are not taken: ");
        assert!(
            stderr.contains(&said) && stderr.contains("known are 1m 3m 5m"),
            "{stderr}"
        );
        assert!(!stderr.contains("rename"), "{stderr}");
    }
    for (arguments, said) in [
        (
            &["weekly.csv"][..],
            "found steps of 7 d (49 of 49), expected candles of a known interval: 1m 3m 5m",
        ),
        (
            &["few-weeks.csv"],
            "found steps of 7 d (1 of 1), expected candles of a known interval",
        ),
        (
            &["--interval", "1m", "weekly.csv"],
            "found candles 7 d apart or multiples of it, expected some 1m apart, as --interval says",
        ),
        (
            &["--interval", "1m", "few-weeks.csv"],
            "found candles 7 d apart",
        ),
        (
            &["BTCUSDT-1d-2024-01.csv"],
            "found candles that close 7 d after they open, expected candles of 1d, as the file's name says",
        ),
        (
            &["BTCUSDT-1d-2024-02.csv"],
            "found candles 7 d apart or multiples of it, expected some 1d apart, as the file's name says",
        ),
        (
            &["BTCUSDT-1d-2024-03.csv"],
            "found candles that close 7 d after they open",
        ),
    ] {
        let stderr = refused(dir.path(), arguments);
        assert!(stderr.contains(said), "{arguments:?}: {stderr}");
        assert!(
            stderr.contains("candles of another length are not taken"),
            "{arguments:?}: {stderr}"
        );
    }
    // Minutes of which most lack: every other one, but two in a row here and there.
    let seldom = |text: String| {
        text.lines()
            .enumerate()
            .filter(|(i, _)| i % 2 == 0 || i % 14 == 1)
            .map(|(_, row)| format!("{row}\n"))
            .collect::<String>()
    };
    write(
        "seldom.csv",
        format!("{NAMES}{}", seldom(rows(100, 60, long))),
    );
    let stderr = refused(dir.path(), &["seldom.csv"]);
    assert!(
        stderr.contains("--interval 1m says that they are candles of 1m, of which some lack"),
        "{stderr}"
    );
    taken(dir.path(), &["--interval", "1m", "seldom.csv"]);
    assert_eq!(stored(dir.path(), "1m", "BTCUSDT").len(), 58);
}

#[test]
fn rows_that_cannot_be_are_refused_or_left_out_and_listed() {
    let dir = tempfile::tempdir().unwrap();
    let good = |s: i64| format!("{s}000,BTCUSDT,2,3,1,2.5,10\n");
    let bad = [
        (
            format!("{}000,BTCUSDT,1,200,1,1,5,3", START + 180),
            "found 8 fields, expected 7, as there are names",
        ),
        (
            format!("{}500,BTCUSDT,2,3,1,2.5,10", START + 180),
            "expected a multiple of 60000 ms (1m)",
        ),
        (
            format!("{}000000001,BTCUSDT,2,3,1,2.5,10", START + 180),
            "expected seconds, milliseconds or microseconds since 1970",
        ),
        (
            format!("{}000001,BTCUSDT,2,3,1,2.5,10", START + 180),
            "with a fraction, off the grid of every interval",
        ),
        (
            "4070908800000,BTCUSDT,2,3,1,2.5,10".to_owned(),
            "the candle has not closed yet",
        ),
        (
            format!("{}000,BTCUSD_PERP,2,3,1,2.5,10", START + 180),
            "is a coin-margined contract: its volume counts contracts",
        ),
        (
            format!("{}000,BTCUSDT,2,1,3,2.5,10", START + 180),
            "high is 1, expected at least open (2)",
        ),
        (
            format!("{}000,BTCUSDT,2,3,1,,10", START + 180),
            "`close` is NaN, expected a finite number",
        ),
        (
            format!("{}000,BTCUSDT,2,3,1,2.6,10", START + 60),
            "is there already in row 2",
        ),
    ];
    let mut all = NAMES.to_owned() + &good(START) + &good(START + 60) + &good(START + 120);
    for (index, (row, said)) in bad.iter().enumerate() {
        let name = format!("{index}.csv");
        fs::write(
            dir.path().join(&name),
            format!(
                "{NAMES}{}{}{row}\n{}",
                good(START),
                good(START + 60),
                good(START + 120)
            ),
        )
        .unwrap();
        let stderr = refused(dir.path(), &[&name]);
        assert!(
            stderr.contains(&format!("{name}: row 3: ")) && stderr.contains(said),
            "{row}: {stderr}"
        );
        assert!(stderr.contains("import --drop-bad-rows"), "{stderr}");
        all.push_str(row);
        all.push('\n');
    }
    fs::write(dir.path().join("all.csv"), &all).unwrap();
    fs::write(
        dir.path().join("none.csv"),
        format!("{NAMES}{}\n", bad[0].0),
    )
    .unwrap();
    let stderr = refused(dir.path(), &["--drop-bad-rows", "none.csv"]);
    assert!(
        stderr.contains("every row was left out, the first, row 1, because found 8 fields"),
        "{stderr}"
    );
    let stderr = taken(dir.path(), &["--drop-bad-rows", "all.csv"]);
    for (index, (_, said)) in bad.iter().enumerate() {
        let line = stderr
            .lines()
            .find(|line| line.contains(&format!("row {} left out", index + 4)));
        assert!(
            line.is_some_and(|line| line.contains(said)),
            "{said}: {stderr}"
        );
    }
    let table = stored(dir.path(), "1m", "BTCUSDT");
    assert_eq!(table.open_time_ms, [0, 60, 120].map(|s| (START + s) * 1000));
    assert_eq!(table.column(Column::Close), [2.5; 3]);
}

#[test]
fn an_infinite_target_is_no_target_of_that_row() {
    let dir = tempfile::tempdir().unwrap();
    let row = |s: i64| {
        format!(
            "{s},BTCUSDT,2.5,{}",
            if s == START + 60 { "inf" } else { "0.5" }
        )
    };
    fs::write(
        dir.path().join("x.csv"),
        format!("open_time,symbol,close,target\n{}", rows(3, 60, row)),
    )
    .unwrap();
    let stderr = taken(dir.path(), &["x.csv"]);
    assert!(
        stderr.contains("x.csv: infinite targets: 1, the first in row 2; these rows have none"),
        "{stderr}"
    );
    let table = stored(dir.path(), "1m", "BTCUSDT");
    let targets = table.column(Column::Target);
    assert_eq!(
        (targets[0], targets[1].is_nan(), targets[2]),
        (0.5, true, 0.5)
    );
}

#[test]
fn symbols_of_the_whole_exchange_have_a_place_in_the_store() {
    let dir = tempfile::tempdir().unwrap();
    for symbol in ["\u{5e01}\u{5b89}\u{4eba}\u{751f}USDT", "BTCUSDT_231229"] {
        let name = format!("{symbol}-1m-2024-01-01.csv");
        fs::write(
            dir.path().join(&name),
            rows(3, 60, |s| {
                format!("{s}000,2,3,1,2.5,10,{}999,20,5,4,8,0", s + 59)
            }),
        )
        .unwrap();
        taken(dir.path(), &[&name]);
        assert_eq!(stored(dir.path(), "1m", symbol).len(), 3);
        assert!(
            dir.path()
                .join("data/candles/spot/1m")
                .join(symbol)
                .join("2024-01.parquet")
                .exists()
        );
        let audit = quarterhour("audit")
            .current_dir(dir.path())
            .output()
            .unwrap();
        assert!(String::from_utf8(audit.stdout).unwrap().contains(symbol));
    }
}

#[test]
fn a_dry_run_says_what_would_be_taken_and_stores_nothing() {
    let dir = tempfile::tempdir().unwrap();
    // Trades for an hour, then a day and an hour without, at the last price.
    let row = |s: i64| match (s - START) / 60 {
        minute @ ..60 => format!(
            "{s}000,DEADUSDT,2,3,1,{},10",
            2.0 + (minute % 2) as f64 / 2.0
        ),
        _ => format!("{s}000,DEADUSDT,2.5,2.5,2.5,2.5,0"),
    };
    fs::write(
        dir.path().join("dead.csv"),
        format!("{NAMES}{}", rows(60 + 1500, 60, row)),
    )
    .unwrap();
    let (code, stdout, stderr) = import(dir.path(), &["--dry-run", "dead.csv"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(
        stdout
            .contains("DEADUSDT  spot    1m        1560  1560  2024-01-01 00:00  2024-01-02 01:59"),
        "{stdout}"
    );
    assert!(
        stderr.contains("DEADUSDT: would take open, high, low, close, volume"),
        "{stderr}"
    );
    let settled = "DEADUSDT: 1500 candles in a row from 2024-01-01 01:00 have no trades or no change of price";
    assert!(stderr.contains(settled), "{stderr}");
    assert!(
        !dir.path().join("data").exists(),
        "a dry run stores nothing"
    );
    taken(dir.path(), &["dead.csv"]);
    let (_, again, _) = import(dir.path(), &["--dry-run", "dead.csv"]);
    assert!(again.contains("1560    0  2024-01-01"), "{again}");
    let audit = quarterhour("audit")
        .current_dir(dir.path())
        .output()
        .unwrap();
    let audit = String::from_utf8(audit.stdout).unwrap();
    assert!(
        audit.contains(settled) && audit.contains("universe.score_settled"),
        "{audit}"
    );
}

#[test]
fn a_file_that_does_not_say_its_coin_or_market_is_told_how_to() {
    let dir = tempfile::tempdir().unwrap();
    let text = format!("timestamp,close\n{}", rows(3, 60, |s| format!("{s},2.5")));
    for name in [
        "history.csv",
        "BTC_USDT_USDT-1m-futures.csv",
        "BTC_USDT_USDT-1m-mark.csv",
        "BTCUSD_PERP-1m-2024-01.csv",
    ] {
        fs::write(dir.path().join(name), &text).unwrap();
    }
    assert!(refused(dir.path(), &["history.csv"]).contains("hint: --symbol BTCUSDT says it"));
    assert!(
        refused(dir.path(), &["BTC_USDT_USDT-1m-futures.csv"]).contains("hint: --market futures")
    );
    assert!(refused(dir.path(), &["BTC_USDT_USDT-1m-mark.csv"]).contains("holds mark prices"));
    assert!(
        refused(dir.path(), &["BTCUSD_PERP-1m-2024-01.csv"]).contains("coin-margined contract")
    );
    taken(dir.path(), &["--symbol", "ETHUSDT", "history.csv"]);
    assert_eq!(stored(dir.path(), "1m", "ETHUSDT").len(), 3);
    let (_, help, _) = import(dir.path(), &["--help"]);
    for named in [
        "--dry-run",
        "--drop-bad-rows",
        "taker_buy_quote_volume",
        "Asset_ID",
        ".feather",
        "ISO 8601",
        "BTC_USDT-1m",
    ] {
        assert!(help.contains(named), "{named}: {help}");
    }
}

/// Files as other programs really wrote them, where they are there.
#[test]
fn files_of_other_programs_are_read() {
    let Some(fixtures) = tests::shared_data("fixtures") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| fixtures.join(name).display().to_string();
    taken(
        dir.path(),
        &[
            &file("freqtrade/BTC_USDT-1d.feather"),
            &file("rest-klines/BTCUSDT-15m-2025-01-06.json"),
        ],
    );
    let daily = stored(dir.path(), "1d", "BTCUSDT");
    assert_eq!(columns(&daily), ALL[..5]);
    assert!(daily.len() > 100 && daily.open_time_ms.iter().all(|time| time % 86_400_000 == 0));
    assert_eq!(columns(&stored(dir.path(), "15m", "BTCUSDT")), ALL);
}
