//! The pause that requests set is the one that a watch reads.

use serde_json::Value;
use trading::Ledger;

use crate::support::{Market, TOKEN, now_ms};

#[test]
fn pause_and_resume_are_seen_by_the_watch_and_by_who_asks() {
    let market = Market::new();
    market.write_ledger(1, market.last_ms);
    let server = market.serve(&[&market.token_file()]);
    let bearer = format!("Bearer {TOKEN}");
    let own = [("Authorization", bearer.as_str())];
    let shown = |is_paused: bool| {
        let shows = |answer: &Value| answer["pause"]["is_paused"] == is_paused;
        (0..200).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(50));
            shows(&server.with("GET /watch", &own, b"").json())
        })
    };
    // As a watch reads it once a bar.
    let in_ledger = || {
        let ledger = Ledger::read_only(&market.run.join("ledger.sqlite")).unwrap();
        ledger.status().unwrap().pause
    };
    assert!(!in_ledger().is_paused && in_ledger().since.is_none());
    assert_eq!(server.with("POST /watch/pause", &[], b"").status, 401);
    assert!(!in_ledger().is_paused);

    let before = now_ms();
    let answer = server.with("POST /watch/pause", &own, b"");
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["is_paused"], true);
    let since = answer.json()["since"].as_i64().unwrap();
    assert!((before..=now_ms()).contains(&since));
    assert!(in_ledger().is_paused && in_ledger().since == Some(since));
    assert!(shown(true));
    // Once more changes nothing, nor when it began.
    let again = server.with("POST /watch/pause", &own, b"").json();
    assert_eq!(again["since"], since);

    let answer = server.with("POST /watch/resume", &own, b"");
    assert_eq!(
        (answer.status, answer.json()["is_paused"].as_bool()),
        (200, Some(false))
    );
    assert!(!in_ledger().is_paused);
    assert!(shown(false));
}

#[test]
fn a_server_without_a_token_changes_nothing() {
    let market = Market::new();
    market.write_ledger(1, market.last_ms);
    let server = market.serve(&[]);
    let refused = server.with("POST /watch/pause", &[], b"");
    assert_eq!(refused.status, 403);
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("started without a token"), "{detail}");
    let ledger = Ledger::read_only(&market.run.join("ledger.sqlite")).unwrap();
    assert!(!ledger.status().unwrap().pause.is_paused);
}
