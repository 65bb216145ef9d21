//! The sample requests of the book are answered, with the keys that it shows.

use serde_json::Value;

use crate::support::{Answer, Market, Server};

/// Chapters with samples, and how many they have.
const CHAPTERS: [(&str, usize); 2] = [
    (include_str!("../../../../docs/src/guide/serve.md"), 4),
    (include_str!("../../../../docs/src/guide/deploy.md"), 2),
];

/// Fenced blocks in order: their language and text.
fn blocks(chapter: &'static str) -> Vec<(&'static str, &'static str)> {
    let fences: Vec<&str> = chapter.split("```").collect();
    let inside = fences.iter().skip(1).step_by(2);
    inside
        .map(|block| block.split_once('\n').unwrap())
        .collect()
}

/// Sends what a `curl` line of the book sends, to the market of the test.
fn sent(line: &str, market: &Market, server: &Server) -> Answer {
    let (_, rest) = line.split_once("http://127.0.0.1:8700").unwrap();
    let path = rest.split([' ', '\'']).next().unwrap();
    if line.contains("text/csv") {
        let path = path.replace("BTCUSDT", "SIM1USDT");
        return server.post(&path, "text/csv", market.csv(0, 1200).as_bytes());
    }
    match line.split_once("-d '") {
        Some((_, body)) => {
            assert!(body.contains("\"at\": \"2024-01-20T02:55\""));
            let body = format!("{{\"at\": \"{}\"}}", market.last_ms);
            server.post(path, "application/json", body.as_bytes())
        }
        None => server.get(path),
    }
}

/// Every key of the sample is in the answer, lists by their first entry.
fn check_keys(sample: &Value, found: &Value, at: &str) {
    match (sample, found) {
        (Value::Object(sample), Value::Object(found)) => {
            for (key, value) in sample {
                let own = found
                    .get(key)
                    .unwrap_or_else(|| panic!("{at}.{key} is not there"));
                check_keys(value, own, &format!("{at}.{key}"));
            }
        }
        (Value::Array(sample), Value::Array(found)) => {
            if let (Some(sample), Some(found)) = (sample.first(), found.first()) {
                check_keys(sample, found, &format!("{at}[0]"));
            }
        }
        _ => {}
    }
}

#[test]
fn sample_requests_of_the_book_are_answered_as_it_says() {
    let market = Market::new();
    market.write_ledger(2, market.last_ms);
    let server = market.serve(&[]);
    for (chapter, expected) in CHAPTERS {
        assert_eq!(check_samples(chapter, &market, &server), expected);
    }
}

/// Sends each request of a chapter that is followed by a sample, and compares the keys; returns how many there are.
fn check_samples(chapter: &'static str, market: &Market, server: &Server) -> usize {
    let mut count = 0;
    for pair in blocks(chapter).windows(2) {
        let [("sh", request), ("json", sample)] = pair else {
            continue;
        };
        if !request.starts_with("curl") {
            continue;
        }
        let answer = sent(request.trim(), market, server);
        assert_eq!(answer.status, 200, "{request}: {}", answer.text());
        let sample: Value = serde_json::from_str(sample).unwrap();
        let found = answer.json();
        check_keys(&sample, &found, request);
        let keys = |json: &Value| json.as_object().unwrap().len();
        assert_eq!(keys(&sample), keys(&found), "{request}: {found}");
        count += 1;
    }
    count
}
