//! What a Prometheus server may ask a watch.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use alerts::Delivered;
use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use market::Symbol;
use prometheus::{
    Encoder, Gauge, GaugeVec, Histogram, HistogramOpts, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry, TextEncoder,
};
use tokio::net::TcpListener;
use trading::{LivePearson, ModelStatus};

use super::ExchangeClock;
use super::show::CoinView;
use super::state::FaultKind;

/// The metrics of a watch.
#[derive(Debug, Clone)]
pub struct WatchMetrics {
    registry: Registry,
    /// Bars by what came of them: forecast, incomplete, missed.
    pub bars: IntCounterVec,
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
    /// 1 plus the sum of profits after costs, each position having an equal part.
    equity: Gauge,
    /// Pearson correlation of the last closed forecasts with what came; NaN before 100 of them, and for a
    /// target other than the return from close to close.
    pearson: Gauge,
    /// Ends of its interval: lower, upper.
    pearson_bounds: GaugeVec,
    /// Number of forecasts that it is of.
    pearson_forecasts: IntGauge,
    /// The last forecast of each coin.
    forecast: GaugeVec,
    /// 1 for the model that forecasts.
    model_info: IntGaugeVec,
    model_age: Gauge,
    /// When forecasts were last made, seconds since 1970 by the exchange's clock.
    pub last_success: Gauge,
    candle_age: GaugeVec,
    /// When the last candle of each coin closed, and the clock that tells how long ago that is.
    closes: Arc<Mutex<Option<LastCloses>>>,
    is_paused: IntGauge,
    alerts: IntCounterVec,
    /// Length of a bar, so that a rule knows when forecasts are late.
    pub bar_secs: Gauge,
    /// Warnings of the last bar.
    pub warnings: IntGauge,
    /// How far each coin's features are from training, in standard deviations.
    pub drift: GaugeVec,
    /// 1 while the websocket is connected.
    pub is_streaming: IntGauge,
    /// Faults by kind, from 0 on.
    pub faults: IntCounterVec,
}

/// When the last candle of each coin closed, UTC ms, and the clock of the exchange.
#[derive(Debug)]
struct LastCloses {
    of_coins: Vec<(Symbol, i64)>,
    clock: ExchangeClock,
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
    #[expect(
        clippy::too_many_lines,
        reason = "the list of all metrics with their names"
    )]
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
        let by = |name: &str, help: &str, label: &str| -> prometheus::Result<GaugeVec> {
            let gauge = GaugeVec::new(Opts::new(name, help), &[label])?;
            registry.register(Box::new(gauge.clone()))?;
            Ok(gauge)
        };
        let whole_by =
            |name: &str, help: &str, labels: &[&str]| -> prometheus::Result<IntGaugeVec> {
                let gauge = IntGaugeVec::new(Opts::new(name, help), labels)?;
                registry.register(Box::new(gauge.clone()))?;
                Ok(gauge)
            };
        let metrics = Self {
            bars: counts("bars_total", "Bars by what came of them", "outcome")?,
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
                "1 plus the sum of profits after costs, each position having an equal part",
            )?,
            pearson: gauge(
                "pearson",
                "Correlation of the last closed forecasts with what came, NaN before 100 of them",
            )?,
            pearson_bounds: by(
                "pearson_bound",
                "Ends of the interval of the correlation",
                "end",
            )?,
            pearson_forecasts: whole(
                "pearson_forecasts",
                "Number of closed forecasts that the correlation is of",
            )?,
            forecast: by(
                "forecast",
                "The last forecast, in the unit of the target",
                "symbol",
            )?,
            model_info: whole_by(
                "model_info",
                "1 for the model that forecasts",
                &["run", "version", "forecaster"],
            )?,
            model_age: gauge(
                "model_age_seconds",
                "Time since the first bar that the model has not seen, NaN where it does not say",
            )?,
            last_success: gauge(
                "last_success_timestamp_seconds",
                "When forecasts were last made, by the exchange's clock",
            )?,
            candle_age: by(
                "candle_age_seconds",
                "Time since the close of the coin's last candle, by the exchange's clock",
                "symbol",
            )?,
            closes: Arc::default(),
            is_paused: whole("paused", "1 while no positions are opened")?,
            alerts: counts("alerts_total", "Alerts by what came of them", "outcome")?,
            bar_secs: gauge("bar_seconds", "Length of a bar")?,
            warnings: whole("warnings", "Warnings about model, thresholds and page")?,
            is_streaming: whole("websocket_connected", "1 while the websocket is connected")?,
            faults: counts("faults_total", "Faults by kind", "kind")?,
            drift: by(
                "drift_std",
                "Distance of a coin's features from training, standard deviations",
                "symbol",
            )?,
            registry,
        };
        metrics.begin();
        Ok(metrics)
    }

    /// Gives every counter its 0, so that its first increase is one, and the rest no value.
    fn begin(&self) {
        for outcome in ["forecast", "incomplete", "missed"] {
            self.bars.with_label_values(&[outcome]);
        }
        for outcome in ["forecast", "refused"] {
            self.forecasts.with_label_values(&[outcome]);
        }
        for event in ["opened", "closed"] {
            self.positions.with_label_values(&[event]);
        }
        for kind in FaultKind::ALL {
            self.faults.with_label_values(&[kind.name()]);
        }
        self.set_alerts(Delivered::default());
        self.equity.set(1.0);
        self.pearson.set(f64::NAN);
    }

    /// What is known after a bar: its coins, the model and whether it is paused, profits after costs and
    /// the correlation.
    pub fn set_bar(
        &self,
        coins: &[CoinView],
        (model, is_paused): (&ModelStatus, bool),
        (net, pearson): (f64, Option<&LivePearson>),
    ) {
        self.forecast.reset();
        for coin in coins {
            if let Some(value) = coin.forecast {
                self.forecast.with_label_values(&[&coin.symbol]).set(value);
            }
        }
        self.model_info.reset();
        let version = model.registered.as_deref().unwrap_or("");
        let labels = [model.run.as_str(), version, model.forecaster.as_str()];
        self.model_info.with_label_values(&labels).set(1);
        self.model_age.set(model.age_secs.unwrap_or(f64::NAN));
        self.is_paused.set(i64::from(is_paused));
        self.equity.set(1.0 + net);
        self.pearson
            .set(pearson.map_or(f64::NAN, |found| found.value));
        let count = pearson.map_or(0, |found| found.forecasts);
        self.pearson_forecasts
            .set(i64::try_from(count).unwrap_or(i64::MAX));
        self.pearson_bounds.reset();
        if let Some([low, high]) = pearson.and_then(|found| found.interval) {
            self.pearson_bounds.with_label_values(&["lower"]).set(low);
            self.pearson_bounds.with_label_values(&["upper"]).set(high);
        }
    }

    /// When the last candle of each coin closed, UTC ms.
    pub fn set_ages(&self, closes: Vec<(Symbol, i64)>, clock: &ExchangeClock) {
        let mut known = self.closes.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some(LastCloses {
            of_coins: closes,
            clock: clock.clone(),
        });
    }

    /// What came of the alerts.
    pub fn set_alerts(&self, delivered: Delivered) {
        for (outcome, count) in [
            ("sent", delivered.sent),
            ("failed", delivered.failed),
            ("dropped", delivered.dropped),
        ] {
            let counter = self.alerts.with_label_values(&[outcome]);
            counter.inc_by(count.saturating_sub(counter.get()));
        }
    }

    /// The text that a Prometheus server reads.
    pub fn text(&self) -> String {
        let known = self.closes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(closes) = known.as_ref() {
            let now_ms = closes.clock.now_ms();
            for (symbol, close_ms) in &closes.of_coins {
                let age = self.candle_age.with_label_values(&[symbol.as_str()]);
                age.set((now_ms - close_ms) as f64 / 1000.0);
            }
        }
        let mut bytes = Vec::new();
        // Writing to memory cannot fail.
        let _ = TextEncoder::new().encode(&self.registry.gather(), &mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Serves them at an address, under `/metrics`, as long as the runtime runs.
    ///
    /// # Errors
    /// A port that is taken.
    pub async fn serve(&self, address: SocketAddr) -> std::io::Result<()> {
        let listener = TcpListener::bind(address).await?;
        let metrics = Arc::new(self.clone());
        let headers = [(CONTENT_TYPE, prometheus::TEXT_FORMAT)];
        let answer = move || async move { (headers, metrics.text()) };
        let router = Router::new().route("/metrics", get(answer));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(())
    }
}
