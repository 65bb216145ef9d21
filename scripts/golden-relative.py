#!/usr/bin/env python3
"""Golden values of the feature sets `relative` and `relative6`, by plain formulas in numpy.

    python3 scripts/golden-relative.py

Writes relative.json and relative6.json in crates/dataset/tests/golden (made with numpy 2). The candles of 5 coins are integers by a formula
that the Rust test repeats: bars of 5 minutes, one coin listed late, one with two outages.
"""

import json
from pathlib import Path

import numpy as np

COINS, BARS, STEP_MIN = 5, 1500, 5
START_MS = 1_704_067_200_000
FILL_LIMIT = 12
# Rows 642 and 705 lie where a coin has no candle.
ROWS = [575, 576, 577, 642, 705, *range(600, 900, 23), BARS - 1]
# The same of `relative6`, whose first row with features is 288.
ROWS6 = [287, 288, 289, 642, 705, *range(600, 900, 23), BARS - 1]
RETURNS = {"5m": 5, "15m": 15, "30m": 30, "1h": 60, "2h": 120, "4h": 240, "8h": 480, "1d": 1440, "2d": 2880}
DEVIATIONS = ["30m", "1h", "2h", "4h", "8h", "1d", "2d"]
MARKET_RETURNS, MARKET_DEVIATIONS = ["5m", "30m", "2h", "8h"], ["30m", "4h"]


def noise(t, coin, a, b, modulus):
    return (t * t * (a + 2 * coin) + t * (b + 11 * coin)) % 10_007 % modulus


def has_candle(t, coin):
    """The last coin is listed at bar 200; the one before lacks 5 bars, and 30, more than are filled."""
    return not (coin == 4 and t < 200 or coin == 3 and (640 <= t < 645 or 700 <= t < 730))


def candles():
    """open, high, low, close, volume as [bars, coins], NaN where there is no candle, prices carried forward."""
    out = np.full((5, BARS, COINS), np.nan)
    observed = np.zeros((BARS, COINS), bool)
    for coin in range(COINS):
        opened = 100_000 * (coin + 1)
        for t in range(BARS):
            # Of all coins, and of this one.
            close = opened + (noise(t, 0, 7919, 104_729, 201) - 100) * (coin + 1) + noise(t, coin, 613, 17, 401) - 200
            high = max(opened, close) + noise(t, coin, 31, 17, 97)
            low = min(opened, close) - noise(t, coin, 37, 5, 89)
            if has_candle(t, coin):
                values = [opened / 100, high / 100, low / 100, close / 100, noise(t, coin, 101, 11, 5000)]
                out[:, t, coin] = values
                observed[t, coin] = True
            opened = close
        last = None
        for t in range(BARS):
            if observed[t, coin]:
                last = t
            elif last is not None and t - last <= FILL_LIMIT:
                out[:4, t, coin] = out[3, last, coin]
    return out, observed


def lagged(x, bars):
    return np.concatenate([np.full((bars, *x.shape[1:]), np.nan), x[:-bars]])


def mean(x, bars):
    """Over the last bars that are known."""
    out = np.full(x.shape, np.nan)
    for t in range(bars - 1, len(x)):
        window = x[t + 1 - bars : t + 1]
        known = ~np.isnan(window)
        with np.errstate(invalid="ignore"):
            out[t] = np.where(known, window, 0).sum(0) / known.sum(0)
    return out


def features():
    """Names and values, [features, bars, coins]; also the volatility and the closes."""
    bars = lambda minutes: max(1, round(minutes / STEP_MIN))
    (_, high, low, close, volume), observed = candles()
    log = np.log(close)
    step = log - lagged(log, 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        volatility = np.sqrt(mean(step**2, bars(240)))
        volatility[volatility == 0] = np.nan
        own, market = {}, {}
        market_step = np.nanmean(step[1:], 1)
        market_volatility = np.sqrt(mean(np.concatenate([[np.nan], market_step**2]), bars(240)))
        for name, minutes in RETURNS.items():
            n = bars(minutes)
            change = log - lagged(log, n)
            own[f"return_{name}"] = change / (volatility * np.sqrt(n))
            if name in MARKET_RETURNS:
                market[f"market_return_{name}"] = np.nanmean(change, 1) / (market_volatility * np.sqrt(n))
        for name in DEVIATIONS:
            n = bars(RETURNS[name])
            off = log - mean(log, n)
            own[f"deviation_{name}"] = off / (volatility * np.sqrt(n / 3))
            if name in MARKET_DEVIATIONS:
                market[f"market_deviation_{name}"] = np.nanmean(off, 1) / (market_volatility * np.sqrt(n / 3))
        day = mean(volume, bars(1440))
        for minutes in (5, 30):
            own[f"volume_{minutes}m"] = np.log(mean(volume, bars(minutes)) / day + 1e-3)
        own["volatility"] = np.log(volatility / np.sqrt(mean(step**2, bars(2880))))
        own["close_position"] = np.where(high > low, (2 * close - high - low) / np.where(high > low, high - low, 1), 0.0)
        own["close_position"][np.isnan(close)] = np.nan
        own["signed_volume"] = mean(np.sign(step) * volume, bars(5)) / day
        own["liquidity"] = np.log(mean(close * volume, bars(1440)))
        for name, values in own.items():
            values = np.where(np.isfinite(values), values, np.nan)
            own[name] = values - np.nanmean(values, 1, keepdims=True)
        for name, values in market.items():
            own[name] = np.repeat(values[:, None], COINS, 1)
    values = np.clip(np.stack(list(own.values())), -5, 5)
    # Two days of returns need a close before them.
    values[:, : bars(2880)] = np.nan
    return list(own), values, volatility, close, observed


def features6():
    """Names and values of `relative6`, [features, bars, coins]."""
    (_, high, low, close, volume), _ = candles()
    step = np.log(close) - lagged(np.log(close), 1)
    volatility = np.sqrt(mean(step**2, 48))
    volatility[volatility == 0] = np.nan
    market = np.concatenate([[np.nan], np.nanmean(step[1:], 1)])
    market_return = market / np.sqrt(mean(market**2, 48))
    over = lambda values: values - np.nanmean(values, 1, keepdims=True)
    position = np.where(high > low, (2 * close - high - low) / np.where(high > low, high - low, 1), 0.0)
    position[np.isnan(close)] = np.nan
    values = {
        "return": over(step) / volatility,
        "market_return": np.repeat(market_return[:, None], COINS, 1),
        "volume": over(np.log(volume / mean(volume, 288) + 1e-3)),
        "range": np.log(high / low) / volatility,
        "close_position": position,
        "liquidity": over(np.log(mean(close * volume, 288))),
    }
    clipped = np.clip(np.stack(list(values.values())), -6, 6)
    clipped[:, :288] = np.nan
    return list(values), clipped


def write(name, rows, names, values):
    cell = lambda t, coin: [None if np.isnan(v) else float(v) for v in values[:, t, coin]]
    out = {"rows": rows, "names": names, "values": [[cell(t, coin) for coin in range(COINS)] for t in rows]}
    path = Path(__file__).parent.parent / f"crates/dataset/tests/golden/{name}.json"
    path.write_text(json.dumps(out) + "\n")
    print(f"{path}: {len(names)} features at {len(rows)} rows")


def main():
    write("relative", ROWS, *features()[:2])
    write("relative6", ROWS6, *features6())


if __name__ == "__main__":
    import warnings

    warnings.simplefilter("ignore", RuntimeWarning)
    main()
