//! Who is answered.

use crate::support::{Market, TOKEN};

#[test]
fn another_host_and_another_sites_page_are_refused() {
    let market = Market::new();
    market.write_ledger(1, market.last_ms);
    let server = market.serve(&["--host", "quant.example"]);
    let host = |name: &str| server.with("GET /forecasts", &[("Host", name)], b"").status;
    let own = format!("localhost:{}", server.port);
    assert_eq!((host(&own), host("quant.example")), (200, 200));
    assert_eq!(
        (host("evil.example"), host("127.0.0.1:1"), host("")),
        (421, 421, 421)
    );
    let from = |origin: &str| {
        let headers = [("Origin", origin), ("Content-Type", "text/csv")];
        server.with("POST /predict", &headers, b"x").status
    };
    assert_eq!(from("http://evil.example"), 403);
    assert_eq!(from("null"), 403);
    assert_eq!(from(&format!("http://{own}")), 422);
    let answer = server.get("/forecasts");
    assert!(answer.header("access-control-allow-origin").is_none());
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
}

#[test]
fn a_token_is_needed_where_there_is_one_and_is_told_nowhere() {
    let market = Market::new();
    market.write_ledger(1, market.last_ms);
    let file = market.token_file();
    let server = market.serve(&[&file]);
    let refused = server.get("/forecasts");
    assert_eq!(
        (refused.status, refused.header("www-authenticate")),
        (401, Some("Bearer"))
    );
    assert_eq!(
        refused.header("content-type"),
        Some("application/problem+json")
    );
    assert_eq!(server.get("/health").status, 200);
    let page = server.get("/");
    assert_eq!(
        (page.status, page.header("location")),
        (303, Some("/login"))
    );
    let bearer = format!("Bearer {TOKEN}");
    let own = [("Authorization", bearer.as_str())];
    assert_eq!(server.with("GET /forecasts", &own, b"").status, 200);
    assert_eq!(
        server.with("POST /predict", &own, b"{\"at\": 3}").status,
        400
    );
    for path in ["/", "/metrics", "/forecasts", "/openapi.json", "/health"] {
        let answer = server.with(&format!("GET {path}"), &own, b"");
        assert!(
            !answer.text().contains(TOKEN) && !answer.head.contains(TOKEN),
            "{path}"
        );
        assert!(
            !answer
                .text()
                .contains(&market.dir.path().display().to_string()),
            "{path}"
        );
    }
}

#[test]
fn a_session_needs_the_origin_of_its_own_page_to_write() {
    let market = Market::new();
    market.write_ledger(1, market.last_ms);
    let file = market.token_file();
    let server = market.serve(&[&file]);
    let origin = format!("http://127.0.0.1:{}", server.port);
    let form = format!("token={TOKEN}");
    let answer = server.with(
        "POST /login",
        &[("Origin", origin.as_str())],
        form.as_bytes(),
    );
    assert_eq!(answer.status, 303);
    let cookie = answer.header("set-cookie").unwrap();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"),
        "{cookie}"
    );
    assert!(!cookie.contains(TOKEN));
    let cookie = cookie.split(';').next().unwrap();
    let own = [("Cookie", cookie)];
    assert_eq!(server.with("GET /", &own, b"").status, 200);
    assert_eq!(
        server.with("POST /predict", &own, b"{\"at\": 3}").status,
        403
    );
    let from_page = [("Cookie", cookie), ("Origin", origin.as_str())];
    assert_eq!(
        server
            .with("POST /predict", &from_page, b"{\"at\": 3}")
            .status,
        400
    );
    assert_eq!(server.with("POST /logout", &from_page, b"").status, 303);
    assert_eq!(server.with("GET /forecasts", &own, b"").status, 401);
}

#[test]
fn wrong_tokens_are_counted() {
    let market = Market::new();
    market.write_ledger(1, market.last_ms);
    let file = market.token_file();
    let server = market.serve(&[&file]);
    let wrong = || server.with("POST /login", &[], b"token=wrong").status;
    let answers: Vec<u16> = (0..24).map(|_| wrong()).collect();
    // The count begins anew with the minute, which may have passed once meanwhile.
    assert!(answers[0] == 401 && answers.contains(&429), "{answers:?}");
}

/// Wrong tokens of one client say nothing of another behind the same proxy.
#[test]
fn behind_a_trusted_proxy_wrong_tokens_are_counted_by_client() {
    let market = Market::new();
    market.write_ledger(1, market.last_ms);
    let file = market.token_file();
    let server = market.serve(&[&file, "--trusted-proxy=127.0.0.0/8"]);
    let ask = |client: &str, token: &str| {
        let bearer = format!("Bearer {token}");
        let headers = [
            ("Authorization", bearer.as_str()),
            ("X-Forwarded-For", client),
        ];
        server.with("GET /forecasts", &headers, b"").status
    };
    // What stands before the proxy's own entry is the client's invention, and no other client.
    let guesses: Vec<u16> = (0..24)
        .map(|guess| ask(&format!("198.51.100.{guess}, 203.0.113.1"), "wrong"))
        .collect();
    assert!(guesses[0] == 401 && guesses.contains(&429), "{guesses:?}");
    assert_eq!(ask("203.0.113.2", TOKEN), 200);
    assert_eq!(ask("203.0.113.2", "wrong"), 401);
}

/// Any client can send the header: of a proxy that is not trusted it says nothing.
#[test]
fn a_header_of_an_unknown_proxy_hides_nobody() {
    let market = Market::new();
    market.write_ledger(1, market.last_ms);
    let server = market.serve(&[&market.token_file()]);
    let guess = |guess: usize| {
        let client = format!("203.0.113.{guess}");
        let headers = [("X-Forwarded-For", client.as_str())];
        server.with("POST /login", &headers, b"token=wrong").status
    };
    let guesses: Vec<u16> = (0..24).map(guess).collect();
    assert!(guesses[0] == 401 && guesses.contains(&429), "{guesses:?}");
    let error = market.refused_arguments(&["--trusted-proxy=proxy.example"]);
    assert!(
        error.contains("expected an address such as 127.0.0.1"),
        "{error}"
    );
}
