//! The bulk archive: `/data/spot/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2021-04-03.zip` and the like, and
//! of futures `/data/futures/um/monthly/fundingRate/BTCUSDT/BTCUSDT-fundingRate-2021-04.zip`; and the listing of
//! its symbols, `/?delimiter=/&prefix=data/spot/monthly/klines/`.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use market::Market;

use crate::answer::Answer;
use crate::calendar::FilePeriod;
use crate::file::{ServedFile, csv, funding_csv};
use crate::rest::not_found;
use crate::server::Server;

/// What a path asks for.
struct ArchivePath {
    symbol: String,
    period: FilePeriod,
    content: FileContent,
    /// The file's name without extension.
    name: String,
    is_checksum: bool,
}

/// What a file holds.
enum FileContent {
    Candles,
    FundingRates,
}

/// `GET /data/...`
pub(crate) async fn get_file(
    State(server): State<Arc<Server>>,
    Path(path): Path<String>,
) -> Response {
    server.counts().count_request("archive");
    let answer = match server.archive_failure() {
        Some(failure) => failure,
        None => {
            let server = server.clone();
            // A month takes long enough to hold up others.
            let built = tokio::task::spawn_blocking(move || file(&server, &path));
            built
                .await
                .unwrap_or_else(|_| Answer::page(StatusCode::INTERNAL_SERVER_ERROR))
        }
    };
    server.send(answer).await
}

/// Parameters of a listing.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct ListingQuery {
    prefix: Option<String>,
    marker: Option<String>,
}

/// `GET /?prefix=...`: the symbols that were listed by now, on one page.
pub(crate) async fn list(
    State(server): State<Arc<Server>>,
    Query(query): Query<ListingQuery>,
) -> Response {
    let folder = match server.market {
        Market::Spot => "data/spot/monthly/klines/",
        Market::Futures => "data/futures/um/monthly/klines/",
    };
    if query.prefix.as_deref() != Some(folder) {
        return not_found(State(server)).await;
    }
    server.counts().count_request("archive");
    let marker = query.marker.unwrap_or_default();
    let answer = server.archive_failure();
    let answer = answer.unwrap_or_else(|| listing(&server, folder, &marker));
    server.send(answer).await
}

fn listing(server: &Server, folder: &str, marker: &str) -> Answer {
    let now_ms = server.now_ms();
    let listed = server.coins.iter().filter(|coin| coin.is_listed(now_ms));
    let mut folders: Vec<String> = listed
        .map(|coin| format!("{folder}{}/", coin.symbol))
        .filter(|folder| folder.as_str() > marker)
        .collect();
    folders.sort();
    let folders = folders.iter();
    let prefixes: String = folders
        .map(|folder| format!("<CommonPrefixes><Prefix>{folder}</Prefix></CommonPrefixes>"))
        .collect();
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult><Name>data.binance.vision</Name><Prefix>{folder}\
         </Prefix><IsTruncated>false</IsTruncated>{prefixes}</ListBucketResult>"
    );
    Answer::new(StatusCode::OK, "application/xml", xml)
}

fn file(server: &Server, path: &str) -> Answer {
    let found = wanted(server, path).and_then(|wanted| {
        let file = server
            .archive
            .get(&wanted.name, || build(server, &wanted))?;
        Some((file, wanted))
    });
    let Some((file, wanted)) = found else {
        return no_such_key(path);
    };
    if wanted.is_checksum {
        let text = format!("{}  {}.zip\n", file.checksum, wanted.name);
        return Answer::new(StatusCode::OK, "binary/octet-stream", text);
    }
    Answer::new(StatusCode::OK, "application/zip", file.zip.clone())
}

/// What `path` asks for, if it is of this market and interval and published by now.
fn wanted(server: &Server, path: &str) -> Option<ArchivePath> {
    let path = match server.market {
        Market::Spot => path.strip_prefix("spot/")?,
        Market::Futures => path.strip_prefix("futures/um/")?,
    };
    let parts: Vec<&str> = path.split('/').collect();
    let (span, symbol, kind, file_name) = match parts[..] {
        [span, "klines", symbol, interval, file_name]
            if interval == server.interval.to_string() =>
        {
            (span, symbol, interval, file_name)
        }
        ["monthly", "fundingRate", symbol, file_name] if server.market == Market::Futures => {
            ("monthly", symbol, "fundingRate", file_name)
        }
        _ => return None,
    };
    let (file_name, is_checksum) = match file_name.strip_suffix(".CHECKSUM") {
        Some(file_name) => (file_name, true),
        None => (file_name, false),
    };
    let name = file_name.strip_suffix(".zip")?;
    let text = name
        .strip_prefix(symbol)?
        .strip_prefix('-')?
        .strip_prefix(kind)?
        .strip_prefix('-')?;
    let period = match span {
        "daily" => FilePeriod::day(text)?,
        "monthly" => FilePeriod::month(text)?,
        _ => return None,
    };
    let content = match kind {
        "fundingRate" => FileContent::FundingRates,
        _ => FileContent::Candles,
    };
    (period.published_ms <= server.now_ms()).then(|| ArchivePath {
        symbol: symbol.to_owned(),
        period,
        content,
        name: name.to_owned(),
        is_checksum,
    })
}

/// Builds a file; None where it would have no row.
fn build(server: &Server, wanted: &ArchivePath) -> Option<ServedFile> {
    let coin = server.coin(&wanted.symbol, server.now_ms())?;
    let (from_ms, until_ms) = (wanted.period.from_ms, wanted.period.until_ms);
    let text = match wanted.content {
        FileContent::Candles => {
            let mut bars = coin.final_bars(from_ms, until_ms).peekable();
            bars.peek()?;
            csv(bars, server.market, server.interval)
        }
        FileContent::FundingRates => {
            let rates = server.funding_rates(&wanted.symbol, from_ms, until_ms);
            rates.first()?;
            funding_csv(rates)
        }
    };
    ServedFile::new(&wanted.name, &text).ok()
}

/// What the archive's host answers for a file that is not there (yet).
fn no_such_key(path: &str) -> Answer {
    let key = path
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchKey</Code><Message>The specified key does not \
         exist.</Message><Key>data/{key}</Key></Error>"
    );
    Answer::new(StatusCode::NOT_FOUND, "application/xml", xml)
}
