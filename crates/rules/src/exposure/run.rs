//! Follows every rule by every forecaster.

use score::{ForecastColumn, Rows, check_forecasters};
use statistics::{circular_block_indices, max_drawdown};

use super::book::Market;
use super::cut_report::{CutReport, calls, cut_report};
use super::figures::{BookDraws, Series, growth, sharpe, volatility};
use super::options::ExposureOptions;
use super::outlooks::Outlooks;
use super::report::{ExposureReport, ExposureResult};
use super::rule::{Exposure, ExposureRule, YEAR};
use crate::error::{Error, setting};

const DAY_MS: i64 = 86_400_000;

/// Blocks that the times need at least for intervals.
const LEAST_BLOCKS: usize = 5;

/// Name of the control that volatility stays as it was.
const NAIVE: &str = "naive";

/// Holds all coins in equal parts by every [`ExposureRule`], by the forecasts of every run among the
/// forecasters, of the control `naive` and of an oracle that knows what comes; the edges of classes
/// of the last two are those of the first run. A rule that needs classes is left out where there are
/// none, and the one that sells the hedge short where that is none of the coins.
///
/// `returns` is what the row's coin brings until the next time, as a fraction, NaN where unknown.
///
/// # Errors
/// Rows that are inconsistent or are no volatilities, settings out of their range.
pub fn exposure(
    rows: &Rows,
    forecasters: &[ForecastColumn],
    returns: &[f64],
    options: &ExposureOptions,
) -> Result<ExposureReport, Error> {
    options.validate()?;
    rows.check()?;
    check_forecasters(rows, forecasters)?;
    if rows.quantity != score::Quantity::LogVolatility {
        let expected = "forecasts of volatility (target.kind = \"volatility\")";
        return Err(setting("rows", "forecasts of returns", expected));
    }
    if returns.len() != rows.len() {
        return Err(setting("returns", returns.len(), "one value a row"));
    }
    let market = Market::new(rows, returns, &options.hedge);
    let draws = draws(&market, options);
    let cost = options.cost_bps * 1e-4;
    let series = |exposures: &[Exposure]| Series::new(&market.book(exposures), cost, &draws);
    let full = Exposure {
        coin: 1.0,
        hedge: 0.0,
    };
    let hold = series(&vec![full; rows.len()]);
    let outlooks = outlooks(rows, forecasters, options);
    let followed = |rule: ExposureRule| {
        let (market, series) = (&market, &series);
        outlooks.iter().filter_map(move |outlook| {
            let exposures = outlook.rows.iter().map(|row| rule.exposure(row, options));
            let exposures: Vec<Exposure> = exposures.collect::<Option<_>>()?;
            let (own, constant) = (series(&exposures), series(&market.constant(&exposures)));
            Some(ExposureResult {
                rule,
                forecaster: outlook.name.clone(),
                run: outlook.run.clone(),
                figures: own.figures(),
                constant: constant.figures(),
                sharpe_minus_constant: own.minus(&constant, sharpe),
                return_minus_constant: own.minus(&constant, |values, _| growth(values)),
                volatility_minus_constant: own.minus(&constant, volatility),
                drawdown_minus_constant: own.minus(&constant, |values, _| max_drawdown(values)),
                capital: capital(market, &own.returns),
                constant_capital: capital(market, &constant.returns),
            })
        })
    };
    let first = rows.time_ms.iter().min().copied().unwrap_or_default();
    let last = rows.time_ms.iter().max().copied().unwrap_or_default();
    Ok(ExposureReport {
        times: market.times.len(),
        coins: rows.symbols.len(),
        span_ms: [first, last],
        options: options.clone(),
        block_days: options.bootstrap.block_days,
        hold: hold.figures(),
        hold_capital: capital(&market, &hold.returns),
        cuts: cuts((&market, &draws), forecasters, options),
        results: (ExposureRule::ALL.into_iter())
            .filter(|rule| *rule != ExposureRule::HedgeHigh || market.hedge.is_some())
            .flat_map(followed)
            .collect(),
    })
}

/// Where each run calls High; none where mistakes about it have no costs.
fn cuts(
    book: (&Market<'_>, &BookDraws),
    forecasters: &[ForecastColumn],
    options: &ExposureOptions,
) -> Vec<CutReport> {
    let Some(costs) = options.alarm_costs else {
        return Vec::new();
    };
    let runs = forecasters.iter().filter(|one| !one.is_control());
    runs.filter_map(|run| cut_report(book, run, costs))
        .collect()
}

/// The runs, the naive control and an oracle.
fn outlooks(
    rows: &Rows,
    forecasters: &[ForecastColumn],
    options: &ExposureOptions,
) -> Vec<Outlooks> {
    let share = options.top_share;
    let runs = || forecasters.iter().filter(|one| !one.is_control());
    let edges = runs().find_map(|run| Some(&run.level.as_ref()?.regimes.as_ref()?.edges));
    let naive = forecasters
        .iter()
        .filter(|one| one.is_control() && one.name == NAIVE);
    let oracle = ForecastColumn::control("oracle", rows.realized.clone());
    let of_run = |run: &ForecastColumn| {
        let regimes = run.level.as_ref().and_then(|level| level.regimes.as_ref());
        let calls = (options.alarm_costs.zip(regimes))
            .map(|(costs, regimes)| calls(rows, regimes, &costs.fold_cuts(rows, regimes)));
        Outlooks::of_run(rows, run, share, calls.as_deref())
    };
    runs()
        .map(of_run)
        .chain(naive.map(|control| Outlooks::by_edges(rows, control, share, edges)))
        .chain([Outlooks::by_edges(rows, &oracle, share, edges)])
        .collect()
}

/// The draws of times in blocks of the options' days.
fn draws(market: &Market<'_>, options: &ExposureOptions) -> BookDraws {
    let start = |rows: &Vec<usize>| rows.first().map(|&row| market.rows.time_ms[row]);
    let starts: Vec<i64> = market.times.iter().filter_map(start).collect();
    let steps = starts.windows(2).map(|pair| pair[1] - pair[0]);
    let step_ms = steps.min().unwrap_or(DAY_MS).max(1);
    let a_day = DAY_MS as f64 / step_ms as f64;
    let block = (options.bootstrap.block_days as f64 * a_day)
        .round()
        .max(1.0) as usize;
    let count = market.times.len();
    let number = match count >= LEAST_BLOCKS * block {
        true => options.bootstrap.draws,
        false => 0,
    };
    BookDraws {
        indices: circular_block_indices(count, block, number, options.bootstrap.seed),
        confidence: options.bootstrap.confidence,
        periods: YEAR * a_day,
        a_day,
    }
}

/// The capital after each time, from 1.
fn capital(market: &Market<'_>, returns: &[f64]) -> Vec<(i64, f64)> {
    let mut capital = 1.0;
    let times = market.times.iter().zip(returns);
    times
        .filter_map(|(rows, value)| {
            capital *= 1.0 + value;
            Some((market.rows.time_ms[*rows.first()?], capital))
        })
        .collect()
}
