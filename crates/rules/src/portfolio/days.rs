//! A portfolio's UTC days, and figures of them.

use score::Options;
use serde::Serialize;
use statistics::{
    ConfidenceInterval, drawn_blocks, enough_blocks, max_drawdown, percentile_interval,
    sharpe_ratio,
};

use super::marked_prices::{DAY_MS, MarkedPrices};
use super::simulation::{PortfolioBar, PortfolioPath};

/// Days of a year.
pub(super) const YEAR: f64 = 365.0;

/// Days that [`PortfolioFigures::without_best_three`] leaves out.
const BEST_DAYS: usize = 3;

/// What a portfolio did in a UTC day, in parts of the capital.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct PortfolioDay {
    /// Number since 1970.
    pub day: i64,
    /// Gained before costs.
    pub profit: f64,
    /// Value of the fills.
    pub traded: f64,
    /// Half spreads that they paid.
    pub spread: f64,
    /// Paid for funding at the rates that are known.
    pub funding: f64,
    /// Sum over bars of the values held of coins whose funding is not known.
    pub unfunded: f64,
}

/// The days of a path's bars.
pub(super) fn days(path: &PortfolioPath, prices: &MarkedPrices) -> Vec<PortfolioDay> {
    let mut days: Vec<PortfolioDay> = Vec::new();
    for (place, bar) in path.bars.iter().enumerate() {
        let number = prices.day(path.start + 1 + place);
        if days.last().is_none_or(|last| last.day != number) {
            days.push(PortfolioDay {
                day: number,
                ..PortfolioDay::default()
            });
        }
        if let Some(day) = days.last_mut() {
            day.profit += bar.profit;
            day.traded += bar.traded;
            day.spread += bar.spread;
            day.funding += bar.funding;
            day.unfunded += bar.unfunded;
        }
    }
    days
}

/// Figures of a portfolio, in parts of the capital; what is undefined is `None`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PortfolioFigures {
    /// UTC days, of which the first and the last may be parts.
    pub days: usize,
    /// Profit a year after costs: 0.1 is 10 % of the capital.
    pub annual_return: f64,
    /// Sharpe ratio of the days' profits after costs, a year.
    pub sharpe: Option<f64>,
    /// Its interval.
    pub sharpe_interval: Option<ConfidenceInterval>,
    /// Profit a year after costs without the three best days.
    pub without_best_three: Option<f64>,
    /// Deepest fall of the capital after costs, 0 or below, each day's profit compounded.
    pub drawdown: Option<f64>,
    /// Value of the fills of a day.
    pub turnover: f64,
    /// Half a spread that the fills paid, in basis points, the mean by their value.
    pub half_spread_bps: Option<f64>,
    /// Sum of the sizes of the positions, mean over bars.
    pub exposure: f64,
    /// Sum of the positions, mean over bars.
    pub net_exposure: f64,
    /// Paid for funding a year; below 0 where it was paid to the portfolio.
    pub funding: f64,
    /// Share of the ordered value that was filled.
    pub filled: Option<f64>,
    /// What limit orders missed; None for orders that a taker fills.
    pub limit_orders: Option<LimitOrders>,
    /// The fee of a fill, in basis points, at which these fills earn nothing: half a spread and
    /// funding are paid before.
    pub break_even_bps: Option<f64>,
    /// Its interval.
    pub break_even_interval: Option<ConfidenceInterval>,
    /// Probability that the true Sharpe ratio is above what the best of all trials of the study
    /// would show if none was worth anything.
    pub deflated_sharpe: Option<f64>,
}

/// What limit orders missed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LimitOrders {
    /// Orders, one for each coin and bar in which something was to be traded.
    pub orders: usize,
    /// Orders of which nothing was filled.
    pub without_fill: usize,
    /// Share of the ordered value that was not filled.
    pub unfilled: Option<f64>,
    /// How much worse than its limit the unfilled part would have been at the bar's close, in basis
    /// points of its value; a taker's fee and half a spread come on top.
    pub chase_bps: Option<f64>,
}

impl LimitOrders {
    /// Of all orders of some bars.
    pub(super) fn new(bars: &[PortfolioBar]) -> Self {
        let sum = |value: fn(&PortfolioBar) -> f64| bars.iter().map(value).sum::<f64>();
        let value = sum(|bar| bar.unfilled.value);
        Self {
            orders: bars.iter().map(|bar| bar.unfilled.orders).sum(),
            without_fill: bars.iter().map(|bar| bar.unfilled.without_fill).sum(),
            unfilled: finite(value / sum(|bar| bar.ordered)),
            chase_bps: finite(sum(|bar| bar.unfilled.chase) / value * 1e4),
        }
    }
}

/// What a portfolio's figures are computed from.
pub(super) struct DayAccounts<'a> {
    pub days: &'a [PortfolioDay],
    pub fee_bps: f64,
    /// What long positions pay a day where their funding is not known, in basis points.
    pub funding_bps_per_day: f64,
    /// Length of a bar as a part of a day.
    pub bar_days: f64,
}

impl DayAccounts<'_> {
    /// What is left of each day's profit after costs and funding.
    pub fn net(&self) -> Vec<f64> {
        let fee = self.fee_bps * 1e-4;
        let days = self.days.iter();
        days.map(|day| self.before_fees(day) - fee * day.traded)
            .collect()
    }

    fn before_fees(&self, day: &PortfolioDay) -> f64 {
        day.profit - day.spread - self.funding(day)
    }

    /// Paid for funding in a day: at the known rates, and at the config's of the other coins.
    fn funding(&self, day: &PortfolioDay) -> f64 {
        let rate = self.funding_bps_per_day * 1e-4 * self.bar_days;
        day.funding + rate * day.unfunded
    }

    fn break_even_bps(&self, days: impl Iterator<Item = usize>) -> f64 {
        let mut sums = [0.0; 2];
        for day in days.map(|day| &self.days[day]) {
            sums[0] += self.before_fees(day);
            sums[1] += day.traded;
        }
        sums[0] / sums[1] * 1e4
    }

    /// The figures; intervals draw whole days again, in blocks as long as the target's reach.
    pub fn figures(
        &self,
        bars: &[PortfolioBar],
        block: usize,
        options: &Options,
    ) -> PortfolioFigures {
        let net = self.net();
        let count = net.len();
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let over_bars = |value: fn(&PortfolioBar) -> f64| {
            bars.iter().map(value).sum::<f64>() / bars.len().max(1) as f64
        };
        let mut sorted = net.clone();
        sorted.sort_by(f64::total_cmp);
        let others = count
            .checked_sub(BEST_DAYS)
            .and_then(|others| sorted.get(..others));
        let others = others.filter(|others| !others.is_empty());
        let ordered = over_bars(|bar| bar.ordered);
        let over_days = |value: fn(&PortfolioDay) -> f64| self.days.iter().map(value).sum::<f64>();
        let [traded, spread] = [over_days(|day| day.traded), over_days(|day| day.spread)];
        let intervals = self.intervals(&net, block, options);
        PortfolioFigures {
            days: count,
            annual_return: if count > 0 { mean(&net) * YEAR } else { 0.0 },
            sharpe: finite(sharpe_ratio(&net, YEAR)),
            sharpe_interval: intervals.and_then(|both| both[0]),
            without_best_three: others.map(|others| mean(others) * YEAR),
            drawdown: finite(max_drawdown(&net)),
            turnover: traded / count.max(1) as f64,
            half_spread_bps: finite(spread / traded * 1e4),
            exposure: over_bars(|bar| bar.gross),
            net_exposure: over_bars(|bar| bar.net),
            funding: self.days.iter().map(|day| self.funding(day)).sum::<f64>()
                / count.max(1) as f64
                * YEAR,
            filled: finite(over_bars(|bar| bar.traded) / ordered),
            limit_orders: None,
            break_even_bps: finite(self.break_even_bps(0..count)),
            break_even_interval: intervals.and_then(|both| both[1]),
            deflated_sharpe: None,
        }
    }

    /// Of the Sharpe ratio and the break-even fee.
    fn intervals(
        &self,
        net: &[f64],
        block: usize,
        options: &Options,
    ) -> Option<[Option<ConfidenceInterval>; 2]> {
        let count = net.len();
        if !enough_blocks(&[count], block, block) {
            return None;
        }
        let (mut sharpes, mut fees) = (Vec::new(), Vec::new());
        for number in 0..options.draws {
            let blocks = drawn_blocks(&[count], block, options.seed, number);
            let drawn: Vec<usize> = blocks.into_iter().flatten().flatten().collect();
            let values: Vec<f64> = drawn.iter().map(|&day| net[day]).collect();
            sharpes.push(sharpe_ratio(&values, YEAR));
            fees.push(self.break_even_bps(drawn.iter().copied()));
        }
        let interval = |values: &[f64]| percentile_interval(values, options.confidence);
        Some([interval(&sharpes), interval(&fees)])
    }
}

/// The milliseconds since 1970 at which a day ends.
pub(super) fn end_ms(day: &PortfolioDay) -> i64 {
    (day.day + 1) * DAY_MS
}

pub(super) fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}
