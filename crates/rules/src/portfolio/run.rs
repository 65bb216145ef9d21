//! From forecasts and prices to portfolios and what they would have earned.

use std::ops::Range;

use rayon::prelude::*;
use score::{ForecastColumn, Options, Rows, check_forecasters};

use super::PortfolioConfig;
use super::config::{OrderKind, SpreadModel};
use super::covariance::Covariances;
use super::days::{DayAccounts, LimitOrders, end_ms};
use super::marked_prices::{DAY_MS, FoldBars, MarkedPrices};
use super::own_forecasts::{OwnForecasts, current_variances};
use super::report::{FoldFit, Holding, PortfolioReport, PortfolioResult};
use super::rule::Hedge;
use super::simulation::PortfolioPath;
use super::spreads::Spreads;
use super::trader::Risk;
use super::trading::Ground;
use crate::Prices;
use crate::error::{Error, setting};

/// What portfolios are made by.
#[derive(Debug, Clone, PartialEq)]
pub struct PortfolioOptions {
    /// The `[portfolio]` section.
    pub config: PortfolioConfig,
    /// Folds to trade, one after the other; all but the first where it is empty.
    pub folds: Vec<usize>,
    /// Draws, confidence and seed of the intervals.
    pub bootstrap: Options,
}

/// Trades the forecasts of runs, and each control with a known value, at every fee; forecasters
/// without a run are controls.
///
/// # Errors
/// Settings out of range, folds without one before them, fewer than two coins, forecasts of a coin
/// or time without prices, candles that do not show the spreads that are asked for.
pub fn portfolio(
    rows: &Rows,
    forecasters: &[ForecastColumn],
    prices: &Prices,
    options: &PortfolioOptions,
) -> Result<PortfolioReport, Error> {
    let config = &options.config;
    config.validate()?;
    options.bootstrap.validate()?;
    rows.check()?;
    check_forecasters(rows, forecasters)?;
    check_market(config, rows, prices)?;
    let marked = MarkedPrices::new(prices, &rows.symbols)?;
    let folds = FoldBars::of(rows, &marked)?;
    let traded = traded(&folds, &options.folds)?;
    let hedge = hedge(&config.hedge, &rows.symbols)?;
    let span = folds.first().map_or(0, |fold| fold.bars.start)
        ..folds.last().map_or(0, |fold| fold.bars.end);
    let window = marked.bars_of_days(config.covariance_days);
    let covariances = Covariances::new(&marked, &span, window);
    let spreads = Spreads::new(config, &rows.symbols, &marked, &span)?;
    let current = current_variances(rows, &marked)?;
    let ground = Ground {
        prices: &marked,
        risk: Risk {
            covariances: &covariances,
            current: &current,
        },
        spreads: &spreads,
        folds: &folds[..traded.end],
        traded,
        config,
    };
    let forecasts = forecasters
        .par_iter()
        .map(|forecaster| {
            let own = OwnForecasts::new(rows, forecaster, &marked, ground.folds)?;
            Ok((forecaster, own))
        })
        .collect::<Result<Vec<_>, Error>>()?;
    let results = config
        .fees_bps
        .par_iter()
        .flat_map(|&fee_bps| at_fee(&ground, &forecasts, (fee_bps, hedge), (rows, options)))
        .collect();
    let bars = ground.bars();
    let last = bars.end.min(marked.bars() - 1);
    Ok(PortfolioReport {
        config: config.clone(),
        coins: rows.symbols.len(),
        folds: folds[ground.traded.clone()]
            .iter()
            .map(|fold| fold.fold)
            .collect(),
        span_ms: [bars.start, last].map(|bar| prices.start_ms + bar as i64 * prices.bar_ms),
        bar_ms: prices.bar_ms,
        reach_bars: rows.reach_bars,
        fits: fits(&ground, &forecasts),
        results,
        trials: None,
    })
}

/// That the market has what the settings need.
fn check_market(config: &PortfolioConfig, rows: &Rows, prices: &Prices) -> Result<(), Error> {
    if rows.symbols.len() < 2 {
        let expected = "2 or more: a forecast is compared with the mean over coins";
        return Err(setting("coins", rows.symbols.len(), expected));
    }
    if config.orders == OrderKind::Limit && prices.range.is_none() {
        let expected = "taker, as the candles have no lowest and highest prices";
        return Err(setting("portfolio.orders", "limit", expected));
    }
    if config.spread == SpreadModel::AbdiRanaldo && prices.range.is_none() {
        let expected = "same or tick, as the candles have no lowest and highest prices";
        return Err(setting("portfolio.spread", "abdi_ranaldo", expected));
    }
    let mut known = config.half_spreads_bps.keys();
    if let Some(symbol) = known.find(|symbol| !rows.symbols.contains(symbol)) {
        let expected = "coins that the run forecasts";
        return Err(setting("portfolio.half_spreads_bps", symbol, expected));
    }
    Ok(())
}

/// Places of the folds to trade.
fn traded(folds: &[FoldBars], wanted: &[usize]) -> Result<Range<usize>, Error> {
    let expected = "folds that follow each other, each with one before it, such as 4-5";
    let wrong = || setting("folds", format!("{wanted:?}"), expected);
    let (Some(first), Some(last)) = (wanted.iter().min(), wanted.iter().max()) else {
        return if folds.len() > 1 {
            Ok(1..folds.len())
        } else {
            let known: Vec<u32> = folds.iter().map(|fold| fold.fold).collect();
            Err(setting("folds", format!("{known:?}"), expected))
        };
    };
    let place = |fold: &usize| folds.iter().position(|one| one.fold as usize == *fold);
    let (first, last) = (
        place(first).ok_or_else(wrong)?,
        place(last).ok_or_else(wrong)?,
    );
    let is_wanted = |fold: &FoldBars| wanted.contains(&(fold.fold as usize));
    if first == 0 || !folds[first..=last].iter().all(is_wanted) {
        return Err(wrong());
    }
    Ok(first..last + 1)
}

fn hedge(name: &str, symbols: &[String]) -> Result<Hedge, Error> {
    if name == "basket" {
        return Ok(Hedge::Basket);
    }
    let found = symbols.iter().position(|symbol| symbol == name);
    let expected = "basket, or a coin that the run forecasts";
    found
        .map(Hedge::Coin)
        .ok_or_else(|| setting("portfolio.hedge", name, expected))
}

/// All portfolios at one fee; a control that was worth nothing before any fold is none.
fn at_fee(
    ground: &Ground<'_>,
    forecasts: &[(&ForecastColumn, OwnForecasts)],
    (fee_bps, hedge): (f64, Hedge),
    (rows, options): (&Rows, &PortfolioOptions),
) -> Vec<PortfolioResult> {
    let result =
        |holding, path: &PortfolioPath| result(ground, holding, path, fee_bps, (rows, options));
    let fee = fee_bps * 1e-4;
    let (mut results, mut matched) = (Vec::new(), Vec::new());
    let is_traded = |own: &OwnForecasts| {
        let mut folds = ground.traded.clone();
        folds.any(|fold| own.fit(fold).slope > 0.0)
    };
    for (forecaster, own) in forecasts {
        if forecaster.is_control() && !is_traded(own) {
            continue;
        }
        let hedged = ground.follow(own, Some(hedge), fee);
        let Some(run) = forecaster.run.clone() else {
            let name = forecaster.name.clone();
            results.push(result(Holding::Control { name }, &hedged));
            continue;
        };
        let raw = ground.follow(own, None, fee);
        for (path, hedged) in [(&raw, false), (&hedged, true)] {
            let holding = Holding::Forecasts {
                forecaster: forecaster.name.clone(),
                run: run.clone(),
                hedged,
            };
            results.push(result(holding, path));
        }
        let basket = ground.matched(&raw);
        matched.push(result(Holding::MatchedBasket { run }, &basket));
    }
    let held = held(ground, &rows.symbols).into_iter();
    results.extend(held.map(|(holding, path)| result(holding, &path)));
    results.extend(matched);
    results
}

/// What came of a portfolio at a fee.
fn result(
    ground: &Ground<'_>,
    holding: Holding,
    path: &PortfolioPath,
    fee_bps: f64,
    (rows, options): (&Rows, &PortfolioOptions),
) -> PortfolioResult {
    let (config, days) = (ground.config, ground.days(path));
    // What is held beside the forecasts is bought by a taker.
    let orders = match holding.is_trial() {
        true => config.orders,
        false => OrderKind::Taker,
    };
    let accounts = DayAccounts {
        days: &days,
        fee_bps,
        funding_bps_per_day: config.funding_bps_per_day,
        bar_days: rows.bar_ms as f64 / DAY_MS as f64,
    };
    let block = (rows.reach_bars as i64 * rows.bar_ms + DAY_MS - 1) / DAY_MS;
    let mut figures = accounts.figures(&path.bars, block as usize, &options.bootstrap);
    if matches!(holding, Holding::Coin { .. } | Holding::Basket) {
        // One purchase has no fee that decides anything.
        (figures.break_even_bps, figures.break_even_interval) = (None, None);
    }
    if orders == OrderKind::Limit {
        figures.limit_orders = Some(LimitOrders::new(&path.bars));
    }
    PortfolioResult {
        holding,
        fee_bps,
        figures,
        day_ms: days.iter().map(end_ms).collect(),
        profit: accounts.net(),
    }
}

/// What anyone could hold: Bitcoin, where it is among the coins, and all coins alike.
fn held(ground: &Ground<'_>, symbols: &[String]) -> Vec<(Holding, PortfolioPath)> {
    let coins = symbols.len();
    let mut held = Vec::new();
    if let Some(coin) = notation::bitcoin(symbols) {
        let mut weights = vec![0.0; coins];
        weights[coin] = 1.0;
        let symbol = symbols[coin].clone();
        held.push((Holding::Coin { symbol }, ground.hold(&weights)));
    }
    let equal = vec![1.0 / coins as f64; coins];
    held.push((Holding::Basket, ground.hold(&equal)));
    held
}

fn fits(ground: &Ground<'_>, forecasts: &[(&ForecastColumn, OwnForecasts)]) -> Vec<FoldFit> {
    let of_run = |(forecaster, own): &(&ForecastColumn, OwnForecasts)| {
        let run = forecaster.run.clone()?;
        let of_fold = |fold: usize| FoldFit {
            forecaster: forecaster.name.clone(),
            run: run.clone(),
            fold: ground.folds[fold].fold,
            slope: own.fit(fold).slope,
            slope_spread: own.fit(fold).slope_spread,
            speed: own.fit(fold).fading(),
        };
        Some(ground.traded.clone().map(of_fold).collect::<Vec<_>>())
    };
    forecasts.iter().filter_map(of_run).flatten().collect()
}
