//! What `/why` says of each kind of model is what its forecast is made of.

use std::collections::BTreeMap;
use std::fs;

use baseline::{Loaded, TreeKind};
use clap::Parser;
use serde_json::Value;

use crate::support::{Market, Server};

/// An explanation as it is read.
#[derive(Debug)]
pub struct Why {
    pub forecast: f64,
    pub base: f64,
    /// Name, value and what it added, in the order of the answer.
    pub parts: Vec<(String, Option<f64>, f64)>,
    pub json: Value,
}

impl Why {
    pub fn of(server: &Server, coin: &str) -> Self {
        let answer = server.get(&format!("/why?coin={coin}"));
        assert_eq!(answer.status, 200, "{}", answer.text());
        let json = answer.json();
        let part = |part: &Value| {
            let name = part["name"].as_str().unwrap().to_owned();
            (
                name,
                part["value"].as_f64(),
                part["added"].as_f64().unwrap(),
            )
        };
        Self {
            forecast: json["forecast"].as_f64().unwrap(),
            base: json["base"].as_f64().unwrap(),
            parts: json["contributions"]
                .as_array()
                .unwrap()
                .iter()
                .map(part)
                .collect(),
            json,
        }
    }

    /// Base and parts together.
    fn sum(&self) -> f64 {
        self.base + self.parts.iter().map(|(_, _, added)| added).sum::<f64>()
    }

    /// The sizes of base and parts together, which rounding is measured in.
    fn size(&self) -> f64 {
        self.base.abs()
            + self
                .parts
                .iter()
                .map(|(_, _, added)| added.abs())
                .sum::<f64>()
    }

    /// A part by its name.
    fn part(&self, name: &str) -> (Option<f64>, f64) {
        let found = self.parts.iter().find(|(own, _, _)| own == name);
        let (_, value, added) = found.unwrap_or_else(|| panic!("{name}"));
        (*value, *added)
    }

    /// The method and what is explained are these, and the largest part comes first.
    fn check(&self, coin: &str, method: &str, adds_up: bool) {
        let json = &self.json;
        assert_eq!(
            (
                &json["symbol"],
                &json["method"],
                &json["of"],
                &json["adds_up"]
            ),
            (
                &coin.into(),
                &method.into(),
                &"forecast".into(),
                &adds_up.into()
            )
        );
        let sizes: Vec<f64> = self.parts.iter().map(|(_, _, added)| added.abs()).collect();
        assert!(sizes.is_sorted_by(|one, other| one >= other), "{sizes:?}");
        assert!(sizes[0] > 0.0, "something pushed the forecast: {json}");
    }
}

pub const COINS: [&str; 3] = ["SIM1USDT", "SIM2USDT", "SIM3USDT"];

/// Trees of 30 rounds on two days of minutes; None, with a printed reason, without their library.
pub fn trees(kind: TreeKind, fit: &str) -> Option<Market> {
    tests::available(Loaded::open(kind))?;
    let mut market = Market::of(("1m", "10m"), 2500, 2400);
    let config = market.dir.path().join("tiny.toml");
    fs::write(&config, tests::TINY).unwrap();
    let section = match kind {
        TreeKind::LightGbm => "lightgbm",
        TreeKind::XgBoost => "xgboost",
    };
    let leaf = match kind {
        TreeKind::LightGbm => "lightgbm.min_data_in_leaf=50",
        TreeKind::XgBoost => "xgboost.min_child_weight=50",
    };
    let set = [
        format!("baseline.trees={section}"),
        format!("{section}.lookbacks=[5, 30]"),
        format!("{section}.rounds=30"),
        format!("{section}.patience=off"),
        format!("{section}.shap_rows=10"),
        leaf.to_owned(),
        format!("target.fit={fit}"),
        "normalize.target=coin".to_owned(),
    ];
    let set: Vec<&str> = set.iter().map(String::as_str).collect();
    let mut arguments = market.fitting("baseline", "run", &set);
    arguments.insert(1, format!("--config={}", config.display()));
    baseline::run(&baseline::Args::parse_from(arguments)).unwrap();
    market.run = market.dir.path().join("run");
    market.write_ledger(1, market.last_ms);
    Some(market)
}

/// A ridge on 12 days of quarters of an hour.
pub fn ridge() -> Market {
    let mut market = Market::of(("15m", "1h"), 12 * 96, 12 * 96 - 8);
    market.run = fit_ridge(&market, "run", &[]);
    market.write_ledger(1, market.last_ms);
    market
}

fn fit_ridge(market: &Market, name: &str, more: &[&str]) -> std::path::PathBuf {
    let mut set = vec![
        "features.set=relative",
        "features.lookback_bars=1",
        "split.early_stopping_share=0",
    ];
    set.extend(more);
    let arguments = market.fitting("ridge", name, &set);
    linear::run(&linear::Args::parse_from(arguments)).unwrap();
    market.dir.path().join(name)
}

/// LightGBM adds leaves and SHAP values up in 64 bits: what is left is rounding of so many additions.
#[test]
fn shap_values_of_lightgbm_and_the_base_are_the_forecast() {
    for fit in ["whole", "parts"] {
        let Some(market) = trees(TreeKind::LightGbm, fit) else {
            return;
        };
        let server = market.serve(&[]);
        for coin in COINS {
            let why = Why::of(&server, coin);
            why.check(coin, "shap", true);
            let off = (why.sum() - why.forecast).abs();
            assert!(
                off <= 1e-12 * why.size(),
                "{fit} {coin}: {off} of {}",
                why.size()
            );
        }
    }
}

/// XGBoost adds leaves and SHAP values up in 32 bits, each in its own order: 30 trees round 30 times on
/// both ways, by at most half of 2^-23 of what is added up.
#[test]
fn shap_values_of_xgboost_and_the_base_are_the_forecast() {
    let Some(market) = trees(TreeKind::XgBoost, "whole") else {
        return;
    };
    let server = market.serve(&[]);
    let tolerance = 30.0 * f64::from(f32::EPSILON);
    for coin in COINS {
        let why = Why::of(&server, coin);
        why.check(coin, "shap", true);
        let off = (why.sum() - why.forecast).abs();
        assert!(
            off <= tolerance * why.size(),
            "{coin}: {off} of {}",
            why.size()
        );
    }
}

/// Of a coin's own part a term adds coefficient times what its value differs from the mean of the coins,
/// of the market's part coefficient times value times the part's share; both in the coin's unit.
#[test]
fn each_term_of_a_ridge_adds_its_coefficient_times_its_value() {
    let market = ridge();
    let server = market.serve(&[]);
    let file: Value =
        serde_json::from_slice(&fs::read(market.run.join("ridge.json")).unwrap()).unwrap();
    let last = file["refits"].as_array().unwrap().last().unwrap();
    // The shortest text of 32 bits, which 64 bits would read as another number.
    let single = |number: &Value| f64::from(number.as_f64().unwrap() as f32);
    let named = |terms: &str, part: &str| -> BTreeMap<String, f64> {
        let names = file[terms].as_array().unwrap().iter().map(|term| {
            let names = term.as_array().unwrap().iter();
            names
                .map(|name| name.as_str().unwrap())
                .collect::<Vec<_>>()
                .join(" x ")
        });
        let coefficients = last[part].as_array().unwrap().iter();
        names.zip(coefficients.map(single)).collect()
    };
    let (own, of_market) = (named("own_terms", "own"), named("market_terms", "market"));
    let share = single(&last["market_share"]);
    let whys = COINS.map(|coin| Why::of(&server, coin));
    let mean = |name: &str| {
        let values = whys.iter().map(|why| why.part(name).0.unwrap());
        values.sum::<f64>() / whys.len() as f64
    };
    let mut units = Vec::new();
    for (coin, why) in COINS.into_iter().zip(&whys) {
        why.check(coin, "linear", true);
        assert_eq!(
            (why.base, why.parts.len()),
            (0.0, own.len() + of_market.len())
        );
        let value = |name: &String| why.part(name).0.unwrap();
        let in_units = own
            .iter()
            .map(|(name, c)| (name, c * (value(name) - mean(name))))
            .chain(
                of_market
                    .iter()
                    .map(|(name, c)| (name, c * value(name) * share)),
            );
        let in_units: Vec<(&String, f64)> = in_units.collect();
        let (largest, expected) = (in_units.iter())
            .max_by(|one, other| one.1.abs().total_cmp(&other.1.abs()))
            .unwrap();
        let unit = why.part(largest).1 / expected;
        assert!(unit > 0.0, "{coin}: {unit}");
        // A difference from a mean is known to the rounding of what it is taken from.
        for (name, expected) in &in_units {
            let rounding = 1e-12
                * (expected.abs() + (own.get(*name)).map_or(0.0, |c| (c * value(name)).abs()));
            let off = (why.part(name).1 / unit - expected).abs();
            assert!(off <= rounding, "{coin} {name}: {off}, expected {expected}");
        }
        let off = (why.sum() - why.forecast).abs();
        assert!(off <= 1e-12 * why.size(), "{coin}: {off} of {}", why.size());
        units.push(unit);
    }
    assert_ne!(units[0], units[1], "each coin has its own unit");
}

/// A member adds weight times forecast: of the mean of the coins by one weight, of what the coin differs
/// from it by another.
#[test]
fn members_of_an_ensemble_add_their_weight_times_their_forecast() {
    let mut market = Market::of(("15m", "1h"), 12 * 96, 12 * 96 - 8);
    let members = [
        fit_ridge(&market, "strict", &[]),
        fit_ridge(
            &market,
            "loose",
            &["ridge.penalty=100", "ridge.market_penalty=100"],
        ),
    ];
    let run = market.dir.path().join("both");
    let mut arguments = vec!["ensemble".to_owned(), format!("--run={}", run.display())];
    arguments.push("--set=ensemble.prior_events=20".to_owned());
    arguments.extend(members.iter().map(|member| member.display().to_string()));
    ensemble::run(&ensemble::Args::parse_from(arguments)).unwrap();
    let (saved, _) = ensemble::SavedWeights::read(&run).unwrap();
    let weights = &saved.folds.last().unwrap().weights;
    assert_ne!(*weights, ensemble::Weights::equal(2));
    let forecasts = members.map(|member| {
        market.run = member;
        let (made, _) = market.forecasts(market.last_ms);
        let of_coin = |coin: &predict::CoinForecast| coin.forecast.unwrap();
        made.coins.iter().map(of_coin).collect::<Vec<f64>>()
    });
    market.run = run;
    market.write_ledger(1, market.last_ms);
    let server = market.serve(&[]);
    for (coin, symbol) in COINS.into_iter().enumerate() {
        let why = Why::of(&server, symbol);
        why.check(symbol, "members", true);
        assert_eq!((why.base, why.parts.len()), (0.0, 2));
        for (member, name) in ["strict", "loose"].into_iter().enumerate() {
            let own = &forecasts[member];
            let of_market = own.iter().sum::<f64>() / own.len() as f64;
            let expected =
                weights.market[member] * of_market + weights.own[member] * (own[coin] - of_market);
            let (value, added) = why.part(name);
            assert_eq!(value, Some(own[coin]), "{symbol} {name}");
            let rounding = 1e-12 * (own[coin].abs() + of_market.abs());
            assert!(
                (added - expected).abs() <= rounding,
                "{symbol} {name}: {added}, {expected}"
            );
        }
        let off = (why.sum() - why.forecast).abs();
        assert!(
            off <= 1e-12 * why.size(),
            "{symbol}: {off} of {}",
            why.size()
        );
    }
}

/// The same network whose statistics give some features an endless deviation sees those features at
/// their mean, whatever they are: its forecast is what is left without them.
#[test]
fn occlusion_is_what_a_network_loses_without_a_group_of_features() {
    let mut market = Market::new();
    market.write_ledger(1, market.last_ms);
    let server = market.serve(&[]);
    let whys = COINS.map(|coin| Why::of(&server, coin));
    let run = market.run.clone();
    let features: Vec<String> = {
        let stats = fs::read(run.join("stats.json")).unwrap();
        let stats: Value = serde_json::from_slice(&stats).unwrap();
        let names = stats["features"].as_array().unwrap().iter();
        names
            .map(|name| name.as_str().unwrap().to_owned())
            .collect()
    };
    // Every feature of this set is a group of its own.
    let mut without = |hidden: &[&String]| {
        market.run = market.dir.path().join("hidden");
        crate::support::copy_run(&run, &market.run, |stats| {
            for coin in stats["coins"].as_array_mut().unwrap() {
                for (place, name) in features.iter().enumerate() {
                    if hidden.contains(&name) {
                        coin["std"][place] = 1e30.into();
                    }
                }
            }
        });
        let (made, _) = market.forecasts(market.last_ms);
        let of_coin = |coin: &predict::CoinForecast| coin.forecast.unwrap();
        made.coins.iter().map(of_coin).collect::<Vec<f64>>()
    };
    let all: Vec<&String> = features.iter().collect();
    let base = without(&all);
    for (coin, why) in whys.iter().enumerate() {
        why.check(COINS[coin], "occlusion", false);
        assert_eq!(why.parts.len(), features.len());
        // What an endless deviation leaves of a feature moves no sum of 32 bits.
        let rounding = 1e-6 * why.forecast.abs();
        assert!(
            (why.base - base[coin]).abs() <= rounding,
            "{} {}",
            why.base,
            base[coin]
        );
    }
    for name in &features {
        let left = without(&[name]);
        for (coin, why) in whys.iter().enumerate() {
            let (value, added) = why.part(name);
            assert_eq!(value, None, "a group has no value");
            let expected = why.forecast - left[coin];
            let rounding = 1e-6 * why.forecast.abs().max(left[coin].abs());
            let symbol = COINS[coin];
            assert!(
                (added - expected).abs() <= rounding,
                "{symbol} {name}: {added}, {expected}"
            );
        }
    }
}

/// A coin that got another name within the history of a forecast: the ledger has its candles under both.
#[test]
fn a_renamed_coin_is_explained_by_the_candles_of_both_its_names() {
    let mut market = Market::new();
    let (new, old) = ("SIM1USDT", "OLD1USDT");
    let renamed_ms = market.last_ms - 4 * market.bar_ms;
    let symbol = |name: &str| market::Symbol::new(name).unwrap();
    market.renamed = Some((symbol(new), symbol(old), renamed_ms));
    market.write_ledger(1, market.last_ms);
    let events = market.dir.path().join("events.toml");
    let date = dataset::format_time(renamed_ms);
    let text = format!(
        "[[event]]\nsymbol = \"{new}\"\nkind = \"rebrand\"\nfrom = \"{old}\"\ndate = \"{date}\"\n"
    );
    fs::write(&events, text).unwrap();
    let server = market.serve(&[&format!("--set=data.symbols_file={}", events.display())]);
    Why::of(&server, new).check(new, "occlusion", false);
}

#[test]
fn a_coin_that_is_not_there_is_named() {
    let market = Market::new();
    market.write_ledger(1, market.last_ms);
    let server = market.serve(&[]);
    let refused = server.get("/why?coin=SIM4USDT");
    assert_eq!(refused.status, 404);
    let json = refused.json();
    assert_eq!(
        json["detail"],
        "there is no coin `SIM4USDT`, expected SIM1USDT, SIM2USDT, SIM3USDT"
    );
    assert_eq!(json["hints"].as_array().unwrap().len(), 1);
    assert_eq!(server.get("/why").status, 400);
}
