//! `quarterhour portfolio` as a process: what it prints, writes, logs and refuses.

use std::fs;
use std::path::Path;

use dataset::ForecastTable;

use super::evaluate;
use super::timing::write_timed_run;

/// A run of 800 minutes with its candles, whose returns are known with entry a bar later too.
fn write_traded_run(dir: &Path) {
    write_timed_run(dir, Some(1e6));
    let path = dir.join("a/forecasts.parquet");
    let (metadata, mut parts) = ForecastTable::read(&path).unwrap().into_inner();
    for part in &mut parts {
        part.realized_delayed = part.realized.clone();
    }
    let table = ForecastTable::new(metadata, parts, &path).unwrap();
    table.write(&path).unwrap();
}

#[test]
fn portfolios_are_printed_drawn_and_logged() {
    let dir = tempfile::tempdir().unwrap();
    write_traded_run(dir.path());
    let fees = "portfolio.fees_bps=[0.0, 1.0]";
    let (json, _) = evaluate(dir.path(), &["portfolio", "a", "--set", fees, "--json"]);
    let found: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(found["folds"], serde_json::json!([2]));
    assert!(found["fits"][0]["slope"].as_f64().unwrap() > 0.1, "{json}");
    let results = found["results"].as_array().unwrap();
    // The run has no day of candles before it, so that no covariance and no position is known.
    let hedged = &results[1];
    assert_eq!(hedged["holding"]["hedged"], true);
    assert_eq!(hedged["figures"]["turnover"], 0.0, "{json}");
    let held = results
        .iter()
        .filter(|one| one["holding"]["kind"] == "basket");
    assert_eq!(held.count(), 2, "one at each fee");

    let log = || fs::read_to_string(dir.path().join("trials.jsonl")).unwrap_or_default();
    let first = log();
    let again = ["portfolio", "a", "--set", fees, "--html", "portfolio.html"];
    let (text, notes) = evaluate(dir.path(), &again);
    assert_eq!(log(), first, "the same settings are no new trials");
    assert!(
        text.contains("network, hedged") && text.contains("1 bp a fill"),
        "{text}"
    );
    assert!(
        notes.contains("note: the report is in portfolio.html"),
        "{notes}"
    );
    let page = fs::read_to_string(dir.path().join("portfolio.html")).unwrap();
    assert_eq!(
        page.matches("<svg").count(),
        3,
        "the Sharpe ratios, and the capital at each fee"
    );
    assert_eq!(page.matches("<figcaption").count(), 3);
    assert!(
        page.contains("class=\"verdict\"") && page.contains("portfolios that follow forecasts")
    );
}

#[test]
fn what_cannot_be_traded_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    write_traded_run(dir.path());
    let mut said = tests::Transcript::new(crate::QUARTERHOUR, dir.path());
    said.refused("no fold before", &["portfolio", "a", "--folds", "1"]);
    let hedge = ["portfolio", "a", "--set", "portfolio.hedge=XUSDT"];
    said.refused("a hedge that is no coin", &hedge);
    let slip = ["portfolio", "a", "--set", "portfolio.hegde=basket"];
    said.refused("a slip", &slip);
    let fees = ["portfolio", "a", "--set", "portfolio.fees_bps=[-1.0]"];
    said.refused("a fee below nothing", &fees);
    insta::assert_snapshot!("portfolio_errors", said.text);
}
