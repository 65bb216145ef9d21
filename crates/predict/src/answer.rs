//! What `predict` answers.

use anyhow::anyhow;
use cli::WithHint;
use dataset::{format_time, parse_time};
use storage::content_hash;

use crate::args::Args;
use crate::cache::ForecastCache;
use crate::checkpoint::Request;
use crate::seen::out_of_sample;
use crate::watch::WatchArgs;
use crate::{CandleSource, Checkpoint, Forecasts, History, MissingCoin, forecast_at};

/// Seconds for which `--json` callers get the same forecasts: they ask often, and a forecast is of
/// 15 minutes.
const CACHE_SECS: u64 = 300;

/// What `predict` prints, with what it says beside that.
#[derive(Debug)]
pub struct Answer {
    /// The forecasts.
    pub forecasts: Forecasts,
    /// Source of the candles.
    pub source: CandleSource,
    /// Whether the forecasts are of a volatility.
    pub is_of_volatility: bool,
    /// Age of the forecasts in seconds where they are reused; None where they are new.
    pub reused_after_secs: Option<u64>,
}

/// What the arguments ask for: the forecasts that the command prints.
///
/// # Errors
/// As [`crate::run()`]; coins that are all refused are no error here.
pub(crate) fn answer(args: &Args) -> anyhow::Result<Answer> {
    let at_ms = match &args.at {
        None => None,
        Some(text) => Some(parse_time(text).map_err(|error| {
            cli::usage(anyhow!("--at: {error}").hint("--at 2024-05-01T12:00 for instance"))
        })?),
    };
    let (mut overrides, of_watch) = WatchArgs::split(&args.model.set);
    let horizon = args
        .horizon
        .map(|horizon| format!("target.horizon={horizon}"));
    overrides.extend(horizon);
    if let Some(text) = of_watch.first() {
        return Err(cli::usage(
            anyhow!(
                "{}: expected a key of [data] or [universe]",
                cli::shown_override(text)
            )
            .hint("--watch has more"),
        ));
    }
    let request = args.model.request(at_ms, &overrides)?;
    let checkpoint = request.load()?;
    let interval = checkpoint.config.data.interval;
    if let Some(at_ms) = at_ms.filter(|at_ms| at_ms.rem_euclid(interval.ms()) != 0) {
        return Err(cli::usage(
            anyhow!(
                "--at {}: expected the open time of a {interval} candle",
                format_time(at_ms)
            )
            .hint(format!(
                "--at '{}'",
                format_time(at_ms - at_ms.rem_euclid(interval.ms()))
            )),
        ));
    }
    let checkpoint = match at_ms {
        Some(at_ms) => out_of_sample(checkpoint, &request, at_ms, args.model.in_sample())?,
        None => checkpoint,
    };
    let source = args
        .source
        .unwrap_or_else(|| CandleSource::default_for(&checkpoint.config, at_ms));
    let is_of_volatility = checkpoint.publication.is_some();
    let (forecasts, reused_after_secs) = match (source, at_ms) {
        (CandleSource::Binance, None) => reused_or_made(args, &request, checkpoint)?,
        _ => (make(args, &request, checkpoint, source, at_ms)?.0, None),
    };
    Ok(Answer {
        forecasts,
        source,
        is_of_volatility,
        reused_after_secs,
    })
}

/// Forecasts, and whether every coin had its candle; one that had none is named with the reason.
fn make(
    args: &Args,
    request: &Request<'_>,
    mut checkpoint: Checkpoint,
    source: CandleSource,
    at_ms: Option<i64>,
) -> anyhow::Result<(Forecasts, bool)> {
    let (history, missing) =
        History::read_what_is_there(source, &checkpoint, at_ms, args.model.base_url.as_deref())?;
    if at_ms.is_none() {
        checkpoint = out_of_sample(checkpoint, request, history.at_ms, args.model.in_sample())?;
    }
    checkpoint.check_columns(&history)?;
    let mut forecasts = forecast_at(&checkpoint, &history)?;
    for MissingCoin { symbol, reason } in &missing {
        cli::warn(format!(
            "{symbol} is missing, the others are forecast without it: {reason}"
        ));
        for coin in forecasts
            .coins
            .iter_mut()
            .filter(|coin| coin.symbol == symbol.as_str())
        {
            (coin.forecast, coin.refused) = (None, Some(reason.clone()));
            coin.intervals.clear();
            coin.volatility = None;
        }
    }
    Ok((forecasts, missing.is_empty()))
}

/// The exchange's last minute, or forecasts from the cache where they are young enough, with their
/// age in seconds.
fn reused_or_made(
    args: &Args,
    request: &Request<'_>,
    checkpoint: Checkpoint,
) -> anyhow::Result<(Forecasts, Option<u64>)> {
    let lasts_secs = args
        .cache_secs
        .unwrap_or(if args.json { CACHE_SECS } else { 0 });
    let key = format!(
        "{:?} {} {:?} {:?} {} {}",
        args.model.set,
        checkpoint.config.target.horizon,
        args.model.fold,
        args.model.base_url,
        args.model.in_sample,
        checkpoint.forecaster.sha256()
    );
    // Hashed, as an address may hold a password.
    let cache = ForecastCache::new(request.run, content_hash(key.as_bytes()), lasts_secs);
    if let Some((forecasts, age_secs)) = cache.get() {
        return Ok((forecasts, Some(age_secs)));
    }
    let (forecasts, is_complete) = make(args, request, checkpoint, CandleSource::Binance, None)?;
    if lasts_secs > 0 && is_complete {
        cache.put(&forecasts);
    }
    Ok((forecasts, None))
}
