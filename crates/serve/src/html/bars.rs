//! A forecast as a bar beside the thresholds that it is compared with.

use maud::{Markup, html};

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
pub fn bar(coin: &CoinLine, scale: f64) -> Markup {
    let middle = WIDTH / 2.0;
    let place = |value: f64| middle + value / scale * (middle - 3.0);
    let round = |value: f64| format!("{value:.1}");
    let value = coin.compared.filter(|_| scale > 0.0);
    let label = match (coin.buy_threshold, coin.sell_threshold) {
        (None, None) => "the coin has no thresholds",
        _ => "forecast beside the thresholds",
    };
    html! {
        svg.bar viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) width=(WIDTH) height=(HEIGHT) role="img" aria-label=(label) {
            line.zero x1=(middle) x2=(middle) y1="0" y2=(HEIGHT) {}
            @if let Some(value) = value {
                @let (from, to) = (middle.min(place(value)), middle.max(place(value)));
                rect class=(if value < 0.0 { "down" } else { "up" }) x=(round(from)) y="4" width=(round((to - from).max(1.0))) height="8" rx="1" {}
            }
            @for threshold in [coin.buy_threshold, coin.sell_threshold].into_iter().flatten().filter(|_| scale > 0.0) {
                line.tick x1=(round(place(threshold))) x2=(round(place(threshold))) y1="1" y2=(HEIGHT - 1.0) {}
            }
        }
    }
}
