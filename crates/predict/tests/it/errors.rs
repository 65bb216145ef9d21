//! What the binary refuses, and how it says so.

use std::fs;
use std::path::Path;

use crate::support::{run_plainly, untrained_run};

#[test]
fn bad_runs_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let run = untrained_run(dir.path());
    let copy = |name: &str| {
        let copy = dir.path().join(name);
        fs::create_dir(&copy).unwrap();
        for file in ["run.toml", "stats.json", "model.safetensors"] {
            fs::copy(run.join(file), copy.join(file)).unwrap();
        }
        copy
    };
    let mut said = tests::Transcript::new(env!("CARGO_BIN_EXE_predict"), dir.path());
    said.refused("no run", &["--device", "flex", "--run", "nowhere"]);

    let other_stats = copy("other-stats");
    let stats = fs::read_to_string(other_stats.join("stats.json")).unwrap();
    fs::write(
        other_stats.join("stats.json"),
        stats.replacen("\"clip\": 10.0", "\"clip\": 9.0", 1),
    )
    .unwrap();
    let hash = |text: &str| storage::content_hash(text.as_bytes());
    said.refused(
        "statistics of another run",
        &[
            "--device",
            "flex",
            "--fallback",
            "refuse",
            "--run",
            "other-stats",
        ],
    );
    said.text = said.text.replace(&hash(&stats), "[HASH]");
    said.text = said.text.replace(
        &hash(&stats.replacen("\"clip\": 10.0", "\"clip\": 9.0", 1)),
        "[OTHER HASH]",
    );

    let no_json = copy("no-json");
    fs::write(no_json.join("stats.json"), "{}").unwrap();
    said.refused(
        "no statistics",
        &[
            "--device",
            "flex",
            "--fallback",
            "refuse",
            "--run",
            "no-json",
        ],
    );

    let truncated = copy("truncated");
    let weights = fs::read(truncated.join("model.safetensors")).unwrap();
    fs::write(
        truncated.join("model.safetensors"),
        &weights[..weights.len() / 2],
    )
    .unwrap();
    said.refused(
        "truncated weights",
        &[
            "--device",
            "flex",
            "--fallback",
            "refuse",
            "--run",
            "truncated",
        ],
    );

    let unfinished = copy("unfinished");
    fs::remove_file(unfinished.join("model.safetensors")).unwrap();
    said.refused(
        "unfinished run",
        &[
            "--device",
            "flex",
            "--fallback",
            "refuse",
            "--run",
            "unfinished",
        ],
    );

    let other_network = copy("other-network");
    let config = fs::read_to_string(other_network.join("run.toml")).unwrap();
    fs::write(
        other_network.join("run.toml"),
        config.replacen("stem_width = 8", "stem_width = 16", 1),
    )
    .unwrap();
    said.refused(
        "weights of another network",
        &[
            "--device",
            "flex",
            "--fallback",
            "refuse",
            "--run",
            "other-network",
        ],
    );

    let universe = "universe.symbols=[\"SIM1USDT\", \"SIM2USDT\"]";
    said.refused(
        "another universe",
        &[
            "--device",
            "flex",
            "--fallback",
            "refuse",
            "--run",
            "run",
            "--set",
            universe,
        ],
    );
    said.refused(
        "a key of the run",
        &[
            "--device",
            "flex",
            "--run",
            "run",
            "--set",
            "features.lookback_bars=64",
        ],
    );
    said.refused(
        "no time",
        &["--device", "flex", "--run", "run", "--at", "noon"],
    );
    said.refused(
        "off the grid",
        &[
            "--device",
            "flex",
            "--run",
            "run",
            "--at",
            "2024-01-01T10:00:30",
        ],
    );
    said.refused(
        "a time that the model has seen",
        &["--device", "flex", "--run", "run", "--at", "2024-01-01"],
    );
    let in_sample = [
        "--device",
        "flex",
        "--run",
        "run",
        "--at",
        "2020-01-01",
        "--in-sample",
    ];
    said.refused("before the first candle", &in_sample);
    said.refused(
        "no such fold",
        &[
            "--device",
            "flex",
            "--fallback",
            "refuse",
            "--run",
            "run",
            "--fold",
            "7",
        ],
    );
    said.refused(
        "no exchange",
        &[
            "--device",
            "flex",
            "--run",
            "run",
            "--source",
            "binance",
            "--base-url",
            "http://127.0.0.1:9",
        ],
    );
    said.refused(
        "empty store",
        &["--device", "flex", "--run", "run", "--source", "store"],
    );
    insta::assert_snapshot!("errors", without_hashes(&said.text));
}

/// The hashes of configs, which a new key changes, as `[HASH]`.
fn without_hashes(text: &str) -> String {
    let is_hash = |word: &str| {
        word.len() == 64 && word.chars().all(|character| character.is_ascii_hexdigit())
    };
    let parts = text.split_inclusive([' ', ',', '\n']);
    parts
        .map(|part| {
            if is_hash(part.trim_end_matches([' ', ',', '\n'])) {
                part.replacen(part.trim_end_matches([' ', ',', '\n']), "[HASH]", 1)
            } else {
                part.to_owned()
            }
        })
        .collect()
}

/// A slip in the key, the section or the value must not print the address of the webhook.
#[test]
fn the_address_of_the_webhook_is_in_no_error() {
    let dir = tempfile::tempdir().unwrap();
    untrained_run(dir.path());
    let config = dir.path().join("alerts.toml");
    for text in [
        "[alerts]\nurl = https://h/sesame\n",
        "[alert]\nurl = https://h/sesame\n",
        "[alert]\nurl = \"https://h/sesame\"\n",
        "[alerts]\ntemplate = \"https://h/sesame\"\n",
        "[alerts]\nurl = [\"https://h/sesame\"]\n",
    ] {
        fs::write(&config, text).unwrap();
        let arguments = [
            "watch",
            "--run",
            "run",
            "--device",
            "flex",
            "--config",
            "alerts.toml",
        ];
        let (code, said) = refused_plainly(dir.path(), &arguments);
        assert!(
            code == Some(2) && !said.contains("sesame"),
            "{text}: {said}"
        );
    }
    for set in [
        "alerts.url=sesame",
        "alerts.url=ftp://h/sesame",
        "alerts.ulr=https://h/sesame",
        "alert.url=https://h/sesame",
        "alerts.template=https://h/sesame",
        "alerts.repeat_after=https://h/sesame",
        "alerts.url:https://h/sesame",
        "alerts=https://h/sesame",
        "url=https://h/sesame",
        "data.url=https://h/sesame",
        "https://h/sesame",
    ] {
        for command in [&["watch"][..], &[]] {
            let arguments = [command, &["--run", "run", "--device", "flex", "--set", set]].concat();
            let (code, said) = refused_plainly(dir.path(), &arguments);
            assert!(code == Some(2) && !said.contains("sesame"), "{set}: {said}");
        }
    }
}

/// A blank in the place of the `=` makes an argument of it.
#[test]
fn an_address_behind_a_blank_is_in_no_error() {
    let dir = tempfile::tempdir().unwrap();
    let arguments = [
        "watch",
        "--run",
        "r",
        "--set",
        "alerts.url",
        "https://h/sesame",
    ];
    let (code, said) = refused_plainly(dir.path(), &arguments);
    assert!(code == Some(2) && !said.contains("sesame"), "{said}");
    assert!(said.contains("'***'"), "{said}");
}

fn refused_plainly(dir: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = run_plainly(dir, arguments);
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}
