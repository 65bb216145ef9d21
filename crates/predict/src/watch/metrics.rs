//! What a Prometheus server may ask a watch, on loopback.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use prometheus::{
    Encoder, Gauge, GaugeVec, Histogram, HistogramOpts, IntCounterVec, IntGauge, Opts, Registry,
    TextEncoder,
};
use tokio::net::TcpListener;

/// The metrics of a watch.
#[derive(Debug, Clone)]
pub struct WatchMetrics {
    registry: Registry,
    /// Minutes by what came of them: forecast, incomplete, missed.
    pub minutes: IntCounterVec,
    /// Forecasts of single coins by what came of them: forecast, refused.
    pub forecasts: IntCounterVec,
    /// Seconds from the arrival of the last candle to the forecasts.
    pub latency: Histogram,
    /// Seconds from the candle's close by the exchange's clock to the forecasts.
    pub delay: Histogram,
    /// Positions opened and closed.
    pub positions: IntCounterVec,
    /// Positions that are open.
    pub open_positions: IntGauge,
    /// 1 plus the sum of profits after costs, a coin having an equal share.
    pub equity: Gauge,
    /// Pearson correlation of the last closed forecasts with what came; NaN for a target other than
    /// the return from close to close.
    pub pearson: Gauge,
    /// How far each coin's features are from training, in standard deviations.
    pub drift: GaugeVec,
    /// 1 while the websocket is connected.
    pub is_streaming: IntGauge,
    /// Faults of the exchange by way: websocket, rest.
    pub faults: IntCounterVec,
}

/// From a millisecond to ten seconds.
const BUCKETS: [f64; 13] = [
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0,
];

impl WatchMetrics {
    /// Metrics at zero.
    ///
    /// # Errors
    /// A name that is taken twice.
    pub fn new() -> prometheus::Result<Self> {
        let registry = Registry::new_custom(Some("quarterhour".to_owned()), None)?;
        let counts = |name: &str, help: &str, label: &str| -> prometheus::Result<IntCounterVec> {
            let counter = IntCounterVec::new(Opts::new(name, help), &[label])?;
            registry.register(Box::new(counter.clone()))?;
            Ok(counter)
        };
        let gauge = |name: &str, help: &str| -> prometheus::Result<Gauge> {
            let gauge = Gauge::new(name, help)?;
            registry.register(Box::new(gauge.clone()))?;
            Ok(gauge)
        };
        let whole = |name: &str, help: &str| -> prometheus::Result<IntGauge> {
            let gauge = IntGauge::new(name, help)?;
            registry.register(Box::new(gauge.clone()))?;
            Ok(gauge)
        };
        let seconds = |name: &str, help: &str| -> prometheus::Result<Histogram> {
            let histogram =
                Histogram::with_opts(HistogramOpts::new(name, help).buckets(BUCKETS.to_vec()))?;
            registry.register(Box::new(histogram.clone()))?;
            Ok(histogram)
        };
        let drift = GaugeVec::new(
            Opts::new(
                "drift_std",
                "Distance of a coin's features from training, standard deviations",
            ),
            &["symbol"],
        )?;
        registry.register(Box::new(drift.clone()))?;
        Ok(Self {
            minutes: counts("minutes_total", "Minutes by what came of them", "outcome")?,
            forecasts: counts(
                "forecasts_total",
                "Forecasts of single coins by what came of them",
                "outcome",
            )?,
            latency: seconds(
                "forecast_latency_seconds",
                "From the arrival of the last candle to the forecasts",
            )?,
            delay: seconds(
                "forecast_delay_seconds",
                "From the candle's close by the exchange's clock to the forecasts",
            )?,
            positions: counts("positions_total", "Positions opened and closed", "event")?,
            open_positions: whole("open_positions", "Positions that are open")?,
            equity: gauge(
                "equity",
                "1 plus the sum of profits after costs, a coin having an equal share",
            )?,
            pearson: gauge(
                "pearson",
                "Correlation of the last closed forecasts with what came, NaN for targets other than return",
            )?,
            is_streaming: whole("websocket_connected", "1 while the websocket is connected")?,
            faults: counts("exchange_faults_total", "Faults of the exchange", "way")?,
            drift,
            registry,
        })
    }

    /// The text that a Prometheus server reads.
    pub fn text(&self) -> String {
        let mut bytes = Vec::new();
        // Writing to memory cannot fail.
        let _ = TextEncoder::new().encode(&self.registry.gather(), &mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Serves them on a loopback port, at `/metrics`, as long as the runtime runs.
    ///
    /// # Errors
    /// A port that is taken.
    pub async fn serve(&self, port: u16) -> std::io::Result<()> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let metrics = Arc::new(self.clone());
        let router = Router::new().route("/metrics", get(move || async move { metrics.text() }));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(())
    }
}
