//! The exchange's REST interface on loopback, as far as a forecast needs it: time and klines.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

use dataset::{CandleTable, Column};
use market::Symbol;

/// Serves candles until the process ends; the clock stands still.
#[derive(Debug)]
pub struct Exchange {
    /// Its address, `http://127.0.0.1:PORT`.
    pub url: String,
}

impl Exchange {
    /// Starts serving one-minute candles, with the server's clock at `now_ms`. The candle that the clock is in is
    /// served too, still forming, as the real exchange does.
    pub fn start(coins: Vec<(Symbol, CandleTable)>, now_ms: i64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let _ = answer(stream, &coins, now_ms);
            }
        });
        Self { url }
    }
}

fn answer(mut stream: TcpStream, coins: &[(Symbol, CandleTable)], now_ms: i64) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let target = request.split(' ').nth(1).unwrap_or_default().to_owned();
    let body = if target.starts_with("/api/v3/time") {
        format!("{{\"serverTime\":{now_ms}}}")
    } else {
        klines(&target, coins, now_ms)
    };
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn klines(target: &str, coins: &[(Symbol, CandleTable)], now_ms: i64) -> String {
    let query = target.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let value = |key: &str| query.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='));
    let number = |key: &str, missing: i64| value(key).and_then(|text| text.parse().ok()).unwrap_or(missing);
    let (from, until, limit) = (number("startTime", 0), number("endTime", now_ms), number("limit", 500));
    let Some((_, candles)) = coins.iter().find(|(symbol, _)| value("symbol") == Some(symbol.as_str())) else {
        return "[]".to_owned();
    };
    let rows = candles.open_time_ms.iter().enumerate();
    let served = rows.filter(|&(_, &time)| from <= time && time <= until.min(now_ms)).take(limit as usize);
    let rows: Vec<String> = served
        .map(|(row, &time)| {
            let cell = |column: Column| candles.column(column)[row];
            format!(
                "[{time},\"{}\",\"{}\",\"{}\",\"{}\",\"{}\",{},\"{}\",{},\"{}\",\"{}\",\"0\"]",
                cell(Column::Open),
                cell(Column::High),
                cell(Column::Low),
                cell(Column::Close),
                cell(Column::Volume),
                time + 59_999,
                cell(Column::QuoteVolume),
                cell(Column::Count),
                cell(Column::TakerBuyVolume),
                cell(Column::TakerBuyQuoteVolume),
            )
        })
        .collect();
    format!("[{}]", rows.join(","))
}
