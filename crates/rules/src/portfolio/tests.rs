//! Portfolios: against numpy, and what holds for all of them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use proptest::prelude::*;
use score::{ForecastColumn, Options, Rows};
use serde_json::Value;

use super::covariance::Covariances;
use super::days::{DayAccounts, LimitOrders, PortfolioDay, days};
use super::marked_prices::{FoldBars, MarkedPrices};
use super::own_forecasts::{OwnForecasts, current_variances};
use super::rule::Hedge;
use super::run::{PortfolioOptions, portfolio};
use super::simulation::PortfolioPath;
use super::spreads::Spreads;
use super::trader::Risk;
use super::trading::Ground;
use super::{OrderKind, PortfolioConfig};
use crate::{PriceRange, Prices};

fn golden() -> Value {
    serde_json::from_str(include_str!("../../tests/golden/portfolio.json")).unwrap()
}

fn floats(value: &Value) -> Vec<f64> {
    let numbers = value.as_array().unwrap().iter();
    numbers
        .map(|number| number.as_f64().unwrap_or(f64::NAN))
        .collect()
}

fn integers(value: &Value) -> Vec<i64> {
    let numbers = value.as_array().unwrap().iter();
    numbers.map(|number| number.as_i64().unwrap()).collect()
}

fn close_to(name: &str, found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{name}");
    for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!(
            (found - expected).abs() <= 1e-9 * expected.abs().max(1e-3),
            "{name} {place}: {found}, expected {expected}"
        );
    }
}

/// The made-up market of the golden file.
struct MadeMarket {
    rows: Rows,
    forecaster: ForecastColumn,
    prices: Prices,
    config: PortfolioConfig,
}

impl MadeMarket {
    fn new() -> Self {
        let golden = golden();
        let (start_ms, bar_ms) = (
            golden["start_ms"].as_i64().unwrap(),
            golden["bar_ms"].as_i64().unwrap(),
        );
        let columns = &golden["rows"];
        let symbols: Vec<String> = ["BTCUSDT", "B", "C", "D"].map(str::to_owned).to_vec();
        let bars = integers(&columns["bar"]);
        let rows = Rows {
            quantity: score::Quantity::Return,
            close: None,
            time_ms: bars.iter().map(|bar| start_ms + bar * bar_ms).collect(),
            symbol: integers(&columns["symbol"])
                .iter()
                .map(|&coin| coin as u32)
                .collect(),
            fold: integers(&columns["fold"])
                .iter()
                .map(|&fold| fold as u32)
                .collect(),
            realized: vec![0.0; bars.len()],
            realized_delayed: floats(&columns["realized_delayed"]),
            controls: Vec::new(),
            volatility: vec![1.0; bars.len()],
            trailing_volatility: Some(floats(&columns["trailing_volatility"])),
            weight: vec![1.0; bars.len()],
            symbols: symbols.clone(),
            bar_ms,
            reach_bars: 3,
        };
        let forecaster = ForecastColumn {
            level: None,
            name: "made".to_owned(),
            run: Some("checkpoints/made".to_owned()),
            forecast: floats(&columns["forecast"]),
        };
        let prices = Prices {
            start_ms,
            bar_ms,
            symbols,
            close: floats(&golden["close"]),
            volume: Some(floats(&golden["volume"])),
            range: Some(PriceRange {
                low: floats(&golden["low"]),
                high: floats(&golden["high"]),
            }),
            funding: serde_json::from_value(golden["funding"].clone()).unwrap(),
        };
        let config = serde_json::from_value(golden["config"].clone()).unwrap();
        Self {
            rows,
            forecaster,
            prices,
            config,
        }
    }

    fn follow(
        &self,
        hedge: Option<Hedge>,
        fee_bps: f64,
    ) -> (PortfolioPath, MarkedPrices, OwnForecasts) {
        let prices = MarkedPrices::new(&self.prices, &self.rows.symbols).unwrap();
        let folds = FoldBars::of(&self.rows, &prices).unwrap();
        let span = folds[0].bars.start..folds[folds.len() - 1].bars.end;
        let window = prices.bars_of_days(self.config.covariance_days);
        let covariances = Covariances::new(&prices, &span, window);
        let own = OwnForecasts::new(&self.rows, &self.forecaster, &prices, &folds).unwrap();
        let spreads = Spreads::new(&self.config, &self.rows.symbols, &prices, &span).unwrap();
        let ground = Ground {
            prices: &prices,
            spreads: &spreads,
            risk: Risk {
                covariances: &covariances,
                current: &current_variances(&self.rows, &prices).unwrap(),
            },
            folds: &folds,
            traded: 1..folds.len(),
            config: &self.config,
        };
        let path = ground.follow(&own, hedge, fee_bps * 1e-4);
        (path, prices, own)
    }

    fn accounts<'a>(&self, days: &'a [PortfolioDay], fee_bps: f64) -> DayAccounts<'a> {
        DayAccounts {
            days,
            fee_bps,
            funding_bps_per_day: self.config.funding_bps_per_day,
            bar_days: 1.0 / 24.0,
        }
    }

    fn report(&self) -> super::PortfolioReport {
        let options = PortfolioOptions {
            config: self.config.clone(),
            folds: Vec::new(),
            bootstrap: Options::default(),
        };
        portfolio(
            &self.rows,
            std::slice::from_ref(&self.forecaster),
            &self.prices,
            &options,
        )
        .unwrap()
    }
}

#[test]
fn slopes_are_those_of_numpy() {
    let (_, _, own) = MadeMarket::new().follow(None, 0.0);
    for (fold, expected) in golden()["fits"].as_array().unwrap().iter().enumerate() {
        let fit = own.fit(fold + 1);
        let keys = ["slope", "slope_spread", "persistence"];
        let found = [fit.slope, fit.slope_spread, fit.persistence];
        close_to(
            "fit",
            &found,
            &keys.map(|key| expected[key].as_f64().unwrap()),
        );
        let of_coin = |coin: usize| fit.expected(coin, 3.0);
        let found: Vec<f64> = (0..4).map(of_coin).collect();
        close_to("slopes", &found, &floats(&expected["slopes"]));
    }
}

#[test]
fn positions_costs_and_profits_are_those_of_numpy() {
    for expected in golden()["portfolios"].as_array().unwrap() {
        let mut made = MadeMarket::new();
        made.config.orders = serde_json::from_value(expected["orders"].clone()).unwrap();
        let hedge = match &expected["hedge"] {
            Value::Null => None,
            Value::String(_) => Some(Hedge::Basket),
            coin => Some(Hedge::Coin(coin.as_u64().unwrap() as usize)),
        };
        let fee_bps = expected["fee_bps"].as_f64().unwrap();
        let (path, prices, _) = made.follow(hedge, fee_bps);
        close_to("units", &path.account.units, &floats(&expected["units"]));
        close_to(
            "cash",
            &[path.account.cash],
            &[expected["cash"].as_f64().unwrap()],
        );
        let days = days(&path, &prices);
        let column = |of: fn(&PortfolioDay) -> f64| days.iter().map(of).collect::<Vec<_>>();
        close_to(
            "profit",
            &column(|day| day.profit),
            &floats(&expected["profit"]),
        );
        close_to(
            "traded",
            &column(|day| day.traded),
            &floats(&expected["traded"]),
        );
        let accounts = made.accounts(&days, fee_bps);
        close_to("net", &accounts.net(), &floats(&expected["net"]));
        let found = accounts.figures(&path.bars, 1, &Options::default());
        let missed = LimitOrders::new(&path.bars);
        let figures = [
            ("annual_return", Some(found.annual_return)),
            ("sharpe", found.sharpe),
            ("without_best_three", found.without_best_three),
            ("exposure", Some(found.exposure)),
            ("turnover", Some(found.turnover)),
            ("funding", Some(found.funding)),
            ("filled", found.filled),
            ("break_even_bps", found.break_even_bps),
            ("limit_orders", Some(missed.orders as f64)),
            ("without_fill", Some(missed.without_fill as f64)),
            ("unfilled", missed.unfilled),
        ];
        for (name, found) in figures {
            close_to(name, &[found.unwrap()], &[expected[name].as_f64().unwrap()]);
        }
        // A taker has nothing to chase but rounding.
        if made.config.orders == OrderKind::Limit {
            let chase = expected["chase_bps"].as_f64().unwrap();
            close_to("chase_bps", &[missed.chase_bps.unwrap()], &[chase]);
        }
    }
}

/// What was paid for the positions, and what they are worth, is what was earned.
#[test]
fn cash_and_positions_add_up_to_the_profits() {
    for orders in [OrderKind::Taker, OrderKind::Limit] {
        let mut made = MadeMarket::new();
        made.config.orders = orders;
        let (path, prices, _) = made.follow(Some(Hedge::Basket), 4.0);
        let last = path.start + path.bars.len();
        let units = path.account.units.iter().enumerate();
        let worth: f64 = units
            .map(|(coin, units)| units * prices.mark(last, coin))
            .sum();
        let earned: f64 = path.bars.iter().map(|bar| bar.profit).sum();
        assert!((path.account.cash + worth - 1.0 - earned).abs() < 1e-12);
    }
}

#[test]
fn forecasts_of_nothing_hold_nothing() {
    let mut made = MadeMarket::new();
    made.forecaster.forecast.fill(0.0);
    let (path, ..) = made.follow(Some(Hedge::Basket), 0.0);
    assert!(
        path.bars
            .iter()
            .all(|bar| bar.traded == 0.0 && bar.gross == 0.0)
    );
    // One forecast for all coins says nothing of a coin beside the others.
    made.forecaster.forecast.fill(0.01);
    let (path, ..) = made.follow(None, 0.0);
    assert!(path.bars.iter().all(|bar| bar.traded == 0.0));
}

#[test]
fn forecasts_that_were_wrong_so_far_are_not_followed() {
    let mut made = MadeMarket::new();
    made.forecaster
        .forecast
        .iter_mut()
        .for_each(|forecast| *forecast *= -1.0);
    let (path, _, own) = made.follow(Some(Hedge::Basket), 0.0);
    assert_eq!(own.fit(1).slope, 0.0);
    assert!(path.bars.iter().all(|bar| bar.traded == 0.0));
}

/// At no bar is anything filled beyond the share of its volume.
#[test]
fn fills_are_a_share_of_the_volume_at_most() {
    let mut made = MadeMarket::new();
    made.config.volume_share = 1e-6;
    let (path, prices, _) = made.follow(Some(Hedge::Basket), 0.0);
    for (place, bar) in path.bars.iter().enumerate() {
        let volumes = (0..4).map(|coin| prices.traded(path.start + 1 + place, coin));
        let most = 1e-6 * volumes.sum::<f64>() / made.config.capital;
        assert!(bar.traded <= most * (1.0 + 1e-12), "{place}");
    }
    let all =
        |of: fn(&super::simulation::PortfolioBar) -> f64| path.bars.iter().map(of).sum::<f64>();
    assert!(all(|bar| bar.ordered) > 10.0 * all(|bar| bar.traded));
}

#[test]
fn the_hedge_leaves_no_beta() {
    let mut made = MadeMarket::new();
    made.config.volume_share = 1e9;
    made.prices.volume = None;
    let (path, prices, _) = made.follow(Some(Hedge::Coin(0)), 0.0);
    let window = prices.bars_of_days(made.config.covariance_days);
    let end = path.start + path.bars.len();
    let covariances = Covariances::new(&prices, &(path.start..end), window);
    let decided = end - 1;
    let covariance = covariances.of_day(prices.day(decided));
    let of_coin =
        |(coin, units): (usize, &f64)| covariance.beta[coin] * units * prices.mark(decided, coin);
    let exposure: f64 = path.account.units.iter().enumerate().map(of_coin).sum();
    assert!(exposure.abs() < 1e-12, "{exposure}");
}

#[test]
fn the_report_has_all_portfolios_at_every_fee() {
    let mut made = MadeMarket::new();
    made.rows.controls.clear();
    let report = made.report();
    let labels: Vec<String> = report.at_fee(4.0).map(|one| one.holding.label()).collect();
    let expected = [
        "made, raw",
        "made, hedged",
        "BTCUSDT held",
        "basket held",
        "basket, exposure-matched",
    ];
    assert_eq!(labels, expected);
    assert_eq!(report.results.len(), 10);
    assert_eq!(report.folds, [2, 3]);
    let free = report.at_fee(0.0).nth(1).unwrap().figures.clone();
    assert_eq!(free.deflated_sharpe, None);
    let trials = super::Trials::new(&[0.1, 0.2, -0.1]).unwrap();
    let deflated = report.deflated(trials);
    let of = |place: usize| deflated.results[place].figures.deflated_sharpe;
    assert!(
        of(1).unwrap() > 0.9 && of(3).is_none(),
        "what is held is no trial"
    );
}

/// Profits are linear in the fee: for the same fills, free ones never earn less.
#[test]
fn the_same_fills_earn_less_at_a_fee() {
    let made = MadeMarket::new();
    let (path, prices, _) = made.follow(Some(Hedge::Basket), 4.0);
    let days = days(&path, &prices);
    let net = |fee_bps: f64| {
        let mut equity = 1.0;
        let curve: Vec<f64> = (made.accounts(&days, fee_bps).net().iter())
            .map(|profit| {
                equity += profit;
                equity
            })
            .collect();
        curve
    };
    for (free, paid) in net(0.0).iter().zip(net(3.0)) {
        assert!(*free >= paid);
    }
}

/// A limit order is filled where the price trades through it, and not where it only touches it.
#[test]
fn a_touch_fills_no_limit_order() {
    let mut made = MadeMarket::new();
    made.config.orders = OrderKind::Limit;
    let cells = made.prices.close.len();
    // The last known close of the bar before, which is each order's limit.
    let mut touched = PriceRange {
        low: vec![f64::NAN; cells],
        high: vec![f64::NAN; cells],
    };
    for cell in 4..cells {
        let limit = (0..cell / 4)
            .rev()
            .map(|bar| made.prices.close[bar * 4 + cell % 4]);
        let limit = limit.into_iter().find(|close| *close > 0.0).unwrap();
        (touched.low[cell], touched.high[cell]) = (limit, limit);
    }
    made.prices.range = Some(touched.clone());
    let (path, ..) = made.follow(Some(Hedge::Basket), 0.0);
    assert!(path.bars.iter().all(|bar| bar.traded == 0.0));
    let missed = LimitOrders::new(&path.bars);
    assert_eq!(missed.unfilled, Some(1.0));
    assert_eq!(missed.without_fill, missed.orders);
    touched.low.iter_mut().for_each(|low| *low *= 0.999_999);
    made.prices.range = Some(touched);
    let (path, ..) = made.follow(Some(Hedge::Basket), 0.0);
    assert!(
        path.bars.iter().any(|bar| bar.traded > 0.0),
        "purchases are filled"
    );
    made.prices.range = None;
    let options = PortfolioOptions {
        config: made.config.clone(),
        folds: Vec::new(),
        bootstrap: Options::default(),
    };
    let forecasters = [made.forecaster.clone()];
    let refused = portfolio(&made.rows, &forecasters, &made.prices, &options).unwrap_err();
    insta::assert_snapshot!(refused, @"`portfolio.orders` is limit, expected taker, as the candles have no lowest and highest prices");
}

#[test]
fn what_cannot_be_traded_is_refused() {
    let made = MadeMarket::new();
    let refused = |folds: &[usize], hedge: &str| {
        let options = PortfolioOptions {
            config: PortfolioConfig {
                hedge: hedge.to_owned(),
                ..made.config.clone()
            },
            folds: folds.to_vec(),
            bootstrap: Options::default(),
        };
        let forecasters = [made.forecaster.clone()];
        portfolio(&made.rows, &forecasters, &made.prices, &options)
            .unwrap_err()
            .to_string()
    };
    insta::assert_snapshot!(refused(&[1, 2], "basket"), @"`folds` is [1, 2], expected folds that follow each other, each with one before it, such as 4-5");
    insta::assert_snapshot!(refused(&[9], "basket"), @"`folds` is [9], expected folds that follow each other, each with one before it, such as 4-5");
    insta::assert_snapshot!(refused(&[], "ETHUSDT"), @"`portfolio.hedge` is ETHUSDT, expected basket, or a coin that the run forecasts");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// No later candle, volume, forecast or realized value changes an earlier position.
    #[test]
    fn nothing_later_changes_a_position(cut in 200_usize..330, factor in 0.5_f64..2.0, hedged: bool, is_limit: bool) {
        let orders = if is_limit { OrderKind::Limit } else { OrderKind::Taker };
        let mut made = MadeMarket::new();
        made.config.orders = orders;
        let hedge = hedged.then_some(Hedge::Basket);
        let (before, ..) = made.follow(hedge, 4.0);
        let mut later = MadeMarket::new();
        later.config.orders = orders;
        for cell in (cut + 1) * 4..later.prices.close.len() {
            later.prices.close[cell] *= factor * (1.0 + 0.1 * (cell % 7) as f64);
            if let Some(volume) = &mut later.prices.volume {
                volume[cell] *= factor;
            }
            if let Some(range) = &mut later.prices.range {
                range.low[cell] *= factor;
                range.high[cell] *= factor;
            }
        }
        for (time_ms, rate) in later.prices.funding.iter_mut().flatten() {
            if *time_ms >= later.prices.start_ms + (cut as i64 + 1) * later.prices.bar_ms {
                *rate *= factor;
            }
        }
        let since_ms = later.prices.start_ms + (cut as i64 + 1) * later.prices.bar_ms;
        for row in 0..later.rows.len() {
            // A forecast of a later time, and what the return of an earlier one reaches into.
            if later.rows.time_ms[row] >= since_ms {
                later.forecaster.forecast[row] *= -factor;
            }
            if later.rows.time_ms[row] + 4 * later.rows.bar_ms >= since_ms {
                later.rows.realized_delayed[row] += factor;
            }
        }
        let (after, ..) = later.follow(hedge, 4.0);
        // Bars up to the cut: results[k] is of bar start + 1 + k.
        let known = cut - before.start;
        for bar in 0..known {
            prop_assert_eq!(before.bars[bar], after.bars[bar], "bar {}", bar);
        }
        prop_assert!(before.bars[known..] != after.bars[known..]);
    }
}
