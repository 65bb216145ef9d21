//! `watch --serve`: a watch and its page in one process, which begin and end together.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use replay::Exchange;

use crate::quarterhour;
use crate::record::{OF_RETURNS, exchange, fitted, market};

const PATIENCE: Duration = Duration::from_secs(60);

/// A watch with a page over an exchange whose clock shows the noon of a day; what it says goes to `log`.
fn watch(dir: &Path, exchange: &Exchange, listen: &str) -> Child {
    watch_with(dir, exchange, &["--listen", listen])
}

/// The same with these arguments of the page.
fn watch_with(dir: &Path, exchange: &Exchange, page: &[&str]) -> Child {
    quarterhour("watch")
        .args(["--run", "run", "--device", "flex", "--serve"])
        .args(page)
        .args([
            "--set",
            "watch.websocket=false",
            "--set",
            "watch.metrics_port=off",
        ])
        .args(["--base-url", &exchange.url()])
        .current_dir(dir)
        .env_remove("QUARTERHOUR_TOKEN")
        .stdout(Stdio::null())
        .stderr(fs::File::create(dir.join("log")).unwrap())
        .spawn()
        .unwrap()
}

fn log(dir: &Path) -> String {
    fs::read_to_string(dir.join("log")).unwrap()
}

/// Waits for something in the log; a watch that has ended is an error.
fn wait_for<T>(dir: &Path, child: &mut Child, find: impl Fn(&str) -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        let text = log(dir);
        if let Some(found) = find(&text) {
            return found;
        }
        assert!(child.try_wait().unwrap().is_none(), "it has ended: {text}");
        assert!(began.elapsed() < PATIENCE, "{text}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Status and text of an answer; of one that does not end, what comes first.
fn get(address: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let (mut text, mut chunk) = (Vec::new(), [0; 65536]);
    while let Ok(count @ 1..) = stream.read(&mut chunk) {
        text.extend_from_slice(&chunk[..count]);
        if path == "/events" && text.windows(6).any(|part| part == b"event:") {
            break;
        }
    }
    let text = String::from_utf8_lossy(&text).into_owned();
    let status = text.split(' ').nth(1).unwrap_or("0").parse().unwrap();
    (status, text)
}

fn interrupt(child: &Child) {
    let kill = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(kill.unwrap().success());
}

fn fitted_market() -> tempfile::TempDir {
    let dir = market();
    fitted(dir.path(), "ridge", OF_RETURNS, &[]);
    dir
}

#[test]
fn a_page_answers_beside_its_watch_and_one_interrupt_ends_both() {
    let dir = fitted_market();
    let exchange = exchange(290);
    let mut child = watch(dir.path(), &exchange, "127.0.0.1:0");
    let address = wait_for(dir.path(), &mut child, |text| {
        let (_, rest) = text.split_once("http://127")?;
        Some(format!("127{}", rest.split_once(' ')?.0))
    });
    let began = Instant::now();
    while get(&address, "/forecasts").0 != 200 || !get(&address, "/forecasts").1.contains("AUSDT") {
        assert!(began.elapsed() < PATIENCE, "{}", log(dir.path()));
        std::thread::sleep(Duration::from_millis(100));
    }
    let (_, metrics) = get(&address, "/metrics");
    assert!(
        metrics.contains("quarterhour_ledger_forecast{symbol=\"AUSDT\"}"),
        "{metrics}"
    );
    // The exchange's clock is that of 2020: the last bar is long ago by this machine's.
    assert_eq!(get(&address, "/health").0, 503);
    let (status, events) = get(&address, "/events");
    assert!(status == 200 && events.contains("event:"), "{events}");
    assert_eq!(get(&address, "/").0, 200);
    interrupt(&child);
    let began = Instant::now();
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None if began.elapsed() > PATIENCE => panic!("{}", log(dir.path())),
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    let said = log(dir.path());
    assert!(
        status.success() && said.contains("the ledger is complete"),
        "{said}"
    );
    assert!(TcpStream::connect(&address).is_err());
}

/// The reason was once told before anybody listened for it, and lost.
#[test]
fn an_address_that_is_taken_is_told_and_the_watch_goes_on() {
    let dir = fitted_market();
    let exchange = exchange(290);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut child = watch(dir.path(), &exchange, &address);
    wait_for(dir.path(), &mut child, |text| {
        let is_told = text.contains("the page is not served: cannot listen at");
        (is_told && text.contains("forecasts=4")).then_some(())
    });
    interrupt(&child);
    assert!(child.wait().unwrap().success());
    let told = log(dir.path()).matches("the page is not served").count();
    assert_eq!(told, 1, "{}", log(dir.path()));
}

/// A page that would be refused is refused before the watch begins, and an error of the watch is told.
#[test]
fn a_missing_token_and_a_fault_of_the_watch_end_the_command() {
    let dir = fitted_market();
    let exchange = exchange(290);
    let mut child = watch(dir.path(), &exchange, "0.0.0.0:0");
    assert_eq!(child.wait().unwrap().code(), Some(2));
    assert!(log(dir.path()).contains("expected a token with it"));
    assert!(!dir.path().join("run/ledger.sqlite").exists());
    for (page, expected) in [
        (
            ["--trusted-proxy", "nonsense"],
            "error: invalid value 'nonsense' for '--trusted-proxy",
        ),
        (
            ["--volatility", "run"],
            "error: --volatility run: it forecasts something else",
        ),
    ] {
        let mut child = watch_with(dir.path(), &exchange, &page);
        assert_eq!(child.wait().unwrap().code(), Some(2));
        assert!(log(dir.path()).starts_with(expected), "{}", log(dir.path()));
        assert!(!dir.path().join("run/ledger.sqlite").exists());
    }
    let first = trading::Ledger::open(&dir.path().join("run/ledger.sqlite")).unwrap();
    let mut child = watch(dir.path(), &exchange, "127.0.0.1:0");
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let said = log(dir.path());
    assert!(
        said.contains("error: ") && said.contains("in use by another process"),
        "{said}"
    );
    drop(first);
}
