//! Files of other programs: which columns are taken, and what is said of the others.

use super::*;

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

fn columns(table: &CandleTable) -> Vec<&'static str> {
    Column::ALL
        .into_iter()
        .filter(|&column| table.has(column))
        .map(Column::name)
        .collect()
}

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
            "date,symbol,open,high,low,close,volume,Total Supply\n{}",
            rows(5, 86_400, day)
        ),
    )
    .unwrap();
    let stderr = taken(dir.path(), &["daily.csv"]);
    assert!(
        stderr.contains("daily.csv: column not taken: Total Supply"),
        "{stderr}"
    );
    assert_eq!(stored(dir.path(), "1d", "BTCUSD").len(), 5);
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

/// As lists of coins by market cap have it: a day a row, with a market cap of 0 where nobody knows it.
#[test]
fn daily_files_with_a_market_cap_are_taken() {
    let dir = tempfile::tempdir().unwrap();
    let name = "all.csv";
    let text = "date,symbol,open,high,low,close,volume,market_cap\n\
                2021-01-01,BTC,10,12,9,11,5,1000\n\
                2021-01-02,BTC,11,12,9,10,6,0\n\
                2021-01-03,BTC,10,12,9,11,7,\n\
                2021-01-04,BTC,11,12,9,-1,8,1100\n\
                2021-01-05,BTC,11,12,9,10,8,1200\n";
    fs::write(dir.path().join(name), text).unwrap();
    let stderr = refused(dir.path(), &[name]);
    assert!(
        stderr.contains("close is -1, expected a finite price above 0"),
        "{stderr}"
    );

    let stderr = taken(dir.path(), &[name, "--drop-bad-rows"]);
    for told in [
        "note: all.csv: market_cap is 0 or missing in 2 rows, which have none",
        "note: all.csv: row 4 left out: BTC: candle at 2021-01-04T00:00:00Z",
    ] {
        assert!(stderr.contains(told), "{stderr}");
    }
    let table = stored(dir.path(), "1d", "BTC");
    assert_eq!(
        columns(&table),
        ["open", "high", "low", "close", "volume", "market_cap"]
    );
    let caps: Vec<Option<f64>> = (table.column(Column::MarketCap).iter())
        .map(|cap| Some(*cap).filter(|cap| !cap.is_nan()))
        .collect();
    assert_eq!(caps, [Some(1000.0), None, None, Some(1200.0)]);
}

#[test]
fn a_market_cap_below_0_is_a_bad_row() {
    let dir = tempfile::tempdir().unwrap();
    let text = "date,symbol,close,circulating_supply\n2021-01-01,BTC,10,-5\n2021-01-02,BTC,11,5\n";
    fs::write(dir.path().join("all.csv"), text).unwrap();
    let stderr = refused(dir.path(), &["all.csv"]);
    assert!(
        stderr.contains("`circulating_supply` is -5, expected a number above 0, or none"),
        "{stderr}"
    );
}
