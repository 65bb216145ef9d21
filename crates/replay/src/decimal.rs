//! Prices and amounts as the exchange writes them.

use market::Market;

/// Decimals that the exchange writes at most.
const DECIMALS: usize = 8;

/// Spot: always 8 decimals, as in `28302.33000000`. Futures: as many as the number needs, at most
/// 8.
///
/// The shortest text that reads back as the same number comes first: with 8 decimals printed
/// directly, an amount above 2^53 / 10^8 would end in digits that no file had.
pub(crate) fn decimal(value: f64, market: Market) -> String {
    let mut text = value.to_string();
    let point = text.find('.');
    let decimals = point.map_or(0, |point| text.len() - point - 1);
    if decimals > DECIMALS {
        text = format!("{value:.DECIMALS$}");
        if market == Market::Futures {
            text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
        }
    } else if market == Market::Spot {
        if point.is_none() {
            text.push('.');
        }
        text.extend(std::iter::repeat_n('0', DECIMALS - decimals));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_in_the_exchange_s_files() {
        let spot = |value| decimal(value, Market::Spot);
        assert_eq!(spot(28302.33), "28302.33000000");
        assert_eq!(spot(0.0), "0.00000000");
        assert_eq!(spot(5.0), "5.00000000");
        assert_eq!(spot(254_767_411.0210908), "254767411.02109080");
        assert_eq!(spot(1e-8), "0.00000001");
        assert_eq!(spot(f64::from(90.28077_f32)), "90.28076935");
        let futures = |value| decimal(value, Market::Futures);
        assert_eq!(futures(38521.0), "38521");
        assert_eq!(futures(10.113), "10.113");
        assert_eq!(futures(0.1 + 0.2), "0.3");
    }
}
