//! The rule: from forecasts and what is held to orders.
//!
//! Partial adjustment as in Gârleanu and Pedersen, "Dynamic trading with predictable returns and
//! transaction costs", Journal of Finance 68 (2013): the position goes part of the way to what the
//! forecasts ask for. Their costs grow with the square of a trade. A fee does not, so that a trade
//! is left out here which its forecast does not pay.

use super::own_forecasts::ForecastFit;

/// What is held against the market's moves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Hedge {
    /// All coins in equal parts.
    Basket,
    /// One coin.
    Coin(usize),
}

/// Largest positions, as fractions of the capital.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct PositionCaps {
    /// Of one coin.
    pub coin: f64,
    /// Of the sum of all sizes.
    pub gross: f64,
}

impl PositionCaps {
    /// Cuts each position to its cap, then all of them alike to the cap of their sum.
    pub fn cut(self, positions: &mut [f64]) {
        for position in positions.iter_mut() {
            *position = position.clamp(-self.coin, self.coin);
        }
        let gross: f64 = positions.iter().map(|position| position.abs()).sum();
        if gross > self.gross {
            positions
                .iter_mut()
                .for_each(|position| *position *= self.gross / gross);
        }
    }
}

/// What the rule knows in one fold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct PartialAdjustment<'a> {
    /// What earlier folds say of the forecasts.
    pub fit: &'a ForecastFit,
    /// Times the positions that the expected returns ask for.
    pub scale: f64,
    /// None: unhedged.
    pub hedge: Option<Hedge>,
    /// None: without.
    pub caps: Option<PositionCaps>,
}

impl PartialAdjustment<'_> {
    /// The own position of a coin that is wanted next.
    ///
    /// `expected` is the coin's expected return of a bar, NaN where it is not known, and `aim` the
    /// position that all expected returns ask for. They shrink by `1 - persistence` a bar. So a
    /// position goes as large a part of its way to the aim, and what a forecast promises over its
    /// life is the expected return of a bar divided by that. A trade against its own forecast, or
    /// one whose `cost`, a fraction of its value, is more than that, is left out.
    pub fn wanted(&self, held: f64, [expected, aim]: [f64; 2], cost: f64) -> f64 {
        if !expected.is_finite() {
            return held;
        }
        let step = self.fit.fading() * (self.scale * aim - held);
        let promised = expected / self.fit.fading() * step.signum();
        if cost > 0.0 && promised < cost {
            return held;
        }
        held + step
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_goes_part_of_its_way_where_the_forecast_pays_it() {
        let fit = ForecastFit::fading_by(0.25);
        let rule = PartialAdjustment {
            fit: &fit,
            scale: 2.0,
            hedge: None,
            caps: None,
        };
        // The aim is 2 x 0.15, a quarter of the way to it from 0.1 is 0.05.
        assert!((rule.wanted(0.1, [5e-4, 0.15], 0.0) - 0.15).abs() < 1e-15);
        // The forecast promises 5e-4 / 0.25 = 20 basis points over its life.
        assert!((rule.wanted(0.1, [5e-4, 0.15], 0.0019) - 0.15).abs() < 1e-15);
        assert_eq!(rule.wanted(0.1, [5e-4, 0.15], 0.0021), 0.1);
        // The position is beyond the aim: to sell is against the forecast.
        assert_eq!(rule.wanted(0.5, [5e-4, 0.15], 0.0001), 0.5);
        assert!((rule.wanted(0.5, [5e-4, 0.15], 0.0) - 0.45).abs() < 1e-15);
        assert_eq!(
            rule.wanted(0.1, [f64::NAN, 0.15], 0.0),
            0.1,
            "no forecast, no trade"
        );
    }

    #[test]
    fn caps_cut_each_coin_and_then_all() {
        let mut positions = [0.5, -0.2, 0.1];
        let caps = PositionCaps {
            coin: 0.3,
            gross: 0.3,
        };
        caps.cut(&mut positions);
        let expected = [0.15, -0.1, 0.05];
        for (found, expected) in positions.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-15, "{found}");
        }
    }
}
