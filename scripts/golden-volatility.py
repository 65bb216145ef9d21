#!/usr/bin/env python3
"""Makes the golden numbers of volatility: crates/statistics/tests/golden/volatility.json and
crates/dataset/tests/golden/volatility.json.

Usage, from the repository's root:

    python3 -m venv venv && venv/bin/pip install numpy pandas scipy scikit-learn arch
    venv/bin/python scripts/golden-volatility.py

GARCH models are fitted by `arch`, the Model Confidence Set is its too, of draws that are handed over with it; scores of
classes are scikit-learn's. Features are plain formulas in pandas. Nothing is drawn at random but the draws of the bootstrap,
which have a seed: running it again writes the same bytes (made with numpy 2.4, pandas 3.1, scikit-learn 1.9 and arch 8.0).
None of the Rust code is used here.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from arch import arch_model
from arch.bootstrap import MCS
from sklearn import metrics

warnings.filterwarnings("ignore")
CRATES = Path(__file__).resolve().parent.parent / "crates"
FLOOR = 1e-4
JUMP = np.log(6)


def noise(count, a, b):
    """Numbers between 0 and 1 that look like chance."""
    t = np.arange(1, count + 1)
    return (t * t * a + t * b) % 10_007 / 10_007


# --- GARCH ---


def series():
    """Returns without data: one that swings, and one whose variance follows itself, with heavy tails."""
    i = np.arange(1, 301)
    swings = 3 * np.sin(i**2.0) * (1 + 0.5 * np.sin(i / 10))
    shocks = np.tan(np.pi * (noise(600, 7919, 104_729) - 0.5) * 0.9) * 0.6
    heavy, variance = [], 4.0
    for shock in shocks:
        heavy.append(np.sqrt(variance) * shock)
        variance = 0.3 + 0.08 * heavy[-1] ** 2 + 0.85 * variance
    return {"swings": swings, "heavy tails": np.array(heavy)}


def garch():
    cases = []
    for name, x in series().items():
        for p, q, dist in [(1, 1, "normal"), (1, 1, "t"), (2, 1, "normal"), (1, 2, "t"), (2, 0, "normal")]:
            model = arch_model(x, mean="Zero", vol="GARCH" if q else "ARCH", p=p, q=q, dist=dist, rescale=False)
            fit = model.fit(disp="off", tol=1e-12, options={"maxiter": 1000})
            fixed = [0.5] + [0.1 / (k + 1) for k in range(p)] + [0.6 / (k + 1) for k in range(q)] + ([6.0] if dist == "t" else [])
            at = model.fix(fixed)
            cases.append({
                "series": name, "p": p, "q": q, "t": dist == "t", "backcast": float(model.volatility.backcast(x)),
                "parameters": fit.params.tolist(), "log_likelihood": float(fit.loglikelihood),
                "ahead": fit.forecast(horizon=7, reindex=False).variance.to_numpy()[-1].tolist(),
                "fixed": fixed, "fixed_log_likelihood": float(at.loglikelihood),
                "fixed_ahead": at.forecast(horizon=7, reindex=False).variance.to_numpy()[-1].tolist(),
                "fixed_last_variance": float(at.conditional_volatility[-1] ** 2),
            })
    return {"series": {name: x.tolist() for name, x in series().items()}, "cases": cases}


# --- the Model Confidence Set ---


def confidence_set():
    days, models = 80, 6
    base = noise(days, 31, 17)
    losses = np.column_stack([base + 0.01 * k + 0.3 * noise(days, 101 + 7 * k, 11 + k) for k in range(models)])
    found = MCS(losses, size=0.1, block_size=7, reps=100, seed=5)
    found.compute()
    return {
        "losses": losses.T.tolist(),
        "draws": [draw.tolist() for draw in found._bootstrap_indices],
        "p": found.pvalues["Pvalue"].sort_index().tolist(),
    }


# --- classes ---


def classes():
    rows = 240
    weights = np.column_stack([noise(rows, 7, 3), noise(rows, 11, 5) * 0.8, noise(rows, 13, 9) * 0.6]) + 0.01
    # Ties, as a distribution of few residuals makes them.
    probabilities = np.round(weights / weights.sum(1, keepdims=True), 2)
    probabilities[:, 0] = 1 - probabilities[:, 1] - probabilities[:, 2]
    probabilities = np.clip(probabilities, 0.01, None)
    # Rounded, so that what is equal on paper is equal in bits.
    probabilities = np.round(probabilities / probabilities.sum(1, keepdims=True), 10)
    draw = noise(rows, 17, 29)
    truth = (draw[:, None] > np.cumsum(probabilities * 0.7 + 0.1, axis=1)).sum(1)
    predicted = probabilities.argmax(1)
    one = np.eye(3)[truth]
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(truth, predicted, zero_division=0)
    is_high = truth == 2
    p, r, thresholds = metrics.precision_recall_curve(is_high, probabilities[:, 2])
    bins = np.minimum((probabilities * 10).astype(int), 9)
    gap = [sum(abs((one - probabilities)[bins[:, k] == b, k].sum()) for b in range(10)) / rows for k in range(3)]
    return {
        "probabilities": probabilities.T.tolist(), "truth": truth.tolist(), "predicted": predicted.tolist(),
        "confusion": metrics.confusion_matrix(truth, predicted).tolist(),
        "accuracy": metrics.accuracy_score(truth, predicted), "commonest": float(np.bincount(truth).max() / rows),
        "precision": precision.tolist(), "recall": recall.tolist(), "f1": f1.tolist(),
        "macro_f1": metrics.f1_score(truth, predicted, average="macro"),
        "auc_high": metrics.roc_auc_score(is_high, probabilities[:, 2]),
        "auc_ovr": metrics.roc_auc_score(truth, probabilities, multi_class="ovr"),
        "average_precision": metrics.average_precision_score(is_high, probabilities[:, 2]),
        # From the highest threshold down, without the point at which nothing is taken.
        "curve": [list(point) for point in zip(thresholds[::-1].tolist(), p[:-1][::-1].tolist(), r[:-1][::-1].tolist())],
        "log_loss": metrics.log_loss(truth, probabilities),
        "brier": float(((probabilities - one) ** 2).sum(1).mean()),
        "calibration_error": float(np.mean(gap)),
    }


# --- features ---

DAYS, COINS = 200, 4
SYMBOLS = ["AUSDT", "BTCUSDT", "CUSDT", "DUSDT"]


def candles():
    """[coin][day] open, high, low, close, volume: walks of whole ticks. The first coin's price jumps eightfold, the third one
    has holes, the last one begins late and stands still for a while."""
    all_coins = []
    for coin in range(COINS):
        step = np.round(900 * (noise(DAYS, 7919 + coin, 104_729) - 0.5)).astype(int)
        rows, close = [], 10_000 + 1000 * coin
        for t in range(DAYS):
            still = coin == 3 and 120 <= t < 165
            open_ = close
            close = open_ if still else max(open_ + int(step[t]), 500)
            if coin == 0 and t == 100:
                close *= 8
            up, down = (0, 0) if still else (int(noise(DAYS, 31 + coin, 17)[t] * 300), int(noise(DAYS, 37 + coin, 5)[t] * 300))
            volume = 0 if still else int(noise(DAYS, 101 + coin, 11)[t] * 5000)
            rows.append([x / 100 for x in (open_, max(open_, close) + up, max(min(open_, close) - down, 100), close)] + [float(volume)])
            if (coin == 2 and 70 <= t < 73) or (coin == 3 and t < 40):
                rows[-1] = None
        all_coins.append(rows)
    return all_coins


def wide(candles_):
    """Open, high, low, close and volume as [days x coins]."""
    nothing = [np.nan] * 5
    return [pd.DataFrame(np.array([[row[k] if row else nothing[k] for row in coin] for coin in candles_]).T) for k in range(5)]


def trusted_returns(close):
    r = np.log(close / close.shift(1))
    return r.where(r.abs() <= JUMP)


def log_volatility(variance, days):
    """ln of the root of the mean over full windows."""
    return np.log(np.sqrt(variance.rolling(days, min_periods=days).mean().clip(lower=0)).clip(lower=FLOOR))


def ranges(o, h, l, c):
    hl, co = np.log(h / l), np.log(c / o)
    return {
        "pk": hl**2 / (4 * np.log(2)),
        "gk": 0.5 * hl**2 - (2 * np.log(2) - 1) * co**2,
        "rs": np.log(h / c) * np.log(h / o) + np.log(l / c) * np.log(l / o),
    }


def har_range(o, h, l, c):
    r = trusted_returns(c)
    known = r.notna()
    variances = {"rv": r**2} | {name: value.where(known) for name, value in ranges(o, h, l, c).items() if name != "rs"}
    features = {f"l{name}{days}": log_volatility(value, days) for name, value in variances.items() for days in (1, 7, 30)}
    features["level"] = features["lgk1"].expanding(30).mean()
    return features


def yang_zhang(o, h, l, c, days):
    known = trusted_returns(c).notna()
    variance = lambda x: x.where(known).rolling(days, min_periods=days).var()
    k = 0.34 / (1.34 + (days + 1) / (days - 1))
    inside = ranges(o, h, l, c)["rs"].where(known).rolling(days, min_periods=days).mean()
    return variance(np.log(o / c.shift(1))) + k * variance(np.log(c / o)) + (1 - k) * inside


def volatility(o, h, l, c, v):
    """All but the indicators of TA-Lib, which scripts/golden-indicators.py has."""
    r = trusted_returns(c)
    known = r.notna()
    turnover = v * c
    over = lambda x, days: x.rolling(days, min_periods=days)
    wide_mean = lambda x: pd.DataFrame({k: x.mean(axis=1) for k in x.columns})
    variances = {"rv": r**2} | {name: value.where(known) for name, value in ranges(o, h, l, c).items()}
    features = {f"l{name}{days}": log_volatility(value, days) for name, value in variances.items() for days in (1, 7, 30)}
    features |= {f"lyz{days}": np.log(np.sqrt(yang_zhang(o, h, l, c, days)).clip(lower=FLOOR)) for days in (7, 30)}
    features |= {
        "log_return": r, "absolute_return": r.abs(), "range": ((h - l) / c).where(known), "body": ((c - o) / o).where(known),
        "market_return": wide_mean(r), "turnover": np.log1p(turnover),
        "turnover_rank": over(turnover, 30).mean().rank(axis=1).sub(1).div(over(turnover, 30).mean().notna().sum(axis=1) - 1, axis=0),
    }
    std = {days: over(r, days).std() for days in (7, 14, 30)}
    for days in (7, 14, 30):
        window = over(r, days)
        # Pandas has a correlation and a skewness of nothing where a coin stood still; ours are 0.
        still = window.std() < 1e-12
        features |= {
            f"return_mean_{days}": window.mean(), f"return_std_{days}": std[days].mask(still, 0.0),
            f"return_min_{days}": window.min(), f"return_max_{days}": window.max(),
            f"return_skew_{days}": window.skew().mask(still, 0.0), f"return_kurtosis_{days}": window.kurt().mask(still, 0.0),
            f"bitcoin_correlation_{days}": pd.DataFrame({k: over(r[k].where(r[1].notna()), days).corr(r[1].where(r[k].notna())) for k in r}).mask(still, 0.0),
            f"market_std_{days}": wide_mean(std[days]), f"std_spread_{days}": std[days] - wide_mean(std[days]),
            f"turnover_{days}": np.log1p(over(turnover, days).mean()),
        }
    features |= {f"return_std_7_lag_{days}": std[7].shift(days) for days in (1, 3, 7)}
    features |= {f"log_return_lag_{days}": r.shift(days) for days in (1, 2, 3)}
    return features


def pick(features, rows):
    """[rows][coins] of each feature; null where unknown."""
    value = lambda x: None if not np.isfinite(x) else float(x)
    return {name: [[value(x) for x in table.to_numpy()[row]] for row in rows] for name, table in features.items()}


def main():
    statistics = {"garch": garch(), "model_confidence_set": confidence_set(), "classes": classes()}
    (CRATES / "statistics/tests/golden/volatility.json").write_text(json.dumps(statistics) + "\n")
    made = candles()
    o, h, l, c, v = wide(made)
    rows = [*range(28, 34), *range(58, 80, 3), 99, 100, 101, 106, 107, 108, 130, 131, *range(140, DAYS, 7)]
    golden = {"symbols": SYMBOLS, "candles": made, "rows": rows, "har_range": pick(har_range(o, h, l, c), rows),
              "volatility": pick(volatility(o, h, l, c, v), rows)}
    (CRATES / "dataset/tests/golden/volatility.json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
