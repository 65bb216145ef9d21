#!/usr/bin/env python3
"""Writes golden numbers of scores of prices and of Diebold and Mariano's test, by independent code.

    pip install numpy==2.* scipy statsmodels
    scripts/golden-prices.py

Means, medians and R2 are numpy's, the standard error of the test is statsmodels' (an ordinary least squares fit of a constant with a
HAC covariance), its p-value scipy's. Written to crates/statistics/tests/golden/diebold_mariano.json and
crates/score/tests/golden/prices.json.
"""

import json
from pathlib import Path

import numpy as np
import statsmodels.api as sm
from scipy import stats

ROOT = Path(__file__).resolve().parent.parent
FEE = 1e-3


def write(name, content):
    path = ROOT / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content) + "\n")
    print(path)


def diebold_mariano(differences, steps):
    """(t, p): Newey-West with lags up to twice the overlap, corrected by Harvey, Leybourne and Newbold"""
    n = len(differences)
    lags = min(2 * (steps - 1), n - 1)
    fit = sm.OLS(differences, np.ones(n)).fit(cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": False})
    t = fit.tvalues[0] * np.sqrt((n + 1 - 2 * steps + steps * (steps - 1) / n) / n)
    return float(t), float(2 * stats.t.sf(abs(t), n - 1))


def tests():
    generator = np.random.default_rng(1)
    cases = []
    for n, steps, shift in [(30, 1, 0.3), (120, 3, 0.1), (400, 7, -0.2), (260, 14, 0.0), (40, 14, 0.5)]:
        noise = generator.normal(size=n + steps - 1)
        differences = shift + np.convolve(noise, np.ones(steps), "valid") / np.sqrt(steps)
        t, p = diebold_mariano(differences, steps)
        cases.append({"differences": differences.tolist(), "steps": steps, "t": t, "p": p})
    distribution = [[t, f, float(2 * stats.t.sf(abs(t), f))] for t in (0.0, 0.1, -1.0, 2.5, 7.0, 30.0)
                    for f in (1.0, 2.0, 9.0, 60.0, 3000.0)]
    write("crates/statistics/tests/golden/diebold_mariano.json", {"cases": cases, "distribution": distribution})


def r_squared(forecast, realized):
    return 1 - np.sum((forecast - realized) ** 2) / np.sum((realized - realized.mean()) ** 2)


def sign_rule(forecast, realized, steps):
    """[times, coins] with NaN where a coin has no row: (Sharpe a year, drawdown), means over the days to begin on"""
    sharpes, falls = [], []
    for start in range(steps):
        held = np.zeros(forecast.shape[1])
        returns = []
        for time in range(start, len(forecast), steps):
            wanted = np.sign(np.nan_to_num(forecast[time]))
            wanted = wanted / max(np.abs(wanted).sum(), 1)
            returns.append(np.nansum(wanted * realized[time]) - FEE * np.abs(wanted - held).sum())
            held = wanted
        returns = np.array(returns)
        sharpes.append(returns.mean() / returns.std(ddof=1) * np.sqrt(365 / steps))
        capital = np.concatenate([[1], np.cumprod(1 + returns)])
        falls.append((capital / np.maximum.accumulate(capital) - 1).min())
    return float(np.mean(sharpes)), float(np.mean(falls))


def prices():
    generator = np.random.default_rng(2)
    times, coins = 120, 4
    cases = []
    for steps in (1, 3):
        start = np.array([40000.0, 3000.0, 1.0, 0.02])
        walk = start * np.exp(np.cumsum(generator.normal(0, 0.03, (times + steps, coins)), axis=0))
        close, realized = walk[:times], walk[steps:] / walk[:times] - 1
        forecast = 0.2 * realized + generator.normal(0, 0.02, realized.shape)
        forecast[generator.random(forecast.shape) < 0.05] = 0.0
        missing = generator.random(forecast.shape) < 0.1
        known = ~missing
        f, r, c = forecast[known], realized[known], close[known]
        came, said = c * (1 + r), c * (1 + f)
        error, naive = np.abs(said - came) / came, np.abs(c - came) / came
        of_coin = lambda statistic, middle=np.mean: float(middle([
            statistic((close * (1 + forecast))[known[:, coin], coin], (close * (1 + realized))[known[:, coin], coin])
            for coin in range(coins)]))
        gains = [np.mean((np.abs(realized[t]) - np.abs(forecast[t] - realized[t]))[known[t]] / (1 + realized[t][known[t]]))
                 for t in range(times) if known[t].any()]
        t, p = diebold_mariano(np.array(gains), steps)
        masked = np.where(missing, np.nan, forecast)
        sharpe, drawdown = sign_rule(masked, realized, steps)
        moving = (f != 0) & (r != 0)
        time, coin = np.nonzero(known)
        cases.append({
            "steps": steps,
            "rows": {"time": time.tolist(), "symbol": coin.tolist(), "forecast": f.tolist(), "realized": r.tolist(),
                     "close": c.tolist()},
            "expected": {
                "mape": float(error.mean()),
                "smape": float(np.mean(2 * np.abs(said - came) / (said + came))),
                "skill": float(1 - error.mean() / naive.mean()),
                "skill_t": t,
                "diebold_mariano_p": p,
                "price_mae": of_coin(lambda a, b: np.abs(a - b).mean()),
                "price_rmse": of_coin(lambda a, b: np.sqrt(((a - b) ** 2).mean())),
                "price_r2": of_coin(r_squared, np.median),
                "return_r2": float(r_squared(f, r)),
                "directional_accuracy": float(np.mean((f > 0)[moving] == (r > 0)[moving])),
                "sign_sharpe": sharpe,
                "sign_drawdown": drawdown,
            },
        })
    write("crates/score/tests/golden/prices.json", cases)


tests()
prices()
