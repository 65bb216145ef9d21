//! The simulated market against what it promises.

use std::collections::HashMap;

use market::{Candle, Error, Interval, SimulatedCoin, SimulatedConfig, simulate, simulate_coin};

const MINUTE: i64 = 60_000;

fn config() -> SimulatedConfig {
    SimulatedConfig {
        coins: 4,
        minutes: 25_000,
        ..SimulatedConfig::default()
    }
}

fn pearson(pairs: &[(f64, f64)]) -> f64 {
    let count = pairs.len() as f64;
    let mean_x = pairs.iter().map(|pair| pair.0).sum::<f64>() / count;
    let mean_y = pairs.iter().map(|pair| pair.1).sum::<f64>() / count;
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in pairs {
        xy += (x - mean_x) * (y - mean_y);
        xx += (x - mean_x).powi(2);
        yy += (y - mean_y).powi(2);
    }
    xy / (xx * yy).sqrt()
}

/// For each candle whose close `horizon` bars later is there: its index and the simple return.
fn returns(coin: &SimulatedCoin, interval: Interval, horizon: i64) -> Vec<(usize, f64)> {
    let closes: HashMap<i64, f64> = coin
        .candles
        .iter()
        .map(|candle| (candle.open_time_ms, candle.close))
        .collect();
    coin.candles
        .iter()
        .enumerate()
        .filter_map(|(index, candle)| {
            let later = closes.get(&(candle.open_time_ms + horizon * interval.ms()))?;
            Some((index, later / candle.close - 1.0))
        })
        .collect()
}

fn log_returns(candles: &[Candle]) -> Vec<f64> {
    candles
        .windows(2)
        .filter(|pair| pair[1].open_time_ms - pair[0].open_time_ms == MINUTE)
        .map(|pair| (pair[1].close / pair[0].close).ln())
        .collect()
}

#[test]
fn the_same_seed_gives_the_same_market_and_another_another() {
    let market = simulate(&config(), Interval::ONE_MINUTE).unwrap();
    assert_eq!(market, simulate(&config(), Interval::ONE_MINUTE).unwrap());
    let other = SimulatedConfig {
        seed: 2,
        ..config()
    };
    let other = simulate(&other, Interval::ONE_MINUTE).unwrap();
    assert_ne!(
        market.coins[0].candles[100..200],
        other.coins[0].candles[100..200]
    );
    for (index, coin) in market.coins.iter().enumerate() {
        assert_eq!(
            *coin,
            simulate_coin(&config(), Interval::ONE_MINUTE, index).unwrap()
        );
    }
}

#[test]
fn more_minutes_and_more_coins_only_add() {
    let small = simulate(&config(), Interval::ONE_MINUTE).unwrap();
    let larger = SimulatedConfig {
        coins: 6,
        minutes: 40_000,
        ..config()
    };
    let large = simulate(&larger, Interval::ONE_MINUTE).unwrap();
    for (short, long) in small.coins.iter().zip(&large.coins) {
        assert_eq!(short.symbol, long.symbol);
        assert_eq!(short.candles, long.candles[..short.candles.len()]);
        let last = short.candles.len() - 1;
        assert_eq!(
            short.expected_return(last, 15),
            long.expected_return(last, 15)
        );
    }
}

#[test]
fn every_candle_of_every_interval_passes_the_check() {
    for interval in Interval::ALL {
        let market = simulate(&config(), interval).unwrap();
        for coin in &market.coins {
            assert!(!coin.candles.is_empty());
            for candle in &coin.candles {
                candle.check(interval).unwrap();
                let (volume, quote) = (candle.volume.unwrap(), candle.quote_volume.unwrap());
                let average = quote / volume;
                assert!(average > candle.low.unwrap() * (1.0 - 1e-12));
                assert!(average < candle.high.unwrap() * (1.0 + 1e-12));
                assert!(candle.count.unwrap() >= 1.0);
            }
            assert!(
                coin.candles
                    .is_sorted_by(|a, b| a.open_time_ms < b.open_time_ms)
            );
        }
    }
}

#[test]
fn prices_differ_between_coins_and_stay_real() {
    let market = simulate(&config(), Interval::ONE_MINUTE).unwrap();
    let firsts: Vec<f64> = market
        .coins
        .iter()
        .map(|coin| coin.candles[0].close)
        .collect();
    for (index, first) in firsts.iter().enumerate() {
        assert!(
            firsts[..index]
                .iter()
                .all(|other| (other / first).ln().abs() > 0.2)
        );
        for candle in &market.coins[index].candles {
            assert!((candle.close / first).ln().abs() < 1.5);
        }
    }
}

/// The oracle's correlation is the configured one, at the calibrated horizon and at others, and
/// its size is right too: regressed on it, returns have the slope 1.
#[test]
fn the_best_forecast_correlates_as_configured() {
    for (signal, interval, bars) in [
        (0.25, Interval::ONE_MINUTE, 15),
        (0.1, Interval::ONE_MINUTE, 15),
        (0.25, Interval::ONE_MINUTE, 60),
        (0.25, Interval::from_ms(5 * MINUTE).unwrap(), 3),
    ] {
        let config = SimulatedConfig {
            seed: 7,
            coins: 8,
            minutes: 400_000,
            signal,
            ..config()
        };
        let market = simulate(&config, interval).unwrap();
        let mut pairs = Vec::new();
        for (coin_index, coin) in market.coins.iter().enumerate() {
            for (index, realized) in returns(coin, interval, bars) {
                let forecast = market.expected_return(coin_index, index, bars as usize);
                pairs.push((forecast, realized));
            }
        }
        let promised = market.best_correlation(bars as usize);
        if bars * interval.ms() == 15 * MINUTE {
            assert!((promised - signal).abs() < 1e-6);
        }
        let found = pearson(&pairs);
        let slope = pairs.iter().map(|(x, y)| x * y).sum::<f64>()
            / pairs.iter().map(|(x, _)| x * x).sum::<f64>();
        println!("{interval} x {bars}: promised {promised:.4}, found {found:.4}, slope {slope:.3}");
        assert!(
            (found - promised).abs() < 0.02,
            "promised {promised}, found {found}"
        );
        assert!((slope - 1.0).abs() < 0.1, "slope {slope}");
    }
}

/// The expectation needs nothing but past closes: rebuilt from them it is the same.
#[test]
fn the_best_forecast_follows_from_past_closes() {
    let config = SimulatedConfig {
        missing_share: 0.0,
        outage_every_minutes: None,
        ..config()
    };
    let market = simulate(&config, Interval::ONE_MINUTE).unwrap();
    for coin in &market.coins {
        let decay = 0.5_f64.powf(1.0 / config.half_life_minutes);
        let mut average = 0.0;
        let mut pairs = Vec::new();
        for (index, log_return) in log_returns(&coin.candles).into_iter().enumerate() {
            average = decay * average + (1.0 - decay) * log_return;
            if index > 500 {
                pairs.push((-average, coin.expected_return(index + 1, 15)));
            }
        }
        assert!(pearson(&pairs) > 0.999_999);
    }
}

#[test]
fn the_negated_last_return_is_right_more_often_than_not() {
    let config = SimulatedConfig {
        minutes: 200_000,
        ..config()
    };
    let market = simulate(&config, Interval::ONE_MINUTE).unwrap();
    let mut pairs = Vec::new();
    for coin in &market.coins {
        let next: HashMap<usize, f64> = returns(coin, Interval::ONE_MINUTE, 15)
            .into_iter()
            .collect();
        for (index, pair) in coin.candles.windows(2).enumerate() {
            if let Some(realized) = next.get(&(index + 1)) {
                pairs.push((-(pair[1].close / pair[0].close).ln(), *realized));
            }
        }
    }
    let found = pearson(&pairs);
    println!("negated last return: {found:.4}");
    assert!((0.02..0.15).contains(&found), "{found}");
}

#[test]
fn no_signal_means_nothing_to_forecast() {
    let config = SimulatedConfig {
        signal: 0.0,
        ..config()
    };
    let market = simulate(&config, Interval::ONE_MINUTE).unwrap();
    assert_eq!(market.best_correlation(15), 0.0);
    assert!((0..100).all(|index| market.expected_return(0, index, 15) == 0.0));
}

#[test]
fn coins_share_a_factor_and_volatility_clusters() {
    let config = SimulatedConfig {
        missing_share: 0.0,
        outage_every_minutes: None,
        ..config()
    };
    let market = simulate(&config, Interval::ONE_MINUTE).unwrap();
    let series: Vec<Vec<f64>> = market
        .coins
        .iter()
        .map(|coin| log_returns(&coin.candles))
        .collect();
    let together: Vec<(f64, f64)> = series[0]
        .iter()
        .copied()
        .zip(series[1].iter().copied())
        .collect();
    let shared = pearson(&together);
    assert!((0.3..0.95).contains(&shared), "{shared}");
    for one in &series {
        let sizes: Vec<f64> = one.iter().map(|value| value.abs()).collect();
        for lag in [1, 60] {
            let pairs: Vec<(f64, f64)> = sizes
                .iter()
                .copied()
                .zip(sizes[lag..].iter().copied())
                .collect();
            let clustering = pearson(&pairs);
            assert!(clustering > 0.1, "lag {lag}: {clustering}");
        }
        let square = one.iter().map(|value| value.powi(2)).sum::<f64>() / one.len() as f64;
        let fourth = one.iter().map(|value| value.powi(4)).sum::<f64>() / one.len() as f64;
        assert!(fourth / square.powi(2) > 4.0, "tails are not heavy");
        assert!((3e-4..3e-3).contains(&square.sqrt()), "{}", square.sqrt());
    }
}

#[test]
fn volume_follows_the_day_and_the_move_and_takers_the_direction() {
    let market = simulate(&config(), Interval::ONE_MINUTE).unwrap();
    let candles = &market.coins[0].candles;
    let hour = |candle: &Candle| candle.open_time_ms / 3_600_000 % 24;
    let mean = |hours: [i64; 2]| {
        let some: Vec<f64> = candles
            .iter()
            .filter(|candle| hours.contains(&hour(candle)))
            .map(|candle| candle.quote_volume.unwrap())
            .collect();
        some.iter().sum::<f64>() / some.len() as f64
    };
    assert!(mean([23, 0]) > 2.0 * mean([11, 12]));
    let moves =
        |of: fn(&Candle) -> (f64, f64)| pearson(&candles.iter().map(of).collect::<Vec<_>>());
    let size = moves(|candle| {
        let way = (candle.close / candle.open.unwrap()).ln();
        (way.abs(), candle.volume.unwrap().ln())
    });
    assert!(size > 0.2, "{size}");
    let side = moves(|candle| {
        let way = (candle.close / candle.open.unwrap()).ln();
        (
            way,
            candle.taker_buy_volume.unwrap() / candle.volume.unwrap(),
        )
    });
    assert!(side > 0.3, "{side}");
}

#[test]
fn there_are_single_holes_and_outages_of_the_whole_exchange() {
    let config = config();
    let market = simulate(&config, Interval::ONE_MINUTE).unwrap();
    let missing: Vec<Vec<i64>> = market
        .coins
        .iter()
        .map(|coin| {
            let there: std::collections::HashSet<i64> = coin
                .candles
                .iter()
                .map(|candle| candle.open_time_ms)
                .collect();
            (0..config.minutes as i64)
                .map(|minute| config.start_ms + minute * MINUTE)
                .filter(|time| !there.contains(time))
                .collect()
        })
        .collect();
    let shared: Vec<i64> = missing[0]
        .iter()
        .copied()
        .filter(|time| missing.iter().all(|times| times.contains(time)))
        .collect();
    // Two whole spans of 12,000 minutes, and perhaps one in the begun third.
    assert!((40..=270).contains(&shared.len()), "{}", shared.len());
    let ends = shared
        .windows(2)
        .filter(|pair| pair[1] - pair[0] > MINUTE)
        .count();
    assert!((1..=2).contains(&ends), "{ends}");
    for times in &missing {
        let own = times.len() - shared.len();
        assert!((2..=40).contains(&own), "{own} single holes");
    }
    assert_ne!(missing[0], missing[1]);
    // Prices go on in an outage: over it they move as far as its length says, not as one minute.
    let none = SimulatedConfig {
        outage_every_minutes: None,
        missing_share: 0.0,
        ..config
    };
    let whole = simulate(&none, Interval::ONE_MINUTE).unwrap();
    assert_eq!(whole.coins[0].candles.len(), none.minutes);
    let by_time: HashMap<i64, Candle> = whole.coins[0]
        .candles
        .iter()
        .map(|candle| (candle.open_time_ms, *candle))
        .collect();
    assert!(
        market.coins[0]
            .candles
            .iter()
            .all(|candle| by_time[&candle.open_time_ms] == *candle)
    );
}

#[test]
fn wrong_configurations_are_refused_by_key() {
    type Change = fn(&mut SimulatedConfig);
    let cases: [(&str, Change); 15] = [
        ("coins", |config| config.coins = 0),
        ("coins", |config| config.coins = usize::MAX),
        ("minutes", |config| config.minutes = 0),
        ("minutes", |config| config.minutes = usize::MAX),
        ("start_ms", |config| config.start_ms = -60_000),
        ("start_ms", |config| config.start_ms += 1),
        ("start_ms", |config| config.start_ms = i64::MAX),
        ("signal", |config| config.signal = -0.1),
        ("signal", |config| config.signal = f64::NAN),
        ("signal", |config| config.half_life_minutes = 1.0),
        ("signal_horizon_minutes", |config| {
            config.signal_horizon_minutes = 0
        }),
        ("half_life_minutes", |config| {
            config.half_life_minutes = f64::INFINITY
        }),
        ("half_life_minutes", |config| config.half_life_minutes = 0.0),
        ("missing_share", |config| config.missing_share = 1.0),
        ("outage_every_minutes", |config| {
            config.outage_every_minutes = Some(10)
        }),
    ];
    for (expected, change) in cases {
        let mut config = config();
        change(&mut config);
        match simulate(&config, Interval::ONE_MINUTE).unwrap_err() {
            Error::Simulated { key, .. } => assert_eq!(key, expected),
            other => panic!("{other}"),
        }
    }
    let error = simulate_coin(&config(), Interval::ONE_MINUTE, 4).unwrap_err();
    assert_eq!(
        error.to_string(),
        "data.simulated.coins is 4, expected more than 4, the coin asked for"
    );
    let hint = "correct it in the config file or with --set data.simulated.coins=...";
    assert_eq!(error.hint().as_deref(), Some(hint));
    let typo = serde_json::from_str::<SimulatedConfig>(r#"{"sed": 1}"#).unwrap_err();
    assert!(typo.to_string().contains("unknown field `sed`"), "{typo}");
    let some: SimulatedConfig = serde_json::from_str(r#"{"coins": 3}"#).unwrap();
    assert_eq!(
        some,
        SimulatedConfig {
            coins: 3,
            ..SimulatedConfig::default()
        }
    );
}

#[test]
fn no_such_candle_is_nan() {
    let market = simulate(&config(), Interval::ONE_MINUTE).unwrap();
    assert!(market.expected_return(99, 0, 15).is_nan());
    assert!(market.expected_return(0, usize::MAX, 15).is_nan());
    assert_eq!(market.expected_return(0, 0, 0), 0.0);
    assert!(market.expected_return(0, 0, usize::MAX).is_finite());
    assert!(market.best_correlation(usize::MAX).is_finite());
    assert_eq!(market.best_correlation(0), 0.0);
}
