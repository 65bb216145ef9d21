#!/usr/bin/env python3
"""Forecasts the rows of a daily run with other packages, and leaves each as a run that `quarterhour evaluate` scores.

    pip install polars pandas pyarrow statsforecast mlforecast lightgbm neuralforecast
    scripts/peers-daily.py RUN CANDLES.parquet DIR [--peers NAMES] [--coins N]

RUN is a run of configs/daily.toml, whose rows, folds and horizons the peers share; CANDLES the file that was imported. Each
peer is fitted at the beginning of every fold on all closes that are known then, and forecasts every day of the fold from the
closes up to that day, as the run's own models do; it sees closes alone. Its run is DIR/NAME, with the seconds that it took in
DIR/NAME/seconds.json. A package that is not installed is named and left out.

    naive, drift, autoets, autotheta       statsforecast, coin by coin, on closes; no season, as a week has none in crypto
    mlforecast                             LightGBM on lags and rolling statistics of log closes, all coins together
    neuralforecast                         its LSTM on log returns, all coins together
"""

import argparse
import importlib
import json
import sys
import time
import tomllib
from pathlib import Path

SEASON = 1
PEERS = {
    "naive": "statsforecast",
    "drift": "statsforecast",
    "autoets": "statsforecast",
    "autotheta": "statsforecast",
    "mlforecast": "mlforecast",
    "neuralforecast": "neuralforecast",
}


def missing(package):
    """the name of a package that is not there, or None"""
    try:
        importlib.import_module(package)
    except ImportError as error:
        return error.name or package
    return None


def read(path):
    """a table of forecasts with its texts as plain ones, which every function of pyarrow knows"""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    for place, name in enumerate(table.column_names):
        if name in ("symbol", "horizon", "panel"):
            table = table.set_column(place, name, pa.array(table[name].to_pylist(), pa.string()))
    return table


def closes(path, symbols):
    """unique_id, ds, y of the daily closes, as the packages want them"""
    import pandas as pd

    frame = pd.read_parquet(path, columns=["open_time", "symbol", "close"])
    frame = frame[frame["symbol"].isin(symbols)]
    time = frame["open_time"]
    if not pd.api.types.is_datetime64_any_dtype(time):
        time = pd.to_datetime(time, unit="ms")
    frame = pd.DataFrame({"unique_id": frame["symbol"].astype(str), "ds": time, "y": frame["close"].astype(float)})
    return frame.sort_values(["unique_id", "ds"]).reset_index(drop=True)


def whole(frame, first):
    """the coins without a hole that have 60 days before the first scored one, and the names of the others"""
    import pandas as pd

    kept, left_out = [], []
    last = frame["ds"].max()
    for coin, rows in frame.groupby("unique_id"):
        days = (rows["ds"].iloc[-1] - rows["ds"].iloc[0]).days + 1
        is_whole = days == len(rows) and rows["ds"].iloc[-1] == last and (first - rows["ds"].iloc[0]).days >= 60
        (kept if is_whole else left_out).append(coin)
    if left_out:
        print(f"{len(left_out)} coins have holes or too few days and are left out: {' '.join(left_out)}", file=sys.stderr)
    return frame[frame["unique_id"].isin(kept)]


def extended(frame, days):
    """the frame with days after the last one that nothing is fitted to or forecast from: packages want them to score on"""
    import pandas as pd

    last = frame.groupby("unique_id").tail(1)
    more = [last.assign(ds=last["ds"] + pd.Timedelta(days=day)) for day in range(1, days + 1)]
    return pd.concat([frame, *more]).sort_values(["unique_id", "ds"]).reset_index(drop=True)


def statsforecast(name, frame, horizon, windows, refit):
    from statsforecast import StatsForecast
    from statsforecast.models import AutoETS, AutoTheta, Naive, RandomWalkWithDrift

    model = {
        "naive": Naive(),
        "drift": RandomWalkWithDrift(),
        "autoets": AutoETS(season_length=SEASON),
        "autotheta": AutoTheta(season_length=SEASON),
    }[name]
    # What is one formula is fitted anew each day; what has no way to go on without a fit would be too.
    refit = refit if name in ("autoets", "autotheta") else True
    done = StatsForecast(models=[model], freq="D", n_jobs=1).cross_validation(
        df=extended(frame, horizon), h=horizon, n_windows=windows, step_size=1, refit=refit)
    return done.reset_index().rename(columns={repr(model): "said"})


def mlforecast(frame, horizon, windows, refit):
    import lightgbm as lgb
    import numpy as np
    from mlforecast import MLForecast
    from mlforecast.lag_transforms import RollingMean, RollingStd
    from mlforecast.target_transforms import Differences

    model = lgb.LGBMRegressor(n_estimators=200, learning_rate=0.05, num_leaves=16, min_child_samples=500, verbosity=-1)
    forecast = MLForecast(
        models={"said": model}, freq="D", lags=[1, 2, 3, 7, 14, 30],
        lag_transforms={1: [RollingMean(7), RollingMean(30), RollingStd(7), RollingStd(30)]},
        date_features=["dayofweek"], target_transforms=[Differences([1])])
    frame = extended(frame, horizon).assign(y=lambda rows: np.log(rows["y"]))
    done = forecast.cross_validation(frame, n_windows=windows, h=horizon, step_size=1, refit=refit, static_features=[])
    return done.assign(said=np.exp(done["said"]))


def neuralforecast(frame, horizon, windows, refit):
    import logging

    import numpy as np
    from neuralforecast import NeuralForecast
    from neuralforecast.models import LSTM

    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    model = LSTM(h=horizon, input_size=60, max_steps=200, scaler_type="robust", encoder_hidden_size=64, random_seed=1,
                 enable_progress_bar=False, logger=False, enable_checkpointing=False, accelerator="cpu")
    # Returns, as levels of prices are on another scale a year later; a price ahead is the last one with the returns up to then.
    frame = extended(frame, horizon)
    last = frame.set_index(["unique_id", "ds"])["y"]
    log = np.log(frame["y"])
    frame = frame.assign(y=log - log.groupby(frame["unique_id"]).shift(1)).dropna()
    forecast = NeuralForecast(models=[model], freq="D")
    done = forecast.cross_validation(frame, n_windows=windows, step_size=1, refit=refit, verbose=0).reset_index()
    done = done.sort_values(["unique_id", "cutoff", "ds"])
    grown = np.exp(done.groupby(["unique_id", "cutoff"])["LSTM"].cumsum())
    from_close = last.reindex(list(zip(done["unique_id"], done["cutoff"]))).to_numpy()
    return done.assign(said=from_close * grown)


def write(run, table, peer, done, directory, seconds):
    """the run's rows with the peer's forecasts in place of the run's own; the run's intervals are not the peer's"""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = table.select(["time", "symbol", "horizon"]).to_pandas()
    known = rows["time"].dt.tz_localize(None)
    days = pd.to_timedelta(rows["horizon"].astype(str)).dt.days
    keys = pd.DataFrame({"unique_id": rows["symbol"].astype(str), "cutoff": known, "ds": known + pd.to_timedelta(days, "D")})
    done = done[["unique_id", "cutoff", "ds", "said"]].astype({"unique_id": str})
    done = done.assign(cutoff=done["cutoff"].astype(keys["cutoff"].dtype), ds=done["ds"].astype(keys["ds"].dtype))
    said = keys.merge(done, how="left", on=["unique_id", "cutoff", "ds"])["said"].to_numpy()
    forecast = pa.array(said / table["close"].to_numpy() - 1.0)
    place = table.schema.get_field_index("forecast")
    mine = table.set_column(place, "forecast", forecast).filter(pa.compute.is_finite(forecast))
    mine = mine.drop_columns([name for name in mine.column_names if name.startswith(("lower_", "upper_"))])
    path = directory / peer
    path.mkdir(parents=True, exist_ok=True)
    key = b"quarterhour.forecasts"
    metadata = {key: pq.read_metadata(run / "forecasts.parquet").metadata[key]}
    pq.write_table(mine.replace_schema_metadata(metadata), path / "forecasts.parquet")
    text = (run / "run.toml").read_text().splitlines()
    named = [f'forecaster = "{peer}"' if line.startswith("forecaster = ") else line for line in text]
    (path / "run.toml").write_text("\n".join(named) + "\n")
    (path / "seconds.json").write_text(json.dumps({"seconds": seconds}) + "\n")
    print(f"{peer}: {len(mine)} of {len(table)} rows in {seconds:.0f} s", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("candles", type=Path)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--peers", nargs="+", choices=list(PEERS), default=list(PEERS))
    parser.add_argument("--coins", type=int, help="the first so many coins alone")
    args = parser.parse_args()
    for package in ("pandas", "pyarrow"):
        if absent := missing(package):
            print(f"peers: left out, as {absent} is not installed (pip install {absent})", file=sys.stderr)
            return
    import pandas as pd
    import pyarrow.compute  # noqa: F401  (pa.compute)

    table = read(args.run / "forecasts.parquet")
    with open(args.run / "run.toml", "rb") as file:
        config = tomllib.load(file)
    symbols = sorted(set(table["symbol"].to_pylist()))[: args.coins]
    times = table["time"].to_pandas().dt.tz_localize(None)
    horizon = max(pd.Timedelta(text).days for text in config["target"].get("horizons") or [config["target"]["horizon"]])
    refit = pd.Timedelta(config["split"]["test"]).days
    frame = whole(closes(args.candles, symbols), times.min())
    frame = frame[frame["ds"] <= times.max()]
    windows = (times.max() - times.min()).days + 1
    for peer in args.peers:
        package = PEERS[peer]
        if absent := missing(package):
            print(f"{peer}: left out, as {absent} is not installed (pip install {package})", file=sys.stderr)
            continue
        if (args.directory / peer / "forecasts.parquet").exists():
            continue
        began = time.monotonic()
        try:
            if package == "statsforecast":
                done = statsforecast(peer, frame, horizon, windows, refit)
            else:
                done = globals()[package](frame, horizon, windows, refit)
        except Exception as error:  # one package's failure is not the others'
            print(f"{peer}: left out, as it failed: {type(error).__name__}: {error}", file=sys.stderr)
            continue
        write(args.run, table, peer, done, args.directory, time.monotonic() - began)


main()
