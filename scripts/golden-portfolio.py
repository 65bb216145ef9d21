#!/usr/bin/env python3
"""Makes the golden numbers of `quarterhour portfolio`: crates/rules/tests/golden/portfolio.json.

Usage, from the repository's root:

    python3 -m venv venv && venv/bin/pip install numpy
    venv/bin/python scripts/golden-portfolio.py

A small made-up market of hourly bars: forecasts with a planted part, holes in candles and forecasts. The rule and the accounting
are written again, in plain loops; the positions by solving the linear system, the lines by numpy's least squares. Every number is drawn with a fixed seed: running it
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


def further():
    """How far prices go within a bar, and funding: what long positions pay every eight hours, of two coins."""
    generator = np.random.default_rng(20261129)
    low = np.round(CLOSE * (1 - 0.004 * abs(generator.standard_normal((BARS, COINS)))), 6)
    high = np.round(CLOSE * (1 + 0.004 * abs(generator.standard_normal((BARS, COINS)))), 6)
    rates = []
    for coin in range(COINS):
        times = [bar for bar in range(BARS) if (START_MS // HOUR_MS + bar) % 8 == 0]
        values = np.round(1e-4 + 2e-4 * generator.standard_normal(len(times)), 8)
        # The exchange is a few milliseconds late.
        rates.append([[START_MS + bar * HOUR_MS + 7, float(rate)] for bar, rate in zip(times, values)] if coin in (0, 2) else [])
    return low, high, rates


CLOSE, VOLUME, FORECAST, VOLATILITY = market()
LOW, HIGH, RATES = further()
IS_FUNDED = np.array([len(rates) > 0 for rates in RATES])
FUNDING = np.zeros((BARS, COINS))
for coin, rates in enumerate(RATES):
    for time_ms, rate in rates:
        FUNDING[(time_ms - START_MS) // HOUR_MS, coin] = rate
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


def aim(bar, expected):
    beta, variance, residual = covariance(bar)
    whole = beta**2 * variance + residual
    current = VOLATILITY[bar] ** 2 / REACH
    residual = np.where(current > whole, residual * current / whole, residual)
    known = np.isfinite(expected)
    matrix = variance * np.outer(beta, beta) + np.diag(residual)
    found = np.zeros(COINS)
    found[known] = np.linalg.solve(matrix[np.ix_(known, known)], expected[known])
    return found


def line(points):
    """Slope, its variance and the number of days of (day, x, y, weight): weighted least squares, errors by day."""
    day, x, y, weight = (np.array(column, float) for column in zip(*points))
    design = np.stack([np.ones_like(x), x], axis=1)
    bread = np.linalg.inv(design.T @ (design * weight[:, None]))
    found = bread @ design.T @ (weight * y)
    residual = y - design @ found
    days = np.unique(day)
    meat = np.zeros((2, 2))
    for one in days:
        score = (design * (weight * residual)[:, None])[day == one].sum(axis=0)
        meat += np.outer(score, score)
    covariance = bread @ meat @ bread * len(days) / (len(days) - 1)
    return found[1], covariance[1, 1], len(days)


def slopes(fold):
    """The slope of all coins before a fold, how far the coins' slopes differ, and each drawn to it."""
    points = [[] for _ in range(COINS)]
    for bar in range(FIRST, FOLDS[fold]):
        y = DELAYED[bar] - np.nanmean(DELAYED[bar][np.isfinite(FORECAST[bar])])
        for coin in range(COINS):
            unit = VOLATILITY[bar, coin]
            is_known = np.isfinite(OWN[bar, coin]) and np.isfinite(y[coin]) and np.isfinite(unit)
            if is_known and bar + 1 + REACH <= FOLDS[fold]:
                points[coin].append((DAY[bar], OWN[bar, coin], np.clip(y[coin], -5 * unit, 5 * unit), unit**-2))
    pooled = line(sum(points, []))[0]
    own = [line(of_coin) for of_coin in points]
    enough = [(slope, variance) for slope, variance, days in own if days >= 5]
    between = 0.0
    if len(enough) > 1:
        slope, variance = np.array(enough).T
        weight = 1 / variance
        spread = (weight * (slope - (weight * slope).sum() / weight.sum()) ** 2).sum()
        between = max(0.0, (spread - len(enough) + 1) / (weight.sum() - (weight**2).sum() / weight.sum()))
    drawn = [pooled + between / (between + v) * (s - pooled) if days >= 5 else pooled for s, v, days in own]
    return max(pooled, 0.0), between**0.5, np.maximum(drawn, 0.0) if pooled > 0 else np.zeros(COINS)


def persistence(fold):
    lagged = squared = 0.0
    for before in range(fold):
        for bar in range(FOLDS[before], FOLDS[before + 1] - 1):
            for coin in range(COINS):
                x, later = OWN[bar, coin] / VOLATILITY[bar, coin], OWN[bar + 1, coin] / VOLATILITY[bar + 1, coin]
                if np.isfinite(x) and np.isfinite(later):
                    lagged, squared = lagged + x * later, squared + x * x
    return min(max(lagged / squared, 0), 0.999)


def hedge(kind, bar, wanted):
    beta = covariance(bar)[0]
    exposure = (beta * wanted).sum()
    if kind == "basket":
        return np.full(COINS, -exposure / beta.sum())
    found = np.zeros(COINS)
    if kind is not None:
        found[kind] = -exposure / beta[kind]
    return found


def trade(first, end, kind, cost, rule, is_limited, orders="taker"):
    """Follows `rule(bar)`, which is (slopes, persistence, scale)."""
    units, hedged, cash, bars = np.zeros(COINS), np.zeros(COINS), 1.0, []
    for bar in range(first, end):
        slope, kept, scale = rule(bar)
        expected = slope * OWN[bar] / REACH
        aims = aim(bar, expected)
        held = (units - hedged) * MARK[bar]
        wanted = held.copy()
        for coin in range(COINS):
            if np.isnan(expected[coin]):
                continue
            step = (1 - kept) * (scale * aims[coin] - held[coin])
            promised = expected[coin] / (1 - kept)
            if cost == 0 or (promised * step > 0 and abs(promised) >= cost):
                wanted[coin] += step
        if is_limited:
            wanted = np.clip(wanted, -COIN_CAP, COIN_CAP)
            if abs(wanted).sum() > GROSS_CAP:
                wanted *= GROSS_CAP / abs(wanted).sum()
        against = hedge(kind, bar, wanted)
        order = (wanted + against) / MARK[bar] - units
        price = MARK[bar] if orders == "limit" else MARK[bar + 1]
        most = SHARE * np.nan_to_num(CLOSE[bar + 1] * VOLUME[bar + 1]) / CAPITAL if is_limited else np.full(COINS, np.inf)
        if orders == "limit":
            through = np.where(order > 0, LOW[bar + 1] < price, HIGH[bar + 1] > price)
            most = np.where(through, most, 0.0)
        filled = np.clip(order * price, -most, most) / price
        # Own position and hedge have their shares of what was filled.
        share = np.where(order == 0, 1.0, filled / np.where(order == 0, 1.0, order))
        hedged = hedged + share * (against / MARK[bar] - hedged)
        rate = np.where(IS_FUNDED, FUNDING[bar + 1], 0.0)
        profit = (units * (MARK[bar + 1] - MARK[bar])).sum() + (filled * (MARK[bar + 1] - price)).sum()
        funded, unfunded = (units * MARK[bar] * rate).sum(), (units * MARK[bar + 1])[~IS_FUNDED].sum()
        units = units + filled
        cash -= (filled * price).sum()
        missed, is_order = order - filled, abs(order * price) > 1e-12  # less is rounding
        bars.append((
            DAY[bar + 1], profit, abs(filled * price).sum(), unfunded, abs(units * MARK[bar + 1]).sum(), abs(order * price).sum(),
            funded, is_order.sum(), (is_order & (filled == 0)).sum(), abs(missed * price).sum(),
            (missed * (MARK[bar + 1] - price)).sum(),
        ))
    return units, cash, np.array(bars)


def per_day(bars, column):
    return [float(bars[bars[:, 0] == day, column].sum()) for day in np.unique(bars[:, 0])]


def portfolio(kind, fee_bps, orders):
    half_spread = CONFIG["half_spread_bps"] if orders == "taker" else 0.0
    cost = (fee_bps + half_spread) * 1e-4
    rules = {}
    for fold in (1, 2):
        slope, kept = slopes(fold)[2], persistence(fold)
        bars = trade(FIRST, FOLDS[fold], kind, cost, lambda bar: (slope, kept, 1.0), False)[2]
        volatility = np.sqrt(np.mean(np.square(per_day(bars, 1))) * 365)
        rules[fold] = (slope, kept, TARGET / volatility)
    follow = lambda bar: rules[1 if bar < FOLDS[2] else 2]
    units, cash, bars = trade(FOLDS[1], FOLDS[3], kind, cost, follow, True, orders)
    profit, traded, unfunded, funded = (np.array(per_day(bars, column)) for column in (1, 2, 3, 6))
    funding = funded + CONFIG["funding_bps_per_day"] * 1e-4 / 24 * unfunded
    net = profit - funding - cost * traded
    return {
        "hedge": kind, "fee_bps": fee_bps, "orders": orders, "units": units.tolist(), "cash": cash, "profit": profit.tolist(),
        "traded": traded.tolist(), "net": net.tolist(), "annual_return": net.mean() * 365,
        "sharpe": net.mean() / net.std(ddof=1) * np.sqrt(365), "without_best_three": np.sort(net)[:-3].mean() * 365,
        "exposure": bars[:, 4].mean(), "turnover": traded.mean(), "filled": bars[:, 2].sum() / bars[:, 5].sum(),
        "funding": funding.mean() * 365, "break_even_bps": (profit - funding).sum() / traded.sum() * 1e4 - half_spread,
        "limit_orders": int(bars[:, 7].sum()), "without_fill": int(bars[:, 8].sum()),
        "unfilled": bars[:, 9].sum() / bars[:, 5].sum(), "chase_bps": bars[:, 10].sum() / bars[:, 9].sum() * 1e4,
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
        "volume": nullable(VOLUME), "low": nullable(LOW), "high": nullable(HIGH), "funding": RATES,
        "rows": {
            "fold": [fold for fold, _, _ in at], "bar": [bar for _, bar, _ in at], "symbol": [coin for _, _, coin in at],
            "forecast": column(FORECAST), "realized_delayed": column(DELAYED), "trailing_volatility": column(VOLATILITY),
        },
        "fits": [
            {"slope": slopes(fold)[0], "slope_spread": slopes(fold)[1], "slopes": list(slopes(fold)[2]), "persistence": persistence(fold)}
            for fold in (1, 2)
        ],
        "portfolios": [
            portfolio(kind, fee, orders)
            for orders in ("taker", "limit") for kind in (None, "basket", 1) for fee in CONFIG["fees_bps"]
        ],
    }
    PATH.write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
