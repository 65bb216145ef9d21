#!/usr/bin/env python3
"""Golden values of crates/baseline, made with Python's XGBoost 3.2.0.

    pip install xgboost-cpu==3.2.0 numpy
    scripts/golden-xgboost.py crates/baseline/tests/golden

The matrix is that of scripts/golden-lightgbm.py: made of integers by a formula that the Rust test repeats.
"""

import json
import sys
from pathlib import Path

import numpy as np
import xgboost as xgb

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
    zero = (i[:, 0] % 3) != 0
    x[zero, 5] = 0.0
    return x, y.astype(np.float32)


def as_text(params):
    return " ".join(f"{key}={value}" for key, value in params.items())


def golden(name, params, y, rounds, first=None):
    x, _ = matrix()
    train = xgb.QuantileDMatrix(x[:TRAIN], y[:TRAIN], feature_names=NAMES, max_bin=params["max_bin"], nthread=2)
    valid = xgb.QuantileDMatrix(x[TRAIN:VALID], y[TRAIN:VALID], feature_names=NAMES, ref=train,
                                max_bin=params["max_bin"], nthread=2)
    history = {}
    booster = xgb.train(params, train, rounds, evals=[(valid, "valid")], evals_result=history, verbose_eval=False,
                        xgb_model=first)
    booster.save_model(folder / f"xgboost-{name}.json")
    rest = xgb.DMatrix(x[VALID:], feature_names=NAMES)
    few = xgb.DMatrix(x[VALID:VALID + 5], feature_names=NAMES)
    score = {kind: booster.get_score(importance_type=kind) for kind in ("weight", "total_gain")}
    (metric, curve), = history["valid"].items()
    return booster, {
        "parameters": as_text(params),
        "rounds": booster.num_boosted_rounds(),
        "metric": metric,
        "curve": curve,
        "predictions": booster.predict(rest).reshape(-1).astype(float).tolist(),
        "contributions": booster.predict(few, pred_contribs=True).reshape(-1).astype(float).tolist(),
        "split": [float(score["weight"].get(name, 0)) for name in NAMES],
        "gain": [float(score["total_gain"].get(name, 0)) for name in NAMES],
    }


folder = Path(sys.argv[1])
_, y = matrix()
shared = {"tree_method": "hist", "learning_rate": 0.05, "max_depth": 4, "min_child_weight": 20, "max_bin": 64, "seed": 1,
          "nthread": 2, "verbosity": 0}
squares = {"objective": "reg:squarederror", **shared}
first, plain = golden("plain", squares, y, 30)
drawn = golden("drawn", {**squares, "subsample": 0.7, "colsample_bytree": 0.8, "lambda": 3}, y, 30)[1]
continued = golden("continued", squares, y, 10, first)[1]
low, high = np.quantile(y[:TRAIN], [1 / 3, 2 / 3])
classes = ((y > low).astype(np.float32) + (y > high).astype(np.float32))
of_classes = golden("classes", {"objective": "multi:softprob", "num_class": 3, **shared}, classes, 20)[1]
values = {"plain": plain, "drawn": drawn, "continued": continued,
          "classes": {**of_classes, "edges": [float(low), float(high)]}}
(folder / "xgboost.json").write_text(json.dumps(values) + "\n")
