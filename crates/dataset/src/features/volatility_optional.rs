//! The groups of `volatility` that a config asks for by name: not every source has their columns, or
//! they take long.

use super::garch::{WARM_UP_DAYS, expected_variance};
use super::group::GroupFormula::Series;
use super::group::{CoinInMarket, Group, OptionalGroup};
use super::market_series::{WINDOWS, turnover};
use super::variances::known_size;
use crate::Column;

/// Those groups. Where a market cap or supply is 0 or missing, so are the features made of it.
pub(super) static OPTIONAL: [OptionalGroup; 3] = [
    OptionalGroup {
        columns: &[Column::MarketCap],
        group: Group {
            name: "market_cap",
            formula: "ln of the market cap, the coin's place by it among those whose is known, from 0 (least) to 1, and volume x close / market cap: of the bar and its mean over 7, 14 and 30 days",
            features: &[
                "market_cap",
                "market_cap_rank",
                "turnover_to_cap",
                "turnover_to_cap_7",
                "turnover_to_cap_14",
                "turnover_to_cap_30",
            ],
            warm_up_bars: 30,
            compute: Series(market_cap),
        },
    },
    OptionalGroup {
        columns: &[Column::CirculatingSupply],
        group: Group {
            name: "supply",
            formula: "volume / circulating supply: of the bar and its mean over 7, 14 and 30 days",
            features: &[
                "supply_turnover",
                "supply_turnover_7",
                "supply_turnover_14",
                "supply_turnover_30",
            ],
            warm_up_bars: 30,
            compute: Series(supply),
        },
    },
    OptionalGroup {
        columns: &[],
        group: Group {
            name: "garch",
            formula: "ln of the mean variance per day that the next 7 days are expected to have by a GARCH(1,1) of the coin's returns, fitted at the end of every seventh day since 1970 to the returns of the 365 days before; of a coin with fewer than 100 of them, or whose fit fails, the mean square with weights 0.94^k. For bars of a day, as a year of shorter ones is slow to fit to",
            features: &["garch_variance"],
            warm_up_bars: WARM_UP_DAYS,
            compute: Series(expected_variance),
        },
    },
];

fn market_cap(at: &CoinInMarket) -> Vec<Vec<f64>> {
    let caps = at.coin.series(Column::MarketCap);
    let logs = caps.iter().map(|cap| known_size(*cap).ln()).collect();
    let rank = match at.market.market_cap_rank.get(at.place) {
        Some(rank) => rank.clone(),
        None => vec![f64::NAN; caps.len()],
    };
    [logs, rank]
        .into_iter()
        .chain(shares(at, &turnover(at.coin), &caps))
        .collect()
}

fn supply(at: &CoinInMarket) -> Vec<Vec<f64>> {
    let (volume, supply) = (
        at.coin.series(Column::Volume),
        at.coin.series(Column::CirculatingSupply),
    );
    shares(at, &volume, &supply)
}

/// What was traded as a share of the coin's size: of each bar, and its mean over days.
fn shares(at: &CoinInMarket, traded: &[f64], sizes: &[f64]) -> Vec<Vec<f64>> {
    let pairs = traded.iter().zip(sizes);
    let share: Vec<f64> = pairs
        .map(|(traded, size)| traded / known_size(*size))
        .collect();
    let means = WINDOWS.map(|days| at.coin.mean(&share, at.coin.bars(days)));
    std::iter::once(share).chain(means).collect()
}
