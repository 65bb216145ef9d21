#!/usr/bin/env python3
"""Golden values of the daily ridge in crates/linear, by numpy, on the candles of golden-relative.py.

    python3 scripts/golden-ridge.py

Writes crates/linear/tests/golden/ridge.json (made with numpy 2): the coefficients of every day's refit and forecasts.
"""

import importlib.util
import json
import warnings
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
spec = importlib.util.spec_from_file_location("relative", HERE / "golden-relative.py")
relative = importlib.util.module_from_spec(spec)
spec.loader.exec_module(relative)

HORIZON, STEP_MS, DAY_MS = 3, 300_000, 86_400_000
HALF_LIFE, PENALTY, MARKET_PENALTY, TRUST = 2.0, 50.0, 20.0, 20.0
PRODUCTS = [
    ["liquidity", "deviation_30m"],
    ["liquidity", "return_5m"],
    ["deviation_30m"] * 3,
    ["return_5m"] * 3,
]
REVERSAL = {"market_deviation_30m": -0.03, "market_deviation_4h": -0.03}
FORECAST_ROWS = [864, 1000, 1151, 1152, 1300, 1499]


def rows_of(terms, targets, keep):
    """Rows without an unknown value among those to keep: terms [rows, terms] and targets [rows]."""
    keep = keep & np.isfinite(terms).all(-1) & np.isfinite(targets)
    return terms[keep], targets[keep]


def ridge(x, y, weights, penalty, squares, towards):
    pull = np.diag(penalty * squares)
    left = x.T @ (x * weights[:, None]) + pull
    return np.linalg.solve(left, x.T @ (y * weights) + pull @ towards)


def main():
    names, values, volatility, close, observed = relative.features()
    values = values.astype(np.float32).astype(np.float64)
    of = dict(zip(names, values))
    own_names = [[name] for name in names if not name.startswith("market_")] + PRODUCTS
    market_names = [name for name in names if name.startswith("market_")]
    own = np.stack([np.prod([of[name] for name in term], 0) for term in own_names], -1)
    market = np.stack([of[name] for name in market_names], -1)
    bars = len(close)
    whole = np.full(close.shape, np.nan)
    for t in range(bars - HORIZON - 1):
        seen = observed[t + 1] & observed[t + 1 + HORIZON]
        whole[t] = np.where(seen, close[t + 1 + HORIZON] / close[t + 1] - 1, np.nan)
    unit = volatility * np.sqrt(HORIZON)
    whole /= unit
    own_target = np.clip(whole - np.nanmean(whole, 1, keepdims=True), -5, 5)
    market_target = np.nanmean(np.clip(whole, -5, 5), 1)
    known = observed & np.isfinite(own_target) & np.isfinite(own).all(-1)
    # The day in which a row's target is known, one bar and the horizon later.
    times = relative.START_MS + STEP_MS * np.arange(bars)
    known_day = (times + STEP_MS * (HORIZON + 2) - 1) // DAY_MS
    day = times // DAY_MS
    days = {}
    for d in np.unique(known_day):
        at = known_day == d
        days[d] = (
            *rows_of(own, own_target, known & at[:, None]),
            *rows_of(market[:, 0], market_target, known.any(1) & at),
        )
    towards = np.array([REVERSAL.get(name, 0.0) for name in market_names])
    refits, first = [], relative.START_MS // DAY_MS + 3
    worth = np.zeros(4)
    market_before = None
    for d in range(min(days), first + 3):
        x, y, mx, my = (np.concatenate([days[e][i] for e in days if e < d] or [np.zeros(0)]) for i in range(4))
        if len(y) == 0:
            continue
        if market_before is not None and d - 1 in days:
            ex, ey = days[d - 1][2:]
            forecast = ex @ market_before
            worth += [len(ey), forecast @ ey, forecast @ forecast, ey @ ey]
        age = np.concatenate([np.full(len(days[e][1]), d - 1 - e) for e in days if e < d])
        squares, market_squares = (x**2).mean(0), (mx**2).mean(0)
        penalty = PENALTY * HORIZON
        lasting = ridge(x, y, np.ones(len(y)), penalty, squares, np.zeros(x.shape[1]))
        recent = ridge(x, y, 0.5 ** (age / HALF_LIFE), penalty, squares, lasting)
        market_before = ridge(mx, my, np.ones(len(my)), MARKET_PENALTY * HORIZON, market_squares, towards)
        share = 1.0
        if worth[0] > 0:
            before = TRUST * HORIZON * worth[3] / worth[0]
            share = float(np.clip((worth[1] + before) / (worth[2] + before), 0, 1))
        if d >= first:
            refits.append(
                {
                    "from_ms": int(d * DAY_MS),
                    "rows": len(y),
                    "own": recent.tolist(),
                    "market": market_before.tolist(),
                    "market_share": share,
                }
            )
    forecasts = []
    for t in FORECAST_ROWS:
        refit = [refit for refit in refits if refit["from_ms"] <= times[t]][-1]
        part = np.where(observed[t], own[t] @ refit["own"], np.nan)
        forecast = (part - np.nanmean(part) + refit["market_share"] * (market[t] @ refit["market"])) * unit[t]
        forecasts.append([None if np.isnan(value) else float(value) for value in forecast])
    out = {"refits": refits, "rows": FORECAST_ROWS, "forecasts": forecasts}
    path = HERE.parent / "crates/linear/tests/golden/ridge.json"
    path.write_text(json.dumps(out) + "\n")
    print(f"{path}: {len(refits)} refits, shares {[refit['market_share'] for refit in refits]}")


if __name__ == "__main__":
    warnings.simplefilter("ignore", RuntimeWarning)
    main()
