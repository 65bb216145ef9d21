//! `download` without a command: candles from the exchange's archive, the newest days by REST, and
//! the funding rates of futures.

mod archive_file;
mod coin;
mod funding;
mod job;
mod manifest;
mod month;
mod report;
mod stored_candles;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use cli::WithHint;
use dataset::{Config, LeftOut, Source, Store, pairs_of, quoted_in};
use jiff::Timestamp;
use market::{ArchiveClient, Error, Period, RestClient, RestOptions, Symbol};
use storage::remove_abandoned;
use tokio::task::JoinSet;

use crate::lock::lock;
use coin::CoinDownload;
use funding::fetch_funding;
use job::Job;
pub(crate) use manifest::folder;
use month::fetch_month;
use report::DownloadReport;

/// The exchange opened in July 2017: no candle is earlier.
const EXCHANGE_START_MS: i64 = 1_498_867_200_000;

/// `download` without a command
#[derive(Debug, clap::Args)]
pub struct FetchArgs {
    // As attributes: rustdoc would take the addresses for links.
    #[arg(
        long,
        value_name = "URL",
        help = "Address of the archive [default: https://data.binance.vision]"
    )]
    archive_url: Option<String>,
    #[arg(
        long,
        value_name = "URL",
        help = "Address of the REST interface [default: https://data-api.binance.vision or https://fapi.binance.com]"
    )]
    base_url: Option<String>,
    /// Do not ask whether the checksums of files that are there already have changed
    #[arg(long)]
    trust_known: bool,
    /// Say which coins would be fetched, and which are left out and why, and fetch nothing
    #[arg(long)]
    dry_run: bool,
    /// How many coin months are fetched at once
    #[arg(long, default_value_t = 8, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    at_once: u16,
}

/// Fetches what the config asks for and prints what the store then has.
///
/// # Errors
/// A config that is refused, an exchange that does not answer or refuses, a file that is not what
/// it should be. What was fetched until then is in the store.
pub fn run(config: &Config, args: &FetchArgs) -> anyhow::Result<()> {
    let (from_ms, until_ms) = checked_range(config).map_err(cli::usage)?;
    config.universe.validate_rule().map_err(cli::usage)?;
    let store = Store::new(
        &config.data.dir,
        config.data.market,
        config.data.stored_interval()?,
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let symbols = runtime.block_on(symbols(config, args, &store))?;
    if args.dry_run {
        return Ok(cli::print(
            &symbols
                .iter()
                .map(|symbol| format!("{symbol}\n"))
                .collect::<String>(),
        )?);
    }
    let folder = folder(&store);
    let _lock = lock(&store)?;
    remove_abandoned(&folder)?;
    for symbol in &symbols {
        store.sweep(symbol)?;
    }
    let interrupted = cli::watch_for_interrupt("stopping after the files that are on their way")?;
    runtime.block_on(async {
        let options = RestOptions::patient(config.data.market);
        let archive = ArchiveClient::new(
            config.data.market,
            args.archive_url.as_deref(),
            options.clone(),
        )
        .map_err(cli::usage)?;
        let rest = RestClient::with_options(config.data.market, args.base_url.as_deref(), options)
            .map_err(cli::usage)?;
        let (rest, now_ms) = clock(rest).await?;
        let job = Job {
            store,
            archive,
            rest,
            now_ms,
            from_ms: from_ms.max(EXCHANGE_START_MS),
            until_ms: until_ms.min(now_ms),
            trust_known: args.trust_known,
        };
        let at_once = usize::from(args.at_once);
        let coins = CoinDownload::all(&job, &symbols, &folder, at_once).await?;
        let (job, mut report) = (Arc::new(job), DownloadReport::new(&coins));
        let result = fetch_all(job.clone(), &coins, at_once, &interrupted, &mut report).await;
        let printed = report.print(&job);
        result.and(printed)?;
        fetch_funding(&job, &symbols, &interrupted).await
    })
}

fn checked_range(config: &Config) -> anyhow::Result<(i64, i64)> {
    if config.data.source == Source::Simulated {
        return Err(anyhow!(
            "data.source = simulated: found a config of the simulated market, \
             expected data.source = store"
        )
        .hint(
            "`quarterhour simulate` stores a simulated market; \
             configs/binance20.toml is for real candles",
        ));
    }
    let (from_ms, until_ms) = config.range_ms()?;
    if from_ms >= until_ms {
        return Err(anyhow!(
            "data.until = {}: expected a time after data.from = {}",
            config.data.until.as_deref().unwrap_or("-"),
            config.data.from.as_deref().unwrap_or("-")
        )
        .hint("--set data.until=2024-06-01 for instance"));
    }
    Ok((from_ms, until_ms))
}

/// The universe, each coin once: the pairs of `universe.quote` that the exchange trades or traded, or without
/// it, where no coin is named, all that the store has.
async fn symbols(config: &Config, args: &FetchArgs, store: &Store) -> anyhow::Result<Vec<Symbol>> {
    let mut symbols = config.universe.symbols.clone();
    if let Some(quote) = config.universe.quote.as_deref() {
        return pairs(config, args, quote).await;
    }
    if symbols.is_empty() {
        symbols = store.symbols()?;
    }
    if symbols.is_empty() {
        return Err(cli::usage(
            anyhow!(
                "universe.symbols = []: all coins of the store, but {} has no {} {} candles yet",
                store.dir().display(),
                store.interval(),
                store.market()
            )
            .hint("--config configs/binance20.toml names 20 coins"),
        ));
    }
    let mut seen = std::collections::BTreeSet::new();
    symbols.retain(|symbol| seen.insert(symbol.clone()));
    Ok(symbols)
}

/// The pairs of a quote currency that the exchange trades or traded, without leveraged, pegged and
/// unwanted ones, which are named.
async fn pairs(config: &Config, args: &FetchArgs, quote: &str) -> anyhow::Result<Vec<Symbol>> {
    let market = config.data.market;
    let options = RestOptions::patient(market);
    let rest = RestClient::with_options(market, args.base_url.as_deref(), options.clone())
        .map_err(cli::usage)?;
    let archive =
        ArchiveClient::new(market, args.archive_url.as_deref(), options).map_err(cli::usage)?;
    let traded = rest.traded_pairs(quote).await?;
    let ended = ended_pairs(&archive, quote, &traded).await;
    let mut all = [traded, ended].concat();
    all.retain(|symbol| !config.universe.without.contains(symbol));
    all.sort();
    let (pairs, left_out) = pairs_of(&all, quote);
    LeftOut::lines(&left_out).into_iter().for_each(cli::note);
    if pairs.is_empty() {
        return Err(cli::usage(
            anyhow!("universe.quote = {quote}: the exchange trades no pair of it")
                .hint("USDT for instance; data.market says which market is asked"),
        ));
    }
    Ok(pairs)
}

/// The pairs of a quote currency that the archive has and that are not traded any more, which are named;
/// none where the archive cannot be listed, which is told.
async fn ended_pairs(archive: &ArchiveClient, quote: &str, traded: &[Symbol]) -> Vec<Symbol> {
    let survivors = "coins that the exchange no longer trades are not among them: scores will be those of survivors";
    match archive.symbols().await {
        Ok(Some(listed)) => {
            let mut symbols = quoted_in(&listed, quote);
            symbols.retain(|symbol| !traded.contains(symbol));
            let names: Vec<&str> = symbols.iter().map(Symbol::as_str).collect();
            if !names.is_empty() {
                let (count, names) = (names.len(), names.join(" "));
                cli::note(format!("traded no more, {count}: {names}"));
            }
            symbols
        }
        Ok(None) => {
            cli::note(format!("the archive has no listing; {survivors}"));
            Vec::new()
        }
        Err(error) => {
            cli::warn_with_hints(format!("{error}; {survivors}"), error.hint());
            Vec::new()
        }
    }
}

/// The exchange's clock; where REST is refused to this address, the local one, and the archive is
/// asked alone.
async fn clock(rest: RestClient) -> anyhow::Result<(Option<RestClient>, i64)> {
    match rest.server_time_ms().await {
        Ok(now_ms) => Ok((Some(rest), now_ms)),
        Err(error @ (Error::NotServedHere { .. } | Error::Forbidden { .. })) => {
            cli::warn_with_hints(error.to_string(), error.hint());
            cli::warn(
                "only the archive is asked; the newest days, which it does not have yet, are left out",
            );
            Ok((None, Timestamp::now().as_millisecond()))
        }
        Err(error) => Err(error.into()),
    }
}

/// Names every file that could not be taken, with each way out once.
fn not_taken(broken: &[anyhow::Error]) -> anyhow::Error {
    let faults: Vec<String> = broken.iter().map(|fault| format!("{fault:#}")).collect();
    let count = broken.len();
    let mut hints: Vec<String> = Vec::new();
    for hint in broken
        .iter()
        .flat_map(|fault| cli::hints(fault, dataset::hint_of))
    {
        if !hints.contains(&hint) {
            hints.push(hint);
        }
    }
    let error = anyhow!("{count} files could not be taken:\n{}", faults.join("\n"));
    hints
        .iter()
        .rev()
        .fold(error, |error, hint| error.hint(hint))
}

/// Fetches the months of all coins, `at_once` at a time. A file that is broken stops nothing but
/// itself.
async fn fetch_all(
    job: Arc<Job>,
    coins: &[Arc<CoinDownload>],
    at_once: usize,
    interrupted: &AtomicBool,
    report: &mut DownloadReport,
) -> anyhow::Result<()> {
    let months: Vec<(Arc<CoinDownload>, Period)> = coins
        .iter()
        .flat_map(|coin| {
            coin.months(&job)
                .into_iter()
                .map(|month| (coin.clone(), month))
        })
        .collect();
    let bar = cli::progress_bar("coin months", months.len() as u64);
    let mut waiting = months.into_iter();
    let mut running = JoinSet::new();
    let mut failed: Option<anyhow::Error> = None;
    let mut broken: Vec<anyhow::Error> = Vec::new();
    loop {
        while running.len() < at_once
            && failed.is_none()
            && !interrupted.load(Ordering::Relaxed)
            && let Some((coin, month)) = waiting.next()
        {
            running.spawn(fetch_month(job.clone(), coin, month));
        }
        let Ok(ended) = tokio::time::timeout(Duration::from_secs(1), running.join_next()).await
        else {
            bar.set_message(silence(&job));
            continue;
        };
        let Some(ended) = ended else { break };
        match ended.context("a task ended abnormally")? {
            Ok(mut done) => {
                broken.append(&mut done.broken);
                report.add(done);
            }
            Err(error) => {
                failed.get_or_insert(error);
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    if let Some(error) = failed {
        return Err(error);
    }
    if !broken.is_empty() {
        return Err(not_taken(&broken));
    }
    if interrupted.load(Ordering::Relaxed) && waiting.len() > 0 {
        bail!(
            "interrupted with {} coin months left; the same command goes on from here",
            waiting.len()
        );
    }
    Ok(())
}

/// Why nothing happens for the moment, if so.
fn silence(job: &Job) -> String {
    let rest = job.rest.as_ref().and_then(RestClient::silence);
    match rest.max(job.archive.silence()) {
        Some(left) => format!("(the exchange asks to wait {} s)", left.as_secs() + 1),
        None => String::new(),
    }
}
