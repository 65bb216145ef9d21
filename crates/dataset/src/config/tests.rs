use super::*;

fn refused(change: impl Fn(&mut Config)) -> String {
    let mut config = Config::default();
    config.data.interval = Interval::ALL[2];
    change(&mut config);
    let error = config.validate().unwrap_err().to_string();
    error.lines().next().unwrap_or_default().to_owned()
}

/// A time is a whole number of bars, of as many as make sense; what the config does not use is
/// not looked at.
#[test]
fn times_that_are_no_bars_are_refused() {
    let mut five = Config::default();
    five.data.interval = Interval::ALL[2];
    five.validate().unwrap();
    assert_eq!((five.horizon_bars(), five.data.fill_limit_bars()), (3, 12));
    let span = TimeSpan::minutes;
    let errors = [
        refused(|config| config.target.horizon = span(7)),
        refused(|config| config.target.horizon = TimeSpan::ZERO),
        refused(|config| {
            config.target.kind = "gresearch".parse().unwrap();
            config.target.beta_window = span(3751);
        }),
        refused(|config| config.split.embargo = span(1)),
        refused(|config| config.split.train = Some(TimeSpan::ZERO)),
        refused(|config| config.split.test = Some(span(60))),
        refused(|config| config.data.fill_limit = TimeSpan::hours(24 * 365)),
        refused(|config| {
            config.data.interval = Interval::ALL[5];
            config.target.horizon = TimeSpan::hours(1);
            config.normalize.target = TargetScale::Trailing;
        }),
        refused(|config| config.data.until = Some("soon".to_owned())),
    ];
    insta::assert_snapshot!(errors.join("\n"), @"
    target.horizon = 7m: expected a multiple of data.interval = 5m
    target.horizon = 0m: expected 5m to 1825d, which is 1 to 525600 bars of data.interval = 5m
    target.beta_window = 3751m: expected a multiple of data.interval = 5m
    split.embargo = 1m: expected a multiple of data.interval = 5m
    split.train = 0m: expected 5m to 182500d, which is 1 to 52560000 bars of data.interval = 5m
    split.test = 1h: expected split.train too, the time that is trained on before it
    data.fill_limit = 365d: expected at most 155d, which is 44640 bars
    normalize.trailing = 4h: expected 8h to 21900d, which is 8 to 525600 bars of data.interval = 1h
    data.until = soon: expected a time such as 2021-04-02
    ");
}

#[test]
fn what_is_absent_is_not_written() {
    let config = Config::default();
    let json = serde_json::to_value(&config).unwrap();
    for (section, key) in [
        ("data", "from"),
        ("data", "until"),
        ("data", "resample_from"),
        ("target", "shuffle_seed"),
        ("split", "train"),
        ("split", "test"),
    ] {
        assert_eq!(json[section].get(key), None, "{section}.{key}");
    }
    assert_eq!(json["target"]["horizon"], "15m");
    assert_eq!(json["target"]["beta_window"], "3750m");
    assert_eq!(json["data"]["fill_limit"], "1h");
    assert_eq!(json["split"]["embargo"], "0m");
    assert_eq!(serde_json::from_value::<Config>(json).unwrap(), config);
}

/// Ten bars of two coins.
#[test]
fn arrays_have_these_bytes() {
    let bytes = |change: fn(&mut Config)| {
        let mut config = Config::default();
        change(&mut config);
        config.array_bytes(10, 2)
    };
    // Five columns of candles and targets of 8 bytes, 8 features of 4.
    assert_eq!(bytes(|_| {}), 20 * (6 * 8 + 8 * 4));
    let of_day = |config: &mut Config| {
        config.target.horizons = vec![TimeSpan::minutes(15), TimeSpan::hours(24)];
        config.target.entry = Entry::NextClose;
        config.normalize.target = TargetScale::Trailing;
    };
    // For each horizon targets, the same of a bar later, and scales of 4 bytes.
    assert_eq!(bytes(of_day), 20 * ((5 + 4) * 8 + (8 + 2) * 4));
}

#[test]
fn an_absurd_simulated_market_is_refused_by_name() {
    let refused = |coins: usize, minutes: usize| {
        let mut config = Config::default();
        config.data.source = Source::Simulated;
        (config.data.simulated.coins, config.data.simulated.minutes) = (coins, minutes);
        config.validate().map_err(|error| error.to_string())
    };
    refused(6, 30_000).unwrap();
    assert_eq!(
        refused(1_000_000, 30_000).unwrap_err(),
        "data.simulated.coins is 1000000, expected 1 to 1000"
    );
    assert_eq!(
        refused(6, usize::MAX).unwrap_err(),
        "data.simulated.minutes is 18446744073709551615, expected at least one candle and at most 10512000 (20 years)"
    );
    refused(1000, 200_000).unwrap();
    assert_eq!(
        refused(1000, 200_001).unwrap_err(),
        "data.simulated.minutes = 200001: expected at most 200000 with 1000 coins: 200000000 candles fit into memory"
    );
    // Of the store, what it is not used for is not checked.
    let mut config = Config::default();
    config.data.simulated.coins = 0;
    config.validate().unwrap();
}
