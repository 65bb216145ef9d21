//! What is refused, left out or said before anything is stored.

use super::*;

#[test]
fn candles_of_other_lengths_are_never_taken_for_minutes() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| fs::write(dir.path().join(name), text).unwrap();
    let long = |s: i64| format!("{s}000,BTCUSDT,2,3,1,2.5,10");
    let archive =
        |length: i64| move |s: i64| format!("{s}000,2,3,1,2.5,10,{}999,20,5,4,8,0", s + length - 1);
    const WEEK: i64 = 7 * 86_400;
    write("weekly.csv", format!("{NAMES}{}", rows(50, WEEK, long)));
    write("few-weeks.csv", format!("{NAMES}{}", rows(2, WEEK, long)));
    // A file of weeks whose name says days, with close times and without.
    write("BTCUSDT-1d-2024-01.csv", rows(4, WEEK, archive(WEEK)));
    write(
        "BTCUSDT-1d-2024-02.csv",
        rows(4, WEEK, |s| format!("{s}000,2,3,1,2.5,10")),
    );
    write("BTCUSDT-1d-2024-03.csv", rows(1, WEEK, archive(WEEK)));
    for name in ["1w", "1s", "3d", "1mo"] {
        write(
            &format!("BTCUSDT-{name}-2024-01.csv"),
            rows(4, WEEK, archive(WEEK)),
        );
        let stderr = refused(dir.path(), &[&format!("BTCUSDT-{name}-2024-01.csv")]);
        let said = format!("candles of {name} are not taken: ");
        assert!(
            stderr.contains(&said) && stderr.contains("known are 1m 3m 5m"),
            "{stderr}"
        );
        assert!(!stderr.contains("rename"), "{stderr}");
    }
    for (arguments, said) in [
        (
            &["weekly.csv"][..],
            "found steps of 7 d (49 of 49), expected candles of a known interval: 1m 3m 5m",
        ),
        (
            &["few-weeks.csv"],
            "found steps of 7 d (1 of 1), expected candles of a known interval",
        ),
        (
            &["--interval", "1m", "weekly.csv"],
            "found candles 7 d apart or multiples of it, expected some 1m apart, as --interval says",
        ),
        (
            &["--interval", "1m", "few-weeks.csv"],
            "found candles 7 d apart",
        ),
        (
            &["BTCUSDT-1d-2024-01.csv"],
            "found candles that close 7 d after they open, expected candles of 1d, as the file's name says",
        ),
        (
            &["BTCUSDT-1d-2024-02.csv"],
            "found candles 7 d apart or multiples of it, expected some 1d apart, as the file's name says",
        ),
        (
            &["BTCUSDT-1d-2024-03.csv"],
            "found candles that close 7 d after they open",
        ),
    ] {
        let stderr = refused(dir.path(), arguments);
        assert!(stderr.contains(said), "{arguments:?}: {stderr}");
        assert!(
            stderr.contains("candles of another length are not taken"),
            "{arguments:?}: {stderr}"
        );
    }
    // Minutes of which most lack: every other one, but two in a row here and there.
    let seldom = |text: String| {
        text.lines()
            .enumerate()
            .filter(|(i, _)| i % 2 == 0 || i % 14 == 1)
            .map(|(_, row)| format!("{row}\n"))
            .collect::<String>()
    };
    write(
        "seldom.csv",
        format!("{NAMES}{}", seldom(rows(100, 60, long))),
    );
    let stderr = refused(dir.path(), &["seldom.csv"]);
    assert!(
        stderr.contains("--interval 1m says that they are candles of 1m, of which some lack"),
        "{stderr}"
    );
    taken(dir.path(), &["--interval", "1m", "seldom.csv"]);
    assert_eq!(stored(dir.path(), "1m", "BTCUSDT").len(), 58);
}

#[test]
fn rows_that_cannot_be_are_refused_or_left_out_and_listed() {
    let dir = tempfile::tempdir().unwrap();
    let good = |s: i64| format!("{s}000,BTCUSDT,2,3,1,2.5,10\n");
    let bad = [
        (
            format!("{}000,BTCUSDT,1,200,1,1,5,3", START + 180),
            "found 8 fields, expected 7, as there are names",
        ),
        (
            format!("{}500,BTCUSDT,2,3,1,2.5,10", START + 180),
            "expected a multiple of 60000 ms (1m)",
        ),
        (
            format!("{}000000001,BTCUSDT,2,3,1,2.5,10", START + 180),
            "expected seconds, milliseconds or microseconds since 1970",
        ),
        (
            format!("{}000001,BTCUSDT,2,3,1,2.5,10", START + 180),
            "with a fraction, off the grid of every interval",
        ),
        (
            "4070908800000,BTCUSDT,2,3,1,2.5,10".to_owned(),
            "the candle has not closed yet",
        ),
        (
            format!("{}000,BTCUSD_PERP,2,3,1,2.5,10", START + 180),
            "is a coin-margined contract: its volume counts contracts",
        ),
        (
            format!("{}000,BTCUSDT,2,1,3,2.5,10", START + 180),
            "high is 1, expected at least open (2)",
        ),
        (
            format!("{}000,BTCUSDT,2,3,1,,10", START + 180),
            "`close` is NaN, expected a finite number",
        ),
        (
            format!("{}000,BTCUSDT,2,3,1,2.6,10", START + 60),
            "is there already in row 2",
        ),
    ];
    let mut all = NAMES.to_owned() + &good(START) + &good(START + 60) + &good(START + 120);
    for (index, (row, said)) in bad.iter().enumerate() {
        let name = format!("{index}.csv");
        fs::write(
            dir.path().join(&name),
            format!(
                "{NAMES}{}{}{row}\n{}",
                good(START),
                good(START + 60),
                good(START + 120)
            ),
        )
        .unwrap();
        let stderr = refused(dir.path(), &[&name]);
        assert!(
            stderr.contains(&format!("{name}: row 3: ")) && stderr.contains(said),
            "{row}: {stderr}"
        );
        assert!(stderr.contains("import --drop-bad-rows"), "{stderr}");
        all.push_str(row);
        all.push('\n');
    }
    fs::write(dir.path().join("all.csv"), &all).unwrap();
    fs::write(
        dir.path().join("none.csv"),
        format!("{NAMES}{}\n", bad[0].0),
    )
    .unwrap();
    let stderr = refused(dir.path(), &["--drop-bad-rows", "none.csv"]);
    assert!(
        stderr.contains("every row was left out, the first, row 1, because found 8 fields"),
        "{stderr}"
    );
    let stderr = taken(dir.path(), &["--drop-bad-rows", "all.csv"]);
    for (index, (_, said)) in bad.iter().enumerate() {
        let line = stderr
            .lines()
            .find(|line| line.contains(&format!("row {} left out", index + 4)));
        assert!(
            line.is_some_and(|line| line.contains(said)),
            "{said}: {stderr}"
        );
    }
    let table = stored(dir.path(), "1m", "BTCUSDT");
    assert_eq!(table.open_time_ms, [0, 60, 120].map(|s| (START + s) * 1000));
    assert_eq!(table.column(Column::Close), [2.5; 3]);
}

#[test]
fn an_infinite_target_is_no_target_of_that_row() {
    let dir = tempfile::tempdir().unwrap();
    let row = |s: i64| {
        format!(
            "{s},BTCUSDT,2.5,{}",
            if s == START + 60 { "inf" } else { "0.5" }
        )
    };
    fs::write(
        dir.path().join("x.csv"),
        format!("open_time,symbol,close,target\n{}", rows(3, 60, row)),
    )
    .unwrap();
    let stderr = taken(dir.path(), &["x.csv"]);
    assert!(
        stderr.contains("x.csv: infinite targets: 1, the first in row 2; these rows have none"),
        "{stderr}"
    );
    let table = stored(dir.path(), "1m", "BTCUSDT");
    let targets = table.column(Column::Target);
    assert_eq!(
        (targets[0], targets[1].is_nan(), targets[2]),
        (0.5, true, 0.5)
    );
}

#[test]
fn a_dry_run_says_what_would_be_taken_and_stores_nothing() {
    let dir = tempfile::tempdir().unwrap();
    // Trades for an hour, then a day and an hour without, at the last price.
    let row = |s: i64| match (s - START) / 60 {
        minute @ ..60 => format!(
            "{s}000,DEADUSDT,2,3,1,{},10",
            2.0 + (minute % 2) as f64 / 2.0
        ),
        _ => format!("{s}000,DEADUSDT,2.5,2.5,2.5,2.5,0"),
    };
    fs::write(
        dir.path().join("dead.csv"),
        format!("{NAMES}{}", rows(60 + 1500, 60, row)),
    )
    .unwrap();
    let (code, stdout, stderr) = import(dir.path(), &["--dry-run", "dead.csv"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(
        stdout
            .contains("DEADUSDT  spot    1m        1560  1560  2024-01-01 00:00  2024-01-02 01:59"),
        "{stdout}"
    );
    assert!(
        stderr.contains("DEADUSDT: would take open, high, low, close, volume"),
        "{stderr}"
    );
    let settled = "DEADUSDT: 1500 candles in a row from 2024-01-01 01:00 have no trades or no change of price";
    assert!(stderr.contains(settled), "{stderr}");
    assert!(
        !dir.path().join("data").exists(),
        "a dry run stores nothing"
    );
    taken(dir.path(), &["dead.csv"]);
    let (_, again, _) = import(dir.path(), &["--dry-run", "dead.csv"]);
    assert!(again.contains("1560    0  2024-01-01"), "{again}");
    let audit = quarterhour("audit")
        .current_dir(dir.path())
        .output()
        .unwrap();
    let audit = String::from_utf8(audit.stdout).unwrap();
    assert!(
        audit.contains(settled) && audit.contains("universe.score_settled"),
        "{audit}"
    );
}

#[test]
fn a_file_that_does_not_say_its_coin_or_market_is_told_how_to() {
    let dir = tempfile::tempdir().unwrap();
    let text = format!("timestamp,close\n{}", rows(3, 60, |s| format!("{s},2.5")));
    for name in [
        "history.csv",
        "BTC_USDT_USDT-1m-futures.csv",
        "BTC_USDT_USDT-1m-mark.csv",
        "BTCUSD_PERP-1m-2024-01.csv",
    ] {
        fs::write(dir.path().join(name), &text).unwrap();
    }
    assert!(refused(dir.path(), &["history.csv"]).contains("hint: --symbol BTCUSDT says it"));
    assert!(
        refused(dir.path(), &["BTC_USDT_USDT-1m-futures.csv"]).contains("hint: --market futures")
    );
    assert!(refused(dir.path(), &["BTC_USDT_USDT-1m-mark.csv"]).contains("holds mark prices"));
    assert!(
        refused(dir.path(), &["BTCUSD_PERP-1m-2024-01.csv"]).contains("coin-margined contract")
    );
    taken(dir.path(), &["--symbol", "ETHUSDT", "history.csv"]);
    assert_eq!(stored(dir.path(), "1m", "ETHUSDT").len(), 3);
    let (_, help, _) = import(dir.path(), &["--help"]);
    for named in [
        "--dry-run",
        "--drop-bad-rows",
        "taker_buy_quote_volume",
        "Asset_ID",
        ".feather",
        "ISO 8601",
        "BTC_USDT-1m",
    ] {
        assert!(help.contains(named), "{named}: {help}");
    }
}
