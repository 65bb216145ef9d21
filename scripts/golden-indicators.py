#!/usr/bin/env python3
"""Golden values of the feature sets `indicators` and `indicators50`, made with Python TA-Lib.

    python3 -m venv venv && venv/bin/pip install TA-Lib numpy
    venv/bin/python scripts/golden-indicators.py

Writes crates/dataset/tests/golden/indicators.json (made with TA-Lib 0.8.2, numpy 2). The 5,000 bars are integers by a
formula that the Rust test repeats. `full` is what TA-Lib gives over all bars. Indicators without an end to their memory
also have `restarted`: TA-Lib over the last 240 bars alone or a little less, as the feature sets compute them. `std` is
the standard deviation of `full` over all bars.
"""

import datetime
import json
import math
from pathlib import Path

import numpy as np
import talib

BARS = 5000
# Every row of a feature is a function of at most so many bars.
WARM_UP = 240
START_MS, STEP_MS = 1_617_325_200_000, 3_600_000
ROWS = [239, 240, 241, *range(397, BARS, 127), BARS - 1]


def bars():
    t = np.arange(BARS + 1, dtype=np.int64)
    noise = lambda a, b, modulus: (t * t * a + t * b) % 10_007 % modulus
    ticks = 100_000 + np.concatenate([[0], np.cumsum(noise(7919, 104_729, 401) - 200)[:-1]])
    open_, close = ticks[:-1], ticks[1:]
    high = np.maximum(open_, close) + noise(31, 17, 97)[:-1]
    low = np.minimum(open_, close) - noise(37, 5, 89)[:-1]
    volume = noise(101, 11, 5000)[:-1]
    return [x.astype(np.float64) / 100.0 for x in (open_, high, low, close)] + [volume.astype(np.float64)]


OPEN, HIGH, LOW, CLOSE, VOLUME = bars()
LOG_RETURN = np.concatenate([[0.0], np.diff(np.log(CLOSE))])


def restarted(function, lookback, *inputs):
    """The last value of `function` over the last `lookback` + 1 bars of every row asked for."""
    last = lambda row: function(*[x[row - lookback : row + 1] for x in inputs])
    return [np.array(last(row)).reshape(-1, lookback + 1)[:, -1] for row in ROWS]


def earlier(x, bars):
    return np.concatenate([np.full(bars, np.nan), x[:-bars]]) if bars else x


GOLDEN = {"indicators": {}, "indicators50": {}}


def add(set_, names, full, again=None):
    """Adds features; `full` is one series a name, `again` one list of values a row."""
    for place, name in enumerate(names):
        series = np.asarray(full[place])
        entry = {"std": float(np.nanstd(series[WARM_UP:])), "full": [float(series[row]) for row in ROWS]}
        if again is not None:
            entry["restarted"] = [float(values[place]) for values in again]
        assert all(math.isfinite(value) for value in entry["full"] + entry.get("restarted", [])), name
        GOLDEN[set_][name] = entry


def recursive(set_, names, unstable, lookback, function, *inputs):
    """An indicator whose memory has no end; `unstable` is TA-Lib's unstable period, a function's name and bars."""
    full = np.array(function(*inputs)).reshape(-1, BARS)
    talib.set_unstable_period(*unstable)
    again = restarted(function, lookback, *inputs)
    talib.set_unstable_period(unstable[0], 0)
    add(set_, names, full, again)


def indicators():
    name = "indicators"
    for k in range(1, 11):
        add(name, [f"ret{k}"], [CLOSE / earlier(OPEN, k - 1) - 1])
    add(name, ["bop"], [talib.BOP(OPEN, HIGH, LOW, CLOSE)])
    add(name, ["cci"], [talib.CCI(HIGH, LOW, CLOSE, 14)])
    add(name, ["mfi"], [talib.MFI(HIGH, LOW, CLOSE, VOLUME, 14)])
    recursive(name, ["rsi"], ("RSI", 218), 14 + 218, lambda c: talib.RSI(c, 14), CLOSE)
    stochrsi = lambda c: talib.STOCHRSI(c, timeperiod=14, fastk_period=5, fastd_period=3)
    recursive(name, ["stochrsi_k", "stochrsi_d"], ("RSI", 218), 20 + 218, stochrsi, CLOSE)
    add(name, ["stoch_k", "stoch_d"], talib.STOCH(HIGH, LOW, CLOSE, fastk_period=14))
    recursive(name, ["natr"], ("NATR", 225), 14 + 225, lambda h, l, c: talib.NATR(h, l, c, 14), HIGH, LOW, CLOSE)


def calendar():
    times = [datetime.datetime.fromtimestamp((START_MS + t * STEP_MS) / 1000, datetime.UTC) for t in range(BARS)]
    day = np.array([time.weekday() for time in times], dtype=float)
    month = np.array([time.month for time in times], dtype=float)
    day_angle, month_angle = 2 * np.pi * day / 7, 2 * np.pi * (month - 1) / 12
    names = ["day_of_week", "month", "quarter", "is_weekend"]
    add("indicators50", names, [day, month, np.ceil(month / 3), (day >= 5).astype(float)])
    names = ["day_of_week_sin", "day_of_week_cos", "month_sin", "month_cos"]
    add("indicators50", names, [np.sin(day_angle), np.cos(day_angle), np.sin(month_angle), np.cos(month_angle)])


def indicators50():
    name = "indicators50"
    for period in (7, 14, 21):
        rsi = lambda c: talib.RSI(c, period)
        recursive(name, [f"rsi_{period}"], ("RSI", 218), period + 218, rsi, CLOSE)
    macd = lambda c: np.array(talib.MACD(c, 12, 26, 9)) / c
    recursive(name, ["macd", "macd_signal", "macd_histogram"], ("EMA", 103), 33 + 2 * 103, macd, CLOSE)
    upper, middle, lower = talib.BBANDS(CLOSE, 20, 2.0, 2.0)
    names = [f"bollinger_{of}" for of in ("upper", "middle", "lower", "width", "position")]
    bands = [upper / CLOSE - 1, middle / CLOSE - 1, lower / CLOSE - 1]
    add(name, names, bands + [(upper - lower) / middle, (CLOSE - lower) / (upper - lower)])
    recursive(name, ["atr"], ("ATR", 225), 14 + 225, lambda h, l, c: talib.ATR(h, l, c, 14) / c, HIGH, LOW, CLOSE)
    add(name, ["stoch_k", "stoch_d"], talib.STOCH(HIGH, LOW, CLOSE, fastk_period=14))
    add(name, ["cci"], [talib.CCI(HIGH, LOW, CLOSE, 14)])
    add(name, ["williams_r"], [talib.WILLR(HIGH, LOW, CLOSE, 14)])
    for window in (7, 14, 30, 50):
        add(name, [f"sma_ratio_{window}"], [CLOSE / talib.SMA(CLOSE, window) - 1])
    for window in (7, 14, 30, 50):
        ema = lambda c: c / talib.EMA(c, window) - 1
        recursive(name, [f"ema_ratio_{window}"], ("EMA", 190), window - 1 + 190, ema, CLOSE)
    for bars in (1, 3, 7, 14, 30):
        add(name, [f"return_{bars}"], [talib.ROCP(CLOSE, bars)])
    momentum = talib.ROCP(CLOSE, 10)
    names = ["momentum_10", "momentum_20", "acceleration_10"]
    add(name, names, [momentum, talib.ROCP(CLOSE, 20), momentum - earlier(momentum, 10)])
    volatility = [talib.STDDEV(LOG_RETURN, window) for window in (7, 14, 30)]
    names = ["volatility_7", "volatility_14", "volatility_30", "volatility_ratio"]
    add(name, names, volatility + [volatility[0] / volatility[2]])
    zscore = lambda x, window: (x - talib.SMA(x, window)) / talib.STDDEV(x, window)
    add(name, ["zscore_14", "zscore_30"], [zscore(CLOSE, 14), zscore(CLOSE, 30)])
    add(name, ["volume_zscore_30"], [zscore(VOLUME, 30)])
    for window in (7, 14):
        mean = talib.SMA(VOLUME, window)
        before = earlier(mean, window)
        add(name, [f"volume_momentum_{window}"], [(mean - before) / (mean + before)])
    add(name, ["volume_ratio_7", "volume_ratio_30"], [VOLUME / talib.SMA(VOLUME, window) for window in (7, 30)])
    obv = talib.OBV(CLOSE, VOLUME)
    gain = lambda window: (obv - earlier(obv, window)) / talib.SUM(VOLUME, window)
    add(name, ["obv_14", "obv_30"], [gain(14), gain(30)])
    add(name, ["price_volume_correlation"], [talib.CORREL(LOG_RETURN, VOLUME, 30)])
    calendar()


indicators()
indicators50()
path = Path(__file__).resolve().parent.parent / "crates/dataset/tests/golden/indicators.json"
path.parent.mkdir(parents=True, exist_ok=True)
path.write_text(json.dumps({"rows": ROWS, "sets": GOLDEN}) + "\n")
worst = {}
for features in GOLDEN.values():
    for name, entry in features.items():
        if "restarted" in entry:
            off = [abs(a - b) for a, b in zip(entry["full"], entry["restarted"])]
            worst[name] = max(off) / entry["std"]
print(f"{path}: {path.stat().st_size} bytes; restarted against full history, in standard deviations:")
print(" ".join(f"{name} {off:.1e}" for name, off in worst.items()))
