use super::*;
use crate::{hints, is_usage};

#[derive(Debug, Default, PartialEq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Target {
    kind: String,
    horizon: usize,
}

fn table(text: &str) -> ConfigTable {
    ConfigTable {
        origin: "test.toml".into(),
        table: toml::from_str(text).unwrap(),
        overrides: Vec::new(),
    }
}

#[test]
fn overrides_win_over_the_file() {
    let mut config = table("[target]\nkind = \"return\"\nhorizon = 15");
    config
        .apply(&["target.horizon=30".into(), "target.kind=gresearch".into()])
        .unwrap();
    let target: Target = config.section("target").unwrap();
    assert_eq!(
        target,
        Target {
            kind: "gresearch".into(),
            horizon: 30
        }
    );
}

#[test]
fn an_override_without_a_value_takes_the_key_out() {
    let mut config = table("[target]\nkind = \"return\"\nhorizon = 15");
    config
        .apply(&["target.kind=".into(), "split.train=".into()])
        .unwrap();
    let target: Target = config.section("target").unwrap();
    assert_eq!((target.kind.as_str(), target.horizon), ("", 15));
    assert!(config.apply(&["splt.train=".into()]).is_err());
}

#[test]
fn an_old_key_is_blamed_on_where_it_stands() {
    let mut config = table("[data]\ninterval = \"5m\"");
    let error = config.apply(&["target.horizon_bars=3".into()]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "--set target.horizon_bars=3: target.horizon_bars = 3: the key is target.horizon now, a time"
    );
    assert_eq!(hints(&error, |_| None), ["target.horizon = \"15m\""]);
}

#[test]
fn flattened_keys_bear_their_section() {
    let keys = flattened("[data]\ndir = \"data\"\n[data.simulated]\ncoins = 3\n[split]\nfolds = 7")
        .unwrap();
    let keys: Vec<(&str, &str)> = keys
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    assert_eq!(
        keys,
        [
            ("data.dir", "data"),
            ("data.simulated.coins", "3"),
            ("split.folds", "7")
        ]
    );
}

#[test]
fn unknown_keys_and_sections_are_usage_errors() {
    let error = table("[target]\nhorizn = 1")
        .section::<Target>("target")
        .unwrap_err();
    assert!(is_usage(&error));
    assert!(
        error.to_string().contains("unknown field `horizn`"),
        "{error}"
    );
    let error = table("").apply(&["targt.kind=x".into()]).unwrap_err();
    assert!(
        error.to_string().contains("unknown section `targt`"),
        "{error}"
    );
    assert!(
        error.to_string().starts_with("--set targt.kind=x: "),
        "{error}"
    );
    assert_eq!(hints(&error, |_| None), ["did you mean `target`?"]);
    assert!(table("").apply(&["target.kind".into()]).is_err());
    assert!(table("").apply(&["kind=1".into()]).is_err());
}
#[test]
fn a_slip_in_an_override_is_blamed_on_the_override() {
    let mut config = table("[target]\nkind = \"return\"");
    config.apply(&["target.horizo=30".into()]).unwrap();
    let error = config.section::<Target>("target").unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("--set target.horizo=30: unknown field `horizo`"),
        "{error}"
    );
    assert_eq!(hints(&error, |_| None), ["did you mean `horizon`?"]);
    let mut config = table("[target]\nkind = \"return\"");
    config.apply(&["target.horizon=soon".into()]).unwrap();
    let error = config.section::<Target>("target").unwrap_err().to_string();
    assert!(
        error.starts_with("--set target.horizon=soon: invalid type"),
        "{error}"
    );
    let error = table("[target]\nhorizon = \"soon\"")
        .section::<Target>("target")
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("test.toml, section [target]: invalid type"),
        "{error}"
    );
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct All {
    target: Target,
}

/// Where all sections are read at once, messages name the key's whole path.
#[test]
fn a_slip_is_blamed_on_the_last_override_of_its_whole_key() {
    let mut config = table("[target]\nkind = \"return\"");
    config
        .apply(&["target.horizon=15".into(), "target.horizon=soon".into()])
        .unwrap();
    let error = config
        .parse::<All>()
        .map(|all| all.target)
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("--set target.horizon=soon: invalid type"),
        "{error}"
    );
    assert!(error.contains("in `target.horizon`"), "{error}");
    // A key that the message lists as known is not the one at fault.
    let mut config = table("[target]\nhorizn = 1");
    config.apply(&["target.kind=return".into()]).unwrap();
    let error = config.section::<Target>("target").unwrap_err().to_string();
    assert!(
        error.starts_with("test.toml, section [target]: unknown field `horizn`"),
        "{error}"
    );
    // Nor is one whose name only ends alike.
    assert!(!is_override_of(
        "target.more_horizon=1",
        Some("target"),
        &["horizon"]
    ));
    assert!(is_override_of(
        "replay.faults.late=2",
        Some("replay"),
        &["faults.late"]
    ));
}

/// The address of a webhook is a secret: it is in no message and in no config that is written.
#[test]
fn what_stands_under_alerts_is_neither_said_nor_written() {
    let mut config = table("[target]\nkind = \"return\"\n[alerts]\nurl = \"https://h/sesame\"");
    assert!(!config.to_toml().unwrap().contains("sesame"));
    for text in ["alerts=sesame", "alerts.kind.more=sesame"] {
        let applied = config.apply(&[text.to_owned()]);
        let read = applied.and_then(|()| config.section::<Target>("alerts").map(|_| ()));
        let error = format!("{:#}", read.unwrap_err());
        assert!(!error.contains("sesame"), "{error}");
    }
    let dir = std::env::temp_dir().join(format!("quarterhour-alerts-{}", std::process::id()));
    std::fs::write(&dir, "[alerts]\nurl = https://h/sesame\n").unwrap();
    let error = ConfigTable::read(&dir).unwrap_err().to_string();
    std::fs::remove_file(&dir).unwrap();
    assert!(
        !error.contains("sesame") && error.contains("line 2"),
        "{error}"
    );
}
