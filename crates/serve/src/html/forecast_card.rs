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
        section.card.wide {
            h2 { "Forecasts, next " (view.site.run().horizon) }
            @match &view.forecasts {
                Some(last) => (table(view, last)),
                None => p.soft { "No forecasts yet." },
            }
        }
    }
}

fn table(view: &View<'_>, last: &LastForecasts) -> Markup {
    let coins = last.bar.coins.as_slice();
    let run = view.site.run();
    let scale = scale(coins);
    let mut intervals = coins.iter().filter_map(|coin| coin.intervals.first());
    let coverage = intervals.next().map(|found| found.coverage);
    let has_volatility = coins.iter().any(|coin| coin.volatility.is_some());
    let has_signals = !run.task.is_of_volatility();
    html! {
        table {
            thead { tr {
                th { "coin" } th.number.far { "close" } th.number { (unit(run.unit, run.task)) }
                @if let Some(coverage) = coverage { th.number.far { (format!("{:.0} %", coverage * 100.0)) } }
                @if has_signals { th { "against thresholds" } th { "signal" } }
                @if has_volatility { th.number title="expected volatility a day" { "a day" } th { "volatility" } }
                th.number.far { "drift" }
            } }
            tbody { @for coin in coins {
                tr {
                    th scope="row" { button.coin data-coin=(coin.symbol) title="what pushed this forecast" { (coin.symbol) } }
                    td.number.far { (coin.close.map_or_else(|| "-".to_owned(), price)) }
                    @if let Some(reason) = &coin.refused { td.number title=(reason) { "refused" } }
                    @else { td.number { (coin.forecast.map_or_else(|| "-".to_owned(), |value| forecast(value, run.unit))) } }
                    @if coverage.is_some() { td.number.far { (interval(coin, run.unit)) } }
                    @if has_signals { td { (bar(coin, scale)) } td { (signal(coin)) } }
                    @if has_volatility { (volatility(coin.volatility.as_ref())) }
                    td.number.far { (coin.drift_std.map_or_else(|| "-".to_owned(), |std| format!("{std:.1} sd"))) }
                }
            } }
        }
        p.soft {
            @if has_signals { "Ticks are the thresholds. " }
            @if let Some(source) = &last.volatility_from { (beside(source)) }
            "As a table: " a href="/forecasts" { "JSON" } " " a href="/forecasts?format=csv" { "CSV" }
        }
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
            (Some(side), Some(why)) => span.soft title=(why) { (side) ", not acted on" },
            (None, _) => "-",
        }
        @if coin.in_sample { " " span.warn { "in sample" } }
    }
}

fn volatility(forecast: Option<&VolatilityForecast>) -> Markup {
    let probability = |name: &str| {
        let regimes = forecast.map(|it| it.regimes.as_slice()).unwrap_or_default();
        let found = regimes.iter().find(|(own, _)| own == name);
        found.map(|(_, probability)| format!("{:.0} %", probability * 100.0))
    };
    html! {
        td.number { (forecast.map_or_else(|| "-".to_owned(), |it| format!("{:.2} %", it.per_day * 100.0))) }
        td { @match forecast.and_then(|it| it.regime.as_deref()) {
            Some(name) => {
                (name) @if let Some(probability) = probability(name) { " " span.soft.far { (probability) } }
            },
            None => "-",
        } }
    }
}

/// What pushed the forecast of a chosen coin: filled by the script, as it is computed when somebody asks.
pub fn why(view: &View<'_>) -> Markup {
    let bar = view.forecasts.as_ref().map(|last| &last.bar);
    html! {
        section.card #why {
            h2 { "Why" }
            @if let Some(bar) = bar {
                label { "coin " select #why-coin {
                    option value="" { "choose" }
                    @for coin in bar.coins.iter().filter(|coin| coin.forecast.is_some()) {
                        option { (coin.symbol) }
                    }
                } }
                div #why-answer aria-live="polite" data-bar=(bar.time) {
                    p.soft { "What pushed the last forecast of a coin: its features, the largest first." }
                }
            } @else { p.soft { "No forecasts yet." } }
        }
    }
}
