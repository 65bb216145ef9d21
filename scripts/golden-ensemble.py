#!/usr/bin/env python3
"""Golden values of the ensemble's methods ic_a_day and qlike, by numpy.

    python3 scripts/golden-ensemble.py

Writes crates/ensemble/tests/golden/ic_a_day.json (made with numpy 2): each fold's weights and some forecasts. Forecasts and
returns of 4 coins at every hour of 24 days are integers by a formula that the Rust test repeats. The weights are found by
trying every set of members that could have some, not by descent. Writes qlike.json beside it: each fold's weights by the
QLIKE of the last days before it.
"""

import itertools
import json
from pathlib import Path

import numpy as np

COINS, MEMBERS, HOURS, FOLD_HOURS, REACH, EMBARGO = 4, 3, 24 * 24, 8 * 24, 2, 1
STANDARD_ERRORS = 0.5
PRIOR_DAYS, PRIOR_IC = 20, 0.03
ROWS = [0, 5, 801, 1203, 2000, 2303]


def noise(t, coin, a, b):
    """From -100 to 100."""
    return (t * t * (a + 2 * coin) + t * (b + 11 * coin)) % 10_007 % 201 - 100


def made():
    """Forecasts [members, hours, coins], delayed returns and units [hours, coins]."""
    t, coin = np.arange(HOURS)[:, None], np.arange(COINS)[None, :]
    market = noise(t, 0 * coin, 7919, 104_729)
    known = [noise(t, coin, 613, 17) + market, noise(t, coin, 331, 43)]
    members = np.stack([known[0], known[1] + known[0] // 2, noise(t, coin, 101, 11)])
    units = (50 + noise(t // 24, coin, 31, 17) % 50) / 1e4
    returns = (known[0] + 2 * known[1] + 3 * noise(t, coin, 37, 5)) / 5e1
    return members / 1e2 * units, np.expm1(returns * units), units


def lasso(products, worth, prices):
    """Every support whose solution is above 0 and whose others do not want in."""
    count = len(worth)
    for size in range(count + 1):
        for chosen in itertools.combinations(range(count), size):
            chosen = list(chosen)
            weights = np.zeros(count)
            weights[chosen] = np.linalg.solve(products[np.ix_(chosen, chosen)], (worth - prices)[chosen])
            slack = worth - prices - products @ weights
            if (weights >= 0).all() and (np.delete(slack, chosen) <= 1e-9).all():
                return weights
    raise SystemExit("no solution")


def part(x, y, day, days, prior_days):
    """Weights of one part: x [members, n], y [n], day [n]; every member has PRIOR_IC on each prior day."""
    products, worth = [], []
    for d in days:
        at = day == d
        square = (y[at] ** 2).sum()
        products.append(x[:, at] @ x[:, at].T / square)
        worth.append(x[:, at] @ y[at] / square)
    worth = np.array(worth)
    prices = STANDARD_ERRORS * worth.std(0, ddof=1) * np.sqrt(len(days))
    mean = np.mean(products, 0)
    prior = prior_days * PRIOR_IC * np.sqrt(np.diag(mean))
    return lasso((len(days) + prior_days) * mean, worth.sum(0) + prior, prices)


def fitted(prior_days):
    """Each fold's weights, and the forecasts of all rows."""
    forecasts, returns, units = made()
    x, y = forecasts / units, np.log1p(returns) / units
    x_market, y_market = x.mean(2), np.clip(y, -5, 5).mean(1)
    x_own, y_own = x - x_market[:, :, None], np.clip(y - y.mean(1, keepdims=True), -5, 5)
    day = np.arange(HOURS) // 24
    folds, out = [], np.zeros((HOURS, COINS))
    for fold in range(HOURS // FOLD_HOURS):
        start = fold * FOLD_HOURS
        weights = np.array([[1.0, 0, 0], [1.0, 0, 0]])
        if fold > 0:
            end = start - (1 + REACH + EMBARGO)  # an hour whose delayed return ends before the fold begins
            days = np.unique(day[:end])
            own_day = np.repeat(day[:end], COINS)
            weights = np.array(
                [
                    part(x_market[:, :end], y_market[:end], day[:end], days, 0),
                    part(x_own[:, :end].reshape(MEMBERS, -1), y_own[:end].ravel(), own_day, days, prior_days),
                ]
            )
        folds.append({"market": weights[0].tolist(), "own": weights[1].tolist()})
        span = slice(start, start + FOLD_HOURS)
        market = np.tensordot(weights[0], x_market[:, span], 1)[:, None]
        out[span] = (market + np.tensordot(weights[1], x_own[:, span], 1)) * units[span]
    return {"prior_days": prior_days, "folds": folds, "forecasts": out.ravel()[ROWS].tolist()}


def qlike(recent_days):
    """Each fold's weights by the QLIKE that members have at their best level."""
    t, coin = np.arange(HOURS)[:, None], np.arange(COINS)[None, :]
    realized = -3 + noise(t, coin, 613, 17) / 1e2
    # The second is as good as the first at another level, the third is worse.
    errors = [noise(t, coin, 331, 43) / 2e2, noise(t, coin, 101, 11) / 2e2 - 0.5, noise(t, coin, 37, 5) / 1.6e2]
    twice = 2 * np.stack(errors)  # realized less forecast
    folds = []
    for start in range(0, HOURS, FOLD_HOURS):
        end = max(start - (REACH + EMBARGO), 0)  # hours whose target is known before the fold
        recent = twice[:, max(end - int(24 * recent_days), 0) : end].reshape(MEMBERS, -1)
        if end == 0:
            folds.append([1 / MEMBERS] * MEMBERS)
            continue
        loss = np.log(np.exp(recent).mean(1)) - recent.mean(1)
        events = (recent.shape[1] / COINS - 1) / REACH + 1
        say = np.exp(-events * (loss - loss.min()) / 2)
        folds.append((say / say.sum()).tolist())
    return {"recent_days": recent_days, "folds": folds}


def main():
    cases = [fitted(0), fitted(PRIOR_DAYS)]
    path = Path(__file__).parent.parent / "crates/ensemble/tests/golden/ic_a_day.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"rows": ROWS, "cases": cases}) + "\n")
    print(f"{path}: {json.dumps(cases)}")
    cases = [qlike(2), qlike(90)]
    path = path.parent / "qlike.json"
    path.write_text(json.dumps(cases) + "\n")
    print(f"{path}: {json.dumps(cases)}")


if __name__ == "__main__":
    main()
