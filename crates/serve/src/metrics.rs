//! What a Prometheus server may ask: the ledger's last bar, and this server's own requests.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use prometheus::{Encoder, Gauge, GaugeVec, Opts, Registry, TextEncoder};

use crate::problem::Problem;
use crate::server::MOST_CONNECTIONS;
use crate::site::{Freshness, MOST_STREAMS, Site, now_ms};
use crate::snapshot::Snapshot;

/// The text that a Prometheus server reads
#[utoipa::path(get, path = "/metrics", responses((status = 200, content_type = "text/plain", body = String)))]
pub async fn metrics(State(site): State<Arc<Site>>) -> Result<Response, Problem> {
    let text = text(&site).map_err(|error| Problem::fault(error.to_string()))?;
    Ok(([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response())
}

/// Gauges of one scrape.
struct Gauges(Registry);

impl Gauges {
    fn one(&self, name: &str, help: &str, value: f64) -> prometheus::Result<()> {
        let gauge = Gauge::new(format!("quarterhour_{name}"), help)?;
        gauge.set(value);
        self.0.register(Box::new(gauge))
    }

    fn by<'a>(
        &self,
        (name, help): (&str, &str),
        label: &str,
        values: impl Iterator<Item = (&'a str, Option<f64>)>,
    ) -> prometheus::Result<()> {
        let gauge = GaugeVec::new(Opts::new(format!("quarterhour_{name}"), help), &[label])?;
        for (of, value) in values {
            if let Some(value) = value {
                gauge.with_label_values(&[of]).set(value);
            }
        }
        self.0.register(Box::new(gauge))
    }
}

fn text(site: &Site) -> prometheus::Result<Vec<u8>> {
    let gauges = Gauges(Registry::new());
    gauges.0.register(Box::new(site.requests.counter()))?;
    let (snapshot, now_ms) = (site.snapshot(), now_ms());
    let is_fresh = site.freshness(&snapshot, now_ms) == Freshness::Fresh;
    gauges.one(
        "ledger_fresh",
        "1 while the last bar is forecast",
        f64::from(u8::from(is_fresh)),
    )?;
    let open = MOST_STREAMS - site.streams.available_permits();
    gauges.one(
        "http_event_streams",
        "Event streams that are open",
        open as f64,
    )?;
    let most = MOST_CONNECTIONS as f64;
    gauges.one(
        "http_connections_max",
        "Connections that are answered at a time",
        most,
    )?;
    of_bar(&gauges, &snapshot, now_ms)?;
    of_day(&gauges, site, &snapshot)?;
    let mut bytes = Vec::new();
    TextEncoder::new().encode(&gauges.0.gather(), &mut bytes)?;
    Ok(bytes)
}

fn of_bar(gauges: &Gauges, snapshot: &Snapshot, now_ms: i64) -> prometheus::Result<()> {
    let Some(bar) = &snapshot.bar else {
        return Ok(());
    };
    let coins = || bar.coins.iter().map(|coin| (coin.symbol.as_str(), coin));
    gauges.by(
        (
            "ledger_forecast",
            "The last forecast, in the unit of the target",
        ),
        "symbol",
        coins().map(|(symbol, coin)| (symbol, coin.forecast)),
    )?;
    let age_secs = (now_ms - bar.closed_at) as f64 / 1000.0;
    gauges.by(
        (
            "ledger_candle_age_seconds",
            "Time since the close of the last candle that was forecast on",
        ),
        "symbol",
        coins().map(|(symbol, coin)| (symbol, coin.close.map(|_| age_secs))),
    )?;
    gauges.by(
        (
            "ledger_drift_std",
            "Distance of a coin's features from training, standard deviations",
        ),
        "symbol",
        coins().map(|(symbol, coin)| (symbol, coin.drift_std)),
    )?;
    gauges.by(
        (
            "ledger_model_info",
            "1 for the model that made the last forecasts",
        ),
        "forecaster",
        [(bar.forecaster.as_str(), Some(1.0))].into_iter(),
    )?;
    gauges.one(
        "ledger_last_forecast_timestamp_seconds",
        "When the last forecasts were made, by the exchange's clock",
        bar.made_at as f64 / 1000.0,
    )?;
    let delay_secs = (bar.made_at - bar.closed_at) as f64 / 1000.0;
    gauges.one(
        "ledger_forecast_delay_seconds",
        "From the last close to its forecasts",
        delay_secs,
    )
}

fn of_day(gauges: &Gauges, site: &Site, snapshot: &Snapshot) -> prometheus::Result<()> {
    let (day, equity) = (&snapshot.day, &snapshot.equity);
    gauges.one(
        "ledger_day_bars",
        "Bars of the last 24 hours with forecasts",
        day.bars as f64,
    )?;
    gauges.one(
        "ledger_day_bars_possible",
        "Bars of the last 24 hours that could have forecasts",
        day.bars_possible as f64,
    )?;
    gauges.one(
        "ledger_positions_open",
        "Pretend positions that are open",
        equity.open as f64,
    )?;
    gauges.one(
        "ledger_positions_closed",
        "Pretend positions that are closed",
        equity.trades as f64,
    )?;
    let net = equity.points.last().map_or(0.0, |(_, net)| *net);
    gauges.one(
        "ledger_net_ratio",
        "Profits after costs, as a fraction of the capital",
        net,
    )?;
    if let Some(point) = snapshot.score.last() {
        gauges.one(
            "ledger_pearson",
            "Correlation of the last settled forecasts with returns",
            point.pearson,
        )?;
    }
    if let Some(promise) = site.promise() {
        gauges.one(
            "test_pearson",
            "Correlation that the test folds promised",
            promise.pearson,
        )?;
    }
    if let Some(until_ms) = site.run().model.fitted_until_ms {
        gauges.one(
            "model_fitted_until_timestamp_seconds",
            "The first time that the model has not seen",
            until_ms as f64 / 1000.0,
        )?;
    }
    Ok(())
}
