//! What goes into a network and what comes out.

/// The sizes of what a network takes and gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetworkShape {
    /// Number of coins.
    pub coins: usize,
    /// Number of features of each coin.
    pub features: usize,
    /// Rows in a window.
    pub lookback: usize,
    /// Number of forecasts of each coin, one for each horizon.
    pub horizons: usize,
}

impl NetworkShape {
    /// The sizes of a network of one horizon.
    pub fn new(coins: usize, features: usize, lookback: usize) -> Self {
        Self {
            coins,
            features,
            lookback,
            horizons: 1,
        }
    }
}
