//! A run without training, and the binary.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ensemble::{FoldWeights, Method, SavedWeights, Weights};
use model::{DeviceChoice, NetworkConfig, save_weights};
use replay::Exchange;

/// A run as training leaves it, with weights that were never trained.
pub fn untrained_run(dir: &Path) -> PathBuf {
    let run = dir.join("run");
    let table: toml::Table = toml::from_str(tests::TINY).unwrap();
    let mut config = tests::tiny();
    let dataset = dataset::Dataset::load(&config).unwrap();
    config = dataset.config.clone();
    let network: NetworkConfig = table["network"].clone().try_into().unwrap();
    let stats = dataset.fit_normalizer(&dataset.features(), &dataset.plan.folds[1], "run").unwrap().to_json();
    let mut resolved: toml::Table = toml::from_str(&toml::to_string(&config).unwrap()).unwrap();
    resolved.insert("network".to_owned(), toml::Value::try_from(&network).unwrap());
    fs::create_dir_all(&run).unwrap();
    fs::write(run.join("run.toml"), toml::to_string(&resolved).unwrap()).unwrap();
    fs::write(run.join("stats.json"), &stats).unwrap();
    let device = DeviceChoice::Flex.open().unwrap().device;
    let network = network.init(3, 8, 32, &device).unwrap();
    let metadata = [("stats_sha256".to_owned(), dataset::content_hash(stats.as_bytes()))].into();
    save_weights(&network, &run.join("model.safetensors"), &metadata).unwrap();
    run
}

/// Puts an ensemble in a run's place: of the run itself, which becomes `member`, taken twice.
pub fn into_ensemble(run: &Path) {
    let member = run.with_file_name("member");
    fs::rename(run, &member).unwrap();
    fs::create_dir(run).unwrap();
    let mut config: toml::Table = toml::from_str(&fs::read_to_string(member.join("run.toml")).unwrap()).unwrap();
    config.remove("network");
    config.insert("run".to_owned(), toml::toml! { forecaster = "ensemble" }.into());
    fs::write(run.join("run.toml"), toml::to_string(&config).unwrap()).unwrap();
    let weights = Weights { market: vec![0.5, 0.25], own: vec![0.75, 0.5] };
    let members = vec!["../member".to_owned(); 2];
    let folds = vec![FoldWeights { fold: 2, events: 0.0, weights }];
    SavedWeights { method: Method::Stacked, members, folds }.publish(run).unwrap();
    if member.join("thresholds.toml").exists() {
        fs::rename(member.join("thresholds.toml"), run.join("thresholds.toml")).unwrap();
    }
}

/// What the binary prints; it must succeed.
pub fn predict(dir: &Path, arguments: &[&str]) -> String {
    let output = run_predict(dir, arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Runs the binary.
pub fn run_predict(dir: &Path, arguments: &[&str]) -> Output {
    let arguments = [&["--device", "flex"], arguments].concat();
    Command::new(env!("CARGO_BIN_EXE_predict")).args(arguments).current_dir(dir).output().unwrap()
}

/// The address of something before an exchange that answers the first `pages` connections with a page of HTML.
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
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", PAGE.len());
                let _ = client.write_all((head + PAGE).as_bytes());
                continue;
            }
            let Ok(server) = TcpStream::connect(&target) else { return };
            for (mut from, mut to) in [(client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client)] {
                std::thread::spawn(move || std::io::copy(&mut from, &mut to));
            }
        }
    });
    url
}
