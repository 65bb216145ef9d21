//! `ArchiveClient` against a stub archive.

use std::time::Duration;

use market::{ArchiveClient, ArchiveFile, Interval, Market, Period, RestOptions, Symbol};

use crate::stub::{Reply, Stub, ok, status, told};

/// SHA-256 of `candles`, by `printf candles | sha256sum`.
const SUM: &str = "afc6d50c5e5bfa4e6907372311655461084074f2414b3d0aa08bad7f54bf8f46";

fn client(stub: &Stub) -> ArchiveClient {
    let options = RestOptions {
        timeout: Duration::from_secs(5),
        max_tries: 3,
        retry_pause: Duration::from_millis(5),
        ..RestOptions::for_market(Market::Spot)
    };
    ArchiveClient::new(Market::Spot, Some(&stub.url), options).unwrap()
}

fn january() -> ArchiveFile {
    ArchiveFile {
        symbol: Symbol::new("BTCUSDT").unwrap(),
        interval: Interval::ONE_MINUTE,
        period: Period::month_of(1_704_067_200_000),
    }
}

/// An archive with one file, whose checksum is `SUM`.
fn archive(file: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Stub {
    Stub::start(move |request, before| {
        if request.path.ends_with(".CHECKSUM") {
            ok(format!("{}  BTCUSDT-1m-2024-01.zip\n", SUM.to_uppercase()))
        } else {
            file(before)
        }
    })
}

#[tokio::test]
async fn a_file_is_checked_and_cut_ones_are_fetched_again() {
    let stub = archive(|before| match before {
        1 => Reply {
            cut_bytes: 10,
            ..ok("candles")
        },
        2 => status(503, ""),
        _ => ok("candles"),
    });
    let client = client(&stub);
    let sum = client.checksum(&january()).await.unwrap().unwrap();
    assert_eq!(sum, SUM);
    assert_eq!(
        client.bytes(&january(), &sum).await.unwrap().unwrap(),
        b"candles"
    );
    assert_eq!(
        stub.count("/data/spot/monthly/klines/BTCUSDT/1m/BTCUSDT-1m-2024-01.zip"),
        3
    );
}

#[tokio::test]
async fn other_bytes_than_promised_are_an_error_in_the_end() {
    let stub = archive(|before| {
        if before < 2 {
            ok("candle")
        } else {
            ok("candles")
        }
    });
    assert!(
        client(&stub)
            .bytes(&january(), SUM)
            .await
            .unwrap()
            .is_some(),
        "the third try was right"
    );
    let stub = archive(|_| ok("candle"));
    let error = client(&stub).bytes(&january(), SUM).await.unwrap_err();
    let error = told(&error).replace(&stub.url, "[URL]");
    insta::assert_snapshot!(error);
    assert_eq!(stub.count(".zip"), 3);
}

#[tokio::test]
async fn what_is_not_there_is_no_error() {
    let stub = Stub::start(|_, _| status(404, "<Error><Code>NoSuchKey</Code></Error>"));
    let client = client(&stub);
    assert_eq!(client.checksum(&january()).await.unwrap(), None);
    assert_eq!(client.bytes(&january(), SUM).await.unwrap(), None);
    assert_eq!(
        stub.requests().len(),
        2,
        "asked again for what is not there"
    );
}

#[tokio::test]
async fn refusals_and_failures_say_what_to_do() {
    let mut said = String::new();
    for code in [403, 418, 429, 451, 503] {
        let stub = Stub::start(move |_, _| status(code, "no").header("Retry-After", 3600));
        let error = told(&client(&stub).checksum(&january()).await.unwrap_err());
        // When a ban ends depends on when it is asked.
        let error = match error.split_once("banned until ") {
            Some((before, after)) => format!("{before}banned until [TIME]{}", &after[20..]),
            None => error,
        };
        said.push_str(&error.replace(&stub.url, "[URL]"));
        said.push_str("\n\n");
    }
    let stub = Stub::start(|_, _| ok("<html>"));
    let error = told(&client(&stub).checksum(&january()).await.unwrap_err());
    said.push_str(&error.replace(&stub.url, "[URL]"));
    insta::assert_snapshot!(said);
}

/// A listing of two pages; what is no symbol is left out.
#[tokio::test]
async fn all_symbols_of_the_archive_are_listed_page_by_page() {
    let stub = Stub::start(|request, _| {
        let page = |names: &[&str], next: Option<&str>| {
            let folder = |name: &&str| {
                format!(
                    "<CommonPrefixes><Prefix>data/spot/monthly/klines/{name}/</Prefix></CommonPrefixes>"
                )
            };
            let folders: String = names.iter().map(folder).collect();
            let next = next.map_or_else(
                || "<IsTruncated>false</IsTruncated>".to_owned(),
                |name| format!("<IsTruncated>true</IsTruncated><NextMarker>data/spot/monthly/klines/{name}/</NextMarker>"),
            );
            ok(format!(
                "<ListBucketResult>{next}{folders}</ListBucketResult>"
            ))
        };
        let marker = request.parameter("marker");
        match marker.is_some_and(|marker| marker.contains("LUNAUSDT")) {
            false => page(&["BTCUSDT", "not a symbol", "LUNAUSDT"], Some("LUNAUSDT")),
            true => page(&["LUNAUSDT", "USTUSDT"], None),
        }
    });
    let names = client(&stub).symbols().await.unwrap().unwrap();
    let names: Vec<&str> = names.iter().map(Symbol::as_str).collect();
    assert_eq!(names, ["BTCUSDT", "LUNAUSDT", "USTUSDT"]);

    let without = Stub::start(|_, _| status(404, ""));
    assert_eq!(client(&without).symbols().await.unwrap(), None);
}
