#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use super::*;
use crate::schema::{VERSION, first_version};
use crate::{NamedModel, hash_files};

fn version(text: &str) -> ModelVersion {
    text.parse().unwrap()
}

fn name() -> ModelName {
    "spot20".parse().unwrap()
}

fn production() -> Alias {
    Alias::PRODUCTION.parse().unwrap()
}

fn change() -> Change {
    Change {
        who: "ada".to_owned(),
        why: "a test".to_owned(),
        time_ms: 1_700_000_000_000,
    }
}

/// A run of one file, as a version.
fn entry(folder: &Path, text: &str) -> Entry {
    let run = folder.join(format!("run-{text}"));
    fs::create_dir_all(&run).unwrap();
    fs::write(run.join("model.txt"), text).unwrap();
    Entry {
        name: name(),
        version: version(text),
        kind: "lightgbm".to_owned(),
        forecaster: "lightgbm".to_owned(),
        target: "return 15m".to_owned(),
        interval: "1m".to_owned(),
        universe: vec!["BTCUSDT".to_owned()],
        config_sha256: String::new(),
        data_sha256: None,
        code_version: "0.1.0".to_owned(),
        training_span_ms: None,
        scores: Vec::new(),
        scores_of: None,
        files: hash_files(&run, &[]).unwrap(),
        who: "ada".to_owned(),
        added_ms: 0,
        why: String::new(),
        retraining: None,
        run,
    }
}

fn to(expected: Option<&str>) -> Promotion {
    Promotion {
        alias: production(),
        expected: expected.map(version),
    }
}

fn in_production(registry: &Registry) -> String {
    registry
        .version_of(&name(), &production())
        .unwrap()
        .to_string()
}

/// A registry with versions 1.0.0, 1.1.0 and 2.0.0.
fn registry(folder: &Path) -> Registry {
    let mut registry = Registry::open(&folder.join("registry.sqlite")).unwrap();
    for text in ["1.0.0", "1.1.0", "2.0.0"] {
        registry.add(&entry(folder, text), &change()).unwrap();
    }
    registry
}

#[test]
fn an_alias_moves_forth_and_back_and_the_history_keeps_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut registry = registry(dir.path());
    for (text, before) in [
        ("1.0.0", None),
        ("1.1.0", Some("1.0.0")),
        ("2.0.0", Some("1.1.0")),
    ] {
        registry
            .promote((&name(), &version(text)), &to(before), &change())
            .unwrap();
    }
    assert_eq!(in_production(&registry), "2.0.0");
    registry
        .rollback(&name(), &production(), &change())
        .unwrap();
    assert_eq!(in_production(&registry), "1.1.0");
    // Further back, not forth again.
    registry
        .rollback(&name(), &production(), &change())
        .unwrap();
    assert_eq!(in_production(&registry), "1.0.0");
    let refused = registry
        .rollback(&name(), &production(), &change())
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "spot20@production is 1.0.0, and no version before it that is not retired was ever production"
    );
    let history = registry.history(Some(&name())).unwrap();
    let actions: Vec<&str> = history.iter().map(|line| line.action.as_str()).collect();
    let promote = ["promote"; 3];
    assert_eq!(
        actions,
        [&["add"; 3][..], &promote, &["rollback"; 2]].concat()
    );
    assert_eq!(history[5].previous, Some(version("1.1.0")));
    assert_eq!(
        (history[5].who.as_str(), history[5].why.as_str()),
        ("ada", "a test")
    );
}

/// A version that was promoted twice: the way back is that of the history, and it ends.
#[test]
fn rollback_goes_back_in_the_history_and_ends() {
    let dir = tempfile::tempdir().unwrap();
    let mut registry = registry(dir.path());
    let promote = |registry: &mut Registry, text: &str, before: Option<&str>| {
        registry
            .promote((&name(), &version(text)), &to(before), &change())
            .unwrap();
    };
    promote(&mut registry, "1.0.0", None);
    promote(&mut registry, "1.1.0", Some("1.0.0"));
    promote(&mut registry, "1.0.0", Some("1.1.0"));
    promote(&mut registry, "2.0.0", Some("1.0.0"));
    for text in ["1.0.0", "1.1.0"] {
        registry
            .retire((&name(), &version(text)), &change())
            .unwrap();
    }
    let refused = registry
        .rollback(&name(), &production(), &change())
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "spot20@production is 2.0.0, and no version before it that is not retired was ever production"
    );
}

#[test]
fn of_two_promotions_that_expect_the_same_one_wins_and_the_other_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let mut first = registry(dir.path());
    let mut second = Registry::open(first.path()).unwrap();
    first
        .promote((&name(), &version("1.0.0")), &to(None), &change())
        .unwrap();
    let expected = to(Some("1.0.0"));
    first
        .promote((&name(), &version("1.1.0")), &expected, &change())
        .unwrap();
    let told = second
        .promote((&name(), &version("2.0.0")), &expected, &change())
        .unwrap_err();
    assert_eq!(
        told.to_string(),
        "spot20@production is 1.1.0, expected 1.0.0: another promotion came first"
    );
    assert_eq!(in_production(&second), "1.1.0");
}

#[test]
fn a_retired_version_is_not_promoted_and_one_in_use_is_not_retired() {
    let dir = tempfile::tempdir().unwrap();
    let mut registry = registry(dir.path());
    let (one, two) = (version("1.0.0"), version("1.1.0"));
    registry
        .promote((&name(), &one), &to(None), &change())
        .unwrap();
    let refused = registry.retire((&name(), &one), &change()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "spot20 1.0.0 is production: a version that is in use cannot be retired"
    );
    registry.retire((&name(), &two), &change()).unwrap();
    let refused = registry
        .promote((&name(), &two), &to(Some("1.0.0")), &change())
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "spot20 1.1.0 is retired and cannot become production"
    );
    assert!(registry.list(None).unwrap()[1].is_retired);
}

#[test]
fn what_is_not_there_is_answered_with_what_there_is() {
    let dir = tempfile::tempdir().unwrap();
    let mut registry = registry(dir.path());
    registry
        .promote((&name(), &version("1.0.0")), &to(None), &change())
        .unwrap();
    let message = |text: &str| {
        let error = registry.resolve(&text.parse().unwrap()).unwrap_err();
        error.to_string().split_once(": ").unwrap().1.to_owned()
    };
    assert_eq!(
        message("spot21@production"),
        "found no model spot21, expected one of: spot20"
    );
    assert_eq!(
        message("spot20@3.0.0"),
        "found no version spot20@3.0.0, expected one of: spot20@1.0.0, spot20@1.1.0, spot20@2.0.0"
    );
    assert_eq!(
        message("spot20@shadow"),
        "found no alias spot20@shadow, expected one of: spot20@production"
    );
    let taken = registry
        .add(&entry(dir.path(), "1.0.0"), &change())
        .unwrap_err();
    assert!(
        taken
            .to_string()
            .starts_with("spot20 1.0.0 is registered already"),
        "{taken}"
    );
}

#[test]
fn a_changed_byte_is_refused_with_both_hashes() {
    let dir = tempfile::tempdir().unwrap();
    let registry = registry(dir.path());
    let reference = "spot20@1.0.0".parse().unwrap();
    let (entry, model) = NamedModel::resolve(registry.path(), &reference).unwrap();
    assert_eq!(model.version, version("1.0.0"));
    let file = entry.run.join("model.txt");
    fs::write(&file, "1.0.1").unwrap();
    let error = NamedModel::resolve(registry.path(), &reference).unwrap_err();
    // Both by sha256sum.
    let expected = format!(
        "spot20 1.0.0: {} has SHA-256 {}, expected {} as registered: the file was changed",
        file.display(),
        "d51e6ec94058554a84558a5b402ee6ef5fdf5455e35c902feda61cda8752943a",
        "92521fc3cbd964bdc9f584a991b89fddaa5754ed1cc96d6d42445338669c1305"
    );
    assert_eq!(error.to_string(), expected);
    fs::remove_file(&file).unwrap();
    let error = NamedModel::resolve(registry.path(), &reference).unwrap_err();
    assert!(
        error.to_string().contains("has SHA-256 none (No such file"),
        "{error}"
    );
}

/// Runs beside the registry move with it.
#[test]
fn registry_and_runs_can_be_moved_together() {
    let dir = tempfile::tempdir().unwrap();
    let old = dir.path().join("old");
    fs::create_dir(&old).unwrap();
    drop(registry(&old));
    let new = dir.path().join("new");
    fs::rename(&old, &new).unwrap();
    let reference = "spot20@2.0.0".parse().unwrap();
    let (entry, _) = NamedModel::resolve(&new.join("registry.sqlite"), &reference).unwrap();
    assert_eq!(entry.run, new.join("run-2.0.0"));
}

#[test]
fn no_program_changes_what_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let registry = registry(dir.path());
    for sql in [
        "UPDATE history SET why = 'another'",
        "DELETE FROM history",
        "UPDATE models SET entry = '{}'",
        "DELETE FROM models",
    ] {
        let error = registry
            .connection
            .execute(sql, [])
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("only grows") || error.contains("registered version"),
            "{error}"
        );
    }
}

#[test]
fn an_older_schema_is_migrated_and_a_newer_one_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("registry.sqlite");
    let connection = Connection::open(&path).unwrap();
    first_version(&connection).unwrap();
    drop(connection);
    Registry::read_only(&path).unwrap().list(None).unwrap();
    let mut registry = Registry::open(&path).unwrap();
    registry
        .add(&entry(dir.path(), "1.0.0"), &change())
        .unwrap();
    let found: i64 = (registry.connection)
        .query_row("SELECT count(*) FROM mirrors", [], |row| row.get(0))
        .unwrap();
    assert_eq!(found, 0);
    registry
        .connection
        .pragma_update(None, "user_version", VERSION + 1)
        .unwrap();
    drop(registry);
    for error in [
        Registry::open(&path).unwrap_err(),
        Registry::read_only(&path).unwrap_err(),
    ] {
        let expected = format!(
            "{}: the registry's schema is of version 3, expected at most 2",
            path.display()
        );
        assert_eq!(error.to_string(), expected);
        assert!(error.hint().unwrap().contains("--registry OTHER"));
    }
}

#[test]
fn another_programs_database_is_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("theirs.sqlite");
    let theirs = Connection::open(&path).unwrap();
    theirs.execute_batch("CREATE TABLE t (x)").unwrap();
    drop(theirs);
    let before = fs::read(&path).unwrap();
    let error = Registry::open(&path).unwrap_err();
    assert!(
        error.to_string().contains("holds another program's tables"),
        "{error}"
    );
    assert_eq!(fs::read(&path).unwrap(), before);
    let missing = Registry::read_only(&dir.path().join("none")).unwrap_err();
    assert!(missing.hint().unwrap().contains("quarterhour models add"));
}

/// On a disk that is read-only the registry is read, and a change is refused.
#[cfg(unix)]
#[test]
fn a_read_only_disk_is_read() {
    use std::os::unix::fs::PermissionsExt;

    let dir = tempfile::tempdir().unwrap();
    let path = registry(dir.path()).path().to_owned();
    let set = |mode| fs::set_permissions(dir.path(), fs::Permissions::from_mode(mode)).unwrap();
    set(0o555);
    let can_write_anyway = fs::write(dir.path().join("probe"), "").is_ok();
    let read = Registry::read_only(&path).and_then(|registry| registry.list(None));
    let changed = Registry::open(&path).map(|_| ());
    set(0o755);
    assert_eq!(read.unwrap().len(), 3);
    if can_write_anyway {
        eprintln!("skipped: this user may write everywhere");
    } else {
        let error = changed.unwrap_err();
        assert!(error.to_string().contains("registry.sqlite"), "{error}");
    }
}
