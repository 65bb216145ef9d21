//! The last closed candles of the exchange: each coin's own, none that could still change.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use dataset::{CandleTable, Config, format_time};
use market::{CandleError, Error, Interval, RestClient, Served, Symbol};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::ExchangeClock;
use crate::history::{History, MissingCoin, first_ms};

/// How long after its close, by the exchange's clock, a candle is waited for that is late or could
/// still change.
const LATE_MS: i64 = 10_000;

/// How long requests are tried again that fail, or whose answer shows no later candle yet.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long an exchange is asked that answers with something else, such as a page of HTML.
const LONGEST: Duration = Duration::from_secs(10);

const PAUSE: Duration = Duration::from_millis(300);

/// After so long a candle counts as final where none follows it.
pub(crate) const FINAL_AFTER_MS: i64 = 3_600_000;

/// How many coins are asked for at once.
const AT_ONCE: usize = 24;

/// One coin on the way to its last candle.
struct PendingCoin {
    symbol: Symbol,
    candles: CandleTable,
    /// Candles that cannot be: they are missing.
    refused: Vec<CandleError>,
    /// Why its last candle is not here yet; None: it is.
    lacks: Option<MissingReason>,
}

/// Why a coin has no candle at the time asked for.
enum MissingReason {
    /// It may come, or change no more, in a moment.
    Yet(String),
    /// The request failed.
    Failed(Error),
    /// There is none.
    ForGood(String),
}

/// Candles of all coins up to the last one that is closed, or the one at `at_ms`, and the coins
/// that lack that one.
///
/// # Errors
/// An exchange that does not tell the time, or fails for every coin.
pub fn from_exchange(
    config: &Config,
    bars: usize,
    at_ms: Option<i64>,
    base_url: Option<&str>,
) -> anyhow::Result<(History, Vec<MissingCoin>)> {
    let client = RestClient::new(config.data.market, base_url)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let began = Instant::now();
        let clock = read_clock(&client, began).await?;
        for apart_ms in clock.left_out_ms() {
            cli::note(format!(
                "an answer of the exchange's clock, {apart_ms} ms ahead, is left out: others outvote it"
            ));
        }
        let step = config.data.interval.ms();
        // The candle that the server's clock is in is still forming.
        let at_ms = at_ms.unwrap_or_else(|| clock.now_ms().div_euclid(step) * step - step);
        let mut coins: Vec<PendingCoin> = config.universe.symbols.iter().map(PendingCoin::new).collect();
        loop {
            let now = (config.data.interval, clock.now_ms());
            ask(&client, now, (first_ms(config, bars, at_ms), at_ms), &mut coins).await;
            let is_early = began.elapsed() < PATIENCE || clock.now_ms() < at_ms + step + LATE_MS;
            let may_come = |coin: &PendingCoin| coin.is_open() && (is_early || matches!(coin.lacks, Some(MissingReason::Failed(_))));
            if !coins.iter().any(may_come) || began.elapsed() >= LONGEST {
                break;
            }
            sleep(PAUSE).await;
        }
        found(at_ms, coins)
    })
}

/// The candles that the exchange serves of names that coins had before, each until the time until which it
/// was the coin's, of the bars that open in `from_ms..=at_ms`. A name that it does not serve has none, which
/// is told.
pub fn earlier_candles(
    config: &Config,
    names: &[(Symbol, i64)],
    (from_ms, at_ms): (i64, i64),
    base_url: Option<&str>,
) -> anyhow::Result<BTreeMap<Symbol, CandleTable>> {
    let mut candles = BTreeMap::new();
    if names.is_empty() {
        return Ok(candles);
    }
    let (interval, step) = (config.data.interval, config.data.interval.ms());
    let client = RestClient::new(config.data.market, base_url)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    for (name, until_ms) in names {
        let until_ms = (at_ms + step).min(*until_ms);
        // No candle follows the last one of a name that ended: by then it counts as final.
        let now_ms = at_ms + step + FINAL_AFTER_MS;
        let asked = client.closed_by(name, interval, from_ms, until_ms, now_ms);
        match runtime.block_on(asked) {
            Ok(served) => {
                candles.insert(name.clone(), served.candles.into_iter().collect());
            }
            Err(error) => cli::warn_with_hints(
                format!("{name}, a coin's earlier name: its candles count as missing: {error}"),
                error.hint(),
            ),
        }
    }
    Ok(candles)
}

/// The exchange's clock; an answer that is none is put up with for a while.
async fn read_clock(client: &RestClient, began: Instant) -> Result<ExchangeClock, Error> {
    loop {
        match ExchangeClock::read(client, 1.0).await {
            Err(error) if may_pass(&error) && began.elapsed() < LONGEST => sleep(PAUSE).await,
            result => return result,
        }
    }
}

/// Whether another request may get another answer: of those errors that are not tried again anyway.
fn may_pass(error: &Error) -> bool {
    matches!(
        error,
        Error::NotJson { .. }
            | Error::WrongShape { .. }
            | Error::CutOff { .. }
            | Error::TooLarge { .. }
    )
}

/// Asks for the candles of those coins that may yet get theirs, a few at once.
async fn ask(
    client: &RestClient,
    (interval, now_ms): (Interval, i64),
    (from_ms, at_ms): (i64, i64),
    coins: &mut [PendingCoin],
) {
    let step = interval.ms();
    let open = coins
        .iter()
        .enumerate()
        .filter(|(_, coin)| coin.is_open())
        .map(|(place, _)| place);
    let open: Vec<usize> = open.collect();
    for places in open.chunks(AT_ONCE) {
        let mut asked = JoinSet::new();
        for &place in places {
            let (client, symbol) = (client.clone(), coins[place].symbol.clone());
            asked.spawn(async move {
                (
                    place,
                    client
                        .closed_by(&symbol, interval, from_ms, at_ms + step, now_ms)
                        .await,
                )
            });
        }
        while let Some(answered) = asked.join_next().await {
            match answered {
                Ok((place, Ok(served))) => coins[place].take(&served, at_ms, step),
                Ok((place, Err(error))) => coins[place].lacks = Some(MissingReason::Failed(error)),
                // A coin whose task has ended abnormally is asked for again.
                Err(_) => {}
            }
        }
    }
}

/// The history, or the error that every coin has.
fn found(at_ms: i64, coins: Vec<PendingCoin>) -> anyhow::Result<(History, Vec<MissingCoin>)> {
    let none_is_there = coins.iter().all(|coin| coin.lacks.is_some());
    let (mut history, mut missing) = (
        History {
            at_ms,
            coins: Vec::with_capacity(coins.len()),
        },
        Vec::new(),
    );
    for PendingCoin {
        symbol,
        candles,
        refused,
        lacks,
    } in coins
    {
        // Whoever lacks the last candle for good is told why anyway.
        if let (false, Some(said)) = (
            matches!(lacks, Some(MissingReason::ForGood(_))),
            of_refused(&refused),
        ) {
            cli::note(format!("{symbol}: {said}"));
        }
        match lacks {
            Some(MissingReason::Failed(error)) if none_is_there => return Err(error.into()),
            Some(lack) => missing.push(MissingCoin {
                symbol: symbol.clone(),
                reason: lack.reason(),
            }),
            None => {}
        }
        history.coins.push((symbol, candles));
    }
    Ok((history, missing))
}

/// What is said of candles that cannot be; None where there are none.
pub(crate) fn of_refused(refused: &[CandleError]) -> Option<String> {
    match refused {
        [] => None,
        [fault] => Some(format!(
            "a candle that cannot be counts as missing: {fault}"
        )),
        [first, ..] => Some(format!(
            "{} candles that cannot be count as missing, the first: {first}",
            refused.len()
        )),
    }
}

impl PendingCoin {
    fn new(symbol: &Symbol) -> Self {
        let lacks = Some(MissingReason::Yet(
            "the exchange was not asked for it".to_owned(),
        ));
        Self {
            symbol: symbol.clone(),
            candles: CandleTable::default(),
            refused: Vec::new(),
            lacks,
        }
    }

    /// Whether it is worth while to ask again.
    fn is_open(&self) -> bool {
        match &self.lacks {
            Some(MissingReason::Yet(_)) => true,
            Some(MissingReason::Failed(error)) => may_pass(error),
            Some(MissingReason::ForGood(_)) | None => false,
        }
    }

    /// Takes an answer, which holds nothing that could still change.
    fn take(&mut self, served: &Served, at_ms: i64, step: i64) {
        let is_there = served
            .candles
            .iter()
            .any(|candle| candle.open_time_ms == at_ms);
        let refused = served
            .refused
            .iter()
            .find(|fault| fault.open_time_ms.div_euclid(step) * step == at_ms);
        let time = format_time(at_ms);
        self.lacks = match (is_there, refused) {
            (true, _) => None,
            (false, Some(fault)) => Some(MissingReason::ForGood(fault.to_string())),
            // All that is served cannot be, such as candles with times in microseconds.
            (false, None) if served.last_open_ms.is_none() && !served.refused.is_empty() => {
                Some(MissingReason::ForGood(served.refused[0].to_string()))
            }
            (false, None) if served.last_open_ms.is_none() => Some(MissingReason::ForGood(
                "the exchange has no candles of it".to_owned(),
            )),
            (false, None) if served.last_open_ms == Some(at_ms) => Some(MissingReason::Yet(
                format!("its candle of {time} could still change"),
            )),
            (false, None) => Some(MissingReason::Yet(format!(
                "the exchange has no candle of it at {time}"
            ))),
        };
        self.candles = served.candles.iter().copied().collect();
        self.refused.clone_from(&served.refused);
    }
}

impl MissingReason {
    fn reason(&self) -> String {
        match self {
            Self::Yet(reason) | Self::ForGood(reason) => reason.clone(),
            Self::Failed(error) => error.to_string(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    fn fault(open_time_ms: i64) -> CandleError {
        CandleError {
            open_time_ms,
            field: "open_time",
            value: open_time_ms.to_string(),
            expected: "at most the exchange's clock".to_owned(),
        }
    }

    /// Of candles with times in microseconds it was once said that the exchange has none.
    #[test]
    fn a_coin_of_which_nothing_can_be_lacks_its_candle_for_that() {
        let mut coin = PendingCoin::new(&Symbol::new("BTCUSDT").unwrap());
        let refused = vec![fault(7_000_000 * MINUTE), fault(8_000_000 * MINUTE)];
        let served = Served {
            refused: refused.clone(),
            ..Served::default()
        };
        coin.take(&served, 7 * MINUTE, MINUTE);
        assert!(!coin.is_open());
        assert_eq!(
            coin.lacks.as_ref().unwrap().reason(),
            refused[0].to_string()
        );
        coin.take(&Served::default(), 7 * MINUTE, MINUTE);
        assert_eq!(
            coin.lacks.as_ref().unwrap().reason(),
            "the exchange has no candles of it"
        );
    }

    #[test]
    fn candles_that_cannot_be_are_counted_and_the_first_is_named() {
        let faults = [fault(MINUTE), fault(2 * MINUTE)];
        let first = faults[0].to_string();
        assert_eq!(of_refused(&[]), None);
        assert_eq!(
            of_refused(&faults[..1]).unwrap(),
            format!("a candle that cannot be counts as missing: {first}")
        );
        assert_eq!(
            of_refused(&faults).unwrap(),
            format!("2 candles that cannot be count as missing, the first: {first}")
        );
    }
}
