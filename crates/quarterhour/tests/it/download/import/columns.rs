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
