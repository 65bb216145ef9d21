#!/usr/bin/env python3
"""Makes the golden numbers of `quarterhour portfolio`: crates/rules/tests/golden/portfolio.json.

Usage, from the repository's root:

    python3 -m venv venv && venv/bin/pip install numpy
    venv/bin/python scripts/golden-portfolio.py

A small made-up market of hourly bars: forecasts with a planted part, holes in candles and forecasts. The rule and the accounting
are written again, in plain loops; the positions by solving the linear system. Every number is drawn with a fixed seed: running it
again writes the same bytes (made with numpy 2.4.6). None of the Rust code is used here.
"""

import json
from pathlib import Path

import numpy as np

PATH = Path(__file__).resolve().parent.parent / "crates/rules/tests/golden/portfolio.json"
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
COINS, BARS, REACH, FIRST = 4, 360, 3, 72
START_MS = 1_700_000_000_000 // HOUR_MS * HOUR_MS
FOLDS = [72, 168, 264, 357]  # first bar of each fold; the last one ends before the last entry
WINDOW, CAPITAL, SHARE, COIN_CAP, GROSS_CAP, TARGET = 96, 1000.0, 0.05, 0.6, 1.1, 0.4
CONFIG = {
    "fees_bps": [0.0, 4.0], "half_spread_bps": 1.0, "funding_bps_per_day": 2.0, "hedge": "basket", "target_volatility": TARGET,
    "capital": CAPITAL, "coin_cap": COIN_CAP, "gross_cap": GROSS_CAP, "volume_share": SHARE, "covariance_days": WINDOW / 24,
}


def market():
    generator = np.random.default_rng(20261128)
    factor = 0.004 * generator.standard_normal(BARS + 8)
    signal = np.zeros((BARS, COINS))
    for bar in range(1, BARS):
        signal[bar] = 0.7 * signal[bar - 1] + generator.standard_normal(COINS)
    beta = np.array([1.0, 1.4, 0.7, 1.1])
    returns = np.outer(factor[:BARS], beta) + 0.005 * generator.standard_normal((BARS, COINS))
    returns[2:] += 0.0012 * signal[:-2]
    close = np.round(100 * np.exp(np.cumsum(returns, axis=0)), 6)
    volume = np.round(np.exp(generator.normal(5, 1.2, (BARS, COINS))), 3)
    holes = generator.random((BARS, COINS)) < 0.02
    holes[0] = False
    close[holes] = volume[holes] = np.nan
    forecast = np.round(0.004 * signal + 0.003 * generator.standard_normal((BARS, COINS)), 8)
    volatility = np.round(0.011 * np.exp(0.3 * generator.standard_normal((BARS, COINS))), 8)
    volatility[generator.random((BARS, COINS)) < 0.02] = np.nan
    absent = generator.random((BARS, COINS)) < 0.03
    absent[[first for first in FOLDS], :] = False
    absent[[first - 1 for first in FOLDS], :] = False
    absent[:FIRST] = True
    absent[FOLDS[-1]:] = True
    forecast[absent] = np.nan
    return close, volume, forecast, volatility


CLOSE, VOLUME, FORECAST, VOLATILITY = market()
MARK = CLOSE.copy()
for bar in range(1, BARS):
    MARK[bar] = np.where(np.isnan(MARK[bar]), MARK[bar - 1], MARK[bar])
DELAYED = np.full((BARS, COINS), np.nan)
for bar in range(BARS - 1 - REACH):
    DELAYED[bar] = CLOSE[bar + 1 + REACH] / CLOSE[bar + 1] - 1
DAY = (START_MS + HOUR_MS * np.arange(BARS)) // DAY_MS
OWN = np.full((BARS, COINS), np.nan)
for bar in range(FIRST, FOLDS[-1]):
    OWN[bar] = FORECAST[bar] - np.nanmean(FORECAST[bar])


def covariance(bar):
    first = int(np.argmax(DAY == DAY[bar]))
    bars = [b for b in range(first - WINDOW + 1, first + 1) if b >= 0]
    r = np.array([MARK[b] / MARK[b - 1] - 1 if b > 0 else np.zeros(COINS) for b in bars])
    m = r.mean(axis=1)
    beta = (r * m[:, None]).mean(axis=0) / (m * m).mean()
    return beta, (m * m).mean(), ((r - np.outer(m, beta)) ** 2).mean(axis=0)


def aim(bar):
    beta, variance, residual = covariance(bar)
    whole = beta**2 * variance + residual
    current = VOLATILITY[bar] ** 2 / REACH
    residual = np.where(current > whole, residual * current / whole, residual)
    known = np.isfinite(OWN[bar])
    matrix = variance * np.outer(beta, beta) + np.diag(residual)
    found = np.zeros(COINS)
    found[known] = np.linalg.solve(matrix[np.ix_(known, known)], OWN[bar][known])
    return found


AIM = np.array([aim(bar) if FIRST <= bar < FOLDS[-1] else np.zeros(COINS) for bar in range(BARS)])


def fit(fold):
    xy = xx = lagged = squared = 0.0
    for before in range(fold):
        first, end = FOLDS[before], FOLDS[before + 1]
        for bar in range(first, end):
            y = DELAYED[bar] - (np.nanmean(DELAYED[bar][np.isfinite(FORECAST[bar])]))
            for coin in range(COINS):
                x = OWN[bar, coin] / VOLATILITY[bar, coin]
                scaled = np.clip(y[coin] / VOLATILITY[bar, coin], -5, 5)
                is_purged = before + 2 < len(FOLDS) and bar + 1 + REACH > end
                if np.isfinite(x) and np.isfinite(scaled) and not is_purged:
                    xy, xx = xy + x * scaled, xx + x * x
                if bar + 1 < end:
                    later = OWN[bar + 1, coin] / VOLATILITY[bar + 1, coin]
                    if np.isfinite(x) and np.isfinite(later):
                        lagged, squared = lagged + x * later, squared + x * x
    return max(xy / xx, 0) / REACH, min(max(lagged / squared, 0), 0.999)


def hedge(kind, bar, wanted):
    beta = covariance(bar)[0]
    exposure = (beta * wanted).sum()
    if kind == "basket":
        return np.full(COINS, -exposure / beta.sum())
    found = np.zeros(COINS)
    if kind is not None:
        found[kind] = -exposure / beta[kind]
    return found


def trade(first, end, kind, cost, rule, is_limited):
    """Follows `rule(bar)`, which is (slope, persistence, scale)."""
    units, hedged, cash, bars = np.zeros(COINS), np.zeros(COINS), 1.0, []
    for bar in range(first, end):
        slope, persistence, scale = rule(bar)
        held = (units - hedged) * MARK[bar]
        wanted = held.copy()
        for coin in range(COINS):
            if np.isnan(OWN[bar, coin]):
                continue
            step = (1 - persistence) * (scale * slope * AIM[bar, coin] - held[coin])
            promised = slope * OWN[bar, coin] / (1 - persistence)
            if cost == 0 or (promised * step > 0 and abs(promised) >= cost):
                wanted[coin] += step
        if is_limited:
            wanted = np.clip(wanted, -COIN_CAP, COIN_CAP)
            if abs(wanted).sum() > GROSS_CAP:
                wanted *= GROSS_CAP / abs(wanted).sum()
        against = hedge(kind, bar, wanted)
        order = (wanted + against - units * MARK[bar]) / MARK[bar] * MARK[bar + 1]
        hedged = against / MARK[bar]
        most = SHARE * np.nan_to_num(CLOSE[bar + 1] * VOLUME[bar + 1]) / CAPITAL if is_limited else np.inf
        filled = np.clip(order, -most, most)
        profit, held = (units * (MARK[bar + 1] - MARK[bar])).sum(), (units * MARK[bar + 1]).sum()
        units = units + filled / MARK[bar + 1]
        cash -= filled.sum()
        bars.append((DAY[bar + 1], profit, abs(filled).sum(), held, abs(units * MARK[bar + 1]).sum(), abs(order).sum()))
    return units, cash, np.array(bars)


def per_day(bars, column):
    return [float(bars[bars[:, 0] == day, column].sum()) for day in np.unique(bars[:, 0])]


def portfolio(kind, fee_bps):
    cost = (fee_bps + CONFIG["half_spread_bps"]) * 1e-4
    rules = {}
    for fold in (1, 2):
        slope, persistence = fit(fold)
        bars = trade(FIRST, FOLDS[fold], kind, cost, lambda bar: (slope, persistence, 1.0), False)[2]
        volatility = np.sqrt(np.mean(np.square(per_day(bars, 1))) * 365)
        rules[fold] = (slope, persistence, TARGET / volatility)
    units, cash, bars = trade(FOLDS[1], FOLDS[3], kind, cost, lambda bar: rules[1 if bar < FOLDS[2] else 2], True)
    profit, traded, held = (np.array(per_day(bars, column)) for column in (1, 2, 3))
    funded = profit - CONFIG["funding_bps_per_day"] * 1e-4 / 24 * held
    net = funded - cost * traded
    return {
        "hedge": kind, "fee_bps": fee_bps, "units": units.tolist(), "cash": cash, "profit": profit.tolist(), "traded": traded.tolist(),
        "net": net.tolist(), "annual_return": net.mean() * 365, "sharpe": net.mean() / net.std(ddof=1) * np.sqrt(365),
        "without_best_three": np.sort(net)[:-3].mean() * 365, "exposure": bars[:, 4].mean(), "turnover": traded.mean(),
        "filled": bars[:, 2].sum() / bars[:, 5].sum(),
        "break_even_bps": funded.sum() / traded.sum() * 1e4 - CONFIG["half_spread_bps"],
    }


def rows():
    found = []
    for fold in range(3):
        for bar in range(FOLDS[fold], FOLDS[fold + 1]):
            for coin in range(COINS):
                if np.isfinite(FORECAST[bar, coin]):
                    found.append((fold + 1, bar, coin))
    return found


def nullable(values):
    return [None if np.isnan(value) else float(value) for value in np.asarray(values).ravel()]


def main():
    at = rows()
    column = lambda matrix: nullable([matrix[bar, coin] for _, bar, coin in at])
    golden = {
        "start_ms": START_MS, "bar_ms": HOUR_MS, "reach_bars": REACH, "config": CONFIG, "close": nullable(CLOSE),
        "volume": nullable(VOLUME),
        "rows": {
            "fold": [fold for fold, _, _ in at], "bar": [bar for _, bar, _ in at], "symbol": [coin for _, _, coin in at],
            "forecast": column(FORECAST), "realized_delayed": column(DELAYED), "trailing_volatility": column(VOLATILITY),
        },
        "fits": [{"slope": fit(fold)[0], "persistence": fit(fold)[1]} for fold in (1, 2)],
        "portfolios": [portfolio(kind, fee) for kind in (None, "basket", 1) for fee in CONFIG["fees_bps"]],
    }
    PATH.write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
