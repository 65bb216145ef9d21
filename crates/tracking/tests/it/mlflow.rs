//! A real `mlflow server` on loopback, where the environment has one.

use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tracking::{Error, ModelRegistryClient, Tracker, TrackingSettings};

/// How long the server may take to start.
const START: Duration = Duration::from_secs(180);

/// Its process group is killed when this is dropped.
struct Server {
    child: Child,
    url: String,
    folder: tempfile::TempDir,
}

impl Server {
    /// `None` where the environment asks for no real server.
    fn start() -> Option<Self> {
        let program = match std::env::var("QUARTERHOUR_WITH_MLFLOW") {
            Ok(value) if value == "1" => PathBuf::from("mlflow"),
            Ok(value) if !value.is_empty() => PathBuf::from(value),
            _ => {
                eprintln!(
                    "skipped: needs a real MLflow server (scripts/check --with-mlflow runs it)"
                );
                return None;
            }
        };
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port()
            .to_string();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let spawned = Command::new(&program)
            .args([
                "server",
                "--host",
                "127.0.0.1",
                "--workers",
                "1",
                "--port",
                &port,
            ])
            .arg("--backend-store-uri")
            .arg(format!(
                "sqlite:///{}",
                folder.path().join("mlflow.db").display()
            ))
            .arg("--artifacts-destination")
            .arg(folder.path().join("artifacts"))
            .env_remove("MLFLOW_TRACKING_URI")
            .env("MLFLOW_DISABLE_TELEMETRY", "true")
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .process_group(0)
            .spawn();
        let child = spawned.unwrap_or_else(|error| {
            panic!(
                "QUARTERHOUR_WITH_MLFLOW: cannot run {program:?}: {error}, expected MLflow's command\n\
                 hint: pip install mlflow, then QUARTERHOUR_WITH_MLFLOW=1, or =/path/to/mlflow"
            )
        });
        let mut server = Self {
            child,
            url: format!("http://127.0.0.1:{port}"),
            folder,
        };
        let start = Instant::now();
        while !server.is_healthy() {
            let ended = server.child.try_wait().unwrap();
            assert!(
                ended.is_none() && start.elapsed() < START,
                "no MLflow: {ended:?}\n{}",
                server.log()
            );
            sleep(Duration::from_millis(200));
        }
        Some(server)
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn is_healthy(&self) -> bool {
        ask(Method::GET, &format!("{}/health", self.url), None).is_some_and(|answer| answer == "OK")
    }

    fn get(&self, request: &str) -> Value {
        let answer = ask(
            Method::GET,
            &format!("{}/api/2.0/mlflow/{request}", self.url),
            None,
        );
        serde_json::from_str(&answer.unwrap()).unwrap()
    }

    /// The runs of an experiment of this name; none where there is no such experiment.
    fn runs(&self, experiment: &str) -> Vec<Value> {
        let found = self.get(&format!(
            "experiments/get-by-name?experiment_name={experiment}"
        ));
        let Some(id) = found["experiment"]["experiment_id"].as_str() else {
            return Vec::new();
        };
        let url = format!("{}/api/2.0/mlflow/runs/search", self.url);
        let answer = ask(Method::POST, &url, Some(json!({ "experiment_ids": [id] }))).unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        answer["runs"].as_array().cloned().unwrap_or_default()
    }

    fn tracker(&self, experiment: &str) -> Tracker {
        Tracker::start(TrackingSettings {
            uri: self.url.clone(),
            experiment: experiment.to_owned(),
            run_name: "run 1".to_owned(),
            ..TrackingSettings::default()
        })
    }

    fn kill(&mut self) {
        // The command has children of its own, so the whole group.
        let group = format!("-{}", self.child.id());
        let _ = Command::new("kill")
            .args(["-KILL", "--", &group])
            .stderr(Stdio::null())
            .status();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The answer's text; `None` without an answer.
fn ask(method: Method, url: &str, body: Option<Value>) -> Option<String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(30))
            .build()
            .unwrap();
        let mut request = client.request(method, url);
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.ok()?.text().await.ok()
    })
}

/// The value of the pair of this key.
fn value<'a>(pairs: &'a Value, key: &str) -> &'a str {
    let found = pairs
        .as_array()
        .unwrap()
        .iter()
        .find(|pair| pair["key"] == key);
    found.unwrap_or_else(|| panic!("{key} in {pairs}"))["value"]
        .as_str()
        .unwrap()
}

#[test]
fn a_real_server_holds_the_run_until_it_is_killed() {
    let Some(mut server) = Server::start() else {
        return;
    };
    holds_the_whole_run(&server);
    keeps_models(&server);
    takes_odd_names(&server);
    names_a_deleted_experiment(&server);
    is_killed(&mut server);
}

/// Registered models with their versions, tags and aliases, by the server's own rules.
fn keeps_models(server: &Server) {
    let client = ModelRegistryClient::new(&TrackingSettings {
        uri: server.url.clone(),
        ..TrackingSettings::default()
    })
    .unwrap();
    client.create_model("spot20").unwrap();
    client.create_model("spot20").unwrap();
    let tags = [("version", "1.0.0"), ("kind", "lightgbm")];
    let tags = tags.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let number = client
        .create_version("spot20", "quarterhour:/spot20/1.0.0", "the first", &tags)
        .unwrap();
    assert_eq!(number, "1");
    let known = client.versions("spot20").unwrap();
    assert_eq!(known, [("1.0.0".to_owned(), "1".to_owned())].into());
    client.set_alias("spot20", "production", "1").unwrap();
    client
        .set_version_tag("spot20", "1", ("retired", "true"))
        .unwrap();
    let found = server.get("registered-models/alias?name=spot20&alias=production");
    let version = &found["model_version"];
    assert_eq!(version["version"], "1");
    assert_eq!(value(&version["tags"], "version"), "1.0.0");
    assert_eq!(value(&version["tags"], "retired"), "true");
    // What our own rules for aliases refuse, the server refuses too.
    for alias in ["latest", "v1", "a b"] {
        assert!(client.set_alias("spot20", alias, "1").is_err(), "{alias}");
    }
}

fn write(folder: &Path, name: &str, content: &[u8]) -> PathBuf {
    let file = folder.join(name);
    std::fs::write(&file, content).unwrap();
    file
}

fn holds_the_whole_run(server: &Server) {
    let folder = tempfile::tempdir().unwrap();
    let table = write(folder.path(), "a table.csv", b"1,2\n");
    let weights: Vec<u8> = (0..3_000_000_u32)
        .map(|index| (index % 251) as u8)
        .collect();
    let weights = write(folder.path(), "weights.bin", &weights);

    let tracker = server.tracker("whole");
    tracker.params((0..250).map(|index| (format!("section.p{index}"), format!("value {index}"))));
    for step in 0..2500 {
        tracker.metrics(
            step,
            &[("valid/loss", step as f64 / 4.0), ("nan", f64::NAN)],
        );
    }
    tracker.tag("git", "abcdef");
    tracker.artifact(&table, "");
    tracker.artifact(&weights, "fold-1/seed-2");
    tracker.finish(true).unwrap();

    let runs = server.runs("whole");
    assert_eq!(runs.len(), 1);
    let (info, data) = (&runs[0]["info"], &runs[0]["data"]);
    assert_eq!(
        (&info["status"], &info["run_name"]),
        (&json!("FINISHED"), &json!("run 1"))
    );
    assert!(info["end_time"].as_i64() >= info["start_time"].as_i64());
    assert_eq!(value(&data["tags"], "mlflow.source.name"), "quarterhour");
    assert_eq!(value(&data["tags"], "git"), "abcdef");
    assert_eq!(data["params"].as_array().unwrap().len(), 250);
    assert_eq!(value(&data["params"], "section.p249"), "value 249");

    let run = info["run_id"].as_str().unwrap();
    let history = server.get(&format!(
        "metrics/get-history?run_id={run}&metric_key=valid/loss&max_results=25000"
    ));
    let mut history: Vec<_> = history["metrics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|metric| {
            (
                metric["step"].as_u64().unwrap(),
                metric["value"].as_f64().unwrap(),
            )
        })
        .collect();
    history.sort_by_key(|(step, _)| *step);
    let expected: Vec<_> = (0..2500).map(|step| (step, step as f64 / 4.0)).collect();
    assert!(history == expected, "{} values", history.len());
    let metrics = data["metrics"].as_array().unwrap();
    assert_eq!(metrics.len(), 1, "{metrics:?}");

    let uri = info["artifact_uri"]
        .as_str()
        .unwrap()
        .trim_start_matches("mlflow-artifacts:/");
    let stored = server.folder.path().join("artifacts").join(uri);
    for (original, name) in [
        (table, "a table.csv"),
        (weights, "fold-1/seed-2/weights.bin"),
    ] {
        assert!(
            std::fs::read(original).unwrap() == std::fs::read(stored.join(name)).unwrap(),
            "{name}"
        );
    }
}

/// Whatever the names and values are, the server must take them.
fn takes_odd_names(server: &Server) {
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), "größe 1%.txt", b"x");
    let tracker = server.tracker("odd");
    let keys = [
        "",
        ".",
        "..",
        "...",
        "/a//b/./c/",
        "../x",
        "a/../b",
        "größe (bps): 5 %",
        "tab\tand\nline",
        "a\\b",
    ];
    tracker.params(keys.iter().map(|key| ((*key).to_owned(), String::new())));
    tracker.params([
        ("k".repeat(300), "ö".repeat(7000)),
        ("control".to_owned(), "\u{1}\n\"".to_owned()),
    ]);
    for (index, key) in keys.into_iter().enumerate() {
        tracker.metrics(
            index as u64,
            &[(key, [1e300, -0.0, 5e-324, f64::MIN][index % 4])],
        );
        tracker.tag(key, &"ö".repeat(9000));
    }
    tracker.metrics(u64::MAX, &[("last", 1.0)]);
    tracker.artifact(&file, "a folder/über");
    if let Err(error) = tracker.finish(false) {
        panic!("{error}\n{}", server.log());
    }
    let runs = server.runs("odd");
    assert_eq!(runs[0]["info"]["status"], "FAILED");
    let long = value(&runs[0]["data"]["params"], &"k".repeat(250)).to_owned();
    assert_eq!(long, "ö".repeat(6000));
    let uri = runs[0]["info"]["artifact_uri"]
        .as_str()
        .unwrap()
        .trim_start_matches("mlflow-artifacts:/");
    let stored = server
        .folder
        .path()
        .join("artifacts")
        .join(uri)
        .join("a folder/über/größe 1%.txt");
    assert_eq!(std::fs::read(stored).unwrap(), b"x");
}

fn names_a_deleted_experiment(server: &Server) {
    server.tracker("old").finish(true).unwrap();
    let id = server.runs("old")[0]["info"]["experiment_id"].clone();
    let url = format!("{}/api/2.0/mlflow/experiments/delete", server.url);
    ask(Method::POST, &url, Some(json!({ "experiment_id": id }))).unwrap();
    let error = server.tracker("old").finish(true).unwrap_err().to_string();
    assert!(error.contains("experiment \"old\" is deleted"), "{error}");
}

fn is_killed(server: &mut Server) {
    let tracker = server.tracker("killed");
    let start = Instant::now();
    while server.runs("killed").is_empty() {
        assert!(start.elapsed() < START, "{}", server.log());
        sleep(Duration::from_millis(50));
    }
    server.kill();
    let start = Instant::now();
    for step in 0..1000 {
        tracker.metrics(step, &[("m", 1.0)]);
    }
    tracker.artifact("no such file".as_ref(), "");
    // They take milliseconds; one answer would be waited for 8 s.
    assert!(start.elapsed() < Duration::from_secs(4));
    let error = tracker.finish(true).unwrap_err();
    assert!(matches!(error, Error::Stopped { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("did not answer") && text.contains(&server.url),
        "{text}"
    );
    assert!(
        text.contains("not logged: 1000 metrics, 1 artifact, how the run ended"),
        "{text}"
    );
}
