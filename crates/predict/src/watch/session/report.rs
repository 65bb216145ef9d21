//! What is said of a bar once it is dealt with: metrics, status, alerts, and what is shown.

use alerts::AlertKind;
use dataset::{Payoff, format_time};
use market::Symbol;
use tracing::{info, warn};
use trading::{
    AlertCounts, BarOutcome, FreshCoins, LivePearson, LivePearsonStatus, WatchStatus, live_pearson,
};

use super::{Session, names};
use crate::watch::beside::Beside;
use crate::watch::show::BarView;

/// Requests that fail within a bar are told from here on: a single one is made again.
const MANY_REQUESTS: u64 = 3;

impl Session {
    /// Looks whether positions are to be opened, and tells of a verification that found something wrong.
    pub(super) fn look_for_pause(&mut self) {
        let Some(status) = self.book.status() else {
            return;
        };
        let is_paused = status.pause.is_paused;
        if std::mem::replace(&mut self.is_paused, is_paused) != is_paused {
            let what = if is_paused {
                "paused: nothing is opened"
            } else {
                "resumed"
            };
            info!("{what}");
        }
        let Some(found) = status.verification else {
            return;
        };
        let is_new = self.state.verified_at.replace(found.at) != Some(found.at);
        if is_new && !found.is_good {
            let text = format!(
                "`quarterhour ledger --verify` found {} things wrong in {} bars",
                found.wrong, found.bars
            );
            self.alert(AlertKind::Verification, &found.at.to_string(), text);
        }
    }

    /// Says what became of the bar at `time_ms`; `stale` coins lack its candle.
    ///
    /// # Errors
    /// A ledger that fails.
    pub(super) fn report(&mut self, time_ms: i64, stale: &[Symbol]) -> anyhow::Result<()> {
        let now_ms = self.clock.now_ms();
        let pearson = self.live_pearson()?;
        let mut warnings = self.facts.warnings(&self.policy, now_ms);
        // The page and the table have them at every bar, the log each one once.
        for warning in warnings.iter().filter(|one| !self.warnings.contains(one)) {
            warn!("{warning}");
        }
        self.warnings.clone_from(&warnings);
        // Logged when it happened.
        warnings.extend(self.beside.as_ref().and_then(Beside::fault));
        let model = self.facts.status(&self.checkpoint, now_ms);
        let all = self.checkpoint.config.universe.symbols.len();
        let net = self.account.net();
        let last_closes = self.feed.last_closes();
        self.metrics.set_bar(
            &self.shown,
            (&model, self.is_paused),
            (net, pearson.as_ref()),
        );
        self.metrics.set_ages(last_closes, &self.clock);
        self.metrics.warnings.set(warnings.len() as i64);
        let outcome = match self.shown.is_empty() {
            true => BarOutcome::Incomplete,
            false => BarOutcome::Forecast,
        };
        self.send_alerts(time_ms, stale, model.is_rule);
        let delivered = self.alerts.as_ref().map(alerts::Alerts::delivered);
        if let Some(delivered) = delivered {
            self.metrics.set_alerts(delivered);
        }
        let status = WatchStatus {
            started_at: self.state.started_ms,
            written_at: now_ms,
            bar: time_ms,
            outcome,
            is_paused: self.is_paused,
            connection: self.state.connection.clone(),
            delay: self.state.delay(),
            coins: FreshCoins {
                all,
                fresh: all - stale.len().min(all),
                stale: stale.iter().map(Symbol::to_string).collect(),
            },
            faults: self.state.faults,
            model,
            pearson: pearson.map(|found| LivePearsonStatus {
                value: found.value,
                lower: found.interval.map(|[low, _]| low),
                upper: found.interval.map(|[_, high]| high),
                forecasts: found.forecasts,
            }),
            warnings,
            alerts: delivered.map(|counts| AlertCounts {
                sent: counts.sent,
                failed: counts.failed,
                dropped: counts.dropped,
            }),
        };
        self.book.set_status(&status)?;
        self.show_bar(&status, (net, pearson));
        Ok(())
    }

    fn show_bar(&self, status: &WatchStatus, (net, pearson): (f64, Option<LivePearson>)) {
        let view = BarView {
            run: &self.facts.run,
            time_ms: status.bar,
            unit: self.unit,
            coins: &self.shown,
            delay_secs: status.delay.last_secs.filter(|_| !self.shown.is_empty()),
            open: self.book.open_positions(),
            net,
            pearson,
            is_paused: self.is_paused,
            warnings: &status.warnings,
        };
        if let Err(error) = self.show.bar(&view) {
            warn!("the bar cannot be shown: {error}");
        }
    }

    /// How the last settled forecasts and what came go together; None where the ledger's closes do not
    /// say what came.
    fn live_pearson(&mut self) -> anyhow::Result<Option<LivePearson>> {
        let config = &self.checkpoint.config;
        if config.target.init(config.data.interval).earned() != Payoff::FromClose {
            return Ok(None);
        }
        let (hold_ms, hold_bars) = (config.target.horizon.ms(), config.horizon_bars());
        let limit = self.settings.pearson_forecasts;
        let outcomes = self.book.outcomes(hold_ms, limit)?;
        Ok(live_pearson(&outcomes, hold_bars))
    }

    /// Tells a person what is wrong with a bar.
    fn send_alerts(&mut self, time_ms: i64, stale: &[Symbol], is_rule: bool) {
        let [websocket, rest, candle] = self.state.new_faults();
        if self.alerts.is_none() {
            return;
        }
        let time = format_time(time_ms);
        let (is_forecast, made) = (
            !self.shown.is_empty(),
            (self.shown.iter()).any(|coin| coin.forecast.is_some()),
        );
        if !is_forecast {
            let text = format!("no candles of {time} UTC came in time: {}", names(stale));
            self.alert(AlertKind::Stale, "", text);
        } else if !made {
            let reason = self.shown.first().map_or("", |coin| coin.note.as_str());
            let text = format!("no coin could be forecast at {time} UTC: {reason}");
            self.alert(AlertKind::Forecast, "", text);
        }
        for symbol in stale.iter().filter(|_| is_forecast) {
            let text = format!("{symbol} has no candle of {time} UTC");
            self.alert(AlertKind::Stale, symbol.as_str(), text);
        }
        let is_down = self.state.connection.uses_websocket && !self.state.connection.is_connected;
        if (is_down && websocket > 0) || rest >= MANY_REQUESTS || candle > 0 {
            let text = format!(
                "faults of the exchange up to {time} UTC: websocket {websocket}, requests {rest}, \
                 impossible candles {candle}"
            );
            self.alert(AlertKind::Fault, "", text);
        }
        if is_rule {
            let text = "the model does not load: the indicator rule answers".to_owned();
            self.alert(AlertKind::Model, "rule", text);
        }
        if let Some(version) = self.follower.as_ref().and_then(super::Follower::refused) {
            let text =
                format!("{version} was promoted and cannot be used: the old version goes on");
            self.alert(AlertKind::Model, &version, text);
        }
        let limit_std = self.policy.drift_limit_std;
        let drifted: Vec<(String, f64)> = (self.shown.iter())
            .filter_map(|coin| Some((coin.symbol.clone(), coin.drift_std?)))
            .filter(|(_, std)| std.abs() > limit_std)
            .collect();
        for (symbol, std) in drifted {
            let text =
                format!("features of {symbol} are {std:.1} standard deviations from training");
            self.alert(AlertKind::Drift, &symbol, text);
        }
    }
}
