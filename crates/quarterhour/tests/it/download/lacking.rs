//! `quarterhour download` where the archive lacks something that others have: nothing is lost, and nothing that
//! could change is kept.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::process::Output;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use dataset::{Column, Store};
use market::{Interval, Market, Symbol};
use storage::content_hash;

use super::support::{run, stub, zipped};

const HOUR_MS: i64 = 3_600_000;
/// 2024-01-01, from which hours are counted.
const START_MS: i64 = 1_704_067_200_000;
const JANUARY: Range<i64> = 0..744;
/// The exchange was down in that hour: nobody has it.
const OUTAGE: i64 = 460;
const DAY_7: Range<i64> = 144..168;

/// What an exchange has of AUSDT, in hours.
#[derive(Debug, Clone)]
struct ExchangeCandles {
    month: Vec<i64>,
    daily: Vec<i64>,
    rest: Vec<i64>,
    /// Hour of its clock.
    now: i64,
    /// Files that are something else than what they should be, by the end of their path.
    odd: BTreeMap<&'static str, (Vec<u8>, String)>,
}

/// An exchange of which all parts have all of January.
fn whole() -> ExchangeCandles {
    let all: Vec<i64> = JANUARY.filter(|&hour| hour != OUTAGE).collect();
    ExchangeCandles {
        month: all.clone(),
        daily: all.clone(),
        rest: all,
        now: 60 * 24,
        odd: BTreeMap::new(),
    }
}

fn without(hours: &[i64], gone: Range<i64>) -> Vec<i64> {
    hours
        .iter()
        .copied()
        .filter(|hour| !gone.contains(hour))
        .collect()
}

fn fields(hour: i64) -> [String; 12] {
    let open_ms = START_MS + hour * HOUR_MS;
    let (open, close_time) = (open_ms.to_string(), (open_ms + HOUR_MS - 1).to_string());
    let close = (100 + hour).to_string();
    let close = close.as_str();
    [
        open.as_str(),
        close,
        close,
        close,
        close,
        "5",
        &close_time,
        "6",
        "3",
        "2",
        "2",
        "0",
    ]
    .map(|text: &str| text.to_owned())
}

fn file(hours: &[i64]) -> Vec<u8> {
    let rows: Vec<String> = hours
        .iter()
        .map(|&hour| fields(hour).join(",") + "\n")
        .collect();
    zipped(&rows.concat())
}

fn json(hour: i64) -> serde_json::Value {
    let fields = fields(hour);
    let element = |(position, text): (usize, &String)| match position {
        0 | 6 | 8 => serde_json::Value::from(text.parse::<i64>().unwrap()),
        _ => serde_json::Value::from(text.as_str()),
    };
    fields.iter().enumerate().map(element).collect()
}

fn parameter(path: &str, name: &str) -> i64 {
    let value = path
        .split(['?', '&'])
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    value.unwrap().parse().unwrap()
}

/// The exchange on loopback; how many requests for klines and files it got.
fn serve(held: ExchangeCandles) -> (String, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let url = stub(move |path| {
        let now_ms = START_MS + held.now * HOUR_MS;
        if path.ends_with("/time") {
            return (200, format!("{{\"serverTime\":{now_ms}}}").into_bytes());
        }
        counted.fetch_add(1, Ordering::SeqCst);
        if path.contains("/klines?") {
            let (from_ms, limit) = (
                parameter(path, "startTime"),
                parameter(path, "limit") as usize,
            );
            let rows: Vec<_> = held
                .rest
                .iter()
                .filter(|&&hour| START_MS + hour * HOUR_MS >= from_ms)
                .take(limit)
                .collect();
            let rows: serde_json::Value = rows.into_iter().map(|&hour| json(hour)).collect();
            return (200, rows.to_string().into_bytes());
        }
        let name = path.trim_end_matches(".CHECKSUM");
        let odd = held
            .odd
            .iter()
            .find(|(end, _)| name.ends_with(*end))
            .map(|(_, odd)| odd.clone());
        let bytes = match name
            .strip_suffix(".zip")
            .and_then(|name| name.rsplit_once("AUSDT-1h-2024-01"))
        {
            Some((_, "")) => Some(file(&held.month)),
            Some((_, day)) => {
                let day: i64 = day.trim_start_matches('-').parse().unwrap();
                let hours = (day - 1) * 24..day * 24;
                let hours: Vec<i64> = held
                    .daily
                    .iter()
                    .copied()
                    .filter(|hour| hours.contains(hour))
                    .collect();
                (!hours.is_empty()).then(|| file(&hours))
            }
            None => None,
        };
        let served = odd.or_else(|| bytes.map(|bytes| (bytes.clone(), content_hash(&bytes))));
        match served {
            Some((_, sum)) if path.ends_with(".CHECKSUM") => (200, sum.into_bytes()),
            Some((bytes, _)) => (200, bytes),
            None => (404, Vec::new()),
        }
    });
    (url, asked)
}

fn fetch(dir: &Path, url: &str, from: &str, until: &str) -> Output {
    let (from, until) = (format!("data.from={from}"), format!("data.until={until}"));
    run(
        dir,
        url,
        &[
            from.as_str(),
            until.as_str(),
            "data.interval=1h",
            "universe.symbols=[\"AUSDT\"]",
        ],
    )
}

/// Fetches January without an error; what was said.
fn january(dir: &Path, url: &str) -> String {
    let output = fetch(dir, url, "2024-01-01", "2024-02-01");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    said
}

fn stored(dir: &Path) -> Vec<i64> {
    let store = Store::new(
        &dir.join("data"),
        Market::Spot,
        "1h".parse::<Interval>().unwrap(),
    );
    let table = store
        .read(
            &Symbol::new("AUSDT").unwrap(),
            &[Column::Close],
            0,
            i64::MAX,
        )
        .unwrap();
    let hours: Vec<i64> = table
        .open_time_ms
        .iter()
        .map(|time| (time - START_MS) / HOUR_MS)
        .collect();
    for (hour, close) in hours.iter().zip(table.column(Column::Close)) {
        assert_eq!(*close, (100 + hour) as f64, "hour {hour}");
    }
    hours
}

/// The seventh is in no month's file: it comes from its own file, else by REST, and what nobody has
/// is asked for once.
#[test]
fn days_that_the_months_file_lacks_come_from_elsewhere() {
    let short = |held: ExchangeCandles| ExchangeCandles {
        month: without(&held.month, DAY_7),
        ..held
    };
    let by_file = ExchangeCandles {
        rest: without(&whole().rest, DAY_7),
        ..short(whole())
    };
    let by_rest = ExchangeCandles {
        daily: without(&whole().daily, DAY_7),
        ..short(whole())
    };
    // Five hours of a day, and everything after the tenth.
    let in_day = ExchangeCandles {
        month: without(&whole().month, 150..155),
        ..whole()
    };
    let tail = ExchangeCandles {
        month: without(&whole().month, 240..744),
        ..whole()
    };
    for held in [by_file, by_rest, in_day, tail] {
        let dir = tempfile::tempdir().unwrap();
        let (url, asked) = serve(held);
        january(dir.path(), &url);
        assert_eq!(stored(dir.path()), whole().month);
        asked.store(0, Ordering::SeqCst);
        let said = january(dir.path(), &url);
        assert!(said.contains("note: 0 archive files fetched"), "{said}");
        let checksums = asked.load(Ordering::SeqCst);
        assert_eq!(
            checksums, 1,
            "the checksum of the month, and nobody for the outage"
        );
    }
}

/// Beyond the archive's files there may be more: from other sources, or from a file that the
/// exchange has shortened.
#[test]
fn what_the_store_has_beyond_the_archive_stays() {
    let dir = tempfile::tempdir().unwrap();
    // The tenth hour is missing, so that the month is fetched; the hour of the outage is there.
    let rows: Vec<String> = JANUARY
        .filter(|&hour| hour != 10)
        .map(|hour| fields(hour).join(",") + "\n")
        .collect();
    std::fs::write(dir.path().join("AUSDT-1h-2024-01.csv"), rows.concat()).unwrap();
    super::download(dir.path(), &["import", "AUSDT-1h-2024-01.csv"]);
    let (url, _) = serve(ExchangeCandles {
        month: without(&whole().month, DAY_7),
        ..whole()
    });
    january(dir.path(), &url);
    assert_eq!(stored(dir.path()), (0..744).collect::<Vec<_>>());
    let (url, _) = serve(ExchangeCandles {
        month: without(&whole().month, 100..300),
        ..whole()
    });
    january(dir.path(), &url);
    assert_eq!(
        stored(dir.path()),
        (0..744).collect::<Vec<_>>(),
        "a file that was replaced by a shorter one"
    );
}

#[test]
fn a_range_of_only_the_lacking_day_fetches_it() {
    let dir = tempfile::tempdir().unwrap();
    let (url, _) = serve(ExchangeCandles {
        month: without(&whole().month, DAY_7),
        ..whole()
    });
    january(dir.path(), &url);
    std::fs::remove_dir_all(dir.path().join("data/candles")).unwrap();
    let output = fetch(dir.path(), &url, "2024-01-07", "2024-01-08");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(stored(dir.path()), DAY_7.collect::<Vec<_>>());
}

/// One candle again and again: some hundred kilobytes that unpack to 50 MB.
fn bomb() -> Vec<u8> {
    zipped(&"1704067200000,1,1,1,1,0,1704070799999,0,0,0,0,0\n".repeat(1 << 20))
}

#[test]
fn a_months_file_that_cannot_be_taken_is_replaced_by_its_days() {
    let bomb = bomb();
    let unpacked = "unpacks to more than 45711360 bytes";
    for (bytes, sum, fault) in [
        (
            b"half".to_vec(),
            content_hash(b"whole"),
            "the published sha256 is",
        ),
        (
            b"no zip".to_vec(),
            content_hash(b"no zip"),
            "not a readable zip file",
        ),
        (bomb.clone(), content_hash(&bomb), unpacked),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let odd = BTreeMap::from([("AUSDT-1h-2024-01.zip", (bytes, sum))]);
        let (url, _) = serve(ExchangeCandles { odd, ..whole() });
        let said = january(dir.path(), &url);
        assert_eq!(stored(dir.path()), whole().month, "{fault}");
        assert!(
            said.contains(fault) && said.contains("its days were fetched by themselves instead"),
            "{said}"
        );
    }
}

#[test]
fn a_zip_that_unpacks_to_gigabytes_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("AUSDT-1h-2024-01.zip"), bomb()).unwrap();
    let mut said = tests::Transcript::new(crate::QUARTERHOUR, dir.path());
    said.refused("too large", &["import", "AUSDT-1h-2024-01.zip"]);
    assert!(
        said.text.contains("unpacks to more than 45711360 bytes"),
        "{}",
        said.text
    );
}

/// REST answers `[]` for a coin that has left the market; the archive still has it.
#[test]
fn a_coin_that_rest_has_nothing_of_is_asked_of_the_archive() {
    let dir = tempfile::tempdir().unwrap();
    let (url, _) = serve(ExchangeCandles {
        rest: Vec::new(),
        ..whole()
    });
    let said = january(dir.path(), &url);
    assert_eq!(stored(dir.path()), whole().month);
    assert!(
        said.contains(
            "REST has no candles in this range, so the archive alone was asked; 743 candles"
        ),
        "{said}"
    );
}

/// At midnight the day's last candle is closed by the clock, and still changes: it is fetched once
/// it is final.
#[test]
fn a_candle_that_could_still_change_is_not_stored() {
    let dir = tempfile::tempdir().unwrap();
    let rest = Arc::new(Mutex::new((48, Vec::<serde_json::Value>::new())));
    let served = rest.clone();
    let url = stub(move |path| {
        let (now, rows) = served.lock().unwrap().clone();
        if path.ends_with("/time") {
            return (
                200,
                format!("{{\"serverTime\":{}}}", START_MS + now * HOUR_MS).into_bytes(),
            );
        }
        if !path.contains("/klines?") {
            return (404, Vec::new());
        }
        let from_ms = parameter(path, "startTime");
        let rows = rows
            .into_iter()
            .filter(|row| row[0].as_i64().unwrap() >= from_ms);
        (
            200,
            rows.take(parameter(path, "limit") as usize)
                .collect::<serde_json::Value>()
                .to_string()
                .into_bytes(),
        )
    });
    // The value of hour 47 that is not the last one; nothing later is served.
    let mut provisional = json(47);
    provisional[4] = serde_json::Value::from("147.0");
    provisional[5] = serde_json::Value::from("1");
    let first: Vec<_> = (0..47).map(json).chain([provisional]).collect();
    *rest.lock().unwrap() = (48, first);
    assert_eq!(
        fetch(dir.path(), &url, "2024-01-01", "\"\"").status.code(),
        Some(0)
    );
    assert_eq!(stored(dir.path()), (0..47).collect::<Vec<_>>());
    *rest.lock().unwrap() = (48, (0..49).map(json).collect());
    assert_eq!(
        fetch(dir.path(), &url, "2024-01-01", "\"\"").status.code(),
        Some(0)
    );
    assert_eq!(stored(dir.path()), (0..48).collect::<Vec<_>>());
}

/// One candle that cannot be is missing, and told; the others come.
#[test]
fn an_impossible_candle_by_rest_is_left_out_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let url = stub(move |path| {
        if path.ends_with("/time") {
            return (
                200,
                format!("{{\"serverTime\":{}}}", START_MS + 20 * HOUR_MS).into_bytes(),
            );
        }
        if !path.contains("/klines?") {
            return (404, Vec::new());
        }
        let mut rows: Vec<_> = (0..21).map(json).collect();
        rows[5][4] = serde_json::Value::from("0");
        let from_ms = parameter(path, "startTime");
        let rows = rows
            .into_iter()
            .filter(|row| row[0].as_i64().unwrap() >= from_ms);
        (
            200,
            rows.take(parameter(path, "limit") as usize)
                .collect::<serde_json::Value>()
                .to_string()
                .into_bytes(),
        )
    });
    let output = fetch(dir.path(), &url, "2024-01-01", "\"\"");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert_eq!(
        stored(dir.path()),
        without(&(0..20).collect::<Vec<_>>(), 5..6)
    );
    let expected = "warning: AUSDT: 1 candles by REST cannot be and were left out, the first one: candle at 2024-01-01T05:00:00Z";
    assert!(said.contains(expected), "{said}");
}
