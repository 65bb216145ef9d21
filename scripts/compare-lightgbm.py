#!/usr/bin/env python3
"""Trains the folds of a `baseline` run again with Python LightGBM 4.7.0, on the same exported matrix, and compares.

    pip install lightgbm==4.7.0 numpy pandas pyarrow
    quarterhour baseline --config CONFIG --run RUN
    quarterhour baseline --config CONFIG --run RUN --export MATRIX
    scripts/compare-lightgbm.py RUN MATRIX

Of each fold: the model's text byte for byte, the number of trees that early stopping keeps, every forecast of
RUN/forecasts.parquet, and Pearson. Exits with 1 where models or forecasts differ. Runs made with --continue-rounds,
target.shuffle_seed, target.fit = "parts" or normalize.target = "trailing" cannot be repeated from the matrix.
"""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # before LightGBM loads

import argparse
import json
import sys
import time
import tomllib
from itertools import zip_longest
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq

TOLERANCE = 1e-12


def read_matrix(path):
    """(time, symbol and target as a frame; features as float32; their names)"""
    file = pq.ParquetFile(path)
    names = [name for name in file.schema_arrow.names if name not in ("time", "symbol", "target")]
    rows = file.read(["time", "symbol", "target"]).to_pandas()
    x = np.empty((len(rows), len(names)), np.float32)
    for j, name in enumerate(names):
        x[:, j] = file.read([name]).column(0).to_numpy()
    return rows, x, names


def as_params(text):
    """Python wants the number of rounds as a number; all else goes to the library as the text it is."""
    params = dict(pair.split("=", 1) for pair in text.split())
    params["num_iterations"] = int(params["num_iterations"])
    return params


def stop_after(rounds):
    def callback(env):
        if env.iteration + 1 == rounds:
            raise lgb.callback.EarlyStopException(rounds - 1, [])

    return callback


def train(x, y, names, train_rows, stop_rows, record, patience):
    """The model, cut at its best iteration, and that iteration."""
    table = lgb.Dataset(x[train_rows], y[train_rows], feature_name=names)
    if patience in ("off", 0):
        return lgb.train(as_params(record["parameters"]), table), record["rounds"]
    valid = table.create_valid(x[stop_rows], y[stop_rows])
    # LightGBM itself looks at l2 only; what else a run stopped on, the run's own number of trees is taken for.
    by_l2 = record["validation"] == "l2"
    callbacks = [lgb.early_stopping(patience, verbose=False) if by_l2 else stop_after(record["rounds"])]
    booster = lgb.train(as_params(record["parameters"]), table, valid_sets=[valid], callbacks=callbacks)
    best = booster.best_iteration if by_l2 else record["best_iteration"]
    return booster, best


def first_difference(ours, theirs):
    if ours == theirs:
        return "identical"
    pairs = list(zip_longest(ours.splitlines(), theirs.splitlines(), fillvalue="(nothing)"))
    differing = [number for number, (a, b) in enumerate(pairs) if a != b]
    if not differing:
        return "DIFFERS in line ends"
    a, b = pairs[differing[0]]
    return (f"DIFFERS in {len(differing)} of {len(pairs)} lines, first in line {differing[0] + 1}: "
            f"ours {a[:60]!r}, Python's {b[:60]!r}")


def compare_fold(run, fold, rows, x, names, forecasts, patience):
    """(whether all is equal, Pearson of ours, of Python's)"""
    began = time.monotonic()
    number = fold["number"]
    folder = run / f"fold-{number}"
    record = json.loads((folder / "lightgbm.json").read_text())
    unknown = [symbol for symbol, std in record.get("target_std", {}).items() if std is None]
    known = ~rows["symbol"].isin(unknown).to_numpy()
    times = rows["time"].to_numpy()

    def within(start, end):
        return known & (times >= start) & (times < end)

    train_range, stop_range, score_range = fold["train"], fold["stop"], fold["score"]
    if record.get("protocol") == "seed":
        train_range, stop_range = [train_range[0], max(train_range[1], stop_range[1])], score_range
    train_rows, stop_rows, score_rows = within(*train_range), within(*stop_range), within(*score_range)
    y = rows["target"].to_numpy().astype(np.float32)
    booster, best = train(x, y, names, train_rows, stop_rows, record, patience)

    text = (folder / "model.txt").read_bytes().decode()
    model = first_difference(text, booster.model_to_string(num_iteration=best))
    theirs = rows.loc[score_rows, ["time", "symbol", "target"]]
    theirs["python"] = booster.predict(x[score_rows], num_iteration=best)
    ours = forecasts[forecasts["fold"] == number]
    both = ours.merge(theirs, on=["time", "symbol"], validate="one_to_one")
    same_rows = len(both) == len(ours) == len(theirs)
    forecast_gap = (both["forecast"] - both["python"]).abs().max()
    target_gap = (both["realized"] - both["target"]).abs().max()
    pearson = [np.corrcoef(both[column], both["target"])[0, 1] for column in ("forecast", "python")]
    equal = (model == "identical" and same_rows and forecast_gap <= TOLERANCE and target_gap == 0
             and best == record["best_iteration"])
    print(f"fold {number}: {train_rows.sum()} rows to train on, {stop_rows.sum()} to stop on; "
          f"trees {record['best_iteration']} and {best}; model {model}; "
          f"{len(ours)} and {len(theirs)} forecasts, {len(both)} of them shared, apart by at most {forecast_gap:.3g}, "
          f"targets by {target_gap:.3g}; Pearson {pearson[0]:.6f} and {pearson[1]:.6f} "
          f"({time.monotonic() - began:.1f} s)", flush=True)
    return equal, *pearson


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("matrix", type=Path)
    args = parser.parse_args()
    with open(args.run / "run.toml", "rb") as file:
        patience = tomllib.load(file)["lightgbm"]["patience"]
    rows, x, names = read_matrix(args.matrix)
    columns = ["time", "symbol", "fold", "forecast", "realized"]
    forecasts = pd.read_parquet(args.run / "forecasts.parquet", columns=columns)
    if not pd.api.types.is_integer_dtype(forecasts["time"]):  # version 1 has milliseconds
        forecasts["time"] = (forecasts["time"] - pd.Timestamp(0, tz="UTC")) // pd.Timedelta(milliseconds=1)
    folds = json.loads((args.run / "folds.json").read_text())
    print(f"{len(rows)} rows of {len(names)} features, {len(folds)} folds, each time ours and Python's:")
    results = [compare_fold(args.run, fold, rows, x, names, forecasts, patience) for fold in folds]
    equal = all(same for same, _, _ in results)
    _, ours, theirs = zip(*results)
    print(f"mean Pearson {np.mean(ours):.6f} and {np.mean(theirs):.6f}; {'all equal' if equal else 'NOT equal'}")
    sys.exit(0 if equal else 1)


main()
