//! Base URLs, and what is shown of them.

use super::*;

/// No user and no password of an address is in what people read.
#[tokio::test]
async fn credentials_are_sent_but_never_shown() {
    let stub = Stub::start(|_, _| status(404, "no"));
    let url = stub.url.replace("http://", "http://user:s3cretpw@");
    let client = RestClient::with_options(Market::Spot, Some(&url), options()).unwrap();
    let error = client.server_time_ms().await.unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with(&format!("GET {}/api/v3/time: ", stub.url)),
        "{error}"
    );
    assert!(!format!("{error:?} {client:?}").contains("s3cretpw"));
    // `printf user:s3cretpw | base64`
    assert_eq!(
        stub.requests()[0].header("authorization"),
        Some("Basic dXNlcjpzM2NyZXRwdw==")
    );
}

#[test]
fn base_urls_are_checked() {
    for market in [Market::Spot, Market::Futures] {
        RestClient::new(market, None).unwrap();
    }
    for bad in [
        "",
        "data-api.binance.vision",
        "ftp://x.y",
        "http://",
        "http://x/?a=b",
        "http://x/#a",
    ] {
        let error = told(&RestClient::new(Market::Spot, Some(bad)).unwrap_err());
        // What follows the path may be secret.
        let shown = bad
            .split_once(['?', '#'])
            .map_or(bad.to_owned(), |(path, _)| format!("{path}?***"));
        assert!(
            error.starts_with(&format!("{shown:?} is not a base URL: ")),
            "{error}"
        );
        assert!(
            error.lines().last().unwrap().starts_with("hint: "),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_base_url_may_have_a_path_and_a_slash() {
    let stub = Stub::start(|request, _| exchange(request, 0..3, START + 3 * MINUTE));
    let url = format!("{}/mirror/", stub.url);
    let client = RestClient::with_options(Market::Spot, Some(&url), options()).unwrap();
    client.server_time_ms().await.unwrap();
    assert_eq!(stub.requests()[0].path, "/mirror/api/v3/time");
}
