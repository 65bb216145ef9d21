//! The REST endpoints: ping, time, exchangeInfo, klines, and fundingRate of futures.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::get;
use market::{Interval, Market};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::bar::ServedCandle;
use crate::decimal::decimal;
use crate::server::Server;

const USED_WEIGHT: HeaderName = HeaderName::from_static("x-mbx-used-weight-1m");

/// Candles in a klines answer where the request does not say.
const DEFAULT_LIMIT: u32 = 500;

/// How many candles a stale answer lacks at most.
const STALEST_BARS: f64 = 4.0;

type Parameters = BTreeMap<String, String>;

/// The endpoints under the market's prefix.
pub(crate) fn routes(market: Market) -> Router<Arc<Server>> {
    let prefix = match market {
        Market::Spot => "/api/v3",
        Market::Futures => "/fapi/v1",
    };
    let router = match market {
        Market::Spot => Router::new(),
        Market::Futures => Router::new().route(&format!("{prefix}/fundingRate"), get(funding)),
    };
    router
        .route(&format!("{prefix}/ping"), get(ping))
        .route(&format!("{prefix}/time"), get(time))
        .route(&format!("{prefix}/exchangeInfo"), get(exchange_info))
        .route(&format!("{prefix}/klines"), get(klines))
}

async fn ping(State(server): State<Arc<Server>>) -> Response {
    answer(&server, "ping", 1, |_| Answer::json(&json!({}))).await
}

async fn time(State(server): State<Arc<Server>>) -> Response {
    answer(&server, "time", 1, |server| {
        Answer::json(&json!({"serverTime": server.time_ms()}))
    })
    .await
}

async fn exchange_info(
    State(server): State<Arc<Server>>,
    Query(parameters): Query<Parameters>,
) -> Response {
    let weight = match server.market {
        Market::Spot => 20,
        Market::Futures => 1,
    };
    answer(&server, "exchange_info", weight, |server| {
        symbols(server, &parameters).unwrap_or_else(|refusal| refusal)
    })
    .await
}

async fn klines(
    State(server): State<Arc<Server>>,
    Query(parameters): Query<Parameters>,
) -> Response {
    let limit = number(&parameters, "limit")
        .ok()
        .flatten()
        .unwrap_or(DEFAULT_LIMIT.into());
    let weight = match (server.market, limit) {
        (Market::Spot, _) => 2,
        (Market::Futures, ..100) => 1,
        (Market::Futures, ..500) => 2,
        (Market::Futures, ..=1000) => 5,
        (Market::Futures, _) => 10,
    };
    answer(&server, "klines", weight, |server| {
        candles(server, &parameters).unwrap_or_else(|refusal| refusal)
    })
    .await
}

async fn funding(
    State(server): State<Arc<Server>>,
    Query(parameters): Query<Parameters>,
) -> Response {
    answer(&server, "funding_rate", 1, |server| {
        payments(server, &parameters).unwrap_or_else(|refusal| refusal)
    })
    .await
}

/// `fundingRate`: the first payments from `startTime` to `endTime`, at most `limit`.
fn payments(server: &Server, parameters: &Parameters) -> Result<Answer, Answer> {
    let symbol = text(parameters, "symbol")?;
    server
        .coin(symbol, server.now_ms())
        .ok_or_else(invalid_symbol)?;
    let from_ms = number(parameters, "startTime")?.unwrap_or(0);
    let until_ms = number(parameters, "endTime")?.map_or(i64::MAX, |end_ms| end_ms + 1);
    let limit = number(parameters, "limit")?.unwrap_or(100).clamp(1, 1000) as usize;
    let rates = server.funding_rates(symbol, from_ms, until_ms);
    let rows = rates.iter().take(limit).map(|one| {
        json!({
            "symbol": symbol,
            "fundingTime": one.time_ms,
            "fundingRate": format!("{:.8}", one.rate),
            "markPrice": "",
        })
    });
    Ok(Answer::json(&Value::Array(rows.collect())))
}

/// Any other address.
pub(crate) async fn not_found(State(server): State<Arc<Server>>) -> Response {
    answer(&server, "unknown", 1, |_| {
        Answer::page(StatusCode::NOT_FOUND)
    })
    .await
}

/// Counts a request, then refuses it or answers it.
async fn answer(
    server: &Server,
    endpoint: &'static str,
    weight: u32,
    answer: impl FnOnce(&Server) -> Answer + Send,
) -> Response {
    server.counts().count_request(endpoint);
    let used = server.use_weight(weight);
    let answer = server.refusal(used).unwrap_or_else(|| answer(server));
    let mut response = server.send(answer).await;
    response
        .headers_mut()
        .insert(USED_WEIGHT, HeaderValue::from(used.0));
    response
}

/// `klines`: `startTime` alone pages forward, with `endTime` too it stops there, without it the
/// last candles come.
fn candles(server: &Server, parameters: &Parameters) -> Result<Answer, Answer> {
    let now_ms = server.now_ms();
    let symbol = text(parameters, "symbol")?;
    let interval = text(parameters, "interval")?;
    let start_ms = number(parameters, "startTime")?;
    let end_ms = number(parameters, "endTime")?;
    let limit = limit(parameters, server.market)?;
    let coin = server.coin(symbol, now_ms).ok_or_else(invalid_symbol)?;
    match interval.parse::<Interval>() {
        Ok(interval) if interval == server.interval => {}
        Ok(_) => {
            let message = format!(
                "Invalid interval. This replay serves {} only.",
                server.interval
            );
            return Err(bad_request(-1120, &message));
        }
        Err(_) => return Err(bad_request(-1120, "Invalid interval.")),
    }
    let (from_ms, until_ms) = (start_ms.unwrap_or(i64::MIN), end_ms.unwrap_or(i64::MAX));
    let mut bars = coin.seen(now_ms, from_ms, until_ms, limit, start_ms.is_some());
    if server.draw() < server.faults.stale {
        server.counts().count_fault("stale");
        let missing = 1 + (server.draw() * STALEST_BARS) as usize;
        bars.truncate(bars.len().saturating_sub(missing));
    }
    let rows = bars
        .iter()
        .map(|bar| row(bar, server.market, server.interval))
        .collect();
    Ok(Answer::json(&Value::Array(rows)))
}

/// One candle as an array of 12 elements, prices and amounts as text.
fn row(bar: &ServedCandle, market: Market, interval: Interval) -> Value {
    let text = |value: f64| decimal(value, market);
    json!([
        bar.open_time_ms,
        text(bar.open),
        text(bar.high),
        text(bar.low),
        text(bar.close),
        text(bar.volume),
        bar.open_time_ms + interval.ms() - 1,
        text(bar.quote_volume),
        bar.count,
        text(bar.taker_buy_volume),
        text(bar.taker_buy_quote_volume),
        "0",
    ])
}

fn symbols(server: &Server, parameters: &Parameters) -> Result<Answer, Answer> {
    let now_ms = server.now_ms();
    let asked = parameters.get("symbol");
    let listed = server.coins.iter().filter(|coin| coin.is_listed(now_ms));
    let symbols: Vec<Value> = listed
        .filter(|coin| asked.is_none_or(|asked| asked == coin.symbol.as_str()))
        .map(|coin| described(coin.symbol.as_str(), server.market, coin.status(now_ms)))
        .collect();
    if asked.is_some() && symbols.is_empty() {
        return Err(invalid_symbol());
    }
    Ok(Answer::json(&json!({
        "timezone": "UTC",
        "serverTime": server.told_ms(),
        "rateLimits": [{
            "rateLimitType": "REQUEST_WEIGHT",
            "interval": "MINUTE",
            "intervalNum": 1,
            "limit": server.weight_limit,
        }],
        "exchangeFilters": [],
        "symbols": symbols,
    })))
}

fn described(symbol: &str, market: Market, status: &str) -> Value {
    let (base, quote) = assets(symbol);
    match market {
        Market::Spot => json!({
            "symbol": symbol,
            "status": status,
            "baseAsset": base,
            "baseAssetPrecision": 8,
            "quoteAsset": quote,
            "quoteAssetPrecision": 8,
            "isSpotTradingAllowed": true,
            "filters": [],
        }),
        Market::Futures => json!({
            "symbol": symbol,
            "pair": symbol,
            "contractType": "PERPETUAL",
            "status": status,
            "baseAsset": base,
            "quoteAsset": quote,
            "marginAsset": quote,
            "filters": [],
        }),
    }
}

/// `BTCUSDT` is BTC in USDT; a name that ends in no known currency is taken for one in USDT.
fn assets(symbol: &str) -> (&str, &str) {
    const QUOTES: [&str; 10] = [
        "FDUSD", "USDT", "USDC", "BUSD", "TUSD", "BTC", "ETH", "BNB", "EUR", "TRY",
    ];
    let split = |quote: &&'static str| {
        symbol
            .strip_suffix(*quote)
            .filter(|base| !base.is_empty())
            .map(|base| (base, *quote))
    };
    QUOTES.iter().find_map(split).unwrap_or((symbol, "USDT"))
}

fn text<'a>(parameters: &'a Parameters, name: &str) -> Result<&'a str, Answer> {
    let missing = || {
        bad_request(
            -1102,
            &format!("Mandatory parameter '{name}' was not sent, was empty/null, or malformed."),
        )
    };
    parameters
        .get(name)
        .map(String::as_str)
        .filter(|text| !text.is_empty())
        .ok_or_else(missing)
}

fn number(parameters: &Parameters, name: &str) -> Result<Option<i64>, Answer> {
    let Some(text) = parameters.get(name) else {
        return Ok(None);
    };
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|_| is_number)
        .map(Some)
        .ok_or_else(|| {
            let message = format!(
                "Illegal characters found in parameter '{name}'; legal range is '^[0-9]{{1,20}}$'."
            );
            bad_request(-1100, &message)
        })
}

/// Spot serves its most where more is asked for; futures refuse.
fn limit(parameters: &Parameters, market: Market) -> Result<usize, Answer> {
    let asked = number(parameters, "limit")?.unwrap_or(DEFAULT_LIMIT.into());
    let refusal = || bad_request(-1130, "Data sent for parameter 'limit' is not valid.");
    match (market, asked) {
        (_, ..1) | (Market::Futures, 1501..) => Err(refusal()),
        (Market::Spot, _) => usize::try_from(asked.min(1000)).map_err(|_| refusal()),
        (Market::Futures, _) => usize::try_from(asked).map_err(|_| refusal()),
    }
}

fn invalid_symbol() -> Answer {
    bad_request(-1121, "Invalid symbol.")
}

fn bad_request(code: i32, message: &str) -> Answer {
    Answer::error(StatusCode::BAD_REQUEST, code, message)
}

#[cfg(test)]
mod tests {
    use super::assets;

    #[test]
    fn names_split_into_base_and_quote() {
        assert_eq!(assets("BTCUSDT"), ("BTC", "USDT"));
        assert_eq!(assets("ETHBTC"), ("ETH", "BTC"));
        assert_eq!(assets("BTC"), ("BTC", "USDT"));
        assert_eq!(assets("COIN01"), ("COIN01", "USDT"));
    }
}
