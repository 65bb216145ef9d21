//! What is answered is what the ledger and `predict` say.

use std::io::{BufRead, BufReader, Write};

use serde_json::{Value, json};

use crate::support::{MINUTE, Market, now_ms};

fn forecasts_of(json: &Value) -> Vec<(String, Option<f64>)> {
    let coins = json["coins"].as_array().unwrap().iter();
    coins
        .map(|coin| {
            (
                coin["symbol"].as_str().unwrap().to_owned(),
                coin["forecast"].as_f64(),
            )
        })
        .collect()
}

/// A number as it is read from JSON: the text is exact, its reader may be wrong in the last bit.
fn as_read(number: Option<f64>) -> Option<f64> {
    let text = serde_json::to_string(&number).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn forecasts_are_the_ledgers_and_predicts_bit_for_bit() {
    let market = Market::new();
    market.write_ledger(5, market.last_ms);
    let server = market.serve(&[]);
    let (made, _) = market.forecasts(market.last_ms);
    let expected: Vec<_> = made
        .coins
        .iter()
        .map(|coin| (coin.symbol.clone(), as_read(coin.forecast)))
        .collect();
    assert!(
        expected.iter().all(|(_, forecast)| forecast.is_some()),
        "{made:?}"
    );

    let live = server.get("/forecasts").json();
    assert_eq!(forecasts_of(&live), expected);
    assert_eq!(live["time"], market.last_ms);
    assert_eq!(live["closed_at"], market.last_ms + MINUTE);
    assert_eq!(live["horizon_bars"], 15);
    assert_eq!(live["is_stale"], false);
    assert_eq!(
        live["coins"][0]["close"].as_f64(),
        as_read(made.coins[0].close)
    );
    assert_eq!(live["coins"][0]["buy_threshold"], 1e-9);

    let csv = server.get("/forecasts?format=csv").text();
    let line = csv.lines().find(|line| line.contains("SIM2USDT")).unwrap();
    assert_eq!(
        line.split(',').nth(4).unwrap().parse::<f64>().ok(),
        made.coins[1].forecast
    );

    let at = server.post(
        "/predict",
        "application/json",
        json!({"at": market.last_ms.to_string()})
            .to_string()
            .as_bytes(),
    );
    assert_eq!(at.status, 200, "{}", at.text());
    assert_eq!(forecasts_of(&at.json()), expected);
    assert_eq!(at.json()["reused_after_secs"], Value::Null);

    let all: String = (0..3)
        .map(|coin| {
            let csv = market.csv(coin, 1200);
            if coin == 0 {
                csv
            } else {
                csv.split_once('\n').unwrap().1.to_owned()
            }
        })
        .collect();
    let of_csv = server.post("/predict?times=2", "text/csv", all.as_bytes());
    assert_eq!(of_csv.status, 200, "{}", of_csv.text());
    let of_csv = of_csv.json();
    assert_eq!(of_csv["forecasts"].as_array().unwrap().len(), 2);
    assert_eq!(forecasts_of(&of_csv["forecasts"][1]), expected);
    let (before, _) = market.forecasts(market.last_ms - MINUTE);
    assert_eq!(
        of_csv["forecasts"][0]["coins"][0]["forecast"].as_f64(),
        as_read(before.coins[0].forecast)
    );
}

#[test]
fn candles_that_begin_too_late_are_refused_with_how_many_are_needed() {
    let market = Market::new();
    market.write_ledger(1, market.last_ms);
    let server = market.serve(&[]);
    let answer = server.post("/predict", "text/csv", market.csv(0, 5).as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.text());
    let coins = answer.json()["forecasts"][0]["coins"].clone();
    let refused = coins[0]["refused"].as_str().unwrap();
    let begin = dataset::format_time(market.last_ms - 4 * MINUTE);
    let expected = format!("; its candles begin at {begin} UTC, and the model looks back ");
    assert!(refused.contains(&expected), "{refused}");
    // A coin of which nothing was sent lacks more than a history.
    let absent = coins[1]["refused"].as_str().unwrap();
    assert!(!absent.contains("looks back"), "{absent}");
}

#[test]
fn candles_as_json_are_forecast_and_absent_coins_are_refused() {
    let market = Market::new();
    market.write_ledger(1, market.last_ms);
    let server = market.serve(&[]);
    let rows: Vec<Value> = market.csv(1, 1200).lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        let number = |cell: usize| cells[cell].parse::<f64>().ok();
        json!({"symbol": cells[0], "open_time": cells[1].parse::<i64>().unwrap(), "open": number(2), "high": number(3),
            "low": number(4), "close": number(5), "volume": number(6), "quote_volume": number(7), "count": number(8),
            "taker_buy_volume": number(9), "taker_buy_quote_volume": number(10)})
    }).collect();
    let answer = server.post(
        "/predict",
        "application/json",
        json!({"candles": rows}).to_string().as_bytes(),
    );
    assert_eq!(answer.status, 200, "{}", answer.text());
    let coins = answer.json()["forecasts"][0]["coins"].clone();
    assert_eq!(coins.as_array().unwrap().len(), 3);
    assert_eq!(coins[0]["forecast"], Value::Null);
    assert!(coins[0]["refused"].is_string(), "{coins}");
}

#[test]
fn health_is_503_once_bars_pass_without_a_forecast() {
    let market = Market::new();
    market.write_ledger(1, market.last_ms - 30 * MINUTE);
    let server = market.serve(&[]);
    let stale = server.get("/health");
    assert_eq!(
        (stale.status, stale.json()["status"].as_str()),
        (503, Some("stale"))
    );
    assert!(stale.json()["age_secs"].as_f64().unwrap() > 29.0 * 60.0);
    assert!(
        server
            .get("/")
            .text()
            .contains("stale: the last forecast is of")
    );
    assert!(
        server
            .get("/metrics")
            .text()
            .contains("quarterhour_ledger_fresh 0")
    );
    assert_eq!(server.get("/forecasts").json()["is_stale"], true);

    // The watch goes on, and the server sees it.
    market.write_ledger(2, now_ms().div_euclid(MINUTE) * MINUTE - MINUTE);
    let is_fresh = || server.get("/health").status == 200;
    let soon = (0..200).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        is_fresh()
    });
    assert!(soon, "{}", server.get("/health").text());
}

#[test]
fn positions_and_equity_are_the_ledgers_after_costs() {
    let market = Market::new();
    market.write_ledger(8, market.last_ms);
    let server = market.serve(&[]);
    let positions = server.get("/positions").json();
    let positions = positions.as_array().unwrap();
    // One opens every second minute, and the newest is first.
    assert_eq!(positions.len(), 4, "{positions:?}");
    assert_eq!(positions[0]["net"], Value::Null);
    let nets: Vec<f64> = positions
        .iter()
        .filter_map(|position| position["net"].as_f64())
        .collect();
    assert_eq!(nets.len(), 3);
    let first = &positions[3];
    let change = first["exit_price"].as_f64().unwrap() / first["entry_price"].as_f64().unwrap();
    // 10 bp fee and 1 bp slippage on both fills.
    let expected = change * 0.9999 * 0.999 - 1.0001 * 1.001;
    assert!((first["net"].as_f64().unwrap() - expected).abs() < 1e-12);
    let equity = server.get("/equity").json();
    assert_eq!(
        (equity["trades"].as_u64(), equity["open"].as_u64()),
        (Some(3), Some(1))
    );
    assert_eq!(
        equity["sharpe"],
        Value::Null,
        "no ratio of less than 30 days"
    );
    let points = equity["points"].as_array().unwrap();
    let last = points.last().unwrap()[1].as_f64().unwrap();
    assert!((last - nets.iter().sum::<f64>() * equity["share"].as_f64().unwrap()).abs() < 1e-12);
    assert_eq!(
        server
            .get("/positions?limit=1")
            .json()
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

/// The line ends with the correlation of all settled forecasts, as they and the closes give it.
#[test]
fn the_score_is_that_of_the_settled_forecasts() {
    let market = Market::new();
    // An hour without a hole in the market.
    let last_ms = market.last_ms - 150 * MINUTE;
    market.write_ledger(60, last_ms);
    let server = market.serve(&[]);
    let (mut forecasts, mut returns) = (Vec::new(), Vec::new());
    for back in 15..60 {
        let at_ms = last_ms - back * MINUTE;
        let (made, _) = market.forecasts(at_ms);
        for (coin, (_, candles)) in made.coins.iter().zip(&market.candles) {
            let close = |at_ms: i64| {
                let row = candles
                    .open_time_ms
                    .iter()
                    .position(|time| *time == at_ms)?;
                Some(candles.candle(row).close)
            };
            let later = close(at_ms + 15 * MINUTE);
            if let (Some(forecast), Some(now), Some(later)) = (coin.forecast, close(at_ms), later) {
                forecasts.push(forecast);
                returns.push(later / now - 1.0);
            }
        }
    }
    assert!(
        forecasts.len() >= 100,
        "{} forecasts are settled",
        forecasts.len()
    );
    let score = server.get("/score").json();
    let last = score["points"].as_array().unwrap().last();
    let last = last.unwrap_or_else(|| panic!("{score}, {}", server.get("/health").text()));
    assert_eq!(last["forecasts"], forecasts.len());
    assert_eq!(last["time"], last_ms);
    let pearson = |x: &[f64], y: &[f64]| {
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let product = |x: &[f64], y: &[f64]| {
            let pairs = x.iter().zip(y);
            pairs
                .map(|(a, b)| (a - mean(x)) * (b - mean(y)))
                .sum::<f64>()
        };
        product(x, y) / (product(x, x) * product(y, y)).sqrt()
    };
    let expected = pearson(&forecasts, &returns);
    let found = last["pearson"].as_f64().unwrap();
    assert!(
        (found - expected).abs() < 1e-9,
        "{found}, expected {expected}"
    );
}

#[test]
fn a_new_bar_comes_by_events() {
    let market = Market::new();
    market.write_ledger(1, market.last_ms - MINUTE);
    let server = market.serve(&[]);
    let mut stream = server.connect();
    let head = format!(
        "GET /events HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n",
        server.port
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let mut next_id = || loop {
        if let Some(id) = lines
            .next()
            .expect("a stream that goes on")
            .strip_prefix("id: ")
        {
            return id.parse::<i64>().unwrap();
        }
    };
    assert_eq!(next_id(), market.last_ms - MINUTE);
    market.write_ledger(1, market.last_ms);
    assert_eq!(next_id(), market.last_ms);
}

#[test]
fn the_page_is_small_and_has_no_inline_script_or_style() {
    let market = Market::new();
    market.write_ledger(3, market.last_ms);
    let server = market.serve(&[]);
    let page = server.get("/");
    assert!(
        page.header("content-security-policy")
            .unwrap()
            .starts_with("default-src 'self'")
    );
    // With `no-referrer` the form to log in would come from the origin `null`, and be refused.
    assert_eq!(page.header("referrer-policy"), Some("same-origin"));
    let html = page.text();
    assert!(
        !html.contains("<style") && !html.contains(" style=") && !html.contains(" onclick="),
        "{html}"
    );
    assert_eq!(
        html.matches("<script src=").count(),
        html.matches("<script").count()
    );
    assert!(html.contains("paper only: no order is ever sent"));
    // Each part of a bar is closed: a browser draws nothing of what lies inside another part.
    assert_eq!(
        html.matches("<path ").count(),
        html.matches("</path>").count()
    );
    let bars =
        html.matches("<path class=\"up\"").count() + html.matches("<path class=\"down\"").count();
    assert_eq!(bars, 3, "a bar for each coin");
    assert!(
        html.contains(
            "thresholds were tuned at other costs than those charged: 10 + 0 bp a fill, 10 + 1 bp are charged"
        ),
        "{html}"
    );
    let assets = [
        "/assets/page.js",
        "/assets/page.css",
        "/assets/uplot.js",
        "/assets/uplot.css",
        "/assets/icon.svg",
    ];
    let bytes: usize = assets.iter().map(|path| server.get(path).body.len()).sum();
    assert!(bytes + html.len() < 100_000, "{bytes} + {}", html.len());
}

#[test]
fn the_report_may_use_its_own_inline_blocks_alone() {
    let market = Market::new();
    market.write_ledger(1, market.last_ms);
    let server = market.serve(&[]);
    let report = server.get("/runs/quick/report");
    assert_eq!(report.status, 200);
    let policy = report.header("content-security-policy").unwrap();
    assert!(
        policy.contains("style-src 'self' 'sha256-") && policy.contains("script-src 'none'"),
        "{policy}"
    );
    let other = server.get("/runs/other/report");
    assert_eq!(other.status, 404);
    assert!(other.text().contains("expected `quick`"));
}

/// Every path takes the methods that the description has for it, and no other.
#[test]
fn the_description_says_which_methods_a_path_takes() {
    let market = Market::new();
    market.write_ledger(1, market.last_ms);
    let server = market.serve(&[]);
    let description = server.get("/openapi.json").json();
    for (path, methods) in description["paths"].as_object().unwrap() {
        let asked = path
            .replace("{name}", "quick")
            .replace("{version}", "1.0.0");
        for (method, described) in [("HEAD", "get"), ("POST", "post"), ("PUT", "put")] {
            // No body of this type is taken, so that nothing is forecast.
            let headers = [("Content-Type", "text/plain")];
            let status = server
                .with(&format!("{method} {asked}"), &headers, b"")
                .status;
            let is_taken = status != 405;
            let expected = methods.get(described).is_some();
            assert_eq!(is_taken, expected, "{method} {path}: {status}");
        }
    }
}
