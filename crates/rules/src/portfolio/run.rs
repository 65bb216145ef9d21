//! From forecasts and prices to portfolios and what they would have earned.

use std::ops::Range;

use rayon::prelude::*;
use score::{ForecastColumn, Options, Rows, check_forecasters};

use super::PortfolioConfig;
use super::covariance::Covariances;
use super::days::{Ledger, end_ms};
use super::market::{DAY_MS, FoldBars, Market};
use super::report::{FoldFit, Holding, PortfolioReport, PortfolioResult};
use super::rule::Hedge;
use super::signal::{Risk, Signal, current_variances};
use super::simulation::Path;
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
/// or time without prices.
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
    if rows.symbols.len() < 2 {
        let expected = "2 or more: a forecast is compared with the mean over coins";
        return Err(setting("coins", rows.symbols.len(), expected));
    }
    let market = Market::new(prices, rows)?;
    let folds = FoldBars::of(rows, &market)?;
    let traded = traded(&folds, &options.folds)?;
    let hedge = hedge(&config.hedge, &rows.symbols)?;
    let span = folds.first().map_or(0, |fold| fold.bars.start)
        ..folds.last().map_or(0, |fold| fold.bars.end);
    let window = market.bars_of_days(config.covariance_days);
    let covariances = Covariances::new(&market, &span, window);
    let ground = Ground {
        market: &market,
        covariances: &covariances,
        folds: &folds[..traded.end],
        traded,
        config,
    };
    let risk = Risk {
        covariances: &covariances,
        current: &current_variances(rows, &market)?,
    };
    let signals = forecasters
        .par_iter()
        .map(|forecaster| {
            let signal = Signal::new(rows, forecaster, &market, ground.folds, &risk)?;
            Ok((forecaster, signal))
        })
        .collect::<Result<Vec<_>, Error>>()?;
    let results = config
        .fees_bps
        .par_iter()
        .flat_map(|&fee_bps| at_fee(&ground, &signals, (fee_bps, hedge), (rows, options)))
        .collect();
    let bars = ground.bars();
    let last = bars.end.min(market.bars() - 1);
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
        fits: fits(&ground, &signals, rows.reach_bars),
        results,
        trials: None,
    })
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
    signals: &[(&ForecastColumn, Signal)],
    (fee_bps, hedge): (f64, Hedge),
    (rows, options): (&Rows, &PortfolioOptions),
) -> Vec<PortfolioResult> {
    let block = (rows.reach_bars as i64 * rows.bar_ms + DAY_MS - 1) / DAY_MS;
    let result = |holding: Holding, path: &Path| {
        let days = ground.days(path);
        let ledger = Ledger {
            days: &days,
            config: ground.config,
            fee_bps,
            bar_days: rows.bar_ms as f64 / DAY_MS as f64,
        };
        let mut figures = ledger.figures(&path.bars, block as usize, &options.bootstrap);
        if matches!(holding, Holding::Coin { .. } | Holding::Basket) {
            // One purchase has no fee that decides anything.
            (figures.break_even_bps, figures.break_even_interval) = (None, None);
        }
        PortfolioResult {
            holding,
            fee_bps,
            figures,
            day_ms: days.iter().map(end_ms).collect(),
            profit: ledger.net(),
        }
    };
    let cost = ground.config.cost(fee_bps);
    let (mut results, mut matched) = (Vec::new(), Vec::new());
    let is_traded = |signal: &Signal| {
        let mut folds = ground.traded.clone();
        folds.any(|fold| signal.fit(fold).slope > 0.0)
    };
    for (forecaster, signal) in signals {
        if forecaster.is_control() && !is_traded(signal) {
            continue;
        }
        let hedged = ground.follow(signal, Some(hedge), cost);
        let Some(run) = forecaster.run.clone() else {
            let name = forecaster.name.clone();
            results.push(result(Holding::Control { name }, &hedged));
            continue;
        };
        let raw = ground.follow(signal, None, cost);
        for (path, hedged) in [(&raw, false), (&hedged, true)] {
            let holding = Holding::Forecasts {
                forecaster: forecaster.name.clone(),
                run: run.clone(),
                hedged,
            };
            results.push(result(holding, path));
        }
        matched.push(result(
            Holding::MatchedBasket { run },
            &ground.matched(&raw),
        ));
    }
    let held = held(ground, &rows.symbols).into_iter();
    results.extend(held.map(|(holding, path)| result(holding, &path)));
    results.extend(matched);
    results
}

/// What anyone could hold: Bitcoin, where it is among the coins, and all coins alike.
fn held(ground: &Ground<'_>, symbols: &[String]) -> Vec<(Holding, Path)> {
    let coins = symbols.len();
    let mut held = Vec::new();
    let bitcoin = symbols.iter().position(|symbol| symbol.starts_with("BTC"));
    if let Some(coin) = bitcoin {
        let mut weights = vec![0.0; coins];
        weights[coin] = 1.0;
        let symbol = symbols[coin].clone();
        held.push((Holding::Coin { symbol }, ground.hold(&weights)));
    }
    let equal = vec![1.0 / coins as f64; coins];
    held.push((Holding::Basket, ground.hold(&equal)));
    held
}

fn fits(
    ground: &Ground<'_>,
    signals: &[(&ForecastColumn, Signal)],
    reach_bars: usize,
) -> Vec<FoldFit> {
    let of_run = |(forecaster, signal): &(&ForecastColumn, Signal)| {
        let run = forecaster.run.clone()?;
        let of_fold = |fold: usize| FoldFit {
            forecaster: forecaster.name.clone(),
            run: run.clone(),
            fold: ground.folds[fold].fold,
            slope: signal.fit(fold).slope * reach_bars as f64,
            speed: 1.0 - signal.fit(fold).persistence,
        };
        Some(ground.traded.clone().map(of_fold).collect::<Vec<_>>())
    };
    signals.iter().filter_map(of_run).flatten().collect()
}
