//! Forecasts of every coin, and what pushed that of a chosen one.

use maud::{Markup, html};
use predict::{ForecastUnit, VolatilityForecast};

use super::View;
use super::bars::{bar, scale};
use super::words::{forecast, price, short_time, unit};
use crate::forecasts::{LastForecasts, VolatilitySource};
use crate::snapshot::CoinLine;

/// Forecasts of every coin.
pub fn forecasts(view: &View<'_>) -> Markup {
    html! {
        section.card #forecasts data-part="forecasts" data-bar=[view.forecasts.as_ref().map(|last| last.bar.time)] {
            h2 { "Forecasts, next " (view.site.run().horizon) }
            @match &view.forecasts {
                Some(last) => (table(view, last)),
                None => p.soft { "No forecasts yet: " code { "quarterhour watch" } " makes them, one a bar." },
            }
        }
    }
}

/// Coins beyond which the table scrolls in itself, so that what comes after it stays in reach.
const MOST_ROWS: usize = 24;

fn table(view: &View<'_>, last: &LastForecasts) -> Markup {
    let coins = last.bar.coins.as_slice();
    let run = view.site.run();
    let scale = scale(coins);
    let mut intervals = coins.iter().filter_map(|coin| coin.intervals.first());
    let coverage = intervals.next().map(|found| found.coverage);
    let has_volatility = coins.iter().any(|coin| coin.volatility.is_some());
    let has_signals = !run.task.is_of_volatility();
    let scrolls = coins.len() > MOST_ROWS;
    html! {
        div.scroll[scrolls] tabindex=[scrolls.then_some(0)] role=[scrolls.then_some("region")]
            aria-label=[scrolls.then_some("forecasts of all coins")] { table.dense[has_volatility] {
            thead { tr {
                th { "coin" } th.number.far { "close" } th.number { (unit(run.unit, run.task)) }
                @if let Some(coverage) = coverage { th.number.far { (format!("{:.0} %", coverage * 100.0)) } }
                @if has_signals { th { "against thresholds" } th { "signal" } }
                @if has_volatility { th title="the likeliest regime, and the expected volatility a day" { "volatility" } }
                th.number.far title="distance of the coin's features from training" { "drift" }
            } }
            tbody { @for coin in coins {
                tr {
                    th scope="row" { (coin_link(&coin.symbol)) }
                    td.number.far { (coin.close.map_or_else(|| "-".to_owned(), price)) }
                    @if let Some(reason) = &coin.refused { td.number title=(reason) { span.warn { "refused" } } }
                    @else { td.number { (coin.forecast.map_or_else(|| "-".to_owned(), |value| forecast(value, run.unit))) } }
                    @if coverage.is_some() { td.number.far { (interval(coin, run.unit)) } }
                    @if has_signals { td { (bar(coin, scale, run.unit)) } td { (signal(coin)) } }
                    @if has_volatility { (volatility(coin.volatility.as_ref())) }
                    td.number.far { (coin.drift_std.map_or_else(|| "-".to_owned(), |std| format!("{std:.1} sd"))) }
                }
            } }
        } }
        p.soft {
            @if has_signals { (legend(coins, scale, run.unit)) (not_acted_on(coins)) }
            @if let Some(source) = &last.volatility_from { (beside(source)) }
            "As a table: " a href="/forecasts" { "JSON" } " " a href="/forecasts?format=csv" { "CSV" }
        }
    }
}

/// The coin as a link to what pushed its forecast: in the page by the script, as JSON without it.
fn coin_link(symbol: &str) -> Markup {
    html! { a.coin href=(format!("/why?coin={symbol}")) { (symbol) } }
}

/// What the bars show.
fn legend(coins: &[CoinLine], scale: f64, own: ForecastUnit) -> String {
    let mut all = coins.iter();
    let is_calibrated = all.any(|coin| coin.compared.is_some() && coin.compared != coin.forecast);
    let calibrated = if is_calibrated { ", calibrated," } else { "" };
    let has_ticks = (coins.iter()).any(|coin| coin.buy_threshold.or(coin.sell_threshold).is_some());
    if scale == 0.0 {
        return String::new();
    }
    let ticks = if has_ticks {
        " beside the thresholds (ticks)"
    } else {
        "; no coin has thresholds"
    };
    format!(
        "Bars: the forecast{calibrated}{ticks}, from {} to {}. ",
        forecast(-scale, own),
        forecast(scale, own)
    )
}

/// Why signals in brackets are not acted on.
fn not_acted_on(coins: &[CoinLine]) -> String {
    let mut reasons: Vec<&str> = coins.iter().filter_map(|coin| coin.not_acted_on).collect();
    reasons.sort_unstable();
    reasons.dedup();
    match reasons.is_empty() {
        true => String::new(),
        false => format!("In brackets, not acted on: {}. ", reasons.join("; ")),
    }
}

fn beside(source: &VolatilitySource) -> Markup {
    html! {
        "Volatility of the next " (source.horizon) " by " (source.run) ", as of " (short_time(source.closed_at))
        @if source.is_stale { " " span.warn { "(stale)" } }
        ". "
    }
}

fn interval(coin: &CoinLine, unit: ForecastUnit) -> String {
    coin.intervals.first().map_or_else(
        || "-".to_owned(),
        |found| {
            format!(
                "{} to {}",
                forecast(found.lower, unit),
                forecast(found.upper, unit)
            )
        },
    )
}

fn signal(coin: &CoinLine) -> Markup {
    html! {
        @match (coin.signal, coin.not_acted_on) {
            (Some(side), None) => span.signal { (side) },
            (Some(side), Some(why)) => span.soft title=(why) { "(" (side) ")" },
            (None, _) => "-",
        }
        @if coin.in_sample { " " span.warn { "in sample" } }
    }
}

fn volatility(forecast: Option<&VolatilityForecast>) -> Markup {
    let probability = |name: &str| {
        let regimes = forecast.map(|it| it.regimes.as_slice()).unwrap_or_default();
        let found = regimes.iter().find(|(own, _)| own == name);
        found.map(|(_, probability)| format!("with a probability of {:.0} %", probability * 100.0))
    };
    let per_day = forecast.map(|it| format!("{:.2} %", it.per_day * 100.0));
    let regime = forecast.and_then(|it| it.regime.as_deref());
    let title = regime.and_then(probability);
    html! {
        td.regime title=[title] {
            (regime.unwrap_or_default()) " " span.soft[regime.is_some()].far[regime.is_some()] { (per_day.as_deref().unwrap_or("-")) }
        }
    }
}

/// What pushed the forecast of a chosen coin: filled by the script, as it is computed when somebody asks.
pub fn why(view: &View<'_>) -> Markup {
    let bar = view.forecasts.as_ref().map(|last| &last.bar);
    html! {
        section.card #why data-part="why" {
            h2 tabindex="-1" { "Why" }
            @if let Some(bar) = bar {
                label.script { "coin " select #why-coin {
                    option value="" { "choose" }
                    @for coin in bar.coins.iter().filter(|coin| coin.forecast.is_some()) {
                        option { (coin.symbol) }
                    }
                } }
                div #why-answer {
                    p.soft { "What pushed the last forecast of the coin that you choose, the largest first." }
                }
            } @else { p.soft { "No forecasts yet." } }
        }
    }
}
