//! The list of terms.

use super::{DayVariance, Rhythm, Source, Term};

/// Declares terms and the list of all of them, in which `volatility.terms` finds them by name.
macro_rules! terms {
    ($($constant:ident = $name:literal: $source:expr;)*) => {
        $(pub(crate) const $constant: Term = Term { name: $name, source: $source };)*

        /// All terms that `volatility.terms` can name; a new one is a line here.
        pub(crate) const TERMS: &[Term] = &[$($constant),*];
    };
}

terms! {
    LRV1 = "lrv1": Source::HarRange(0);
    LRV7 = "lrv7": Source::HarRange(1);
    LRV30 = "lrv30": Source::HarRange(2);
    LPK1 = "lpk1": Source::HarRange(3);
    LPK7 = "lpk7": Source::HarRange(4);
    LPK30 = "lpk30": Source::HarRange(5);
    LGK1 = "lgk1": Source::HarRange(6);
    LGK7 = "lgk7": Source::HarRange(7);
    LGK30 = "lgk30": Source::HarRange(8);
    LEVEL = "level": Source::HarRange(9);
    LRV2H = "lrv2h": Source::HarIntraday(0);
    LRV6H = "lrv6h": Source::HarIntraday(1);
    LRV22 = "lrv22": Source::HarIntraday(4);
    LRV_LEVEL = "lrv_level": Source::HarIntraday(5);
    LRV_LONG_LEVEL = "lrv_long_level": Source::LongLevel;
    RV1 = "rv1": Source::Volatility(1);
    RV7 = "rv7": Source::Volatility(7);
    RV30 = "rv30": Source::Volatility(30);
    LAB7 = "lab7": Source::Size(7);
    LAB30 = "lab30": Source::Size(30);
    LNEG7 = "lneg7": Source::Falling(7);
    LNEG30 = "lneg30": Source::Falling(30);
    KURTOSIS30 = "kurtosis30": Source::Kurtosis(30);
    DAY_LRV1 = "day_lrv1": Source::Days(DayVariance::Return, 1);
    DAY_LRV7 = "day_lrv7": Source::Days(DayVariance::Return, 7);
    DAY_LRV22 = "day_lrv22": Source::Days(DayVariance::Return, 22);
    DAY_LRV30 = "day_lrv30": Source::Days(DayVariance::Return, 30);
    DAY_LPK1 = "day_lpk1": Source::Days(DayVariance::Parkinson, 1);
    DAY_LPK7 = "day_lpk7": Source::Days(DayVariance::Parkinson, 7);
    DAY_LPK22 = "day_lpk22": Source::Days(DayVariance::Parkinson, 22);
    DAY_LPK30 = "day_lpk30": Source::Days(DayVariance::Parkinson, 30);
    DAY_LGK1 = "day_lgk1": Source::Days(DayVariance::GarmanKlass, 1);
    DAY_LGK7 = "day_lgk7": Source::Days(DayVariance::GarmanKlass, 7);
    DAY_LGK30 = "day_lgk30": Source::Days(DayVariance::GarmanKlass, 30);
    DAY_LRS7 = "day_lrs7": Source::Days(DayVariance::RogersSatchell, 7);
    DOWNSIDE = "downside": Source::Downside;
    QUARTICITY = "quarticity": Source::Quarticity;
    LSAME7 = "lsame7": Source::SameHours(Rhythm::Day, 7);
    LSAME22 = "lsame22": Source::SameHours(Rhythm::Day, 22);
    LSAME3W = "lsame3w": Source::SameHours(Rhythm::Week, 3);
    LGARCH = "lgarch": Source::Garch;
    MARKET_LRV1 = "market_lrv1": Source::Market(&LRV1);
    MARKET_LRV7 = "market_lrv7": Source::Market(&LRV7);
    MARKET_LRV22 = "market_lrv22": Source::Market(&LRV22);
}

/// The terms of HAR-full.
pub(crate) const FULL: &[Term] = &[LRV1, LRV7, LRV30, LPK1, LPK7, LPK30, LEVEL];

/// The term of that name.
pub(crate) fn named(name: &str) -> Option<Term> {
    TERMS.iter().find(|term| term.name == name).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use dataset::{FeatureSet, Features};

    #[test]
    fn a_feature_has_its_own_name() {
        let of_set = |set| Features::all(set).names().to_vec();
        let (range, intraday) = (
            of_set(FeatureSet::HAR_RANGE),
            of_set(FeatureSet::HAR_INTRADAY),
        );
        for term in TERMS {
            let expected = match term.source {
                Source::HarRange(place) => range[place],
                Source::HarIntraday(5) => "lrv_level",
                Source::HarIntraday(place) => intraday[place],
                _ => continue,
            };
            assert_eq!(term.name, expected);
        }
    }

    #[test]
    fn a_name_is_there_once() {
        for term in TERMS {
            let same = TERMS.iter().filter(|other| other.name == term.name);
            assert_eq!(same.count(), 1, "{}", term.name);
        }
    }
}
