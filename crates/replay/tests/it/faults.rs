//! Each fault on its own.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use market::{Interval, Market, RestClient, RestOptions};
use replay::{Exchange, Faults, ReplayConfig};

use crate::client::{Answer, get};
use crate::coins::{MINUTE_MS, minutes, ms, standing, symbol, unzipped};

const NOW: &str = "2021-05-03T02:30:20";
const KLINES: &str = "/api/v3/klines?symbol=AUSDT&interval=1m";

/// An exchange with `faults`, and its answer to klines.
fn klines(faults: Faults) -> (Exchange, Answer) {
    let exchange = standing(NOW, faults);
    let answer = get(&exchange.url(), KLINES);
    (exchange, answer)
}

#[test]
fn refusals_have_their_status_and_header() {
    let (exchange, answer) = klines(Faults {
        rate_limited: 1.0,
        retry_after_secs: 7,
        ..Faults::default()
    });
    assert_eq!(
        (answer.status, answer.headers["retry-after"].as_str()),
        (429, "7")
    );
    assert_eq!(exchange.counts().faults("rate_limited"), 1);
    get(&exchange.url(), "/api/v3/time");
    assert_eq!(exchange.counts().faults("while_silenced"), 1);

    let (_, answer) = klines(Faults {
        banned: 1.0,
        retry_after_secs: 60,
        ..Faults::default()
    });
    assert_eq!(
        (answer.status, answer.headers["retry-after"].as_str()),
        (418, "60")
    );
    assert!(
        answer
            .text()
            .contains(&format!("IP banned until {}", ms(NOW) + 60_000)),
        "{}",
        answer.text()
    );

    let (_, answer) = klines(Faults {
        country_blocked: true,
        ..Faults::default()
    });
    assert_eq!(answer.status, 451);
    let (_, answer) = klines(Faults {
        forbidden: 1.0,
        ..Faults::default()
    });
    assert_eq!(answer.status, 403);
    assert!(answer.headers.contains_key("x-mbx-used-weight-1m"));
}

#[test]
fn server_errors_are_of_three_kinds_and_shares_are_kept() {
    let exchange = standing(
        NOW,
        Faults {
            server_error: 0.5,
            ..Faults::default()
        },
    );
    let statuses: Vec<u16> = (0..100)
        .map(|_| get(&exchange.url(), "/api/v3/time").status)
        .collect();
    assert_eq!(
        BTreeSet::from_iter(statuses.clone()),
        BTreeSet::from([200, 500, 502, 503])
    );
    let failures = statuses.iter().filter(|&&status| status != 200).count();
    assert!((30..70).contains(&failures), "{failures}");
    assert_eq!(exchange.counts().faults("server_error"), failures as u64);
    assert_eq!(exchange.counts().requests("time"), 100);
}

#[test]
fn slow_answers_come_late() {
    let began = Instant::now();
    let (_, answer) = klines(Faults {
        slow: 1.0,
        slow_ms: 120,
        ..Faults::default()
    });
    assert!(began.elapsed() >= Duration::from_millis(120));
    assert_eq!(answer.times().len(), 151);
}

#[test]
fn a_cut_body_is_shorter_than_promised() {
    let (exchange, answer) = klines(Faults {
        cut: 1.0,
        ..Faults::default()
    });
    let promised: usize = answer.headers["content-length"].parse().unwrap();
    assert_eq!((answer.status, answer.body.len()), (200, promised / 2));
    assert_eq!(exchange.counts().faults("cut"), 1);

    let options = RestOptions {
        max_tries: 1,
        ..RestOptions::for_market(Market::Spot)
    };
    let client = RestClient::with_options(Market::Spot, Some(&exchange.url()), options).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let error = runtime.block_on(client.server_time_ms()).unwrap_err();
    assert!(matches!(error, market::Error::CutOff { .. }), "{error}");
}

#[test]
fn stale_answers_end_too_early() {
    let (exchange, answer) = klines(Faults {
        stale: 1.0,
        ..Faults::default()
    });
    let times = answer.times();
    assert!((147..=150).contains(&times.len()), "{}", times.len());
    assert_eq!(times[0], ms("2021-05-03"));
    assert_eq!(exchange.counts().faults("stale"), 1);
}

#[test]
fn late_candles_are_hidden_until_they_come() {
    let seen = |now: &str, late: f64, late_ms: u64| {
        get(
            &standing(
                now,
                Faults {
                    late,
                    late_ms,
                    ..Faults::default()
                },
            )
            .url(),
            KLINES,
        )
        .times()
    };
    let bars = |count: i64| {
        (0..count)
            .map(|bar| ms("2021-05-03") + bar * MINUTE_MS)
            .collect::<Vec<_>>()
    };
    // The candle of 00:57 closes at 00:58 and comes at 00:59:30; it is not shown forming either.
    assert_eq!(seen("2021-05-03T00:59:29.999", 1.0, 90_000), bars(57));
    assert_eq!(seen("2021-05-03T00:59:30", 1.0, 90_000), bars(58));
    // A share of them, the same ones each time.
    let some = seen("2021-05-03T02:00", 0.5, 3_600_000);
    assert_eq!(some[..60], bars(60));
    assert!((75..107).contains(&some.len()), "{}", some.len());
    assert_eq!(some, seen("2021-05-03T02:00", 0.5, 3_600_000));
}

#[test]
fn holes_are_the_same_ones_everywhere_and_stay() {
    let faults = Faults {
        hole_share: 0.1,
        ..Faults::default()
    };
    let exchange = standing("2021-06-01", faults.clone());
    let target = format!("{KLINES}&startTime={}&limit=1000", ms("2021-05-03"));
    let times = get(&exchange.url(), &target).times();
    assert!((150..=174).contains(&times.len()), "{}", times.len());
    let zip = get(
        &exchange.url(),
        "/data/spot/daily/klines/AUSDT/1m/AUSDT-1m-2021-05-03.zip",
    );
    let csv = unzipped(&zip.body);
    let in_archive: Vec<i64> = csv
        .lines()
        .map(|line| line.split(',').next().unwrap().parse().unwrap())
        .collect();
    assert_eq!(in_archive, times);
    assert_eq!(
        get(&standing("2021-07-01", faults).url(), &target).times(),
        times
    );
    assert_ne!(
        get(&exchange.url(), &target.replace("AUSDT", "BUSDT")).times(),
        times
    );
}

#[test]
fn an_outage_ends_and_its_candles_are_there_afterwards() {
    let faults = |from: &str, until: &str| Faults {
        outages: vec![[from.into(), until.into()]],
        ..Faults::default()
    };
    let (exchange, answer) = klines(faults("2021-05-03T02:00", "2021-05-03T03:00"));
    assert_eq!(answer.status, 503);
    assert_eq!(exchange.counts().faults("outages"), 1);
    let (_, answer) = klines(faults("2021-05-03T02:00", NOW));
    assert_eq!(answer.times().len(), 151);
}

#[test]
fn a_coin_is_unknown_before_it_is_listed() {
    let listed = |time: &str| Faults {
        listed: [(symbol("AUSDT"), time.to_owned())].into(),
        ..Faults::default()
    };
    let (exchange, answer) = klines(listed("2021-05-03T02:30:21"));
    assert_eq!(
        (answer.status, answer.json()["code"].as_i64()),
        (400, Some(-1121))
    );
    let symbols = get(&exchange.url(), "/api/v3/exchangeInfo").json()["symbols"].clone();
    assert_eq!(symbols.as_array().unwrap().len(), 1);
    let (_, answer) = klines(listed("2021-05-03T02:00"));
    assert_eq!(answer.times()[0], ms("2021-05-03T02:00"));
    // A coin whose candles begin later is not listed yet either.
    let coins = vec![
        (symbol("AUSDT"), minutes("2021-05-03", 10)),
        (symbol("BUSDT"), minutes("2021-05-04", 10)),
    ];
    let config = ReplayConfig {
        speed: 0.0,
        ..ReplayConfig::default()
    };
    let exchange = Exchange::start(Market::Spot, Interval::ONE_MINUTE, coins, &config).unwrap();
    assert_eq!(
        get(&exchange.url(), &KLINES.replace("AUSDT", "BUSDT")).status,
        400
    );
    assert_eq!(get(&exchange.url(), KLINES).times(), [ms("2021-05-03")]);
}

#[test]
fn a_skewed_clock_tells_a_wrong_time_but_closes_candles_as_ever() {
    let (exchange, answer) = klines(Faults {
        clock_skew_ms: 45_000,
        ..Faults::default()
    });
    assert_eq!(answer.times().len(), 151);
    let time = get(&exchange.url(), "/api/v3/time");
    assert_eq!(time.json()["serverTime"], ms(NOW) + 45_000);
    assert_eq!(time.headers["date"], "Mon, 03 May 2021 02:31:05 GMT");
    assert_eq!(exchange.now_ms(), ms(NOW));
}

#[test]
fn candles_that_cannot_be_served_are_refused() {
    let refusal = |coins: Vec<(&str, dataset::CandleTable)>, faults: Faults| {
        let coins = coins
            .into_iter()
            .map(|(name, candles)| (symbol(name), candles))
            .collect();
        let config = ReplayConfig {
            faults,
            ..ReplayConfig::default()
        };
        let started = Exchange::start(Market::Spot, Interval::ONE_MINUTE, coins, &config);
        let error = started.unwrap_err();
        let hints = cli::hints(&error, dataset::hint_of);
        let hints = hints.iter().map(|hint| format!("\nhint: {hint}"));
        format!("{error:#}{}", hints.collect::<String>())
    };
    let none = Faults::default();
    let good = || minutes("2021-05-03", 3);
    let twice = |time: &str| {
        (0..2)
            .map(|_| market::Candle::close_only(ms(time), 1.0))
            .collect()
    };
    let texts = [
        refusal(vec![], none.clone()),
        refusal(
            vec![("AUSDT", dataset::CandleTable::default())],
            none.clone(),
        ),
        refusal(vec![("AUSDT", good()), ("AUSDT", good())], none.clone()),
        refusal(vec![("AUSDT", twice("2021-05-03T00:00:01"))], none.clone()),
        refusal(vec![("AUSDT", twice("2021-05-03T00:01"))], none.clone()),
        refusal(
            vec![("AUSDT", good())],
            Faults {
                listed: [(symbol("BUSDT"), "2021-05-03".into())].into(),
                ..none
            },
        ),
    ];
    insta::assert_snapshot!(texts.join("\n\n"));
}

#[test]
fn a_coin_that_is_delisted_has_no_later_candles_and_another_status() {
    let delisted = [(symbol("BUSDT"), "2021-05-03T01:00".to_owned())].into();
    let exchange = standing(
        "2021-05-03T02:30:20",
        Faults {
            delisted,
            ..Faults::default()
        },
    );
    let times = get(
        &exchange.url(),
        "/api/v3/klines?symbol=BUSDT&interval=1m&limit=1000",
    )
    .times();
    assert_eq!(
        (times.len(), times.last()),
        (60, Some(&ms("2021-05-03T00:59")))
    );
    for (coin, status) in [("AUSDT", "TRADING"), ("BUSDT", "BREAK")] {
        let answer = get(
            &exchange.url(),
            &format!("/api/v3/exchangeInfo?symbol={coin}"),
        )
        .json();
        assert_eq!(answer["symbols"][0]["status"], status);
    }
}

#[test]
fn candles_can_be_impossible_or_not_yet_final_and_the_clock_wrong() {
    let impossible = [(symbol("AUSDT"), vec!["2021-05-03T01:00".to_owned()])].into();
    let exchange = standing(
        "2021-05-03T02:30:20",
        Faults {
            impossible,
            wrong_times: 1,
            ..Faults::default()
        },
    );
    let row = |exchange: &Exchange, minute: &str| {
        let start = ms(minute);
        get(
            &exchange.url(),
            &format!("/api/v3/klines?symbol=AUSDT&interval=1m&startTime={start}&limit=2"),
        )
        .json()
    };
    assert_eq!(row(&exchange, "2021-05-03T01:00")[0][4], "0.00000000");
    assert_ne!(row(&exchange, "2021-05-03T01:01")[0][4], "0.00000000");
    let told = || {
        get(&exchange.url(), "/api/v3/time").json()["serverTime"]
            .as_i64()
            .unwrap()
    };
    assert_eq!(
        (told() - exchange.now_ms(), told() - exchange.now_ms()),
        (480_000, 0)
    );

    let late = Faults {
        provisional_ms: 30_000,
        ..Faults::default()
    };
    let (early, later) = (
        standing("2021-05-03T02:30:20", late),
        standing("2021-05-03T02:30:40", Faults::default()),
    );
    let (early, later) = (
        row(&early, "2021-05-03T02:29"),
        row(&later, "2021-05-03T02:29"),
    );
    assert_eq!(
        (
            early.as_array().unwrap().len(),
            later.as_array().unwrap().len()
        ),
        (1, 2)
    );
    assert_ne!(early[0][4], later[0][4]);
}
