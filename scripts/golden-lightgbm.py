#!/usr/bin/env python3
"""Golden values of crates/baseline, made with Python LightGBM 4.7.0.

    pip install lightgbm==4.7.0 numpy
    scripts/golden-lightgbm.py crates/baseline/tests/golden

The matrix is made of integers by a formula that the Rust test repeats, so that no file of it is needed.
"""

import json
import sys
from pathlib import Path

import lightgbm as lgb
import numpy as np

ROWS, COLUMNS, TRAIN, VALID = 3000, 6, 2000, 2600
NAMES = [f"feature_{j}" for j in range(COLUMNS)]


def matrix():
    i = np.arange(ROWS, dtype=np.int64)[:, None]
    j = np.arange(COLUMNS, dtype=np.int64)[None, :]
    x = (((i * 7919 + j * 104729 + i * i * 31 + i * j * 17) % 1009) / 1009.0).astype(np.float32)
    filled = x.astype(np.float64)
    missing = (i * 13 + j * 7) % 50 == 0
    filled[missing] = 0.0
    noise = ((i[:, 0] * 6007) % 997) / 997.0
    y = filled[:, 0] * filled[:, 1] - filled[:, 2] * 0.5 + filled[:, 3] * filled[:, 3] * 0.25 + noise * 0.5
    x[missing] = np.nan
    # A column that is 0 for the most part: zeros are left out of LightGBM's samples.
    zero = (i[:, 0] % 3) != 0
    x[zero, 5] = 0.0
    return x, y.astype(np.float32)


def params(**more):
    return {
        "objective": "regression", "metric": "l2", "num_iterations": 200, "learning_rate": 0.05, "num_leaves": 8,
        "min_data_in_leaf": 20, "seed": 1, "num_threads": 2, "verbosity": -1, "deterministic": True,
        "force_row_wise": True, **more,
    }


def as_text(params):
    """As the C interface takes them."""
    return " ".join(f"{key}={str(value).lower() if isinstance(value, bool) else value}" for key, value in params.items())


def train(x, y, params, patience=10, rounds=None, init_model=None):
    if rounds:
        params = {**params, "num_iterations": rounds}
    table = lgb.Dataset(x[:TRAIN], y[:TRAIN], feature_name=NAMES, free_raw_data=False)
    valid = table.create_valid(x[TRAIN:VALID], y[TRAIN:VALID])
    history = {}
    callbacks = [lgb.record_evaluation(history)]
    if patience:
        callbacks.append(lgb.early_stopping(patience, verbose=False))
    booster = lgb.train(params, table, valid_sets=[valid], callbacks=callbacks, init_model=init_model)
    return booster, history["valid_0"]["l2"], as_text(params)


def main():
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    x, y = matrix()
    golden = {"lightgbm": lgb.__version__, "target_sum": float(y.astype(np.float64).sum())}

    def write(name, booster, l2, text):
        best = booster.best_iteration if booster.best_iteration > 0 else booster.current_iteration()
        booster.save_model(out / f"{name}.txt", num_iteration=best)
        golden[name] = {
            "parameters": text,
            "l2": l2,
            "best_iteration": best,
            "predictions": booster.predict(x[VALID:], num_iteration=best).tolist(),
            "contributions": booster.predict(x[VALID:VALID + 5], num_iteration=best, pred_contrib=True).tolist(),
            "gain": booster.feature_importance("gain", iteration=best).tolist(),
            "split": booster.feature_importance("split", iteration=best).tolist(),
        }

    write("plain", *train(x, y, params()))
    write("drawn", *train(x, y, params(bagging_fraction=0.7, bagging_freq=1, feature_fraction=0.8)))
    first, _, _ = train(x, y, params(), patience=None, rounds=20)
    first.save_model(out / "first.txt")
    write("continued", *train(x, y, params(), patience=None, rounds=15, init_model=str(out / "first.txt")))
    (out / "lightgbm.json").write_text(json.dumps(golden, indent=1) + "\n")


main()
