//! A run, its ledger, a server over both, and a client that says exactly what is sent.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Parser;
use dataset::{CandleTable, Config, Dataset, Origin};
use market::Symbol;
use model::{DeviceChoice, NetworkConfig, NetworkShape, save_weights};
use predict::{Checkpoint, Forecasts, History, forecast_at};
use rules::Side;
use serde_json::Value;
use trading::{Ledger, LoggedForecast, Minute, Signal};

pub const MINUTE: i64 = 60_000;

pub const TOKEN: &str = "an-example-token-of-some-length";

/// The arguments of the server, as the command line has them.
#[derive(Parser)]
struct Command {
    #[command(flatten)]
    serve: serve::Args,
}

/// A run whose market ends some time from now, with the candles that are closed by now.
pub struct Market {
    pub dir: tempfile::TempDir,
    pub run: PathBuf,
    pub config: Config,
    pub candles: Vec<(Symbol, CandleTable)>,
    /// Length of a bar.
    pub bar_ms: i64,
    /// Open time of the last bar that is closed.
    pub last_ms: i64,
    /// A coin, and the name that it had until a time, UTC ms: the ledger has its candles of then under that.
    pub renamed: Option<(Symbol, Symbol, i64)>,
}

pub fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_millis() as i64
}

impl Market {
    /// Minutes, and a network that was never trained.
    pub fn new() -> Self {
        let mut market = Self::of(("1m", "10m"), 2500, 2400);
        let dataset = Dataset::load(&market.config).unwrap();
        market.run = untrained_run(market.dir.path(), &dataset);
        market
    }

    /// So many bars, so many of which are closed, also in a store; there is no run yet.
    pub fn of((interval, fill_limit): (&str, &str), bars: i64, closed: i64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = tests::tiny();
        config.data.interval = interval.parse().unwrap();
        config.data.fill_limit = fill_limit.parse().unwrap();
        let bar_ms = config.data.interval.ms();
        let last_ms = now_ms().div_euclid(bar_ms) * bar_ms - bar_ms;
        config.data.simulated.start_ms = last_ms - closed * bar_ms;
        config.data.simulated.minutes = usize::try_from(bars * bar_ms / MINUTE).unwrap();
        if bar_ms > 60 * MINUTE {
            config.data.simulated.outage_every_minutes = None;
        }
        let candles = tests::candles(&config);
        tests::store(&dir.path().join("data"), &mut config.clone(), &candles);
        Self {
            run: dir.path().join("run"),
            dir,
            config,
            candles,
            bar_ms,
            last_ms,
            renamed: None,
        }
    }

    /// The command line of a subcommand that fits a run of this name on the store.
    pub fn fitting(&self, subcommand: &str, run: &str, set: &[&str]) -> Vec<String> {
        let folder = |name: &str| self.dir.path().join(name).display().to_string();
        let mut arguments = vec![subcommand.to_owned(), format!("--run={}", folder(run))];
        let data = format!("data.dir={}", folder("data"));
        let interval = format!("data.interval={}", self.config.data.interval);
        let fill_limit = format!("data.fill_limit={}", self.config.data.fill_limit);
        let usual = [
            data.as_str(),
            interval.as_str(),
            fill_limit.as_str(),
            "data.source=store",
            "universe.symbols=[]",
            "split.folds=2",
        ];
        let keys = usual.iter().chain(set);
        arguments.extend(keys.map(|key| format!("--set={key}")));
        arguments
    }

    /// The candles of a coin up to a time.
    fn until(&self, at_ms: i64) -> Vec<(Symbol, CandleTable)> {
        let of_coin = |(symbol, candles): &(Symbol, CandleTable)| {
            (symbol.clone(), candles.filter(|time_ms| time_ms <= at_ms))
        };
        self.candles.iter().map(of_coin).collect()
    }

    /// What the run's model forecasts at a time.
    pub fn forecasts(&self, at_ms: i64) -> (Forecasts, String) {
        let checkpoint = Checkpoint::load(&self.run, None, &[], DeviceChoice::Flex).unwrap();
        let history = History {
            at_ms,
            coins: self.until(at_ms),
        };
        (
            forecast_at(&checkpoint, &history).unwrap(),
            checkpoint.label(),
        )
    }

    /// Writes what a watch would: candles, forecasts of the bars up to `last_ms`, and positions.
    pub fn write_ledger(&self, bars: i64, last_ms: i64) {
        let mut ledger = Ledger::open(&self.run.join("ledger.sqlite")).unwrap();
        for (symbol, candles) in self.until(last_ms) {
            let rows: Vec<_> = (0..candles.len()).map(|row| candles.candle(row)).collect();
            let earlier = self.renamed.as_ref().filter(|(of, ..)| *of == symbol);
            let named = rows.iter().map(|candle| match earlier {
                Some((_, name, until_ms)) if candle.open_time_ms < *until_ms => (name, candle),
                _ => (&symbol, candle),
            });
            ledger.add_candles(named).unwrap();
        }
        for at_ms in (0..bars).rev().map(|back| last_ms - back * self.bar_ms) {
            let (made, label) = self.forecasts(at_ms);
            let logged = made.coins.iter().map(|coin| LoggedForecast {
                time_ms: at_ms,
                symbol: Symbol::new(&coin.symbol).unwrap(),
                forecast: coin.forecast,
                refused: coin.refused.clone(),
                forecaster: label.clone(),
                made_at_ms: at_ms + self.bar_ms + 150,
                is_complete: true,
                drift_std: Some(1.5),
            });
            let signals = vec![Signal {
                symbol: Symbol::new("SIM1USDT").unwrap(),
                side: Side::Buy,
                forecast: 0.001,
                entry_ms: at_ms,
                due_ms: at_ms + 2 * self.bar_ms,
                costs: rules::Costs::default(),
                overlapping: false,
            }];
            let minute = Minute {
                time_ms: at_ms,
                forecasts: logged.collect(),
                signals,
                order_steps: Vec::new(),
                is_paused: false,
            };
            ledger.record(&minute).unwrap();
        }
        let closes = self.until(last_ms);
        let price = |symbol: &Symbol, time_ms: i64| {
            let (_, candles) = closes.iter().find(|(own, _)| own == symbol)?;
            let row = candles
                .open_time_ms
                .iter()
                .position(|time| *time == time_ms)?;
            let close = candles.candle(row).close;
            Some(trading::Price {
                time_ms,
                close,
                is_last_known: false,
            })
        };
        ledger.settle(price).unwrap();
    }

    /// A file with a token for the server.
    pub fn token_file(&self) -> String {
        let path = self.dir.path().join("token");
        fs::write(&path, format!("{TOKEN}\n")).unwrap();
        format!("--token-file={}", path.display())
    }

    /// The last `rows` closed candles of a coin as CSV, with a header.
    pub fn csv(&self, coin: usize, rows: usize) -> String {
        let (symbol, candles) = &self.until(self.last_ms)[coin];
        let mut text = "symbol,open_time,open,high,low,close,volume,quote_volume,count,\
            taker_buy_volume,taker_buy_quote_volume\n"
            .to_owned();
        for row in candles.len() - rows..candles.len() {
            let candle = candles.candle(row);
            let values = [
                candle.open,
                candle.high,
                candle.low,
                Some(candle.close),
                candle.volume,
                candle.quote_volume,
                candle.count,
                candle.taker_buy_volume,
                candle.taker_buy_quote_volume,
            ];
            let values =
                values.map(|value| value.map(|value| value.to_string()).unwrap_or_default());
            text += &format!("{symbol},{},{}\n", candle.open_time_ms, values.join(","));
        }
        text
    }

    /// What is wrong with a command line.
    pub fn refused_arguments(&self, more: &[&str]) -> String {
        self.parsed(0, more).err().unwrap().to_string()
    }

    /// The arguments of a server over the ledger.
    fn arguments(&self, port: u16, more: &[&str]) -> serve::Args {
        self.parsed(port, more).unwrap().serve
    }

    fn parsed(&self, port: u16, more: &[&str]) -> Result<Command, clap::Error> {
        let run = format!("--run={}", self.run.display());
        let listen = format!("--listen=127.0.0.1:{port}");
        let mut arguments = vec!["serve", &run, &listen, "--device=flex"];
        arguments.extend(more);
        Command::try_parse_from(arguments)
    }

    /// Why a server does not begin with these arguments.
    pub fn refused(&self, more: &[&str]) -> String {
        format!("{:#}", serve::run(&self.arguments(0, more)).unwrap_err())
    }

    /// A server over the ledger.
    pub fn serve(&self, more: &[&str]) -> Server {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let arguments = self.arguments(port, more);
        std::thread::spawn(move || serve::run(&arguments).unwrap());
        let server = Server { port };
        for _ in 0..600 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok()
                && server.get("/health").json()["status"] != "empty"
            {
                return server;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the server has read no ledger in 30 s");
    }
}

/// Copies a network's run with other statistics.
pub fn copy_run(from: &Path, to: &Path, change: impl FnOnce(&mut Value)) {
    fs::create_dir_all(to).unwrap();
    fs::copy(from.join("run.toml"), to.join("run.toml")).unwrap();
    let stats = fs::read(from.join("stats.json")).unwrap();
    let mut changed: Value = serde_json::from_slice(&stats).unwrap();
    change(&mut changed);
    let changed = serde_json::to_vec_pretty(&changed).unwrap();
    fs::write(to.join("stats.json"), &changed).unwrap();
    // The weights name the statistics by their hash, which is as long as any other.
    let hash = |bytes: &[u8]| storage::content_hash(bytes).into_bytes();
    let mut weights = fs::read(from.join("model.safetensors")).unwrap();
    let old = hash(&stats);
    let place = weights
        .windows(old.len())
        .position(|some| some == old)
        .unwrap();
    weights[place..place + old.len()].copy_from_slice(&hash(&changed));
    fs::write(to.join("model.safetensors"), weights).unwrap();
}

/// A run as training leaves it, with weights that were never trained: the model of fold 2.
fn untrained_run(dir: &Path, dataset: &Dataset) -> PathBuf {
    let run = dir.join("quick");
    let network: NetworkConfig = {
        let table: toml::Table = toml::from_str(tests::TINY).unwrap();
        table["network"].clone().try_into().unwrap()
    };
    let mut resolved: toml::Table =
        toml::from_str(&toml::to_string(&dataset.config).unwrap()).unwrap();
    resolved.insert(
        "network".to_owned(),
        toml::Value::try_from(&network).unwrap(),
    );
    fs::create_dir_all(&run).unwrap();
    fs::write(run.join("run.toml"), toml::to_string(&resolved).unwrap()).unwrap();
    let fold = &dataset.plan.folds[1];
    let stats = dataset
        .fit_normalizer(&dataset.features(), fold, "run")
        .unwrap()
        .to_json();
    fs::write(run.join("stats.json"), &stats).unwrap();
    let device = DeviceChoice::Flex.open().unwrap().device;
    device.seed(2);
    let origin = Origin::new(dataset, fold, &fold.stop, ("network", &network)).unwrap();
    let mut metadata = origin.to_metadata();
    metadata.insert(
        "stats_sha256".to_owned(),
        storage::content_hash(stats.as_bytes()),
    );
    let weights = network.init(NetworkShape::new(3, 8, 32), &device).unwrap();
    save_weights(&weights, &run.join("model.safetensors"), &metadata).unwrap();
    let coins: String = (1..=3)
        .map(|coin| format!("[coins.SIM{coin}USDT]\nbuy = 1e-9\nsell = -1e-9\n"))
        .collect();
    let thresholds = format!(
        "protocol = \"seed\"\nhold_bars = 15\ntuned = [\"\", \"\"]\n[costs]\nfee_bps = 10.0\nslippage_bps = 0.0\n{coins}"
    );
    fs::write(run.join("thresholds.toml"), thresholds).unwrap();
    fs::write(
        run.join("report.html"),
        "<!DOCTYPE html><style>a{}</style><p>a report",
    )
    .unwrap();
    run
}

/// A server that runs until the test's process ends.
pub struct Server {
    pub port: u16,
}

/// What it answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut found = lines.filter(|(own, _)| own.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value)
    }
}

impl Server {
    pub fn get(&self, path: &str) -> Answer {
        self.with(&format!("GET {path}"), &[], b"")
    }

    pub fn post(&self, path: &str, kind: &str, body: &[u8]) -> Answer {
        self.with(&format!("POST {path}"), &[("Content-Type", kind)], body)
    }

    /// Sends a request with these headers; a `Host` among them replaces the right one.
    pub fn with(&self, line: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut head = format!(
            "{line} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n",
            body.len()
        );
        if !headers.iter().any(|(name, _)| *name == "Host") {
            head += &format!("Host: 127.0.0.1:{}\r\n", self.port);
        }
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        let mut stream = self.connect();
        stream.write_all((head + "\r\n").as_bytes()).unwrap();
        // A server that refuses does not read on.
        let _ = stream.write_all(body);
        answer(stream)
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        stream
    }
}

/// Reads an answer to its end, which its length says where it says one.
pub fn answer(mut stream: TcpStream) -> Answer {
    let mut bytes = Vec::new();
    let mut piece = [0; 65_536];
    // A connection that is reset after its answer has still brought it.
    while let Ok(count) = stream.read(&mut piece) {
        if count == 0 {
            break;
        }
        bytes.extend_from_slice(&piece[..count]);
        if is_whole(&bytes) {
            break;
        }
    }
    let end = bytes
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .expect("a head");
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let mut body = bytes[end + 4..].to_vec();
    if head.to_lowercase().contains("transfer-encoding: chunked") {
        body = unchunked(&body);
    }
    Answer { status, head, body }
}

fn is_whole(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes).to_lowercase();
    let Some((head, _)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let mut lines = head.lines();
    let length = lines.find_map(|line| line.strip_prefix("content-length: "));
    length.is_some_and(|length| bytes.len() >= head.len() + 4 + length.parse::<usize>().unwrap())
}

fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
        let length = usize::from_str_radix(&String::from_utf8_lossy(&rest[..end]), 16).unwrap();
        body.extend_from_slice(&rest[end + 2..end + 2 + length]);
        rest = &rest[end + 4 + length..];
    }
    body
}
