//! What a ledger says at one moment.

use std::collections::BTreeMap;
use std::path::Path;

use dataset::CandleTable;
use market::Symbol;
use predict::{Checkpoint, CoinForecast, History, VolatilityForecast, forecast_at, why_not};
use run::PredictionInterval;
use serde::Serialize;
use trading::{Ledger, LoggedForecast, Status};
use utoipa::ToSchema;

use crate::day::{DAY_MS, Day};
use crate::equity::{Equity, PositionLine};
use crate::live_score::{ScorePoint, score_points};
use crate::run_facts::RunFacts;

/// Fewest bars that correlations are looked back over beyond their window: of days, that is a month
/// and a half.
const FEWEST_BARS: i64 = 48;

/// Most bars of a correlation's window: a week of minutes.
const MOST_WINDOW_BARS: i64 = 10_080;

/// The page and the answers come from here.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// The last bar; None before the first.
    pub bar: Option<Bar>,
    /// All positions, the newest first.
    pub positions: Vec<PositionLine>,
    /// What came of them.
    pub equity: Equity,
    /// Correlations of forecasts and returns, oldest first.
    pub score: Vec<ScorePoint>,
    /// The last 24 hours.
    pub day: Day,
    /// What the watch says of itself, and whether it is paused.
    pub status: Status,
    /// Why the ledger cannot be read; what else is here is then from before.
    pub fault: Option<String>,
}

/// The forecasts of one bar.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Bar {
    /// Open time of the last candle that the forecasts know, UTC ms.
    pub time: i64,
    /// When that candle closed, UTC ms.
    pub closed_at: i64,
    /// When the first of the forecasts was made, by the exchange's clock, UTC ms.
    pub made_at: i64,
    /// How many bars ahead is forecast.
    pub horizon_bars: usize,
    /// What made them.
    pub forecaster: String,
    /// The same with the SHA-256 of the model's files.
    #[serde(skip)]
    pub label: String,
    /// The fold whose model forecast; 0 for the indicator rule.
    pub fold: usize,
    /// Whether every coin had its candle.
    pub is_complete: bool,
    /// One entry a coin.
    pub coins: Vec<CoinLine>,
}

/// The forecast of one coin.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CoinLine {
    /// The coin.
    pub symbol: String,
    /// Close of the last candle; null where there was none.
    pub close: Option<f64>,
    /// The forecast of the target; null where refused.
    pub forecast: Option<f64>,
    /// Prediction intervals; empty where the run has none, or where another model made the forecast
    /// than the one that is served.
    #[schema(value_type = Vec<Object>)]
    pub intervals: Vec<PredictionInterval>,
    /// What the forecast of a volatility says of the volatility itself.
    #[schema(value_type = Option<Object>)]
    pub volatility: Option<VolatilityForecast>,
    /// Why there is no forecast.
    pub refused: Option<String>,
    /// Whether the model had seen this time: it says nothing of how good others are.
    pub in_sample: bool,
    /// Distance of the coin's features from training, standard deviations.
    pub drift_std: Option<f64>,
    /// `buy` or `sell` where the forecast is beyond its threshold.
    pub signal: Option<&'static str>,
    /// Why such a forecast is not acted on.
    pub not_acted_on: Option<&'static str>,
    /// What is compared with the thresholds: the forecast, calibrated where thresholds say so.
    pub compared: Option<f64>,
    /// The coin is bought from here on.
    pub buy_threshold: Option<f64>,
    /// The coin is sold down from here.
    pub sell_threshold: Option<f64>,
}

impl Snapshot {
    /// Reads the ledger; `again` makes the last bar's forecasts again where the run says more than the
    /// ledger holds.
    ///
    /// # Errors
    /// A ledger that is not there or cannot be read.
    pub fn read(
        ledger: &Path,
        run: &RunFacts,
        again: Option<&Checkpoint>,
    ) -> Result<Self, trading::Error> {
        // Closed at the end of this function: an open read would keep the write-ahead log from shrinking.
        let ledger = Ledger::read_only(ledger)?;
        let status = ledger.status()?;
        let positions = ledger.all_positions()?;
        let equity = Equity::new(&positions);
        let positions = positions.iter().rev().map(PositionLine::new).collect();
        let Some(last_ms) = ledger.last_forecast_ms()? else {
            return Ok(Self {
                positions,
                equity,
                status,
                ..Self::default()
            });
        };
        let window_ms = window_ms(run);
        let look_back_ms = window_ms + DAY_MS.max(FEWEST_BARS * run.bar_ms);
        let forecasts = ledger.forecasts(last_ms - look_back_ms)?;
        let first = forecasts.partition_point(|logged| logged.time_ms < last_ms);
        let last = forecasts.get(first..).unwrap_or_default();
        let span = (last_ms - look_back_ms, last_ms);
        let score = match run.is_scored {
            true => score_points(&ledger, run, span, window_ms)?,
            false => Vec::new(),
        };
        Ok(Self {
            bar: Some(bar(&ledger, run, last, again)?),
            positions,
            equity,
            score,
            day: Day::new(&forecasts, last_ms, run.bar_ms),
            status,
            fault: None,
        })
    }
}

/// The time that the watch's number of settled forecasts takes.
pub fn window_ms(run: &RunFacts) -> i64 {
    let bars = run.pearson_forecasts.div_ceil(run.symbols.len().max(1));
    let bars = i64::try_from(bars).unwrap_or(MOST_WINDOW_BARS);
    bars.clamp(1, MOST_WINDOW_BARS) * run.bar_ms
}

fn bar(
    ledger: &Ledger,
    run: &RunFacts,
    logged: &[LoggedForecast],
    again: Option<&Checkpoint>,
) -> Result<Bar, trading::Error> {
    let first = logged.first();
    let time = first.map_or(0, |logged| logged.time_ms);
    let label = first.map_or("", |logged| logged.forecaster.as_str());
    let more = more(ledger, run, logged, again)?;
    let of_coin = |logged: &LoggedForecast| -> Result<CoinLine, trading::Error> {
        let candle = ledger.last_candle(&logged.symbol, time)?;
        let close = candle
            .filter(|candle| candle.open_time_ms == time)
            .map(|candle| candle.close);
        Ok(CoinLine::new(
            logged,
            close,
            run,
            more.get(logged.symbol.as_str()),
        ))
    };
    Ok(Bar {
        time,
        closed_at: time + run.bar_ms,
        made_at: logged
            .iter()
            .map(|logged| logged.made_at_ms)
            .min()
            .unwrap_or(time),
        horizon_bars: run.model.horizon_bars,
        forecaster: without_hash(label),
        label: label.to_owned(),
        fold: Checkpoint::fold_of_label(label).unwrap_or(0),
        is_complete: logged.iter().all(|logged| logged.is_complete),
        coins: logged
            .iter()
            .map(of_coin)
            .collect::<Result<_, trading::Error>>()?,
    })
}

/// A label without the SHA-256 of the model's files.
fn without_hash(label: &str) -> String {
    let is_hash =
        |word: &str| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let words: Vec<&str> = label
        .split_whitespace()
        .filter(|word| !is_hash(word))
        .collect();
    words.join(" ")
}

/// The last bar's forecasts, made again from the ledger's candles: they are the same ones, with
/// intervals. Empty where another model made them.
fn more(
    ledger: &Ledger,
    run: &RunFacts,
    logged: &[LoggedForecast],
    again: Option<&Checkpoint>,
) -> Result<BTreeMap<String, CoinForecast>, trading::Error> {
    let is_same = |checkpoint: &&Checkpoint| {
        let is_own = |logged: &LoggedForecast| {
            logged.is_complete
                && checkpoint.has_label(&logged.forecaster)
                && !Checkpoint::is_label_in_sample(&logged.forecaster)
        };
        checkpoint.says_more() && logged.iter().all(is_own)
    };
    let (Some(checkpoint), Some(first)) = (again.filter(is_same), logged.first()) else {
        return Ok(BTreeMap::new());
    };
    let history = history(ledger, run, checkpoint.history_bars(), first.time_ms)?;
    let made = forecast_at(checkpoint, &history);
    let coins = made.map_or_else(|_| Vec::new(), |forecasts| forecasts.coins);
    let is_equal = |coin: &CoinForecast| {
        let own = logged
            .iter()
            .find(|logged| logged.symbol.as_str() == coin.symbol);
        own.is_some_and(|logged| logged.forecast == coin.forecast)
    };
    Ok(coins
        .into_iter()
        .filter(is_equal)
        .map(|coin| (coin.symbol.clone(), coin))
        .collect())
}

/// The ledger's candles of the `bars` up to the one that opens at `at_ms`, under all names of each coin and in its
/// first unit: what a watch forecasts from.
///
/// # Errors
/// A ledger that cannot be read.
pub fn history(
    ledger: &Ledger,
    run: &RunFacts,
    bars: usize,
    at_ms: i64,
) -> Result<History, trading::Error> {
    let from_ms = at_ms - (bars as i64 - 1) * run.bar_ms;
    let of_name = |name: &Symbol| -> Result<CandleTable, trading::Error> {
        let candles = ledger.candles(name, from_ms, at_ms + run.bar_ms)?;
        Ok(candles.into_iter().collect())
    };
    let of_coin = |symbol: &Symbol| -> Result<(Symbol, CandleTable), trading::Error> {
        Ok((symbol.clone(), run.events.joined(symbol, &of_name)?))
    };
    let coins = run.symbols.iter().map(of_coin).collect::<Result<_, _>>()?;
    Ok(History { at_ms, coins })
}

impl CoinLine {
    fn new(
        logged: &LoggedForecast,
        close: Option<f64>,
        run: &RunFacts,
        more: Option<&CoinForecast>,
    ) -> Self {
        let policy = &run.policy;
        let thresholds = policy.thresholds.as_ref();
        let coin = thresholds.and_then(|all| all.coins.get(logged.symbol.as_str()));
        let side = policy.side(logged);
        let calibration = coin.and_then(|coin| coin.calibration);
        Self {
            symbol: logged.symbol.to_string(),
            close,
            forecast: logged.forecast,
            intervals: more.map_or_else(Vec::new, |coin| coin.intervals.clone()),
            volatility: more.and_then(|coin| coin.volatility.clone()),
            refused: logged.refused.clone(),
            in_sample: Checkpoint::is_label_in_sample(&logged.forecaster),
            drift_std: logged.drift_std,
            signal: side.map(rules::Side::name),
            not_acted_on: side.and_then(|_| why_not(policy, logged)),
            compared: logged
                .forecast
                .map(|value| calibration.map_or(value, |line| line.of(value))),
            buy_threshold: coin.and_then(|coin| coin.buy),
            sell_threshold: coin.and_then(|coin| coin.sell),
        }
    }
}
