//! Ours for candles of a day: `parts` with what few large returns leave of a variance.

use super::model::{Model, ModelSettings};
use super::parts::OWN_HALF_LIFE_DAYS;
use super::pooled::{Pooled, Scale};
use super::two_stage::TwoStage;
use crate::terms::{
    DAY_LRS7, KURTOSIS30, LAB7, LAB30, LEVEL, LNEG7, LNEG30, LPK1, LPK7, LPK30, LRV1, LRV7, LRV30,
    Term,
};

const MARKET: &[Term] = &[
    LRV1, LRV7, LRV30, LPK1, LPK7, LPK30, LEVEL, LAB7, LAB30, KURTOSIS30, DAY_LRS7,
];
const OWN: &[Term] = &[
    LRV1, LRV7, LRV30, LPK1, LPK7, LPK30, LEVEL, LAB7, LAB30, LNEG7, LNEG30,
];

/// The model.
pub(crate) fn init(_: &ModelSettings<'_>) -> Box<dyn Model> {
    Box::new(TwoStage {
        description: "`parts` with more terms. The market's part also has the mean size of returns, Rogers and Satchell's \
                      range of the last week and the kurtosis of the last month's returns, which tells how much of a \
                      variance a single return made, as the quarticity of HARQ does (Bollerslev, Patton and Quaedvlieg \
                      2016). The coins' own part also has the variance of falling prices.",
        market: Pooled {
            description: "",
            terms: MARKET.to_vec(),
            scale: Scale::Log,
        },
        own: OWN.to_vec(),
        own_half_life_days: Some(OWN_HALF_LIFE_DAYS),
    })
}
