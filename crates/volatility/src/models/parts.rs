//! Ours: the market's part and the coins' own parts, each of the terms that tell it best.

use super::model::{Model, ModelSettings};
use super::pooled::{Pooled, Scale};
use super::two_stage::TwoStage;
use crate::terms::{
    FULL, LAB7, LAB30, LEVEL, LPK1, LPK7, LPK30, LRV_LEVEL, LRV1, LRV2H, LRV6H, LRV7, LRV22, LRV30,
    LSAME3W, LSAME22, Term,
};

const DAY_MS: i64 = 86_400_000;

/// Of the market, on bars shorter than a day: no level, which moves with the market.
const MARKET_OF_SHORT_BARS: &[Term] = &[LRV1, LRV7, LRV22, LRV6H, LRV2H];
const OWN_OF_SHORT_BARS: &[Term] = &[LRV1, LRV7, LRV22, LRV6H, LRV2H, LRV_LEVEL];

/// What is forecast within a day has the rhythm of the day and of the week too.
const RHYTHM: &[Term] = &[LSAME22, LSAME3W];

/// Of bars of a day; the mean size of returns has less of a single large one than their mean square.
const OWN: &[Term] = &[LRV1, LRV7, LRV30, LPK1, LPK7, LPK30, LEVEL, LAB7, LAB30];

/// How fast deviations of bars of a day forget.
pub(super) const OWN_HALF_LIFE_DAYS: f64 = 120.0;

/// The model.
pub(crate) fn init(settings: &ModelSettings<'_>) -> Box<dyn Model> {
    let bar_ms = settings.config.data.interval.ms();
    let (market, own, own_half_life_days) = match bar_ms < DAY_MS {
        true => (MARKET_OF_SHORT_BARS, OWN_OF_SHORT_BARS, None),
        false => (FULL, OWN, Some(OWN_HALF_LIFE_DAYS)),
    };
    let rhythm = match settings.config.horizon_bars() as i64 * bar_ms < DAY_MS {
        true => RHYTHM,
        false => &[],
    };
    Box::new(TwoStage {
        description: "The mean over the coins of a pooled HAR's forecasts, and a regression of what a coin deviates \
                      from it. On bars of a day the market's part is HAR-full, and the deviations have the mean size \
                      of returns too and forget half in 120 days; on shorter bars both have the returns of the last day, \
                      7 and 22 days and of the last two and six hours, and the deviations the coin's level of 90 days. Less \
                      than a day ahead both have the volatility of the same hours on the last 22 days and in the last \
                      3 weeks.",
        market: Pooled {
            description: "",
            terms: [market, rhythm].concat(),
            scale: Scale::Log,
        },
        own: [own, rhythm].concat(),
        own_half_life_days,
    })
}
