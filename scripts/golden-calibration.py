#!/usr/bin/env python3
"""Makes the golden numbers of calibration: crates/score/tests/golden/calibration.json.

Usage, from the repository's root:

    python3 -m venv venv && venv/bin/pip install numpy
    venv/bin/python scripts/golden-calibration.py

A small made-up market of hourly bars whose coins have other slopes. The lines are numpy's least squares with errors by day, and
each coin's line is drawn to that of all coins by plain formulas. Every number is drawn with a fixed seed: running it again writes
the same bytes (made with numpy 2.4.6). None of the Rust code is used here.
"""

import json
from pathlib import Path

import numpy as np

PATH = Path(__file__).resolve().parent.parent / "crates/score/tests/golden/calibration.json"
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
COINS, REACH = 4, 3
START_MS = 1_700_000_000_000 // HOUR_MS * HOUR_MS
FOLDS = [0, 200, 400, 600]  # first bar of each fold


def market():
    generator = np.random.default_rng(20261130)
    slopes, drifts = np.array([0.1, 0.5, 1.4, 0.5]), np.array([-4e-3, 0.0, 4e-3, 1e-3])
    forecast = np.round(0.004 * generator.standard_normal((FOLDS[-1], COINS)) + 0.001, 8)
    unit = np.round(0.01 * np.exp(0.4 * generator.standard_normal(forecast.shape)), 8)
    market_move = 0.004 * generator.standard_normal((FOLDS[-1], 1))
    realized = np.round(drifts + slopes * forecast + market_move + unit * generator.standard_t(3, forecast.shape), 8)
    realized[generator.random(forecast.shape) < 0.03] = np.nan
    unit[generator.random(forecast.shape) < 0.03] = np.nan
    present = generator.random(forecast.shape) > 0.1
    present[FOLDS[:-1]] = True
    # The last coin is listed late: too few days for a line of its own before the second fold.
    present[:130, 3] = False
    return forecast, realized, unit, present


def line(points):
    """Slope, intercept, their standard errors and the number of days of (day, x, y, weight)."""
    day, x, y, weight = (np.array(column, float) for column in zip(*points))
    design = np.stack([np.ones_like(x), x], axis=1)
    bread = np.linalg.inv(design.T @ (design * weight[:, None]))
    found = bread @ design.T @ (weight * y)
    scores = design * (weight * (y - design @ found))[:, None]
    days = np.unique(day)
    meat = sum(np.outer(scores[day == one].sum(axis=0), scores[day == one].sum(axis=0)) for one in days)
    errors = np.sqrt(np.diag(bread @ meat @ bread) * len(days) / (len(days) - 1))
    return found[1], found[0], errors[1], errors[0], len(days)


def between(values, errors):
    weight = errors**-2.0
    mean = (weight * values).sum() / weight.sum()
    spread = (weight * (values - mean) ** 2).sum() - (len(values) - 1)
    return max(0.0, spread / (weight.sum() - (weight**2).sum() / weight.sum()))


def lines(forecast, realized, unit, present, fold):
    points = [[] for _ in range(COINS)]
    for bar in range(FOLDS[fold] if fold < 3 else FOLDS[-1]):
        time_ms = START_MS + bar * HOUR_MS
        for coin in range(COINS):
            is_known = present[bar, coin] and np.isfinite(realized[bar, coin]) and np.isfinite(unit[bar, coin])
            if is_known and (fold == 3 or bar + 1 + REACH <= FOLDS[fold]):
                y = np.clip(realized[bar, coin], -5 * unit[bar, coin], 5 * unit[bar, coin])
                points[coin].append((time_ms // DAY_MS, forecast[bar, coin], y, unit[bar, coin] ** -2.0))
    pooled = line(sum(points, []))
    own = [line(of_coin) if of_coin else (0, 0, 0, 0, 0) for of_coin in points]
    enough = np.array([one for one in own if one[4] >= 5])
    of_slopes, of_intercepts = between(enough[:, 0], enough[:, 2]), between(enough[:, 1], enough[:, 3])
    drawn = []
    for slope, intercept, slope_error, intercept_error, days in own:
        if days < 5:
            drawn.append([pooled[0], pooled[1]])
        else:
            share = [of_slopes / (of_slopes + slope_error**2), of_intercepts / (of_intercepts + intercept_error**2)]
            drawn.append([pooled[0] + share[0] * (slope - pooled[0]), pooled[1] + share[1] * (intercept - pooled[1])])
    return {
        "pooled": list(pooled[:4]), "spread": [of_slopes**0.5, of_intercepts**0.5],
        "own": [list(one[:4]) if one[4] >= 5 else None for one in own], "shrunk": drawn,
    }


def minus_mean(values, present):
    known = np.where(present & np.isfinite(values), values, 0.0)
    count = (present & np.isfinite(values)).sum(axis=1, keepdims=True)
    return values - known.sum(axis=1, keepdims=True) / np.maximum(count, 1)


def main():
    forecast, realized, unit, present = market()
    at = [(bar, coin) for bar in range(FOLDS[-1]) for coin in range(COINS) if present[bar, coin]]
    fold_of = lambda bar: sum(first <= bar for first in FOLDS[:-1])
    column = lambda matrix: [None if np.isnan(matrix[cell]) else float(matrix[cell]) for cell in at]
    own = [minus_mean(forecast, present), minus_mean(realized, present)]
    parts = {"whole": (forecast, realized), "own": tuple(own)}
    golden = {
        "start_ms": START_MS, "bar_ms": HOUR_MS, "reach_bars": REACH, "bar": [bar for bar, _ in at],
        "symbol": [coin for _, coin in at], "fold": [fold_of(bar) for bar, _ in at], "forecast": column(forecast),
        "realized_delayed": column(realized), "trailing_volatility": column(unit),
        "parts": {name: [lines(*sides, unit, present, fold) for fold in (1, 2, 3)] for name, sides in parts.items()},
    }
    PATH.write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
