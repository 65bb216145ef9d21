//! `quarterhour thresholds` as a process: what it writes, says and refuses.

use std::fs;

use rules::Thresholds;

use super::{evaluate, write_run};

#[test]
fn file_page_and_charts_are_written_into_the_run() {
    let dir = tempfile::tempdir().unwrap();
    write_run(&dir.path().join("a"), 0, 4000, 15);
    let free = [
        "thresholds",
        "a",
        "--fee-bps",
        "0",
        "--slippage-bps",
        "0",
        "--deflate-by",
        "chance",
    ];
    let (text, notes) = evaluate(dir.path(), &free);
    assert!(
        text.contains("Judged on the later span") && text.contains("AUSDT buy"),
        "{text}"
    );
    assert!(
        notes.contains("note: thresholds are in a/thresholds.toml, charts in a/thresholds.html"),
        "{notes}"
    );
    let read = |name: &str| fs::read_to_string(dir.path().join("a").join(name)).unwrap();
    let file = Thresholds::from_toml(&read("thresholds.toml")).unwrap();
    assert_eq!(
        (file.protocol.as_str(), file.hold_bars, file.coins.len()),
        ("honest", 15, 3)
    );
    assert!(file.judged.is_some() && file.costs.fee_bps == 0.0);
    assert!(read("thresholds/AUSDT.svg").starts_with("<svg"));
    let page = read("thresholds.html");
    assert_eq!(page.matches("<svg").count(), 3);
    assert!(
        page.contains("quarterhour thresholds a --fee-bps 0"),
        "the command that makes the page again"
    );

    // With costs above every move nothing is left, and the old thresholds are replaced.
    let (text, _) = evaluate(dir.path(), &["thresholds", "a", "--fee-bps", "100"]);
    assert!(
        text.contains("No coin has a threshold that is credibly above costs (3 coins tried)."),
        "{text}"
    );
    assert!(
        Thresholds::from_toml(&read("thresholds.toml"))
            .unwrap()
            .coins
            .is_empty()
    );
}

#[test]
fn the_seed_protocol_warns_and_json_is_one_object() {
    let dir = tempfile::tempdir().unwrap();
    write_run(&dir.path().join("a"), 0, 2000, 15);
    let (json, notes) = evaluate(
        dir.path(),
        &[
            "thresholds",
            "a",
            "--protocol",
            "seed",
            "--fee-bps",
            "0",
            "--json",
        ],
    );
    assert!(
        notes.contains("warning: protocol seed is optimistic"),
        "{notes}"
    );
    let tuning: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(tuning["protocol"], "seed");
    assert_eq!(tuning["coins"].as_array().unwrap().len(), 3);
    let text = fs::read_to_string(dir.path().join("a/thresholds.toml")).unwrap();
    assert_eq!(Thresholds::from_toml(&text).unwrap().judged, None);
}

#[test]
fn a_calibration_is_written_with_the_thresholds() {
    let dir = tempfile::tempdir().unwrap();
    write_run(&dir.path().join("a"), 0, 4000, 15);
    let free = [
        "--fee-bps",
        "0",
        "--slippage-bps",
        "0",
        "--deflate-by",
        "chance",
        "--calibrate",
    ];
    let (text, _) = evaluate(
        dir.path(),
        &[&["thresholds", "a"], free.as_slice()].concat(),
    );
    assert!(
        text.contains("Forecasts were calibrated first") && text.contains("AUSDT: slope +"),
        "{text}"
    );
    let file =
        Thresholds::from_toml(&fs::read_to_string(dir.path().join("a/thresholds.toml")).unwrap())
            .unwrap();
    assert!(file.coins.values().all(|coin| coin.calibration.is_some()));
}

#[test]
fn runs_that_cannot_be_traded_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    write_run(&dir.path().join("a"), 0, 200, 15);
    write_run(&dir.path().join("short"), 0, 10, 15);
    write_run(&dir.path().join("unfinished"), 0, 100, 15);
    fs::remove_file(dir.path().join("unfinished/forecasts.parquet")).unwrap();
    write_run(&dir.path().join("residual"), 0, 100, 15);
    fs::write(
        dir.path().join("residual/run.toml"),
        "[run]\nforecaster = \"network\"\n[target]\nkind = \"gresearch\"\n",
    )
    .unwrap();
    let mut said = tests::Transcript::new(crate::QUARTERHOUR, dir.path());
    said.refused("no run", &["thresholds", "nowhere"]);
    said.refused("unfinished", &["thresholds", "unfinished"]);
    said.refused("too short", &["thresholds", "short"]);
    said.refused("a target that nobody earns", &["thresholds", "residual"]);
    said.refused("one threshold", &["thresholds", "a", "--thresholds", "1"]);
    said.refused(
        "nothing to judge on",
        &["thresholds", "a", "--tune-share", "1"],
    );
    said.refused("negative fee", &["thresholds", "a", "--fee-bps=-1"]);
    said.refused(
        "a delay that no table has",
        &["thresholds", "a", "--entry-delay-bars", "2"],
    );
    said.refused("too few trades", &["thresholds", "a", "--min-trades", "1"]);
    said.refused("a share", &["thresholds", "a", "--confidence", "95"]);
    insta::assert_snapshot!("thresholds_errors", said.text);
    assert!(
        !dir.path().join("a/thresholds.toml").exists(),
        "what is refused writes nothing"
    );
}
