//! `quarterhour quantiles` and `quarterhour backtest` as processes: what they print, write and refuse.

use std::fs;

use super::{evaluate, write_run};

#[test]
fn bins_are_printed_written_and_drawn() {
    let dir = tempfile::tempdir().unwrap();
    write_run(&dir.path().join("a"), 0, 800, 15);
    let files = ["--csv", "bins.csv", "--plot", "bins.svg"];
    let (text, notes) = evaluate(
        dir.path(),
        &[&["quantiles", "a", "--bins", "3"], files.as_slice()].concat(),
    );
    assert!(
        text.contains("highest minus lowest") && text.contains("Rank IC over all rows"),
        "{text}"
    );
    assert!(notes.contains("note: the bins are in bins.csv"), "{notes}");
    assert_eq!(
        fs::read_to_string(dir.path().join("bins.csv"))
            .unwrap()
            .lines()
            .count(),
        4
    );
    assert!(
        fs::read_to_string(dir.path().join("bins.svg"))
            .unwrap()
            .starts_with("<svg")
    );

    // One coin is ranked against its past; against its day on request, with a warning.
    let (json, notes) = evaluate(
        dir.path(),
        &["quantiles", "a", "--symbol", "AUSDT", "--json"],
    );
    let found: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&found["scope"], &found["left_out"], &found["coins"]),
        (&"trailing".into(), &59.into(), &1.into())
    );
    assert!(!notes.contains("warning"), "{notes}");
    let (_, notes) = evaluate(
        dir.path(),
        &["quantiles", "a", "--symbol", "AUSDT", "--scope", "date"],
    );
    assert!(notes.contains("warning: scope date looks ahead"), "{notes}");
}

#[test]
fn lists_are_tried_in_every_combination() {
    let dir = tempfile::tempdir().unwrap();
    write_run(&dir.path().join("a"), 0, 800, 15);
    let lists = [
        "--bins",
        "2,3",
        "--side",
        "long,short,longshort",
        "--hold-bars",
        "1,15",
    ];
    let files = [
        "--csv",
        "bars.csv",
        "--coins-csv",
        "coins.csv",
        "--plot",
        "capital.svg",
    ];
    let command = ["backtest", "a", "--json"];
    let (json, notes) = evaluate(dir.path(), &[command.as_slice(), &lists, &files].concat());
    let found: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(found["trials"].as_array().unwrap().len(), 12);
    assert_eq!(
        (
            &found["deflated"]["trials"],
            &found["overfitting"]["splits"]
        ),
        (&12.into(), &12_870.into())
    );
    assert!(
        notes.contains("note: the chart is in capital.svg"),
        "{notes}"
    );
    assert_eq!(
        fs::read_to_string(dir.path().join("bars.csv"))
            .unwrap()
            .lines()
            .count(),
        801
    );
    assert_eq!(
        fs::read_to_string(dir.path().join("coins.csv"))
            .unwrap()
            .lines()
            .count(),
        4
    );
    assert!(
        fs::read_to_string(dir.path().join("capital.svg"))
            .unwrap()
            .starts_with("<svg")
    );
    let (text, _) = evaluate(
        dir.path(),
        &["backtest", "a", "--bins", "3", "--quantile", "1"],
    );
    let lines = ["3 bins longshort ", "3 bins, 1 longshort "];
    assert!(lines.iter().all(|line| text.contains(line)), "{text}");
    let (text, _) = evaluate(
        dir.path(),
        &[
            "backtest",
            "a",
            "--signal",
            "threshold",
            "--threshold-bps",
            "1.5",
        ],
    );
    assert!(
        text.contains("1.5 bp longshort") && text.contains("Each coin alone"),
        "{text}"
    );
}

#[test]
fn thresholds_of_the_run_are_traded_on() {
    let dir = tempfile::tempdir().unwrap();
    write_run(&dir.path().join("a"), 0, 4000, 15);
    evaluate(
        dir.path(),
        &[
            "thresholds",
            "a",
            "--fee-bps",
            "0",
            "--slippage-bps",
            "0",
            "--deflate-by",
            "chance",
        ],
    );
    let (text, notes) = evaluate(dir.path(), &["backtest", "a", "--signal", "threshold"]);
    assert!(
        text.contains("thresholds.toml longshort") && !notes.contains("warning"),
        "{text}{notes}"
    );

    // Only on forecasts that they were not tuned on; the other protocol has none of those and says
    // so.
    let file = fs::read_to_string(dir.path().join("a/thresholds.toml")).unwrap();
    let toml: toml::Table = toml::from_str(&file).unwrap();
    let judged = dataset::parse_time(toml["judged"][0].as_str().unwrap()).unwrap();
    let span = |arguments: &[&str]| {
        let (json, notes) = evaluate(
            dir.path(),
            &[
                &["backtest", "a", "--json", "--signal", "threshold"],
                arguments,
            ]
            .concat(),
        );
        let found: serde_json::Value = serde_json::from_str(&json).unwrap();
        (found["span_ms"][0].as_i64().unwrap(), notes)
    };
    let (first, notes) = span(&[]);
    assert!(
        first >= judged && notes.contains("tuned on what came before"),
        "{first} {judged} {notes}"
    );
    assert!(
        span(&["--threshold-bps", "1"]).0 < judged,
        "a threshold that was not tuned is traded on throughout"
    );
    evaluate(
        dir.path(),
        &[
            "thresholds",
            "a",
            "--protocol",
            "seed",
            "--fee-bps",
            "0",
            "--slippage-bps",
            "0",
        ],
    );
    let (first, notes) = span(&[]);
    assert!(
        first < judged
            && notes.contains("warning: these thresholds were tuned on the same forecasts"),
        "{notes}"
    );
}

#[test]
fn a_target_of_one_bar_is_what_the_bar_earns() {
    let dir = tempfile::tempdir().unwrap();
    write_run(&dir.path().join("a"), 0, 400, 1);
    let (text, _) = evaluate(dir.path(), &["backtest", "a", "--bins", "3"]);
    assert!(
        text.contains("earns the forecast's own realized value"),
        "{text}"
    );
}

#[test]
fn what_cannot_be_done_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    write_run(&dir.path().join("a"), 0, 200, 15);
    let mut said = tests::Transcript::new(crate::QUARTERHOUR, dir.path());
    said.refused("no run", &["quantiles", "nowhere"]);
    said.refused("more bins than coins", &["quantiles", "a"]);
    said.refused("more bins than coins to trade", &["backtest", "a"]);
    said.refused("too many bins", &["quantiles", "a", "--bins", "5001"]);
    said.refused(
        "a short past",
        &[
            "quantiles",
            "a",
            "--scope",
            "trailing",
            "--trailing-bars",
            "10",
        ],
    );
    said.refused("an unknown scope", &["quantiles", "a", "--scope", "week"]);
    said.refused("an unknown coin", &["quantiles", "a", "--symbol", "ZUSDT"]);
    said.refused("no thresholds", &["backtest", "a", "--signal", "threshold"]);
    said.refused(
        "a threshold of nothing",
        &[
            "backtest",
            "a",
            "--signal",
            "threshold",
            "--threshold-bps",
            "0",
        ],
    );
    said.refused(
        "negative fee",
        &["backtest", "a", "--bins", "3", "--fee-bps=-1"],
    );
    said.refused(
        "late entry",
        &["backtest", "a", "--bins", "3", "--entry-delay-bars", "2"],
    );
    said.refused(
        "odd slices",
        &["backtest", "a", "--bins", "3", "--slices", "5"],
    );
    insta::assert_snapshot!("backtest_errors", said.text);
}

/// A link or a file of another kind at an output's place is left as it is, before anything is
/// computed.
#[cfg(unix)]
#[test]
fn an_output_replaces_no_link_and_no_file_of_another_kind() {
    let dir = tempfile::tempdir().unwrap();
    write_run(&dir.path().join("a"), 0, 800, 15);
    fs::write(dir.path().join("theirs.txt"), "theirs").unwrap();
    std::os::unix::fs::symlink("theirs.txt", dir.path().join("link.csv")).unwrap();
    let refused = |arguments: &[&str]| {
        let binary = std::process::Command::new(crate::QUARTERHOUR)
            .args(arguments)
            .current_dir(dir.path())
            .output();
        let output = binary.unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    for option in ["--csv", "--coins-csv"] {
        assert!(refused(&["backtest", "a", option, "link.csv"]).contains("link.csv: is a link"));
    }
    assert!(refused(&["quantiles", "a", "--csv", "theirs.txt"]).contains("does not end in .csv"));
    assert!(refused(&["evaluate", "a", "--html", "theirs.txt"]).contains("does not end in .html"));
    assert!(
        fs::symlink_metadata(dir.path().join("link.csv"))
            .unwrap()
            .is_symlink()
    );
    assert_eq!(
        fs::read_to_string(dir.path().join("theirs.txt")).unwrap(),
        "theirs"
    );
}

/// The model was the best of a search's trials, and rules were tried before: all of them count.
#[test]
fn a_backtest_counts_all_trials_of_its_study() {
    let dir = tempfile::tempdir().unwrap();
    write_run(&dir.path().join("a"), 0, 800, 15);
    let log = dir.path().join("trials.jsonl");
    let searched = |trial: usize| {
        let setting =
            serde_json::json!({ "command": "search", "search": "s", "overrides": [trial] });
        serde_json::json!({ "setting": setting, "result": { "state": "complete" } }).to_string()
    };
    let lines: Vec<String> = (0..50).map(searched).collect();
    fs::write(&log, lines.join("\n") + "\n").unwrap();
    let deflated = |bins: &str| -> serde_json::Value {
        let (json, notes) = evaluate(dir.path(), &["backtest", "a", "--json", "--bins", bins]);
        assert!(!notes.contains("warning"), "{notes}");
        let found: serde_json::Value = serde_json::from_str(&json).unwrap();
        found["deflated"].clone()
    };
    let trials = |bins: &str| deflated(bins)["trials"].as_u64().unwrap();
    assert_eq!(trials("3"), 51);
    assert_eq!(trials("2,3"), 52, "3 bins were tried before");
    assert_eq!(trials("2,3"), 52, "the same rules are no new trials");
    assert_eq!(fs::read_to_string(&log).unwrap().lines().count(), 52);
    // At another fee the rules are others, and their Sharpe ratios are not compared with these.
    let (text, _) = evaluate(
        dir.path(),
        &["backtest", "a", "--bins", "3", "--fee-bps", "0"],
    );
    let unwrapped = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let known = "53 trials of its study are known (trials.jsonl beside the run)";
    assert!(unwrapped(&text).contains(known), "{text}");

    // Thresholds are counted with them, and are no lines themselves.
    let (json, _) = evaluate(dir.path(), &["thresholds", "a", "--json"]);
    let found: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(found["deflation"]["other_trials"], 53);
    let (text, _) = evaluate(dir.path(), &["thresholds", "a"]);
    assert!(
        unwrapped(&text).contains("53 other trials of the study"),
        "{text}"
    );
    assert_eq!(fs::read_to_string(&log).unwrap().lines().count(), 53);

    // A log that cannot be added to ends no report.
    fs::remove_file(dir.path().join("trials.lock")).unwrap();
    fs::create_dir(dir.path().join("trials.lock")).unwrap();
    let other = ["backtest", "a", "--json", "--bins", "3", "--side", "long"];
    let (json, notes) = evaluate(dir.path(), &other);
    let found: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(found["deflated"]["trials"], 54);
    assert!(notes.contains("later ones will not count them"), "{notes}");
}
