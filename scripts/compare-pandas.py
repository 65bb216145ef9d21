#!/usr/bin/env python3
"""The comparison: what `baseline` does, written as one usually would in pandas and Python LightGBM, and timed.

    pip install lightgbm==4.7.0 numpy pandas polars pyarrow
    scripts/compare-pandas.py DATA          (the folder that `download` wrote, which holds candles/)
    scripts/compare-pandas.py DATA --features pandas|polars

Closes of all coins of the spot market at 1m, aligned by minute, forward-filled at most 60 minutes; 12 features of them
(log returns, trends, returns relative to the mean of all coins); returns over the next 15 minutes as the target;
expanding folds, purged; LightGBM with early stopping. The same rows, features and folds as

    quarterhour baseline --set features.set=closes12 --set features.lookback_bars=1 --set features.max_filled_share=0.99 \\
             --set lightgbm.features=row --set lightgbm.num_leaves=256 --set lightgbm.min_data_in_leaf=20

Prints one line of JSON: seconds of each stage, peak memory, Pearson and trees of each fold. With --features the seconds that
features and matrix take, the fastest of five, and the mean CPU seconds, by pandas or by Polars (one lazy query over all coins), and a
sum to compare.
"""

import os
import time

START = time.monotonic()
os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # before LightGBM loads

import argparse
import json
import resource
import sys
from pathlib import Path

import numpy as np
import pandas as pd

MINUTE = 60_000
HORIZON = 15
FILL = 60
HELD_OUT = 0.15
RETURNS = (1, 5, 15, 30, 60)
TRENDS = (15, 60)


def read_closes(data):
    """Closes as they came, one column a coin, one row a minute."""
    folders = sorted(path for path in (data / "candles/spot/1m").iterdir() if path.is_dir())
    coins = {}
    for folder in folders:
        months = [pd.read_parquet(file, columns=["open_time", "close"]) for file in sorted(folder.glob("*.parquet"))]
        coins[folder.name] = pd.concat(months).set_index("open_time")["close"]
    closes = pd.DataFrame(coins)
    return closes.reindex(np.arange(closes.index.min(), closes.index.max() + MINUTE, MINUTE))


def features(closes):
    """Yields (name, one value a minute and coin)."""
    log_closes = np.log(closes)
    for bars in RETURNS:
        yield f"return_{bars}", log_closes.diff(bars)
    for bars in TRENDS:
        yield f"trend_{bars}", log_closes - np.log(closes.rolling(bars).mean().shift())
    for bars in RETURNS:
        returns = log_closes.diff(bars)
        yield f"relative_return_{bars}", returns.sub(returns.mean(axis=1), axis=0)


def by_pandas(closes):
    """Target, rows with a close now and at the horizon, and (name, float32 matrix) of each feature, all minute by coin."""
    filled = closes.ffill(limit=FILL)
    target = (filled.shift(-HORIZON) / filled - 1).to_numpy()
    kept = (closes.notna() & closes.shift(-HORIZON).notna()).to_numpy()
    return target, kept, ((name, frame.to_numpy(np.float32)) for name, frame in features(filled))


def by_polars(closes):
    """The same by one query of Polars over a column a coin."""
    import polars as pl

    coins = closes.columns
    filled = closes.lazy().select(pl.all().forward_fill(limit=FILL))
    logs = {coin: pl.col(coin).log() for coin in coins}
    columns = [(pl.col(coin).shift(-HORIZON) / pl.col(coin) - 1).alias(f"target {coin}") for coin in coins]
    for bars in RETURNS:
        columns += [logs[coin].diff(bars).alias(f"return_{bars} {coin}") for coin in coins]
    for bars in TRENDS:
        columns += [(logs[coin] - pl.col(coin).rolling_mean(bars).shift().log()).alias(f"trend_{bars} {coin}") for coin in coins]
    relative = []
    for bars in RETURNS:
        returns = [pl.col(f"return_{bars} {coin}") for coin in coins]
        mean = pl.mean_horizontal(returns)
        relative += [(of - mean).alias(f"relative_return_{bars} {coin}") for of, coin in zip(returns, coins)]
    done = filled.select(columns).with_columns(relative).collect()
    seen = closes.select(pl.all().is_not_null() & pl.all().shift(-HORIZON).is_not_null()).to_numpy()
    names = list(dict.fromkeys(name.split(" ")[0] for name in done.columns))
    matrix = lambda name, kind: done.select(pl.col(f"{name} {coin}").cast(kind) for coin in coins).to_numpy()
    return matrix("target", pl.Float64), seen, ((name, matrix(name, pl.Float32)) for name in names if name != "target")


def make_matrix(closes, times, by):
    """Rows that a coin's close was seen at, now and at the horizon, sorted by time and coin.

    Features are float32: LightGBM bins them anyway, and float64 would take twice the memory.
    """
    target, kept, found = by(closes)
    names, values = [], []
    for name, matrix in found:
        names.append(name)
        values.append(matrix)
        kept = kept & np.isfinite(values[-1])
    x = np.empty((kept.sum(), len(names)), np.float32)
    for column in range(len(names)):
        x[:, column] = values[column][kept]
        values[column] = None
    return np.repeat(times, kept.sum(axis=1)), x, target[kept], names


def make_folds(times, count, protocol):
    """(train, stop, score) as slices of rows; 15 minutes lie between each two."""
    stamps = np.unique(times)
    purge = HORIZON * MINUTE
    bounds = [stamps[len(stamps) // (count + 1) * part] for part in range(1, count + 1)] + [stamps[-1] + MINUTE]

    def rows(start, end):
        return slice(*np.searchsorted(times, [start, end]))

    for start, end in zip(bounds, bounds[1:]):
        score = rows(start, end)
        before = stamps[stamps < start - purge]
        if protocol == "seed":  # early stopping looks at the scored fold itself
            yield rows(0, start - purge), score, score
        else:
            held_out = before[-int(len(before) * HELD_OUT)]
            yield rows(0, held_out - purge), rows(held_out, start - purge), score


def features_alone(closes, by):
    """Prints how long features and matrix take, the fastest of five, and their CPU time, the mean of five."""
    times, seconds = closes.index.to_numpy(), []
    if by == "polars":
        import polars as pl

        closes = pl.from_pandas(closes.reset_index(drop=True), nan_to_null=True)
    cpu_began = time.process_time()
    for _ in range(5):
        began = time.perf_counter()
        made = make_matrix(closes, times, by_polars if by == "polars" else by_pandas)
        seconds.append(time.perf_counter() - began)
    cpu_seconds = (time.process_time() - cpu_began) / 5
    print(json.dumps({"by": by, "rows": len(made[1]), "seconds": min(seconds), "cpu_seconds": cpu_seconds, "sum": float(np.abs(made[1]).sum(dtype=float))}))


def train(x, y, names, train_rows, stop_rows, args):
    import lightgbm as lgb

    params = {
        "objective": "regression", "metric": "l2", "learning_rate": 0.05, "num_leaves": args.leaves,
        "min_data_in_leaf": args.min_rows_per_leaf, "seed": 1, "num_threads": args.threads, "verbosity": -1,
        "deterministic": True, "force_row_wise": True,
    }
    table = lgb.Dataset(x[train_rows], y[train_rows], feature_name=names)
    valid = table.create_valid(x[stop_rows], y[stop_rows])
    return lgb.train(params, table, args.rounds, [valid], callbacks=[lgb.early_stopping(args.patience, verbose=False)])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--protocol", choices=["honest", "seed"], default="honest")
    parser.add_argument("--folds", type=int, default=7)
    parser.add_argument("--rounds", type=int, default=10_000)
    parser.add_argument("--patience", type=int, default=50)
    parser.add_argument("--leaves", type=int, default=256)
    parser.add_argument("--min-rows-per-leaf", type=int, default=20)
    parser.add_argument("--threads", type=int, default=0, help="0: as many as there are cores")
    parser.add_argument("--features", choices=["pandas", "polars"], help="time features and matrix alone")
    args = parser.parse_args()
    if args.features:
        return features_alone(read_closes(args.data), args.features)
    import lightgbm  # noqa: F401  its import belongs to the first stage

    seconds = {"import": time.monotonic() - START, "read": 0.0, "features": 0.0, "train": 0.0, "score": 0.0}

    def clock(stage, since):
        now = time.monotonic()
        seconds[stage] += now - since
        return now

    now = time.monotonic()
    closes = read_closes(args.data)
    coins = closes.shape[1]
    now = clock("read", now)
    times, x, y, names = make_matrix(closes, closes.index.to_numpy(), by_pandas)
    del closes
    folds = list(make_folds(times, args.folds, args.protocol))
    now = clock("features", now)
    scores, trees = [], []
    for number, (train_rows, stop_rows, score_rows) in enumerate(folds, 1):
        booster = train(x, y, names, train_rows, stop_rows, args)
        now = clock("train", now)
        forecasts = booster.predict(x[score_rows], num_iteration=booster.best_iteration)
        scores.append(np.corrcoef(forecasts, y[score_rows])[0, 1])
        trees.append(booster.best_iteration)
        now = clock("score", now)
        print(f"fold {number}: {trees[-1]} trees, Pearson {scores[-1]:.4f}", file=sys.stderr)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(json.dumps({
        "coins": coins,
        "rows": len(x),
        "protocol": args.protocol,
        "seconds": {stage: round(value, 2) for stage, value in seconds.items()},
        "total_seconds": round(time.monotonic() - START, 2),
        "peak_mib": peak >> 20,
        "pearson": [round(score, 6) for score in scores],
        "mean_pearson": round(float(np.mean(scores)), 6),
        "trees": trees,
    }))


main()
