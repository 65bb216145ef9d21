#!/usr/bin/env python3
"""Makes the golden numbers of `quarterhour timing`: crates/rules/tests/golden/timing.json.

Usage, from the repository's root:

    python3 -m venv venv && venv/bin/pip install numpy
    venv/bin/python scripts/golden-timing.py

A small made-up market of 5 coins and 200 hours with holes, and the rule written again as plain loops over orders: one coin,
one arrival, one side at a time. Every number is drawn with a fixed seed: running it again writes the same bytes (made with
numpy 2.4.6). None of the Rust code is used here.
"""

import json
import math
from pathlib import Path

import numpy as np

PATH = Path(__file__).resolve().parent.parent / "crates/rules/tests/golden/timing.json"
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
COINS, BARS, START_MS = 5, 200, 1_700_002_800_000
HALF_SPREAD = 2.5e-4


def market():
    generator = np.random.default_rng(20261128)
    close = 100 * np.exp(0.01 * generator.standard_normal((BARS, COINS)).cumsum(0)).round(4)
    volume = generator.uniform(1, 9, (BARS, COINS)).round(2)
    close[120, 2] = np.nan
    volume[40:44, 1] = np.nan
    volume[60:80, 3] = 0.0
    rows = []
    for bar in range(3, BARS - 6):
        for coin in range(COINS):
            is_missing = 90 <= bar < 93 or coin == 4 and bar % 7 == 0 or bar == 50 and coin < 3
            if not is_missing:
                rows.append((bar, coin, 1 if bar < 100 else 2))
    # What comes, with noise; a forecast of one coin at a time, and one of none.
    ahead = np.full(close.shape, 0.0)
    ahead[:-3] = np.nan_to_num(close[3:] / close[:-3] - 1)
    forecast = ahead * 0.2 + 0.01 * generator.standard_normal(close.shape)
    forecasts = {
        "ridge": [round(float(forecast[bar, coin]), 6) for bar, coin, _ in rows],
        "other": [round(float(generator.standard_normal()), 3) for _ in rows],
        "zero": [0.0 for _ in rows],
    }
    return close, volume, rows, forecasts


def z_score(values, own):
    if len(values) < 3 or np.ptp(values) == 0:
        return None
    return (own - np.mean(values)) / np.std(values)


def price_of(sign, scores, fills, patience):
    """Mean price and mean bars of one order."""
    left, price, bars = 1.0, 0.0, 0.0
    for place in range(len(fills)):
        bars_left = len(fills) - place
        if bars_left == 1:
            part = left
        elif scores[place] is None:
            part = left / bars_left
        else:
            part = left if sign * scores[place] > patience * math.log(bars_left) else 0.0
        price, bars, left = price + part * fills[place], bars + part * (place + 1), left - part
    return price, bars


def day_mean(values_by_day):
    orders_a_day = sum(map(len, values_by_day.values())) / len(values_by_day)
    days = [np.sum(values) / orders_a_day for _, values in sorted(values_by_day.items())]
    t = np.mean(days) / (np.std(days, ddof=1) / math.sqrt(len(days)))
    return {"mean": float(np.mean(days)), "t": float(t) if np.isfinite(t) else None, "days": len(days)}


def score(close, volume, rows, forecast, deadline, every, patience):
    at = {(bar, coin): value for (bar, coin, _), value in zip(rows, forecast)}
    scored = {bar for bar, _, _ in rows}
    z = {}
    for (bar, coin), own in at.items():
        z[bar, coin] = z_score([at[bar, other] for other in range(COINS) if (bar, other) in at], own)
    saved = {}
    waited, orders = 0.0, 0
    for bar, coin, _ in rows:
        if (START_MS // HOUR_MS + bar) % every or any(other not in scored for other in range(bar, bar + deadline)):
            continue
        fills = close[bar + 1 : bar + 1 + deadline, coin]
        if len(fills) < deadline or not np.isfinite(fills).all() or not np.isfinite(close[bar, coin]):
            continue
        traded = volume[bar + 1 : bar + 1 + deadline, coin]
        benchmarks = {"twap": fills.mean(), "at_once": fills[0]}
        if np.isfinite(traded).all() and traded.sum() > 0:
            benchmarks["vwap"] = (fills * traded).sum() / traded.sum()
        day = (START_MS + bar * HOUR_MS) // DAY_MS
        orders += 1
        both = 0.0
        for side, sign in (("buy", 1), ("sell", -1)):
            scores = [z.get((other, coin)) for other in range(bar, bar + deadline)]
            price, bars = price_of(sign, scores, fills, patience)
            waited += bars / 2
            for name, benchmark in benchmarks.items():
                paid, instead = price * (1 + sign * HALF_SPREAD), benchmark * (1 + sign * HALF_SPREAD)
                gain = sign * (instead - paid) / close[bar, coin] * 1e4
                saved.setdefault((side, name), {}).setdefault(day, []).append(gain)
                both += gain / 2 if name == "twap" else 0.0
        for key in ("both", ("coin", coin)):
            saved.setdefault(key, {}).setdefault(day, []).append(both)
    return {
        "orders": orders,
        "mean_bars": waited / orders,
        "saved": day_mean(saved["both"]),
        "sides": {f"{side} {name}": day_mean(saved[side, name]) for side in ("buy", "sell") for name in ("twap", "vwap", "at_once")},
        "coins": {f"COIN{coin}": day_mean(saved["coin", coin]) for coin in range(COINS)},
    }


def main():
    close, volume, rows, forecasts = market()
    known = lambda grid: [None if np.isnan(value) else float(value) for value in grid.ravel()]
    cases = []
    for deadline, every, patience in [(1, 1, 0.3), (3, 1, 0.0), (12, 1, 0.3), (5, 4, 1.0)]:
        scores = {name: score(close, volume, rows, values, deadline, every, patience) for name, values in forecasts.items()}
        cases.append({"deadline": deadline, "every": every, "patience": patience, "scores": scores})
    golden = {
        "start_ms": START_MS,
        "bar_ms": HOUR_MS,
        "coins": COINS,
        "half_spread_bps": HALF_SPREAD * 1e4,
        "close": known(close),
        "volume": known(volume),
        "bar": [bar for bar, _, _ in rows],
        "coin": [coin for _, coin, _ in rows],
        "fold": [fold for _, _, fold in rows],
        "forecasts": forecasts,
        "cases": cases,
    }
    PATH.write_text(json.dumps(golden, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
