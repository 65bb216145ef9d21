//! A forecast as a bar beside the thresholds that it is compared with.

use maud::{Markup, html};
use predict::ForecastUnit;

use super::words::forecast;
use crate::snapshot::CoinLine;

const WIDTH: f64 = 150.0;
const HEIGHT: f64 = 16.0;

/// The largest number that the bars of a table must show.
pub fn scale(coins: &[CoinLine]) -> f64 {
    let numbers = coins
        .iter()
        .flat_map(|coin| [coin.compared, coin.buy_threshold, coin.sell_threshold]);
    numbers
        .flatten()
        .fold(0.0, |most: f64, value| most.max(value.abs()))
}

/// The bar of one coin; `scale` is at the ends.
pub fn bar(coin: &CoinLine, scale: f64, unit: ForecastUnit) -> Markup {
    let middle = WIDTH / 2.0;
    let place = |value: f64| middle + value / scale * (middle - 3.0);
    let ticks: String = [coin.buy_threshold, coin.sell_threshold]
        .into_iter()
        .flatten()
        .filter(|_| scale > 0.0)
        .map(|threshold| format!("M{:.1} 1v14", place(threshold)))
        .collect();
    let value = coin.compared.filter(|_| scale > 0.0);
    let side = |name: &str, threshold: Option<f64>| {
        threshold.map(|value| format!("{name} from {}", forecast(value, unit)))
    };
    let sides = [
        side("buy", coin.buy_threshold),
        side("sell", coin.sell_threshold),
    ];
    let label = match sides {
        [None, None] => "no thresholds".to_owned(),
        sides => sides.into_iter().flatten().collect::<Vec<_>>().join(", "),
    };
    html! {
        svg.bar viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" {
            title { (label) }
            @if let Some(value) = value {
                @let (from, to) = (middle.min(place(value)), middle.max(place(value)));
                path class=(if value < 0.0 { "down" } else { "up" }) d=(format!("M{from:.1} 4h{:.1}v8H{from:.1}z", (to - from).max(1.0))) {}
            }
            @if !ticks.is_empty() { path.tick d=(ticks) {} }
        }
    }
}
