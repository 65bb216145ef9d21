//! The bulk archive: `/data/spot/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2021-04-03.zip` and the like.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use market::Market;

use crate::answer::Answer;
use crate::calendar::Period;
use crate::file::{ArchiveFile, csv};
use crate::server::Server;

/// The files built last. A file is final once it is there, so it never goes stale.
#[derive(Debug, Default)]
pub(crate) struct Cache(Mutex<VecDeque<(String, Arc<ArchiveFile>)>>);

/// How many files are kept: a file and its checksum are asked for one after the other, for many
/// coins at a time. A month of minutes is 2 MB.
const CACHED_FILES: usize = 64;

/// What a path asks for.
struct Wanted {
    symbol: String,
    period: Period,
    /// The file's name without extension.
    name: String,
    is_checksum: bool,
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

fn file(server: &Server, path: &str) -> Answer {
    let found = wanted(server, path)
        .and_then(|wanted| Some((server.archive.get(server, &wanted)?, wanted)));
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
fn wanted(server: &Server, path: &str) -> Option<Wanted> {
    let path = match server.market {
        Market::Spot => path.strip_prefix("spot/")?,
        Market::Futures => path.strip_prefix("futures/um/")?,
    };
    let [span, "klines", symbol, interval, file_name] = path.split('/').collect::<Vec<_>>()[..]
    else {
        return None;
    };
    let (file_name, is_checksum) = match file_name.strip_suffix(".CHECKSUM") {
        Some(file_name) => (file_name, true),
        None => (file_name, false),
    };
    let name = file_name.strip_suffix(".zip")?;
    let text = name
        .strip_prefix(symbol)?
        .strip_prefix('-')?
        .strip_prefix(interval)?
        .strip_prefix('-')?;
    let period = match span {
        "daily" => Period::day(text)?,
        "monthly" => Period::month(text)?,
        _ => return None,
    };
    let is_there =
        interval == server.interval.to_string() && period.published_ms <= server.now_ms();
    is_there.then(|| Wanted {
        symbol: symbol.to_owned(),
        period,
        name: name.to_owned(),
        is_checksum,
    })
}

impl Cache {
    /// The file from the cache, else built now; None where it would have no candle.
    fn get(&self, server: &Server, wanted: &Wanted) -> Option<Arc<ArchiveFile>> {
        // Held while building, so that two requests for one file build it once.
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, file)) = files.iter().find(|(name, _)| *name == wanted.name) {
            return Some(file.clone());
        }
        let coin = server.coin(&wanted.symbol, server.now_ms())?;
        let mut bars = coin
            .final_bars(wanted.period.from_ms, wanted.period.until_ms)
            .peekable();
        bars.peek()?;
        let file = Arc::new(
            ArchiveFile::new(&wanted.name, &csv(bars, server.market, server.interval)).ok()?,
        );
        if files.len() == CACHED_FILES {
            files.pop_front();
        }
        files.push_back((wanted.name.clone(), file.clone()));
        Some(file)
    }
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
