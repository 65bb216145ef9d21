//! `quarterhour eda` and `quarterhour report`: pages, and what they say of what is not there.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::quarterhour;

/// Runs a subcommand in a folder with `tiny.toml`, where no browser is on the path.
fn said(dir: &Path, arguments: &[&str]) -> Output {
    let (subcommand, arguments) = arguments.split_first().unwrap();
    quarterhour(subcommand)
        .args(arguments)
        .current_dir(dir)
        .env("PATH", dir)
        .env_remove("QUARTERHOUR_BROWSER")
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What the subcommand prints; it must not fail.
fn printed(dir: &Path, arguments: &[&str]) -> String {
    let output = said(dir, arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let config = tests::TINY.replace("steps = 24", "steps = 2\nselection = \"last\"");
    fs::write(dir.path().join("tiny.toml"), config).unwrap();
    dir
}

#[test]
fn eda_describes_the_candles_of_a_config() {
    let dir = folder();
    let config = ["eda", "--config", "tiny.toml"];
    let summary = printed(dir.path(), &config);
    assert!(
        summary.starts_with("3 coins of ") && summary.contains("the simulated market"),
        "{summary}"
    );
    let page = fs::read_to_string(dir.path().join("data/eda/tiny/eda.html")).unwrap();
    for words in [
        "<h2>Coins</h2>",
        "<figcaption",
        "Nothing here is learnt from",
    ] {
        assert!(page.contains(words), "{words}");
    }
    let json = printed(
        dir.path(),
        &[&config[..], &["--json", "--out", "other"]].concat(),
    );
    let figures: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(figures["coins"].as_array().unwrap().len(), 3);
    assert_eq!(figures["is_simulated"], true);
    let first = &figures["coins"][0];
    assert!(first["returns"]["excess_kurtosis"].is_number(), "{first}");
    assert!(
        first["faults"]["missing_bars"].as_i64() > Some(0),
        "{first}"
    );
    assert!(dir.path().join("other/eda.html").exists());
}

#[test]
fn the_final_report_is_made_from_the_runs_own_files() {
    let dir = folder();
    printed(
        dir.path(),
        &["train", "--config", "tiny.toml", "--run", "run"],
    );
    let verdict = printed(dir.path(), &["report", "run", "--full"]);
    assert!(verdict.lines().all(|line| line.len() <= 118), "{verdict}");
    let read = |file: &str| fs::read_to_string(dir.path().join("run").join(file)).unwrap();
    let sentences = |page: &str| -> Vec<String> {
        let rest = page.split("<p class=\"verdict\">").skip(1);
        rest.map(|text| text.split("</p>").next().unwrap().to_owned())
            .collect()
    };
    let page = read("full-report.html");
    let said = sentences(&page);
    assert!(!said.is_empty());
    assert_eq!(said, sentences(&read("report.html")));
    for heading in [
        "Data flow",
        "Data",
        "Exploration of the data",
        "Features",
        "Method",
        "Explanation",
        "Backtest and trading",
        "Deployment",
        "Limits",
        "Next steps",
        "Appendix: environment",
        "Appendix: every setting",
    ] {
        assert!(page.contains(&format!("<h2>{heading}</h2>")), "{heading}");
    }
    for words in [
        // What the run has not is said.
        "A network keeps no importance of its features",
        "No thresholds were tuned",
        "No portfolio was traded on it",
        "One seed was trained",
        // Every setting, also those that the config leaves out.
        "training.batch_pairs",
        "network.encoder",
        "The candles are simulated",
    ] {
        assert!(page.contains(words), "{words}");
    }
    fs::remove_file(dir.path().join("run/report.html")).unwrap();
    assert_eq!(printed(dir.path(), &["report", "run"]), verdict);
    assert!(dir.path().join("run/report.html").exists());
}

#[test]
fn what_cannot_be_reported_is_refused() {
    let dir = folder();
    let refused = |arguments: &[&str], words: &str| {
        let output = said(dir.path(), arguments);
        let stderr = text(&output.stderr);
        assert!(
            !output.status.success() && stderr.contains(words),
            "{stderr}"
        );
    };
    refused(&["report", "nowhere"], "nowhere is no run");
    fs::create_dir(dir.path().join("begun")).unwrap();
    fs::write(dir.path().join("begun/run.toml"), "").unwrap();
    refused(&["report", "begun"], "begun has no forecasts.parquet yet");
    let eda = ["eda", "--config", "tiny.toml"];
    let store = ["--set", "data.source=store"];
    refused(&[&eda[..], &store].concat(), "no 1m spot candles");
    refused(&[&eda[..], &["--pdf"]].concat(), "no browser for --pdf");
    refused(
        &[&eda[..], &["--pdf"]].concat(),
        "hint: `apt install chromium`",
    );
    refused(&["eda", "--browser", "chromium"], "--pdf");
    fs::create_dir(dir.path().join("out")).unwrap();
    fs::write(dir.path().join("out/run.toml"), "").unwrap();
    fs::create_dir(dir.path().join("out/eda.html")).unwrap();
    refused(&[&eda[..], &["--out", "out"]].concat(), "eda.html");
}

/// By the Chromium of this machine, where there is one.
#[test]
fn a_page_is_printed_by_the_browser_that_is_there() {
    let dir = folder();
    let output = quarterhour("eda")
        .args(["--config", "tiny.toml", "--out", "a b", "--pdf"])
        .current_dir(dir.path())
        .output()
        .unwrap();
    if text(&output.stderr).contains("no browser for --pdf") {
        eprintln!("skipped: no Chromium");
        return;
    }
    assert!(output.status.success(), "{}", text(&output.stderr));
    let pdf = fs::read(dir.path().join("a b/eda.pdf")).unwrap();
    assert!(
        pdf.starts_with(b"%PDF") && pdf.len() > 20_000,
        "{}",
        pdf.len()
    );
    let names: Vec<_> = fs::read_dir(dir.path().join("a b"))
        .unwrap()
        .flatten()
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
}
