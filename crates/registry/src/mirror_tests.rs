#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tracking::TrackingSettings;

use super::*;
use crate::{Alias, Change, Entry, Promotion};

/// What a pretend MLflow knows.
#[derive(Debug, Default)]
struct Server {
    models: Vec<String>,
    /// Tags of each version, in the order of its numbers.
    versions: Vec<Value>,
    aliases: BTreeMap<String, String>,
    retired: Vec<String>,
    /// After so many answers every one is an error.
    answers_left: usize,
}

impl Server {
    fn answer(&mut self, path: &str, body: &Value) -> (u16, Value) {
        if self.answers_left == 0 {
            return (400, json!({ "error_code": "NOT_TODAY" }));
        }
        self.answers_left -= 1;
        let text = |key: &str| body[key].as_str().unwrap().to_owned();
        let body = match path {
            "registered-models/create" if self.models.contains(&text("name")) => {
                return (400, json!({ "error_code": "RESOURCE_ALREADY_EXISTS" }));
            }
            "registered-models/create" => {
                self.models.push(text("name"));
                json!({ "registered_model": {} })
            }
            "model-versions/search" => {
                let with_number = |(place, tags): (usize, &Value)| json!({ "version": (place + 1).to_string(), "tags": tags });
                let all = self.versions.iter().enumerate().map(with_number);
                json!({ "model_versions": all.collect::<Vec<_>>() })
            }
            "model-versions/create" => {
                self.versions.push(body["tags"].clone());
                json!({ "model_version": { "version": self.versions.len().to_string() } })
            }
            "registered-models/alias" => {
                self.aliases.insert(text("alias"), text("version"));
                json!({})
            }
            "model-versions/set-tag" => {
                self.retired.push(text("version"));
                json!({})
            }
            _ => return (404, json!({})),
        };
        (200, body)
    }
}

fn serve(stream: TcpStream, server: &Mutex<Server>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let (mut first, mut length) = (String::new(), 0);
    reader.read_line(&mut first).ok()?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if line.trim().is_empty() {
            break;
        }
        if let Some(found) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = found.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let target = first.split(' ').nth(1)?;
    let path = target.split('?').next()?.strip_prefix("/api/2.0/mlflow/")?;
    let (status, answer) = server.lock().ok()?.answer(path, &body);
    let answer = answer.to_string();
    let length = answer.len();
    let head =
        format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    (&stream).write_all((head + &answer).as_bytes()).ok()
}

fn start() -> (Arc<Mutex<Server>>, Mirror) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let uri = format!("http://{}", listener.local_addr().unwrap());
    let server = Arc::new(Mutex::new(Server {
        answers_left: usize::MAX,
        ..Server::default()
    }));
    let shared = server.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            serve(stream, &shared);
        }
    });
    let settings = TrackingSettings {
        uri,
        ..TrackingSettings::default()
    };
    (
        server,
        Mirror::new(ModelRegistryClient::new(&settings).unwrap()),
    )
}

fn version(text: &str) -> ModelVersion {
    text.parse().unwrap()
}

fn name() -> ModelName {
    "spot20".parse().unwrap()
}

fn change() -> Change {
    Change {
        who: "ada".to_owned(),
        why: "a test".to_owned(),
        time_ms: 0,
    }
}

fn add(registry: &mut Registry, folder: &Path, text: &str) {
    let entry = json!({
        "name": "spot20", "version": text, "run": folder, "kind": "ridge", "forecaster": "ridge",
        "target": "return 15m", "interval": "1m", "universe": [], "config_sha256": "c",
        "data_sha256": null, "code_version": "", "training_span_ms": null,
        "scores": [{ "metric": "pearson", "value": 0.5, "interval": null }],
        "files": [], "who": "ada", "added_ms": 0, "why": ""
    });
    let entry: Entry = serde_json::from_value(entry).unwrap();
    registry.add(&entry, &change()).unwrap();
}

fn promote(registry: &mut Registry, text: &str, expected: Option<&str>) {
    let promotion = Promotion {
        alias: Alias::PRODUCTION.parse().unwrap(),
        expected: expected.map(version),
    };
    registry
        .promote((&name(), &version(text)), &promotion, &change())
        .unwrap();
}

/// Versions with their tags, aliases and retirements; told once each.
#[test]
fn the_server_has_what_the_registry_has() {
    let dir = tempfile::tempdir().unwrap();
    let mut registry = Registry::open(&dir.path().join("registry.sqlite")).unwrap();
    let (server, mirror) = start();
    add(&mut registry, dir.path(), "1.0.0");
    promote(&mut registry, "1.0.0", None);
    assert_eq!(mirror.catch_up(&mut registry).unwrap(), 2);
    add(&mut registry, dir.path(), "1.1.0");
    promote(&mut registry, "1.1.0", Some("1.0.0"));
    registry
        .retire((&name(), &version("1.0.0")), &change())
        .unwrap();
    assert_eq!(mirror.catch_up(&mut registry).unwrap(), 3);
    assert_eq!(mirror.catch_up(&mut registry).unwrap(), 0);
    let server = server.lock().unwrap();
    assert_eq!(server.models, ["spot20"]);
    assert_eq!(server.versions.len(), 2);
    let tags = server.versions[1].as_array().unwrap();
    for (key, value) in [
        ("version", "1.1.0"),
        ("kind", "ridge"),
        ("score.pearson", "0.5"),
    ] {
        assert!(
            tags.contains(&json!({ "key": key, "value": value })),
            "{tags:?}"
        );
    }
    assert_eq!(server.aliases["production"], "2");
    assert_eq!(server.retired, ["1"]);
}

/// One process at a time tells, so that what another added meanwhile is told in order.
#[test]
fn a_process_waits_while_another_one_tells() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("registry.sqlite");
    let mut registry = Registry::open(&path).unwrap();
    let (server, mirror) = start();
    add(&mut registry, dir.path(), "1.0.0");
    promote(&mut registry, "1.0.0", None);
    let other = cli::hold(&lock_path(&path)).unwrap().unwrap();
    let told = std::thread::spawn(move || mirror.catch_up(&mut registry).unwrap());
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(server.lock().unwrap().models.is_empty());
    let mut registry = Registry::open(&path).unwrap();
    add(&mut registry, dir.path(), "1.1.0");
    promote(&mut registry, "1.1.0", Some("1.0.0"));
    drop(other);
    // It reads the history once it is its turn.
    assert_eq!(told.join().unwrap(), 4);
    assert_eq!(server.lock().unwrap().aliases["production"], "2");
}

/// Wherever the server fails, nothing is lost or doubled once it is back.
#[test]
fn a_server_that_was_gone_catches_up() {
    for answers in 0..8 {
        let dir = tempfile::tempdir().unwrap();
        let mut registry = Registry::open(&dir.path().join("registry.sqlite")).unwrap();
        let (server, mirror) = start();
        server.lock().unwrap().answers_left = answers;
        add(&mut registry, dir.path(), "1.0.0");
        promote(&mut registry, "1.0.0", None);
        add(&mut registry, dir.path(), "1.1.0");
        promote(&mut registry, "1.1.0", Some("1.0.0"));
        let failed = mirror.catch_up(&mut registry);
        assert_eq!(failed.is_err(), answers < 6, "{answers}: {failed:?}");
        server.lock().unwrap().answers_left = usize::MAX;
        mirror.catch_up(&mut registry).unwrap();
        let server = server.lock().unwrap();
        assert_eq!((server.versions.len(), server.models.len()), (2, 1));
        assert_eq!(server.aliases["production"], "2", "after {answers} answers");
    }
}
