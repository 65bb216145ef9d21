//! Which pair is Bitcoin's.

/// The place of Bitcoin among pairs such as `BTCUSDT`: the shortest name that begins with `BTC`, as other
/// coins' names begin with it too (`BTCSTUSDT`). None where no name does.
pub fn bitcoin<S: AsRef<str>>(symbols: &[S]) -> Option<usize> {
    let named = symbols.iter().enumerate();
    named
        .map(|(place, symbol)| (symbol.as_ref(), place))
        .filter(|(symbol, _)| symbol.starts_with("BTC"))
        .min_by_key(|(symbol, _)| symbol.len())
        .map(|(_, place)| place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coins_whose_names_begin_like_bitcoins_are_others() {
        assert_eq!(bitcoin(&["BTCSTUSDT", "BTCUSDT", "ETHUSDT"]), Some(1));
        assert_eq!(bitcoin(&["ETHUSDT", "WBTCUSDT"]), None);
    }
}
