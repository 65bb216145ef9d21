#!/usr/bin/env python3
"""Makes the golden numbers of crates/statistics and crates/score: crates/statistics/tests/golden/*.json.

Usage, from the repository's root:

    python3 -m venv venv && venv/bin/pip install numpy scipy pandas arch
    venv/bin/python scripts/golden-evaluate.py

statistics.json    correlations, information coefficients and errors by numpy, scipy and pandas
block_length.json  arch.bootstrap.optimal_block_length, column `stationary`
bootstrap.json     intervals by arch.bootstrap.StationaryBootstrap

Every number is drawn with a fixed seed: running it again writes the same bytes (made with numpy 2.4.6, scipy 1.17.1,
pandas 3, arch 8.0.0). None of the Rust code is used here.
"""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.stats
from arch.bootstrap import StationaryBootstrap, optimal_block_length

GOLDEN = Path(__file__).resolve().parent.parent / "crates/statistics/tests/golden"


def write(name, content):
    GOLDEN.mkdir(parents=True, exist_ok=True)
    path = GOLDEN / name
    path.write_text(json.dumps(content) + "\n")
    print(f"{path}: {path.stat().st_size} bytes")


def numbers(values):
    """A JSON list; NaN becomes null."""
    return [None if math.isnan(value) else float(value) for value in values]


def autoregression(generator, length, coefficient):
    noise = generator.standard_normal(length)
    series = np.zeros(length)
    for step in range(1, length):
        series[step] = coefficient * series[step - 1] + noise[step]
    return series


# --- statistics ------------------------------------------------------------------------------------------------------


def pearson(x, y):
    return scipy.stats.pearsonr(x, y).statistic


def weighted_pearson(x, y, weight):
    covariance = np.cov(x, y, aweights=weight)
    return covariance[0, 1] / math.sqrt(covariance[0, 0] * covariance[1, 1])


def by_fold(rows, statistic):
    return [statistic(fold) for _, fold in rows.groupby("fold")]


def neutral(rows, realized):
    """Correlation per fold of deviations from the mean over coins; minutes with one coin are dropped."""
    rows = rows.dropna(subset=[realized])
    rows = rows[rows.groupby("time")["symbol"].transform("size") > 1]
    sides = rows.groupby("time")[["forecast", realized]].transform(lambda side: side - side.mean())
    sides["fold"] = rows["fold"]
    return by_fold(sides, lambda fold: pearson(fold["forecast"], fold[realized]))


def per_timestamp(rows, correlation):
    values = []
    for _, minute in rows.groupby("time"):
        constant = minute["forecast"].nunique() < 2 or minute["realized"].nunique() < 2
        if len(minute) >= 3 and not constant:
            values.append(correlation(minute["forecast"], minute["realized"]))
    values = pd.Series(values)
    return {
        "mean": values.mean(),
        "std": values.std(),
        "icir": values.mean() / values.std(),
        "timestamps": len(values),
    }


def statistics():
    generator = np.random.default_rng(20260115)
    rows = []
    for time in range(90):
        market = generator.standard_normal()
        for symbol in range(5):
            own = generator.standard_normal()
            rows.append(
                {
                    "time": time,
                    "symbol": symbol,
                    "fold": 1 + time // 45,
                    # One digit after the point: many ties, and some zeros.
                    "forecast": round(0.4 * market + 0.3 * own + generator.standard_normal(), 1),
                    "realized": round(market + own, 1),
                    "realized_delayed": round(market + own + 0.5 * generator.standard_normal(), 2),
                    "volatility": [0.5, 1.0, 2.0, 4.0, 0.25][symbol] * (1 + time // 45),
                    "weight": [6.7799, 5.8944, 1.0986, 0.0, 2.3979][symbol],
                }
            )
    rows = pd.DataFrame(rows)
    rows.loc[generator.random(len(rows)) < 0.1, "realized_delayed"] = math.nan
    # Missing rows: every minute loses some coins, a few keep one or two.
    rows = rows[(generator.random(len(rows)) < 0.85) & ~((rows["time"] % 15 == 0) & (rows["symbol"] > 0))]
    rows = rows[~((rows["time"] % 15 == 1) & (rows["symbol"] > 1))].reset_index(drop=True)

    delayed = rows.dropna(subset=["realized_delayed"])
    moving = rows[(rows["forecast"] != 0) & (rows["realized"] != 0)]
    error = rows["forecast"] - rows["realized"]
    expected = {
        "folds": by_fold(rows, lambda fold: pearson(fold["forecast"], fold["realized"])),
        "weighted": by_fold(rows, lambda fold: weighted_pearson(fold["forecast"], fold["realized"], fold["weight"])),
        "scaled": by_fold(
            rows, lambda fold: pearson(fold["forecast"] / fold["volatility"], fold["realized"] / fold["volatility"])
        ),
        "neutral": neutral(rows, "realized"),
        "delayed": by_fold(delayed, lambda fold: pearson(fold["forecast"], fold["realized_delayed"])),
        "delayed_neutral": neutral(rows, "realized_delayed"),
        "rank_correlation": by_fold(
            rows, lambda fold: scipy.stats.spearmanr(fold["forecast"], fold["realized"]).statistic
        ),
        "ic": per_timestamp(rows, pearson),
        "rank_ic": per_timestamp(rows, lambda x, y: scipy.stats.spearmanr(x, y).statistic),
        "mae": error.abs().mean(),
        "rmse": math.sqrt((error**2).mean()),
        "directional_accuracy": (np.sign(moving["forecast"]) == np.sign(moving["realized"])).mean(),
        "coins": [
            float(np.mean(by_fold(coin, lambda fold: pearson(fold["forecast"], fold["realized"]))))
            for _, coin in rows.groupby("symbol")
        ],
    }
    integers = {name: rows[name].tolist() for name in ["time", "symbol", "fold"]}
    floats = ["forecast", "realized", "realized_delayed", "volatility", "weight"]
    columns = integers | {name: numbers(rows[name]) for name in floats}
    write("statistics.json", {"rows": columns, "expected": expected})


# --- block length ----------------------------------------------------------------------------------------------------


def block_length():
    generator = np.random.default_rng(20260116)
    cases = []
    for length, coefficient in [(16, 0.0), (40, 0.5), (200, 0.0), (200, 0.9), (999, 0.5), (1200, -0.4), (1500, 0.97)]:
        series = np.round(autoregression(generator, length, coefficient), 3)
        stationary = float(optimal_block_length(series)["stationary"].iloc[0])
        cases.append({"name": f"{length} values, AR {coefficient}", "series": series.tolist(), "stationary": stationary})
    write("block_length.json", cases)


# --- bootstrap -------------------------------------------------------------------------------------------------------

DRAWS = 10_000
FLOOR_BARS = 20


def deviations(values):
    return values - values.mean(axis=1, keepdims=True)


def correlation_of(x, y):
    return float(np.corrcoef(x.ravel(), y.ravel())[0, 1])


def block_of(x, y):
    """Politis and White on the cross-products per timestamp, rounded up, with the floor."""
    products = ((x - x.mean()) * (y - y.mean())).sum(axis=1)
    length = float(optimal_block_length(products)["stationary"].iloc[0])
    return max(math.ceil(length), FLOOR_BARS)


def interval(block, statistic, timestamps, seed):
    bootstrap = StationaryBootstrap(block, np.arange(timestamps), seed=seed)
    draws = bootstrap.apply(lambda index: np.array([statistic(index)]), DRAWS)[:, 0]
    low, high = np.percentile(draws, [2.5, 97.5])
    return {"block": block, "low": float(low), "high": float(high), "std": float(draws.std())}


def bootstrap():
    generator = np.random.default_rng(20260117)
    timestamps, coins = 900, 3
    market = autoregression(generator, timestamps, 0.95)
    realized, first, second = (np.zeros((timestamps, coins)) for _ in range(3))
    for coin in range(coins):
        own = autoregression(generator, timestamps, 0.9)
        realized[:, coin] = market + own
        first[:, coin] = 0.3 * market + 0.5 * own + 2.0 * autoregression(generator, timestamps, 0.9)
        second[:, coin] = 0.6 * market + 3.0 * generator.standard_normal(timestamps)
    realized, first, second = (np.round(values, 3) for values in (realized, first, second))

    def pooled(forecast):
        return lambda index: correlation_of(forecast[index], realized[index])

    neutral_realized, neutral_first = deviations(realized), deviations(first)
    first_block, second_block = block_of(first, realized), block_of(second, realized)
    expected = {
        "draws": DRAWS,
        "floor_bars": FLOOR_BARS,
        "first": interval(first_block, pooled(first), timestamps, 1),
        "second": interval(second_block, pooled(second), timestamps, 2),
        "first_neutral": interval(
            block_of(neutral_first, neutral_realized),
            lambda index: correlation_of(neutral_first[index], neutral_realized[index]),
            timestamps,
            3,
        ),
        "difference": interval(
            max(first_block, second_block),
            lambda index: pooled(first)(index) - pooled(second)(index),
            timestamps,
            4,
        ),
    }
    values = {"realized": realized, "first": first, "second": second}
    table = {name: column.ravel().tolist() for name, column in values.items()}
    write("bootstrap.json", {"timestamps": timestamps, "coins": coins} | table | {"expected": expected})


if __name__ == "__main__":
    statistics()
    block_length()
    bootstrap()
