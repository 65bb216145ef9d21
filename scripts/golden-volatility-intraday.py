#!/usr/bin/env python3
"""Golden values of the volatility models of bars shorter than a day in crates/volatility, by numpy, on made candles of 2 hours.

    python3 scripts/golden-volatility-intraday.py

Writes crates/volatility/tests/golden/intraday.json (made with numpy 2). The candles are those of `short_panel` in
crates/volatility/tests/it/support.rs: whole numbers, so that both have the same to the last bit. One row a day is scored, the one
that closes at midnight, and the models are fitted anew every day.
"""

import json
from pathlib import Path

import numpy as np

OUT = Path(__file__).parent.parent / "crates/volatility/tests/golden/intraday.json"
DAY, DAYS, COINS, PARTS, FLOOR = 12, 90, 6, 3, 1e-4  # bars of a day
BARS = DAY * DAYS
HISTORY = 22 * DAY + DAY - 1
ROWS = [DAY * day - 1 for day in (40, 41, 60, 89)]
MARKET = ["lrv1", "lrv7", "lrv22", "lrv6h", "lrv2h"]
OWN = [*MARKET, "lrv_level"]


def candles():
    """open, high, low, close, each [bar, coin]; NaN where there is no candle"""
    prices = np.full((4, BARS, COINS), np.nan)
    for coin in range(COINS):
        noise = lambda t, a, b, modulus: (t * t * (a + 2 * coin) + t * (b + 11 * coin)) % 10007 % modulus
        opened = 10_000_000
        for t in range(BARS):
            size = (30 + 60 * (t // 250 % 3) + noise(t, 53, 7, 40)) * (2 + coin)
            close = opened + (noise(t, 613, 17, 401) - 200) * size
            high = max(opened, close) + noise(t, 31, 17, 97) * size
            low = min(opened, close) - noise(t, 37, 5, 89) * size
            if not (coin == 3 and 700 <= t < 703):
                prices[:, t, coin] = np.array([opened, high, low, close]) / 100
            opened = close
    return prices


def mean(values, bars, least):
    """of the known ones of the last bars, NaN where fewer than `least` are"""
    out = np.full(values.shape, np.nan)
    for t in range(len(values)):
        window = values[max(0, t + 1 - bars) : t + 1]
        enough = np.isfinite(window).sum(0) >= least
        out[t, enough] = np.nanmean(window[:, enough], 0)
    return out


def log_root(values):
    return np.log(np.maximum(np.sqrt(values), FLOOR))


def of_days(prices, days, variance):
    """of the last so many days that end at a bar, each a candle made of its bars"""
    opened, high, low, close = prices
    out = np.full(close.shape, np.nan)
    for t in range(days * DAY, BARS):
        sums = 0
        for day in range(days):
            end = t - day * DAY
            span = slice(end + 1 - DAY, end + 1)
            first = np.array([next((x for x in opened[span, coin] if np.isfinite(x)), np.nan) for coin in range(COINS)])
            h, l = np.nanmax(high[span], 0), np.nanmin(low[span], 0)
            if variance == "rv":
                sums = sums + np.log(close[end] / close[end - DAY]) ** 2
            elif variance == "pk":
                sums = sums + np.where(np.isfinite(close[end]), np.log(h / l) ** 2 / (4 * np.log(2)), np.nan)
            else:
                sums = sums + 0.5 * np.log(h / l) ** 2 - (2 * np.log(2) - 1) * np.log(close[end] / first) ** 2
        out[t] = sums / days
    return log_root(out)


def terms(prices, returns):
    squares = returns**2
    windows = {"lrv2h": 1, "lrv6h": 3, "lrv1": DAY, "lrv7": 7 * DAY, "lrv22": 22 * DAY}
    found = {name: log_root(DAY * mean(squares, bars, bars - bars // 100)) for name, bars in windows.items()}
    found["lrv_level"] = mean(found["lrv1"], 90 * DAY, 22 * DAY)
    found["lrv_long_level"] = np.full(returns.shape, np.nan)
    for t in range(BARS):
        days = found["lrv1"][t % DAY : t + 1 : DAY]
        enough = np.isfinite(days).sum(0) >= 22
        found["lrv_long_level"][t, enough] = np.nanmean(days[:, enough], 0)
    for name, variance, days in [("day_lrv7", "rv", 7), ("day_lrv22", "rv", 22), ("day_lpk1", "pk", 1), ("day_lpk7", "pk", 7), ("day_lgk1", "gk", 1)]:
        found[name] = of_days(prices, days, variance)
    found["downside"] = mean(np.minimum(returns, 0) ** 2, DAY, DAY) / mean(squares, DAY, DAY)
    found["quarticity"] = 0.5 * np.log(DAY / 3 * DAY * mean(returns**4, DAY, DAY)) - np.log(DAY * mean(squares, DAY, DAY))
    found["market_lrv7"] = np.repeat(np.nanmean(found["lrv7"], 1, keepdims=True), COINS, 1)
    return found


def least_squares(rows, target):
    return np.linalg.lstsq(rows, target, rcond=None)[0]


def deviations(values):
    """[coins, terms] less their means"""
    return values - values.mean(0)


def parts(found, log_target, trained):
    """coefficients fitted to the coins of some bars, a list of (bar, coins)"""
    stacked = lambda names: np.stack([found[name] for name in names], -1)
    market, own = stacked(MARKET), stacked(OWN)
    whole = np.concatenate([market[t, coins] for t, coins in trained])
    target = np.concatenate([log_target[t, coins] for t, coins in trained])
    of_market = least_squares(np.column_stack([np.ones(len(whole)), whole]), target)
    left = np.concatenate([deviations(own[t, coins]) for t, coins in trained])
    of_own = least_squares(left, np.concatenate([deviations(log_target[t, coins]) for t, coins in trained]))

    def forecast(t):
        coins = np.flatnonzero(np.isfinite(own[t]).all(-1))
        level = (of_market[0] + market[t, coins] @ of_market[1:]).mean()
        out = np.full(COINS, np.nan)
        out[coins] = level + deviations(own[t, coins]) @ of_own
        return out

    return np.r_[of_market, of_own], forecast


def main():
    prices = candles()
    close = prices[3]
    returns = np.full(close.shape, np.nan)
    returns[1:] = np.log(close[1:] / close[:-1])
    found = terms(prices, returns)
    log_target = np.full(close.shape, np.nan)
    for t in range(BARS - DAY):
        log_target[t] = np.log(np.sqrt(np.sum(returns[t + 1 : t + 1 + DAY] ** 2, 0)))
    is_close = lambda t: (t + 1) % DAY == 0
    run = np.zeros(COINS, int)
    usable, trainable = [], {}
    set_of = ["lrv2h", "lrv6h", "lrv1", "lrv7", "lrv22", "lrv_level"]
    for t in range(BARS):
        run = np.where(np.isfinite(close[t]), run + 1, 0)
        if not is_close(t):
            continue
        if ((run > HISTORY) & np.isfinite(log_target[t])).any():
            usable.append(t)
        coins = np.flatnonzero(np.isfinite(log_target[t]) & np.isfinite(sum(found[name][t] for name in set_of)))
        if len(coins):
            trainable[t] = coins
    folds = []
    for part in range(1, PARTS):
        start = usable[len(usable) * part // PARTS]
        end = usable[len(usable) * (part + 1) // PARTS] if part + 1 < PARTS else usable[-1] + 1
        starts = [start, *range((start // DAY + 1) * DAY, end, DAY)]
        refits = []
        for first in (starts[0], starts[1], starts[-1]):
            trained = [(t, coins) for t, coins in trainable.items() if t < first - DAY]
            coefficients, forecast = parts(found, log_target, trained)
            row = next(t for t in range(first, BARS) if is_close(t))
            refits.append({"first": first, "rows": sum(len(coins) for _, coins in trained), "coefficients": coefficients.tolist(),
                           "row": row, "forecast": clean(forecast(row))})
        folds.append({"first": start, "end": end, "refits": len(starts), "fitted": refits})
    values = {name: [clean(found[name][row]) for row in ROWS] for name in found}
    OUT.write_text(json.dumps({"rows": ROWS, "terms": values, "folds": folds}) + "\n")


def clean(values):
    return [float(value) if np.isfinite(value) else None for value in values]


main()
