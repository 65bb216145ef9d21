//! `POST /predict` with rows of features: names, not places, say what a number is.

use baseline::TreeKind;
use serde_json::{Value, json};

use crate::support::{Answer, Market, Server};
use crate::why::{COINS, Why, ridge, trees};

fn post(server: &Server, body: &str) -> Answer {
    server.post("/predict", "application/json", body.as_bytes())
}

/// A row as text, its features in this order.
fn row(symbol: &str, features: &[(String, Option<f64>)]) -> String {
    let pairs: Vec<String> = features
        .iter()
        .map(|(name, value)| format!("{}: {}", json!(name), json!(value)))
        .collect();
    format!(
        "{{\"symbol\": \"{symbol}\", \"features\": {{{}}}}}",
        pairs.join(", ")
    )
}

fn body(rows: &[String]) -> String {
    format!("{{\"rows\": [{}]}}", rows.join(", "))
}

/// The features of a coin's last forecast.
fn features(why: &Why) -> Vec<(String, Option<f64>)> {
    let own = why.parts.iter();
    own.map(|(name, value, _)| (name.clone(), *value)).collect()
}

/// The features that `/why` names give the watch's forecast again, in whatever order they stand.
#[test]
fn features_by_name_give_the_forecast_of_trees_in_any_order() {
    for kind in [TreeKind::LightGbm, TreeKind::XgBoost] {
        let Some(market) = trees(kind, "parts") else {
            return;
        };
        let server = market.serve(&[]);
        let whys = COINS.map(|coin| Why::of(&server, coin));
        let rows = |is_reversed: bool| -> Vec<String> {
            let of_coin = |(coin, why): (&str, &Why)| {
                let mut own = features(why);
                own.sort_by(|one, other| one.0.cmp(&other.0));
                if is_reversed {
                    own.reverse();
                }
                row(coin, &own)
            };
            COINS.into_iter().zip(&whys).map(of_coin).collect()
        };
        for is_reversed in [false, true] {
            let answer = post(&server, &body(&rows(is_reversed)));
            assert_eq!(answer.status, 200, "{}", answer.text());
            let answer = answer.json();
            assert_eq!(answer["horizon"], "15m");
            for (place, why) in whys.iter().enumerate() {
                let found = &answer["rows"][place];
                assert_eq!(found["symbol"], COINS[place]);
                assert_eq!(found["forecast"].as_f64(), Some(why.forecast), "{found}");
                assert_eq!(found["refused"], Value::Null);
            }
        }
    }
}

/// The rows of a ridge hold the coin's volatility too, which forecasts are in units of.
#[test]
fn features_by_name_give_the_forecast_of_a_ridge() {
    let market = ridge();
    let server = market.serve(&[]);
    let whys = COINS.map(|coin| Why::of(&server, coin));
    let rows = |unit: f64| -> Vec<String> {
        let of_coin = |(coin, why): (&str, &Why)| {
            let mut own = features(why);
            // Products of features are terms, and no features.
            own.retain(|(name, _)| !name.contains(" x "));
            own.push(("trailing_volatility".to_owned(), Some(unit)));
            row(coin, &own)
        };
        COINS.into_iter().zip(&whys).map(of_coin).collect()
    };
    let answer = post(&server, &body(&rows(1.0)));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let of_one = answer.json();
    let of_two = post(&server, &body(&rows(0.5))).json();
    for (place, why) in whys.iter().enumerate() {
        let forecast = |answer: &Value| answer["rows"][place]["forecast"].as_f64().unwrap();
        let (one, half) = (forecast(&of_one), forecast(&of_two));
        assert!((one - 2.0 * half).abs() <= 1e-12 * one.abs());
        // What is left is the unit of the coin, above 0 and far below 1.
        let unit = why.forecast / one;
        assert!(unit > 0.0 && unit < 0.1, "{unit}");
        let added: Vec<f64> = why.parts.iter().map(|(_, _, added)| added / unit).collect();
        let size: f64 = added.iter().map(|one| one.abs()).sum();
        assert!((added.iter().sum::<f64>() - one).abs() <= 1e-9 * size);
    }
}

#[test]
fn a_row_of_other_names_is_told_which_are_missing_and_which_are_unknown() {
    let market = ridge();
    let server = market.serve(&[]);
    let why = Why::of(&server, COINS[0]);
    let mut good = features(&why);
    good.retain(|(name, _)| !name.contains(" x "));
    good.push(("trailing_volatility".to_owned(), Some(0.01)));
    let missing = good[0].0.clone();
    let mut wrong = good.clone();
    wrong[0].0 = "mood".to_owned();
    let refused = post(
        &server,
        &body(&[row(COINS[0], &good), row(COINS[1], &wrong)]),
    );
    assert_eq!(refused.status, 422, "{}", refused.text());
    assert_eq!(
        refused.header("content-type"),
        Some("application/problem+json")
    );
    let problem = refused.json();
    assert_eq!(problem["missing"], json!([missing]));
    assert_eq!(problem["unknown"], json!(["mood"]));
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.starts_with("row 2 of SIM2USDT lacks"), "{detail}");

    let other = post(&server, &body(&[row("SIM9USDT", &good)]));
    assert_eq!(other.status, 422);
    assert!(
        other.text().contains("the model does not know SIM9USDT"),
        "{}",
        other.text()
    );
    // A number that is unknown is said so, and is no reason to refuse the others.
    let mut unknown = good.clone();
    unknown[0].1 = None;
    let answer = post(
        &server,
        &body(&[row(COINS[0], &good), row(COINS[1], &unknown)]),
    )
    .json();
    assert!(answer["rows"][0]["forecast"].is_f64(), "{answer}");
    assert_eq!(answer["rows"][1]["forecast"], Value::Null, "{answer}");
    assert!(answer["rows"][1]["refused"].is_string(), "{answer}");
    assert_eq!(post(&server, "{\"rows\": []}").status, 422);
}

/// A network forecasts a window, and no row.
#[test]
fn rows_for_a_network_are_refused() {
    let market = Market::new();
    market.write_ledger(1, market.last_ms);
    let server = market.serve(&[]);
    let refused = post(
        &server,
        &body(&[row(COINS[0], &[("return_1".to_owned(), Some(0.0))])]),
    );
    assert_eq!(refused.status, 422);
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert!(
        detail.contains("expected trees or a regression"),
        "{detail}"
    );
}
