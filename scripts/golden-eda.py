#!/usr/bin/env python3
"""Makes the golden numbers of `quarterhour eda`: crates/report/tests/golden/eda.json.

Usage, from the repository's root:

    python3 -m venv venv && venv/bin/pip install numpy polars
    venv/bin/python scripts/golden-eda.py

Ten made-up coins on 120 days, with holes, a jump, a coin that settles, one that is listed late, one that ends, one without volumes and
one without market caps. The statistics are those of polars and numpy. Every number is drawn with a fixed seed: running it again writes
the same bytes (made with numpy 2.4.6, polars 2.1.0). None of the Rust code is used here.
"""

import json
import math
from pathlib import Path

import numpy as np
import polars as pl

PATH = Path(__file__).resolve().parent.parent / "crates/report/tests/golden/eda.json"
DAY_MS, FIRST, DAYS = 86_400_000, 18_700, 120
NAMES = ["BTC", "ETH", "AAA", "BBB", "CCC", "DDD", "EEE", "FFF", "GGG", "HHH"]
JUMP, WINDOW, CORRELATION_WINDOW, LEAST_SHARED = math.log(6.0), 30, 60, 30


def market():
    generator = np.random.default_rng(20261129)
    factor = 0.02 * generator.standard_t(4, DAYS)
    coins = {}
    for place, name in enumerate(NAMES):
        own = 0.01 * (1 + place) * generator.standard_t(4, DAYS)
        close = 100 / (1 + place) * np.exp(np.cumsum((0.5 + place / 10) * factor + own))
        volume = 1e6 / (1 + place) * np.exp(0.5 * generator.standard_normal(DAYS))
        days = np.arange(DAYS)
        cap = close * 1e7 / (1 + place) ** 2
        keep = np.ones(DAYS, bool)
        if name == "AAA":
            keep[[20, 21, 22, 60]] = False
        if name == "BBB":
            close[50:] *= 9.0  # a new unit
        if name == "CCC":
            close[100:] = close[100]  # it settles
        if name == "DDD":
            keep[:25] = False  # listed late
        if name == "EEE":
            keep[90:] = False  # it ends
        close = np.array([float(f"{value:.6g}") for value in close])
        volume = np.array([float(f"{value:.6g}") for value in volume])
        cap = np.array([float(f"{value:.6g}") for value in cap])
        if name == "FFF":
            volume[::7] = 0.0
        coins[name + "USDT"] = {
            "day": days[keep].tolist(),
            "close": close[keep].tolist(),
            "volume": None if name == "GGG" else volume[keep].tolist(),
            "market_cap": None if name == "HHH" else cap[keep].tolist(),
        }
    return coins


def on_grid(coin, column):
    values = np.full(DAYS, np.nan)
    if coin[column] is not None:
        values[coin["day"]] = coin[column]
    return values


def returns_of(close):
    values = np.full(DAYS, np.nan)
    values[1:] = np.log(close[1:] / close[:-1])
    values[np.abs(values) > JUMP] = np.nan
    return values


def correlation(a, b, least):
    known = np.isfinite(a) & np.isfinite(b)
    if known.sum() < least:
        return None
    return float(np.corrcoef(a[known], b[known])[0, 1])


def number(value):
    return None if value is None or not math.isfinite(value) else float(value)


def of_coin(coin, reference):
    close, amount = on_grid(coin, "close"), on_grid(coin, "close") * on_grid(coin, "volume")
    returns = returns_of(close)
    known = pl.Series(returns).drop_nans()
    size = np.abs(returns)
    figures = {
        "count": known.len(),
        "mean": known.mean(),
        "std": known.std(),
        "skewness": known.skew(bias=True),
        "excess_kurtosis": known.kurtosis(fisher=True, bias=True),
        "min": known.min(),
        "max": known.max(),
        "quantiles": [known.quantile(share, "linear") for share in (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)],
        "zero_share": float((known == 0).mean()),
        "autocorrelation": correlation(returns[1:], returns[:-1], 3),
        "size_autocorrelation": correlation(size[1:], size[:-1], 3),
        "correlation_with_reference": None if reference is None else correlation(returns, reference, LEAST_SHARED),
        "missing_share": 1 - len(coin["day"]) / (coin["day"][-1] - coin["day"][0] + 1),
        "per_day": number(np.nanmean(amount) if np.isfinite(amount).any() else math.nan),
        "median_amount": number(np.nanmedian(amount) if np.isfinite(amount).any() else math.nan),
        "without_trade": number(np.mean(amount[np.isfinite(amount)] == 0) if np.isfinite(amount).any() else math.nan),
    }
    cap = on_grid(coin, "market_cap")
    figures["market_cap"] = None if np.isnan(cap).all() else {
        "last": float(cap[np.isfinite(cap)][-1]), "mean": float(np.nanmean(cap)), "min": float(np.nanmin(cap)), "max": float(np.nanmax(cap)),
    }
    volatility = pl.Series(returns, nan_to_null=True).rolling_std(WINDOW, min_samples=WINDOW // 2)
    # A window that reaches before the first day has fewer of the days; those of the span alone count.
    volatility = np.array([math.nan if value is None else value for value in volatility])
    figures["volatility"] = [number(value) for value in volatility]
    return figures, returns, volatility


def rolling(a, b):
    found = []
    for day in range(DAYS):
        # The returns that have ended by the day's end.
        x, y = a[max(0, day + 1 - CORRELATION_WINDOW) : day + 1], b[max(0, day + 1 - CORRELATION_WINDOW) : day + 1]
        known = np.isfinite(x) & np.isfinite(y)
        found.append(number(np.corrcoef(x[known], y[known])[0, 1]) if 2 * known.sum() >= CORRELATION_WINDOW else None)
    return found


def quarters(sizes):
    ranks = np.argsort(np.argsort(sizes, kind="stable"), kind="stable") + 1.0
    edges = np.quantile(ranks, [0.25, 0.5, 0.75])
    return [int((rank > edges).sum()) for rank in ranks]


def main():
    coins = market()
    reference = returns_of(on_grid(coins["BTCUSDT"], "close"))
    figures, returns, volatility = {}, {}, {}
    for name, coin in coins.items():
        figures[name], returns[name], volatility[name] = of_coin(coin, None if name == "BTCUSDT" else reference)
    names = list(coins)
    pairs = {(a, b): correlation(returns[a], returns[b], LEAST_SHARED) for i, a in enumerate(names) for b in names[i + 1 :]}
    values = pl.Series([value for value in pairs.values() if value is not None])
    with_cap = [name for name in names if figures[name]["market_cap"]]
    sizes = [figures[name]["market_cap"]["mean"] for name in with_cap]
    groups = quarters(np.array(sizes))
    z = np.concatenate([(r[np.isfinite(r)] - np.nanmean(r)) / np.nanstd(r, ddof=1) for r in returns.values()])
    last = sorted((figures[name]["market_cap"]["last"] for name in with_cap), reverse=True)
    total = sum(last)
    everything = np.array([returns[name] for name in names])
    result = {
        "first_day": FIRST,
        "coins": coins,
        "figures": figures,
        "pairs": {"count": values.len(), "mean": values.mean(), "quantiles": [values.quantile(share, "linear") for share in (0.1, 0.5, 0.9)],
                  "highest": max(values), "lowest": min(values)},
        "rolling": {name: rolling(returns[name], reference) for name in ("ETHUSDT", "AAAUSDT", "EEEUSDT")},
        "quarters": [{"coins": [name for name, group in zip(with_cap, groups) if group == number],
                      "volatility": [float(np.quantile([figures[name]["std"] for name, group in zip(with_cap, groups) if group == number], share))
                                     for share in (0.1, 0.5, 0.9)]} for number in range(4)],
        "market_caps": {"total": total, "largest_share": last[0] / total, "five_largest_share": sum(last[:5]) / total,
                        "effective_coins": 1 / sum((cap / total) ** 2 for cap in last)},
        "standardized": np.histogram(z, bins=48, range=(-6, 6))[0].tolist(),
        "tails": [float(np.mean(np.abs(z) > beyond)) for beyond in (3, 5, 10)],
        "mean_returns": [number(value) for value in [math.nan, *np.nanmean(everything[:, 1:], axis=0)]],
        "median_volatility": [number(np.nanmedian(column) if np.isfinite(column).any() else math.nan)
                              for column in np.array([volatility[name] for name in names]).T],
        "total_traded": [number(value) for value in np.nansum(
            np.array([on_grid(coin, "close") * on_grid(coin, "volume") for coin in coins.values()]), axis=0)],
        "faults": {"AAAUSDT": {"holes": 2, "missing_bars": 4, "longest": [20, 3]}, "BBBUSDT": {"jump_day": 50},
                   "CCCUSDT": {"settled_day": 101}, "DDDUSDT": {"listed_day": 25}, "EEEUSDT": {"ended_day": 89}},
    }
    PATH.parent.mkdir(parents=True, exist_ok=True)
    PATH.write_text(json.dumps(result, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
