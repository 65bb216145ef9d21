//! Funding of perpetual futures: what holders of long positions pay those of short ones.

/// One payment of funding: every four or eight hours, long positions pay short ones this share of
/// their value; below 0 they are paid.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FundingRate {
    /// When it is paid, UTC milliseconds; the exchange is a few milliseconds late.
    pub time_ms: i64,
    /// Share of the position's value.
    pub rate: f64,
}

impl FundingRate {
    /// The largest rate that is believed; the exchange caps it at a few percent.
    const LARGEST: f64 = 1.0;

    /// The payment, if it can be one: a share of the value, at a time after 1970.
    pub fn checked(time_ms: i64, rate: f64) -> Option<Self> {
        (rate.abs() <= Self::LARGEST && time_ms > 0).then_some(Self { time_ms, rate })
    }
}
