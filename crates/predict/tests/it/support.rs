//! A run without training, and the binary.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use dataset::{Dataset, Origin};
use ensemble::{FoldWeights, Method, SavedWeights, Weights};
use model::{DeviceChoice, NetworkConfig, NetworkShape, load_weights, save_weights};
use replay::Exchange;

/// A run as training leaves it, with weights that were never trained: the model of fold 2.
pub fn untrained_run(dir: &Path) -> PathBuf {
    let run = dir.join("run");
    let mut config = tests::tiny();
    let dataset = dataset::Dataset::load(&config).unwrap();
    config = dataset.config.clone();
    let mut resolved: toml::Table = toml::from_str(&toml::to_string(&config).unwrap()).unwrap();
    resolved.insert(
        "network".to_owned(),
        toml::Value::try_from(network()).unwrap(),
    );
    fs::create_dir_all(&run).unwrap();
    fs::write(run.join("run.toml"), toml::to_string(&resolved).unwrap()).unwrap();
    write_model(
        &dataset,
        2,
        (&run.join("stats.json"), &run.join("model.safetensors")),
    );
    run
}

/// Adds what training leaves in the folders of the folds.
pub fn add_folds(run: &Path) {
    let dataset = dataset::Dataset::load(&tests::tiny()).unwrap();
    for fold in 1..=2 {
        let folder = run.join(format!("fold-{fold}"));
        fs::create_dir_all(folder.join("seed-1")).unwrap();
        write_model(
            &dataset,
            fold,
            (
                &folder.join("stats.json"),
                &folder.join("seed-1/weights.safetensors"),
            ),
        );
    }
}

fn network() -> NetworkConfig {
    let table: toml::Table = toml::from_str(tests::TINY).unwrap();
    table["network"].clone().try_into().unwrap()
}

fn write_model(dataset: &Dataset, number: usize, (stats_path, weights): (&Path, &Path)) {
    let fold = &dataset.plan.folds[number - 1];
    let stats = dataset
        .fit_normalizer(&dataset.features(), fold, "run")
        .unwrap()
        .to_json();
    fs::write(stats_path, &stats).unwrap();
    let device = DeviceChoice::Flex.open().unwrap().device;
    device.seed(number as u64);
    let network = network();
    let mut metadata = Origin::new(dataset, fold, &fold.stop, ("network", &network))
        .unwrap()
        .to_metadata();
    metadata.insert(
        "stats_sha256".to_owned(),
        storage::content_hash(stats.as_bytes()),
    );
    save_weights(
        &network.init(NetworkShape::new(3, 8, 32), &device).unwrap(),
        weights,
        &metadata,
    )
    .unwrap();
}

/// Takes from a run's weights what versions before 0.2 did not write.
pub fn make_older(weights: &Path) {
    let device = DeviceChoice::Flex.open().unwrap().device;
    let (network, mut metadata) =
        load_weights(&network(), NetworkShape::new(3, 8, 32), weights, &device).unwrap();
    metadata.retain(|key, _| key == "stats_sha256");
    assert_eq!(metadata.len(), 1);
    save_weights(&network, weights, &metadata).unwrap();
}

/// Puts an ensemble in a run's place: of the run itself, which becomes `member`, taken twice.
pub fn into_ensemble(run: &Path) {
    let member = run.with_file_name("member");
    fs::rename(run, &member).unwrap();
    fs::create_dir(run).unwrap();
    let mut config: toml::Table =
        toml::from_str(&fs::read_to_string(member.join("run.toml")).unwrap()).unwrap();
    config.remove("network");
    config.insert(
        "run".to_owned(),
        toml::toml! { forecaster = "ensemble" }.into(),
    );
    fs::write(run.join("run.toml"), toml::to_string(&config).unwrap()).unwrap();
    let weights = Weights {
        market: vec![0.5, 0.25],
        own: vec![0.75, 0.5],
    };
    let members = vec!["../member".to_owned(); 2];
    let folds = vec![FoldWeights {
        fold: 2,
        seen_until_ms: Some(0),
        events: 0.0,
        weights,
    }];
    SavedWeights {
        rule: None,
        method: Method::Stacked,
        members,
        folds,
    }
    .publish(run)
    .unwrap();
    if member.join("thresholds.toml").exists() {
        fs::rename(member.join("thresholds.toml"), run.join("thresholds.toml")).unwrap();
    }
}

/// What the binary prints; it must succeed.
pub fn predict(dir: &Path, arguments: &[&str]) -> String {
    let output = run_predict(dir, arguments);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// Runs the binary with these arguments alone.
pub fn run_plainly(dir: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_predict"))
        .args(arguments)
        .current_dir(dir)
        .output()
        .unwrap()
}

/// Runs the binary.
pub fn run_predict(dir: &Path, arguments: &[&str]) -> Output {
    let arguments = [&["--device", "flex"], arguments].concat();
    Command::new(env!("CARGO_BIN_EXE_predict"))
        .args(arguments)
        .current_dir(dir)
        .output()
        .unwrap()
}

/// The address of something before an exchange that answers the first `pages` connections with a
/// page of HTML.
pub fn html_first(exchange: &Exchange, pages: usize) -> String {
    const PAGE: &str = "<!DOCTYPE html><title>Just a moment...</title>";
    let target = exchange.url().replace("http://", "");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for (place, client) in listener.incoming().enumerate() {
            let Ok(mut client) = client else { return };
            if place < pages {
                let _ = client.read(&mut [0; 4096]);
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    PAGE.len()
                );
                let _ = client.write_all((head + PAGE).as_bytes());
                continue;
            }
            let Ok(server) = TcpStream::connect(&target) else {
                return;
            };
            for (mut from, mut to) in [
                (client.try_clone().unwrap(), server.try_clone().unwrap()),
                (server, client),
            ] {
                std::thread::spawn(move || std::io::copy(&mut from, &mut to));
            }
        }
    });
    url
}

/// What the binary says where it must fail: exit code and stderr.
pub fn refused(dir: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let arguments = [&["--device", "flex", "--fallback", "refuse"], arguments].concat();
    let output = Command::new(env!("CARGO_BIN_EXE_predict"))
        .args(arguments)
        .current_dir(dir)
        .output()
        .unwrap();
    assert!(
        output.stdout.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}
